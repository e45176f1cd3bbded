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
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from click.testing import Result

from mailsync_tui.errors import LedgerError, LockError, QuarantineError, SessionError
from tests.cli.place import Place
from tests.faults.scenarios import SCENARIOS, Play, Scenario
from tests.faults.shim import BrokenLedger, Disk, Stays
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
    text = place.config.read_text()
    place.config.write_text(text.replace("path =", 'delete = "trash"\npath ='))
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


class CommandTrial:
    """The Maildirs of one story, brought back to their beginning before each trial."""

    def __init__(self, story: Story, directory: Path) -> None:
        self.story = story
        self.place = Place(directory / "place")
        self._begun = directory / "begun"
        story.before(self.place)
        shutil.copytree(self.place.directory, self._begun, symlinks=True)
        self.before = mail(self.place)
        undisturbed = self.disk()
        with undisturbed.watching():
            self.call()
        self.points = undisturbed.points
        self.expected: Mail | None = None
        self.settle("undisturbed")
        self.expected = mail(self.place)

    def refuse(self, at: int, stays: Stays) -> Result:
        """Let the disk refuse at one point; then there is room again.

        Raises:
            AssertionError: something was lost, doubled, or deleted without a copy.
        """
        self.begin()
        disk = self.disk(at, stays)
        with disk.watching():
            done = self.call()
        detail = f"{self.story.name}, {stays}, {at}: {disk.points[at]}\n{done.output}"
        assert disk.refused, detail
        self.look_at(done, detail, ("o space", "full"))
        self.settle(detail)
        return done

    def statements(self) -> list[str]:
        """Every statement that an undisturbed run makes in its ledger."""
        self.begin()
        watched = BrokenLedger([self.place.state], sqlite3.OperationalError())
        with watched.watching():
            self.call()
        return watched.points

    def refuse_ledger(self, error: sqlite3.Error, at: int, stays: Stays) -> None:
        """Let the ledger fail at one statement, or from it on; then it is well again.

        Raises:
            AssertionError: as :meth:`refuse`.
        """
        self.begin()
        broken = BrokenLedger([self.place.state], error, at, stays)
        with broken.watching():
            done = self.call()
        detail = f"{self.story.name}, {error}, {stays}, {at}: {broken.points[at]}\n{done.output}"
        assert broken.refused, detail
        # A ledger that is not there yet is refused as a file.
        self.look_at(done, detail, (str(error), "o space"))
        self.settle(detail)

    def begin(self) -> None:
        """Back to the beginning."""
        shutil.rmtree(self.place.directory)
        shutil.copytree(self._begun, self.place.directory, symlinks=True)

    def disk(self, at: int | None = None, stays: Stays = "once") -> Disk:
        """Ledger and quarantine are on one disk, and each Maildir is on another."""
        return Disk([self.place.directory / n for n in ("state", "all", "old", "work")], at, stays)

    def call(self) -> Result:
        """Run the program."""
        there = str(self.place.directory / PLAN)
        return self.place.run(*(there if word == PLAN else word for word in self.story.call))

    def look_at(self, done: Result, detail: str, words: Sequence[str]) -> None:
        """Look at what a disturbed run did and said.

        Args:
            done: How it ended.
            detail: Where it was disturbed.
            words: One of them is to stand in what it said.

        Raises:
            AssertionError: something is amiss.
        """
        now = mail(self.place)
        assert done.exit_code in (0, 1, 3), detail
        errors = [x for x in done.stderr.splitlines() if x.startswith("mailsync-tui: ")]
        if done.exit_code == 1:
            assert now == self.before, f"nothing was changed, it says; {detail}"
            assert len(errors) == 1, detail
        if done.exit_code:
            assert any(word in done.output for word in words), detail
            assert "unforeseen" not in done.output, detail
        gone = bodies(self.before) - bodies(now)
        missing = set(gone) - kept(self.place)
        assert not missing, f"deleted without a copy: {missing}; {detail}"
        assert self.expected is not None
        wanted = bodies(self.before) | bodies(self.expected)
        assert not bodies(now) - wanted, f"doubled; {detail}"
        left = [p for p in self.place.directory.rglob("*") if p.parent.name == "tmp"]
        left += list(self.place.state.rglob("tmp-*"))
        assert not left, f"left behind: {left}; {detail}"

    def settle(self, detail: str) -> None:
        """Run it until nothing is left to do.

        Raises:
            AssertionError: it does not end as the undisturbed run did.
        """
        done = self.place.run(*self.story.after)
        assert done.exit_code in (0, 3), f"{detail}\n{done.output}"
        for _ in range(_TRIES):  # each looks what became of what the one before it left open
            result = self.place.json("sync", "--yes")
            if not result["lines"]:
                break
        else:
            raise AssertionError(f"no end; {detail}")
        plan = self.place.json("plan")
        assert not plan["actions"], detail
        assert not plan["blocked"], detail
        assert self.expected in (None, mail(self.place)), detail


