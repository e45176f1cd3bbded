"""A Maildir folder on disk: reading it steadily, reading headers only, writing durably."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from mailsync_tui.mailboxes.maildir.names import unique_name

READINGS = 5
"""How often a folder is read anew when it changed meanwhile."""
HEADER_LIMIT = 1 << 20
"""Octets of a header that are read at most; what identifies a message stands in front of that."""

_SECOND = 1_000_000_000
_TICK = 20_000_000
"""Nanoseconds by which a file's time may lag the clock: the kernel stamps by its timer tick."""
_CHUNK = 8192
_HEADER_END = re.compile(rb"\n\r?\n")

Files = dict[str, list[str]]
"""Unique name to the files that bear it (nearly always one), as paths."""
THREADS = 8
"""Files that are flushed at a time where each has to be flushed by itself."""

_REPORTS_ERRORS = (5, 8)
"""The first Linux whose syncfs(2) reports that some write failed."""

_LOCAL = frozenset({0xEF53, 0x58465342, 0x9123683E, 0xF2F52010})
"""Linux' numbers of the file systems that syncfs(2) is known to put on disk: ext2 to ext4, XFS,
Btrfs, F2FS. One in user space (FUSE) may take it for nothing."""


class Folder:
    """One folder's directory, and which file was last seen for each message.

    Another program renames a file whenever a flag changes, so what is remembered is only a first
    guess: a file that is not there any more is looked for again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: Files = {}
        self._stamp: tuple[int, int] | None = None
        self.names = b""
        """What was read last, as :func:`read_names` gives it."""

    def steady(self, pause: Callable[[float], object]) -> tuple[Files, bool]:
        """Read the folder; the answer's second part says whether it held still meanwhile.

        Args:
            pause: Waits for that many seconds. A directory that changed in this very second might
                change once more without its time showing it, so that second is waited out.

        Raises:
            OSError: ``new`` or ``cur`` cannot be read.
        """
        for _ in range(READINGS):
            rest = _rest_of_second(self._times())
            if rest:
                pause(rest / _SECOND)
            before = self._times()
            certain = not _rest_of_second(before)
            files = self._read()
            if self._times() == before and certain:
                self._stamp = before
                return files, True
        return files, False

    def files(self, name: str) -> list[str]:
        """The files of one message that are there now; several only if a name was given twice.

        None found does not prove that there is none: a rename can slip through a reading that is
        not :meth:`steady`.

        Raises:
            OSError: ``new`` or ``cur`` cannot be read.
        """
        for _ in range(READINGS):
            known = self._files.get(name, [])
            there = [path for path in known if os.path.lexists(path)]
            if there and len(there) == len(known):
                return there
            if not self._refresh():
                break
        return []

    def placed(self, name: str, path: str) -> None:
        """Remember a file that was just put there, which spares reading the whole folder for it."""
        self._files.setdefault(name, []).append(path)

    def _refresh(self) -> bool:
        """Read the folder again, unless nothing can have changed since it was last read."""
        before = self._times()
        if before == self._stamp:
            return False
        certain = not _rest_of_second(before)
        self._read()
        self._stamp = before if certain else None
        return True

    def _read(self) -> Files:
        files: Files = {}
        parts: list[list[str]] = []
        # A message moves from new to cur, never back: read in this order, none can be missed.
        for part in ("new", "cur"):
            parts.append([])
            with os.scandir(self.path / part) as entries:
                for entry in entries:
                    parts[-1].append(entry.name)
                    if not entry.name.startswith(".") and not entry.is_dir(follow_symlinks=False):
                        files.setdefault(unique_name(entry.name), []).append(entry.path)
        self._files = files
        self.names = _names_digest(parts)
        return files

    def _times(self) -> tuple[int, int]:
        return ((self.path / "new").stat().st_mtime_ns, (self.path / "cur").stat().st_mtime_ns)


def read_names(path: Path) -> bytes:
    """What is equal for equal names in ``new`` and in ``cur``.

    Raises:
        OSError: one of them cannot be read.
    """
    return _names_digest([os.listdir(path / part) for part in ("new", "cur")])  # noqa: PTH208


def _names_digest(parts: Sequence[list[str]]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d\0" % len(part))
        digest.update(os.fsencode("\0".join(sorted(part))))
    return digest.digest()


def _rest_of_second(times: tuple[int, int]) -> int:
    """Nanoseconds until the second of the last change is over; 0 if it is (or lies ahead)."""
    changed = max(times) // _SECOND
    now = time.time_ns() - _TICK
    return (changed + 1) * _SECOND - now if changed == now // _SECOND else 0


def open_file(path: str) -> int:
    """Open a message for reading; never blocks on what is no plain file.

    Raises:
        OSError: it is not there, not readable, or no plain file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a plain file")
    return descriptor


