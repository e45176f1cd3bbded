"""The demo's IMAP server: pymap's dictionary backend, without the mail that pymap brings along.

pymap comes with the extra ``demo``; only starting a server needs it.
"""

from __future__ import annotations

import asyncio
import ssl
from argparse import Namespace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from pymap.backend.dict import Login


class DemoUnavailable(Exception):  # noqa: N818 - nothing went wrong, something is not there
    """The demo cannot run here; the text says what to install."""


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
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Fill the mailboxes and listen; returns the port (a free one for 0).

        Raises:
            DemoUnavailable: pymap is not installed.
        """
        try:
            from proxyprotocol.noop import ProxyProtocolNoop
            from proxyprotocol.reader import ProxyProtocolReader
            from pymap.imap import IMAPServer
        except ImportError as error:
            raise DemoUnavailable(
                "The demo's IMAP server is not installed: pip install 'mailsync-tui[demo]'"
            ) from error
        login = await _login(self._accounts, host)
        # pymap's connections expect to be started by this reader, even where no proxy is.
        reader = ProxyProtocolReader(ProxyProtocolNoop())
        handler = reader.get_callback(IMAPServer(login, login.config))
        self._server = await asyncio.start_server(handler, host, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Listen no more. Sessions that are open end with their connections."""
        if self._server is not None:
            self._server.close()
            self._server = None


async def _login(accounts: dict[str, ImapAccount], host: str) -> Login:
    """A backend that knows these accounts and holds their mail, and nothing else."""
    from pymap.backend.dict import Config, Login
    from pymap.backend.dict.filter import FilterSet
    from pymap.backend.dict.mailbox import MailboxSet
    from pymap.concurrent import Subsystem
    from pymap.parsing.message import AppendMessage
    from pymap.user import UserMetadata
    from pysasl.hashing import Cleartext

    class QuietConfig(Config):
        """pymap's own asks the resolver for this machine's name, which can take seconds."""

        @property
        def greeting(self) -> bytes:
            return b"ready"

    config = QuietConfig(
        Namespace(proxy_protocol=None),
        host=host,
        port=0,
        demo_data=False,
        demo_user="",
        demo_password="",
        tls_enabled=False,
        # Given, so that pymap does not load the file that CERT_FILE names in the environment.
        ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        hash_context=Cleartext(),
        cpu_subsystem=Subsystem.for_asyncio(),
        reject_dnsbl=False,
    )
    login = Login(config)
    for user, account in accounts.items():
        login.users_dict[user] = UserMetadata(config, user, password=account.password)
        folders = MailboxSet()
        config.set_cache[user] = (folders, FilterSet())
        made = {"INBOX"}
        for folder, data, date in account.mail:
            if folder not in made:
                made.add(folder)
                await folders.add_mailbox(folder)
            await (await folders.get_mailbox(folder)).append(AppendMessage(data, date))
    return login
