"""All mailboxes side by side: one row for each message, one cell for each mailbox in it.

Made from the ledger alone before anything was listed, and from ledger and listings after that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.observe import Observation
from mailsync_tui.engine.places import match_mailboxes
from mailsync_tui.engine.plan import Place
from mailsync_tui.engine.planner import Considered, Noted
from mailsync_tui.engine.standing import Held, Standing, counts
from mailsync_tui.engine.world import Presence, State
from mailsync_tui.ledger import overview
from mailsync_tui.ledger.ledger import LedgerReader
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.mailboxes.base import Location

Key = int | str
"""The ledger's number of a message; for one that is not there yet, where it was listed first."""


class Cell(IntEnum):
    """How one message stands in one mailbox."""

    ABSENT = 0
    """Not there, and nothing follows from it."""
    SAME = 1
    """There, and in sync."""
    OWN = 2
    """There, and the consolidated mailbox's own: never touched."""
    TWIN = 3
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


@dataclass(frozen=True, slots=True)
class Comparison:
    """All messages in all mailboxes."""

    mailboxes: tuple[Side, ...]
    """The external ones in the order of the configuration, then the consolidated one."""
    rows: tuple[Row, ...]
    noted: Mapping[Key, tuple[Noted, ...]]
    """What a plan for all directions says of a message."""
    places: Mapping[Key, tuple[Place, ...]]
    """Where the messages lie that are not settled; the ledger knows where the others do."""
    counts: Mapping[Cell, int] = field(default_factory=dict)
    """How many rows have each verdict."""


def nothing_yet(config: UserConfig) -> Comparison:
    """The mailboxes of a configuration, before even the ledger was read."""
    configs = (*config.external, config.consolidated)
    sides = tuple(Side(c.name, c.type, None, False, None, None) for c in configs)
    return Comparison(sides, (), {}, {})


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
            Side(
                c.name,
                c.type,
                known.get(matched.rows[c.name].name, 0) if c.name in matched.rows else None,
                complete=False,
                error=None,
                listed=None,
            )
            for c in (*config.external, config.consolidated)
        )
        return _whole(sides, tuple(_settled(matched.names, ledger, sides, frozenset())), {}, {})


def compare(
    config: UserConfig,
    ledger: LedgerReader,
    observation: Observation,
    considered: Considered,
    listed_at: datetime,
) -> Comparison:
    """What ledger and listings show.

    Args:
        config: The person's configuration.
        ledger: The ledger that the observation was made from.
        observation: The listings held against it.
        considered: The plan for all directions from that observation.
        listed_at: The moment of the listings, aware.
    """
    world = observation.world
    sides = tuple(
        Side(s.name, s.type, s.messages, s.complete, s.error, listed_at)
        for s in (world.mailboxes[c.name] for c in (*config.external, config.consolidated))
    )
    with ledger.snapshot():
        twins = overview.twins(ledger)
        changed = _Changed(config, sides, twins)
        rows = [
            changed.row(s, considered.noted.get(index, ()))
            for index, s in enumerate(considered.standings)
        ]
        seen = {row.key for row in rows if row is not None}
        seen.update(s.case.message for s in considered.standings if s.case.message is not None)
        settled = _settled(observation.matched.names, ledger, sides, twins, seen)
        everything = (*(row for row in rows if row is not None), *settled)
    return _whole(sides, everything, changed.noted, changed.places)


def _whole(
    sides: tuple[Side, ...],
    rows: tuple[Row, ...],
    noted: Mapping[Key, tuple[Noted, ...]],
    places: Mapping[Key, tuple[Place, ...]],
) -> Comparison:
    return Comparison(sides, rows, noted, places, Counter(row.verdict for row in rows))


def place_key(place: Place) -> str:
    """The key of a message that the ledger does not have yet."""
    return "\0".join((place.mailbox, *map(str, place.location)))


