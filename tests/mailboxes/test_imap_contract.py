"""The contract, kept over IMAP on a private Dovecot."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.mailboxes.imap import ImapMailbox
from tests.mailboxes.contract import WRONG, Harness, MailboxContract, unused_port
from tests.servers.dovecot import PASSWORD, Dovecot, deliver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailsync_tui.mailboxes.base import Mailbox

pytestmark = pytest.mark.server

_USERS = (f"user{number}" for number in itertools.count())


class ImapHarness(Harness):
    # Dovecot makes line ends CRLF.
    exact = False

    def __init__(self, server: Dovecot) -> None:
        self._server = server
        self._user = next(_USERS)
        self.client = server.client(self._user)
        self.mailbox: Mailbox = self._mailbox(server.imap, PASSWORD)

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
        return self._mailbox(unused_port(), PASSWORD)

    def stranger(self) -> Mailbox | None:
        return self._mailbox(self._server.imap, WRONG)

    def close(self) -> None:
        self.mailbox.close()
        self.client.logout()

    def _mailbox(self, port: int, secret: str) -> Mailbox:
        config = MailboxConfig(
            "test", "imap", host="127.0.0.1", port=port, tls="none", user=self._user
        )
        return ImapMailbox(config, lambda: secret)


@pytest.fixture(scope="module", params=["all it can", "prefix", "old"])
def server(request: pytest.FixtureRequest) -> Iterator[Dovecot]:
    """A modern server; one with another delimiter and a prefix; and one that can do little."""
    made = {
        "all it can": lambda: Dovecot(),
        "prefix": lambda: Dovecot(prefix="INBOX/", separator="/"),
        "old": lambda: Dovecot(
            prefix="INBOX.",
            without=(
                "UIDPLUS", "ESEARCH", "MOVE", "UNSELECT", "MULTIAPPEND", "LITERAL+",
                "SPECIAL-USE", "LIST-EXTENDED", "CONDSTORE", "QRESYNC",
            ),
        ),
    }  # fmt: skip
    with made[request.param]() as started:
        yield started


class TestImap(MailboxContract):
    @pytest.fixture
    def harness(self, server: Dovecot) -> Iterator[Harness]:
        made = ImapHarness(server)
        yield made
        made.close()
