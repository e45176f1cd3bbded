"""The terminal: whether it is still there, and writing to one that may go at any moment."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App


def hung_up(descriptor: int) -> bool:
    """Whether the other end of a terminal is gone.

    A process that does not control the terminal is sent no SIGHUP, and reads an end of file over
    and over.

    Args:
        descriptor: Open on the terminal.
    """
    poll = select.poll()
    poll.register(descriptor, 0)
    gone = select.POLLHUP | select.POLLERR | select.POLLNVAL
    return any(event & gone for _, event in poll.poll(0))


class _UntilLost:
    """What is written to a terminal, until that is gone; then nothing is."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lost = False

    def write(self, text: str) -> None:
        """Write, if there is still where to."""
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        """Have it written."""
        self._try(self._file.flush)

    def fileno(self) -> int:
        """The terminal's descriptor."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it was a terminal."""
        return self._file.isatty()

    def _try(self, work: Callable[[], object]) -> None:
        if not self._lost:
            try:
                work()
            except OSError:
                self._lost = True


class TerminalDriver(LinuxDriver):
    """Textual's driver, which outlives its terminal: a run finishes its message without one.

    Otherwise Textual's writing thread dies of the first error, and the event loop waits for it for
    ever as soon as their queue is full.
    """

    def __init__(self, app: App[object], **options: Any) -> None:
        """Take Textual's options as they are."""
        super().__init__(app, **options)
        self._file = cast("Any", _UntilLost(cast("TextIO", self._file)))
