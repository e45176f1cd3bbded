"""The demo's IMAP server: pymap's dictionary backend, without the mail that pymap brings along.

pymap comes with the extra ``demo``; only starting a server needs it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.errors import DemoUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from mailsync_tui.demo.servers.imap_backend import Backend


class Delivery(NamedTuple):
    """A message, and the folder where it lies."""

    folder: str
    data: bytes
    date: datetime
    """INTERNALDATE, aware."""


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """One log-in, and what its folders hold at the start."""

    password: str = field(repr=False)
    mail: tuple[Delivery, ...] = ()


class ImapServer:
    """Serves accounts by name (IMAP4rev1, RFC 3501), without TLS.

    It runs in the loop of whoever starts it. UIDVALIDITY is another one at every start.

    Args:
        accounts: Users, and the mail they begin with.
    """

    def __init__(self, accounts: dict[str, ImapAccount]) -> None:
        self._accounts = accounts
        self._backend: Backend | None = None
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Fill the mailboxes and listen; returns the port (a free one for 0).

        Raises:
            DemoUnavailable: pymap is not installed.
        """
        try:
            from proxyprotocol.sock import SocketInfoLocal
            from pymap.imap import IMAPServer

            from mailsync_tui.demo.servers.imap_backend import Backend
        except ImportError as error:
            raise DemoUnavailable(
                "The demo's IMAP server is not installed: pip install 'mailsync-tui[demo]'"
            ) from error
        self._backend = backend = Backend(host)
        for user, account in self._accounts.items():
            await backend.add(user, account.password, account.mail)
        serve = IMAPServer(backend.login, backend.config)

        # Awaited here, and not started by ProxyProtocolReader as pymap itself does: that keeps no
        # reference to the task, and a session can be collected as garbage while it waits.
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await serve(reader, writer, SocketInfoLocal(writer))

        self._server = await asyncio.start_server(handle, host, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Listen no more. Sessions that are open end with their connections."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def bring_back(self, user: str, data: bytes) -> None:
        """List a message that was expunged from the inbox again, under the UID it had.

        Raises:
            LookupError: there is none with these bytes.
        """
        assert self._backend is not None
        await self._backend.bring_back(user, data)

    async def renumber(self, user: str, folder: str) -> None:
        """Give a folder another UIDVALIDITY, and its messages UIDs from 1.

        Raises:
            KeyError: there is no such folder.
        """
        assert self._backend is not None
        await self._backend.renumber(user, folder)

    async def rewind(self, user: str, folder: str) -> None:
        """Let a folder's UIDNEXT fall to just above what it holds, as in a restored backup.

        Raises:
            KeyError: there is no such folder.
        """
        assert self._backend is not None
        await self._backend.rewind(user, folder)
