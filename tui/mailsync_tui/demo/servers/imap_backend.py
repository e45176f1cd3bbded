"""pymap's dictionary backend, filled with given mail, whose folders misbehave on request.

To be imported only where the demo runs: pymap is in an extra.
"""

from __future__ import annotations

import ssl
from argparse import Namespace
from typing import TYPE_CHECKING

from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.concurrent import Subsystem
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pymap.parsing.specials import ObjectId


class _StoredFolder(MailboxData):
    """A folder that remembers what was expunged, with its UIDs, and can get other ones."""

    expunged: dict[int, Message]

    async def delete(self, uids: Iterable[int]) -> None:
        uids = list(uids)
        self.expunged.update({uid: self._messages[uid] for uid in uids if uid in self._messages})
        await super().delete(uids)

    async def bring_back(self, data: bytes) -> None:
        """List an expunged message again, under the UID that it had."""
        uid = await self._expunged_uid(data)
        async with self.messages_lock.write_lock():
            found = Message.copy(self.expunged.pop(uid))
            found.permanent_flags = frozenset()
            # UIDs ascend with the message numbers (RFC 3501, 2.3.1.1), which are this order.
            self._messages = dict(sorted({**self._messages, uid: found}.items()))
            self._mod_sequences.update([uid])
            self._updated.set()

    async def _expunged_uid(self, data: bytes) -> int:
        for uid, message in self.expunged.items():
            loaded = await message.load_content(FetchRequirement.CONTENT)
            if bytes(loaded.content) == data:
                return uid
        raise LookupError("no message with these bytes was expunged")

    async def renumber(self) -> None:
        """Get another UIDVALIDITY, and UIDs from 1 (RFC 3501, 2.3.1.1)."""
        async with self.messages_lock.write_lock():
            found = enumerate(self._messages.values(), 1)
            self._messages = {uid: Message.copy(message, uid=uid) for uid, message in found}
            self._max_uid = len(self._messages)
            self._uid_validity += 1
            self._updated.set()

    async def rewind(self) -> None:
        """Give the next message the UID after those that are there, as a restored backup does."""
        async with self.messages_lock.write_lock():
            self._max_uid = max(self._messages, default=0)


class _Folders(MailboxSet):
    def __init__(self) -> None:
        super().__init__()
        self.inbox = self._folder()
        self._inbox = self.inbox

    async def add_mailbox(self, name: str) -> ObjectId:
        async with self._set_lock.write_lock():
            if name in self._set:
                raise ValueError(name)
            made = self._set[name] = self._folder()
        return made.mailbox_id

    def _folder(self) -> _StoredFolder:
        made = _StoredFolder(self._content_cache, self._thread_cache)
        made.expunged = {}
        return made


class _QuietConfig(Config):
    """pymap's own asks the resolver for this machine's name, which can take seconds."""

    @property
    def greeting(self) -> bytes:
        return b"ready"


class Backend:
    """People and their folders.

    Args:
        host: Where the server listens.
    """

    def __init__(self, host: str) -> None:
        self.config = _QuietConfig(
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
        self.login = Login(self.config)
        self._folders: dict[str, _Folders] = {}

    async def add(
        self, user: str, password: str, mail: Iterable[tuple[str, bytes, datetime]]
    ) -> None:
        """Let somebody log in, and fill folders: each named with a message and its INTERNALDATE."""
        self.login.users_dict[user] = UserMetadata(self.config, user, password=password)
        folders = self._folders[user] = _Folders()
        self.config.set_cache[user] = (folders, FilterSet())
        made = {"INBOX"}
        for folder, data, date in mail:
            if folder not in made:
                made.add(folder)
                await folders.add_mailbox(folder)
            await (await folders.get_mailbox(folder)).append(AppendMessage(data, date))

    async def bring_back(self, user: str, data: bytes) -> None:
        """List a message that was expunged from the inbox again, under its UID.

        Raises:
            LookupError: there is none with these bytes.
        """
        await self._folders[user].inbox.bring_back(data)

    async def renumber(self, user: str, folder: str) -> None:
        """Give a folder another UIDVALIDITY, and its messages UIDs from 1.

        Raises:
            KeyError: there is no such folder.
        """
        await (await self._folder(user, folder)).renumber()

    async def rewind(self, user: str, folder: str) -> None:
        """Let a folder's UIDNEXT fall to just above what it holds.

        Raises:
            KeyError: there is no such folder.
        """
        await (await self._folder(user, folder)).rewind()

    async def _folder(self, user: str, name: str) -> _StoredFolder:
        found = await self._folders[user].get_mailbox(name)
        assert isinstance(found, _StoredFolder)
        return found
