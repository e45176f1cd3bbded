"""The plan: immutable values, exactly what is shown and what is applied.

A plan names mailboxes and directions as the configuration does, and kinds as the journal does: who
shows one has these names from here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Literal, NamedTuple

from mailsync_tui.config.model import CONSOLIDATED as CONSOLIDATED
from mailsync_tui.config.model import DIRECTIONS as DIRECTIONS
from mailsync_tui.config.model import Direction as Direction
from mailsync_tui.ledger.journal import DELETIONS as DELETIONS
from mailsync_tui.ledger.journal import UNDO as UNDO
from mailsync_tui.ledger.journal import Deletion
from mailsync_tui.ledger.rows import WaitKey
from mailsync_tui.mailboxes.base import Location

Kind = Literal["collect", "adopt", "forget", "forward-delete", "reverse-delete", "delete"]
"""In the order in which they are applied: all is safe before anything is deleted."""
Undo = Literal["full", "consolidated-only", "none"]

KIND_DIRECTION: dict[str, Direction] = {
    "collect": "collect",
    "forward-delete": "forward",
    "reverse-delete": "reverse",
}
"""The direction a kind of line belongs to; adopt and forget change only the ledger."""

NEEDS_CONFIRMATION: tuple[Kind, ...] = ("collect", *DELETIONS)
"""The kinds that change a mailbox: a person is asked before they are done."""


class Cell(IntEnum):
    """How one message stands in one mailbox."""

    ABSENT = 0
    """Not there, and nothing follows from it."""
    SAME = 1
    """There, and in sync."""
    OWN = 2
    """There, and the consolidated mailbox's own: never touched."""
    SAME_HEADER = 3
    """There and in sync; another message has the same headers and other contents."""
    UNKNOWN = 4
    """It was there; whether it still is, is not known."""
    GONE = 5
    """It was there, and is proved to be gone."""
    HELD = 6
    """There; a line about it waits for a person."""
    KEPT = 7
    """There; a guard stopped its deletion."""
    NEW = 8
    """There; it will be collected."""
    GOES = 9
    """There; it will be deleted."""


class Place(NamedTuple):
    """A location in a named mailbox."""

    mailbox: str
    location: Location


@dataclass(frozen=True, slots=True)
class Line:
    """One message and one target."""

    kind: Kind
    account: str
    accounts: tuple[str, ...]
    needs: tuple[str, ...]
    target: Place
    """Where the change happens. A collect has an empty uid, as the place is not known yet."""
    copies: tuple[Place, ...]
    """Deletions: every copy that goes. Collect and adopt: the copy on the account. Adopt: then
    the one in the consolidated mailbox, if it is there already."""
    message: int | None
    message_id: str | None
    subject: str
    sender: str
    date: datetime | None
    size: int
    reason: str
    undo: Undo
    compare: bool = False
    """The bytes decide, when they are fetched, whether it is a message that is known already."""
    evidence: tuple[str, ...] = ()
    """Deletions: what proves the reason, in sentences."""
    id: str = field(init=False)
    """The same for the same change; reason, needs and evidence do not count."""

    def __post_init__(self) -> None:
        what = [self.kind, self.account, self.accounts, self.message_id, self.compare]
        where = [[p.mailbox, *p.location] for p in (self.target, *self.copies)]
        text = json.dumps([what, where], ensure_ascii=True)
        object.__setattr__(self, "id", hashlib.sha256(text.encode()).hexdigest()[:16])


HeldRule = Literal[
    "declined",
    "late-copy",
    "moved-out",
    "kept-on",
    "hold",
    "undone",
    "refused",
    "hung",
    "too-large",
]
"""Why a line is held."""


