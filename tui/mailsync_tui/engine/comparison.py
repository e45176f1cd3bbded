"""All mailboxes side by side: one row for each message, one cell for each mailbox in it.

Made from the ledger alone before anything was listed, and from ledger and listings after that.
The newest messages of the ledger are the first thing that the app shows, so this loads little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, UserConfig
from mailsync_tui.engine.detect.match import MatchedMailboxes, match_mailboxes
from mailsync_tui.engine.model import Cell, Place, PlanEntry
from mailsync_tui.engine.plan.moves import counts
from mailsync_tui.engine.snapshot import CopyState, Presence
from mailsync_tui.ledger import overview
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.mailboxes.base import Location, Uid

if TYPE_CHECKING:
    from mailsync_tui.engine.detect.observe import Observation
    from mailsync_tui.engine.plan.planner import PlanDetails
    from mailsync_tui.engine.plan.status import MessageStatus
    from mailsync_tui.ledger.reader import LedgerReader

Key = int | str
"""The ledger's number of a message; for one that is not there yet, where it was listed first."""


DIFFERENCES = frozenset({Cell.GONE, Cell.HELD, Cell.KEPT, Cell.NEW, Cell.GOES})
"""The verdicts about which there is something to do or to decide."""


class Row(NamedTuple):
    """One message in all mailboxes."""

    key: Key
    subject: str
    sender: str
    date: str
    """ISO 8601 in UTC, so that rows sort by it as text; empty where it has none."""
    size: int
    cells: bytes
    """A :class:`Cell` for each mailbox, in the order of :attr:`Comparison.mailboxes`."""
    verdict: Cell
    """The weightiest of the cells."""


@dataclass(frozen=True, slots=True)
class Side:
    """One mailbox of a comparison."""

    name: str
    type: str
    messages: int | None
    complete: bool
    error: str | None
    listed: datetime | None
    """When it was listed; ``None``: what stands there is what the ledger knows."""
    other: bool = False
    """It is another mailbox than the ledger knows under this name."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All messages in all mailboxes."""

    mailboxes: tuple[Side, ...]
    """The external ones in the order of the configuration, then the consolidated one."""
    rows: tuple[Row, ...]
    entries: Mapping[Key, tuple[PlanEntry, ...]]
    """What a plan for all directions says of a message."""
    places: Mapping[Key, tuple[Place, ...]]
    """Where the messages lie that are not settled; the ledger knows where the others do."""
    counts: Mapping[Cell, int] = field(default_factory=dict)
    """How many rows have each verdict."""
    sums: tuple[Counter[int], ...] = ()
    """For each mailbox: how many rows have each cell there."""
    complete: bool = True
    """Not only the newest messages, to have something to show meanwhile."""

    @classmethod
    def of(
        cls,
        sides: tuple[Side, ...],
        rows: tuple[Row, ...],
        entries: Mapping[Key, tuple[PlanEntry, ...]],
        places: Mapping[Key, tuple[Place, ...]],
    ) -> Comparison:
        """A comparison of these rows, counted."""
        counts: Counter[Cell] = Counter()
        sums = tuple(Counter[int]() for _ in sides)
        for cells, number in Counter(row.cells for row in rows).items():  # few are different
            counts[Cell(max(cells))] += number
            for each, cell in zip(sums, cells, strict=True):
                each[cell] += number
        return cls(sides, rows, entries, places, counts, sums)


def nothing_yet(config: UserConfig) -> Comparison:
    """The mailboxes of a configuration, before even the ledger was read."""
    configs = config.mailboxes
    sides = tuple(Side(c.name, c.type, None, False, None, None) for c in configs)
    return Comparison(sides, (), {}, {})


def newest(config: UserConfig, ledger: LedgerReader, limit: int) -> Comparison:
    """The newest messages that the ledger knows: a part of :func:`from_ledger`, and soon there.

    Args:
        config: The person's configuration.
        ledger: Read in one snapshot.
        limit: How many messages.
    """
    with ledger.snapshot():
        matched = match_mailboxes(config, ledger)
        sides = nothing_yet(config).mailboxes
        rows = _settled(matched, ledger, sides, frozenset(), limit=limit)
        return replace(Comparison.of(sides, tuple(rows), {}, {}), complete=False)


