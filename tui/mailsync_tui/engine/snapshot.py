"""What a plan is made from: the listings held against the ledger, as immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailsync_tui.config.model import UserConfig
from mailsync_tui.ledger.rows import HoldRow, ScanRow
from mailsync_tui.ledger.uptime import Jump, passed
from mailsync_tui.mailboxes.base import Location, Role
from mailsync_tui.message import Identity, Summary


class Presence(StrEnum):
    """Whether a copy is where the ledger says; *gone* is something proved (DESIGN.md, rule 1)."""

    YES = "yes"
    GONE = "gone"
    UNKNOWN = "unknown"


class CopyState(StrEnum):
    """What the ledger says of a copy, before this listing."""

    NEW = "new"
    """Not in the ledger: listed for the first time."""
    LIVE = "live"
    MISSING = "missing"
    """A complete listing lacked it, and it was not we who deleted it."""
    DELETING = "deleting"
    """We deleted it, and no complete listing has lacked it yet."""
    ENDED = "ended"
    """A tombstone: it was here once, and its absence has been dealt with."""


LOSABLE = frozenset({CopyState.LIVE, CopyState.MISSING})
"""The states of a copy whose absence was not our doing."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a message in one mailbox, as the ledger and this listing have it."""

    id: int | None
    """The ledger's row; ``None`` for a new one."""
    mailbox: str
    location: Location
    state: CopyState
    presence: Presence
    adopted: bool
    """On an account: proved to be this message. In the consolidated mailbox: placed by us,
    adopted, or what such a copy moved to."""
    role: Role
    size: int
    first_scan: int
    """The scan that listed it first; 0 if we stored it ourselves."""
    came_after: int
    """The last complete scan of its mailbox before that one."""
    held_scan: int
    """The last complete scan that held it where it was (meaningful once it went from there)."""
    missing_scan: int
    """The scan that noticed it missing there (this one, if that is only now); kept once it is found
    elsewhere in its mailbox, or another copy is left there."""
    absent: int = 0
    """Complete listings, at least ten minutes apart, that lacked it, this one included."""
    doubt: str | None = None
    """The guard that does not believe in its absence."""
    marked: bool = False
    draft: bool = False
    flagged: bool = False
    since: datetime | None = None
    """When it was first listed; ``None`` if that is not in the ledger yet."""
    late_duplicate: bool = False
    """In the consolidated mailbox: placed by a store whose answer never came, after the message had
    been stored once more."""
    relocates: int | None = None
    """The row of the lost copy in the same mailbox whose place this one takes."""
    listed_scan: int = 0
    """The scan from which on no complete listing lacked it, until it went missing."""
    adopted_scan: int = 0
    """The scan of the run that read its bytes last, and proved it to be this message."""

    @property
    def stored(self) -> bool:
        """Whether we stored it ourselves: else it was there before we adopted it."""
        return self.first_scan == 0

    @property
    def lost(self) -> bool:
        """Whether it is proved to be no longer where the ledger has it, and not by our doing."""
        return self.state in LOSABLE and self.presence is Presence.GONE


@dataclass(frozen=True, slots=True)
class Mark:
    """A person wants a message deleted."""

    scope: str
    """From this mailbox only; empty: everywhere."""
    since: datetime | None
    """``None``: for this plan, by its name."""


@dataclass(frozen=True, slots=True)
class MessageState:
    """One message and all its copies: what the per-message rules look at."""

    id: int | None
    """The ledger's row; ``None`` for one that is not there yet."""
    identity: Identity | None
    """``None``: its headers could not be read (a POP3 server without TOP)."""
    summary: Summary
    size: int
    known: bool
    """It was once proved to lie in the consolidated mailbox."""
    copies: tuple[Copy, ...]
    holds: tuple[HoldRow, ...] = ()
    compare: bool = False
    """It may be a copy of another message; its bytes decide when they are fetched."""
    doubtful: bool = False
    """A new location somewhere may hold this message: what is absent is unknown."""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class MailboxState:
    """One mailbox at this listing, and what the guards want to know of it."""

    name: str
    type: str
    complete: bool
    error: str | None
    messages: int | None
    can_store: bool
    scan: int
    """The last complete scan that is recorded."""
    known: int
    """Live, adopted copies the ledger has here."""
    survivors: int
    """Of these, how many are still listed under their identifier."""
    renumbered: int
    """Of the others, how many were found again in the same folder under another one."""
    changed: bool
    """It is another mailbox than the ledger knew under this name."""
    deleted_today: Mapping[str, int]
    """Deletions done in the last 24 hours, by kind of line."""
    unread: int = 0
    """New locations whose headers could not be read."""
    cut: int | None = None
    """The round number at which its listing seems to be cut."""
    fetched_gone: bool = False
    """All that some run fetched was gone at the first listing after it."""
    spared: int = 0
    """More than the floor went within a week, and only so few of those left are older (POP3)."""
    same_as: str | None = None
    """The mailbox that it seems to be by another door, as far as this listing shows."""
    note: str | None = None
    """Why its locations are mere positions (POP3)."""
    folders: frozenset[str] | None = None
    """The folders of a complete listing; ``None``: not known."""
    reached: datetime | None = None
    """When it was last listed completely, as runs noted it, or since when it is waited for."""
    waited: datetime | None = None
    """When it was last left out of a run by choice: nobody knows since when it is away."""
    left_out: bool = False
    """It was not to be contacted; ``error`` says why."""
    scans: tuple[ScanRow, ...] = ()
    """Its complete listings on record, oldest first; none unless one of its copies is absent."""


@dataclass(frozen=True, slots=True)
class Block:
    """A guard's decision that sticks until a person ends it."""

    account: str
    kind: str
    rule: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a plan is made from."""

    config: UserConfig
    now: datetime
    jumps: tuple[Jump, ...]
    """When the clock was set ahead, as far as syncs can tell."""
    ledger_id: str | None
    serial: int
    scan: int
    """The number that this listing gets if it is recorded."""
    mailboxes: Mapping[str, MailboxState]
    messages: tuple[MessageState, ...]
    blocks: tuple[Block, ...] = ()

    def listed_completely(self, mailbox: str) -> bool:
        """Whether absence from this mailbox's listing proves anything (DESIGN.md, rule 1)."""
        state = self.mailboxes[mailbox]
        return state.complete and not state.changed and not state.unread

    def awaited(self, mailbox: str) -> bool:
        """Whether one that is not listed completely holds up what may have been moved there.

        It does for ``unreached_days``; the clock may have been set since. One that is left out
        by choice always does, and that is no day on which it was not reached.
        """
        state = self.mailboxes[mailbox]
        if state.left_out or state.reached is None:
            return True
        since = max(state.reached, state.waited or state.reached)
        return self.passed(since).days < self.config.guards.unreached_days

    def passed(self, since: datetime) -> timedelta:
        """How much time has passed; below zero where the clock was ahead then."""
        return passed(since, self.now, self.jumps)
