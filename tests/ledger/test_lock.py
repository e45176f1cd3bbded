from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from mailsync_tui.errors import LedgerBusy, LockError
from mailsync_tui.ledger.lock import Holder, RunLock, holder_of

HOLD = """
import sys
from pathlib import Path
from mailsync_tui.ledger.lock import RunLock
with RunLock(Path(sys.argv[1]), "sync"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ann" / "lock"


@pytest.fixture
def other(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_one_at_a_time(path: Path) -> None:
    with RunLock(path, "apply"), pytest.raises(LedgerBusy):
        RunLock(path, "sync").acquire(timeout=0)
    RunLock(path, "sync").acquire(timeout=0).release()


def test_the_holder_is_named(path: Path, other: subprocess.Popen[str]) -> None:
    with pytest.raises(LedgerBusy) as caught:
        RunLock(path, "apply").acquire(timeout=0)
    holder = holder_of(path)
    assert holder is not None
    assert (holder.pid, holder.command) == (other.pid, "sync")
    assert holder.started is not None
    assert datetime.fromisoformat(holder.started).utcoffset() is not None
    assert str(caught.value) == (
        f"another run is applying to this ledger: process {other.pid}, command sync,"
        f" started {holder.started}"
    )


def test_the_lock_of_a_dead_process_is_free(path: Path, other: subprocess.Popen[str]) -> None:
    other.kill()
    other.wait()
    assert str(other.pid) in path.read_text()
    with RunLock(path, "apply"):
        assert f'"pid": {os.getpid()}' in path.read_text()


def test_waiting_ends_when_the_holder_is_done(path: Path) -> None:
    first, second = RunLock(path, "sync"), RunLock(path, "apply")
    first.acquire()

    def done_meanwhile() -> bool:
        first.release()
        return False

    with second.acquire(timeout=60, cancelled=done_meanwhile), pytest.raises(LedgerBusy):
        first.acquire(timeout=0)


def test_waiting_can_be_cancelled(path: Path) -> None:
    with RunLock(path, "sync"), pytest.raises(LedgerBusy):
        RunLock(path, "apply").acquire(timeout=3600, cancelled=lambda: True)


def test_a_longer_note_leaves_nothing_behind(path: Path) -> None:
    with RunLock(path, "x" * 60):
        pass
    with RunLock(path, "y"):
        assert "x" not in path.read_text()
        assert path.read_text().endswith("}")


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\0\xff",
        b"{",
        b"[1]",
        b"null",
        b"[" * 4000,
        b'{"pid": "1", "command": 2, "started": null}',
        b'{"pid": true}',
    ],
)
def test_any_note_is_survived(path: Path, note: bytes) -> None:
    with RunLock(path, "sync"):
        path.write_bytes(note)
        with pytest.raises(LedgerBusy) as caught:
            RunLock(path, "apply").acquire(timeout=0)
        assert holder_of(path) == Holder()
        assert str(caught.value).endswith("a process that left no note of itself")
    with RunLock(path, "apply"):
        assert '"command": "apply"' in path.read_text()


def test_a_hostile_note_is_made_harmless(path: Path) -> None:
    with RunLock(path, "sync"):
        path.write_text('{"pid": 7, "command": "\\u001b]0;x\\u0007"}')
        with pytest.raises(LedgerBusy) as caught:
            RunLock(path, "apply").acquire(timeout=0)
    assert "process 7" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_modes(path: Path) -> None:
    with RunLock(path, "sync"):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_taking_and_giving_back_twice(path: Path) -> None:
    lock = RunLock(path, "sync")
    with lock.acquire():
        lock.acquire()
    lock.release()
    lock.acquire(timeout=0).release()


def test_it_is_given_back_on_an_error(path: Path) -> None:
    with pytest.raises(KeyError), RunLock(path, "sync"):
        raise KeyError
    RunLock(path, "apply").acquire(timeout=0).release()


def test_a_child_does_not_inherit_it(path: Path) -> None:
    with RunLock(path, "sync"):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    try:
        RunLock(path, "apply").acquire(timeout=0).release()
    finally:
        child.communicate()


def test_a_place_that_cannot_be_locked(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(LockError, match="Is a directory"):
        RunLock(path, "sync").acquire(timeout=0)


def test_a_symbolic_link_is_not_followed(path: Path) -> None:
    path.parent.mkdir()
    target = path.parent / "precious"
    target.write_text("precious")
    path.symlink_to(target)
    with pytest.raises(LockError):
        RunLock(path, "sync").acquire(timeout=0)
    assert target.read_text() == "precious"
