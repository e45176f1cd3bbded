"""One run at a time applies to a ledger: a lock that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

from mailsync_tui.errors import LedgerBusy, LockError
from mailsync_tui.ledger.private import make_private_dir

_POLL = 0.1
"""Seconds between two tries."""
_LARGEST_NOTE = 4096
"""Bytes of the lock file that are read; what this program writes is far below."""

LOCK_NAME = "lock"
"""In the person's directory."""


class Holder(NamedTuple):
    """Who has the lock, as far as the file says, in which anything may stand."""

    pid: int | None = None
    command: str | None = None
    started: str | None = None
    """When the lock was taken: ISO 8601, UTC."""

    def __str__(self) -> str:
        parts = []
        if self.pid is not None:
            parts.append(f"process {self.pid}")
        if self.command is not None:
            parts.append(f"command {self.command}")
        if self.started is not None:
            parts.append(f"started {self.started}")
        return ", ".join(parts) or "a process that left no note of itself"


class RunLock:
    """The lock of one person's ledger.

    ``with RunLock(path, "sync"):`` waits as long as :meth:`acquire` does by default. The file stays
    when the lock is released: removing it would let two processes lock two files of one name.
    """

    def __init__(self, path: Path, command: str) -> None:
        """Describe a lock; nothing is touched yet.

        Args:
            path: The lock file; made 0600, its directory 0700, when the lock is first taken.
            command: What others are told: the command's name, without arguments.
        """
        self._path = path
        self._command = command
        self._descriptor: int | None = None

    def acquire(self, timeout: float = 30.0, cancelled: Callable[[], bool] = lambda: False) -> Self:
        """Take the lock; nothing happens if it is held already by this object.

        Args:
            timeout: Seconds to wait; 0 tries once.
            cancelled: Asked between two tries; once it says yes, waiting ends.

        Raises:
            LedgerBusy: Another run held it all that time, or waiting was cancelled.
            LockError: The file cannot be made or locked.
        """
        if self._descriptor is not None:
            return self
        try:
            self._descriptor = self._locked(time.monotonic() + timeout, cancelled)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise LockError(f"cannot lock {self._path}: {reason}") from error
        return self

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        # Closing ends the lock: a process that was started meanwhile inherits no descriptor.
        os.close(descriptor)

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def _locked(self, deadline: float, cancelled: Callable[[], bool]) -> int:
        make_private_dir(self._path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            _wait_for(descriptor, deadline, cancelled)
            _write_holder(descriptor, self._command)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def holder_of(path: Path) -> Holder | None:
    """Who holds a lock at this moment; ``None``: nobody, or there is no lock file to be read.

    The lock is shared for an instant; whoever tries to take it then tries again a moment later.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def _wait_for(descriptor: int, deadline: float, cancelled: Callable[[], bool]) -> None:
    while not _try_lock(descriptor):
        left = deadline - time.monotonic()
        if left <= 0 or cancelled():
            who = _read_holder(descriptor)
            raise LedgerBusy(f"another run is applying to this ledger: {who}")
        time.sleep(min(_POLL, left))


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(descriptor: int, command: str) -> None:
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = json.dumps({"pid": os.getpid(), "command": command, "started": started})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, note.encode(), 0)


def _read_holder(descriptor: int) -> Holder:
    """What the file says of its holder; anything may stand there, and it decides nothing."""
    try:
        note = json.loads(os.pread(descriptor, _LARGEST_NOTE, 0))
    except (ValueError, RecursionError):
        return Holder()
    if not isinstance(note, dict):
        return Holder()
    pid, command, started = (note.get(key) for key in ("pid", "command", "started"))
    return Holder(
        pid if isinstance(pid, int) and not isinstance(pid, bool) else None,
        command[:80] if isinstance(command, str) else None,
        started[:40] if isinstance(started, str) else None,
    )