def from_ledger(config: UserConfig, ledger: LedgerReader) -> Comparison:
    """What the ledger knows, before anything is listed.

    Args:
        config: The person's configuration.
        ledger: Read in one snapshot.
    """
    with ledger.snapshot():
        matched = match_mailboxes(config, ledger)
        known = ledger.known_copies()
        sides = tuple(
            replace(side, messages=known.get(matched.rows[side.name].name, 0))
            if side.name in matched.rows
            else side
            for side in nothing_yet(config).mailboxes
        )
        same_header = overview.same_header(ledger)
        return Comparison.of(sides, tuple(_settled(matched, ledger, sides, same_header)), {}, {})


def compare(
    config: UserConfig,
    ledger: LedgerReader,
    observation: Observation,
    details: PlanDetails,
    listed_at: datetime,
    before: Comparison | None = None,
) -> Comparison:
    """What ledger and listings show.

    Args:
        config: The person's configuration.
        ledger: The ledger that the observation was made from.
        observation: The listings held against it.
        details: The plan for all directions from that observation.
        listed_at: The moment of the listings, aware.
        before: An earlier comparison; rows that are as they were are taken from it, so that both
            together take little more memory than one.
    """
    snapshot = observation.snapshot
    sides = tuple(
        Side(s.name, s.type, s.messages, s.complete and not s.note, s.error, listed_at, s.changed)
        for s in (snapshot.mailboxes[c.name] for c in config.mailboxes)
    )
    with ledger.snapshot():
        same_header = overview.same_header(ledger)
        changed = _Changed({c.name: c for c in config.mailboxes}, same_header)
        rows: list[Row] = []
        entries: dict[Key, tuple[PlanEntry, ...]] = {}
        places: dict[Key, tuple[Place, ...]] = {}
        for index, s in enumerate(details.statuses):
            about = details.entries.get(index, ())
            row = changed.row(s, about)
            if row is not None:
                rows.append(row)
                places[row.key] = _places(s)
                if about:
                    entries[row.key] = about
        seen = {s.message.id for s in details.statuses if s.message.id is not None}
        unchanged = _settled(observation.matched, ledger, sides, same_header, seen, before)
        everything = (*unchanged, *rows)
    return Comparison.of(sides, everything, entries, places)


# --- keys


def place_key(place: Place) -> str:
    """The key of a message that the ledger does not have yet."""
    folder, validity, uid = place.location
    named = f"={uid}" if isinstance(uid, str) else str(uid)
    return "\0".join((place.mailbox, folder, str(validity), named))


def location_of(key: Key) -> tuple[str, Location] | None:
    """The mailbox and location that :func:`place_key` made a key from; ``None`` for a number."""
    if isinstance(key, int):
        return None
    mailbox, folder, validity, named = key.split("\0")
    uid: Uid = named[1:] if named.startswith("=") else int(named)
    return mailbox, Location(folder, int(validity), uid)


# --- rows


def _settled(
    matched: MatchedMailboxes,
    ledger: LedgerReader,
    sides: tuple[Side, ...],
    same_header: frozenset[int],
    but: Container[Key] = (),
    before: Comparison | None = None,
    limit: int | None = None,
) -> Iterator[Row]:
    """The messages about which the listings say nothing new, newest first."""
    form = _Forms(matched, ledger, sides)
    names: dict[str, str] = {}
    old = {row.key: row for row in before.rows} if before is not None else {}
    for number, subject, sender, date, size, known, copies in overview.message_lines(ledger, limit):
        if copies is None or number in but:
            continue
        cells, verdict = form[copies, known, number in same_header]
        if verdict is Cell.ABSENT:  # only accounts that were taken out of the configuration
            continue
        name = names.setdefault(sender, sender)
        row = Row(number, subject, name, date, size, cells, verdict)
        yield row if (same := old.get(number)) != row or same is None else same


