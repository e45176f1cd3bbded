"""Decisions that stick: a person's to a message, a guard's to an account and direction."""

from __future__ import annotations

from datetime import datetime

from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.schema import stamp


class DecisionWriter(LedgerReader):
    """Writes what people and guards decided; the caller's transaction puts it on disk."""

    def hold(self, message: int, kind: str, account: str, rule: str, now: datetime) -> None:
        """A decision sticks to a message."""
        self.db.execute(
            "INSERT OR IGNORE INTO hold VALUES (?, ?, ?, ?, ?)",
            (message, kind, account, rule, stamp(now)),
        )
        self.db.execute("UPDATE message SET open = 1 WHERE id = ?", (message,))

    def release(self, message: int, kind: str | None = None) -> None:
        """A decision is taken back, or what it was about is over."""
        self.db.execute(
            "DELETE FROM hold WHERE message = ? AND (kind = ? OR ? IS NULL)", (message, kind, kind)
        )

    def release_one(self, message: int, kind: str, account: str, rule: str) -> None:
        """What one decision was about is over."""
        self.db.execute(
            "DELETE FROM hold WHERE message = ? AND kind = ? AND account = ? AND rule = ?",
            (message, kind, account, rule),
        )

    def block(self, account: str, kind: str, rule: str, now: datetime) -> None:
        """A guard's decision sticks to an account and direction."""
        self.db.execute(
            "INSERT OR IGNORE INTO block VALUES (?, ?, ?, ?)", (account, kind, rule, stamp(now))
        )

    def unblock(self, account: str, rule: str | None = None) -> None:
        """A person has ended a block."""
        self.db.execute(
            "DELETE FROM block WHERE account = ? AND (rule = ? OR ? IS NULL)",
            (account, rule, rule),
        )

    def unblock_kind(self, kind: str) -> None:
        """The blocks of one kind of line are ended, on every account."""
        self.db.execute("DELETE FROM block WHERE kind = ?", (kind,))
