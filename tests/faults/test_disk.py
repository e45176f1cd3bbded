"""A part of the full disks; ``python -m tests.faults.disk`` meets every write."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.errors import LedgerError
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import MailboxError, NewMessage
from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox, create_maildir
from mailsync_tui.reading import attachments
from tests.cli.place import Place, environment
from tests.faults.disk import STAYS, STORIES, CommandTrial, ScenarioTrial, Story, mail, spread
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.shim import Disk

RUNS = 6
"""Full disks for each run of the program."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "place")


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s.name)
def test_a_full_disk_under_a_run_of_the_program(story: Story, tmp_path: Path) -> None:
    trial = CommandTrial(story, tmp_path)
    for at, stays in zip(spread(len(trial.points), RUNS), itertools.cycle(STAYS), strict=False):
        trial.refuse(at, stays)


@pytest.mark.parametrize("scenario", SCENARIOS[::3], ids=lambda s: s.name)
def test_a_full_disk_under_the_stories_of_the_table(scenario: Scenario, tmp_path: Path) -> None:
    trial = ScenarioTrial(scenario, tmp_path)
    number = SCENARIOS.index(scenario) // 3  # each at its own part, and in its own way
    for part in (0, 1):
        at = (number * 7 + part * 10) % 20 * len(trial.points) // 20
        trial.refuse(at, STAYS[(number + part) % 3])


@pytest.mark.parametrize("octets", [0, 6000, 40_000, 400_000])
def test_files_that_cannot_grow(tmp_path: Path, octets: int) -> None:
    """Said by the system itself, to a process of its own: SQLite's files are limited too."""
    trial = CommandTrial(next(story for story in STORIES if story.name == "a sync"), tmp_path)
    trial.begin()
    trial.place.age()
    limit = (octets, octets)
    done = subprocess.run(
        trial.place.command("sync", "--yes"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert done.returncode == (0 if octets == 400_000 else 1), done
    if done.returncode:
        (line,) = [x for x in done.stderr.splitlines() if x.startswith("mailsync-tui: ")]
        assert "disk I/O error" in line or "full" in line or "File too large" in line
        assert mail(trial.place) == trial.before
    trial.settle(f"files of {octets} octets")


# --- what else is written


def test_a_plan_is_saved_whole_or_not_at_all(place: Place) -> None:
    place.deliver("old", "a")
    out = place.directory / "out" / "plan.json"
    out.parent.mkdir()
    out.write_text("an earlier one")
    undisturbed = Disk([out.parent])
    with undisturbed.watching():
        assert place.run("plan", "--out", str(out.with_name("first.json"))).exit_code == 0
    assert len(undisturbed.points) >= 4
    for at in range(len(undisturbed.points)):
        disk = Disk([out.parent], at)
        with disk.watching():
            done = place.run("plan", "--out", str(out))
        assert done.exit_code == 1
        assert f"the plan was not saved to {out}: No space left" in done.stderr
        assert out.read_text() == "an earlier one"
        assert {p.name for p in out.parent.iterdir()} == {"plan.json", "first.json"}


def test_a_log_that_cannot_be_written_is_told_once(place: Place, tmp_path: Path) -> None:
    place.deliver("old", "a")
    (tmp_path / "log").mkdir()
    disk = Disk([tmp_path / "log"], 2)
    with disk.watching():
        done = place.run("--log-file", str(tmp_path / "log" / "file"), "sync", "--yes")
    assert disk.refused > 2
    assert done.exit_code == 0
    assert done.stderr.count("the log cannot be written: No space left on device") == 1
    assert "collect from old  1 done" in done.stdout


ATTACHED = b"""\
Content-Type: multipart/mixed; boundary=x

--x
Content-Disposition: attachment; filename=report.txt

All is well.
--x--
"""


def test_an_attachment_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    undisturbed = Disk([tmp_path])
    with undisturbed.watching():
        saved = attachments.write_attachment(ATTACHED, 1, tmp_path)
    assert saved.read_bytes().rstrip() == b"All is well."
    assert len(undisturbed.points) == 2
    saved.unlink()
    for at in range(2):
        with Disk([tmp_path], at).watching(), pytest.raises(OSError, match="No space left"):
            attachments.write_attachment(ATTACHED, 1, tmp_path)
        assert list(tmp_path.iterdir()) == []


# --- what is made whole or not at all


def test_a_folder_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    """With one of its parts alone it would keep the whole Maildir from being listed."""
    path = tmp_path / "Maildir"
    create_maildir(path)
    mailbox = MaildirMailbox(MailboxConfig("consolidated", "maildir", path=path))
    message = NewMessage(b"Subject: one\n\nbody\n", frozenset(), None, "1.one.example")
    for at in itertools.count():
        disk = Disk([path], at, "once")
        with disk.watching():
            try:
                mailbox.store([message], "Work")
            except MailboxError as error:
                assert "no space is left" in str(error)
        assert {p.name for p in path.iterdir()} <= {"cur", "new", "tmp", ".Work"}
        os.utime(path / "new", (0, 0))
        os.utime(path / "cur", (0, 0))
        for part in (path / ".Work").glob("[cn]*"):
            os.utime(part, (0, 0))
        listing = mailbox.list()
        assert listing.complete, f"{disk.points[at]}: {listing.error}"
        shutil.rmtree(path / ".Work", ignore_errors=True)
        if not disk.refused:
            break
    assert at > 6


def test_a_ledger_gets_its_id_with_its_first_table(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    for at in itertools.count():
        disk = Disk([tmp_path], at, "once")
        with disk.watching(), contextlib.suppress(LedgerError):
            LedgerWriter(path).close()
        with contextlib.closing(LedgerWriter(path)) as ledger:
            assert ledger.read.id
            with ledger.transaction():
                ledger.bump()
            assert ledger.read.serial == 1
        path.unlink()
        if not disk.refused:
            break
    assert at > 5


def test_a_state_directory_that_cannot_be_made(place: Place) -> None:
    place.deliver("old", "a")
    with Disk([place.state], 0, number=errno.EROFS).watching():
        done = place.run("sync", "--yes")
    assert done.exit_code == 1
    assert "cannot lock" in done.stderr
    assert "Read-only file system" in done.stderr
