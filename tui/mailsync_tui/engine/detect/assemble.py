"""The fourth step: every message and every mailbox as this listing shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.detect.identify import Identified
from mailsync_tui.engine.detect.known import KnownMessages, with_flags
from mailsync_tui.engine.detect.match import MatchedListing, MatchedMailboxes
from mailsync_tui.engine.detect.read import Arrival
from mailsync_tui.engine.snapshot import Copy, CopyState, MailboxState, MessageState, Presence
from mailsync_tui.ledger import listings
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import MailboxRow, MessageRow
from mailsync_tui.mailboxes.base import Location, Mailbox
from mailsync_tui.message import Summary


def message_states(
    known: KnownMessages,
    identified: Identified,
    listed: Mapping[str, MatchedListing],
    late_duplicates: Set[Location],
    scan: int,
) -> list[MessageState]:
    """The ledger's messages with what joined them, then those that are seen for the first time.

    Args:
        known: The ledger's messages.
        identified: Which message each arrival is.
        listed: The listings.
        late_duplicates: What lies in the consolidated mailbox as a late duplicate.
        scan: The number that this listing gets if it is recorded.
    """

    def copies(arrivals: Iterable[Arrival]) -> list[Copy]:
        return [_new_copy(a, listed[a.mailbox], late_duplicates, scan) for a in arrivals]

    messages = [
        replace(
            message_state(row, (*known.copies[row.id], *copies(identified.joined.get(row.id, ())))),
            compare=row.id in identified.undecided,
            doubtful=row.id in identified.doubtful,
        )
        for row in known.rows.values()
    ]
    for group in identified.groups:
        first = group[0]
        messages.append(
            MessageState(
                id=None,
                identity=first.identity,
                summary=first.summary,
                size=first.size,
                known=False,
                copies=tuple(copies(group)),
                compare=first.compare,
            )
        )
    return messages


def message_state(row: MessageRow, copies: tuple[Copy, ...]) -> MessageState:
    """A message of the ledger about which no arrival says anything."""
    return MessageState(
        id=row.id,
        identity=row.identity,
        summary=Summary(row.subject, row.sender, row.date),
        size=row.size,
        known=row.known,
        copies=copies,
        holds=tuple(row.holds),
    )


def _new_copy(
    arrival: Arrival, here: MatchedListing, late_duplicates: Set[Location], scan: int
) -> Copy:
    late = arrival.mailbox == CONSOLIDATED and arrival.location in late_duplicates
    copy = Copy(
        id=None,
        mailbox=arrival.mailbox,
        location=arrival.location,
        state=CopyState.NEW,
        presence=Presence.YES,
        adopted=late,
        late_duplicate=late,
        role=here.role(arrival.location.folder),
        size=arrival.size,
        first_scan=scan,
        came_after=here.scan,
        held_scan=0,
        missing_scan=0,
    )
    return with_flags(copy, here)


def mailbox_states(
    config: UserConfig,
    ledger: LedgerReader,
    matched: MatchedMailboxes,
    listed: Mapping[str, MatchedListing],
    mailboxes: Mapping[str, Mailbox],
    messages: Sequence[MessageState],
    same_as: Mapping[str, str],
    now: datetime,
) -> dict[str, MailboxState]:
    """Every mailbox at this listing, by name.

    Args:
        config: The person's configuration.
        ledger: Read in one snapshot.
        matched: Which of the ledger's mailboxes is which.
        listed: The listings.
        mailboxes: They know whether mail can be stored there.
        messages: As they were assembled.
        same_as: The accounts that seem to be another mailbox.
        now: The moment of the listings, aware.
    """
    known = {matched.name_of(name): n for name, n in ledger.known_copies().items()}
    today = ledger.deleted_today(now)
    renumbered = _renumbered(messages)
    losers = {copy.mailbox for message in messages for copy in message.copies if copy.lost}
    states = {}
    for each in config.mailboxes:
        name, here, mailbox = each.name, listed[each.name], mailboxes.get(each.name)
        states[name] = MailboxState(
            name=name,
            type=each.type,
            complete=here.complete,
            error=here.error,
            messages=here.messages,
            can_store=mailbox.can_store if mailbox else each.type != "pop3",
            scan=here.scan,
            known=known.get(name, 0),
            survivors=here.survivors,
            renumbered=renumbered[name],
            changed=here.changed,
            deleted_today=today.get(name, {}),
            unread=here.unread,
            same_as=same_as.get(name),
            note=here.note,
            reached=matched.rows[name].reached if name in matched.rows else None,
            waited=matched.rows[name].waited if name in matched.rows else None,
            left_out=here.left_out,
            folders=_folders(here, ledger, matched.rows.get(name)),
            scans=listings.listings(ledger, matched.rows[name].id) if name in losers else (),
        )
    return states


def _folders(
    here: MatchedListing, ledger: LedgerReader, row: MailboxRow | None
) -> frozenset[str] | None:
    """The folders that are there or were: one that went is the business of a guard."""
    if not here.complete:
        return None
    return frozenset(here.folders) | (ledger.folders(row.id).keys() if row else set())


def _renumbered(messages: Iterable[MessageState]) -> Counter[str]:
    """By mailbox: arrivals that are found again in their folder under another identifier."""
    found: Counter[str] = Counter()
    for message in messages:
        gone = {
            (copy.mailbox, copy.location.folder)
            for copy in message.copies
            if copy.id is not None and copy.presence is Presence.GONE
        }
        found.update(
            copy.mailbox
            for copy in message.copies
            if copy.id is None and (copy.mailbox, copy.location.folder) in gone
        )
    return found
