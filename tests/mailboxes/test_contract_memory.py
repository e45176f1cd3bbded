"""The contract, kept by the mailbox in memory, in both of its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mailboxes.contract import Harness, MailboxContract
from tests.mailboxes.memory import MemoryMailbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsync_tui.mailboxes.base import Mailbox


class MemoryHarness(Harness):
    def __init__(self, *, like_pop3: bool) -> None:
        self.memory = MemoryMailbox("test", peeks=not like_pop3, can_store=not like_pop3)
        self.mailbox: Mailbox = self.memory

    def deliver(self, data: bytes, *flags: str) -> None:
        self.memory.deliver("INBOX", data, flags)

    def contents(self, folder: str = "INBOX") -> Sequence[tuple[bytes, frozenset[str]]]:
        held = self.memory.folders[folder].messages.values()
        return [(message.data, message.flags) for message in held]

    def elsewhere(self) -> Mailbox:
        mailbox = MemoryMailbox("elsewhere")
        mailbox.unreachable = "it is not there"
        return mailbox


class TestMemory(MailboxContract):
    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness(like_pop3=False)


class TestMemoryLikePop3(MailboxContract):
    @pytest.fixture
    def harness(self) -> Harness:
        return MemoryHarness(like_pop3=True)