def read_header(descriptor: int) -> bytes:
    """The header lines and the empty line after them; no more of the file is read than needed.

    Raises:
        OSError: it cannot be read.
    """
    header = b""
    while len(header) < HEADER_LIMIT:
        chunk = os.read(descriptor, _CHUNK)
        start = max(0, len(header) - 2)
        header += chunk
        if header.startswith((b"\n", b"\r\n")):
            return header[: header.index(b"\n") + 1]
        end = _HEADER_END.search(header, start)
        if end:
            return header[: end.end()]
        if not chunk:
            break
    return header


def read_all(descriptor: int) -> bytes:
    """All of a file, from its start.

    Raises:
        OSError: it cannot be read.
    """
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        file.seek(0)
        return file.read()


def write_batch(
    directory: Path, batch: Sequence[tuple[str, bytes, datetime | None]]
) -> list[OSError | None]:
    """Write files and put them on disk together; what fails leaves nothing behind.

    Each file is new, readable by its owner alone, and dated as its message is.

    Args:
        directory: Where they go.
        batch: Name, bytes and date of each; no more than a process may have open.
    """
    errors: list[OSError | None] = []
    written: list[int] = []
    prefix = f"{directory}/"
    try:
        for name, data, date in batch:
            try:
                written.append(_write(prefix + name, data, date))
                errors.append(None)
            except OSError as error:
                errors.append(error)
        flushed = iter(flush(directory, written))
    finally:
        for descriptor in written:
            os.close(descriptor)
    outcomes = [error or next(flushed) for error in errors]
    for (name, _, _), outcome in zip(batch, outcomes, strict=True):
        if outcome is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(prefix + name)  # noqa: PTH108 - a path object costs more than the call
    return outcomes


def _write(path: str, data: bytes, date: datetime | None) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:  # a file of this name in tmp can only be left from a run that died
        os.unlink(path)  # noqa: PTH108
        descriptor = os.open(path, flags, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if date is not None:
            seconds = int(date.timestamp())
            os.utime(descriptor, (seconds, seconds))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def sync_directory(path: Path) -> None:
    """Flush a directory's entries to disk.

    Raises:
        OSError: it cannot be.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a Maildir (or a folder of one) with all that its path lacks, durably.

    Raises:
        OSError: it cannot be made.
    """
    missing = [path, *path.parents]
    missing = missing[: next(i for i, step in enumerate(missing) if step.is_dir())]
    for directory in reversed(missing[1:]):
        directory.mkdir(mode=0o700, exist_ok=True)
    if missing:
        # Whole or not at all: with one of its parts alone it would count as broken from then on.
        # Without a leading dot the unfinished one is no folder to anybody.
        unfinished = path.with_name(f"tmp-{secrets.token_hex(8)}")
        try:
            unfinished.mkdir(mode=0o700)
            _make_parts(unfinished)
            unfinished.rename(path)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    else:
        _make_parts(path)
    for directory in missing:
        sync_directory(directory.parent)


def _make_parts(path: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (path / part).mkdir(mode=0o700, exist_ok=True)
    sync_directory(path)


def free_name(directory: Path, file: str) -> Path:
    """Where a file can be moved to without replacing one that has its name already."""
    target = directory / file
    if not os.path.lexists(target):
        return target
    name, colon, flags = file.partition(":")
    return directory / f"{name}-{secrets.token_hex(8)}{colon}{flags}"


def time_of(seconds: float) -> datetime | None:
    """A file's time as a moment; ``None`` for one that no calendar holds."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def flush(directory: Path, descriptors: Sequence[int]) -> list[OSError | None]:
    """Put files of one directory on disk; for each what went wrong, if anything.

    The whole file system at once where that is sure to work: 200 files cost then as much as one.
    """
    if len(descriptors) > 1 and _flush_all(directory):
        return [None] * len(descriptors)
    share = -(-len(descriptors) // THREADS)
    shares = [descriptors[at : at + share] for at in range(0, len(descriptors), share or 1)]
    if len(shares) < 2:
        return _flush_each(descriptors)
    with ThreadPoolExecutor(len(shares)) as pool:
        return [error for part in pool.map(_flush_each, shares) for error in part]


def _flush_each(descriptors: Sequence[int]) -> list[OSError | None]:
    errors: list[OSError | None] = []
    for descriptor in descriptors:
        try:
            os.fsync(descriptor)
            errors.append(None)
        except OSError as error:
            errors.append(error)
    return errors


def _flush_all(directory: Path) -> bool:
    """Whether the whole file system was put on disk; if not, each file has to be."""
    syncfs = _find_syncfs()
    if syncfs is None:
        return False
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return syncfs(descriptor)
    finally:
        os.close(descriptor)


@cache
def _find_syncfs() -> Callable[[int], bool] | None:
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if sys.platform != "linux" or sys.maxsize < 2**32 or release is None:
        return None
    if tuple(map(int, release.groups())) < _REPORTS_ERRORS:
        return None
    import ctypes  # not where nothing is stored

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        return None

    def syncfs(descriptor: int) -> bool:
        facts = (ctypes.c_long * 32)()  # struct statfs begins with f_type, a word
        if libc.fstatfs(descriptor, facts) != 0 or facts[0] not in _LOCAL:
            return False
        return bool(libc.syncfs(descriptor) == 0)

    return syncfs
