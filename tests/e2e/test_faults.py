"""What breaks ends with one clear message and the right exit code, and nothing is deleted."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailsync_tui.errors import LedgerError, NoSpace, SessionError
from mailsync_tui.ledger.reader import FILE_NAME
from mailsync_tui.ledger.schema import stamp
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.maildir import files
from tests.e2e.world import HOME, Kind, World
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.proxy import Proxy

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

COUNT = 30
OFFSETS = 20


def ready(world: World) -> World:
    """Synchronised, and then mail was deleted on both sides: there is much to do wrong."""
    for name in world.kinds:
        if name != HOME:
            world.deliver(name, range(COUNT))
    assert world.sync().exit == 0
    for name in world.kinds:
        world.delete(name, range(5) if name == HOME else range(10, 15))
    return world


def mail(world: World) -> dict[str, Counter[int]]:
    return {name: world.held(name) for name in world.kinds if world.path(name).exists()}


def assert_failed(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    # Beside what was listed, which is progress.
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("mailsync-tui: ")]
    assert "unforeseen" not in error
    for word in words:
        assert word in error


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


@pytest.mark.parametrize("kind", ["pop3", "imap"])
def test_a_wrong_password(server: Dovecot, tmp_path: Path, kind: Kind) -> None:
    world = ready(World(server, tmp_path, {"isp": kind}, "maildir"))
    before = mail(world)
    text = world.config_file.read_text()
    world.config_file.write_text(text.replace(PASSWORD, "wr0ng-secret"))
    done = world.run("sync", "--yes")
    assert_failed(done, 1, "isp")
    assert "wr0ng-secret" not in done.stderr + done.stdout
    assert mail(world) == before


@pytest.mark.parametrize("away", ["isp", HOME])
def test_a_server_that_is_down(server: Dovecot, tmp_path: Path, away: str) -> None:
    world = ready(World(server, tmp_path, {"isp": "pop3"}, "imap"))
    before = mail(world)
    world.write_config(**{away: free_port()})
    shown = "consolidated" if away == HOME else away
    assert_failed(world.run("sync", "--yes"), 1, shown)
    assert mail(world) == before


def test_one_of_two_accounts_is_down(server: Dovecot, tmp_path: Path) -> None:
    world = World(server, tmp_path, {"isp": "pop3", "work": "imap"}, "maildir")
    world.deliver("isp", range(10))
    world.deliver("work", range(10, 20))
    world.sync()
    world.delete("isp", [2])
    world.delete(HOME, [3, 13])
    world.deliver("isp", [20])
    world.write_config(work=free_port())
    done = world.run("sync", "--yes")
    assert done.returncode == 3, done
    assert "work" in done.stdout + done.stderr
    assert set(world.held("isp")) == {*range(10), 20} - {2}
    assert set(world.held("work")) == set(range(10, 20))
    assert set(world.held(HOME)) == set(range(21)) - {3, 13}
    # All may have been moved to the one that was away; now it is known that they were not.
    world.write_config()
    assert world.sync().exit == 0
    assert set(world.held("isp")) == {*range(10), 20} - {2, 3}
    assert set(world.held("work")) == set(range(10, 20)) - {13}
    assert set(world.held(HOME)) == set(range(21)) - {2, 3, 13}


def test_an_account_that_stays_away_holds_up_the_others_for_some_days(
    server: Dovecot, tmp_path: Path
) -> None:
    """What was lost elsewhere is blocked, is let through by its count, or counts after 7 days."""
    world = World(server, tmp_path, {"isp": "pop3", "work": "imap"}, "imap")
    world.deliver("isp", range(10))
    world.deliver("work", range(10, 20))
    world.sync()
    world.delete("isp", [2])
    world.write_config(work=free_port())

    def plan(*options: str) -> dict[str, Any]:
        done = world.run("plan", "--json", *options)
        assert done.returncode == 3, done
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def deletions(document: dict[str, Any]) -> list[tuple[str, str]]:
        return [(line["kind"], line["account"]) for line in document["actions"]]

    (block,) = plan()["blocked"]
    what = [block[key] for key in ("account", "kind", "rule", "count", "allow")]
    assert what == ["isp", "forward-delete", "unreached", 1, 1]
    assert "may have been moved to work, not reached since" in block["detail"]
    done = world.run("sync", "--yes", "--accept-blocked", f"isp:unreached={block['allow']}")
    assert done.returncode == 3, done
    assert set(world.held(HOME)) == set(range(20)) - {2}

    world.delete("isp", [3])
    assert deletions(plan()) == []
    with closing(sqlite3.connect(world.state / FILE_NAME)) as db, db:
        late = stamp(datetime.now(UTC) - timedelta(days=7))
        db.execute("UPDATE mailbox SET reached = ? WHERE name = 'work'", (late,))
    late_plan = plan()
    assert (deletions(late_plan), late_plan["blocked"]) == ([("forward-delete", "isp")], [])
    assert "it may have been moved to work" in late_plan["actions"][0]["reason"]

    world.write_config()  # it is back, and was listed: nothing of it is held up, or deleted
    assert world.sync().exit == 0
    assert set(world.held(HOME)) == set(range(20)) - {2, 3}
    assert set(world.held("work")) == set(range(10, 20))


TIMINGS = 120
"""Octets by which two equal IMAP sessions differ: Dovecot ends each answer with how long it took,
so a cut closer to the end than this may come after a listing that was complete."""


@pytest.mark.parametrize(
    ("kind", "home", "cut"),
    [("pop3", "maildir", "isp"), ("imap", "maildir", "isp"), ("maildir", "imap", HOME)],
)
def test_a_listing_that_is_cut(
    server: Dovecot, tmp_path: Path, kind: Kind, home: Kind, cut: str
) -> None:
    port = server.pop3 if kind == "pop3" else server.imap
    with Proxy(port) as wire:
        ports = {cut: wire.port}
        world = ready(World(server, tmp_path, {"isp": kind}, home, ports=ports))
        before = mail(world)
        already = len(wire.said)
        expected = {line.id for line in world.plan().lines}
        assert len(expected) == 10
        (said,) = wire.said[already:]
        # Up to the farewell: a listing that is over may well lose its connection then.
        whole = bytes(said).rindex(b"* BYE" if port == server.imap else b"+OK")
        if port == server.imap:
            whole -= TIMINGS
        for offset in range(0, whole, max(1, whole // OFFSETS)):
            wire.cut_after = offset
            with pytest.raises(SessionError) as caught:
                world.sync()
            assert caught.value.exit_code == 1
            assert ("consolidated" if cut == HOME else cut) in str(caught.value)
            assert "\n" not in str(caught.value)
            assert mail(world) == before, f"cut after {offset} octets"
        wire.cut_after = None
        assert {line.id for line in world.plan().lines} == expected


@pytest.mark.parametrize(
    ("kind", "home", "cut"),
    [("pop3", "imap", "isp"), ("imap", "imap", "isp"), ("imap", "imap", HOME)],
)
def test_a_sync_that_is_cut_is_finished_by_the_next(
    server: Dovecot, tmp_path: Path, kind: Kind, home: Kind, cut: str
) -> None:
    port = server.pop3 if kind == "pop3" else server.imap
    with Proxy(port) as wire:
        ports = {cut: wire.port}
        world = World(server, tmp_path, {"isp": kind}, home, ports=ports)
        world.deliver("isp", range(2 * COUNT))
        world.sync()
        left = set(range(2 * COUNT))
        octets = 0
        for step in range(8):
            new = {1000 + 10 * step + n for n in range(5)}
            mine, theirs = 2 * step, 2 * step + 1
            world.deliver("isp", new)
            world.delete("isp", [theirs])
            world.delete(HOME, [mine])
            left = (left | new) - {mine, theirs}
            wire.cut_after = octets + 1 if octets else None
            already = len(wire.said)
            for _ in range(6):
                try:
                    if world.sync().exit == 0:
                        break
                except SessionError as error:
                    assert error.exit_code == 1
                wire.cut_after = None
            else:
                pytest.fail(f"no end, cut after {octets}")
            whole = max(len(said) for said in wire.said[already:])
            octets = whole * (step + 1) // 8
            assert not world.plan().lines
            assert world.held("isp") == world.held(HOME) == Counter(dict.fromkeys(left, 1))
            assert {mine, theirs} <= world.quarantined()


@pytest.mark.parametrize("gone", ["old", HOME])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_maildir_that_is_gone(server: Dovecot, tmp_path: Path, gone: str, how: str) -> None:
    world = ready(World(server, tmp_path, {"old": "maildir"}, "maildir"))
    shutil.rmtree(world.path(gone))
    if how == "empty":  # a mount point with nothing mounted
        world.path(gone).mkdir()
    before = mail(world)
    shown = "consolidated" if gone == HOME else gone
    assert_failed(world.run("sync", "--yes"), 1, shown)
    assert mail(world) == before
    assert not list(world.path(gone).glob("*"))


# --- a full disk


def full(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Whatever lies below a directory of that name cannot be flushed any more."""
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        if f"/{part}/" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(files, "_find_syncfs", lambda: None)  # each file by itself


