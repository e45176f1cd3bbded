"""From listings and ledger to a snapshot: what is new, what is absent, which message is which.

Reads only. Only what changed is looked at: messages that arrived or are absent, and those about
which something was left to say. The steps, each of which makes new values from those before it:
match, read, identify, assemble, doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.detect.assemble import mailbox_states, message_states
from mailsync_tui.engine.detect.doubt import doubt_losses
from mailsync_tui.engine.detect.identify import identify
from mailsync_tui.engine.detect.known import known_messages
from mailsync_tui.engine.detect.listing import Parallel
from mailsync_tui.engine.detect.lost_responses import recognise
from mailsync_tui.engine.detect.match import (
    MatchedListing,
    MatchedMailboxes,
    match_listing,
    match_mailboxes,
    survivors,
)
from mailsync_tui.engine.detect.read import read_new
from mailsync_tui.engine.detect.same_mailbox import same_mailboxes
from mailsync_tui.engine.events import Emit, nobody
from mailsync_tui.engine.snapshot import Block, Snapshot
from mailsync_tui.ledger.reader import LedgerMark, LedgerReader
from mailsync_tui.ledger.uptime import Uptime, jumps
from mailsync_tui.mailboxes.base import Listing, Location, Mailbox, MailboxError


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
    """What lies in the consolidated mailbox by a store whose answer was lost: its action."""
    uptime: Uptime


def observe(
    config: UserConfig,
    ledger: LedgerReader,
    listings: Mapping[str, Listing | MailboxError],
    mailboxes: Mapping[str, Mailbox],
    now: datetime,
    uptime: Uptime,
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
        uptime: The uptime at that moment.
        parallel: Runs the reading of headers, on the mailboxes' own threads.
        emit: Gets how far that is, from those threads.
        mark: The ledger's, before the mailboxes were listed; ``None``: as it is now.

    Raises:
        LedgerError: the ledger is damaged.
    """
    with ledger.snapshot():
        mark = mark or ledger.mark
        matched = match_mailboxes(config, ledger)
        listed = {
            c.name: match_listing(c, listings[c.name], matched, ledger) for c in config.mailboxes
        }

        def all_survivors(name: str, folders: Set[str]) -> Mapping[Location, Set[bytes]]:
            return survivors(listed[name], folders, matched.rows[name], ledger)

        listed, arrivals = read_new(listed, mailboxes, all_survivors, parallel, emit)
        jumped = jumps(ledger, now, uptime)
        known = known_messages(config, ledger, matched, listed, arrivals, now, jumped)
        home = mailboxes.get(CONSOLIDATED)
        recognised = recognise(arrivals, known, ledger, home, parallel)
        if recognised.error is not None:
            here = listed[CONSOLIDATED]
            here = replace(here, unread=here.unread + recognised.unread).broken(recognised.error)
            listed = {**listed, CONSOLIDATED: here}
        identified = identify(recognised.arrivals, known, ledger, mailboxes, parallel)
        listed = {name: here.broken(identified.errors.get(name)) for name, here in listed.items()}
        scan = ledger.serial + 1
        messages = message_states(known, identified, listed, recognised.late_duplicates, scan)
        same_as = same_mailboxes(config, ledger, matched.rows, messages)
        snapshot = Snapshot(
            config=config,
            now=now,
            jumps=jumped,
            ledger_id=ledger.id if ledger.serial else None,  # what is away may be noted before
            serial=mark.serial,
            scan=scan,
            mailboxes=mailbox_states(
                config, ledger, matched, listed, mailboxes, messages, same_as, now
            ),
            messages=tuple(messages),
            blocks=tuple(Block(*block) for block in ledger.blocks()),
        )
        return Observation(
            doubt_losses(snapshot, ledger, matched, listed),
            matched,
            listed,
            known.interrupted,
            known.restoring,
            mark,
            recognised.answers,
            uptime,
        )
