"""What the ledger gives and takes: plain values, one for each kind of row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mailsync_tui.mailboxes.base import Location, Uid
from mailsync_tui.message import Identity


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """A mailbox the ledger knows."""

    id: int
    name: str
    fingerprint: str
    scan: int
    """The last listing that was complete and recorded."""
    seen_scan: int
    """What was read up to this scan was still listed by a complete listing after it."""


class FolderRow(NamedTuple):
    """The cursors of one folder."""

    validity: int
    uidnext: int | None
    modseq: int | None


class ScanRow(NamedTuple):
    """One complete listing of one mailbox, as it was recorded."""

    scan: int
    at: datetime
    messages: int


class CopyRow(NamedTuple):
    """One copy of a message."""

    id: int
    mailbox: str
    location: Location
    message: int
    state: str
    adopted: bool
    size: int
    first_scan: int
    came_after: int
    held_scan: int
    missing_scan: int
    absent: int
    absent_at: datetime | None
    since: datetime
    listed_scan: int
    adopted_scan: int


class HoldRow(NamedTuple):
    """A decision that sticks to a message."""

    kind: str
    account: str
    rule: str
    since: datetime


@dataclass(slots=True)
class MessageRow:
    """One message with everything that hangs on it."""

    id: int
    known: bool
    identity: Identity | None
    """Without a digest; ``None`` if its headers were never read."""
    digests: set[str]
    """Of all the forms it has been seen in."""
    subject: str
    sender: str
    date: datetime | None
    size: int
    since: datetime
    copies: list[CopyRow]
    holds: list[HoldRow]


class Intent(NamedTuple):
    """An action about to be done, as the journal takes it."""

    line: str
    kind: str
    account: str
    message: int | None
    message_id: str | None
    subject: str
    mailbox: str
    folder: str
    validity: int
    uid: Uid
    quarantine: str | None = None


class ActionRow(NamedTuple):
    """One line of the journal."""

    id: int
    run: int
    line: str
    kind: str
    account: str
    message: int | None
    message_id: str | None
    subject: str
    mailbox: str
    location: Location
    quarantine: str | None
    at: datetime
    outcome: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run."""

    id: int
    command: str
    directions: tuple[str, ...]
    started: datetime
    ended: datetime | None
    exit: int | None
    counts: dict[str, int]
    """Lines done, by kind."""
    undone_lines: int
    """Lines that failed, were skipped or have no outcome."""
    deleted: int
    """Copies that it deleted ..."""
    put_back: int
    """... and how many of them an undo has put back since."""
