"""The ledger of one person: opening it, and reading from it.

SQLite with a rollback journal (not WAL): a reader leaves no file behind, so that a preview changes
nothing on disk, and ``synchronous = FULL`` puts every intent on disk before it is acted upon.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from sys import intern
from typing import NamedTuple, TypeVar

from mailsync_tui.errors import LedgerError
from mailsync_tui.ledger.private import mending
from mailsync_tui.ledger.rows import (
    AwayRow,
    CopyRow,
    FolderRow,
    HoldRow,
    MailboxRow,
    MarkRow,
    MessageRow,
    WaitKey,
    WaitRow,
)
from mailsync_tui.ledger.schema import MIGRATIONS, migrate, moment, stamp
from mailsync_tui.message import Identity, Location, Uid

FILE_NAME = "ledger.sqlite3"
"""In the person's directory."""
BUSY_SECONDS = 30.0
_T = TypeVar("_T")
_CHUNK = 800
_COPY = (
    "copy.id, mailbox.name, copy.folder, copy.validity, copy.uid, copy.message, copy.state,"
    " copy.adopted, copy.size, copy.first_scan, copy.came_after, copy.held_scan,"
    " copy.missing_scan, copy.absent, copy.absent_at, copy.since, copy.listed_scan,"
    " copy.adopted_scan, copy.surplus"
)


class LedgerMark(NamedTuple):
    """How far a ledger has been written, also by a run that is still at work, or was killed."""

    serial: int
    action: int
    """The journal's last."""
    unsettled: int
    """Intents without an outcome."""


