"""A sync as a process of its own that says when it begins, so that it can be killed at any instant.

``python -m tests.e2e.runner CONFIG STATE`` prints ``ready`` once all is loaded, and ``applying``
when the first line of a plan is about to be applied.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mailsync_tui.config.load import load_config
from mailsync_tui.engine.events import Applying, Event
from mailsync_tui.engine.model import Options
from mailsync_tui.engine.outcome import everything
from mailsync_tui.mailboxes.imap import mailbox as imap
from mailsync_tui.mailboxes.maildir import mailbox as maildir
from mailsync_tui.mailboxes.pop3 import mailbox as pop3
from mailsync_tui.session.session import Session

__all__ = ["imap", "maildir", "pop3"]  # loaded beforehand: a kill while loading shows nothing


def _tell(event: Event) -> None:
    if isinstance(event, Applying):
        print("applying", flush=True)


def main(config: str, state: str) -> int:
    """Sync everything once."""
    (person,) = load_config(Path(config)).users
    with Session(person, Path(state), emit=_tell) as session:
        print("ready", flush=True)
        return session.sync(Options(), everything).exit


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
