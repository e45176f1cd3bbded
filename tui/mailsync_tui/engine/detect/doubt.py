"""The last step: losses that look like a provider's doing and not like a person's.

Some providers hide over POP3 what was fetched, some clean up what is old, some cut a listing at a
round number. Nobody deleted that mail, so such losses are doubted, and a guard asks.

**Cleaned up** means: more than the floor went in a week, and all of them are older than every
survivor. What decides is what a provider goes by, the age of a message on its server, which POP3
does not tell. Two things stand for it, and either is enough to ask the person, as a deletion that
was nobody's wish is worse than a question:

- **The date.** The sender writes it. So one that lies after the moment at which the message was
  first listed counts as that moment, a message without one is not taken for a newer one, and a
  survivor of the very second of one that went is no older one. But where no date at all is older
  than those that are left, dates say nothing.
- **The order of arrival**, which no sender can forge: a mailbox lists its messages in it. It counts
  alone, against single dates that are forged, where most dates agree with it (or are missing): at
  least three of four that went are older than half of the mailbox. Without that, whoever deletes
  the first messages of a list that is in no order of time would be taken for a provider.

One survivor that is older by both is not explained away: it was there to be cleaned up, and was
not, so somebody chose. A provider that spares flagged mail looks the same. That is why the evidence
of each such deletion says that all but so few older ones went (``MailboxState.spared``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from mailsync_tui.engine.detect.match import MatchedListing, MatchedMailboxes
from mailsync_tui.engine.snapshot import (
    Copy,
    CopyState,
    MailboxState,
    MessageState,
    Presence,
    Snapshot,
)
from mailsync_tui.ledger import listings
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import MailboxRow
from mailsync_tui.mailboxes.base import Location

EXPIRY_DAYS = 7
"""Losses of so many days are looked at together: providers clean up a little every day."""

AGREEING = 0.75
"""The share of dates that has to agree with the order of arrival."""

_SMALLEST_CUT = 50
_ROUND = frozenset({"1", "2", "25", "5"})
"""What is left of a round number without its zeros."""

Dated = tuple[int, datetime | None]
"""A copy's row in the ledger (in the order of arrival) and its message's date, if it has one."""


class Loss(NamedTuple):
    """A copy that is proved to be gone from its mailbox, the last one of its message there."""

    copy: Copy
    date: datetime | None
    """The message's, none later than it was first listed; ``None`` where it has none."""


Losses = Mapping[int, Loss]
"""Of one mailbox, by row."""


def doubt_losses(
    snapshot: Snapshot,
    ledger: LedgerReader,
    matched: MatchedMailboxes,
    listed: Mapping[str, MatchedListing],
) -> Snapshot:
    """The same snapshot, with what looks like a provider's doing marked so.

    Args:
        snapshot: As it was assembled.
        ledger: Read in one snapshot.
        matched: Which of the ledger's mailboxes is which.
        listed: The listings.

    Raises:
        LedgerError: the ledger is damaged.
    """
    doubts: dict[int, str] = {}
    gone = _gone(snapshot)
    mailboxes = dict(snapshot.mailboxes)
    for name, losses in _losses(snapshot).items():
        state, here = mailboxes[name], listed[name]
        if not state.complete or state.changed or state.type == "maildir":
            continue
        floor = snapshot.config.guards.max_delete_floor
        cut, hidden = cut_off(here, losses, floor)
        mailboxes[name] = replace(state, cut=cut)
        doubts.update(dict.fromkeys(hidden, "hidden"))
        if state.type != "pop3":
            continue
        row = matched.rows[name]
        fetched = fetched_and_gone(ledger, row, losses, gone[name])
        if len(fetched) > floor:
            doubts.update(dict.fromkeys(fetched, "hidden"))
        left = {number: loss for number, loss in losses.items() if number not in doubts}
        week_ago = snapshot.now - timedelta(days=EXPIRY_DAYS)
        expiry = cleaned_up(ledger, row, left, _first_scan_since(state, week_ago), here, floor)
        if expiry.expired:
            doubts.update(dict.fromkeys(left, "expired"))
        mailboxes[name] = replace(state, cut=cut, fetched_gone=bool(fetched), spared=expiry.spared)
    messages = snapshot.messages
    if doubts:
        messages = tuple(_with_doubts(message, doubts) for message in messages)
    return replace(snapshot, mailboxes=mailboxes, messages=messages)


def _losses(snapshot: Snapshot) -> dict[str, dict[int, Loss]]:
    """By mailbox: what was lost there, and is not doubted for another reason."""
    found: dict[str, dict[int, Loss]] = defaultdict(dict)
    for message in snapshot.messages:
        here = {c.mailbox for c in message.copies if c.presence is Presence.YES}
        for copy in message.copies:
            if (
                copy.id is not None
                and copy.mailbox in snapshot.mailboxes
                and copy.mailbox not in here
                and copy.adopted
                and copy.lost
                and copy.doubt is None
            ):
                date = message.summary.date
                if date is not None and copy.since is not None:
                    date = min(date, copy.since)
                found[copy.mailbox][copy.id] = Loss(copy, date)
    return found


def _gone(snapshot: Snapshot) -> Mapping[str, Counter[int]]:
    """By mailbox and the scan of the run that read them last: how many copies are gone."""
    found: Mapping[str, Counter[int]] = defaultdict(Counter)
    for message in snapshot.messages:
        for copy in message.copies:
            if copy.adopted and copy.lost:
                found[copy.mailbox][copy.adopted_scan] += 1
    return found


