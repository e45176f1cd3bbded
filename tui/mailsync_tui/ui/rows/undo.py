"""An undo in plain words: what comes back where, and what became of it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from mailsync_tui.engine.model import CONSOLIDATED, UndoLine
from mailsync_tui.engine.outcome import THERE, LineResult, UndoResult
from mailsync_tui.errors import INTERRUPTED
from mailsync_tui.report.plan import Question
from mailsync_tui.report.words import Span, several
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.columns import column
from mailsync_tui.ui.rows.results import Report

_OWN = "They are the consolidated mailbox's own mail from then on: no run deletes them."
_KEPT = "They are kept on {} from then on: neither collected nor deleted, listed as held."
_POP3 = (
    "{} of them: {} is a POP3 server, which takes no mail back. They return to the consolidated "
    "mailbox only."
)
_NOTHING_STORED = "it was there already: nothing was stored"
_TWICE = "What is there already is not put back twice. The undo is a run of its own."


def question(run: int, lines: Sequence[UndoLine]) -> Question:
    """Ask whether these lines of a run are to be put back.

    Args:
        run: Its number.
        lines: All that is to be put back; those with a problem are told and left.
    """
    able = [line for line in lines if line.problem is None]
    sentences: list[str] = []
    for mailbox, folders in _by_mailbox(able).items():
        where = ", ".join(f"{count:,} in {folder}" for folder, count in folders.items())
        count = several(sum(folders.values()), "message")
        sentences.append(f"Back into {mailbox}: {count} ({where}).")
        if mailbox == CONSOLIDATED:
            lost = Counter(line.account for line in able if line.undo == "consolidated-only")
            sentences += [_POP3.format(number, account) for account, number in lost.items()]
            sentences.append(_OWN)
        else:
            sentences.append(_KEPT.format(mailbox))
    problems = Counter(line.problem for line in lines if line.problem is not None)
    sentences += [
        f"Cannot be put back: {several(number, 'message')}, as {problem}."
        for problem, number in problems.items()
    ]
    sentences.append(_TWICE)
    return Question(
        f"Put back {several(len(able), 'message')} that run {run} deleted?", tuple(sentences)
    )


def of_undo(run: int, result: UndoResult, lines: Sequence[UndoLine], width: int) -> Report:
    """What an undo did.

    Args:
        run: The run that was undone.
        result: What became of it.
        lines: What was to be put back.
        width: Cells of the screen, for reasons that are broken into lines.
    """
    rows: list[tuple[Span, ...]] = []
    sums: dict[str, Counter[str]] = {}
    for each in result.lines:
        sums.setdefault(each.line.mailbox, Counter())[_outcome(each)] += 1
    for mailbox, words in sums.items():
        told = ", ".join(f"{count:,} {word}" for word, count in words.items())
        rows.append(((column(mailbox, 16), "name"), (told, "")))
    if not rows:
        rows.append((("nothing was left to put back", ""),))
    ended = {each.line.id for each in result.lines}
    left = sum(line.id not in ended for line in lines)
    if left:
        rows += [(), ((f"Not begun: {several(left, 'line')}", "warn"),)]
    noted = [each for each in result.lines if each.reason]
    if noted:
        rows += [(), (("To be noted", "strong"),)]
        for each in noted:
            rows += _noted(each, width)
    rows += [(), (("h: the history of all runs.", "dim"),)]
    rows.append((("Esc: back to the mailboxes, which are then listed again.", "dim"),))
    return Report(_title(run, result), tuple(rows))


def _title(run: int, result: UndoResult) -> str:
    own = f"Run {result.run}: " if result.run else ""
    if result.exit == INTERRUPTED:
        return f"{own}stopped; what was put back is recorded, the rest of run {run} was not begun"
    if any(each.outcome != "done" for each in result.lines):
        return f"{own}run {run} is undone in part"
    return f"{own}run {run} is undone, as far as was asked"


def _outcome(each: LineResult[UndoLine]) -> str:
    if each.outcome != "done":
        return each.outcome
    return "there already" if each.reason == THERE else "put back"


def _noted(each: LineResult[UndoLine], width: int) -> list[tuple[Span, ...]]:
    sign, style = ("=", "note") if each.outcome == "done" else ("!", "warn")
    name: tuple[Span, ...] = (
        (f"{sign} ", style),
        (column(each.line.mailbox, 16), "dim"),
        (each.line.subject or "(no subject)", ""),
    )
    told = f"{_outcome(each)}: {each.reason}" if each.reason != THERE else _NOTHING_STORED
    told = safe_text(told, 1000)
    return [name, *(((f"    {x}", style),) for x in textwrap.wrap(told, max(width - 8, 20)))]


def _by_mailbox(lines: Sequence[UndoLine]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for line in lines:
        found.setdefault(line.mailbox, Counter())[line.folder] += 1
    return found
