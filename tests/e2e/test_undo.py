"""Undo on real servers: bytes, flags, dates and folders, read by an eye that is not ours."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import pytest

from mailsync_tui.engine.outcome import UndoResult
from tests.builders import number_of
from tests.e2e.world import HOME, Kind, World, plain
from tests.servers.dovecot import Dovecot

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 12
"""No two tests share a user of the server."""
GONE = (2, 3, 5, 7)


class Seen(NamedTuple):
    """One message in one mailbox."""

    folder: str
    data: bytes
    flags: frozenset[str]
    date: datetime


def world_of(server: Dovecot, directory: Path, home: Kind, **accounts: Kind) -> World:
    world = World(server, directory, accounts, home)
    for name in accounts:
        world.deliver(name, range(COUNT))
        age(world, name)
    assert world.sync().exit == 0
    return world


def age(world: World, name: str) -> None:
    """Every message arrived at another time of last year."""
    for file in world.files(name):
        arrived = 1_750_000_000 + 3607 * number_of(file.read_bytes())
        os.utime(file, (arrived, arrived))


def dress(world: World, name: str) -> None:
    """A person reads, flags and files mail with a mail program."""
    if world.kinds[name] == "imap":
        with world.server.client(world.user(name)) as client:
            client.select_folder("INBOX")
            client.add_flags([3, 4], [b"\\Seen", b"\\Flagged", b"$Important"])
            client.add_flags([6], [b"\\Answered"])
            client.create_folder("Filed")
            client.move([8], "Filed")
        return
    box = world.path(name)
    for part in ("cur", "new", "tmp"):
        (box / ".Filed" / part).mkdir(parents=True)
    for file in world.files(name):
        number = number_of(file.read_bytes())
        plain_name = file.name.partition(":")[0]
        if number in (2, 3):
            file.rename(box / "cur" / f"{plain_name}:2,FS")
        elif number == 7:
            file.rename(box / ".Filed" / "new" / plain_name)


def seen(world: World, name: str) -> dict[int, Seen]:
    """What a mailbox holds, by IMAP through another client, or by its files."""
    result: dict[int, Seen] = {}
    if world.kinds[name] != "maildir":
        with world.server.client(world.user(name)) as client:
            client.normalise_times = False
            for _, _, folder in client.list_folders():
                client.select_folder(folder, readonly=True)
                found = client.search("ALL")
                for each in client.fetch(found, ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"]).values():
                    flags = {flag.decode() for flag in each[b"FLAGS"]} - {"\\Recent"}
                    date = each[b"INTERNALDATE"].astimezone(UTC)
                    number = number_of(each[b"BODY[]"])
                    assert number not in result, f"{number} lies on {name} twice"
                    result[number] = Seen(folder, each[b"BODY[]"], frozenset(flags), date)
        return result
    box = world.path(name)
    for folder, path in {"INBOX": box, "Filed": box / ".Filed"}.items():
        for file in [*path.glob("cur/*"), *path.glob("new/*")]:
            data = file.read_bytes()
            number = number_of(data)
            assert number not in result, f"{number} lies on {name} twice"
            letters = frozenset(file.name.partition(":2,")[2])
            date = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
            result[number] = Seen(folder, data, letters, date)
    return result


def take(world: World, name: str) -> None:
    """Somebody deletes some messages, wherever they are filed."""
    if world.kinds[name] == "maildir":
        box = world.path(name)
        for file in [*box.glob("*/*"), *box.glob(".Filed/*/*")]:
            if file.is_file() and number_of(file.read_bytes()) in GONE:
                file.unlink()
        return
    with world.server.client(world.user(name)) as client:
        for _, _, folder in client.list_folders():
            client.select_folder(folder)
            found = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
            gone = [uid for uid, each in found.items() if number_of(each[b"BODY[]"]) in GONE]
            client.delete_messages(gone)
            client.expunge()


def undo(world: World, run: str | None) -> UndoResult:
    assert run is not None
    with world.session() as session:
        found = session.undo(run, None, lambda shown: True)
    assert (found.exit, {line.reason for line in found.lines} <= {"", "it was there already"}) == (
        0,
        True,
    ), [(line.outcome, line.reason) for line in found.lines]
    return found


def assert_nothing_but_held(world: World, held: int) -> None:
    for _ in range(2):
        plan = world.plan()
        assert (plan.lines, plan.blocked, plan.waiting) == ((), (), ())
        assert [line.rule for line in plan.held] == ["undone"] * held
        assert world.sync().exit == 0


@pytest.mark.parametrize("home", ["imap", "maildir"])
@pytest.mark.parametrize("kind", ["pop3", "imap", "maildir"])
def test_forward(server: Dovecot, tmp_path: Path, home: Kind, kind: Kind) -> None:
    world = world_of(server, tmp_path, home, work=kind)
    dress(world, HOME)
    world.sync()
    before = seen(world, HOME)
    assert {s.folder for s in before.values()} == {"INBOX", "Filed"}
    take(world, "work")
    run = world.sync().run
    assert set(seen(world, HOME)) == set(range(COUNT)) - set(GONE)
    undo(world, run)
    assert seen(world, HOME) == before
    assert_nothing_but_held(world, 0)
    assert seen(world, HOME) == before


@pytest.mark.parametrize("kind", ["imap", "maildir"])
def test_reverse(server: Dovecot, tmp_path: Path, kind: Kind) -> None:
    world = world_of(server, tmp_path, "imap", work=kind)
    text = world.config_file.read_text()
    world.config_file.write_text(
        text.replace("[external.work]", '[external.work]\nfolders = ["*"]')
    )
    dress(world, "work")
    world.sync()
    before = seen(world, "work")
    assert {s.folder for s in before.values()} == {"INBOX", "Filed"}
    take(world, HOME)
    run = world.sync().run
    assert set(seen(world, "work")) == set(range(COUNT)) - set(GONE)
    undo(world, run)
    assert seen(world, "work") == before
    assert_nothing_but_held(world, len(GONE))
    assert seen(world, "work") == before
    assert set(seen(world, HOME)) == set(range(COUNT)) - set(GONE)


@pytest.mark.parametrize("home", ["imap", "maildir"])
def test_pop3_takes_nothing_back(server: Dovecot, tmp_path: Path, home: Kind) -> None:
    world = world_of(server, tmp_path, home, isp="pop3")
    before = seen(world, HOME)
    take(world, HOME)
    run = world.sync().run
    assert set(world.held("isp")) == set(range(COUNT)) - set(GONE)
    found = undo(world, run)
    assert {line.line.undo for line in found.lines} == {"consolidated-only"}
    assert set(world.held("isp")) == set(range(COUNT)) - set(GONE)
    after = seen(world, HOME)
    assert set(after) == set(before)
    for number in GONE:
        assert plain(after[number].data) == plain(before[number].data)
    assert_nothing_but_held(world, 0)


def test_both(server: Dovecot, tmp_path: Path) -> None:
    """Gone at work, so gone in the consolidated mailbox and everywhere; and all of it undone."""
    world = world_of(server, tmp_path, "imap", work="imap", isp="pop3", old="maildir")
    dress(world, HOME)
    for file in world.files("old"):
        file.rename(world.path("old") / "cur" / f"{file.name.partition(':')[0]}:2,S")
    world.sync()
    before = {name: seen(world, name) for name in (HOME, "old")}
    take(world, "work")
    run = world.sync().run
    left = set(range(COUNT)) - set(GONE)
    assert all(set(seen(world, name)) == left for name in (HOME, "old", "work"))
    assert set(world.held("isp")) == left
    found = undo(world, run)
    assert len(found.lines) == 3 * len(GONE)
    assert {name: seen(world, name) for name in (HOME, "old")} == before
    assert set(seen(world, "work")) == set(world.held("isp")) == left
    assert_nothing_but_held(world, len(GONE))
    take(world, "old")
    world.sync()
    assert seen(world, HOME) == before[HOME]


def test_from_the_command_line(server: Dovecot, tmp_path: Path) -> None:
    world = world_of(server, tmp_path, "imap", isp="pop3")
    before = seen(world, HOME)
    take(world, "isp")
    assert world.run("sync", "--yes").returncode == 0
    done = world.run("undo", "2", "--yes")
    assert (done.returncode, "consolidated  4 put back" in done.stdout) == (0, True), done
    assert seen(world, HOME) == before


def test_the_trash_keeps_its_copy(server: Dovecot, tmp_path: Path) -> None:
    world = world_of(server, tmp_path, "imap", isp="pop3")
    text = world.config_file.read_text()
    world.config_file.write_text(text.replace("[consolidated]", '[consolidated]\ndelete = "trash"'))
    take(world, "isp")
    run = world.sync().run
    undo(world, run)
    with world.server.client(world.user(HOME)) as client:
        assert client.select_folder("Trash", readonly=True)[b"EXISTS"] == len(GONE)
        assert client.select_folder("INBOX", readonly=True)[b"EXISTS"] == COUNT
    assert_nothing_but_held(world, 0)
