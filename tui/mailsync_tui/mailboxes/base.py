"""What the engine knows of a mailbox: one protocol, and the values that pass through it.

A mailbox is a set of messages at locations. It is listed, its messages' headers are read, their
bytes fetched, new ones stored, chosen ones deleted. An adapter decides nothing: which message is
the same as which, and what is to be done with it, is the engine's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple, Protocol

from mailsync_tui.errors import UserError
from mailsync_tui.message import Identity, identity_of_header
from mailsync_tui.message import Location as Location
from mailsync_tui.message import Raw as Raw
from mailsync_tui.message import Uid as Uid

LATE_SECONDS = 5.0
"""How long a server is given to come to what it was sent over a connection that was lost."""


class Role(StrEnum):
    """What a folder is for (RFC 6154 special use, the configuration, or a well-known name)."""

    NORMAL = "normal"
    INBOX = "inbox"
    TRASH = "trash"
    JUNK = "junk"
    DRAFTS = "drafts"
    SENT = "sent"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class FolderListing:
    """All messages of one folder at one moment."""

    name: str
    role: Role
    validity: int
    uids: Sequence[Uid]
    """In the mailbox's own order, oldest first."""
    marked: frozenset[Uid] = frozenset()
    r"""Those marked ``\Deleted`` (Maildir: ``T``) but still listed."""
    drafts: frozenset[Uid] = frozenset()
    r"""Those flagged ``\Draft`` (Maildir: ``D``)."""
    flagged: frozenset[Uid] = frozenset()
    r"""Those flagged ``\Flagged`` (Maildir: ``F``)."""
    uidnext: int | None = None
    modseq: int | None = None
    """HIGHESTMODSEQ (RFC 7162), where the server gives it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a mailbox held, and whether that is known to be all of it."""

    folders: tuple[FolderListing, ...]
    complete: bool
    """Every folder was listed and proved complete; only then can *gone* be concluded."""
    error: str | None = None
    """Why it is not complete, as shown to a person; what is foreign in it is made safe."""
    note: str | None = None
    """Why its locations are mere positions (POP3), as shown to a person; ``None``: they are not.
    Then nothing that is known there is present or gone, and new is what is above the number of
    messages at the last listing."""
    version: str | None = None
    """Listings of one mailbox with the same version are equal, all flags included; ``None``: the
    mailbox shows nothing that this could be told by."""

    def __post_init__(self) -> None:
        """Make the sentences safe to show."""
        object.__setattr__(self, "error", self.error and str(MailboxError(self.error)))
        object.__setattr__(self, "note", self.note and str(MailboxError(self.note)))

    @property
    def messages(self) -> int:
        """How many messages were listed."""
        return sum(len(folder.uids) for folder in self.folders)


class Head(NamedTuple):
    """What is read of a message to know which it is."""

    location: Location
    header: bytes
    """Raw header lines: at least Message-ID, From, Date and Subject, if the message has them."""
    size: int
    """Octets, as the mailbox gives them (RFC822.SIZE, POP3 LIST, the file's size)."""
    flags: frozenset[str]
    date: datetime | None
    """When it arrived (INTERNALDATE, file time), aware; ``None`` where the mailbox has none."""
    digest: str | None = None
    """Of the content, where it had to be read in order to list it."""


class NewMessage(NamedTuple):
    """A message that is to be stored."""

    data: bytes
    flags: frozenset[str]
    date: datetime | None
    name: str
    """A unique name made beforehand: a Maildir files the message under it, others ignore it."""


@dataclass(frozen=True, slots=True)
class StoreResult:
    """What became of one :class:`NewMessage`."""

    location: Location | None
    """Where it was proved to lie; ``None`` when it was not stored."""
    error: str | None = None
    """Why not, as shown to a person; what is foreign in it is made safe."""
    size: int | None = None
    """Octets as the mailbox holds it; ``None``: as it was given."""
    altered: bool = False
    """The mailbox holds another form of it, as far as its size and header show."""
    unsure: bool = False
    """It was not refused and is not there: it may yet turn up."""
    lost: ConnectionLost | None = None
    """How the connection was lost before it was answered, or (then it is not ``unsure``) before it
    was sent: it may be sent again."""
    refused: bool = False
    """It was accepted, and is not there as a whole: it is not to be sent again unasked."""
    cut: Location | None = None
    """Where a part of it lies that is of no use to anybody."""

    def __post_init__(self) -> None:
        """Make the error safe to show."""
        object.__setattr__(self, "error", self.error and str(MailboxError(self.error)))


class DeleteRequest(NamedTuple):
    """A copy that is to be deleted, and the message that must be found there."""

    location: Location
    identity: Identity | None
    """Compared with the header right before the deletion; ``None``: the location alone counts."""

    def refers_to(self, header: bytes) -> bool:
        """Whether a message with this header may be the one that is to be deleted."""
        return (
            self.identity is None or self.identity.agreement(identity_of_header(header)) != "unlike"
        )


