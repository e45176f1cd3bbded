"""The complete listings on record: what they prove, and what is proved by none since.

A scan is one run's look at all mailboxes; its number is the ledger's serial once it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import MailboxRow, ScanRow
from mailsync_tui.message import Location


def listings(ledger: LedgerReader, mailbox: int) -> tuple[ScanRow, ...]:
    """The complete listings of a mailbox that are on record, oldest first."""
    rows = ledger.db.execute(
        "SELECT scan, at, messages FROM listing WHERE mailbox = ? ORDER BY scan", (mailbox,)
    )
    return tuple(ScanRow(scan, datetime.fromisoformat(at), n) for scan, at, n in rows)


def listed_since(ledger: LedgerReader, mailbox: MailboxRow) -> bool:
    """Whether a mailbox was listed again since its listing on record, and nothing had changed."""
    (at,) = ledger.db.execute(
        "SELECT max(at) FROM listing WHERE mailbox = ?", (mailbox.id,)
    ).fetchone()
    return bool(at and mailbox.reached and mailbox.reached > datetime.fromisoformat(at))


def fetched_by(ledger: LedgerReader, mailbox: int, scan: int) -> int:
    """How many copies of a mailbox were read last, and adopted, by the run of this scan."""
    (count,) = ledger.db.execute(
        "SELECT count(*) FROM copy WHERE mailbox = ? AND adopted_scan = ? AND adopted"
        " AND state IN ('live', 'missing')",
        (mailbox, scan),
    ).fetchone()
    return int(count)


class SharedArrivals(NamedTuple):
    """How many of the latest copies of an account another mailbox has, and how they came there."""

    all: int
    by_itself: int
    """Not collected from the account: listed there, or stored there before the account had them."""
    later: int
    """Of all: those that came after the account was listed for the first time."""
    together: int
    """Of these: as long there, and listed, or stored by us, between the same two listings."""


def shared_arrivals(
    ledger: LedgerReader, account: int, other: int, latest: int = 100
) -> SharedArrivals:
    """How the latest copies of an account came to another mailbox, if that has them.

    Args:
        ledger: Read in one snapshot.
        account: Its row.
        other: The row of the other mailbox.
        latest: So many are looked at.
    """
    row = ledger.db.execute(
        # By its row, from the last one on, and not by the index of places, which has all.
        "WITH mine AS (SELECT * FROM copy NOT INDEXED WHERE mailbox = ? AND adopted"
        " AND state IN ('live', 'missing') ORDER BY id DESC LIMIT ?),"
        " pair AS (SELECT mine.id, mine.came_after > 0 AS later,"
        " max(its.first_scan > 0 OR its.listed_scan <= mine.first_scan) AS by_itself,"
        " max(its.size = mine.size AND CASE its.first_scan WHEN 0"
        " THEN its.listed_scan BETWEEN mine.came_after + 1 AND mine.first_scan ELSE"
        " its.came_after BETWEEN 1 AND mine.first_scan AND its.first_scan >= mine.came_after END)"
        " AS together FROM mine LEFT JOIN copy AS its"
        " ON its.message = mine.message AND its.mailbox = ? GROUP BY mine.id)"
        " SELECT count(*), total(by_itself), total(later), total(later AND together) FROM pair",
        (account, latest, other),
    ).fetchone()
    return SharedArrivals(*map(int, row))


_AGE = "min(message.date, copy.since)"
"""A message's date, but none later than it was first listed: such a date is wrong."""


def ended_since(ledger: LedgerReader, mailbox: int, scan: int) -> list[tuple[int, datetime | None]]:
    """The copies that this mailbox lost from a scan on and that have ended since, with their dates.

    Copies by row, which stand in the order of their arrival; no date where a message has none.
    """
    rows = ledger.db.execute(
        f"SELECT copy.id, {_AGE} FROM copy JOIN message ON message.id = copy.message"
        " WHERE copy.mailbox = ? AND copy.missing_scan > 0 AND copy.missing_scan >= ?"
        " AND copy.state = 'ended'",
        (mailbox, scan),
    )
    return [(row, datetime.fromisoformat(date) if date else None) for row, date in rows]


def oldest_first(ledger: LedgerReader, mailbox: int) -> Iterator[tuple[Location, datetime]]:
    """Where the dated live copies of a mailbox lie, and their dates, the oldest first."""
    rows = ledger.db.execute(
        f"SELECT copy.folder, copy.validity, copy.uid, {_AGE} AS date"
        " FROM copy JOIN message ON message.id = copy.message"
        " WHERE copy.mailbox = ? AND copy.state = 'live' AND date IS NOT NULL ORDER BY date",
        (mailbox,),
    )
    for *location, date in rows:
        yield Location(*location), datetime.fromisoformat(date)


def first_arrived(ledger: LedgerReader, mailbox: int) -> Iterator[tuple[Location, int]]:
    """Where the live copies of a mailbox lie, and their rows, in the order of their arrival."""
    rows = ledger.db.execute(
        "SELECT folder, validity, uid, id FROM copy"
        " WHERE mailbox = ? AND state = 'live' ORDER BY id",
        (mailbox,),
    )
    for *location, row in rows:
        yield Location(*location), row


def middle_date(ledger: LedgerReader, mailbox: int) -> datetime | None:
    """The date that half of a mailbox's live copies are older than."""
    found = ledger.db.execute(
        f"SELECT {_AGE} AS date FROM copy JOIN message ON message.id = copy.message"
        " WHERE copy.mailbox = ?1 AND copy.state = 'live' AND date IS NOT NULL ORDER BY date"
        " LIMIT 1 OFFSET (SELECT count(*) / 2 FROM copy JOIN message ON message.id = copy.message"
        " WHERE copy.mailbox = ?1 AND copy.state = 'live' AND message.date IS NOT NULL)",
        (mailbox,),
    ).fetchone()
    return datetime.fromisoformat(found[0]) if found else None
