"""The complete listings on record: what they prove, and what is proved by none since.

A scan is one run's look at all mailboxes; its number is the ledger's serial once it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from mailsync_tui.ledger.ledger import LedgerReader
from mailsync_tui.ledger.rows import FolderRow, ScanRow
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import Location


def listings(ledger: LedgerReader, mailbox: int) -> tuple[ScanRow, ...]:
    """The complete listings of a mailbox that are on record, oldest first."""
    rows = ledger.db.execute(
        "SELECT scan, at, messages FROM listing WHERE mailbox = ? ORDER BY scan", (mailbox,)
    )
    return tuple(ScanRow(scan, datetime.fromisoformat(at), n) for scan, at, n in rows)


def set_scanned(
    ledger: LedgerWriter,
    mailbox: int,
    scan: int,
    folders: Mapping[str, FolderRow],
    messages: int,
    now: datetime,
) -> None:
    """A mailbox was listed completely.

    Args:
        ledger: In a transaction.
        mailbox: Its row.
        scan: The number of this listing.
        folders: The cursors of its folders.
        messages: How many it listed.
        now: The moment of the listing.
    """
    ledger.db.execute("UPDATE mailbox SET scan = ? WHERE id = ?", (scan, mailbox))
    ledger.db.execute(
        "INSERT OR REPLACE INTO listing VALUES (?, ?, ?, ?)", (mailbox, scan, stamp(now), messages)
    )
    ledger.db.execute("DELETE FROM folder WHERE mailbox = ?", (mailbox,))
    ledger.db.executemany(
        "INSERT INTO folder VALUES (?, ?, ?, ?, ?)",
        [(mailbox, name, *row) for name, row in folders.items()],
    )


def fetched_by(ledger: LedgerReader, mailbox: int, scan: int) -> int:
    """How many copies of a mailbox were read last, and adopted, by the run of this scan."""
    (count,) = ledger.db.execute(
        "SELECT count(*) FROM copy WHERE mailbox = ? AND adopted_scan = ? AND adopted"
        " AND state IN ('live', 'missing')",
        (mailbox, scan),
    ).fetchone()
    return int(count)


def ended_since(ledger: LedgerReader, mailbox: int, scan: int) -> list[datetime]:
    """The dates of messages that this mailbox lost from a scan on, and that have ended since."""
    rows = ledger.db.execute(
        "SELECT coalesce(message.date, copy.since) FROM copy"
        " JOIN message ON message.id = copy.message"
        " WHERE copy.mailbox = ? AND copy.missing_scan > 0 AND copy.missing_scan >= ?"
        " AND copy.state = 'ended'",
        (mailbox, scan),
    )
    return [datetime.fromisoformat(date) for (date,) in rows]


def oldest_first(ledger: LedgerReader, mailbox: int) -> Iterator[tuple[Location, datetime]]:
    """Where the live copies of a mailbox lie, and their messages' dates, the oldest first."""
    rows = ledger.db.execute(
        "SELECT copy.folder, copy.validity, copy.uid, coalesce(message.date, copy.since) AS date"
        " FROM copy JOIN message ON message.id = copy.message"
        " WHERE copy.mailbox = ? AND copy.state = 'live' ORDER BY date",
        (mailbox,),
    )
    for *location, date in rows:
        yield Location(*location), datetime.fromisoformat(date)


def mark_seen(ledger: LedgerWriter, mailbox: int, scan: int) -> None:
    """A complete listing has shown what was read up to this scan."""
    ledger.db.execute("UPDATE mailbox SET seen_scan = ? WHERE id = ?", (scan, mailbox))
