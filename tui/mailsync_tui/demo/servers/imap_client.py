"""A person's other mail program: delivers, deletes and files on an IMAP server, over the wire."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Self

from imapclient import IMAPClient

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from mailsync_tui.demo.servers.imap import Delivery

_TIMEOUT = 30.0
"""Seconds that one answer of the server may take."""
_FIELD = b"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class ImapVisitor:
    """One session; as a context manager it logs in and out.

    Args:
        host: The server, which speaks without TLS.
        port: Its port.
        user: Who logs in.
        password: With what.
    """

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self._client = IMAPClient(host, port, ssl=False, timeout=_TIMEOUT)
        # imaplib sends a literal in two writes: 40 ms each until the delay is switched off.
        self._client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._login = (user, password)

    def __enter__(self) -> Self:
        self._client.login(*self._login)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.logout()

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Store these messages; folders that are missing are made."""
        for folder in sorted({delivery.folder for delivery in deliveries}):
            self._make(folder)
        for folder, data, date in deliveries:
            self._client.append(folder, data, msg_time=date)

    def remove(self, message_ids: Sequence[str]) -> None:
        """Expunge the messages with these ids, wherever they lie.

        Raises:
            LookupError: one of them is not there, or more than once.
        """
        for folder, uids in self._found(message_ids).items():
            self._client.select_folder(folder)
            self._client.delete_messages(uids, silent=True)
            self._client.uid_expunge(uids)

    def file(self, message_ids: Sequence[str], folder: str) -> None:
        """Move the messages with these ids into a folder, which is made if it is missing.

        Raises:
            LookupError: one of them is not there, or more than once.
        """
        found = self._found(message_ids)
        if found:
            self._make(folder)
        for origin, uids in found.items():
            self._client.select_folder(origin)
            self._client.move(uids, folder)

    def drop(self, folder: str) -> None:
        """Delete a folder and what it holds."""
        self._client.delete_folder(folder)

    def _make(self, folder: str) -> None:
        if not self._client.folder_exists(folder):
            self._client.create_folder(folder)

    def _found(self, message_ids: Sequence[str]) -> dict[str, list[int]]:
        """The UIDs of these messages, by folder."""
        wanted = set(message_ids)
        places: dict[str, list[int]] = {}
        seen: list[str] = []
        for flags, _delimiter, folder in self._client.list_folders() if wanted else ():
            if b"\\Noselect" in flags:
                continue
            self._client.select_folder(folder, readonly=True)
            uids = self._client.search()
            for uid, answer in self._client.fetch(uids, [_FIELD]).items() if uids else ():
                header = next(v for k, v in answer.items() if k.startswith(b"BODY["))
                match = _MESSAGE_ID.search(header)
                message_id = match[1].decode("ascii") if match else ""
                if message_id in wanted:
                    places.setdefault(folder, []).append(uid)
                    seen.append(message_id)
        if sorted(seen) != sorted(wanted):
            raise LookupError(f"{len(wanted)} messages were looked for and {len(seen)} found")
        return places