def _settled(
    names: Mapping[str, str],
    ledger: LedgerReader,
    sides: tuple[Side, ...],
    twins: Iterable[int],
    but: Iterable[Key] = (),
) -> Iterable[Row]:
    """The messages about which the listings say nothing new."""
    index = {side.name: number for number, side in enumerate(sides)}
    bits = {row: 1 << index[name] for row, name in names.items() if name in index}
    away = {number for number, side in enumerate(sides) if side.listed and not side.complete}
    twins, but = frozenset(twins), frozenset(but)
    home = 1 << index[CONSOLIDATED]
    cells: dict[tuple[int, int, bool, bool], tuple[bytes, Cell]] = {}
    for line in overview.message_lines(ledger, bits):
        if line.id in but:
            continue
        form = (line.live, line.missing, line.known, line.id in twins)
        if form not in cells:
            here = Cell.SAME
            if form[3]:
                here = Cell.TWIN
            elif not line.known:
                here = Cell.OWN if line.live == home else Cell.NEW
            row = bytes(
                (Cell.UNKNOWN if number in away else here)
                if line.live >> number & 1
                else Cell.GONE
                if line.missing >> number & 1
                else Cell.ABSENT
                for number in range(len(sides))
            )
            cells[form] = (row, Cell(max(row)))
        yield Row(line.id, line.subject, line.sender, line.date or "", line.size, *cells[form])


class _Changed:
    """Rows of the messages about which a plan has something to say."""

    def __init__(self, config: UserConfig, sides: tuple[Side, ...], twins: set[int]) -> None:
        self.configs = {c.name: c for c in (*config.external, config.consolidated)}
        self.sides = sides
        self.twins = twins
        self.noted: dict[Key, tuple[Noted, ...]] = {}
        self.places: dict[Key, tuple[Place, ...]] = {}

    def row(self, s: Standing, noted: tuple[Noted, ...]) -> Row | None:
        """The row of one message; ``None`` for one that no mailbox holds or has lost."""
        here = tuple(Place(c.mailbox, c.location) for c in s.copies if c.presence is Presence.YES)
        cells = bytes(self._cell(side.name, s, noted) for side in self.sides)
        if not any(cells) or (not here and not noted):
            return None
        case = s.case
        key: Key = case.message if case.message is not None else place_key(here[0])
        if noted:
            self.noted[key] = noted
        self.places[key] = here
        date = stamp(case.summary.date) if case.summary.date else ""
        return Row(
            key, case.summary.subject, case.summary.sender, date, case.size, cells, Cell(max(cells))
        )

    def _cell(self, mailbox: str, s: Standing, noted: tuple[Noted, ...]) -> Cell:
        config = self.configs[mailbox]
        copies = [c for c in s.copies if c.mailbox == mailbox]
        present = [c for c in copies if c.presence is Presence.YES and counts(c, config)]
        if not present:
            return self._without(mailbox, s)
        locations = {c.location for c in present}
        for note in noted:
            if self._is_about(note, mailbox, locations):
                return _told(note)
        entered = any(note.line.kind == "adopt" for note in noted)
        if mailbox == CONSOLIDATED and not entered and not any(c.adopted for c in present):
            return Cell.OWN
        return Cell.TWIN if s.case.message in self.twins else Cell.SAME

    def _without(self, mailbox: str, s: Standing) -> Cell:
        copies = [c for c in s.copies if c.mailbox == mailbox]
        if mailbox == CONSOLIDATED:
            unknown = s.consolidated is Presence.UNKNOWN and bool(copies)
            gone = s.consolidated is Presence.GONE
        else:
            unknown = s.held[mailbox] is Held.UNKNOWN or (mailbox in s.waiting and bool(copies))
            gone = s.held[mailbox] is Held.GONE
        if unknown:
            return Cell.UNKNOWN
        lost = any(c.adopted and c.state in (State.LIVE, State.MISSING) for c in copies)
        return Cell.GONE if gone and lost else Cell.ABSENT

    @staticmethod
    def _is_about(note: Noted, mailbox: str, locations: set[Location]) -> bool:
        if note.line.kind == "forget" or (note.line.kind == "adopt" and not note.line.needs):
            return False  # it changes only the ledger
        return any(
            place.mailbox == mailbox and place.location in locations for place in note.line.copies
        )


def _told(note: Noted) -> Cell:
    if note.held is not None:
        return Cell.HELD
    if note.blocked is not None:
        return Cell.KEPT
    return Cell.NEW if note.line.kind in ("collect", "adopt") else Cell.GOES
