"""The message under the cursor of the comparison, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from mailsync_tui.engine.comparison import Cell, Row
from mailsync_tui.report.plan import entries_text
from mailsync_tui.report.words import NO_SUBJECT, local_moment, short_name, size_in_words
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.marks import MARKS

if TYPE_CHECKING:
    from mailsync_tui.engine.model import PlanEntry


def detail_of(row: Row, found: Sequence[PlanEntry]) -> Content:
    """The message under the cursor in three lines: what, from whom and when, what follows."""
    when = local_moment(datetime.fromisoformat(row.date)) if row.date else "no date"
    sender = safe_text(row.sender, 200)
    who = Content.assemble(
        (f" {short_name(sender)}", "$text-accent"), f"  {when}  {size_in_words(row.size)}"
    )
    what = Content.assemble(" ", (safe_text(row.subject, 400) or NO_SUBJECT, "bold"))
    return Content("\n").join([what, who, Content(f" {in_words(row, found)}")])


def in_words(row: Row, found: Sequence[PlanEntry]) -> str:
    """What a plan has about the message, or how it stands."""
    meaning = {
        Cell.SAME: "in sync",
        Cell.SAME_HEADER: "an unlike twin: same headers as another message, other contents",
        Cell.UNKNOWN: "not known: a mailbox that held it was not reached, or is another one now",
    }.get(row.verdict, MARKS[row.verdict].meaning)
    return entries_text(found) or meaning