class LedgerReader:
    """Everything that is read from a ledger."""

    def __init__(self, db: sqlite3.Connection, *, exists: bool) -> None:
        self.db = db
        self._exists = exists

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reads inside see one state of the ledger.

        Raises:
            LedgerError: it is damaged, or locked for too long.
        """
        with ledger_errors():
            self.db.execute("BEGIN")
            try:
                yield
            finally:
                self.db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @property
    def id(self) -> str | None:
        """Which ledger this is; ``None`` before the first run."""
        return self._meta("id") if self._exists else None

    @property
    def serial(self) -> int:
        """How often it was changed by a run: a plan names it, and is stale when it differs."""
        return int(self._meta("serial") or 0)

    @property
    def mark(self) -> LedgerMark:
        """How far it has been written: equal marks mean that no run has written in between."""
        (last,) = self.db.execute("SELECT ifnull(max(id), 0) FROM action").fetchone()
        (unsettled,) = self.db.execute(
            "SELECT count(*) FROM action WHERE outcome IS NULL"
        ).fetchone()
        return LedgerMark(self.serial, last, unsettled)

    def _meta(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    @property
    def rules(self) -> str | None:
        """The configuration under which the settled messages were found settled."""
        return self._meta("rules")

    @property
    def kept_plan(self) -> str | None:
        """The plan of the last listing that showed nothing new; see :mod:`engine.kept`."""
        return self._meta("kept_plan")

    def mailboxes(self) -> dict[str, MailboxRow]:
        """The mailboxes it knows, by name."""
        rows = self.db.execute(
            "SELECT id, name, fingerprint, scan, seen_scan, reached, waited FROM mailbox"
        )
        return {
            name: MailboxRow(number, name, fingerprint, scan, seen, moment(reached), moment(waited))
            for number, name, fingerprint, scan, seen, reached, waited in rows
        }

    def away(self) -> dict[str, AwayRow]:
        """The mailboxes that could not be reached when they were tried last, by name."""
        rows = self.db.execute("SELECT name, since, error, tries, next, refused FROM away")
        return {
            name: AwayRow(name, _when(since), error, tries, _when(until), bool(refused))
            for name, since, error, tries, until, refused in rows
        }

    def waits(self) -> dict[WaitKey, WaitRow]:
        """What waited for a person at the last sync."""
        rows = self.db.execute("SELECT state, account, kind, rule, count, since FROM wait")
        return {(*key,): WaitRow((*key,), count, _when(since)) for *key, count, since in rows}

    def folders(self, mailbox: int) -> dict[str, FolderRow]:
        """The folders of a mailbox with their cursors."""
        rows = self.db.execute(
            "SELECT name, validity, uidnext, modseq FROM folder WHERE mailbox = ?", (mailbox,)
        )
        return {name: FolderRow(*rest) for name, *rest in rows}

    def places(self, mailbox: int) -> dict[tuple[str, int], dict[Uid, tuple[int, str]]]:
        """Every copy of a mailbox: by folder and UIDVALIDITY, its message and state by uid."""
        result: dict[tuple[str, int], dict[Uid, tuple[int, str]]] = defaultdict(dict)
        rows = self.db.execute(
            "SELECT folder, validity, uid, message, state FROM copy WHERE mailbox = ?", (mailbox,)
        )
        for folder, validity, uid, message, state in rows:
            result[folder, validity][uid] = (message, intern(state))
        return result

    def open_messages(self) -> list[int]:
        """Messages about which there is still something to say."""
        return [row[0] for row in self.db.execute("SELECT id FROM message WHERE open")]

    def all_messages(self) -> list[int]:
        """All messages."""
        return [row[0] for row in self.db.execute("SELECT id FROM message")]

    def known_copies(self) -> dict[str, int]:
        """How many copies each mailbox is known to hold, or to have lost without an outcome."""
        rows = self.db.execute(
            "SELECT mailbox.name, count(*) FROM copy JOIN mailbox ON mailbox.id = copy.mailbox"
            " WHERE adopted AND state IN ('live', 'missing') GROUP BY 1"
        )
        return dict(rows)

    def candidates(self, keys: Iterable[bytes]) -> dict[bytes, list[int]]:
        """The messages that have one of these identity keys."""
        result: dict[bytes, list[int]] = defaultdict(list)
        for chunk in _chunks(list(keys)):
            rows = self.db.execute(
                "SELECT DISTINCT key, message FROM identity WHERE key IN (" + _marks(chunk) + ")",
                chunk,
            )
            for key, message in rows:
                result[key].append(message)
        return result

    def keys(self, ids: Iterable[int]) -> dict[int, set[bytes]]:
        """The identity keys of these messages."""
        result: dict[int, set[bytes]] = defaultdict(set)
        for chunk in _chunks(sorted(set(ids))):
            for message, key in self.db.execute(
                "SELECT message, key FROM identity WHERE message IN (" + _marks(chunk) + ")", chunk
            ):
                result[message].add(key)
        return result

    def messages(self, ids: Iterable[int]) -> dict[int, MessageRow]:
        """These messages with their identities, copies and holds."""
        result: dict[int, MessageRow] = {}
        for chunk in _chunks(sorted(set(ids))):
            marks = _marks(chunk)
            for row in self.db.execute(
                "SELECT id, known, message_id, sender_key, date_key, subject_key, unread,"
                " subject, sender, date, size, since FROM message WHERE id IN (" + marks + ")",
                chunk,
            ):
                number, known, *ident, unread, subject, sender, date, size, since = row
                identity = None if unread else Identity(*ident)
                result[number] = MessageRow(
                    *(number, bool(known), identity, set(), subject, sender),
                    *(moment(date), size, _when(since), [], []),
                )
            for message, digest in self.db.execute(
                "SELECT message, digest FROM identity WHERE message IN (" + marks + ")", chunk
            ):
                if digest:
                    result[message].digests.add(digest)
            for message, kind, account, rule, since, *failed in self.db.execute(
                "SELECT message, kind, account, rule, since, reason, attempts, rounds FROM hold"
                " WHERE message IN (" + marks + ")",
                chunk,
            ):
                result[message].holds.append(HoldRow(kind, account, rule, _when(since), *failed))
            for copy in self._copies("copy.message IN (" + marks + ") ORDER BY copy.id", chunk):
                result[copy.message].copies.append(copy)
        return result

    def copy_at(self, mailbox: str, location: Location) -> CopyRow | None:
        """The copy at a location."""
        where = "mailbox.name = ? AND folder = ? AND validity = ? AND uid = ?"
        return next(self._copies(where, (mailbox, *location)), None)

    def copies_at(self, mailbox: str, locations: Iterable[Location]) -> dict[Location, CopyRow]:
        """The copies at these locations."""
        folders: dict[tuple[str, int], list[Uid]] = defaultdict(list)
        for folder, validity, uid in locations:
            folders[folder, validity].append(uid)
        where = "mailbox.name = ? AND folder = ? AND validity = ? AND uid IN ("
        return {
            copy.location: copy
            for place, uids in folders.items()
            for chunk in _chunks(uids)
            for copy in self._copies(f"{where}{_marks(chunk)})", (mailbox, *place, *chunk))
        }

    def _copies(self, where: str, values: Sequence[object]) -> Iterator[CopyRow]:
        rows = self.db.execute(
            "SELECT " + _COPY + " FROM copy JOIN mailbox ON mailbox.id = copy.mailbox"
            " WHERE " + where,
            values,
        )
        for row in rows:
            number, mailbox, *location, message, state, adopted, size = row[:9]
            *scans, absent_at, since, listed, adopting, late_duplicate = row[9:]
            place = (number, mailbox, Location(*location), message, state, bool(adopted), size)
            times = (moment(absent_at), _when(since), listed, adopting, bool(late_duplicate))
            yield CopyRow._make((*place, *scans, *times))

    def blocks(self) -> list[tuple[str, str, str]]:
        """The blocks that stick: account, kind of line, rule."""
        return self.db.execute("SELECT account, kind, rule FROM block").fetchall()

    def marked(self) -> list[MarkRow]:
        """The messages that a person has marked for deletion, in the order of the marks."""
        rows = self.db.execute(
            "SELECT ifnull(marked.message, copy.message), ifnull(marked.mailbox, ''),"
            " marked.folder, marked.validity, marked.uid, scope, marked.since FROM marked"
            " LEFT JOIN mailbox ON mailbox.name = marked.mailbox LEFT JOIN copy"
            " ON (copy.mailbox, copy.folder, copy.validity, copy.uid)"
            " = (mailbox.id, marked.folder, marked.validity, marked.uid) ORDER BY marked.rowid"
        )
        return [
            MarkRow(message, box, Location(*at) if box else None, scope, _when(since))
            for message, box, *at, scope, since in rows
        ]

    def named(self, names: Sequence[str]) -> list[int]:
        """The messages of these numbers or Message-IDs, or with a copy at MAILBOX:FOLDER:UID."""
        return [
            row[0]
            for chunk in _chunks(names)
            for row in self.db.execute(
                f"SELECT id FROM message WHERE message_id IN ({_marks(chunk)})"
                f" OR '' || id IN ({_marks(chunk)}) UNION"
                " SELECT message FROM copy JOIN mailbox ON mailbox.id = copy.mailbox"
                f" WHERE mailbox.name || ':' || folder || ':' || uid IN ({_marks(chunk)})",
                (*chunk, *chunk, *chunk),
            )
        ]

    def deleted_since(self, since: datetime) -> dict[str, dict[str, int]]:
        """Deletions done since then: by account, then by kind of line."""
        result: dict[str, dict[str, int]] = defaultdict(dict)
        rows = self.db.execute(
            "SELECT account, kind, count(DISTINCT run || line) FROM action"
            " WHERE kind IN ('forward-delete', 'reverse-delete', 'delete') AND at >= ?"
            " AND outcome = 'done' GROUP BY account, kind",
            (stamp(since),),
        )
        for accounts, kind, count in rows:
            for account in accounts.split(","):
                result[account][kind] = result[account].get(kind, 0) + count
        return result

    def deleted_today(self, now: datetime) -> dict[str, dict[str, int]]:
        """Deletions done in the last 24 hours."""
        return self.deleted_since(now - timedelta(hours=24))


def open_ledger(path: Path) -> LedgerReader:
    """Open a ledger for reading; one that does not exist reads as empty and is not made.

    Raises:
        LedgerError: it cannot be opened, is damaged, or belongs to a newer version.
    """
    if not path.exists():
        db = sqlite3.connect(":memory:", isolation_level=None)
        migrate(db)
        return LedgerReader(db, exists=False)
    db = connect(path, writes=False)
    with ledger_errors(path):
        (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:  # made, and then the first run died
        db.close()
        return open_ledger(path.with_name(path.name + ".none"))
    return LedgerReader(db, exists=True)


def connect(path: Path, *, writes: bool) -> sqlite3.Connection:
    """Open the file as SQLite, with this program's settings.

    Raises:
        LedgerError: see :func:`open_ledger`.
    """
    with ledger_errors(path):
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        command = mending(path)
        if command is not None:
            raise LedgerError(f"others have access to the ledger; run: {command}")
        db = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if not writes and 0 < version < len(MIGRATIONS):
            db = _in_memory(db)
        if writes or version > 0:
            migrate(db)
        if not writes:
            db.execute("PRAGMA query_only = ON")
    return db


def _in_memory(older: sqlite3.Connection) -> sqlite3.Connection:
    """A copy that can be migrated: whoever only reads leaves the file as it is."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    older.backup(db)
    older.close()
    return db


@contextlib.contextmanager
def sqlite_errors(path: Path | None = None) -> Iterator[None]:
    """Turn what SQLite raises into one sentence that says what to do, and nothing else.

    Raises:
        LedgerError: SQLite failed.
    """
    where = f" {path}" if path else ""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerError(f"the ledger{where} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise _unusable(where, error) from error


@contextlib.contextmanager
def ledger_errors(path: Path | None = None) -> Iterator[None]:
    """The same for all that goes wrong with the file, and with what stands in it.

    Raises:
        LedgerError: SQLite failed, or the file cannot be opened, or it holds what is no ledger's.
    """
    where = f" {path}" if path else ""
    try:
        with sqlite_errors(path):
            yield
    except ValueError as error:
        raise _unusable(where, error) from error
    except OSError as error:
        raise LedgerError(f"the ledger{where} cannot be opened: {error.strerror}") from error


def _unusable(where: str, error: Exception) -> LedgerError:
    unchanged = "; nothing was changed" if where else ""  # while it is opened
    return LedgerError(
        f"the ledger{where} is not usable ({error}){unchanged}. Restore it from a"
        " backup, or move it away: then everything is compared anew and nothing is deleted"
    )


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
