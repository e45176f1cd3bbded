"""A disk that is full, or broken, from one write on: what the system would say is said here.

The program reaches the disk through :mod:`os`, through files made from descriptors, and through
SQLite. Each of these calls that can change something below a directory is a *point*; at one of
them the disk refuses. No privileges and no real small disk are needed, and every point is met.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from mailsync_tui.ledger import quarantine
from mailsync_tui.ledger.reader import FILE_NAME
from mailsync_tui.mailboxes.maildir import files
from mailsync_tui.reading import attachments

Stays = Literal["once", "there", "everywhere"]
"""Whether only that one call is refused, all from then on below the same directory of ``roots``,
or all below any of them."""

_OPEN, _WRITE, _PWRITE, _CONNECT = os.open, os.write, os.pwrite, sqlite3.connect
_CHANGES = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "--")
"""What begins a statement that writes: at ``BEGIN``, SQLite only locks."""


class Disk:
    """Counts the points below some directories, and refuses at one of them.

    Args:
        roots: The directories; each is a disk of its own where ``stays`` is ``there``.
        at: Which point, from 0; ``None``: nothing is refused.
        stays: What is refused after it.
        number: The error that the system gives.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        at: int | None = None,
        stays: Stays = "there",
        number: int = errno.ENOSPC,
    ) -> None:
        self.points: list[str] = []
        self.refused = 0
        self._roots = [os.path.realpath(root) for root in roots]
        self.stays = stays
        self._at, self._number = at, number
        self._full: set[str] = set()
        self._paths: dict[int, str] = {}
        self._lock = threading.Lock()

    # --- one point

    def refuses(self, what: str, path: str) -> bool:
        """Whether this call, the next point, is refused; what lies elsewhere is no point."""
        root = next((r for r in self._roots if path == r or path.startswith(f"{r}/")), None)
        if root is None:
            return False
        with self._lock:
            here = len(self.points) == self._at
            self.points.append(f"{what} {path.removeprefix(root)}")
            if here and self.stays != "once":
                self._full |= {root} if self.stays == "there" else set(self._roots)
            refused = here or root in self._full
            self.refused += refused
            return refused

    def point(self, what: str, path: str) -> None:
        """One call that may change the disk.

        Raises:
            OSError: the disk refuses it.
        """
        if self.refuses(what, path):
            raise self.error()

    def error(self) -> OSError:
        """What the system says."""
        return OSError(self._number, os.strerror(self._number))

    def sqlite_error(self) -> sqlite3.Error:
        """What SQLite says."""
        return sqlite3.OperationalError("database or disk is full")

    def meets(self, word: str, changed: bool) -> bool:
        """Whether a statement is a point.

        Args:
            word: Its first.
            changed: Whether its transaction has written something.
        """
        return word in _CHANGES or (word == "COMMIT" and changed)

    # --- every way to the disk

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While this is entered, every point is counted."""
        with contextlib.ExitStack() as stack:
            for name in ("mkdir", "rename", "replace", "fsync", "ftruncate"):
                real = getattr(os, name)
                stack.enter_context(patch.object(os, name, self._checked(name, real)))
            stack.enter_context(patch.object(os, "open", self._open))
            stack.enter_context(patch.object(os, "write", self._write))
            stack.enter_context(patch.object(os, "pwrite", self._pwrite))
            stack.enter_context(patch.object(os, "fdopen", self._file))
            stack.enter_context(patch.object(attachments, "open", self._file, create=True))
            stack.enter_context(patch.object(sqlite3, "connect", self._connect))
            # The order of the points is always the same, and every file is flushed by itself.
            stack.enter_context(patch.object(quarantine, "_THREADS", 1))
            stack.enter_context(patch.object(files, "THREADS", 1))
            stack.enter_context(patch.object(files, "_find_syncfs", lambda: None))
            yield

    def _where(self, path: Any, dir_fd: int | None = None) -> str:
        if isinstance(path, int):
            return self._paths.get(path, "")
        base = Path.cwd() if dir_fd is None else Path(self._paths.get(dir_fd, ""))
        return os.path.normpath(str(base / path))

    def _checked(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *rest: Any, **keys: Any) -> Any:
            self.point(name, self._where(rest[0] if name in ("rename", "replace") else path))
            return real(path, *rest, **keys)

        return call

    def _open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        where = self._where(path, dir_fd)
        if flags & os.O_CREAT and not os.path.lexists(where):
            self.point("create", where)
        descriptor = _OPEN(path, flags, mode, dir_fd=dir_fd)
        self._paths[descriptor] = where
        return descriptor

    def _write(self, descriptor: int, data: Any) -> int:
        if self.refuses("write", self._where(descriptor)):
            _WRITE(descriptor, memoryview(data)[: len(data) // 2])  # what still fits
            raise self.error()
        return _WRITE(descriptor, data)

    def _pwrite(self, descriptor: int, data: Any, offset: int) -> int:
        self.point("write", self._where(descriptor))
        return _PWRITE(descriptor, data, offset)

    def _file(self, descriptor: int, mode: str = "r", **keys: Any) -> Any:
        if "w" not in mode and "a" not in mode:
            return open(descriptor, mode, **keys)
        file = io.BufferedWriter(_File(self, descriptor))
        return file if "b" in mode else io.TextIOWrapper(file, **keys)

    def _connect(self, database: Any, *args: Any, **keys: Any) -> sqlite3.Connection:
        where = os.fspath(database)
        if where == ":memory:":
            plain: sqlite3.Connection = _CONNECT(database, *args, **keys)
            return plain
        connection: _Connection = _CONNECT(database, *args, **keys, factory=_Connection)
        connection.disk, connection.where = self, where
        return connection


class BrokenLedger(Disk):
    """Only the ledger fails, at any statement whatsoever: locked by others, or damaged.

    Args:
        roots: As a disk's.
        error: What SQLite says.
        at: Which statement, from 0; ``None``: none.
        stays: As a disk's.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        error: sqlite3.Error,
        at: int | None = None,
        stays: Stays = "there",
    ) -> None:
        super().__init__(roots, at, stays)
        self._says = error

    def sqlite_error(self) -> sqlite3.Error:
        """What SQLite says."""
        return type(self._says)(*self._says.args)

    def meets(self, word: str, changed: bool) -> bool:
        """Every statement, but the one that takes everything back."""
        return word != "ROLLBACK"

    def refuses(self, what: str, path: str) -> bool:
        """Whether this statement is refused; files are none."""
        return path.endswith(FILE_NAME) and super().refuses(what, path)


