"""Ledger and listings held together, message by message: what a plan says of each."""

from __future__ import annotations

from datetime import datetime

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.comparison import (
    Cell,
    Comparison,
    Key,
    Row,
    Side,
    place_key,
    settled,
    whole,
)
from mailsync_tui.engine.detect.detect import Observation
from mailsync_tui.engine.model import Place
from mailsync_tui.engine.plan.planner import PlanDetails, PlanEntry
from mailsync_tui.engine.plan.status import Held, MessageStatus, counts
from mailsync_tui.engine.snapshot import Presence, State
from mailsync_tui.ledger import overview
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.mailboxes.base import Location


def compare(
    config: UserConfig,
    ledger: LedgerReader,
    observation: Observation,
    considered: PlanDetails,
    listed_at: datetime,
    before: Comparison | None = None,
) -> Comparison:
    """What ledger and listings show.

    Args:
        config: The person's configuration.
        ledger: The ledger that the observation was made from.
        observation: The listings held against it.
        considered: The plan for all directions from that observation.
        listed_at: The moment of the listings, aware.
        before: An earlier comparison; rows that are as they were are taken from it, so that both
            together take little more memory than one.
    """
    world = observation.world
    sides = tuple(
        Side(s.name, s.type, s.messages, s.complete, s.error, listed_at, s.changed)
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
        unchanged = settled(observation.matched, ledger, sides, twins, seen, before)
        everything = (*unchanged, *(row for row in rows if row is not None))
    return whole(sides, everything, changed.noted, changed.places)


class _Changed:
    """Rows of the messages about which a plan has something to say."""

    def __init__(self, config: UserConfig, sides: tuple[Side, ...], twins: frozenset[int]) -> None:
        self.configs = {c.name: c for c in (*config.external, config.consolidated)}
        self.sides = sides
        self.twins = twins
        self.noted: dict[Key, tuple[PlanEntry, ...]] = {}
        self.places: dict[Key, tuple[Place, ...]] = {}

    def row(self, s: MessageStatus, noted: tuple[PlanEntry, ...]) -> Row | None:
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

    def _cell(self, mailbox: str, s: MessageStatus, noted: tuple[PlanEntry, ...]) -> Cell:
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

    def _without(self, mailbox: str, s: MessageStatus) -> Cell:
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
    def _is_about(note: PlanEntry, mailbox: str, locations: set[Location]) -> bool:
        if note.line.kind == "forget" or (note.line.kind == "adopt" and not note.line.needs):
            return False  # it changes only the ledger
        return any(
            place.mailbox == mailbox and place.location in locations for place in note.line.copies
        )


def _told(note: PlanEntry) -> Cell:
    if note.held is not None:
        return Cell.HELD
    if note.blocked is not None:
        return Cell.KEPT
    return Cell.NEW if note.line.kind in ("collect", "adopt") else Cell.GOES