def _with_doubts(message: MessageState, doubts: Mapping[int, str]) -> MessageState:
    if not any(copy.id in doubts for copy in message.copies):
        return message
    copies = tuple(
        replace(copy, doubt=doubts[copy.id]) if copy.id is not None and copy.id in doubts else copy
        for copy in message.copies
    )
    return replace(message, copies=copies)


# --- cut off, hidden


def is_round(number: int) -> bool:
    """Whether a listing of so many messages may have been cut, such as 50, 100, 250 or 1000."""
    return number >= _SMALLEST_CUT and str(number).rstrip("0") in _ROUND


def cut_off(here: MatchedListing, losses: Losses, floor: int) -> tuple[int | None, set[int]]:
    """Folders that list a round number of messages where more were known.

    Args:
        here: A listing.
        losses: What it lacks.
        floor: So many are a person's deletions.

    Returns:
        The number, and the rows of what may lie beyond the cut.
    """
    arrived = Counter(location.folder for location in here.arrived)
    found: int | None = None
    beyond: set[int] = set()
    for name, folder in here.folders.items():
        rows = [row for row, loss in losses.items() if loss.copy.location.folder == name]
        if is_round(len(folder.uids)) and len(rows) > max(floor, arrived[name]):
            found = len(folder.uids)
            beyond.update(rows)
    return found, beyond


def fetched_and_gone(
    ledger: LedgerReader, mailbox: MailboxRow, losses: Losses, gone: Mapping[int, int]
) -> set[int]:
    """What was fetched by runs of which nothing was listed any more at the next listing.

    Args:
        ledger: Read in one snapshot.
        mailbox: The account.
        losses: What is gone from it.
        gone: How many copies are, by the scan of the run that fetched them: those included of which
            another one of the same message is listed still.
    """
    runs: dict[int, set[int]] = defaultdict(set)
    for number, (copy, _) in losses.items():
        if copy.adopted_scan > mailbox.seen_scan and copy.held_scan <= copy.adopted_scan:
            runs[copy.adopted_scan].add(number)
    return {
        number
        for scan, numbers in runs.items()
        if listings.fetched_by(ledger, mailbox.id, scan) == gone[scan]
        for number in numbers
    }


# --- cleaned up


@dataclass(frozen=True, slots=True)
class Expiry:
    """What a week's losses look like."""

    expired: bool = False
    spared: int = 0
    """How many survivors, few, are all that keeps the losses from being the oldest messages."""


def _first_scan_since(state: MailboxState, moment: datetime) -> int:
    # In the order of the listings: their clock may have been set meanwhile.
    return next((row.scan for row in state.scans if row.at >= moment), state.scan + 1)


def cleaned_up(
    ledger: LedgerReader,
    mailbox: MailboxRow,
    losses: Losses,
    since: int,
    here: MatchedListing,
    floor: int,
) -> Expiry:
    """Judge what went from a POP3 account within a week.

    Args:
        ledger: Read in one snapshot.
        mailbox: The account.
        losses: What is gone from it and still in the ledger.
        since: The week's first scan. What went after it and has ended in the ledger counts if it
            was as old.
        here: The listing.
        floor: So many are a person's deletions, whatever their age.

    Raises:
        LedgerError: the ledger is damaged.
    """
    lost = [
        (number, date)
        for number, (copy, date) in losses.items()
        if copy.state is CopyState.LIVE or copy.missing_scan >= since
    ]
    ended = listings.ended_since(ledger, mailbox.id, since) if lost else []
    if not lost or len(lost) + len(ended) <= floor:
        return Expiry()
    arrived = listings.first_arrived(ledger, mailbox.id)
    survivor = next((row for at, row in arrived if _is_listed(here, at)), None)
    if survivor is None:
        return Expiry()
    by_age = listings.oldest_first(ledger, mailbox.id)
    oldest = next((date for at, date in by_age if _is_listed(here, at)), None)
    if _by_date(lost, ended, oldest, floor):
        return Expiry(expired=True)
    if all(row < survivor for row, _ in lost) and _agreeing(ledger, mailbox.id, lost):
        arrived_before = sum(row < survivor for row, _ in ended)
        if len(lost) + arrived_before > floor:
            return Expiry(expired=True)
    return Expiry(spared=_spared(ledger, mailbox.id, lost, floor, here))


def _is_listed(here: MatchedListing, location: Location) -> bool:
    return here.presence(location) is Presence.YES


def _by_date(
    lost: Sequence[Dated], ended: Iterable[Dated], oldest: datetime | None, floor: int
) -> bool:
    if oldest is None:
        return False
    no_newer = all(date is None or date <= oldest for _, date in lost)
    older = any(date is not None and date < oldest for _, date in lost)
    before = sum(date is not None and date < oldest for _, date in ended)
    return no_newer and older and len(lost) + before > floor


def _agreeing(ledger: LedgerReader, mailbox: int, lost: Sequence[Dated]) -> bool:
    middle = listings.middle_date(ledger, mailbox)
    agreeing = sum(date is None or (middle is not None and date < middle) for _, date in lost)
    return agreeing >= AGREEING * len(lost)


def _spared(
    ledger: LedgerReader, mailbox: int, lost: Sequence[Dated], floor: int, here: MatchedListing
) -> int:
    """How many survivors are older than the newest one that went; none if they are not few."""
    newest = max((date for _, date in lost if date is not None), default=None)
    older = 0
    for at, date in listings.oldest_first(ledger, mailbox):
        if newest is None or date >= newest or older > floor:
            break
        older += _is_listed(here, at)
    return older if older <= floor else 0
