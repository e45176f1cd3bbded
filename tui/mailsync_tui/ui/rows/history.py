"""Earlier runs, and the lines of one, as lists show them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime

from mailsync_tui.engine.model import DELETIONS
from mailsync_tui.engine.outcome import PastRun, RunLine
from mailsync_tui.report.run import directions_text, done_text, line_text
from mailsync_tui.report.words import (
    NO_SUBJECT,
    OUTCOMES,
    STATES,
    Span,
    local_moment,
    short_date,
    short_name,
)
from mailsync_tui.ui.rows.columns import column, fit
from mailsync_tui.ui.rows.filters import Filter, FilterFields

_STATE_CELLS = 14
_DIRECTIONS_CELLS = 18
_COUNTS_CELLS = 50
_ROOMY = 100
_WHAT_CELLS = 42
_DATE_CELLS = 7
_SENDER_CELLS = 16


class Runs:
    """All runs, newest first."""

    def __init__(self, runs: Sequence[PastRun]) -> None:
        self.runs = runs
        self._index = {run.id: number for number, run in enumerate(runs)}

    def __len__(self) -> int:
        return len(self.runs)

    def key(self, index: int) -> Hashable:
        """The run's number."""
        return self.runs[index].id

    def index(self, key: Hashable) -> int | None:
        """Where a run stands."""
        return self._index.get(key) if isinstance(key, int) else None

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """Number, state, when, what was called, what was done."""
        run = self.runs[index]
        state = STATES[run.state]
        spans: list[Span] = [
            (f"{run.id:>5} ", "name"),
            (fit(f"{state.sign} {state.word}", _STATE_CELLS), state.style),
            (f"{local_moment(run.started)}  ", ""),
            (fit(run.command, 9), ""),
        ]
        left = width - sum(len(text) for text, _ in spans)
        if left >= _DIRECTIONS_CELLS + _COUNTS_CELLS:
            spans.append((fit(directions_text(run), _DIRECTIONS_CELLS), "dim"))
            left -= _DIRECTIONS_CELLS
        return [*spans, (fit(done_text(run), left), "" if run.counts else "dim")]

    @staticmethod
    def heading(width: int) -> str:
        """The names of the columns."""
        directions = fit("directions", _DIRECTIONS_CELLS)
        before = f"{'run':>5} " + fit("  state", _STATE_CELLS) + fit("when", 18) + fit("command", 9)
        roomy = width - len(before) >= _DIRECTIONS_CELLS + _COUNTS_CELLS
        return fit(before + (directions if roomy else "") + "what was done", width)


class RunLines:
    """The lines of one run, as far as a filter shows them; some are chosen."""

    def __init__(
        self,
        every: Sequence[RunLine],
        chosen: frozenset[str],
        only: Filter,
        now: datetime,
    ) -> None:
        """Filter them.

        Args:
            every: Every line of the run.
            chosen: The ids of those that a person has chosen.
            only: Which to show.
            now: Recent dates go without their year.
        """
        self._now = now
        self.chosen = chosen
        self.lines = [line for line in every if only.admits(_text(line))]
        self._index = {line.id: number for number, line in enumerate(self.lines)}

    def __len__(self) -> int:
        return len(self.lines)

    def key(self, index: int) -> Hashable:
        """The line's id."""
        return self.lines[index].id

    def index(self, key: Hashable) -> int | None:
        """Where a line stands."""
        return self._index.get(key) if isinstance(key, str) else None

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """Whether it is chosen, its outcome, what it did, the subject, the reason."""
        line = self.lines[index]
        state = OUTCOMES[line.outcome]
        box = "   " if not line.deleted else "[x]" if line.id in self.chosen else "[ ]"
        words = _WHAT_CELLS if width >= _ROOMY else 26
        spans: list[Span] = [
            (f"{box} ", "strong" if line.id in self.chosen else "dim"),
            (fit(f"{state.sign} {state.word}", 11), state.style),
            (fit(line_text(line), words - 1) + " ", "gone" if line.deleted else ""),
            (column(short_date(line.date, self._now), _DATE_CELLS), "dim"),
        ]
        left = width - 4 - 11 - words - _DATE_CELLS
        if width >= _ROOMY:
            spans.append((column(short_name(line.sender), _SENDER_CELLS), "name"))
            left -= _SENDER_CELLS
        subject = line.subject or NO_SUBJECT
        if not line.reason or left < 40:
            return [*spans, (fit(subject, left), "")]
        reason = min(len(line.reason), left // 2)
        return [
            *spans,
            (fit(subject, left - reason - 1) + " ", ""),
            (fit(line.reason, reason), "dim"),
        ]

    @staticmethod
    def heading(width: int) -> str:
        """The names of the columns."""
        words, sender = (_WHAT_CELLS, _SENDER_CELLS) if width >= _ROOMY else (26, 0)
        before = fit("    outcome", 15) + fit("what", words) + fit("date", _DATE_CELLS)
        return fit(before + fit("from", sender) + "subject, and why", width)


def _text(line: RunLine) -> FilterFields:
    states = {OUTCOMES[line.outcome].word, line.kind}
    if line.kind in DELETIONS:
        states.add("deleted")
    return FilterFields(
        line.subject, line.sender, frozenset(states), frozenset({line.account, line.mailbox})
    )