@pytest.fixture
def local(server: Dovecot, tmp_path: Path) -> World:
    return ready(World(server, tmp_path, {"old": "maildir"}, "maildir"))


@pytest.mark.story("disk full")
def test_no_space_for_the_quarantine(local: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = mail(local)
    full(monkeypatch, "quarantine")
    result = local.sync("forward", "reverse")
    assert result.exit in (1, 3)
    assert {line.outcome for line in result.lines} == {"failed"}
    assert all("No space" in line.reason for line in result.lines)
    assert mail(local) == before
    monkeypatch.undo()
    assert local.sync().exit == 0
    assert not local.plan().lines


@pytest.mark.story("disk full")
def test_space_is_looked_at_beforehand(local: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = mail(local)
    real = os.statvfs

    def statvfs(path: str) -> os.statvfs_result:
        found = list(real(path))
        found[3] = found[4] = 0  # f_bfree, f_bavail
        return os.statvfs_result(found)

    monkeypatch.setattr(os, "statvfs", statvfs)
    with pytest.raises(NoSpace, match="no space for the quarantine"):
        local.sync()
    assert mail(local) == before


@pytest.mark.story("disk full")
@pytest.mark.parametrize("part", ["Maildir-home/tmp", "Maildir-home"])
def test_no_space_in_the_consolidated_mailbox(
    local: World, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """Neither the messages can be flushed, nor, once they lie there, the directory."""
    local.deliver("old", range(100, 110))
    before = mail(local)
    full(monkeypatch, part)
    result = local.sync("collect")
    assert result.exit in (1, 3)
    assert {line.outcome for line in result.lines} == {"failed"}
    if part.endswith("tmp"):
        assert mail(local) == before
    assert local.held("old") == before["old"]
    monkeypatch.undo()
    assert local.sync("collect").exit == 0
    assert set(range(100, 110)) <= set(local.held(HOME))
    assert max(local.held(HOME).values()) == 1


def test_no_space_for_the_ledger(local: World, monkeypatch: pytest.MonkeyPatch) -> None:
    local.deliver("old", range(100, 400))
    before = mail(local)
    begin = LedgerWriter.__init__

    def small(self: LedgerWriter, path: Path) -> None:
        begin(self, path)
        (pages,) = self.db.execute("PRAGMA page_count").fetchone()
        self.db.execute(f"PRAGMA max_page_count = {pages}")

    monkeypatch.setattr(LedgerWriter, "__init__", small)
    with pytest.raises(LedgerError, match="full"):
        local.sync()
    assert mail(local) == before
    monkeypatch.undo()
    assert local.sync().exit == 0
    assert not local.plan().lines


# --- a broken ledger


def garbage(data: bytes) -> bytes:
    return b"no ledger at all " * (len(data) // 17)


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def stump(data: bytes) -> bytes:
    return data[:100]


def holes(data: bytes) -> bytes:
    return data[:4096] + b"\xff" * (len(data) - 4096)


@pytest.mark.parametrize("broken", [garbage, half, stump, holes])
def test_a_broken_ledger(local: World, broken: Callable[[bytes], bytes]) -> None:
    file = local.state / "ledger.sqlite3"
    damaged = broken(file.read_bytes())
    file.write_bytes(damaged)
    before = mail(local)
    assert_failed(local.run("sync", "--yes"), 1, "ledger")
    assert_failed(local.run("plan"), 1, "ledger")
    assert mail(local) == before
    assert file.read_bytes() == damaged


def test_an_empty_ledger_deletes_nothing(local: World) -> None:
    (local.state / "ledger.sqlite3").write_bytes(b"")
    before = mail(local)
    local.run("sync", "--yes")
    after = mail(local)
    for name, held in before.items():
        assert held <= after[name]