class HeldLine(NamedTuple):
    """A line that waits for a person."""

    id: str
    kind: Kind
    account: str
    rule: HeldRule
    since: datetime | None
    message_id: str | None
    subject: str
    hold: str | None = None
    """Which key of the configuration protects it, and with which value."""
    reason: str | None = None
    """The line's, where it says what a server did."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Lines that a guard stopped."""

    account: str
    kind: Kind
    rule: str
    count: int
    detail: str
    """The cause, and the ways out as commands."""
    cause: str = field(default="", compare=False)
    """The cause alone; empty in a plan that was saved."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Absences that are not believed yet (``absent_scans``)."""

    account: str
    kind: Kind
    count: int
    detail: str


class MailboxReport(NamedTuple):
    """One mailbox as the plan reports it."""

    type: str
    messages: int | None
    complete: bool
    error: str | None
    note: str | None = None
    """What cannot be seen there, though it was reached."""
    unmatched: tuple[str, ...] = ()
    """Patterns of ``folders`` that name no folder which is there: nothing is collected by them."""
    left_out: str | None = None
    """Why it was not to be contacted: then that it is not known is no error."""


@dataclass(frozen=True, slots=True)
class Accept:
    """``--accept-blocked ACCOUNT:RULE[=COUNT]``."""

    account: str
    rule: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for."""

    directions: tuple[Direction, ...] = DIRECTIONS
    reconsider: bool = False
    accepts: tuple[Accept, ...] = ()
    marked: bool = False
    """With the deletions that a person has marked."""
    marks: tuple[str, ...] = ()
    """Messages that are marked for this plan: by the ledger's number, Message-ID, or the place of a
    copy (``MAILBOX:FOLDER:UID``)."""
    scope: str | None = None
    """The one mailbox that is deleted from (empty: everywhere) for these marks; for all, if there
    are none. ``None``: as each mark says."""

    def asked(self, kind: str) -> bool:
        """Whether lines of a kind were asked for; what changes only the ledger always is."""
        direction = KIND_DIRECTION.get(kind)
        if direction is None:
            return kind != "delete" or self.marked or bool(self.marks)
        return direction in self.directions


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, what waits, and what is stopped."""

    user: str
    created: datetime
    ledger_id: str | None
    serial: int
    options: Options
    mailboxes: dict[str, MailboxReport]
    lines: tuple[Line, ...]
    held: tuple[HeldLine, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    waits: Mapping[WaitKey, int] = field(default_factory=dict, compare=False)
    """What waits for a person, in all directions, and how many lines of each (of a saved plan: not
    known)."""

    def without(self, taken_out: set[str]) -> tuple[Line, ...]:
        """The lines that are left when some are taken out: those that need them go too."""
        gone = set(taken_out)
        left = []
        for line in self.lines:  # what a line needs stands before it
            if line.id in gone or gone.intersection(line.needs):
                gone.add(line.id)
            else:
                left.append(line)
        return tuple(left)


class PlanEntry(NamedTuple):
    """A line that was proposed for a message, and what stopped it."""

    line: Line
    held: str | None = None
    """The rule that makes it wait for a person."""
    since: datetime | None = None
    """Since when it is held, where the ledger has that."""
    blocked: str | None = None
    """The guard that stopped it."""
    hold: str | None = None
    """Which key of the configuration protects it, as it stands there."""


@dataclass(frozen=True, slots=True)
class UndoLine:
    """One line of an earlier run that deleted something which is not put back yet."""

    id: str
    kind: Literal["forward-delete", "reverse-delete", "delete"]
    account: str
    """The mailbox it was deleted from, or the first one it was deleted because of."""
    message_id: str | None
    subject: str
    mailbox: str
    """Where it goes back to."""
    folder: str
    undo: Undo
    """``consolidated-only``: a POP3 server takes no mail back."""
    problem: str | None
    """Why it cannot be put back, as far as is known without contacting anybody."""
    copies: tuple[Deletion, ...] = field(repr=False)
    """What it deleted, without what is put back already."""


def in_words(accounts: tuple[str, ...]) -> str:
    """Account names as a sentence lists them."""
    if len(accounts) == 1:
        return accounts[0]
    return f"{', '.join(accounts[:-1])} and {accounts[-1]}"
