"""The contract, kept over POP3: with the demo's server, its vices included, and with Dovecot."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox, Pop3Timing
from tests.builders import letter
from tests.mailboxes.contract import SECRET, WRONG, Harness, MailboxContract, unused_port
from tests.servers.dovecot import PASSWORD, Dovecot, deliver
from tests.servers.pop3 import Account, Vices, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailsync_tui.mailboxes.base import Mailbox

QUICK = Pop3Timing(connect=30, read=30, stall=30, lock=0.01)


def pop3_at(port: int, secret: str = SECRET, user: str = "ann") -> Pop3Mailbox:
    """An account on a server of this machine."""
    config = MailboxConfig("test", "pop3", host="127.0.0.1", port=port, tls="none", user=user)
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
        Vices(no_uidl=True, no_top=True),
    ],
    ids=["faultless", "no CAPA", "no UIDL", "positions for UIDL", "neither UIDL nor TOP"],
)
class TestPop3(MailboxContract):
    @pytest.fixture
    def harness(self, vices: Vices) -> Iterator[Harness]:
        account = Account(SECRET, vices=vices)
        with serving({"ann": account}) as port:
            harness = Pop3Harness(account, port)
            harness.versions = not (vices.no_uidl or vices.positional_uidl)
            yield harness


_USERS = (f"user{number}" for number in itertools.count())


class DovecotHarness(Harness):
    exact = False

    def __init__(self, server: Dovecot) -> None:
        self._user = next(_USERS)
        self._server = server
        self.client = server.client(self._user)
        self.mailbox: Mailbox = pop3_at(server.pop3, PASSWORD, self._user)

    def deliver(self, data: bytes, *flags: str) -> None:
        deliver(self.client, data, flags)

    def contents(self, folder: str = "INBOX") -> Sequence[tuple[bytes, frozenset[str]]]:
        self.client.select_folder(folder, readonly=True)
        uids = self.client.search()
        found = self.client.fetch(uids, ["FLAGS", "BODY.PEEK[]"]) if uids else {}
        self.client.unselect_folder()
        return [
            (
                items[b"BODY[]"],
                frozenset(flag.decode() for flag in items[b"FLAGS"]) - {"\\Recent"},
            )
            for items in found.values()
        ]

    def elsewhere(self) -> Mailbox:
        return pop3_at(unused_port(), PASSWORD, self._user)

    def stranger(self) -> Mailbox | None:
        return pop3_at(self._server.pop3, WRONG, self._user)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    # Without this it marks as seen what was retrieved, as POP3 servers may.
    with Dovecot(extra="pop3_no_flag_updates = yes") as started:
        yield started


@pytest.mark.server
class TestDovecotPop3(MailboxContract):
    @pytest.fixture
    def harness(self, server: Dovecot) -> Iterator[Harness]:
        made = DovecotHarness(server)
        yield made
        made.client.logout()


@pytest.mark.server
def test_dovecot_marks_what_was_retrieved_and_not_what_a_person_read() -> None:
    with Dovecot() as server:
        harness = DovecotHarness(server)
        harness.deliver(letter(1))
        harness.deliver(letter(2))
        first, second = harness.locations()
        assert harness.mailbox.read(first) is not None
        assert [flags for _, flags in harness.contents()] == [frozenset(), frozenset()]
        assert list(harness.mailbox.fetch([second]))
        assert [flags for _, flags in harness.contents()] == [frozenset(), {"\\Seen"}]
        harness.client.logout()
