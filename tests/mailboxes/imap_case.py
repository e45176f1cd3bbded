"""What the IMAP tests share: a mailbox on a server of ours, and mail."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from mailsync_tui.config.model import MailboxConfig, Secret
from mailsync_tui.mailboxes.base import Location
from mailsync_tui.mailboxes.imap.connection import ImapTiming
from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox
from tests.servers.imap_script import SECRET, ImapScript

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def mailbox_at(
    port: int, secret: str = SECRET, timing: ImapTiming | None = None, **settings: Any
) -> Iterator[ImapMailbox]:
    """The account ``ann`` on a port of 127.0.0.1; closed at the end."""
    source = settings.pop("source", "password")
    given = {"host": "127.0.0.1", "tls": "none", "user": "ann"} | settings
    given["secret"] = Secret(source, "not looked at")
    config = MailboxConfig("test", "imap", port=port, **given)
    mailbox = ImapMailbox(config, lambda: secret, timing or ImapTiming(late=0.0))
    try:
        yield mailbox
    finally:
        mailbox.close()


@contextlib.contextmanager
def served(server: ImapScript, **settings: Any) -> Iterator[ImapMailbox]:
    """The server started, and a mailbox on it."""
    with server, mailbox_at(server.port, **settings) as mailbox:
        yield mailbox


def places(uids: Sequence[int], folder: str = "INBOX", validity: int = 7) -> list[Location]:
    """Locations in a folder of the server of ours."""
    return [Location(folder, validity, uid) for uid in uids]


class Marks:
    """Writes down what is lifted and restored."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, int, list[int]]] = []

    def lifted(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        self.said.append(("lifted", folder, validity, list(uids)))

    def restored(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        self.said.append(("restored", folder, validity, list(uids)))
