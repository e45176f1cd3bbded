"""Running the app from the command line, and ending it within a second whatever a server does."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver

from mailsync_tui.ui.app import MailsyncApp

if TYPE_CHECKING:
    from textual.app import App

    from mailsync_tui.session.person import Person


_SWITCH_SECONDS = 0.001
"""How long the event loop may have to wait for each thread that computes, until it can go on."""
PATIENCE = 0.5
"""Seconds that politely closed connections may take."""
_LOOK_SECONDS = 1.0
"""Between two looks whether the terminal is still there."""


def run(
    person: Person,
    *,
    mouse: bool,
    log_line: Callable[[str], None],
    tidy: Callable[[], None],
) -> int:
    """Run the app for one person until it is left.

    Args:
        person: Whose mailboxes.
        mouse: Whether the terminal is asked to report the mouse.
        log_line: Writes to the log.
        tidy: Called if the process must end at once: takes away what the caller would have.

    Returns:
        The exit code.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    app = MailsyncApp(person.open_session, log_line, person=person)
    app.driver_class = TerminalDriver
    with handling_signals(app), _watching_terminal(app):
        app.run(mouse=mouse)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is a signal again
        if not app.background.close(PATIENCE):
            tidy()
            with suppress(OSError):  # the terminal is lost
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(app.code)
        return app.code


@contextmanager
def handling_signals(app: MailsyncApp) -> Iterator[None]:
    """While this is entered, SIGTERM and SIGHUP end the app, and those that follow do no more.

    A handler of the event loop would be gone with the loop: the next signal would kill the process
    while connections are closed, with another exit code than the run's.
    """
    before = {
        number: signal.signal(number, lambda _number, _frame: app.interrupt_soon())
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.signal(signal.SIGINT, interrupt)


@contextmanager
def _watching_terminal(app: MailsyncApp) -> Iterator[None]:
    """While this is entered, a terminal that is lost ends the app as a signal does."""
    over = threading.Event()
    descriptor = sys.stdin.fileno()

    def watch() -> None:
        while not over.wait(_LOOK_SECONDS):
            if hung_up(descriptor):
                app.interrupt_soon()

    watching = threading.Thread(target=watch, name="terminal", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


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
