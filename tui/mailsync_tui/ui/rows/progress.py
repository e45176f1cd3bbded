"""How far an applying run is: counted on its thread, read by the screen a few times a second."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mailsync_tui.engine.events import Applying, Event, LineDone
from mailsync_tui.engine.model import UNDO, UndoLine
from mailsync_tui.report.words import doing
from mailsync_tui.ui.rows.columns import column, fit

_BAR_CELLS = 20


@dataclass(frozen=True, slots=True)
class Count:
    """How far one account and kind of line is."""

    account: str
    kind: str
    total: int
    done: int
    failed: int
    """Failed, skipped or vanished."""


class Counted(Protocol):
    """A line, as far as progress is concerned."""

    @property
    def account(self) -> str:
        """What it is counted under ..."""

    @property
    def kind(self) -> str:
        """... and as what."""


class ApplyProgress:
    """Counts the lines of a run, on any thread; read from any other."""

    def __init__(self, lines: Sequence[Counted]) -> None:
        """Know what there is to do.

        Args:
            lines: The lines that are applied.
        """
        self._lock = threading.Lock()
        self._totals: Counter[tuple[str, str]] = Counter((x.account, x.kind) for x in lines)
        self._done: Counter[tuple[str, str]] = Counter()
        self._failed: Counter[tuple[str, str]] = Counter()
        self._undo = UNDO if any(isinstance(line, UndoLine) for line in lines[:1]) else ""
        self._began: float | None = None
        self.total = len(lines)

    def take(self, event: Event) -> None:
        """Count an event."""
        with self._lock:
            if isinstance(event, Applying) and self._began is None:
                self._began = time.monotonic()
            elif isinstance(event, LineDone):
                counter = self._done if event.outcome == "done" else self._failed
                counter[event.account, event.kind] += 1

    def counts(self) -> tuple[Count, ...]:
        """How far each account and kind is."""
        with self._lock:
            return tuple(
                Count(account, self._undo + kind, total, self._done[key], self._failed[key])
                for key, total in self._totals.items()
                for account, kind in (key,)
            )

    def rate(self) -> float | None:
        """Lines a second since the applying began; ``None`` while that says nothing."""
        with self._lock:
            ended = self._done.total() + self._failed.total()
            if self._began is None or not ended:
                return None
            return ended / max(time.monotonic() - self._began, 0.001)

    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate; ``None`` while that says nothing."""
        rate = self.rate()
        with self._lock:
            ended = self._done.total() + self._failed.total()
        return None if rate is None else (self.total - ended) / rate


def progress_lines(counts: Iterable[Count], width: int) -> list[str]:
    """How far each account and kind is, with a bar in plain characters.

    Args:
        counts: What a run has counted.
        width: Cells of the screen.
    """
    rows = []
    for each in counts:
        ended = each.done + each.failed
        full = _BAR_CELLS * ended // each.total if each.total else _BAR_CELLS
        bar = f"[{'#' * full}{'.' * (_BAR_CELLS - full)}]"
        failed = f", {each.failed:,} not" if each.failed else ""
        sums = f"{ended:,} of {each.total:,}{failed}"
        head = column(each.account, 12) + column(doing(each.kind, each.account), 25)
        rows.append(fit(f" {head}{bar} {sums}", width).rstrip())
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
