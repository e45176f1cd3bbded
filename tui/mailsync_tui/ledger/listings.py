"""The complete listings on record: what they prove, and what is proved by none since.

A scan is one run's look at all mailboxes; its number is the ledger's serial once it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import ScanRow
from mailsync_tui.message import Location


def listings(ledger: LedgerReader, mailbox: int) -> tuple[ScanRow, ...]:
    """The complete listings of a mailbox that are on record, oldest first."""
    rows = ledger.db.execute(
        "SELECT scan, at, messages FROM listing WHERE mailbox = ? ORDER BY scan", (mailbox,)
    )
    return tuple(ScanRow(scan, datetime.fromisoformat(at), n) for scan, at, n in rows)


def fetched_by(ledger: LedgerReader, mailbox: int, scan: int) -> int:
    """How many copies of a mailbox were read last, and adopted, by the run of this scan."""
    (count,) = ledger.db.execute(
        "SELECT count(*) FROM copy WHERE mailbox = ? AND adopted_scan = ? AND adopted"
        " AND state IN ('live', 'missing')",
        (mailbox, scan),
    ).fetchone()
    return int(count)


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
