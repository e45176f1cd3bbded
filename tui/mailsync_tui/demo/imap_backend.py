"""pymap's dictionary backend, filled with given mail; an inbox can bring back what was expunged.

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

    from mailsync_tui.demo.imap_server import Delivery


class _Inbox(MailboxData):
    """An inbox that remembers what was expunged, with its UIDs."""

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


class _Folders(MailboxSet):
    def __init__(self) -> None:
        super().__init__()
        self.inbox = _Inbox(self._content_cache, self._thread_cache)
        self.inbox.expunged = {}
        self._inbox = self.inbox


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

    async def add(self, user: str, password: str, mail: Iterable[Delivery]) -> None:
        """Let somebody log in, and fill the folders that are named."""
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
