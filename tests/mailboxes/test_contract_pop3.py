"""The contract, kept over POP3 with the embedded server, its vices included."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.demo.pop3_server import Account, Vices
from mailsync_tui.mailboxes.pop3 import Pop3Mailbox, Timing
from tests.mailboxes.contract import SECRET, WRONG, Harness, MailboxContract, unused_port
from tests.servers.pop3 import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailsync_tui.mailboxes.base import Mailbox

QUICK = Timing(connect=30, read=30, stall=30, lock=0.01)


def pop3_at(port: int, secret: str = SECRET) -> Pop3Mailbox:
    """The account ``ann`` on a server of this machine."""
    config = MailboxConfig("test", "pop3", host="127.0.0.1", port=port, tls="none", user="ann")
    return Pop3Mailbox(config, lambda: secret, QUICK)


class Pop3Harness(Harness):
    exact = False

    def __init__(self, account: Account, port: int) -> None:
        self.account = account
        self._count = itertools.count(1)
        self.mailbox: Mailbox = pop3_at(port)
        self._port = port

    def deliver(self, data: bytes, *flags: str) -> None:
        self.account.mail[f"uidl-{next(self._count)}"] = data

    def contents(self, folder: str = "INBOX") -> Sequence[tuple[bytes, frozenset[str]]]:
        return [(data, frozenset()) for data in self.account.mail.values()]

    def elsewhere(self) -> Mailbox:
        return pop3_at(unused_port())

    def stranger(self) -> Mailbox | None:
        return pop3_at(self._port, WRONG)


@pytest.mark.parametrize(
    "vices",
    [
        Vices(),
        Vices(no_capa=True),
        Vices(no_uidl=True),
        Vices(positional_uidl=True),
    ],
    ids=["faultless", "no CAPA", "no UIDL", "positions for UIDL"],
)
class TestPop3(MailboxContract):
    @pytest.fixture
    def harness(self, vices: Vices) -> Iterator[Harness]:  # type: ignore[override]
        account = Account(SECRET, vices=vices)
        with serving({"ann": account}) as port:
            yield Pop3Harness(account, port)
