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
from mailsync_tui.engine.detect.observe import Observation
from mailsync_tui.engine.model import Place
from mailsync_tui.engine.plan.moves import counts
from mailsync_tui.engine.plan.planner import PlanDetails, PlanEntry
from mailsync_tui.engine.plan.status import MessageStatus
from mailsync_tui.engine.snapshot import Presence, State
from mailsync_tui.ledger import overview
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.mailboxes.base import Location


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
        Side(s.name, s.type, s.messages, s.complete, s.error, listed_at, s.changed)
        for s in (snapshot.mailboxes[c.name] for c in config.mailboxes)
    )
    with ledger.snapshot():
        same_header = overview.same_header(ledger)
        changed = _Changed(config, sides, same_header)
        rows = [
            changed.row(s, details.entries.get(index, ()))
            for index, s in enumerate(details.statuses)
        ]
        seen = {row.key for row in rows if row is not None}
        seen.update(s.message.id for s in details.statuses if s.message.id is not None)
        unchanged = settled(observation.matched, ledger, sides, same_header, seen, before)
        everything = (*unchanged, *(row for row in rows if row is not None))
    return whole(sides, everything, changed.entries, changed.places)


class _Changed:
    """Rows of the messages about which a plan has something to say."""

    def __init__(
        self, config: UserConfig, sides: tuple[Side, ...], same_header: frozenset[int]
    ) -> None:
        self.configs = {c.name: c for c in config.mailboxes}
        self.sides = sides
        self.same_header = same_header
        self.entries: dict[Key, tuple[PlanEntry, ...]] = {}
        self.places: dict[Key, tuple[Place, ...]] = {}

    def row(self, s: MessageStatus, entries: tuple[PlanEntry, ...]) -> Row | None:
        """The row of one message; ``None`` for one that no mailbox holds or has lost."""
        here = tuple(Place(c.mailbox, c.location) for c in s.copies if c.presence is Presence.YES)
        cells = bytes(self._cell(side.name, s, entries) for side in self.sides)
        if not any(cells) or (not here and not entries):
            return None
        message = s.message
        key: Key = message.id if message.id is not None else place_key(here[0])
        if entries:
            self.entries[key] = entries
        self.places[key] = here
        date = stamp(message.summary.date) if message.summary.date else ""
        return Row(
            key,
            message.summary.subject,
            message.summary.sender,
            date,
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
                return _told(entry)
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
        lost = any(c.adopted and c.state in (State.LIVE, State.MISSING) for c in copies)
        return Cell.GONE if gone and lost else Cell.ABSENT

    @staticmethod
    def _is_about(entry: PlanEntry, mailbox: str, locations: set[Location]) -> bool:
        if entry.line.kind == "forget" or (entry.line.kind == "adopt" and not entry.line.needs):
            return False  # it changes only the ledger
        return any(
            place.mailbox == mailbox and place.location in locations for place in entry.line.copies
        )


def _told(entry: PlanEntry) -> Cell:
    if entry.held is not None:
        return Cell.HELD
    if entry.blocked is not None:
        return Cell.KEPT
    return Cell.NEW if entry.line.kind in ("collect", "adopt") else Cell.GOES
