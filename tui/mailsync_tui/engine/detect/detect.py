"""From listings and ledger to a snapshot: what is new, what is absent, which message is which.

Reads only. Only what changed is looked at: messages that arrived or are absent, and those about
which something was left to say. Headers are read for new locations alone (DESIGN.md, rule 1:
what is listed where the ledger has it is present, whatever its headers say).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, UserConfig
from mailsync_tui.engine.detect.arrivals import Arrival, Arrivals, read_heads, sort_out
from mailsync_tui.engine.detect.lost_responses import recognise
from mailsync_tui.engine.detect.match import (
    MatchedListing,
    MatchedMailboxes,
    compare,
    contradicted,
    match_mailboxes,
)
from mailsync_tui.engine.detect.parallel import Parallel
from mailsync_tui.engine.detect.provider import doubted
from mailsync_tui.engine.detect.throttle import throttled
from mailsync_tui.engine.events import Emit, ReadingProgress, nobody
from mailsync_tui.engine.model import DELETIONS
from mailsync_tui.engine.plan.moves import is_lost
from mailsync_tui.engine.snapshot import (
    Block,
    Copy,
    Hold,
    MailboxState,
    MessageState,
    Presence,
    Snapshot,
    State,
)
from mailsync_tui.ledger import journal, listings
from mailsync_tui.ledger.journal import undoes
from mailsync_tui.ledger.reader import LedgerMark, LedgerReader
from mailsync_tui.ledger.rows import CopyRow, MessageRow
from mailsync_tui.mailboxes.base import Listing, Location, Mailbox, MailboxError
from mailsync_tui.message import Summary

ABSENT_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Observation:
    """A snapshot, and what recording it needs besides."""

    snapshot: Snapshot
    matched: MatchedMailboxes
    listed: Mapping[str, MatchedListing]
    interrupted: frozenset[tuple[str, Location]]
    """Copies with a deletion that was begun by a run that died."""
    restoring: frozenset[int]
    """Messages with an undo that was begun by a run that died."""
    mark: LedgerMark
    """The ledger's, before the mailboxes were listed."""
    answers: Mapping[Location, int]
    """What lies in the consolidated mailbox by a store whose answer never came: its action."""


def rules_fingerprint(config: UserConfig) -> str:
    """What settled messages were found settled under: all that the rules ask the configuration."""
    parts: list[object] = [config.guards.copies]
    parts += [
        (c.name, c.allow, c.folders, c.junk_means, c.trash, c.junk, c.root)
        for c in config.mailboxes
    ]
    return repr(parts)


def observe(
    config: UserConfig,
    ledger: LedgerReader,
    listings: Mapping[str, Listing | MailboxError],
    mailboxes: Mapping[str, Mailbox],
    now: datetime,
    parallel: Parallel,
    emit: Emit = nobody,
    mark: LedgerMark | None = None,
) -> Observation:
    """Hold the listings against the ledger.

    Args:
        config: The person's configuration.
        ledger: Read in one snapshot.
        listings: What each mailbox listed, or why it could not.
        mailboxes: To read the headers of what is new; bodies only where that leaves no trace.
        now: The moment of the listings, aware.
        parallel: Runs the reading of headers, on the mailboxes' own threads.
        emit: Told how far that is, from those threads.
        mark: The ledger's, before the mailboxes were listed; ``None``: as it is now.

    Raises:
        LedgerError: the ledger is damaged.
    """
    with ledger.snapshot():
        matched = match_mailboxes(config, ledger)
        listed = {c.name: compare(c, listings[c.name], matched, ledger) for c in config.mailboxes}
        looked_at = parallel(
            {
                name: partial(contradicted, mailboxes[name], here.samples)
                for name, here in listed.items()
                if here.samples and name in mailboxes
            }
        )
        for name, found in looked_at.items():
            listed[name].note_contradicted(found)
        arrivals = parallel(
            {
                name: partial(
                    read_heads,
                    mailboxes[name],
                    here.arrived,
                    throttled(emit, ReadingProgress, name),
                )
                for name, here in listed.items()
                if here.arrived
            }
        )
        for name, read in arrivals.items():
            listed[name].note_arrivals(read)
        return _build(config, ledger, matched, listed, mailboxes, arrivals, now, parallel, mark)


