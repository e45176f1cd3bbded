"""The complete listings on record: what they prove, and what is proved by none since.

A scan is one run's look at all mailboxes; its number is the ledger's serial once it is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mailsync_tui.ledger.ledger import LedgerReader
from mailsync_tui.ledger.rows import FolderRow, ScanRow
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.ledger.writer import LedgerWriter


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