class _Forms(dict[tuple[str, int, bool], tuple[bytes, Cell]]):
    """Cells and verdict for what the ledger has of a message; there are few different ones."""

    def __init__(
        self, matched: MatchedMailboxes, ledger: LedgerReader, sides: tuple[Side, ...]
    ) -> None:
        super().__init__()
        index = {side.name: number for number, side in enumerate(sides)}
        self._ids = [-1] * len(sides)
        for name, row in ledger.mailboxes().items():
            if matched.names.get(name) in index:
                self._ids[index[matched.names[name]]] = row.id
        self._away = [
            side.listed is not None and (not side.complete or side.name in matched.changed)
            for side in sides
        ]

    def __missing__(self, form: tuple[str, int, bool]) -> tuple[bytes, Cell]:
        copies, known, shared = form
        live, missing = overview.mailboxes_of(copies)
        live.intersection_update(self._ids)
        here = Cell.SAME
        if shared:
            here = Cell.SAME_HEADER
        elif not known:  # the last is the consolidated mailbox
            here = Cell.OWN if live == {self._ids[-1]} else Cell.NEW
        cells = bytes(
            (Cell.UNKNOWN if away else here)
            if mailbox in live
            else Cell.GONE
            if mailbox in missing
            else Cell.ABSENT
            for mailbox, away in zip(self._ids, self._away, strict=True)
        )
        self[form] = cells, Cell(max(cells))
        return self[form]


def _places(s: MessageStatus) -> tuple[Place, ...]:
    return tuple(Place(c.mailbox, c.location) for c in s.copies if c.presence is Presence.YES)


@dataclass(frozen=True, slots=True)
class _Changed:
    """Rows of the messages about which a plan has something to say."""

    configs: Mapping[str, MailboxConfig]
    """In the order of the comparison."""
    same_header: frozenset[int]

    def row(self, s: MessageStatus, entries: tuple[PlanEntry, ...]) -> Row | None:
        """The row of one message; ``None`` for one that no mailbox holds, may hold or has lost."""
        places = _places(s)
        cells = bytes(self._cell(name, s, entries) for name in self.configs)
        if not any(cells) or not (places or entries or Cell.UNKNOWN in cells):
            return None
        message = s.message
        return Row(
            message.id if message.id is not None else place_key(places[0]),
            message.summary.subject,
            message.summary.sender,
            stamp(message.summary.date) if message.summary.date else "",
            message.size,
            cells,
            Cell(max(cells)),
        )

    def _cell(self, mailbox: str, s: MessageStatus, entries: tuple[PlanEntry, ...]) -> Cell:
        config = self.configs[mailbox]
        copies = [c for c in s.copies if c.mailbox == mailbox]
        present = [c for c in copies if c.presence is Presence.YES and counts(c, config)]
        if not present:
            return self._without(mailbox, s)
        locations = {c.location for c in present}
        for entry in entries:
            if self._is_about(entry, mailbox, locations):
                return _consequence(entry)
        entered = any(entry.line.kind == "adopt" for entry in entries)
        if mailbox == CONSOLIDATED and not entered and not any(c.adopted for c in present):
            return Cell.OWN
        return Cell.SAME_HEADER if s.message.id in self.same_header else Cell.SAME

    def _without(self, mailbox: str, s: MessageStatus) -> Cell:
        copies = [c for c in s.copies if c.mailbox == mailbox]
        if mailbox == CONSOLIDATED:
            unknown = s.consolidated is Presence.UNKNOWN and bool(copies)
            gone = s.consolidated is Presence.GONE
        else:
            presence = s.accounts.get(mailbox)
            unknown = presence is Presence.UNKNOWN or (mailbox in s.waiting and bool(copies))
            gone = presence is Presence.GONE
        if unknown:
            return Cell.UNKNOWN
        lost = any(c.adopted and c.state in (CopyState.LIVE, CopyState.MISSING) for c in copies)
        return Cell.GONE if gone and lost else Cell.ABSENT

    @staticmethod
    def _is_about(entry: PlanEntry, mailbox: str, locations: set[Location]) -> bool:
        if entry.line.kind == "forget" or (entry.line.kind == "adopt" and not entry.line.needs):
            return False  # it changes only the ledger
        return any(
            place.mailbox == mailbox and place.location in locations for place in entry.line.copies
        )


def _consequence(entry: PlanEntry) -> Cell:
    if entry.held is not None:
        return Cell.HELD
    if entry.blocked is not None:
        return Cell.KEPT
    return Cell.NEW if entry.line.kind in ("collect", "adopt") else Cell.GOES
