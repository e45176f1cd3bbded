"""Everything that is written to a ledger, by the one run that holds its lock.

One thing: nothing else writes a copy's state, so each transition is found here and only here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from mailsync_tui.ledger.reader import LedgerReader, connect, ledger_errors
from mailsync_tui.ledger.rows import AwayRow, FolderRow, Intent, MarkRow, NewCopy, Placed, WaitRow
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.ledger.uptime import Uptime, since_last
from mailsync_tui.message import Identity, Location, Raw, Summary, Uid

TOMBSTONE_DAYS = 400

_SCAN = "(SELECT value + 0 FROM meta WHERE name = 'serial')"
"""While a run applies its lines: the number of the listing that it recorded."""
_NEXT_SCAN = "(SELECT value + 1 FROM meta WHERE name = 'serial')"
"""While a listing is recorded: the number that it gets. Later: that of the next one."""

_AS_NEW = (
    " ON CONFLICT DO UPDATE SET message = excluded.message, state = 'live',"
    " adopted = excluded.adopted, size = excluded.size, first_scan = excluded.first_scan,"
    " came_after = excluded.came_after, held_scan = 0, missing_scan = 0, absent = 0,"
    " absent_at = NULL, since = excluded.since, ended_at = NULL, surplus = excluded.surplus,"
    " listed_scan = excluded.listed_scan"
)
"""A location that had another copy's row: it is this one's now."""


class LedgerWriter:
    r"""A ledger opened by the run that holds its lock; :attr:`read` reads from the same file.

    Each method is one step inside a :meth:`transaction`. The state of a copy (DESIGN.md, "The
    states of a copy") is written here and nowhere else:

    ============== ======================================================= =========================
    from           because                                                 method
    ============== ======================================================= =========================
    NEW            a listing has it, or we stored it -> LIVE               ``add_copies``, ``place``
    LIVE, MISSING  it lies elsewhere in its mailbox -> LIVE                ``relocate``
    LIVE           a complete listing lacks it -> MISSING                  ``mark_missing``
    MISSING        it is listed again -> LIVE                              ``mark_listed_again``
    LIVE           we deleted it on an account -> DELETING                 ``mark_deleting``
    any            its absence has been dealt with -> ENDED                ``end``
    MISSING        the loss has had its consequence -> ENDED               ``consume_loss``
    ENDED          it is listed again -> LIVE, as new                      ``list_as_new``
    any            it moved to another mailbox, or was never ours: no row  ``drop``
    ENDED          400 days have passed: no row                            ``purge_tombstones``
    any            the mailbox has a new base: no row                      ``forget_absent``,
                                                                           ``start_anew``
    ============== ======================================================= =========================
    """

    def __init__(self, path: Path) -> None:
        """Open a ledger for writing, making a new one if there is none.

        Raises:
            LedgerError: it cannot be opened or made, is damaged, or belongs to a newer version.
        """
        self.db = connect(path, writes=True)
        self.read = LedgerReader(self.db, exists=True)

    def close(self) -> None:
        """Close the file."""
        self.read.close()

    @contextlib.contextmanager
    def transaction(self, *, alters_plans: bool = True) -> Iterator[None]:
        """All or nothing, and on disk when it ends.

        Args:
            alters_plans: What is written may, so that the plan that was kept is dropped.

        Raises:
            LedgerError: the disk is full, or the ledger is damaged.
        """
        with ledger_errors():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                if alters_plans:
                    self.db.execute("DELETE FROM meta WHERE name = 'kept_plan'")
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

    def note_removed(self, actions: Sequence[int], raws: Sequence[Raw]) -> None:
        """Write down with the intents how the copies are that are about to be deleted."""
        self.db.executemany(
            "INSERT INTO removed VALUES (?, ?, ?)",
            [
                (action, " ".join(sorted(raw.flags)), stamp(raw.date) if raw.date else None)
                for action, raw in zip(actions, raws, strict=True)
            ],
        )

    def note_put_back(self, action: int, deletion: int) -> None:
        """Write down with its intent which deletion an action undoes."""
        self.db.execute("INSERT INTO put_back VALUES (?, ?)", (action, deletion))

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

    # --- decisions: a person's to a message, a guard's to an account and direction

    def hold(
        self, message: int, kind: str, account: str, rule: str, now: datetime, reason: str = ""
    ) -> None:
        """A decision sticks to a message; the last reason counts."""
        self.db.execute(
            "INSERT INTO hold (message, kind, account, rule, since, reason)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET reason = excluded.reason",
            (message, kind, account, rule, stamp(now), reason),
        )
        self.db.execute("UPDATE message SET open = 1 WHERE id = ?", (message,))

    def note_hang(self, message: int, kind: str, account: str, now: datetime, reason: str) -> None:
        """A server hung at a message: the next attempts are 1, 2, 4 ... syncs away."""
        self.db.execute(
            "INSERT INTO hold VALUES (?, ?, ?, 'hung', ?, ?, 1, 0) ON CONFLICT DO UPDATE SET"
            " since = excluded.since, reason = excluded.reason, attempts = attempts + 1,"
            " rounds = (1 << min(attempts, 30)) - 1",
            (message, kind, account, stamp(now), reason),
        )
        self.db.execute("UPDATE message SET open = 1 WHERE id = ?", (message,))

    def count_sync(self) -> None:
        """A sync has begun: what sits out so many of them has one less to sit out."""
        self.db.execute("UPDATE hold SET rounds = rounds - 1 WHERE rounds > 0")

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

    def mark(self, rows: Iterable[MarkRow]) -> None:
        """A person marks messages for deletion; one that is marked keeps its moment."""
        self.db.executemany(
            "INSERT INTO marked VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET scope = excluded.scope",
            [
                (r.message, *((r.mailbox, *r.location) if r.location else (None,) * 4), *more)
                for r in rows
                for more in [(r.scope, stamp(r.since))]
            ],
        )

    def lift(self, messages: Iterable[int]) -> None:
        """Marks are lifted, or what they ask for is done."""
        self.db.executemany("DELETE FROM marked WHERE message = ?", [(m,) for m in messages])

    def lift_at(self, places: Iterable[tuple[str, Location]]) -> None:
        """The same of messages that have no row, by the mailbox and location of a copy."""
        self.db.executemany(
            "DELETE FROM marked WHERE (mailbox, folder, validity, uid) = (?, ?, ?, ?)",
            [(mailbox, *location) for mailbox, location in places],
        )

    def bind_marks(self) -> None:
        """The messages that had no row have one now."""
        for row in self.read.marked():
            if row.location is not None and row.message is not None:
                self.lift_at([(row.mailbox, row.location)])
                self.mark([row._replace(location=None)])

    def block(self, account: str, kind: str, rule: str, now: datetime) -> None:
        """A guard's decision sticks to an account and direction."""
        self.db.execute(
            "INSERT OR IGNORE INTO block VALUES (?, ?, ?, ?)", (account, kind, rule, stamp(now))
        )

    def unblock(self, account: str, rule: str | None = None) -> None:
        """A person has ended a block."""
        self.db.execute(
            "DELETE FROM block WHERE account = ? AND (rule = ? OR ? IS NULL)", (account, rule, rule)
        )

    def unblock_kind(self, kind: str) -> None:
        """The blocks of one kind of line are ended, on every account."""
        self.db.execute("DELETE FROM block WHERE kind = ?", (kind,))

    # --- listings

    def bump(self) -> None:
        """A run changes the ledger: plans made before are stale."""
        self.db.execute("UPDATE meta SET value = value + 1 WHERE name = 'serial'")

    def set_rules(self, rules: str) -> None:
        """Remember under which configuration messages were found settled."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES ('rules', ?)", (rules,))

    def keep_plan(self, text: str) -> None:
        """Remember the plan of a listing that showed nothing new."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES ('kept_plan', ?)", (text,))

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
                f"UPDATE OR REPLACE {table} SET account = ? WHERE account = ?", (new, old)
            )
        self.db.execute("UPDATE action SET mailbox = ? WHERE mailbox = ?", (new, old))
        self.db.execute("UPDATE marked SET mailbox = ? WHERE mailbox = ?", (new, old))
        self.db.execute("UPDATE marked SET scope = ? WHERE scope = ?", (new, old))

    def record_listing(
        self,
        mailbox: int,
        scan: int,
        folders: Mapping[str, FolderRow],
        messages: int,
        now: datetime,
    ) -> None:
        """A mailbox was listed completely.

        Args:
            mailbox: Its row.
            scan: The number of this listing.
            folders: The cursors of its folders.
            messages: How many it listed.
            now: The moment of the listing.
        """
        self.db.execute("UPDATE mailbox SET scan = ? WHERE id = ?", (scan, mailbox))
        self.db.execute(
            "INSERT OR REPLACE INTO listing VALUES (?, ?, ?, ?)",
            (mailbox, scan, stamp(now), messages),
        )
        self.db.execute("DELETE FROM folder WHERE mailbox = ?", (mailbox,))
        self.db.executemany(
            "INSERT INTO folder VALUES (?, ?, ?, ?, ?)",
            [(mailbox, name, *row) for name, row in folders.items()],
        )

    def mark_seen(self, mailbox: int, scan: int) -> None:
        """A complete listing has shown what was read up to this scan."""
        self.db.execute("UPDATE mailbox SET seen_scan = ? WHERE id = ?", (scan, mailbox))

    def mark_reached(self, mailboxes: Iterable[int], now: datetime) -> None:
        """Mailboxes were listed completely; those that never were are waited for from now on.

        So are those of which the clock, which was ahead then, says that it will be later.
        """
        at = stamp(now)
        self.db.executemany(
            "UPDATE mailbox SET reached = ? WHERE id = ?", [(at, mailbox) for mailbox in mailboxes]
        )
        self.db.execute(
            "UPDATE mailbox SET reached = ?1 WHERE reached IS NULL OR reached > ?1", (at,)
        )
        self.db.execute("UPDATE mailbox SET waited = ?1 WHERE waited > ?1", (at,))

    def mark_left_out(self, mailboxes: Iterable[int], now: datetime) -> None:
        """Mailboxes were left out of a run by choice; nothing is known of one that was away."""
        self.db.executemany(
            "UPDATE mailbox SET waited = ? WHERE id = ? AND name NOT IN (SELECT name FROM away)",
            [(stamp(now), mailbox) for mailbox in mailboxes],
        )

    def note_clock(self, now: datetime, uptime: Uptime) -> None:
        """A sync is at work: what the clock says, and whether it has jumped since the last one."""
        before, jumped = since_last(self.read, now, uptime)
        if before == now:
            return
        if before is not None and not jumped:  # a jump itself stays on record
            self.db.execute("DELETE FROM clock WHERE at = ? AND jumped = 0", (stamp(before),))
        self.db.execute(
            "INSERT INTO clock VALUES (?, ?, ?, ?)", (stamp(now), *uptime, jumped.total_seconds())
        )

    def set_away(self, rows: Iterable[AwayRow]) -> None:
        """These mailboxes, and no others, could not be reached."""
        self.db.execute("DELETE FROM away")
        self.db.executemany(
            "INSERT INTO away (name, since, error, tries, next, refused) VALUES (?, ?, ?, ?, ?, ?)",
            [(r.name, stamp(r.since), r.error, r.tries, stamp(r.next), r.refused) for r in rows],
        )

    def set_waits(self, rows: Iterable[WaitRow]) -> None:
        """This, and nothing else, waits for a person."""
        self.db.execute("DELETE FROM wait")
        self.db.executemany(
            "INSERT INTO wait (state, account, kind, rule, count, since) VALUES (?, ?, ?, ?, ?, ?)",
            [(*row.key, row.lines, stamp(row.since)) for row in rows],
        )

    # --- messages

    def add_message(
        self, identity: Identity | None, summary: Summary, size: int, now: datetime
    ) -> int:
        """A message that was not there before."""
        return self.add_messages([(identity, summary, size)], now)[0]

    def add_messages(
        self, messages: Sequence[tuple[Identity | None, Summary, int]], now: datetime
    ) -> Sequence[int]:
        """Messages that were not there before, each with its summary and octets; their numbers."""
        (last,) = self.db.execute("SELECT ifnull(max(id), 0) FROM message").fetchone()
        ids = range(last + 1, last + 1 + len(messages))
        since, nobody = stamp(now), Identity(None, "", "", "")
        self.db.executemany(
            "INSERT INTO message (id, message_id, sender_key, date_key, subject_key, unread,"
            " subject, sender, date, size, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(number, i.message_id, i.sender, i.date, i.subject, identity is None),
                    *(summary.subject, summary.sender),
                    *(stamp(summary.date) if summary.date else None, size, since),
                )
                for number, (identity, summary, size) in zip(ids, messages, strict=True)
                for i in (identity or nobody,)
            ],
        )
        self.db.executemany(
            "INSERT OR IGNORE INTO identity VALUES (?, ?, ?)",
            [
                (identity.key, identity.digest or "", number)
                for number, (identity, _, _) in zip(ids, messages, strict=True)
                if identity is not None
            ],
        )
        return ids

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

    def close_settled(self, uncounted: Sequence[str]) -> None:
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
            " OR copy.state = 'live' AND copy.surplus"
            " OR copy.state = 'live' AND NOT copy.adopted AND mailbox.name <> 'consolidated'))"
            " AND EXISTS (SELECT 1 FROM copy JOIN mailbox ON mailbox.id = +copy.mailbox"
            " WHERE copy.message = message.id AND copy.state = 'live' AND copy.adopted"
            f" AND mailbox.name = 'consolidated' AND copy.folder NOT IN ({marks}))"
            " AND EXISTS (SELECT 1 FROM copy JOIN mailbox ON mailbox.id = +copy.mailbox"
            " WHERE copy.message = message.id AND copy.state = 'live' AND copy.adopted"
            " AND mailbox.name <> 'consolidated')",
            list(uncounted),
        )

    # --- copies, and their states

    def add_copies(self, copies: Sequence[NewCopy], now: datetime) -> None:
        """Copies that were listed for the first time."""
        since = stamp(now)
        self.db.executemany(
            "INSERT INTO copy (mailbox, folder, validity, uid, message, size, first_scan,"
            " came_after, adopted, surplus, state, since, listed_scan)"
            f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'live', ?, {_NEXT_SCAN}){_AS_NEW}",
            [(c.mailbox, *c.location, *c[2:], since) for c in copies],
        )

    def place(self, home: int, placed: Sequence[Placed], now: datetime) -> None:
        """Messages were stored in the consolidated mailbox: they are known, and so are both copies.

        Args:
            home: The consolidated mailbox's row.
            placed: The messages, none of which lay there before.
            now: The present moment.
        """
        self.db.executemany(
            "INSERT OR IGNORE INTO identity VALUES (?, ?, ?)",
            [(i.key, i.digest or "", p.message) for p in placed for i in p.forms],
        )
        self.consume_loss([p.message for p in placed], now)
        self.add_copies(
            [NewCopy(home, p.location, p.message, p.size, 0, 0, adopted=True) for p in placed], now
        )
        self.db.executemany(
            f"UPDATE copy SET message = ?, adopted = 1, adopted_scan = {_SCAN} WHERE id = ?",
            [(p.message, p.source) for p in placed],
        )
        self.db.executemany(
            "UPDATE message SET known = 1, open = 1 WHERE id = ?", [(p.message,) for p in placed]
        )
        self.db.executemany(
            "DELETE FROM hold WHERE message = ? AND (kind = 'collect' OR rule = 'kept-on')",
            [(p.message,) for p in placed],
        )
        self.db.executemany(
            "UPDATE action SET outcome = 'done', sent = NULL, folder = ?, validity = ?, uid = ?"
            " WHERE id = ?",
            [(*p.location, p.action) for p in placed],
        )

    def relocate(
        self, copy: int, location: Location, size: int, held_scan: int, missing_scan: int
    ) -> None:
        """A copy lies elsewhere in the same mailbox now: filed, or renumbered.

        Args:
            copy: Its row.
            location: Where it lies.
            size: Its octets there.
            held_scan: The last complete scan that held it where it had been.
            missing_scan: The first that lacked it there.
        """
        self.db.execute(
            "DELETE FROM copy WHERE mailbox = (SELECT mailbox FROM copy WHERE id = ?)"
            " AND folder = ? AND validity = ? AND uid = ? AND id <> ?",
            (copy, *location, copy),
        )
        self.db.execute(
            "UPDATE copy SET folder = ?, validity = ?, uid = ?, size = ?, surplus = 0,"
            " held_scan = ?, missing_scan = ?, absent = 0, absent_at = NULL,"
            f" listed_scan = CASE state WHEN 'missing' THEN {_NEXT_SCAN} ELSE listed_scan END,"
            " state = CASE state WHEN 'missing' THEN 'live' ELSE state END WHERE id = ?",
            (*location, size, held_scan, missing_scan, copy),
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

    def mark_listed_again(self, copy: int) -> None:
        """A missing copy is listed again where it was."""
        self.db.execute(
            "UPDATE copy SET state = 'live', held_scan = 0, missing_scan = 0, absent = 0,"
            f" absent_at = NULL, listed_scan = {_NEXT_SCAN} WHERE id = ?",
            (copy,),
        )

    def list_as_new(self, copy: int, scan: int, came_after: int, now: datetime) -> None:
        """An ended copy is listed again where it was: as new."""
        self.db.execute(
            "UPDATE copy SET state = 'live', adopted = 0, first_scan = ?, came_after = ?,"
            " held_scan = 0, missing_scan = 0, absent = 0, absent_at = NULL, since = ?,"
            " ended_at = NULL, listed_scan = ?, surplus = 0 WHERE id = ?",
            (scan, came_after, stamp(now), scan, copy),
        )

    def mark_deleting(self, copies: Iterable[int]) -> None:
        """We deleted copies on an account; a complete listing that lacks them is yet to come."""
        self.db.executemany(
            "UPDATE copy SET state = 'deleting' WHERE id = ?", [(copy,) for copy in copies]
        )

    def end(self, copies: Iterable[int], now: datetime) -> None:
        """Their absence has been dealt with: tombstones."""
        self.db.executemany(
            "UPDATE copy SET state = 'ended', ended_at = ? WHERE id = ?",
            [(stamp(now), copy) for copy in copies],
        )

    def consume_loss(self, messages: Iterable[int], now: datetime) -> None:
        """The losses of messages have had their consequence: they prove nothing more."""
        at = stamp(now)
        self.db.executemany(
            "UPDATE copy SET state = 'ended', ended_at = ? WHERE message = ? AND state = 'missing'",
            [(at, message) for message in messages],
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

    def clear_late_duplicate(self, copy: int, *, ours: bool) -> None:
        """A copy is no late duplicate any more.

        Args:
            copy: The copy.
            ours: It is still what we placed; else it is the consolidated mailbox's own from now on.
        """
        self.db.execute("UPDATE copy SET surplus = 0, adopted = ? WHERE id = ?", (ours, copy))

    def move_copy(self, copy: int, message: int) -> None:
        """A copy was found to be another message's."""
        self.db.execute("UPDATE copy SET message = ? WHERE id = ?", (message, copy))

    def purge_tombstones(self, before: datetime) -> None:
        """Remove tombstones, and listings on record, that are older than this."""
        self.db.execute("DELETE FROM copy WHERE state = 'ended' AND ended_at < ?", (stamp(before),))
        self.db.execute("DELETE FROM listing WHERE at < ?", (stamp(before),))

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
