"""Let the disk be full at every write there is, make room again, and look that nothing is amiss.

``PYTHONPATH=tui python -m tests.faults.disk`` does so for every write of a few runs over real
Maildirs, and for every write to ledger and quarantine of every story of the planner's table. The
disk stays full, for that directory or for all, or refuses one call alone.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from click.testing import Result

from mailsync_tui.ledger.ledger import LedgerError
from mailsync_tui.ledger.quarantine import QuarantineError
from mailsync_tui.outcome import SessionError
from tests.cli.place import Place
from tests.faults.scenarios import SCENARIOS, Play, Scenario
from tests.faults.shim import Disk, Stays
from tests.faults.steps import after, without_a_copy

STAYS: tuple[Stays, ...] = get_args(Stays)
_TRIES = 4
"""Runs after which nothing is left to do, at most."""

Mail = Counter[tuple[str, str, str, bytes]]
"""Mailbox, folder, flags and bytes of each message."""


# --- runs of the program over Maildirs


@dataclass(frozen=True, slots=True)
class Story:
    """A run of the program: what lies where before it, and how it is called."""

    name: str
    before: Callable[[Place], None]
    call: tuple[str, ...]
    after: tuple[str, ...] = ("sync", "--yes")
    """How it is asked for once more."""


def _nothing_yet(place: Place) -> None:
    place.deliver("old", "a", "b", "c")
    place.deliver("work", "a", "d")


def _much_to_do(place: Place) -> None:
    place.synced(*"abcdefgh")
    place.deliver("work", "a", "i")
    place.run("sync", "--yes")
    place.remove("old", "a")  # held by work as well: both are deleted
    place.remove("old", "b")
    place.remove("all", "c")
    place.remove("all", "d")
    place.remove("old", "e")
    place.remove("all", "e")
    place.deliver("old", "j", "k")
    place.deliver("work", "j", "l")
    place.deliver("all", "l", "own")


def _into_the_trash(place: Place) -> None:
    told = place.config.read_text()
    place.config.write_text(told.replace("path =", 'delete = "trash"\npath ='))
    _much_to_do(place)


def _saved(place: Place) -> None:
    _much_to_do(place)
    place.run("plan", "--out", str(place.directory / "plan.json"))


def _deleted(place: Place) -> None:
    _much_to_do(place)
    place.run("sync", "--yes")


def _to_rebase(place: Place) -> None:
    place.synced(*"abcd")
    place.remove("old", "a")
    place.deliver("old", "e")


PLAN = "plan.json"
STORIES = (
    Story("the first sync", _nothing_yet, ("sync", "--yes")),
    Story("a sync", _much_to_do, ("sync", "--yes")),
    Story("into the trash", _into_the_trash, ("sync", "--yes")),
    Story("a saved plan", _saved, ("apply", PLAN, "--yes")),
    Story("undo", _deleted, ("undo", "3", "--yes"), ("undo", "3", "--yes")),
    Story("rebase", _to_rebase, ("rebase", "old", "--yes"), ("rebase", "old", "--yes")),
)


class World:
    """The Maildirs of one story, brought back to their beginning before each trial."""

    def __init__(self, story: Story, directory: Path) -> None:
        self.story = story
        self.place = Place(directory / "world")
        self._begun = directory / "begun"
        story.before(self.place)
        shutil.copytree(self.place.directory, self._begun, symlinks=True)
        self.before = mail(self.place)
        self.points = self._disturbed(None, "once")[1].points
        self._settle()
        self.expected = mail(self.place)

    def trial(self, at: int, stays: Stays) -> Result:
        """Let the disk refuse at one point; then there is room again.

        Raises:
            AssertionError: something was lost, doubled, or deleted without a copy.
        """
        place = self.place
        shutil.rmtree(place.directory)
        shutil.copytree(self._begun, place.directory, symlinks=True)
        done, disk = self._disturbed(at, stays)
        told = f"{self.story.name}, {stays}, {at}: {disk.points[at]}\n{done.output}"
        assert disk.refused, told
        self._look_at(done, told)
        self._settle(told)
        assert mail(place) == self.expected, told
        return done

    def _disturbed(self, at: int | None, stays: Stays) -> tuple[Result, Disk]:
        place = self.place
        place.age()
        # The accounts' Maildirs are on other disks than the ledger and the consolidated one.
        disk = Disk([place.directory / n for n in ("state", "all", "old", "work")], at, stays)
        call = [str(place.directory / PLAN) if word == PLAN else word for word in self.story.call]
        with disk.watching():
            return place.run(*call), disk

    def _look_at(self, done: Result, told: str) -> None:
        now = mail(self.place)
        assert done.exit_code in (0, 1, 3), told
        errors = [x for x in done.stderr.splitlines() if x.startswith("mailsync-tui: ")]
        if done.exit_code == 1:
            assert now == self.before, f"nothing was changed, it says; {told}"
            assert len(errors) == 1, told
        if done.exit_code:
            assert "o space" in done.output or "full" in done.output, told
            assert "unforeseen" not in done.output, told
        gone = bodies(self.before) - bodies(now)
        missing = set(gone) - kept(self.place)
        assert not missing, f"deleted without a copy: {missing}; {told}"
        wanted = bodies(self.before) | bodies(self.expected)
        assert not bodies(now) - wanted, f"doubled; {told}"
        left = [p for p in self.place.directory.rglob("*") if p.parent.name == "tmp"]
        left += list(self.place.state.rglob("tmp-*"))
        assert not left, f"left behind: {left}; {told}"

    def _settle(self, told: str = "") -> None:
        done = self.place.run(*self.story.after)
        assert done.exit_code in (0, 3), f"{told}\n{done.output}"
        for _ in range(_TRIES):
            result = self.place.json("sync", "--yes")
            if not result["lines"]:
                break
        else:
            raise AssertionError(f"no end; {told}")
        plan = self.place.json("plan")
        assert not plan["actions"], told
        assert not plan["blocked"], told


def mail(place: Place) -> Mail:
    """All that lies in the Maildirs."""
    return Counter(
        (name, str(file.parent.parent.relative_to(place.directory / name)), flags, file.read_bytes())
        for name in ("all", "old", "work")
        for part in ("cur", "new")
        for file in (place.directory / name).rglob(f"{part}/*")
        for flags in [file.name.partition(":2,")[2]]
    )


def bodies(found: Mail) -> Counter[tuple[str, bytes]]:
    """By mailbox, whatever the folder."""
    result: Counter[tuple[str, bytes]] = Counter()
    for (name, _, _, data), count in found.items():
        result[name, data] += count
    return result


def kept(place: Place) -> set[tuple[str, bytes]]:
    """What the quarantine holds, read without the program, for each mailbox."""
    copies = [gzip.decompress(file.read_bytes()) for file in place.state.rglob("*.gz")]
    return set(itertools.product(("all", "old", "work"), copies))
