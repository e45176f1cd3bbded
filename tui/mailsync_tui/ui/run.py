"""Running the app from the command line, and ending it within a second whatever a server does."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from mailsync_tui.config.model import UserConfig
from mailsync_tui.session import Session
from mailsync_tui.ui.app import MailsyncApp

_PATIENCE = 0.7
"""Seconds that politely closed connections may take."""


def run(
    person: UserConfig, directory: Path, *, mouse: bool, log_line: Callable[[str], None]
) -> int:
    """Run the app for one person until it is left.

    Args:
        person: Whose mailboxes.
        directory: Where the person's ledger lies.
        mouse: Whether the terminal is asked to report the mouse.
        log_line: Writes to the log.

    Returns:
        The exit code.
    """
    app = MailsyncApp(lambda hear: Session(person, directory, emit=hear), log_line)
    code = app.run(mouse=mouse)
    close(app)
    return code or 0


def close(app: MailsyncApp) -> None:
    """End all connections; a server that hangs is not waited for.

    Nothing is being applied when the app has ended, so that nothing can be cut in the middle.
    """
    app.session.abort()
    closing = threading.Thread(target=app.session.close, name="closing", daemon=True)
    closing.start()
    closing.join(_PATIENCE)
    if closing.is_alive():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(app.return_code or 0)
