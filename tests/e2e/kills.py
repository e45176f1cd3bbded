"""Kill a sync at random instants, run it again to the end, and look that nothing is amiss.

``python -m tests.e2e.kills --kills 100 --seed 1`` does so for both kinds of consolidated mailbox.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import open_ledger
from tests.e2e.world import HOME, World, environment
from tests.servers.dovecot import Dovecot

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCOUNTS = ("isp", "work")
NO_LIMIT = "[guards]\nmax_delete_share = 1.0\nmax_delete_floor = 100000\n"
_PATIENCE = 120.0
_TRIES = 8


@dataclass(slots=True)
class Tally:
    """What the kills met."""

    killed: int = 0
    outlived: int = 0
    """Runs that were over before the kill came."""
    open_intents: int = 0
    """Kills that left an action with an intent and no outcome."""
    tries: Counter[int] = field(default_factory=Counter)
    """How many further runs it took until nothing was left to do."""


class Ordeal:
    """A world in which mail comes and goes while the program is killed.

    Args:
        world: POP3 ``isp`` and IMAP ``work``, empty, and a consolidated mailbox.
        seed: Of all that is drawn.
        size: Messages that each account holds, about.
        burst: Messages that come and go each round, at most.
    """

    def __init__(self, world: World, seed: int, *, size: int = 60, burst: int = 12) -> None:
        self.world, self.burst = world, burst
        self.random = random.Random(seed)
        self.tally = Tally()
        self.lies: dict[int, tuple[str, ...]] = {}
        """The accounts on which every message lies that nobody deleted."""
        self.deleted: set[int] = set()
        """What somebody deleted after it had been synchronised."""
        self._next = 0
        self._spans = {"ready": 1.0, "applying": 0.5}
        self._arrive(size * 2)
        assert world.sync().exit == 0
        self.own = {10**6, 10**6 + 1}
        world.deliver(HOME, self.own)
        self.check("the first sync")

    def round(self) -> None:
        """Mail comes, mail is deleted on every side, a sync is killed, and others follow it."""
        settled = sorted(self.lies)
        arriving = self.random.randint(0, 2 * self.burst)
        leaving = arriving + len(settled) - 120
        self._arrive(max(1, arriving))
        self._vanish(settled, min(max(2, leaving), len(settled) // 3))
        self._killed_sync()
        if self.random.random() < 0.3:  # somebody goes on while nobody syncs
            self._vanish([n for n in settled if n in self.lies], 3)
        for tries in range(1, _TRIES + 1):
            result = self.world.sync()
            if result.exit == 0 and not result.lines:
                self.tally.tries[tries] += 1
                break
            assert result.exit in (0, 3), [x for x in result.lines if x.outcome != "done"]
        else:
            left = [(x.line.kind, x.outcome, x.reason) for x in result.lines]
            raise AssertionError(f"no end after {_TRIES} runs: {result.exit} {left}")
        self.check(f"kill {self.tally.killed}")

    def check(self, when: str) -> None:
        """Nothing is lost, doubled, or deleted twice; nothing is left to do."""
        world = self.world
        home = Counter(dict.fromkeys([*self.lies, *self.own], 1))
        _same(f"{when}: consolidated", world.held(HOME), home)
        for name in ACCOUNTS:
            there = Counter({n: 1 for n, accounts in self.lies.items() if name in accounts})
            _same(f"{when}: {name}", world.held(name), there)
        missing = self.deleted - world.quarantined()
        assert not missing, f"{when}: no copy in the quarantine of {sorted(missing)}"
        plan = world.plan()
        left = [(line.kind, line.message_id, line.reason) for line in plan.lines]
        assert (left, plan.held, plan.blocked) == ([], (), ()), f"{when}: there is more to do"
        ledger = open_ledger(world.state / "ledger.sqlite3")
        try:
            assert not journal.unsettled(ledger), f"{when}: an intent without an outcome"
            done = Counter(
                (action.kind, action.mailbox, action.location)
                for run in journal.runs(ledger)
                for action in journal.actions(ledger, run.id)
                if action.kind.endswith("-delete") and action.outcome == "done"
            )
        finally:
            ledger.close()
        twice = [what for what, count in done.items() if count > 1]
        assert not twice, f"{when}: deleted twice: {twice}"

    def _arrive(self, count: int) -> None:
        for _ in range(count):
            number = self._next
            self._next += 1
            # One of ten comes on both accounts, as mail to two addresses of one person does.
            accounts = ACCOUNTS if number % 10 == 0 else (self.random.choice(ACCOUNTS),)
            self.lies[number] = accounts
            size = self.random.choice((400, 900, 20_000))
            for name in accounts:
                self.world.deliver(name, [number], size)

    def _vanish(self, candidates: Sequence[int], count: int) -> None:
        going = self.random.sample(list(candidates), min(count, len(candidates)))
        by_side: dict[str, list[int]] = {}
        for number in going:
            sides: tuple[str, ...] = (HOME, *self.lies[number])
            by_side.setdefault(self.random.choice(sides), []).append(number)
        for side, numbers in by_side.items():
            here = self.world.held(side)
            # The killed run may have deleted it already.
            gone = [number for number in numbers if number in here]
            self.world.delete(side, gone)
            for number in gone:
                del self.lies[number]
            self.deleted |= set(gone)

    def _killed_sync(self) -> None:
        arguments = [str(self.world.config_file), str(self.world.state)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.runner", *arguments],
            stdout=subprocess.PIPE,
            env=environment(),
        )
        with process:
            assert process.stdout is not None
            # Most of the harm can be done while lines are applied.
            since = self.random.choice(("ready", "applying", "applying", "applying"))
            while process.stdout.readline().decode().strip() != since:
                pass
            begun = time.monotonic()
            try:
                code = process.wait(self.random.uniform(0, self._spans[since]))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait(_PATIENCE)
                self.tally.killed += 1
                # Drawn beyond the end now and then, so that the last instants are met too.
                self._spans[since] *= 1.1
            else:
                assert code == 0
                self.tally.outlived += 1
                self._spans[since] = 1.1 * (time.monotonic() - begun)
        ledger = open_ledger(self.world.state / "ledger.sqlite3")
        try:
            self.tally.open_intents += bool(journal.unsettled(ledger))
        finally:
            ledger.close()


def _same(what: str, found: Counter[int], expected: Counter[int]) -> None:
    lost, more = expected - found, found - expected
    assert not lost, f"{what}: lost {sorted(lost)}"
    assert not more, f"{what}: doubled, or back: {sorted(more)}"


def ordeal(
    server: Dovecot, directory: Path, home: Literal["imap", "maildir"], seed: int, kills: int
) -> Tally:
    """Kill so many syncs in one world; returns what was met."""
    accounts: dict[str, Literal["pop3", "imap", "maildir"]] = {"isp": "pop3", "work": "imap"}
    world = World(server, directory, accounts, home, extra=NO_LIMIT)
    one = Ordeal(world, seed)
    while one.tally.killed < kills:
        one.round()
    return one.tally


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="for each consolidated mailbox")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", choices=("imap", "maildir"))
    options = parser.parse_args()
    with Dovecot() as server, tempfile.TemporaryDirectory() as directory:
        homes: tuple[Literal["imap", "maildir"], ...] = ("imap", "maildir")
        for home in homes:
            if options.home in (None, home):
                begun = time.monotonic()
                place = Path(directory) / home
                tally = ordeal(server, place, home, options.seed, options.kills)
                print(f"{home}: {tally}, {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
