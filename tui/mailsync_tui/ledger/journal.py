"""Writing to the journal: runs, intents, and what became of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from mailsync_tui.ledger.decisions import DecisionWriter
from mailsync_tui.ledger.reader import connect, told
from mailsync_tui.ledger.rows import Intent
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.mailboxes.base import Location, Uid


class JournalWriter(DecisionWriter):
    """A ledger opened for writing, with its transactions and its journal."""

    def __init__(self, path: Path) -> None:
        """Open a ledger for writing, making a new one if there is none.

        Raises:
            LedgerError: it cannot be opened or made, is damaged, or belongs to a newer version.
        """
        super().__init__(connect(path, writes=True), exists=True)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and on disk when it ends.

        Raises:
            LedgerError: the disk is full, or the ledger is damaged.
        """
        with told():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self.db.in_transaction:  # a full disk has rolled it back already
                    self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    # --- runs and actions

    def begin_run(self, command: str, directions: Sequence[str], now: datetime) -> int:
        """A run begins."""
        cursor = self.db.execute(
            "INSERT INTO run (command, directions, started) VALUES (?, ?, ?)",
            (command, ",".join(directions), stamp(now)),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end_run(self, run: int, code: int, now: datetime) -> None:
        """A run ended by itself, with this exit code.

        It has changed the ledger since it recorded its listing: what was planned meanwhile is
        stale.
        """
        self.db.execute("UPDATE meta SET value = value + 1 WHERE name = 'serial'")
        self.db.execute("UPDATE run SET ended = ?, exit = ? WHERE id = ?", (stamp(now), code, run))

    def intend(self, run: int, intents: Sequence[Intent], now: datetime) -> list[int]:
        """Write down what is about to be done; the caller's transaction puts it on disk."""
        (last,) = self.db.execute("SELECT ifnull(max(id), 0) FROM action").fetchone()
        ids = list(range(last + 1, last + 1 + len(intents)))
        at = stamp(now)
        self.db.executemany(
            "INSERT INTO action (id, run, line, kind, account, message, message_id, subject,"
            " mailbox, folder, validity, uid, quarantine, sent, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(number, run, *intent, at) for number, intent in zip(ids, intents, strict=True)],
        )
        return ids

    def outcome(
        self, action: int, outcome: str, reason: str = "", location: Location | None = None
    ) -> None:
        """Write down what became of an intent, and where it was done: the answer came."""
        if location is None:
            self.db.execute(
                "UPDATE action SET outcome = ?, reason = ?, sent = NULL WHERE id = ?",
                (outcome, reason, action),
            )
        else:
            self.db.execute(
                "UPDATE action SET outcome = ?, reason = ?, sent = NULL,"
                " folder = ?, validity = ?, uid = ? WHERE id = ?",
                (outcome, reason, *location, action),
            )

    def outcomes(self, actions: Sequence[int], outcome: str, reason: str = "") -> None:
        """The same became of several intents, where they were to be done."""
        self.db.executemany(
            "UPDATE action SET outcome = ?, reason = ?, sent = NULL WHERE id = ?",
            [(outcome, reason, action) for action in actions],
        )

    def presume(self, action: int, outcome: str, reason: str) -> None:
        """What became of an intent, as far as can be seen: its answer never came."""
        self.db.execute(
            "UPDATE action SET outcome = ?, reason = ? WHERE id = ?", (outcome, reason, action)
        )

    # --- foreign marks

    def add_marks(self, mailbox: str, folder: str, validity: int, uids: Sequence[Uid]) -> None:
        r"""Foreign ``\Deleted`` marks are about to be lifted."""
        self.db.executemany(
            "INSERT OR IGNORE INTO mark VALUES (?, ?, ?, ?)",
            [(mailbox, folder, validity, uid) for uid in uids],
        )

    def drop_marks(self, mailbox: str, folder: str, validity: int, uids: Sequence[Uid]) -> None:
        """They are set again."""
        self.db.executemany(
            "DELETE FROM mark WHERE mailbox = ? AND folder = ? AND validity = ? AND uid = ?",
            [(mailbox, folder, validity, uid) for uid in uids],
        )