ANOTHER_MESSAGE = "another message is there now"
"""Why a :class:`DeleteRequest` is skipped that does not refer to what is at its location."""


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """What became of one :class:`DeleteRequest`."""

    location: Location
    outcome: Literal["done", "gone", "skipped", "failed"]
    """``gone``: it was not there any more; ``skipped``: something else is there, or it is not
    safe to delete it now; ``failed``: the mailbox refused."""
    reason: str = ""
    """As shown to a person; what is foreign in it is made safe."""

    def __post_init__(self) -> None:
        """Make the reason safe to show."""
        object.__setattr__(self, "reason", self.reason and str(MailboxError(self.reason)))


class MarkKeeper(Protocol):
    r"""Remembers foreign ``\Deleted`` marks that are lifted around a plain EXPUNGE."""

    def lifted(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        """Record durably that these marks are about to be lifted."""

    def restored(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        """Record that they are set again."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What ``check`` prints of a mailbox."""

    protocol: str
    encryption: str
    capabilities: tuple[str, ...]
    """Those that matter to this program."""
    folders: tuple[tuple[str, Role, int], ...]
    """Name, role and number of messages."""
    notes: tuple[str, ...] = ()
    """What this mailbox cannot do, in sentences; what is foreign in them is made safe."""

    def __post_init__(self) -> None:
        """Make the notes safe to show."""
        object.__setattr__(self, "notes", tuple(str(MailboxError(note)) for note in self.notes))


Progress = Callable[[int, int | None], None]
"""Called with how far something is: how many messages are done, and of how many, where that is
known.

What has to begin anew begins anew here too.
"""


def unwatched(done: int, total: int | None) -> None:
    """Progress that nobody looks at."""


Cancelled = Callable[[], bool]
"""Asked between messages and batches; once it says yes, nothing new is begun."""


class Mailbox(Protocol):
    """One mailbox. Not shared between threads, but for :meth:`abort`.

    Every method opens the connection it needs. Every network call has a time-out.

    Raises:
        MailboxError: from every method, when the mailbox cannot be reached or refuses.
    """

    name: str
    kind: str
    peeks: bool
    """Reading a body leaves no trace there (IMAP, Maildir), so that a preview may do it."""
    can_store: bool
    """Mail can be put there (not POP3)."""

    def list(self, progress: Progress = unwatched, unless: str | None = None) -> Listing:
        """List everything, without changing anything. Raises rather than guess.

        Args:
            progress: Called as often as it is convenient, on this thread, and once all are listed.
            unless: The version of an earlier listing, which is not made once more.

        Raises:
            Unchanged: The listing would be that of this version.
        """

    def heads(self, locations: Iterable[Location]) -> Iterator[Head]:
        """Read the headers of these messages; one that is no longer there is left out."""

    def fetch(self, locations: Iterable[Location]) -> Iterator[Raw]:
        """Stream these messages' bytes in the order given, marking nothing as seen.

        One that is no longer there is left out. No more than one batch is held in memory. One that
        is there and never comes whole is named in a plain :class:`MailboxError`, after all others.
        """

    def read(self, location: Location) -> Raw | None:
        """One message's bytes for a person's eyes; ``None``: it is not there any more.

        Nothing is left behind that shows it was read: no flag, and on POP3 no RETR, after which
        some providers hide a message, unless each listing takes that. Where that is not possible
        it raises a plain :class:`MailboxError`.
        """

    def store(self, messages: Sequence[NewMessage], folder: str) -> Sequence[StoreResult]:
        """Store a batch, durably, and prove that each is there; one answer for each.

        The folder is made if it is missing. One message that is refused does not stop the rest.
        Where the connection is lost, what was sent is looked for over another one.
        """

    def delete(
        self, requests: Sequence[DeleteRequest], marks: MarkKeeper
    ) -> Sequence[DeleteResult]:
        """Delete exactly these, each compared with its identity first; one answer for each."""

    def restore_marks(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        r"""Set foreign ``\Deleted`` marks again that an earlier run had lifted and then died."""

    def resolve(self, folder: str) -> str:
        """The ``/`` form of a folder name given in that form or in the server's own."""

    def facts(self) -> Facts:
        """Connect and describe, for ``check``."""

    def close(self) -> None:
        """End the connection politely; never raises."""

    def abort(self) -> None:
        """From another thread: end this mailbox for good; a call that waits for a server ends now.

        It raises :class:`Unreachable`, and so does every later one.
        """


class Unchanged(Exception):
    """A mailbox lists what it listed before."""


class MailboxError(UserError):
    """A mailbox could not be used; the text says why, in words for a person."""


class LeftOut(MailboxError):
    """It was not to be contacted, which is no fault; the text says why."""


class MailboxDown(MailboxError):
    """The mailbox as a whole cannot be used; a plain :class:`MailboxError` is about less."""


class Unreachable(MailboxDown):
    """No connection, it broke, or it timed out."""


class ConnectionLost(Unreachable):
    """A connection that stood was closed in the middle, or what came is no answer.

    That may be one message's doing: there are some that crash a server.
    """


class Hung(ConnectionLost):
    """A server said nothing any more when it was asked for messages; the connection was ended."""


class LoginRefused(MailboxDown):
    """The server does not accept the user or the secret."""


class Missing(MailboxDown):
    """The mailbox or Maildir is not there."""
