"""The message under the cursor of the comparison, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from mailsync_tui.engine.comparison import Cell, Row
from mailsync_tui.report.words import RULES, short_name, size_in_words
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.marks import MARKS

if TYPE_CHECKING:
    from mailsync_tui.engine.model import PlanEntry


def detail_of(row: Row, notes: Sequence[PlanEntry]) -> Content:
    """The message under the cursor in three lines: what, from whom and when, what follows."""
    when = row.date[:16].replace("T", " ")
    sender = safe_text(row.sender, 200)
    who = Content.assemble(
        (f" {short_name(sender)}", "$text-accent"), f"  {when}  {size_in_words(row.size)}"
    )
    what = Content.assemble(" ", (safe_text(row.subject, 400) or "(no subject)", "bold"))
    return Content("\n").join([what, who, Content(f" {in_words(row, notes)}")])


def in_words(row: Row, notes: Sequence[PlanEntry]) -> str:
    """What a plan says of the message, or how it stands."""
    told = []
    for note in notes:
        line = note.line
        stopped = f"held ({note.held}): " if note.held else ""
        if note.blocked:
            stopped = f"blocked ({note.blocked}: {RULES[note.blocked]}): "
        what = {
            "collect": f"collect from {line.account}",
            "adopt": f"enter {line.account}'s copy in the ledger",
            "forget": "forget",
            "forward-delete": "delete in the consolidated mailbox",
            "reverse-delete": f"delete on {line.account}",
        }[line.kind]
        told.append(f"{stopped}{what}, {safe_text(line.reason)}")
    if told:
        return "; ".join(told)
    return {
        Cell.SAME: "in sync",
        Cell.OWN: "the consolidated mailbox's own mail: never touched",
        Cell.SAME_HEADER: "an unlike twin: same headers as another message, other contents",
        Cell.UNKNOWN: "not known: a mailbox that held it was not reached, or is another one now",
    }.get(row.verdict, MARKS[row.verdict].meaning)