def _build(
    config: UserConfig,
    ledger: LedgerReader,
    matched: MatchedMailboxes,
    listed: dict[str, MatchedListing],
    mailboxes: Mapping[str, Mailbox],
    arrivals: dict[str, Arrivals],
    now: datetime,
    parallel: Parallel,
    mark: LedgerMark | None,
) -> Observation:
    found = [a for read in arrivals.values() for a in read.arrivals]
    candidates = ledger.candidates({a.identity.key for a in found if a.identity})
    if ledger.rules == rules_fingerprint(config):
        wanted = set(ledger.open_messages())
        for here in listed.values():
            wanted |= here.touched
    else:
        wanted = set(ledger.all_messages())
    interrupted = frozenset(
        (matched.name_of(action.mailbox), action.location)
        for action in journal.unsettled(ledger)
        if action.kind in DELETIONS
    )
    restoring = frozenset(
        action.message
        for action in journal.unsettled(ledger)
        if undoes(action) and action.message is not None
    )
    for action in journal.unsettled(ledger):
        if action.message is not None:
            wanted.add(action.message)
    for ids in candidates.values():
        wanted.update(ids)
    rows = ledger.messages(wanted)
    builder = _MessageStateBuilder(matched, listed, interrupted, ledger.serial + 1, now)
    copies = {number: builder.stored(row) for number, row in rows.items()}
    home = mailboxes.get(CONSOLIDATED)
    late = recognise(ledger, found, candidates, copies, home, parallel)
    if late.unread is not None:
        listed[CONSOLIDATED].note_arrivals(late.unread)
    builder.late_duplicate = late.late_duplicate
    sorted_out = sort_out(late.arrivals, candidates, rows, copies, mailboxes, parallel)
    undecided = _undecided(ledger, {n: row for n, row in rows.items() if copies[n]})
    for others in undecided.values():
        sorted_out.doubtful |= others
    messages = [
        builder.message(
            row, copies[number], sorted_out.joined.get(number, []), compare=number in undecided
        )
        for number, row in rows.items()
    ]
    messages = [
        replace(message, doubtful=True) if message.id in sorted_out.doubtful else message
        for message in messages
    ]
    messages.extend(builder.new_message(group) for group in sorted_out.groups)
    for number, joined in sorted_out.joined.items():
        for arrival in joined:
            listed[arrival.mailbox].count_found(arrival, copies[number])
    losers = {copy.mailbox for message in messages for copy in message.copies if is_lost(copy)}
    known = {matched.name_of(name): n for name, n in ledger.known_copies().items()}
    today = ledger.deleted_today(now)
    states = {
        c.name: replace(
            _state(c, listed[c.name], mailboxes, known.get(c.name, 0), today),
            scans=listings.listings(ledger, matched.rows[c.name].id) if c.name in losers else (),
        )
        for c in config.mailboxes
    }
    judged, states = doubted(messages, states, config, ledger, matched, listed, now)
    snapshot = Snapshot(
        config=config,
        now=now,
        ledger_id=ledger.id,
        serial=(mark or ledger.mark).serial,
        scan=ledger.serial + 1,
        mailboxes=states,
        messages=judged,
        blocks=tuple(Block(*block) for block in ledger.blocks()),
    )
    return Observation(
        snapshot, matched, listed, interrupted, restoring, mark or ledger.mark, late.answers
    )


def _state(
    config: MailboxConfig,
    here: MatchedListing,
    mailboxes: Mapping[str, Mailbox],
    known: int,
    today: Mapping[str, Mapping[str, int]],
) -> MailboxState:
    mailbox = mailboxes.get(config.name)
    return MailboxState(
        name=config.name,
        type=config.type,
        complete=here.complete,
        error=here.error,
        messages=here.messages,
        can_store=mailbox.can_store if mailbox else config.type != "pop3",
        scan=here.scan,
        known=known,
        survivors=here.survivors,
        renumbered=here.renumbered,
        changed=here.changed,
        deleted_today=today.get(config.name, {}),
        unread=here.unread,
    )


