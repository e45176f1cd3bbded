"""The contract, kept over IMAP on a private Dovecot, and on pymap as the demo runs it."""

from __future__ import annotations

import itertools
import socket
from typing import TYPE_CHECKING

import imapclient
import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.demo.servers.imap import ImapServer
from mailsync_tui.demo.servers.servers import LoopThread
from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox
from tests.builders import letter
from tests.mailboxes.contract import SECRET, WRONG, Harness, MailboxContract, unused_port
from tests.servers.dovecot import PASSWORD, Dovecot, deliver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailsync_tui.mailboxes.base import Mailbox

pytestmark = pytest.mark.server

_USERS = (f"user{number}" for number in itertools.count())


class ImapHarness(Harness):
    """An account.

    Args:
        client: Somebody else's connection to it, logged in.
        port: Where the server listens.
        user: Whose account it is.
        secret: The password.
        exact: Whether the server keeps line ends as they are.
    """

    def __init__(
        self, client: imapclient.IMAPClient, port: int, user: str, secret: str, *, exact: bool
    ) -> None:
        self.exact = exact
        self.client = client
        self._port, self._user, self._secret = port, user, secret
        self.mailbox: Mailbox = self._mailbox(port, secret)
        self.versions = "CONDSTORE" in self.mailbox.facts().capabilities

    def deliver(self, data: bytes, *flags: str) -> None:
        deliver(self.client, data, flags)

    def contents(self, folder: str = "INBOX") -> Sequence[tuple[bytes, frozenset[str]]]:
        self.client.select_folder(folder, readonly=True)
        uids = self.client.search()
        found = self.client.fetch(uids, ["FLAGS", "BODY.PEEK[]"]) if uids else {}
        if self.client.has_capability("UNSELECT"):
            self.client.unselect_folder()
        return [
            (
                items[b"BODY[]"],
                frozenset(flag.decode() for flag in items[b"FLAGS"]) - {"\\Recent"},
            )
            for items in found.values()
        ]

    def elsewhere(self) -> Mailbox:
        return self._mailbox(unused_port(), self._secret)

    def stranger(self) -> Mailbox | None:
        return self._mailbox(self._port, WRONG)

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
        user = next(_USERS)
        # Dovecot makes line ends CRLF.
        made = ImapHarness(server.client(user), server.imap, user, PASSWORD, exact=False)
        yield made
        made.close()


@pytest.mark.parametrize("flag", ["\\Deleted", "\\Draft", "\\Flagged"])
def test_a_flag_is_a_change(server: Dovecot, flag: str) -> None:
    user = next(_USERS)
    harness = ImapHarness(server.client(user), server.imap, user, PASSWORD, exact=False)
    harness.deliver(letter(1))
    before = harness.mailbox.list()
    assert (before.version is None) != harness.versions
    harness.client.select_folder("INBOX")
    harness.client.add_flags([1], [flag])
    after = harness.mailbox.list(unless=before.version)
    assert before.folders != after.folders
    assert after.version is None or after.version != before.version
    harness.close()


class TestPymap(MailboxContract):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        server = ImapServer({"ann": SECRET})
        with LoopThread("pymap") as loop, loop.listening(server.start()) as port:
            client = imapclient.IMAPClient("127.0.0.1", port, ssl=False, timeout=30)
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.login("ann", SECRET)
            made = ImapHarness(client, port, "ann", SECRET, exact=True)
            yield made
            made.close()
