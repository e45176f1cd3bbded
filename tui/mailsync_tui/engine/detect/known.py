"""The ledger's messages that a listing may say something of, with their copies as it shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailsync_tui.config.model import UserConfig
from mailsync_tui.engine.detect.match import MatchedListing, MatchedMailboxes
from mailsync_tui.engine.detect.read import Arrival
from mailsync_tui.engine.model import DELETIONS
from mailsync_tui.engine.snapshot import Copy, CopyState, Presence
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.journal import undoes
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import CopyRow, MessageRow
from mailsync_tui.ledger.uptime import Jump, passed
from mailsync_tui.mailboxes.base import Location, Role

ABSENT_MINUTES = 10
"""Complete listings that lack a copy count if they are so far apart."""


@dataclass(frozen=True, slots=True)
class KnownMessages:
    """Messages of the ledger."""

    rows: Mapping[int, MessageRow]
    copies: Mapping[int, Sequence[Copy]]
    """As this listing shows them."""
    candidates: Mapping[bytes, Sequence[int]]
    """Which of them an arrival may be, by identity key."""
    interrupted: frozenset[tuple[str, Location]]
    """Copies with a deletion that was begun by a run that died."""
    restoring: frozenset[int]
    """Messages with an undo that was begun by a run that died."""


def known_messages(
    config: UserConfig,
    ledger: LedgerReader,
    matched: MatchedMailboxes,
    listed: Mapping[str, MatchedListing],
    arrivals: Iterable[Arrival],
    now: datetime,
    jumped: Sequence[Jump],
) -> KnownMessages:
    """Read the messages that arrived or are absent, and those about which something was left.

    Args:
        config: The person's configuration; under another one than last time, all are read.
        ledger: Read in one snapshot.
        matched: Which of the ledger's mailboxes is which.
        listed: The listings.
        arrivals: All that is new, everywhere.
        now: The moment of the listings, aware.
        jumped: When the clock was set ahead.
    """
    candidates = ledger.candidates({a.identity.key for a in arrivals if a.identity})
    unsettled = journal.unsettled(ledger)
    interrupted = frozenset(
        (matched.name_of(a.mailbox), a.location) for a in unsettled if a.kind in DELETIONS
    )
    if ledger.rules == rules_fingerprint(config):
        wanted = set(ledger.open_messages()).union(*(here.touched for here in listed.values()))
    else:
        wanted = set(ledger.all_messages())
    wanted.update(a.message for a in unsettled if a.message is not None)
    wanted.update(*candidates.values())
    rows = ledger.messages(wanted)
    scan = ledger.serial + 1
    return KnownMessages(
        rows,
        {
            number: shown(row.copies, matched, listed, scan, now, jumped, interrupted)
            for number, row in rows.items()
        },
        candidates,
        interrupted,
        frozenset(a.message for a in unsettled if undoes(a) and a.message is not None),
    )


def rules_fingerprint(config: UserConfig) -> str:
    """What settled messages were found settled under: all that the rules ask the configuration."""
    parts: list[object] = [config.guards.copies]
    parts += [
        (c.name, c.allow, c.folders, c.junk_means, c.trash, c.junk, c.root)
        for c in config.mailboxes
    ]
    return repr(parts)


def shown(
    rows: Iterable[CopyRow],
    matched: MatchedMailboxes,
    listed: Mapping[str, MatchedListing],
    scan: int,
    now: datetime,
    jumped: Sequence[Jump],
    interrupted: frozenset[tuple[str, Location]],
) -> list[Copy]:
    """Copies of the ledger as the listings show them.

    Args:
        rows: The copies.
        matched: Which of the ledger's mailboxes is which.
        listed: The listings.
        scan: The number that they get if they are recorded.
        now: Their moment, aware.
        jumped: When the clock was set ahead.
        interrupted: Copies with a deletion that was begun by a run that died.
    """
    copies = []
    for row in rows:
        name = matched.name_of(row.mailbox)
        begun = (name, row.location) in interrupted
        waited = passed(row.absent_at or now, now, jumped)
        copies.append(_shown(row, name, listed.get(name), scan, waited, interrupted=begun))
    return copies


def _shown(
    row: CopyRow,
    mailbox: str,
    here: MatchedListing | None,
    scan: int,
    waited: timedelta,
    *,
    interrupted: bool,
) -> Copy:
    """A copy of the ledger as a listing shows it, so long after its absence last counted."""
    state = CopyState(row.state)
    presence = here.presence(row.location) if here else Presence.UNKNOWN
    if here is not None and here.note is not None and row.adopted:
        presence = Presence.UNKNOWN  # another message may have its position now
    if interrupted and state is not CopyState.ENDED:
        state = CopyState.DELETING
    held, missing, absent = row.held_scan, row.missing_scan, row.absent
    if presence is Presence.GONE and here is not None:
        if row.state == CopyState.MISSING:
            absent += waited >= timedelta(minutes=ABSENT_MINUTES)
        elif row.state != CopyState.ENDED:
            held, missing, absent = max(here.scan, row.first_scan), scan, 1
    copy = Copy(
        id=row.id,
        mailbox=mailbox,
        location=row.location,
        state=state,
        presence=presence,
        adopted=row.adopted,
        role=here.role(row.location.folder) if here else Role.NORMAL,
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
    if here is not None and presence is Presence.YES:
        copy = with_flags(copy, here)
    if state is CopyState.ENDED and presence is Presence.YES:  # a tombstone that is listed again
        copy = replace(
            copy,
            first_scan=scan,
            came_after=here.scan if here else 0,
            adopted=False,
            late_duplicate=False,
        )
    return copy


def with_flags(copy: Copy, here: MatchedListing) -> Copy:
    """A copy that is listed, with the flags it is listed with."""
    folder = here.folders.get(copy.location.folder)
    uid = copy.location.uid
    if folder is None or not (
        uid in folder.marked or uid in folder.drafts or uid in folder.flagged
    ):
        return copy
    return replace(
        copy, marked=uid in folder.marked, draft=uid in folder.drafts, flagged=uid in folder.flagged
    )
