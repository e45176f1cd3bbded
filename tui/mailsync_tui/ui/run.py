"""Running the app from the command line, and ending it within a second whatever a server does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mailsync_tui.config.model import UserConfig
from mailsync_tui.engine.events import Event
from mailsync_tui.ledger.reader import FILE_NAME
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.terminal import TerminalDriver

if TYPE_CHECKING:
    from mailsync_tui.session.session import Session

_SWITCH_SECONDS = 0.001
"""How long the event loop may have to wait for each thread that computes, until it can go on."""
PATIENCE = 0.5
"""Seconds that politely closed connections may take."""


def run(
    person: UserConfig,
    directory: Path,
    *,
    mouse: bool,
    log_line: Callable[[str], None],
    tidy: Callable[[], None],
) -> int:
    """Run the app for one person until it is left.

    Args:
        person: Whose mailboxes.
        directory: Where the person's ledger lies.
        mouse: Whether the terminal is asked to report the mouse.
        log_line: Writes to the log.
        tidy: Called if the process must end at once: takes away what the caller would have.

    Returns:
        The exit code.
    """

    def open_session(hear: Callable[[Event], None]) -> Session:
        from mailsync_tui.session.session import (
            Session,  # the newest mail is shown before it is loaded
        )

        return Session(person, directory, emit=hear)

    sys.setswitchinterval(_SWITCH_SECONDS)
    app = MailsyncApp(open_session, log_line, known=(person, directory / FILE_NAME))
    app.driver_class = TerminalDriver
    with heeding_signals(app):
        app.run(mouse=mouse)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is a signal again
        if not closed(app):
            tidy()
            with suppress(OSError):  # the terminal is lost
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(app.code)
        return app.code


@contextmanager
def heeding_signals(app: MailsyncApp) -> Iterator[None]:
    """While this is entered, SIGTERM and SIGHUP end the app, and those that follow do no more.

    A handler of the event loop would be gone with the loop: the next signal would kill the process
    while connections are closed, with another exit code than the run's.
    """
    before = {
        number: signal.signal(number, lambda _number, _frame: app.heed_signal())
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.signal(signal.SIGINT, interrupt)


def closed(app: MailsyncApp, patience: float = PATIENCE) -> bool:
    """End all connections and threads; a server that hangs is not waited for.

    Nothing is being applied when the app has ended, so that nothing can be cut in the middle.

    Args:
        app: It has ended.
        patience: Seconds that politely closed connections may take.

    Returns:
        Whether everything has come to its end. If not, the interpreter's own end would wait for a
        thread that hangs (for a name server, for a password command): it must be left by force.
    """
    app.session.abort()

    def close() -> None:
        app.session.close()
        app.close_threads()

    closing = threading.Thread(target=close, name="closing", daemon=True)
    closing.start()
    closing.join(patience)
    return not closing.is_alive()
