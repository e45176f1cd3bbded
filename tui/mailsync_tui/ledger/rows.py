"""What the ledger gives and takes: plain values, one for each kind of row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from mailsync_tui.message import Identity, Location, Uid


class MailboxRow(NamedTuple):
    """A mailbox the ledger knows."""

    id: int
    name: str
    fingerprint: str
    scan: int
    """The last listing that was complete and recorded."""
    seen_scan: int
    """What was read up to this scan was still listed by a complete listing after it."""
    reached: datetime | None
    """When it was last listed completely, or since when it is waited for."""
    waited: datetime | None
    """When it was last left out by choice."""


class AwayRow(NamedTuple):
    """A mailbox that could not be reached."""

    name: str
    """As it is configured."""
    since: datetime
    """When it was first tried in vain."""
    error: str
    """Why, the last time."""
    tries: int
    """In a row."""
    next: datetime
    """``--every`` does not try it before."""
    refused: bool
    """The log-in was refused."""


WaitKey = tuple[Literal["held", "blocked", "left", "refused"], str, str, str]
"""What waits for a person: how, the account, the kind of line, and the rule."""


class WaitRow(NamedTuple):
    """Lines that wait for a person for one reason; or a log-in that was refused."""

    key: WaitKey
    lines: int
    since: datetime
    """When a sync first saw it."""


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
    late_duplicate: bool
    """Placed by a store whose answer never came, after the message had been stored once more."""


class CopyStory(NamedTuple):
    """Where and when one copy was."""

    mailbox: str
    folder: str
    state: str
    since: datetime
    gone: datetime | None
    """When it was missed, or its absence dealt with."""


class NewCopy(NamedTuple):
    """A copy that the ledger does not have yet."""

    mailbox: int
    location: Location
    message: int
    size: int
    first_scan: int
    """0 if we stored it ourselves."""
    came_after: int
    adopted: bool = False
    late_duplicate: bool = False


class HoldRow(NamedTuple):
    """A decision that sticks to a message."""

    kind: str
    account: str
    """Empty: whatever the account."""
    rule: str
    since: datetime
    reason: str
    """What the server did, where that is the reason."""
    attempts: int
    """How often it failed so."""
    rounds: int
    """Syncs to sit out before the next attempt."""


class MarkRow(NamedTuple):
    """A message that a person has marked for deletion."""

    message: int | None
    """``None``: it has no row yet."""
    mailbox: str
    """Where one of its copies lies, as long as it has no row; else empty."""
    location: Location | None
    scope: str
    """The one mailbox that it is to be deleted from; empty: everywhere."""
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
    sent: str | None = None
    """SHA-256 of the bytes, for a store on a server: they may turn up there unannounced."""


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
    sender: str = ""
    date: str = ""
    """ISO 8601; of the message, where the ledger has it still."""


class Placed(NamedTuple):
    """A message that was stored in the consolidated mailbox, and proved to lie there."""

    action: int
    message: int
    source: int
    """The account's copy that it was fetched from."""
    location: Location
    size: int
    forms: tuple[Identity, ...]
    """What it looks like: as it was fetched, and as the mailbox altered it."""


class LostResponse(NamedTuple):
    """A store whose answer never came: what was sent may be stored yet."""

    action: int
    message: int
    folder: str
    sent: str
    """SHA-256 of the bytes."""


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
    """Lines that failed or were skipped."""
    open_lines: int
    """Lines without an outcome: the run was killed there, or is at work."""
    deleted: int
    """Copies that it deleted ..."""
    put_back: int
    """... and how many of them an undo has put back since."""
