"""How far it is: a bar on a terminal, else a line now and then; always on standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from mailsync_tui.cli.output import Output, is_terminal
from mailsync_tui.engine.events import (
    Applying,
    Event,
    LineDone,
    ListingDone,
    ListingProgress,
    ReadingProgress,
)
from mailsync_tui.report.words import listing_text

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


_EVERY = 5.0
"""Seconds between two lines about the same work."""
_PER_SECOND = 5
"""How often a bar is drawn; a slow line should not be filled by it."""


class ProgressDisplay(Protocol):
    """Listens to a session; called from its threads."""

    def __call__(self, event: Event) -> None:
        """Take one event."""

    def pause(self) -> None:
        """Leave the terminal to somebody else; the next event takes it again."""


def progress_for(
    output: Output, mailboxes: int, who: str, *, json: bool, quiet: bool
) -> ProgressDisplay:
    """A bar if a person watches, else lines.

    Args:
        output: Where lines go.
        mailboxes: How many will be listed.
        who: Whose they are, where there are several people; else empty.
        json: A script reads along, so no bar.
        quiet: Nobody is to be told.
    """
    if quiet:
        return NoProgress()
    if is_terminal(sys.stderr) and not json:
        return BarProgress(mailboxes, who)
    return LineProgress(output, who=who)


class NoProgress:
    """Nothing at all."""

    def __call__(self, event: Event) -> None:
        """Take one event."""

    def pause(self) -> None:
        """Nothing is in nobody's way."""


class LineProgress:
    """A line per mailbox listed, and about every five seconds one for what takes longer."""

    def __init__(
        self, output: Output, clock: Callable[[], float] = time.monotonic, who: str = ""
    ) -> None:
        """Say nothing yet.

        Args:
            output: Where lines go.
            clock: Seconds that never go back.
            who: Whose mailboxes they are, where there are several people.
        """
        self._who = f"{who}: " if who else ""
        self._output = output
        self._clock = clock
        self._lock = threading.Lock()
        self._total = 0
        self._done = 0
        self._said = 0.0
        self._began: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            match event:
                case ListingProgress() | ReadingProgress():
                    began = self._began.setdefault(event.mailbox, self._clock())
                    if self._clock() - began >= _EVERY:
                        self._began[event.mailbox] = self._clock()
                        self._output.note(self._who + mailbox_text(event))
                case ListingDone():
                    self._output.note(self._who + mailbox_text(event))
                case Applying(lines):
                    self._total, self._done, self._said = lines, 0, self._clock()
                case LineDone():
                    self._done += 1
                    if self._total and self._clock() - self._said >= _EVERY:
                        self._said = self._clock()
                        self._output.note(f"{self._who}applied {self._done} of {self._total} lines")

    def pause(self) -> None:
        """Lines are in nobody's way."""


class BarProgress:
    """A bar of Rich, drawn by a thread of its own."""

    def __init__(self, mailboxes: int, who: str = "") -> None:
        self._who = f"{who}: " if who else ""
        self._lock = threading.Lock()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._start("listing", mailboxes)

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            match event:
                case Applying(lines):
                    self._stop()
                    if lines:
                        self._start("applying", lines)
                case ListingProgress() | ReadingProgress():
                    if self._bar is not None and self._task is not None:
                        self._bar.update(self._task, description=self._who + mailbox_text(event))
                case ListingDone() | LineDone():
                    if self._bar is not None and self._task is not None:
                        self._bar.advance(self._task)

    def pause(self) -> None:
        """Remove the bar."""
        with self._lock:
            self._stop()

    def _start(self, what: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=_PER_SECOND,
        )
        self._task = self._bar.add_task(self._who + what, total=total)
        self._bar.start()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def mailbox_text(event: ListingProgress | ReadingProgress | ListingDone) -> str:
    """How far a mailbox is: ``isp: listing 3,200 of 9,400``."""
    return f"{event.mailbox}: {listing_text(event, short=False)}"
