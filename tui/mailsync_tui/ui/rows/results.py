"""How a run goes and what it did, as lines of text."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from mailsync_tui.engine.model import Line
from mailsync_tui.engine.outcome import Result
from mailsync_tui.errors import INTERRUPTED
from mailsync_tui.report import words
from mailsync_tui.report.plan import blocked_text, blocks
from mailsync_tui.report.words import Span
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.columns import column, fit
from mailsync_tui.ui.rows.progress import Count

BAR = 20
"""Cells of a bar."""
_STYLES = {"done": "new", "failed": "gone", "skipped": "warn", "vanished": "note"}
_MEANINGS = {
    "skipped": "left as it was",
    "failed": "could not be done",
    "vanished": "was not there any more",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What is told after a run."""

    title: str
    rows: tuple[tuple[Span, ...], ...]
    """Each is one line of the screen; foreign text may stand in it."""

    def __len__(self) -> int:
        return len(self.rows)

    def key(self, index: int) -> Hashable:
        """Lines of a report never move."""
        return index

    def index(self, key: Hashable) -> int | None:
        """Lines of a report never move."""
        return key if isinstance(key, int) and key < len(self.rows) else None

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """A line in so many cells."""
        spans: list[Span] = []
        left = width
        for text, style in self.rows[index]:
            part = fit(text, left) if len(text) > left else text
            spans.append((part, style))
            left -= len(part)
        return spans


def of_result(
    result: Result, lines: Sequence[Line], declined: Sequence[Line], width: int
) -> Report:
    """What a run did.

    Args:
        result: Its result.
        lines: What it was to do.
        declined: What was taken out, and is held from now on.
        width: Cells of the screen, for reasons that are broken into lines.
    """
    ended = {each.line.id for each in result.lines}
    left = [line for line in lines if line.id not in ended]
    outcomes: list[tuple[Line, str, str]] = [
        *((each.line, each.outcome, each.reason) for each in result.lines),
        *((line, "not begun", "") for line in left),
    ]
    rows: list[tuple[Span, ...]] = [*_counts(outcomes)]
    undone = [each for each in outcomes if each[1] not in ("done", "not begun")]
    if undone:
        rows += [(), ((f"Not done: {words.several(len(undone), 'line')}", "strong"),)]
        for line, outcome, reason in undone:
            rows += _undone(line, outcome, reason, width)
    if left:
        told = f"Not begun, as the run was stopped before: {words.several(len(left), 'line')}"
        rows += [(), ((told, "strong"),), *(_named("?", "note", line) for line in left)]
    if declined:
        told = f"Held from now on, as you took them out: {words.several(len(declined), 'line')}"
        rows += [(), ((told, "strong"),), *(_named(":", "note", line) for line in declined)]
    blocked = blocks(result.plan, result.plan.options.directions)
    if blocked:
        rows += [(), (("Still blocked", "strong"),)]
        rows += [((f"! {blocked_text(each)}", "warn"),) for each in blocked]
    rows += [(), (("h: the history of all runs, and undo.", "dim"),)]
    rows.append((("Esc: back to the mailboxes, which are then listed again.", "dim"),))
    return Report(_title(result, len(undone) + len(left)), tuple(rows))


def of_failure(sentences: Iterable[str], width: int) -> Report:
    """A run that came to nothing, or broke off; the first sentence says why."""
    first, *more = sentences
    rows: list[tuple[Span, ...]] = [
        ((each, "gone"),) for each in textwrap.wrap(safe_text(first, 1000), max(width - 4, 20))
    ]
    for sentence in more:
        broken = textwrap.wrap(safe_text(sentence, 1000), max(width - 4, 20))
        rows += [(), *(((each, ""),) for each in broken)]
    rows += [(), (("h: the history of all runs.", "dim"),)]
    rows.append((("Esc: back to the mailboxes, which are then listed again.", "dim"),))
    return Report("It was not done", tuple(rows))


def _title(result: Result, undone: int) -> str:
    run = f"Run {result.run}: " if result.run else ""
    if result.exit == INTERRUPTED:
        return f"{run}stopped; what was done is recorded, the rest was not begun"
    if undone:
        return f"{run}partly done"
    away = [name for name, report in result.plan.mailboxes.items() if not report.complete]
    return f"{run}all done, but {', '.join(away)} not reached" if away else f"{run}all done"


def _counts(outcomes: Iterable[tuple[Line, str, str]]) -> list[tuple[Span, ...]]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for line, outcome, _ in outcomes:
        counts.setdefault((line.account, line.kind), Counter())[outcome] += 1
    rows: list[tuple[Span, ...]] = []
    for (account, kind), found in counts.items():
        what = column(words.doing(kind, account), 26)
        spans: list[Span] = [(column(account, 16), "name"), (what, "")]
        spans += [
            (f"{found[outcome]:,} {outcome}  ", _STYLES.get(outcome, "note"))
            for outcome in ("done", "skipped", "failed", "vanished", "not begun")
            if found[outcome]
        ]
        rows.append(tuple(spans))
    return rows


def _named(sign: str, style: str, line: Line) -> tuple[Span, ...]:
    return (
        (f"{sign} ", style),
        (column(words.doing(line.kind, line.account), 26), "dim"),
        (line.subject or "(no subject)", ""),
    )


def _undone(line: Line, outcome: str, reason: str, width: int) -> list[tuple[Span, ...]]:
    sign = {"failed": "!", "skipped": "-"}.get(outcome, "?")
    told = reason or _MEANINGS[outcome]
    broken = textwrap.wrap(safe_text(f"{outcome}: {told}", 1000), max(width - 8, 20))
    style = _STYLES.get(outcome, "note")
    return [_named(sign, style, line), *(((f"    {each}", style),) for each in broken)]


def progress_lines(counts: Iterable[Count], width: int) -> list[str]:
    """How far each account and kind is, with a bar in plain characters.

    Args:
        counts: What a run has counted.
        width: Cells of the screen.
    """
    rows = []
    for each in counts:
        ended = each.done + each.failed
        full = BAR * ended // each.total if each.total else BAR
        bar = f"[{'#' * full}{'.' * (BAR - full)}]"
        failed = f", {each.failed:,} not" if each.failed else ""
        told = f"{ended:,} of {each.total:,}{failed}"
        head = column(each.account, 12) + column(words.doing(each.kind, each.account), 25)
        rows.append(fit(f" {head}{bar} {told}", width).rstrip())
    return rows


def pace(rate: float | None, seconds: float | None) -> str:
    """How fast it goes and how long the rest takes, as far as that is known."""
    if rate is None or seconds is None:
        return "beginning ..."
    speed = f"{rate:,.0f} a second" if rate >= 2 else f"{rate * 60:,.0f} a minute"
    return f"{speed}, {duration(seconds)} left"


def duration(seconds: float) -> str:
    """A duration as a person says it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
