"""What the ledger knows of every message, in the few words that a list of them needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mailsync_tui.ledger.ledger import LedgerReader


class MessageLine(NamedTuple):
    """One message of the ledger, as a list shows it."""

    id: int
    subject: str
    sender: str
    date: str | None
    """ISO 8601 in UTC, as the ledger keeps it: these sort as text."""
    size: int
    known: bool
    """It was once proved to lie in the consolidated mailbox."""
    live: int
    """The mailboxes that hold it, as a sum of the bits that were given."""
    missing: int
    """Those that lost it, likewise."""


def message_lines(ledger: LedgerReader, bits: Mapping[str, int]) -> Iterator[MessageLine]:
    """Every message that some mailbox holds or has lost and that is not ended.

    Args:
        ledger: Read inside a snapshot.
        bits: A power of two for each of the ledger's mailboxes, by name; others are left out.
    """
    by_row = {row.id: bits[name] for name, row in ledger.mailboxes().items() if name in bits}
    live: dict[int, int] = defaultdict(int)
    missing: dict[int, int] = defaultdict(int)
    for message, mailbox, state in ledger.db.execute(
        "SELECT message, mailbox, state FROM copy WHERE state IN ('live', 'missing')"
    ):
        (live if state == "live" else missing)[message] |= by_row.get(mailbox, 0)
    rows = ledger.db.execute("SELECT id, subject, sender, date, size, known FROM message")
    for number, subject, sender, date, size, known in rows:
        here, lost = live.get(number, 0), missing.get(number, 0)
        if here or lost:
            yield MessageLine(number, subject, sender, date, size, bool(known), here, lost & ~here)


def twins(ledger: LedgerReader) -> set[int]:
    """Messages whose headers are those of another message with other contents."""
    found = ledger.db.execute(
        "SELECT message FROM identity WHERE key IN"
        " (SELECT key FROM identity GROUP BY key HAVING count(DISTINCT message) > 1)"
    )
    return {row[0] for row in found}
