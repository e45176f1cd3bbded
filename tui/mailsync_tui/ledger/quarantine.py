"""A copy of every message goes here before any deletion, and is on disk when that is said.

A file is named after the SHA-256 of the raw bytes and holds them gzipped, so that ``zcat`` brings
a message back even without this program.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import re
import shutil
import tempfile
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.errors import NoSpace, QuarantineError
from mailsync_tui.ledger.private import make_private_dir, mending, sync_dir

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

MARGIN = 16 * 2**20
"""Octets that must stay free beside what is asked for: the ledger grows too."""

_NAME = re.compile(r"[0-9a-f]{64}")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_SUFFIX = ".gz"
_THREADS = 8
"""Flushes of several files at once share a commit of the file system's journal."""
_IN_FLIGHT = 4 * _THREADS
"""Messages held in memory at once, however many are put."""
_GZIP = 31
"""zlib's ``wbits`` for the gzip format (RFC 1952)."""
_LEVEL = 1
_TEMPORARY = "tmp-"
_DAY = 86400
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class _Written(NamedTuple):
    """A message that is on disk: under its name, or at ``temporary`` to be renamed."""

    name: str
    temporary: Path | None


class Quarantine:
    """One person's quarantine, a directory of its own. Only one run at a time writes to it."""

    def __init__(self, directory: Path) -> None:
        """Look at the directory, if there is one; it is made when something is put.

        Raises:
            QuarantineError: Others can read it; the text holds the command that mends it.
        """
        self._directory = directory
        self._check_private()

    def put_all(self, items: Iterable[bytes]) -> list[str]:
        """Keep a batch of messages; all are on disk when this returns.

        A message that is there already is kept once; its age starts anew.

        Args:
            items: Raw messages. They are taken as they are written, so a generator need not hold
                them all.

        Returns:
            The name of each, in the order given.

        Raises:
            NoSpace: The disk or the quota is full. What was half written is gone again.
            QuarantineError: It cannot be written for another reason.
        """
        with self._errors_named("written"):
            make_private_dir(self._directory)
            self._check_private()
            with tempfile.TemporaryDirectory(
                prefix=_TEMPORARY, dir=self._directory, ignore_cleanup_errors=True
            ) as batch:
                return self._put_batch(items, Path(batch))

    def get(self, name: str) -> bytes:
        """The raw bytes of a message.

        Args:
            name: What :meth:`put_all` called it.

        Raises:
            QuarantineError: It is not there, cannot be read, or its bytes are not what was put.
        """
        if not _NAME.fullmatch(name):
            raise QuarantineError(f"{name:.80} is no name of a copy in the quarantine")
        with self._errors_named("read"):
            try:
                data = _read_intact(self._path(name))
            except FileNotFoundError:
                raise QuarantineError(f"the copy {name} is not in the quarantine") from None
        if data is None or hashlib.sha256(data).hexdigest() != name:
            raise QuarantineError(f"the copy {name} in the quarantine is damaged")
        return data

    def holds(self, name: str) -> bool:
        """Whether there is a file for a message; only :meth:`get` tells whether it is intact.

        Raises:
            QuarantineError: The directory cannot be read.
        """
        with self._errors_named("read"):
            return bool(_NAME.fullmatch(name)) and self._path(name).exists()

    def require_space(self, total_bytes: int) -> None:
        """Make sure that messages of that size fit, even if none can be compressed.

        Args:
            total_bytes: Octets of all messages together.

        Raises:
            NoSpace: They would not leave :data:`MARGIN` free.
            QuarantineError: The file system cannot be asked.
        """
        existing = self._directory
        while not existing.exists() and existing != existing.parent:
            existing = existing.parent
        with self._errors_named("measured"):
            room = os.statvfs(existing)
        if not room.f_blocks:
            # Some network file systems tell nothing; a full one is noticed when it is written to.
            return
        free = room.f_bavail * room.f_frsize
        if free < total_bytes + MARGIN:
            raise NoSpace(
                f"no space for the quarantine: the copies need {_megabytes(total_bytes + MARGIN)},"
                f" and {_megabytes(free)} are free at {existing}"
            )

    def clean(self, before: datetime, now: datetime, keep: Collection[str]) -> int:
        """Remove the copies that were put before some moment.

        Args:
            before: Aware.
            now: The time, aware.
            keep: Names of copies that stay whatever their age.

        Returns:
            How many copies were removed.

        Raises:
            QuarantineError: The directory cannot be read or written.
        """
        removed = 0
        spared = frozenset(keep)
        limit = before.timestamp()
        with self._errors_named("cleaned"):
            for name, file in self._copies():
                if name not in spared and file.stat().st_mtime < limit:
                    Path(file).unlink()
                    removed += 1
            for leftover in self._directory.glob(f"{_TEMPORARY}*"):
                # Of a run that was killed; a day, since a clock may be set.
                if leftover.stat().st_mtime < now.timestamp() - _DAY:
                    shutil.rmtree(leftover)
        return removed

    def size(self) -> tuple[int, int]:
        """How many copies there are, and the octets that their files hold.

        Raises:
            QuarantineError: The directory cannot be read.
        """
        files = octets = 0
        with self._errors_named("read"):
            for _, file in self._copies():
                files += 1
                octets += file.stat().st_size
        return files, octets

    def _put_batch(self, items: Iterable[bytes], batch: Path) -> list[str]:
        # Loaded only by a command that deletes.
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_THREADS, "quarantine") as pool:
            temporaries = (batch / str(number) for number in itertools.count())
            written = list(_map_few(pool, self._write, items, temporaries))
            folders = {self._path(each.name).parent for each in written}
            missing = [folder for folder in folders if not folder.is_dir()]
            for folder in missing:
                folder.mkdir(mode=0o700)
            for name, temporary in dict(written).items():
                if temporary is not None:
                    temporary.replace(self._path(name))
            # Only now: one flush of the journal covers all renames made before it.
            list(pool.map(sync_dir, [*folders, self._directory] if missing else folders))
        return [each.name for each in written]

    def _write(self, data: bytes, temporary: Path) -> _Written:
        """Put one message on disk, flushed, unless it is there; runs in a thread."""
        name = hashlib.sha256(data).hexdigest()
        if self._refresh(name, data):
            return _Written(name, None)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(zlib.compress(data, _LEVEL, wbits=_GZIP))
            file.flush()
            os.fsync(file.fileno())
        return _Written(name, temporary)

    def _refresh(self, name: str, data: bytes) -> bool:
        """Whether the message is there intact; then its age starts anew, on disk too."""
        path = self._path(name)
        try:
            if _read_intact(path) != data:
                return False
        except OSError:
            # Missing, or on a bad sector: it is written anew, and that tells whether it can be.
            return False
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.utime(descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return True

    def _path(self, name: str) -> Path:
        return self._directory / name[:2] / f"{name}{_SUFFIX}"

    def _copies(self) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """The copies' names and files; nothing where the directory is not made yet."""
        if not self._directory.exists():
            return
        with os.scandir(self._directory) as folders:
            for folder in folders:
                if not _FOLDER.fullmatch(folder.name):
                    continue
                with os.scandir(folder) as files:
                    for file in files:
                        name = file.name.removesuffix(_SUFFIX)
                        if _NAME.fullmatch(name) and name != file.name:
                            yield name, file

    @contextmanager
    def _errors_named(self, what: str) -> Iterator[None]:
        """Turn the system's errors into this module's; ``what`` reads after "cannot be"."""
        try:
            yield
        except OSError as error:
            where = f"the quarantine {self._directory} cannot be {what}"
            reason = error.strerror or type(error).__name__
            kind = NoSpace if error.errno in _FULL else QuarantineError
            raise kind(f"{where}: {reason}") from error

    def _check_private(self) -> None:
        with self._errors_named("read"):
            if not self._directory.exists():
                return
            if not self._directory.is_dir():
                raise QuarantineError(f"the quarantine {self._directory} is no directory")
            command = mending(self._directory)
        if command is not None:
            raise QuarantineError(f"others have access to the quarantine; run: {command}")


def _map_few(
    pool: Executor,
    function: Callable[[bytes, Path], _Written],
    items: Iterable[bytes],
    temporaries: Iterator[Path],
) -> Iterator[_Written]:
    """The results in order; only so many items are taken as are being worked on."""
    waiting: deque[Future[_Written]] = deque()
    for data, temporary in zip(items, temporaries, strict=False):
        waiting.append(pool.submit(function, data, temporary))
        if len(waiting) >= _IN_FLIGHT:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _read_intact(path: Path) -> bytes | None:
    """A file's content unpacked; ``None`` if it is not one whole gzip member."""
    unpacker = zlib.decompressobj(wbits=_GZIP)
    try:
        data = unpacker.decompress(path.read_bytes())
    except zlib.error:
        return None
    return data if unpacker.eof and not unpacker.unused_data else None


def _megabytes(octets: int) -> str:
    return f"{octets / 1e6:,.1f} MB"
