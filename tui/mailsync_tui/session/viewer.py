"""What the app does with a session: look, compare, preview, apply what was shown, read, look back.

All of it blocks; the app calls it from threads of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.comparison import (
    Comparison,
    Key,
    compare,
    from_ledger,
    location_of,
    place_key,
)
from mailsync_tui.engine.detect.marked import with_marks, with_messages
from mailsync_tui.engine.detect.match import match_mailboxes
from mailsync_tui.engine.detect.observe import Observation
from mailsync_tui.engine.model import Options, Place, Plan, PlanEntry
from mailsync_tui.engine.outcome import Result, require_reached
from mailsync_tui.engine.plan.marks import why_not
from mailsync_tui.engine.plan.planner import PlanDetails, make_plan
from mailsync_tui.engine.plan.status import status_of
from mailsync_tui.engine.snapshot import MessageState
from mailsync_tui.errors import SessionError
from mailsync_tui.ledger.reader import LedgerReader, open_ledger
from mailsync_tui.ledger.rows import MarkRow
from mailsync_tui.mailboxes.base import Listing, Location, MailboxError
from mailsync_tui.session.session import FRESH_SECONDS, Session


@dataclass(frozen=True, slots=True)
class Look:
    """All mailboxes at one moment."""

    observation: Observation
    details: PlanDetails
    """With the plan for all directions."""
    comparison: Comparison
    at: datetime

    @property
    def held(self) -> tuple[PlanEntry, ...]:
        """The lines that wait for a person."""
        return tuple(
            entry for entries in self.details.entries.values() for entry in entries if entry.held
        )


class Viewer:
    """One person's mailboxes as the app looks at them; keeps the last look."""

    def __init__(self, session: Session) -> None:
        """Look at nothing yet.

        Args:
            session: Opened and closed by the caller.
        """
        self.session = session
        self.last: Look | None = None
        self._shown: Comparison | None = None

    def known(self) -> Comparison:
        """What the ledger knows; nothing is contacted.

        Raises:
            LedgerError: it cannot be used.
        """
        with self._ledger() as ledger:
            self._shown = from_ledger(self.session.config, ledger)
            return self._shown

    def look(self, meanwhile: Callable[[Comparison], None]) -> Look:
        """List all mailboxes, and compare them; the look before is forgotten.

        Args:
            meanwhile: Given a comparison without the mailboxes that are slower than the others.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        self.last = None  # two at once would take twice the memory

        def early(listings: Mapping[str, Listing | MailboxError]) -> None:
            meanwhile(self._compared(listings).comparison)

        self.last = self._compared(self.session.list_all(early))
        return self.last

    def _compared(self, listings: Mapping[str, Listing | MailboxError]) -> Look:
        at = self.session.clock()
        with self._ledger() as ledger:
            observation, details = self.session.observe(ledger, listings, Options())
            config = self.session.config
            self._shown = compare(config, ledger, observation, details, at, self._shown)
        return Look(observation, details, self._shown, at)

    @property
    def fresh(self) -> bool:
        """Whether the last look is recent enough to delete by it without looking again."""
        if self.last is None:
            return False
        age = (self.session.clock() - self.last.at).total_seconds()
        return 0 <= age <= FRESH_SECONDS  # the clock may have been set back

    def plan(self, options: Options) -> Plan:
        """A plan from the last look; nothing is contacted.

        Args:
            options: The directions, and what is let through this once.

        Raises:
            SessionError: too little was reached.
        """
        seen = self._seen()
        if options.marked and self.last is not None:
            with self._ledger() as ledger, ledger.snapshot():
                seen = with_marks(seen, ledger)
            self.last = replace(self.last, observation=seen)
        plan = make_plan(seen.snapshot, options).plan
        require_reached(plan)
        return plan

    def bring_back(self, lines: frozenset[str]) -> Plan:
        """A plan of lines that were held, and of what they need.

        Args:
            lines: Their ids.

        Raises:
            SessionError: too little was reached.
        """
        plan = self.plan(Options(reconsider=True))
        wanted = set(lines)
        for line in reversed(plan.lines):  # what a line needs stands before it
            if line.id in wanted:
                wanted.update(line.needs)
        return replace(plan, lines=tuple(line for line in plan.lines if line.id in wanted))

    def apply(self, plan: Plan, taken_out: frozenset[str], command: str = "app") -> Result:
        """Apply the plan that was shown.

        Args:
            plan: Made by :meth:`plan` or :meth:`bring_back` from the last look.
            taken_out: Its lines that the person took out: declined, and held from now on.
            command: What the history calls it.

        Raises:
            UserError: nothing was done; the text says why.
        """
        seen = self._seen()
        details = make_plan(seen.snapshot, plan.options)
        return self.session.apply_shown(seen, details, plan, taken_out, command)

    # --- marks

    def marked(self) -> frozenset[Key]:
        """The messages that are marked for deletion.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        with self._ledger() as ledger:
            return frozenset(
                row.message
                if row.message is not None
                else place_key(Place(row.mailbox, row.location or Location("", 0, "")))
                for row in ledger.marked()
            )

    def mark(self, keys: Sequence[Key]) -> tuple[int, tuple[str, ...]]:
        """Mark messages for deletion, everywhere; or lift their marks, if all of them have one.

        Returns:
            How many have a mark now that had none (below zero: had one, and have none), and why
            the others cannot be marked.

        Raises:
            UserError: nothing was marked; the text says why.
        """
        seen, now = self._seen(), self.session.clock()
        keys = [self.key_now(key) for key in keys]
        rows = {
            key: MarkRow(None if at else int(key), at[0] if at else "", at and at[1], "", now)
            for key in keys
            for at in (location_of(key),)
        }
        before = self.marked()
        if before.issuperset(rows):
            self.session.mark(list(rows.values()), lift=True)
            return -len(rows), ()
        with self._ledger() as ledger, ledger.snapshot():
            seen = with_messages(seen, ledger, (key for key in keys if isinstance(key, int)))
        states: dict[Key, MessageState] = {}
        for message in seen.snapshot.messages:
            if message.id is not None:
                states[message.id] = message
            else:
                states.update(
                    (place_key(Place(c.mailbox, c.location)), message) for c in message.copies
                )
        refused = {
            key: why_not(status_of(states[key], seen.snapshot), seen.snapshot)
            if key in states
            else "no mailbox lists it"
            for key in rows
            if key not in before
        }
        new = [rows[key] for key, why in refused.items() if why is None]
        if new:
            self.session.mark(new)
        return len(new), tuple(dict.fromkeys(why for why in refused.values() if why is not None))

    def places(self, key: Key) -> tuple[Place, ...]:
        """Where a message lies, the consolidated mailbox first: reading there leaves no trace."""
        found: tuple[Place, ...] = ()
        if self.last is not None:
            found = self.last.comparison.places.get(key, ())
        new = location_of(key)
        if not found and new is not None:
            found = (Place(*new),)
        if not found and isinstance(key, int):
            with self._ledger() as ledger, ledger.snapshot():
                row = ledger.messages([key]).get(key)
                names = match_mailboxes(self.session.config, ledger).names
                found = tuple(
                    Place(names[copy.mailbox], copy.location)
                    for copy in (row.copies if row else ())
                    if copy.state == "live" and copy.mailbox in names
                )
        return tuple(sorted(found, key=lambda place: place.mailbox != CONSOLIDATED))

    def key_now(self, key: Key) -> Key:
        """What a message goes by that had this key in an earlier comparison.

        One that was new is known by its number from the run on that recorded it.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        place = location_of(key)
        if place is None:
            return key
        mailbox, location = place
        with self._ledger() as ledger, ledger.snapshot():
            rows = match_mailboxes(self.session.config, ledger).rows
            copy = ledger.copy_at(rows[mailbox].name, location) if mailbox in rows else None
        return key if copy is None else copy.message

    def _seen(self) -> Observation:
        if self.last is None:
            raise SessionError("the mailboxes were not listed; list them again (F5)")
        return self.last.observation

    def _ledger(self) -> contextlib.closing[LedgerReader]:
        return contextlib.closing(open_ledger(self.session.ledger_path))
