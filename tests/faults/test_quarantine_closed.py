"""Where no copy can be kept, nothing is deleted, and the rest of the run is done."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import mail as message
from tests.engine.bench import Bench
from tests.faults.disk import STORIES, CommandTrial, bodies, mail
from tests.faults.shim import Disk

NUMBERS = [errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EIO]


@pytest.fixture
def trial(tmp_path: Path) -> CommandTrial:
    trial = CommandTrial(next(story for story in STORIES if story.name == "a sync"), tmp_path)
    trial.begin()
    return trial


def nothing_was_deleted(trial: CommandTrial) -> None:
    assert not bodies(trial.before) - bodies(mail(trial.place))


@pytest.mark.parametrize("number", NUMBERS, ids=os.strerror)
def test_not_writable(trial: CommandTrial, number: int) -> None:
    """By its mode, as the file system is read-only, over quota or broken: for root too."""
    disk = Disk([trial.place.state / "default" / "quarantine"], 0, number=number)
    with disk.watching():
        done = trial.call()
    assert done.exit_code == 3
    assert f"cannot be written: {os.strerror(number)}" in done.stdout
    assert "nothing more is deleted" in done.stdout
    nothing_was_deleted(trial)
    collected = bodies(mail(trial.place)) - bodies(trial.before)
    assert len(collected) == 2  # new mail is collected all the same
    trial.settle("not writable")


@pytest.mark.parametrize("at", range(9))
def test_not_writable_after_some_copies(tmp_path: Path, at: int) -> None:
    """The first batch is deleted, and of the second nothing: each has its copy first."""
    bench = Bench(tmp_path, {"work": "imap", "old": "imap"}, max_delete_floor=100)
    for n in range(2):
        bench.deliver("work", message(n))
        bench.deliver("old", message(n + 10))
    bench.sync()
    for n in range(2):
        bench.remove("consolidated", message(n))
        bench.remove("consolidated", message(n + 10))
    disk = Disk([tmp_path / "quarantine"], at + 8, number=errno.EACCES)
    with disk.watching():
        result = bench.sync()
    assert disk.refused
    assert result.exit == 3
    kept = len(list((tmp_path / "quarantine").glob("??/*.gz")))
    assert 4 - held(bench) <= kept
    assert held(bench) in (2, 4)
    assert {x.outcome for x in result.lines} <= {"done", "failed"}
    assert bench.sync().exit == 0
    assert held(bench) == 0


def held(bench: Bench) -> int:
    return sum(
        bench.holds(account, message(n)) for account in ("work", "old") for n in (0, 1, 10, 11)
    )


def a_file(path: Path) -> None:
    path.write_text("not a directory")


def a_dead_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def open_to_others(path: Path) -> None:
    path.mkdir()
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("there", "says"),
    [(a_file, "is no directory"), (a_dead_link, "File exists"), (open_to_others, "chmod 700")],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_something_else_is_in_its_place(
    trial: CommandTrial, there: Callable[[Path], None], says: str
) -> None:
    path = trial.place.state / "default" / "quarantine"
    there(path)
    done = trial.call()
    assert done.exit_code in (1, 3), done.output
    assert says in done.output
    assert "unforeseen" not in done.output
    nothing_was_deleted(trial)
    if done.exit_code == 1:
        assert mail(trial.place) == trial.before
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        path.rmdir()
    trial.settle(says)


def test_its_copies_cannot_be_read(tmp_path: Path) -> None:
    """Of an undo, then: each line says so, and nothing is put back half."""
    bench = Bench(tmp_path)
    bench.deliver("work", message(1))
    bench.sync()
    bench.remove("work", message(1))
    run = bench.sync().run
    assert run is not None
    (copy,) = (tmp_path / "quarantine").glob("??/*.gz")
    copy.rename(copy.with_suffix(".away"))
    copy.mkdir()
    with bench.session() as session:
        result = session.undo(run, None, lambda shown: True)
    assert result.exit == 3
    assert {line.outcome for line in result.lines} == {"failed"}
    assert bench.holds("consolidated", message(1)) == 0
    copy.rmdir()
    copy.with_suffix(".away").rename(copy)
    with bench.session() as session:
        assert session.undo(run, None, lambda shown: True).exit == 0
    assert bench.holds("consolidated", message(1)) == 1
