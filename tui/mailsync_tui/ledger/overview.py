"""What the ledger knows of every message, in the few words that a list of them needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import CopyStory
from mailsync_tui.ledger.schema import moment

MessageLine = tuple[int, str, str, str, int, int, str | None]
"""A message's number, subject, sender, date (ISO 8601 in UTC, so that it sorts as text; empty where
it has none), size in octets, whether it was once proved to lie in the consolidated mailbox, and its
copies, for :func:`mailboxes_of`: ``None`` where no mailbox holds it or has lost it, but all has
ended. A plain tuple: there may be 100,000 of them."""

# The copies come as one text, because SQLite has no aggregate that ORs bits; few different texts
# occur however many messages there are. An index serves the newest first.
_LINES = """
SELECT id, subject, sender, coalesce(date, ''), size, known, (
    SELECT group_concat(mailbox * 2 + (state = 'missing')) FROM copy
    WHERE copy.message = message.id AND state IN ('live', 'missing')
) FROM message ORDER BY message.date DESC
"""


def message_lines(ledger: LedgerReader, limit: int | None = None) -> Iterator[MessageLine]:
    """Every message, newest first.

    Args:
        ledger: Read inside a snapshot.
        limit: No more than so many.
    """
    return ledger.db.execute(_LINES + " LIMIT ?", (-1 if limit is None else limit,))


def mailboxes_of(copies: str) -> tuple[set[int], set[int]]:
    """The numbers of the mailboxes that hold a message, and of those that only have lost it."""
    parted = [divmod(int(part), 2) for part in copies.split(",")]
    live = {mailbox for mailbox, missing in parted if not missing}
    return live, {mailbox for mailbox, missing in parted if missing} - live


def same_header(ledger: LedgerReader) -> frozenset[int]:
    """Messages whose headers are those of another message with other contents."""
    found = ledger.db.execute(
        "SELECT message FROM identity WHERE key IN"
        " (SELECT key FROM identity GROUP BY key HAVING min(message) <> max(message))"
    )
    return frozenset(row[0] for row in found)


def message_ids(ledger: LedgerReader) -> dict[int, str]:
    """The Message-ID of every message that has one, by its number."""
    return dict(
        ledger.db.execute("SELECT id, message_id FROM message WHERE message_id IS NOT NULL")
    )


def first_seen(ledger: LedgerReader, message: int) -> datetime | None:
    """When a message was entered in the ledger; ``None`` where it is not."""
    row = ledger.db.execute("SELECT since FROM message WHERE id = ?", (message,)).fetchone()
    return moment(row[0]) if row else None


def copy_stories(ledger: LedgerReader, message: int) -> tuple[CopyStory, ...]:
    """Where a message lies and lay, in the order of its coming there."""
    rows = ledger.db.execute(
        "SELECT mailbox.name, folder, state, since, coalesce((SELECT at FROM listing WHERE"
        " listing.mailbox = copy.mailbox AND listing.scan = copy.missing_scan), ended_at)"
        " FROM copy JOIN mailbox ON mailbox.id = copy.mailbox WHERE message = ?"
        " ORDER BY since, copy.id",
        (message,),
    )
    return tuple(
        CopyStory(
            name,
            folder,
            state,
            datetime.fromisoformat(since),
            moment(gone) if state != "live" else None,
        )
        for name, folder, state, since, gone in rows
    )