class _MessageStateBuilder:
    def __init__(
        self,
        matched: MatchedMailboxes,
        listed: Mapping[str, MatchedListing],
        interrupted: frozenset[tuple[str, Location]],
        scan: int,
        now: datetime,
    ) -> None:
        self.matched = matched
        self.listed = listed
        self.interrupted = interrupted
        self.scan = scan
        self.now = now
        self.late_duplicate: Set[Location] = frozenset()

    def stored(self, row: MessageRow) -> list[Copy]:
        """The copies the ledger has of a message, as this listing shows them."""
        return [self._stored(copy) for copy in row.copies]

    def _stored(self, row: CopyRow) -> Copy:
        mailbox = self.matched.name_of(row.mailbox)
        state = State(row.state)
        here = self.listed.get(mailbox)
        presence = here.presence(row.location) if here else Presence.UNKNOWN
        if (mailbox, row.location) in self.interrupted and state is not State.ENDED:
            state = State.DELETING
        held, missing, absent = row.held_scan, row.missing_scan, row.absent
        if presence is Presence.GONE and here is not None:
            if row.state == State.MISSING:
                minutes = (self.now - (row.absent_at or self.now)).total_seconds() / 60
                absent += minutes >= ABSENT_MINUTES
            else:
                held, missing, absent = max(here.scan, row.first_scan), self.scan, 1
        folder = here.folder(row.location) if here and presence is Presence.YES else None
        copy = Copy(
            id=row.id,
            mailbox=mailbox,
            location=row.location,
            state=state,
            presence=presence,
            adopted=row.adopted,
            role=here.role(row.location.folder) if here else MatchedListing.NO_ROLE,
            size=row.size,
            first_scan=row.first_scan,
            came_after=row.came_after,
            held_scan=held,
            missing_scan=missing,
            absent=absent,
            doubt=here.doubt(row.location) if here and presence is Presence.GONE else None,
            since=row.since,
            listed_scan=row.listed_scan,
            adopted_scan=row.adopted_scan,
            late_duplicate=row.late_duplicate,
        )
        if folder is not None:
            uid = row.location.uid
            copy = replace(
                copy,
                marked=uid in folder.marked,
                draft=uid in folder.drafts,
                flagged=uid in folder.flagged,
            )
        if state is State.ENDED and presence is Presence.YES:  # a tombstone that is listed again
            copy = replace(
                copy,
                first_scan=self.scan,
                came_after=here.scan if here else 0,
                adopted=False,
                late_duplicate=False,
            )
        return copy

    def arrived(self, arrival: Arrival) -> Copy:
        """A copy that is listed for the first time."""
        here = self.listed[arrival.mailbox]
        folder = here.folder(arrival.location)
        uid = arrival.location.uid
        late_duplicate = arrival.mailbox == CONSOLIDATED and arrival.location in self.late_duplicate
        return Copy(
            id=None,
            mailbox=arrival.mailbox,
            location=arrival.location,
            state=State.NEW,
            presence=Presence.YES,
            adopted=late_duplicate,
            late_duplicate=late_duplicate,
            role=here.role(arrival.location.folder),
            size=arrival.size,
            first_scan=self.scan,
            came_after=here.scan,
            held_scan=0,
            missing_scan=0,
            marked=folder is not None and uid in folder.marked,
            draft=folder is not None and uid in folder.drafts,
            flagged=folder is not None and uid in folder.flagged,
        )

    def message(
        self, row: MessageRow, copies: list[Copy], joined: list[Arrival], *, compare: bool
    ) -> MessageState:
        """A message that the ledger has."""
        return MessageState(
            id=row.id,
            identity=row.identity,
            summary=Summary(row.subject, row.sender, row.date),
            size=row.size,
            known=row.known,
            copies=(*copies, *(self.arrived(a) for a in joined)),
            holds=tuple(Hold(*hold) for hold in row.holds),
            compare=compare,
        )

    def new_message(self, group: list[Arrival]) -> MessageState:
        """A message that is seen for the first time."""
        first = group[0]
        return MessageState(
            id=None,
            identity=first.identity,
            summary=first.summary,
            size=first.size,
            known=False,
            copies=tuple(self.arrived(a) for a in group),
            compare=first.compare,
        )


def _undecided(ledger: LedgerReader, rows: Mapping[int, MessageRow]) -> dict[int, set[int]]:
    """Messages that may be another's copy until their bytes are read, with those others.

    Args:
        ledger: Knows the others.
        rows: Messages of which some copy is left: without one, none can be another's.
    """
    unread = {number: row for number, row in rows.items() if not row.known and not row.digests}
    keys = {row.identity.key for row in unread.values() if row.identity is not None}
    candidates = ledger.candidates(keys)
    result: dict[int, set[int]] = {}
    for number, row in unread.items():
        if row.identity is None:
            result[number] = set()
            continue
        others = set(candidates[row.identity.key]) - {number}
        if others or row.identity.message_id is None:
            result[number] = others
    return result
