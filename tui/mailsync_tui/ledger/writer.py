"""Writing to the ledger: listings as they are recorded, decisions, and the journal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from mailsync_tui.ledger.decisions import DecisionWriter
from mailsync_tui.ledger.ledger import connect, told
from mailsync_tui.ledger.rows import Intent
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.mailboxes.base import Location, Uid
from mailsync_tui.message import Identity, Summary

TOMBSTONE_DAYS = 400

_SCAN = "(SELECT value + 0 FROM meta WHERE name = 'serial')"
"""While a run applies its lines: the number of the listing that it recorded."""
_NEXT_SCAN = "(SELECT value + 1 FROM meta WHERE name = 'serial')"
"""While a listing is recorded: the number that it gets. Later: that of the next one."""


class LedgerWriter(DecisionWriter):
    """A ledger opened by the run that holds its lock."""

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

    # --- listings

    def bump(self) -> None:
        """A run changes the ledger: plans made before are stale."""
        self.db.execute("UPDATE meta SET value = value + 1 WHERE name = 'serial'")

    def set_rules(self, rules: str) -> None:
        """Remember under which configuration messages were found settled."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES ('rules', ?)", (rules,))

    def put_mailbox(self, name: str, fingerprint: str) -> int:
        """The row of a mailbox, made if it is new."""
        self.db.execute(
            "INSERT INTO mailbox (name, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (name, fingerprint),
        )
        row = self.db.execute("SELECT id FROM mailbox WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    def rename_mailbox(self, old: str, new: str) -> None:
        """An account was renamed: it keeps its rows."""
        self.db.execute("UPDATE mailbox SET name = ? WHERE name = ?", (new, old))
        for table in ("hold", "block"):
            self.db.execute(
                f"UPDATE OR REPLACE {table} SET account = ? WHERE account = ?",
                (new, old),
            )
        self.db.execute("UPDATE action SET mailbox = ? WHERE mailbox = ?", (new, old))

    def add_message(
        self, identity: Identity | None, summary: Summary, size: int, now: datetime
    ) -> int:
        """A message that was not there before."""
        i = identity or Identity(None, "", "", "")
        date = stamp(summary.date) if summary.date else None
        cursor = self.db.execute(
            "INSERT INTO message (message_id, sender_key, date_key, subject_key, unread, subject,"
            " sender, date, size, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                i.message_id,
                i.sender,
                i.date,
                i.subject,
                identity is None,
                summary.subject,
                summary.sender,
                date,
                size,
                stamp(now),
            ),
        )
        number = cursor.lastrowid
        assert number is not None
        if identity is not None:
            self.add_identity(number, identity)
        return number

    def learn(self, message: int, identity: Identity, summary: Summary) -> None:
        """The bytes of a message were read: what it is, and its digest."""
        self.db.execute(
            "UPDATE message SET message_id = ?, sender_key = ?, date_key = ?, subject_key = ?,"
            " subject = ?, sender = ?, date = ?, unread = 0 WHERE id = ? AND unread",
            (
                identity.message_id,
                identity.sender,
                identity.date,
                identity.subject,
                summary.subject,
                summary.sender,
                stamp(summary.date) if summary.date else None,
                message,
            ),
        )
        self.add_identity(message, identity)

    def add_identity(self, message: int, identity: Identity) -> None:
        """A form in which a message has been seen."""
        self.db.execute(
            "INSERT OR IGNORE INTO identity VALUES (?, ?, ?)",
            (identity.key, identity.digest or "", message),
        )

    def add_copy(
        self,
        mailbox: int,
        location: Location,
        message: int,
        size: int,
        first_scan: int,
        came_after: int,
        now: datetime,
        *,
        adopted: bool = False,
    ) -> int:
        """A copy that was listed for the first time, or that we placed (``first_scan`` 0)."""
        cursor = self.db.execute(
            "INSERT INTO copy (mailbox, folder, validity, uid, message, state, adopted, size,"
            " first_scan, came_after, since, listed_scan)"
            f" VALUES (?, ?, ?, ?, ?, 'live', ?, ?, ?, ?, ?, {_NEXT_SCAN})"
            " ON CONFLICT DO UPDATE SET message = excluded.message, state = 'live',"
            " adopted = excluded.adopted, size = excluded.size, first_scan = excluded.first_scan,"
            " came_after = excluded.came_after, held_scan = 0, missing_scan = 0, absent = 0,"
            " absent_at = NULL, since = excluded.since, ended_at = NULL,"
            " listed_scan = excluded.listed_scan RETURNING id",
            (mailbox, *location, message, adopted, size, first_scan, came_after, stamp(now)),
        )
        return int(cursor.fetchone()[0])

    def relocate(self, copy: int, location: Location, size: int) -> None:
        """A copy lies elsewhere in the same mailbox now: filed, or renumbered."""
        self.db.execute(
            "DELETE FROM copy WHERE mailbox = (SELECT mailbox FROM copy WHERE id = ?)"
            " AND folder = ? AND validity = ? AND uid = ? AND id <> ?",
            (copy, *location, copy),
        )
        self.db.execute(
            "UPDATE copy SET folder = ?, validity = ?, uid = ?, size = ?, held_scan = 0,"
            " missing_scan = 0, absent = 0, absent_at = NULL,"
            f" listed_scan = CASE state WHEN 'missing' THEN {_NEXT_SCAN} ELSE listed_scan END,"
            " state = CASE state WHEN 'missing' THEN 'live' ELSE state END WHERE id = ?",
            (*location, size, copy),
        )

    def mark_missing(
        self, copy: int, held_scan: int, missing_scan: int, absent: int, absent_at: datetime
    ) -> None:
        """A complete listing lacked a copy."""
        self.db.execute(
            "UPDATE copy SET state = 'missing', held_scan = ?, missing_scan = ?, absent = ?,"
            " absent_at = ? WHERE id = ?",
            (held_scan, missing_scan, absent, stamp(absent_at), copy),
        )

    def revive(self, copy: int) -> None:
        """A missing copy is listed again where it was."""
        self.db.execute(
            "UPDATE copy SET state = 'live', held_scan = 0, missing_scan = 0, absent = 0,"
            f" absent_at = NULL, listed_scan = {_NEXT_SCAN} WHERE id = ?",
            (copy,),
        )

    def arrive_again(self, copy: int, scan: int, came_after: int, now: datetime) -> None:
        """An ended copy is listed again where it was: as new."""
        self.db.execute(
            "UPDATE copy SET state = 'live', adopted = 0, first_scan = ?, came_after = ?,"
            " held_scan = 0, missing_scan = 0, absent = 0, absent_at = NULL, since = ?,"
            " ended_at = NULL, listed_scan = ? WHERE id = ?",
            (scan, came_after, stamp(now), scan, copy),
        )

    def set_state(self, copies: Iterable[int], state: str) -> None:
        """Put copies into another state (``deleting``)."""
        self.db.executemany(
            "UPDATE copy SET state = ? WHERE id = ?", [(state, copy) for copy in copies]
        )

    def end(self, copies: Iterable[int], now: datetime) -> None:
        """Their absence has been dealt with: tombstones."""
        self.db.executemany(
            "UPDATE copy SET state = 'ended', ended_at = ? WHERE id = ?",
            [(stamp(now), copy) for copy in copies],
        )

    def spend(self, message: int, now: datetime) -> None:
        """The losses of a message have had their consequence: they prove nothing more."""
        self.db.execute(
            "UPDATE copy SET state = 'ended', ended_at = ? WHERE message = ? AND state = 'missing'",
            (stamp(now), message),
        )

    def drop(self, copies: Iterable[int]) -> None:
        """Forget copies altogether: they moved to another mailbox, or were never ours."""
        self.db.executemany("DELETE FROM copy WHERE id = ?", [(copy,) for copy in copies])

    def adopt(self, copy: int) -> None:
        """A copy was proved to be its message, by its bytes.

        What an undo put back in the consolidated mailbox is its own and stays so.
        """
        self.db.execute(
            f"UPDATE copy SET adopted = 1, adopted_scan = {_SCAN} WHERE id = ? AND NOT EXISTS"
            " (SELECT 1 FROM hold JOIN mailbox ON mailbox.id = copy.mailbox"
            " WHERE hold.message = copy.message AND hold.rule = 'undone'"
            " AND hold.kind = 'forward-delete' AND mailbox.name = 'consolidated')",
            (copy,),
        )

    def move_copy(self, copy: int, message: int) -> None:
        """A copy was found to be another message's."""
        self.db.execute("UPDATE copy SET message = ? WHERE id = ?", (message, copy))

    def set_known(self, message: int, *, known: bool = True) -> None:
        """A message was proved to lie in the consolidated mailbox (or is new again)."""
        self.db.execute("UPDATE message SET known = ?, open = 1 WHERE id = ?", (known, message))

    def set_open(self, messages: Iterable[int], *, is_open: bool) -> None:
        """Whether there is still something to say about these messages."""
        self.db.executemany(
            "UPDATE message SET open = ? WHERE id = ? AND open <> ?",
            [(is_open, message, is_open) for message in messages],
        )

    def drop_childless(self) -> None:
        """Forget messages of which no copy is left."""
        self.db.execute(
            "DELETE FROM message WHERE NOT EXISTS"
            " (SELECT 1 FROM copy WHERE copy.message = message.id)"
        )

    def bury(self, before: datetime) -> None:
        """Remove tombstones, and listings on record, that are older than this."""
        self.db.execute("DELETE FROM copy WHERE state = 'ended' AND ended_at < ?", (stamp(before),))
        self.db.execute("DELETE FROM listing WHERE at < ?", (stamp(before),))

    def settle(self, uncounted: Sequence[str]) -> None:
        """After a run: messages that lie on both sides, all compared, have nothing open.

        Args:
            uncounted: Folders of the consolidated mailbox in which mail is not there (trash).
        """
        marks = ",".join("?" * len(uncounted))
        self.db.execute(
            "UPDATE message SET open = 0 WHERE open AND known"
            " AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.message = message.id)"
            " AND NOT EXISTS (SELECT 1 FROM copy JOIN mailbox ON mailbox.id = +copy.mailbox"
            " WHERE copy.message = message.id AND (copy.state IN ('missing', 'deleting')"
            " OR copy.state = 'live' AND NOT copy.adopted AND mailbox.name <> 'consolidated'))"
            " AND EXISTS (SELECT 1 FROM copy JOIN mailbox ON mailbox.id = +copy.mailbox"
            " WHERE copy.message = message.id AND copy.state = 'live' AND copy.adopted"
            f" AND mailbox.name = 'consolidated' AND copy.folder NOT IN ({marks}))"
            " AND EXISTS (SELECT 1 FROM copy JOIN mailbox ON mailbox.id = +copy.mailbox"
            " WHERE copy.message = message.id AND copy.state = 'live' AND copy.adopted"
            " AND mailbox.name <> 'consolidated')",
            list(uncounted),
        )

    # --- rebase

    def start_anew(self, mailbox: int, fingerprint: str) -> None:
        """Another mailbox has taken this one's name: what was known of the old one is void.

        The journal's actions keep a name that no mailbox can have: nothing deleted on the old one
        is ever put back on the new one.
        """
        self.db.execute(
            "UPDATE action SET mailbox = mailbox || ' (before)',"
            " reason = CASE WHEN outcome IS NULL THEN 'its mailbox was replaced' ELSE reason END,"
            " outcome = coalesce(outcome, 'failed')"
            " WHERE mailbox = (SELECT name FROM mailbox WHERE id = ?)",
            (mailbox,),
        )
        for table in ("copy", "folder", "listing"):
            self.db.execute(f"DELETE FROM {table} WHERE mailbox = ?", (mailbox,))
        self.db.execute(
            "UPDATE mailbox SET fingerprint = ?, scan = 0, seen_scan = 0 WHERE id = ?",
            (fingerprint, mailbox),
        )

    def forget_absent(self, mailbox: str) -> None:
        """What the mailbox does not hold is known no more; what it alone made known is new."""
        self.db.execute(
            "DELETE FROM copy WHERE state <> 'live'"
            " AND mailbox = (SELECT id FROM mailbox WHERE name = ?)",
            (mailbox,),
        )
        side = "=" if mailbox == "consolidated" else "<>"
        self.db.execute(
            "UPDATE message SET known = 0, open = 1 WHERE known AND NOT EXISTS ("
            " SELECT 1 FROM copy JOIN mailbox ON mailbox.id = +copy.mailbox"
            f" WHERE copy.message = message.id AND mailbox.name {side} 'consolidated')"
        )
        self.db.execute(
            "UPDATE copy SET adopted = 0 WHERE message IN (SELECT id FROM message WHERE NOT known)"
        )
        self.db.execute(
            "DELETE FROM hold WHERE message IN (SELECT id FROM message WHERE NOT known)"
            " AND kind <> 'collect' AND rule <> 'undone'"
        )

    # --- the journal

    def begin_run(self, command: str, directions: Sequence[str], now: datetime) -> int:
        """A run begins."""
        cursor = self.db.execute(
            "INSERT INTO run (command, directions, started) VALUES (?, ?, ?)",
            (command, ",".join(directions), stamp(now)),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end_run(self, run: int, code: int, now: datetime) -> None:
        """A run ended by itself, with this exit code."""
        self.db.execute("UPDATE run SET ended = ?, exit = ? WHERE id = ?", (stamp(now), code, run))

    def intend(self, run: int, intents: Sequence[Intent], now: datetime) -> list[int]:
        """Write down what is about to be done; the caller's transaction puts it on disk."""
        ids = []
        for intent in intents:
            cursor = self.db.execute(
                "INSERT INTO action (run, line, kind, account, message, message_id, subject,"
                " mailbox, folder, validity, uid, quarantine, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (run, *intent, stamp(now)),
            )
            assert cursor.lastrowid is not None
            ids.append(cursor.lastrowid)
        return ids

    def outcome(
        self, action: int, outcome: str, reason: str = "", location: Location | None = None
    ) -> None:
        """Write down what became of an intent, and where it was done."""
        if location is None:
            self.db.execute(
                "UPDATE action SET outcome = ?, reason = ? WHERE id = ?", (outcome, reason, action)
            )
        else:
            self.db.execute(
                "UPDATE action SET outcome = ?, reason = ?, folder = ?, validity = ?, uid = ?"
                " WHERE id = ?",
                (outcome, reason, *location, action),
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
