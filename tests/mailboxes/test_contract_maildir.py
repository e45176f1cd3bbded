"""The contract, kept by a Maildir."""

from __future__ import annotations

import itertools
import os
import time
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox, create_maildir
from mailsync_tui.mailboxes.maildir.names import directory_name, flagged, flags_of
from tests.mailboxes.contract import Harness, MailboxContract

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mailsync_tui.mailboxes.base import Location, Mailbox


class MaildirHarness(Harness):
    def __init__(self, path: Path) -> None:
        self.path = path
        self._count = itertools.count(1)
        create_maildir(path)
        self.mailbox: Mailbox = MaildirMailbox(MailboxConfig("test", "maildir", path=path))
        self.age()

    def age(self) -> None:
        """Make the last change a while ago, so that no listing has to wait for the second's end."""
        for part in ("new", "cur"):
            long_ago = time.time_ns() - 60_000_000_000
            os.utime(self.path / part, ns=(long_ago, long_ago))

    def deliver(self, data: bytes, *flags: str) -> None:
        name = f"{1_700_000_000 + next(self._count)}.x.example"
        (self.path / flagged(name, flags)).write_bytes(data)
        self.age()

    def contents(self, folder: str = "INBOX") -> Sequence[tuple[bytes, frozenset[str]]]:
        path = self.path / directory_name(folder)
        files = [*(path / "new").iterdir(), *(path / "cur").iterdir()]
        return [(file.read_bytes(), flags_of(file.name)) for file in files]

    def locations(self) -> list[Location]:
        self.age()
        return super().locations()

    def elsewhere(self) -> Mailbox:
        return MaildirMailbox(MailboxConfig("test", "maildir", path=self.path / "not there"))


class TestMaildir(MailboxContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return MaildirHarness(tmp_path / "Mail")