class _File(io.FileIO):
    """A file made from a descriptor, whose writes are points."""

    def __init__(self, disk: Disk, descriptor: int) -> None:
        super().__init__(descriptor, "w")
        self._disk = disk
        self._where = disk._where(descriptor)

    def write(self, data: Any, /) -> int:
        if self._disk.refuses("write", self._where):
            super().write(memoryview(data)[: len(data) // 2])
            raise self._disk.error()
        return super().write(data)


class _Connection(sqlite3.Connection):
    """SQLite on that disk: a statement that writes is a point, and so is ``COMMIT``."""

    disk: Disk
    where: str
    changed = False
    """Within this transaction; a ``COMMIT`` after nothing but reading writes nothing."""

    def _point(self, sql: str) -> None:
        words = sql.split()
        before, self.changed = (
            self.changed,
            self.in_transaction and (self.changed or words[0] in _CHANGES),
        )
        if words[0] in ("COMMIT", "ROLLBACK"):
            self.changed = False
        if not self.disk.meets(words[0], before):
            return
        if self.disk.refuses(" ".join(words[:3]), self.where):
            # SQLite may roll back by itself, and always does so where a COMMIT fails.
            stands_open = self.disk.stays == "once" and words[0] != "COMMIT"
            if self.in_transaction and not stands_open:
                super().execute("ROLLBACK")
            raise self.disk.sqlite_error()

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        self._point(sql)
        return super().execute(sql, *args)

    def executemany(self, sql: str, *args: Any) -> sqlite3.Cursor:
        self._point(sql)
        return super().executemany(sql, *args)

    def executescript(self, sql: str) -> sqlite3.Cursor:
        self._point(sql.removeprefix("BEGIN IMMEDIATE;"))
        return super().executescript(sql)
