"""What the Maildir tests share."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.mailboxes.base import Location
from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox, create_maildir
from tests.builders import letter


def mailbox_at(path: Path, **more: Any) -> MaildirMailbox:
    return MaildirMailbox(MailboxConfig("test", "maildir", path=path, **more))


def age(path: Path) -> None:
    """Make all changes a while ago, so that no listing has to wait for the second's end."""
    for part in (*path.rglob("new"), *path.rglob("cur")):
        long_ago = time.time_ns() - 60_000_000_000
        os.utime(part, ns=(long_ago, long_ago))


def put(path: Path, file: str, data: bytes = letter(1)) -> Path:
    target = path / file
    target.write_bytes(data)
    age(path)
    return target


def folder(path: Path, directory: str) -> Path:
    create_maildir(path / directory)
    age(path)
    return path / directory


def inbox(uid: str) -> Location:
    return Location("INBOX", 0, uid)
