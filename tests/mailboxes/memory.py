"""A mailbox in this process that tests can act on, as a person would or a bad server.

It keeps the protocol like the others and passes the same contract tests. Beside the protocol it
has handles that change what it holds (:meth:`MemoryMailbox.deliver` and so on), and switches for
what real servers do wrong.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailsync_tui.mailboxes.base import (
    ANOTHER_MESSAGE,
    DeleteRequest,
    DeleteResult,
    Facts,
    FolderListing,
    Head,
    Hung,
    Listing,
    Location,
    MailboxError,
    MarkKeeper,
    NewMessage,
    Progress,
    Raw,
    Role,
    StoreResult,
    Uid,
    Unchanged,
    Unreachable,
    unwatched,
)
from mailsync_tui.message import content_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

DELETED = "\\Deleted"
DRAFT = "\\Draft"
FLAGGED = "\\Flagged"

_ROLES = {
    "INBOX": Role.INBOX,
    "Trash": Role.TRASH,
    "Junk": Role.JUNK,
    "Drafts": Role.DRAFTS,
    "Sent": Role.SENT,
}
_HEADER_END = re.compile(rb"\r?\n\r?\n")


@dataclass(slots=True)
class MemoryMessage:
    """One message as it lies in a folder."""

    data: bytes
    flags: frozenset[str]
    date: datetime | None

    @property
    def header(self) -> bytes:
        """The header lines; the whole message where no empty line ends them."""
        end = _HEADER_END.search(self.data)
        return self.data[: end.end()] if end else self.data


@dataclass(slots=True)
class MemoryFolder:
    """One folder; tests may change any of it."""

    role: Role
    validity: int
    uidnext: int = 1
    modseq: int = 1
    messages: dict[Uid, MemoryMessage] = field(default_factory=dict)


class MemoryMailbox:
    """A mailbox whose mail is in memory.

    Args:
        name: The account's name.
        kind: What it passes for: ``memory``, ``imap``, ``pop3``, ``maildir``.
        peeks: Whether bodies may be read in a preview. Without, it names its messages as POP3 does:
            by string UIDLs, in one folder, with neither flags nor dates nor validity.
        can_store: Whether it takes mail.
        trash: A folder that deletions move to, instead of expunging.
    """

    def __init__(
        self,
        name: str,
        *,
        kind: str = "memory",
        peeks: bool = True,
        can_store: bool = True,
        trash: str | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.peeks = peeks
        self.can_store = can_store
        self.trash = trash
        self.folders: dict[str, MemoryFolder] = {}
        self.note: str | None = None
        """Why its locations are mere positions (POP3); ``None``: they are not."""
        self.nameless = False
        """Whether it has neither UIDL nor TOP (POP3): messages are named by their bytes."""
        self.calls: list[tuple[str, int]] = []
        """Every step taken, as the fault hook sees it."""
        self.fault: Callable[[str, int], None] | None = None
        """Called before each step with the operation and its index within the call, and may raise:
        ``list`` (a folder), ``heads``, ``fetch``, ``read``, ``store``, ``delete`` (a message), and
        ``stored`` and ``deleted`` after the change was made, where only the answer can be lost."""
        self.incomplete: str | None = None
        """Why listings break off half-way; ``None``: they do not."""
        self.alter: Callable[[bytes], bytes] | None = None
        """What the server makes of the bytes that are stored."""
        self.refuses: Callable[[bytes], bool] | None = None
        """Messages that the server does not take."""
        self.breaks_at: set[bytes] = set()
        """Messages at which the connection breaks, whatever is done with them."""
        self.hides = False
        """Whether what was fetched is listed no more, as some providers do over POP3."""
        self.hidden: set[tuple[str, Uid]] = set()
        """What is there and is not listed."""
        self.unreachable: str | None = None
        """Why no call gets through; ``None``: they do."""
        self._aborted = False
        self.add_folder("INBOX")

    # What a person or a server does to it.

    def add_folder(self, name: str, role: Role | None = None) -> MemoryFolder:
        """Make a folder unless it is there; without a role the name decides."""
        if name not in self.folders:
            role = role or _ROLES.get(name, Role.NORMAL)
            self.folders[name] = MemoryFolder(role, 1 if self.peeks else 0)
        return self.folders[name]

    def remove_folder(self, name: str) -> None:
        """Delete a folder with all that is in it."""
        del self.folders[name]

    def deliver(
        self,
        folder: str,
        data: bytes,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> Uid:
        """Put a message there, as if it had arrived, and return its UID."""
        held = self.add_folder(folder)
        number = held.uidnext
        uid: Uid = number if self.peeks else f"u{number:08d}"
        held.uidnext += 1
        held.modseq += 1
        held.messages[uid] = MemoryMessage(data, frozenset(flags), date or datetime.now(UTC))
        return uid

    def remove(self, folder: str, uid: Uid) -> None:
        """Take a message away, as another client's deletion does."""
        del self.folders[folder].messages[uid]
        self.folders[folder].modseq += 1

    def move(self, folder: str, uid: Uid, target: str) -> Uid:
        """File a message in another folder; it gets a new UID there, which is returned."""
        message = self.folders[folder].messages[uid]
        new = self.deliver(target, message.data, message.flags, message.date)
        self.remove(folder, uid)
        return new

    def flag(self, folder: str, uid: Uid, *flags: str) -> None:
        """Add flags to a message."""
        self.folders[folder].messages[uid].flags |= frozenset(flags)
        self.folders[folder].modseq += 1

    def mark_deleted(self, folder: str, uid: Uid) -> None:
        r"""Mark a message ``\Deleted`` without expunging it."""
        self.flag(folder, uid, DELETED)

    def renumber(self, folder: str) -> dict[Uid, Uid]:
        """Give the folder a new validity and all its messages new UIDs; returns old to new."""
        held = self.folders[folder]
        old = held.messages
        held.messages = {}
        if self.peeks:
            held.validity += 1
            held.uidnext = 1
        moved: dict[Uid, Uid] = {}
        for uid, message in old.items():
            moved[uid] = self.deliver(folder, message.data, message.flags, message.date)
        return moved

    def bytes_in(self, folder: str) -> Sequence[bytes]:
        """The messages of a folder in order; none where there is no such folder."""
        held = self.folders.get(folder)
        return [message.data for message in held.messages.values()] if held else []

    def called(self, operation: str) -> int:
        """How many steps of this operation were taken so far."""
        return sum(step == operation for step, _ in self.calls)

    # The protocol.

    def list(self, progress: Progress = unwatched, unless: str | None = None) -> Listing:
        """List everything. See :class:`~mailsync_tui.mailboxes.base.Mailbox`."""
        self._begin()
        folders = []
        for index, (name, held) in enumerate(list(self.folders.items())):
            self._step("list", index)
            uids = tuple(
                uid for uid, key in self._uids(held).items() if (name, key) not in self.hidden
            )
            if self.incomplete is not None:
                uids = uids[: len(uids) // 2]
            folders.append(self._listed(name, held, uids))
        sure = self.incomplete is None and self.note is None
        version = hashlib.sha256(repr(folders).encode()).hexdigest() if sure else None
        if version is not None and version == unless:
            raise Unchanged
        listing = Listing(tuple(folders), self.incomplete is None, self.incomplete, note=self.note)
        listing = replace(listing, version=version)
        progress(listing.messages, listing.messages)
        return listing

    def heads(self, locations: Iterable[Location]) -> Iterator[Head]:
        """Read headers."""
        self._begin()
        for index, location in enumerate(locations):
            self._step("heads", index)
            message = self._find(location)
            if message is not None and self.note is None:
                yield Head(
                    location,
                    message.header,
                    len(message.data),
                    message.flags if self.peeks else frozenset(),
                    message.date if self.peeks else None,
                    content_digest(message.data) if self.nameless else None,
                )

    def fetch(self, locations: Iterable[Location]) -> Iterator[Raw]:
        """Stream messages."""
        self._begin()
        for index, location in enumerate(locations):
            self._step("fetch", index)
            message = self._find(location)
            if message is not None:
                self._break_at(message.data)
                if self.hides:
                    self.hidden.add((location.folder, self._uid(location)))
                yield Raw(
                    location,
                    message.data,
                    message.flags if self.peeks else frozenset(),
                    message.date if self.peeks else None,
                )

    def read(self, location: Location) -> Raw | None:
        """One message."""
        self._begin()
        self._step("read", 0)
        if self.note is not None:
            raise MailboxError("this server cannot show a message without fetching it")
        message = self._find(location)
        if message is None:
            return None
        self._break_at(message.data)
        flags = message.flags if self.peeks else frozenset()
        return Raw(location, message.data, flags, message.date if self.peeks else None)

    def store(self, messages: Sequence[NewMessage], folder: str) -> Sequence[StoreResult]:
        """Store a batch."""
        if not self.can_store:
            raise MailboxError("no mail can be put into this mailbox")
        self._begin()
        outcomes = []
        if any(message.data in self.breaks_at for message in messages):
            lost = Hung("it said nothing")
            return [StoreResult(None, str(lost), unsure=True, lost=lost)] * len(messages)
        for index, message in enumerate(messages):
            self._step("store", index)
            if self.refuses is not None and self.refuses(message.data):
                outcomes.append(StoreResult(None, "the mailbox does not take this message"))
                continue
            data = self.alter(message.data) if self.alter else message.data
            uid = self.deliver(folder, data, message.flags, message.date)
            self._step("stored", index)
            location = Location(folder, self.folders[folder].validity, uid)
            outcomes.append(StoreResult(location, size=len(data), altered=data != message.data))
        return outcomes

    def delete(
        self,
        requests: Sequence[DeleteRequest],
        marks: MarkKeeper,
    ) -> Sequence[DeleteResult]:
        """Delete exactly these."""
        self._begin()
        outcomes = []
        found = [self._find(request.location) for request in requests]
        uids = [self._uid(request.location) for request in requests]
        for index, (request, message, uid) in enumerate(zip(requests, found, uids, strict=True)):
            location = request.location
            self._step("delete", index)
            if message is None or message is not self.folders[location.folder].messages.get(uid):
                outcomes.append(DeleteResult(location, "gone"))
                continue
            self._break_at(message.data)
            if not request.refers_to(message.header):
                outcomes.append(DeleteResult(location, "skipped", ANOTHER_MESSAGE))
                continue
            if self.trash is not None and location.folder != self.trash:
                self.move(location.folder, uid, self.trash)
            else:
                self.remove(location.folder, uid)
            self._step("deleted", index)
            outcomes.append(DeleteResult(location, "done"))
        return outcomes

    def restore_marks(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        r"""Set ``\Deleted`` marks again."""
        held = self.folders.get(folder)
        if held is None or held.validity != validity:
            return
        for uid in uids:
            if uid in held.messages:
                self.mark_deleted(folder, uid)

    def resolve(self, folder: str) -> str:
        """Folder names have one form here."""
        return folder

    def facts(self) -> Facts:
        """Describe it."""
        self._begin()
        return Facts(
            self.kind,
            "none",
            (),
            tuple((name, held.role, len(held.messages)) for name, held in self.folders.items()),
        )

    def close(self) -> None:
        """Nothing is open."""

    def abort(self) -> None:
        """Make the call that is under way end at its next step, and begin no other."""
        self._aborted = True

    def _begin(self) -> None:
        self._check()
        if self.unreachable is not None:
            raise Unreachable(self.unreachable)

    def _check(self) -> None:
        if self._aborted:
            raise Unreachable("cut off")

    def _break_at(self, data: bytes) -> None:
        if data in self.breaks_at:
            raise Hung("it said nothing")

    def _step(self, operation: str, index: int) -> None:
        self._check()
        self.calls.append((operation, index))
        if self.fault is not None:
            self.fault(operation, index)

    def _find(self, location: Location) -> MemoryMessage | None:
        held = self.folders.get(location.folder)
        if held is None or held.validity != location.validity:
            return None
        return held.messages.get(self._uid(location))

    def _uid(self, location: Location) -> Uid:
        """The UID here of what is listed at a location."""
        if not self.nameless:
            return location.uid
        return self._uids(self.folders[location.folder]).get(location.uid, "")

    def _uids(self, held: MemoryFolder) -> dict[Uid, Uid]:
        """By what its messages are listed as: their UIDs here."""
        if not self.nameless:
            return {uid: uid for uid in held.messages}
        if self.note is not None:
            sizes = [len(message.data) for message in held.messages.values()]
            at = (f"#{number}:{size}" for number, size in enumerate(sizes, 1))
            return dict(zip(at, held.messages, strict=True))
        alike: Counter[str] = Counter()
        names: dict[Uid, Uid] = {}
        for uid, message in held.messages.items():
            digest = content_digest(message.data)
            alike[digest] += 1
            names[f"bytes:{digest}#{alike[digest]}"] = uid
        return names

    def _listed(self, name: str, held: MemoryFolder, uids: tuple[Uid, ...]) -> FolderListing:
        if not self.peeks:
            return FolderListing(name, held.role, held.validity, uids)
        return FolderListing(
            name,
            held.role,
            held.validity,
            uids,
            marked=frozenset(uid for uid in uids if DELETED in held.messages[uid].flags),
            drafts=frozenset(uid for uid in uids if DRAFT in held.messages[uid].flags),
            flagged=frozenset(uid for uid in uids if FLAGGED in held.messages[uid].flags),
            uidnext=held.uidnext,
            modseq=held.modseq,
        )
