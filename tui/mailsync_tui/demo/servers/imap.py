"""The demo's IMAP server: pymap's dictionary backend, whose folders can be changed from outside.

To be imported only where the demo runs: pymap is in the extra ``demo``.
"""

from __future__ import annotations

import asyncio
import ssl
from argparse import Namespace
from collections.abc import Iterable
from datetime import datetime

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement, ObjectId
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext


class DemoFolder(MailboxData):
    """A folder that remembers what was expunged, with its UIDs, and can get other ones."""

    expunged: dict[int, Message]

    async def delete(self, uids: Iterable[int]) -> None:
        """Expunge messages."""
        uids = list(uids)
        self.expunged.update({uid: self._messages[uid] for uid in uids if uid in self._messages})
        await super().delete(uids)

    async def uid_of(self, data: bytes) -> int | None:
        """The UID of the message with these bytes."""
        return await _uid_of(data, self._messages)

    async def restore(self, data: bytes) -> None:
        """List a message that was expunged again, under the UID it had.

        Raises:
            LookupError: there is none with these bytes.
        """
        uid = await _uid_of(data, self.expunged)
        if uid is None:
            raise LookupError("no message with these bytes was expunged")
        async with self.messages_lock.write_lock():
            found = Message.copy(self.expunged.pop(uid))
            found.permanent_flags = frozenset()
            # UIDs ascend with the message numbers (RFC 3501, 2.3.1.1), which are this order.
            self._messages = dict(sorted({**self._messages, uid: found}.items()))
            self._mod_sequences.update([uid])
            self._updated.set()

    async def renumber(self) -> None:
        """Get another UIDVALIDITY, and UIDs from 1 (RFC 3501, 2.3.1.1)."""
        async with self.messages_lock.write_lock():
            found = enumerate(self._messages.values(), 1)
            self._messages = {uid: Message.copy(message, uid=uid) for uid, message in found}
            self._max_uid = len(self._messages)
            self._uid_validity += 1
            self._updated.set()

    async def rewind(self) -> None:
        """Let UIDNEXT fall to just above what there is, as in a restored backup."""
        async with self.messages_lock.write_lock():
            self._max_uid = max(self._messages, default=0)


async def _uid_of(data: bytes, messages: dict[int, Message]) -> int | None:
    for uid, message in messages.items():
        loaded = await message.load_content(FetchRequirement.CONTENT)
        if bytes(loaded.content) == data:
            return uid
    return None


class DemoFolders(MailboxSet):
    """One person's folders, whose mail may be changed in the loop of the server."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox = self._make()

    async def add_mailbox(self, name: str) -> ObjectId:
        """Make a folder."""
        async with self._set_lock.write_lock():
            if name in self._set:
                raise ValueError(name)
            made = self._set[name] = self._make()
        return made.mailbox_id

    def _make(self) -> DemoFolder:
        made = DemoFolder(self._content_cache, self._thread_cache)
        made.expunged = {}
        return made

    async def folder(self, name: str) -> DemoFolder:
        """The folder of this name, made if it is missing."""
        if name != "INBOX" and name not in self._set:
            await self.add_mailbox(name)
        found = await self.get_mailbox(name)
        assert isinstance(found, DemoFolder)
        return found

    async def deliver(self, folder: str, data: bytes, date: datetime) -> None:
        """Store a message with an INTERNALDATE (aware); a folder that is missing is made."""
        await (await self.folder(folder)).append(AppendMessage(data, date))

    async def remove(self, data: bytes) -> None:
        """Expunge a message, wherever it lies.

        Raises:
            LookupError: there is none with these bytes.
        """
        folder, uid = await self._find(data)
        await folder.delete([uid])

    async def move(self, data: bytes, folder: str) -> None:
        """Move a message into a folder, which is made if it is missing.

        Raises:
            LookupError: there is none with these bytes.
        """
        origin, uid = await self._find(data)
        await origin.move(uid, await self.folder(folder))

    async def _find(self, data: bytes) -> tuple[DemoFolder, int]:
        for name in ("INBOX", *self._set):
            folder = await self.folder(name)
            uid = await folder.uid_of(data)
            if uid is not None:
                return folder, uid
        raise LookupError("no folder holds a message with these bytes")


class _QuietConfig(Config):
    """pymap's own asks the resolver for this machine's name, which can take seconds."""

    @property
    def greeting(self) -> bytes:
        return b"ready"


class ImapServer:
    """Serves accounts by name (IMAP4rev1, RFC 3501), without TLS, and without pymap's own mail.

    It runs in the loop of whoever starts it, where its mail may be changed at any time. UIDVALIDITY
    is another one at every start.

    Args:
        passwords: By user; their mailboxes are empty at first.

    Attributes:
        folders: By user, once started.
    """

    def __init__(self, passwords: dict[str, str]) -> None:
        self._passwords = passwords
        self.folders: dict[str, DemoFolders] = {}
        self._login: Login | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
        """Listen; on a free port for 0. Once closed, sessions end with their connections."""
        config = _QuietConfig(
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
        login = self._login = Login(config)
        for user, password in self._passwords.items():
            self.change_password(user, password)
            folders = self.folders[user] = DemoFolders()
            config.set_cache[user] = (folders, FilterSet())
        serve = IMAPServer(login, config)

        # Awaited here, and not started by ProxyProtocolReader as pymap itself does: that keeps no
        # reference to the task, and a session can be collected as garbage while it waits.
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await serve(reader, writer, SocketInfoLocal(writer))

        return await asyncio.start_server(handle, host, port)

    def change_password(self, user: str, password: str) -> None:
        """Let a user log in with this password from now on, once it is started."""
        assert self._login is not None
        metadata = UserMetadata(self._login.config, user, password=password)
        self._login.users_dict[user] = metadata