def mail(place: Place) -> Mail:
    """All that lies in the Maildirs."""
    return Counter(
        (
            name,
            str(file.parent.parent.relative_to(place.directory / name)),
            flags,
            file.read_bytes(),
        )
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


# --- the stories of the planner's table, over mailboxes in memory


class ScenarioTrial:
    """One scenario of the table, run again for each trial; its ledger and quarantine are files."""

    def __init__(self, scenario: Scenario, directory: Path) -> None:
        self.scenario, self._directory = scenario, directory
        self._numbers = itertools.count()
        self._begun = scenario.bench(directory / "begun")
        undisturbed = self._begun.again(directory / "undisturbed")
        self.points = self._play(undisturbed, None, "once")[1].points
        for _ in range(scenario.runs - 1):
            scenario.play(undisturbed)
        self.expected = after(scenario, undisturbed)

    def refuse(self, at: int, stays: Stays) -> None:
        """Let the disk refuse at one point; then there is room again.

        Raises:
            AssertionError: it does not end as the undisturbed run did.
        """
        bench = self._begun.again(self._directory / str(next(self._numbers)))
        error, disk = self._play(bench, at, stays)
        detail = f"{self.scenario.name}, {stays}, {at}: {disk.points[at]}; {error}"
        assert disk.refused, detail
        self.scenario.settle(bench)
        found = after(self.scenario, bench)
        if found[1]:  # what only the disturbed run could have known
            self.scenario.play(bench)
            found = after(self.scenario, bench)
        assert found == self.expected, detail
        assert not without_a_copy(bench), detail
        shutil.rmtree(bench.directory)

    def _play(self, bench: Play, at: int | None, stays: Stays) -> tuple[Exception | None, Disk]:
        disk = Disk([bench.directory], at, stays)
        failure: Exception | None = None
        with disk.watching():
            try:
                self.scenario.play(bench)
            except (LedgerError, LockError, QuarantineError, SessionError) as error:
                failure = error
        if failure is not None:
            bench.wait()
        return failure, disk


def spread(whole: int, count: int) -> Sequence[int]:
    """So many points, evenly over all there are."""
    return sorted({whole * number // count for number in range(count)})


def _ledgers(points: int, stays: Sequence[Stays]) -> None:
    errors = (
        sqlite3.OperationalError("database is locked"),
        sqlite3.DatabaseError("database disk image is malformed"),
    )
    for story in STORIES:
        with tempfile.TemporaryDirectory(prefix="ledger-") as directory:
            trial = CommandTrial(story, Path(directory))
            whole = len(trial.statements())
            some = spread(whole, min(points, whole))
            for error, how, at in itertools.product(errors, stays, some):
                trial.refuse_ledger(error, at, how)
        print(f"{story.name}: {len(some)} of {whole} statements: all well", flush=True)


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10**6, help="of each run, at most")
    parser.add_argument("--stays", choices=STAYS, action="append")
    parser.add_argument("--ledger", action="store_true", help="each statement fails instead")
    options = parser.parse_args()
    begun, trials = time.monotonic(), 0
    if options.ledger:
        _ledgers(options.points, options.stays or STAYS[:2])
        return
    for story in (*STORIES, *SCENARIOS):
        with tempfile.TemporaryDirectory(prefix="disk-") as directory:
            place = Path(directory)
            trial = (
                CommandTrial(story, place)
                if isinstance(story, Story)
                else ScenarioTrial(story, place)
            )
            points = spread(len(trial.points), min(options.points, len(trial.points)))
            for stays, at in itertools.product(options.stays or STAYS, points):
                trial.refuse(at, stays)
                trials += 1
        print(f"{story.name}: {len(points)} of {len(trial.points)} writes: all well", flush=True)
    print(f"{trials} full disks, {time.monotonic() - begun:.0f} s: all well")


if __name__ == "__main__":
    main()
