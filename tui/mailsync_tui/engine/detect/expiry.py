"""Whether a POP3 provider cleaned up: more than the floor went in a week, the oldest there was.

The rule is that all of them are older than every survivor. What decides is what a provider goes
by, the age of a message on its server, which POP3 does not tell. Two things stand for it, and
either is enough to ask the person, as a deletion that was nobody's wish is worse than a question:

- **The date.** The sender writes it. So one that lies after the moment at which the message was
  first listed counts as that moment, a message without one is not taken for a newer one, and a
  survivor of the very second of one that went is no older one. But where no date at all is older
  than those that are left, dates tell nothing.
- **The order of arrival**, which no sender can forge: a mailbox lists its messages in it. It counts
  alone, against single dates that are forged, where most dates agree with it (or are missing): at
  least three of four that went are older than half of the mailbox. Without that, whoever deletes
  the first messages of a list that is in no order of time would be taken for a provider.

One survivor that is older by both is not explained away: it was there to be cleaned up, and was
not, so somebody chose. A provider that spares flagged mail looks the same. That is why the evidence
of each such deletion says that all but so few older ones went (:attr:`Expiry.spared`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailsync_tui.ledger import listings
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.mailboxes.base import Location

Lost = tuple[int, datetime | None]
"""A copy's row in the ledger (in the order of arrival) and its message's date, if it has one."""

AGREEING = 0.75
"""The share of dates that has to agree with the order of arrival."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """What a week's losses look like."""

    expired: bool = False
    spared: int = 0
    """How many survivors, few, are all that keeps the losses from being the oldest messages."""


def judge(
    ledger: LedgerReader,
    mailbox: int,
    lost: Sequence[Lost],
    ended: Sequence[Lost],
    floor: int,
    listed: Callable[[Location], bool],
) -> Expiry:
    """Judge what went from a POP3 account within a week.

    Args:
        ledger: Read in one snapshot.
        mailbox: The account's row.
        lost: What is gone and still in the ledger; dates not after the first listing.
        ended: What went and has ended in the ledger since: it counts if it was as old.
        floor: So many are a person's deletions, whatever their age.
        listed: Whether a copy is listed there now.

    Raises:
        LedgerError: the ledger is damaged.
    """
    if not lost or len(lost) + len(ended) <= floor:
        return Expiry()
    survivor = next(
        (row for at, row in listings.first_arrived(ledger, mailbox) if listed(at)), None
    )
    if survivor is None:
        return Expiry()
    oldest = next((date for at, date in listings.oldest_first(ledger, mailbox) if listed(at)), None)
    if _by_date(lost, ended, oldest, floor):
        return Expiry(expired=True)
    if all(row < survivor for row, _ in lost) and _agreeing(ledger, mailbox, lost):
        arrived_before = sum(row < survivor for row, _ in ended)
        if len(lost) + arrived_before > floor:
            return Expiry(expired=True)
    return Expiry(spared=_spared(ledger, mailbox, lost, floor, listed))


def _by_date(
    lost: Sequence[Lost], ended: Iterable[Lost], oldest: datetime | None, floor: int
) -> bool:
    if oldest is None:
        return False
    no_newer = all(date is None or date <= oldest for _, date in lost)
    older = any(date is not None and date < oldest for _, date in lost)
    before = sum(date is not None and date < oldest for _, date in ended)
    return no_newer and older and len(lost) + before > floor


def _agreeing(ledger: LedgerReader, mailbox: int, lost: Sequence[Lost]) -> bool:
    middle = listings.middle_date(ledger, mailbox)
    agreeing = sum(date is None or (middle is not None and date < middle) for _, date in lost)
    return agreeing >= AGREEING * len(lost)


def _spared(
    ledger: LedgerReader,
    mailbox: int,
    lost: Sequence[Lost],
    floor: int,
    listed: Callable[[Location], bool],
) -> int:
    """How many survivors are older than the newest one that went; none if they are not few."""
    newest = max((date for _, date in lost if date is not None), default=None)
    older = 0
    for at, date in listings.oldest_first(ledger, mailbox):
        if newest is None or date >= newest or older > floor:
            break
        older += listed(at)
    return older if older <= floor else 0
