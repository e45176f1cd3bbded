"""A ledger that others have locked, that is damaged, or too new: one sentence, nothing deleted."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsync_tui.ledger import reader as module
from mailsync_tui.ledger.schema import MIGRATIONS
from tests.cli.place import Place
from tests.faults.disk import STORIES, CommandTrial, bodies, mail, spread

HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN " + sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""
LOCKED = sqlite3.OperationalError("database is locked")
DAMAGED = sqlite3.DatabaseError("database disk image is malformed")


@pytest.fixture
def trial(tmp_path: Path) -> CommandTrial:
    """Much is to be collected, adopted, forgotten, and deleted on both sides."""
    return CommandTrial(next(story for story in STORIES if story.name == "a sync"), tmp_path)


def ledger_of(place: Place) -> Path:
    return place.state / "default" / "ledger.sqlite3"


@contextlib.contextmanager
def held_by_another(path: Path, how: str) -> Iterator[None]:
    """Another process has SQLite's lock on the ledger (a backup, a curious person's shell)."""
    command = [sys.executable, "-c", HOLD, str(path), how]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate("")


@pytest.mark.parametrize("how", ["EXCLUSIVE", "IMMEDIATE"])
def test_locked_by_another_process(
    trial: CommandTrial, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    trial.begin()
    place = trial.place
    with held_by_another(ledger_of(place), how):
        done = place.run("sync", "--yes")
        assert done.exit_code == 1
        assert mail(place) == trial.before
        (line,) = [x for x in done.stderr.splitlines() if x.startswith("mailsync-tui: ")]
        assert "database is locked" in line
        # One that only means to write lets others read.
        reads = how == "IMMEDIATE"
        for command in (["plan"], ["history"]):
            assert place.run(*command).exit_code == (0 if reads else 1)
    trial.settle("locked by another process")


@pytest.mark.parametrize("error", [LOCKED, DAMAGED], ids=str)
@pytest.mark.parametrize("stays", ["once", "there"])
def test_locked_or_damaged_in_the_middle(
    trial: CommandTrial, error: sqlite3.Error, stays: str
) -> None:
    """At some statements; ``python -m tests.faults.disk --ledger`` does it at each."""
    for at in spread(len(trial.statements()), 4):
        trial.refuse_ledger(error, at, "once" if stays == "once" else "there")


def test_at_what_is_read_outside_of_a_transaction(trial: CommandTrial) -> None:
    statements = trial.statements()
    kinds = ("PRAGMA user_version", "SELECT value FROM", "SELECT ifnull(max(id), 0)")
    inside, outside = False, []
    for at, what in enumerate(statements):
        if what.startswith(("BEGIN", "COMMIT")):
            inside = what.startswith("BEGIN")
        elif not inside and what.startswith(kinds):
            outside.append(at)
    assert len(outside) > 4
    for at in outside:
        trial.refuse_ledger(LOCKED, at, "once")


def test_each_page_in_turn_is_garbage(trial: CommandTrial) -> None:
    """Nothing is deleted that has no copy, and with the ledger back all ends as it should."""
    trial.begin()
    whole = ledger_of(trial.place).read_bytes()
    size = int.from_bytes(whole[16:18], "big")
    pages = len(whole) // size
    assert pages > 20
    broken = 0
    for page in spread(pages, 8):
        trial.begin()
        ledger = ledger_of(trial.place)
        start = page * size
        ledger.write_bytes(whole[:start] + b"\xa7" * size + whole[start + size :])
        done = trial.call()
        detail = f"page {page}\n{done.output}"
        if done.exit_code == 0:  # one that this run had no need of
            assert mail(trial.place) == trial.expected, detail
            continue
        broken += 1
        trial.look_at(done, detail, ("malformed", "not a database", "not usable"))
        ledger.write_bytes(whole)  # restored from a backup, as it says
        trial.settle(detail)
    assert broken > 2


@pytest.mark.parametrize("version", [len(MIGRATIONS) + 1, 99])
def test_one_of_a_newer_version_is_left_alone(trial: CommandTrial, version: int) -> None:
    trial.begin()
    path = ledger_of(trial.place)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    for command in (["plan"], ["sync", "--yes"], ["history"], ["undo", "1", "--yes"]):
        done = trial.place.run(*command)
        assert done.exit_code == 1
        assert "newer version of mailsync-tui" in done.stderr
    assert mail(trial.place) == trial.before
    assert path.read_bytes() == before


def test_moved_away_everything_is_compared_anew_and_nothing_is_deleted(trial: CommandTrial) -> None:
    trial.begin()
    path = ledger_of(trial.place)
    path.write_bytes(b"no ledger" * 1000)
    assert "move it away: then everything is compared anew" in trial.call().stderr
    shutil.move(path, path.with_name("broken"))
    assert trial.call().exit_code == 0
    assert not bodies(trial.before) - bodies(mail(trial.place))
    assert not trial.place.json("plan")["actions"]
