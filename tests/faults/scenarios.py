"""The planner's table as scenarios: what lies where before a run, and what the run is asked for.

Each ends in a state that an undisturbed run settles; the harness runs it, runs it again,
and kills it after every single step (see :mod:`tests.faults.steps`).

A scenario has stages, with a sync of everything between two of them. So several can be played at
once, in the same mailboxes: their stages are laid over each other, the last upon the last.
"""

from __future__ import annotations

import copy
import itertools
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mailsync_tui.config.model import Holds
from mailsync_tui.engine.model import Accept
from tests import builders
from tests.engine.bench import Bench


class Play(Bench):
    """The mailboxes of one scenario or several; each has mail of its own."""

    def __init__(self, directory: Path, kinds: dict[str, str] | None = None, **guards: Any) -> None:
        super().__init__(directory, kinds, **guards)
        self.scenario = ""
        self.run = ""
        """The last run that was no part of what is disturbed."""
        self.lines: frozenset[str] = frozenset()
        """The lines of it that are undone, if not all."""

    def mail(self, n: object, **keys: Any) -> bytes:
        """A message of the scenario that is being set up."""
        return builders.mail(f"{self.scenario}{n}", **keys)

    def sync_between(self) -> None:
        """Sync everything, between two stages."""
        self.run = self.sync().run or self.run

    def again(self, directory: Path) -> Play:
        """The same once more, with mailboxes and a ledger of its own."""
        if self.directory.exists():
            shutil.copytree(self.directory, directory)
        other = copy.copy(self)
        other.directory = directory
        other.boxes = copy.deepcopy(self.boxes)
        return other


Step = Callable[[Play], None]
Stages = tuple[tuple[Step, ...], ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, or several at once."""

    name: str
    stages: Stages
    options: dict[str, Any] = field(default_factory=dict)
    """Of the run that is disturbed: directions and the like."""
    act: Step | None = None
    """What is disturbed, where it is no sync."""
    kinds: dict[str, str] | None = None
    """The accounts, if others than isp (POP3) and work (IMAP)."""
    without: tuple[str, ...] = ()
    """Kinds of lines that the person takes out."""
    guards: dict[str, Any] = field(default_factory=dict)
    runs: int = 1
    """Runs that a killed one needs after it.

    Twins are distinguished by their bytes, which a run reads, and a second copy is entered in the
    ledger once the first lies there: that is the business of the run after.
    """

    @property
    def plain(self) -> bool:
        """Whether a sync of everything is what is disturbed, so that others can join it."""
        return not (self.options or self.act or self.kinds or self.without or self.guards)

    def bench(self, directory: Path) -> Play:
        """The mailboxes and the ledger before the run."""
        bench = Play(directory, self.kinds, **self.guards)
        for number, stage in enumerate(self.stages):
            if number:
                bench.sync_between()
            for step in stage:
                step(bench)
        bench.wait()
        return bench

    def play(self, bench: Play) -> None:
        """The run that is disturbed."""
        if self.act is not None:
            self.act(bench)
            bench.wait()
            return
        rest = {k: v for k, v in self.options.items() if k != "directions"}
        bench.sync(*self.options.get("directions", ()), without=self.without, **rest)

    def settle(self, bench: Play) -> None:
        """The same is asked for once more, after the death of the run before."""
        for _ in range(self.runs):
            self.play(bench)


def together(*scenarios: Scenario) -> Scenario:
    """Several scenarios in the same mailboxes; only the first of them may be no plain one."""
    first, *others = scenarios
    assert all(other.plain for other in others)
    length = max(len(one.stages) for one in scenarios)
    padded = [
        [()] * (length - len(one.stages)) + [_within(f"{number}.", s) for s in one.stages]
        for number, one in enumerate(scenarios)
    ]
    stages = tuple(tuple(itertools.chain(*parts)) for parts in zip(*padded, strict=True))
    name = " + ".join(one.name for one in scenarios)
    return replace(first, name=name, stages=stages, runs=max(one.runs for one in scenarios))


def _within(scenario: str, steps: Sequence[Step]) -> tuple[Step, ...]:
    def within(step: Step) -> Step:
        def marked(bench: Play) -> None:
            bench.scenario = scenario
            step(bench)

        return marked

    return tuple(within(step) for step in steps)


# --- steps


def _known(*where: str, count: int = 1) -> Stages:
    return (tuple(_deliver(n, *where) for n in range(count)), ())


def _deliver(n: object, *where: str) -> Step:
    def step(bench: Play) -> None:
        for account in where:
            bench.deliver(account, bench.mail(n))

    return step


def _then(*parts: Stages) -> Stages:
    """One after the other: what ends the first is in one stage with what begins the second."""
    result: Stages = ((),)
    for part in parts:
        result = (*result[:-1], result[-1] + part[0], *part[1:])
    return result


def _do(*steps: Step) -> Stages:
    return (steps,)


def _renumber(bench: Play) -> None:
    bench.boxes["work"].renumber("INBOX")


def _new(*where: str, n: object = 1) -> Stages:
    return _do(_deliver(n, *where))


def _remove(account: str, *numbers: object) -> Stages:
    def step(bench: Play) -> None:
        for n in numbers:
            bench.remove(account, bench.mail(n))

    return _do(step)


def _move(account: str, n: object, target: str) -> Stages:
    return _do(lambda bench: bench.move(account, bench.mail(n), target))


def _flag(account: str, n: object) -> Stages:
    def step(bench: Play) -> None:
        bench.boxes[account].flag("INBOX", bench.uid_of(account, bench.mail(n)), "\\Flagged")

    return _do(step)


def _holds(**keys: Any) -> Stages:
    def step(bench: Play) -> None:
        bench.config = replace(bench.config, holds=Holds(**keys))

    return _do(step)


_SYNC: Stages = ((), ())


def _twins(bench: Play) -> None:
    bench.deliver("isp", bench.mail(1, body="one"))
    bench.deliver("work", bench.mail(1, body="another"))


def _nameless(bench: Play) -> None:
    bench.deliver("isp", bench.mail(1, message_id=False))
    bench.deliver("work", bench.mail(1, message_id=False))


def _have_trash(bench: Play) -> None:
    bench.home.trash = "Trash"
    bench.boxes["work"].trash = "Trash"


def _marked(bench: Play) -> None:
    bench.boxes["work"].mark_deleted("INBOX", bench.uid_of("work", bench.mail(2)))


def _not_taken() -> Stages:
    kept: dict[Any, Any] = {}

    def keep(bench: Play) -> None:
        kept.clear()
        uid = bench.uid_of("isp", bench.mail(0))
        kept[uid] = bench.boxes["isp"].folders["INBOX"].messages[uid]

    def still_there(bench: Play) -> None:
        bench.boxes["isp"].folders["INBOX"].messages.update(kept)

    known, gone = _known("isp"), _remove("consolidated", 0)
    return _then(known, _do(keep), gone, _SYNC, _do(still_there))


# --- what is disturbed, where it is no sync


def _undo(bench: Play) -> None:
    with bench.session() as session:
        session.undo(bench.run, bench.lines or None, lambda shown: True)


def _first_line(bench: Play) -> None:
    with bench.session() as session:
        bench.lines = frozenset({session.undoable(bench.run)[0].id})


def _rebase(bench: Play) -> None:
    with bench.session() as session:
        session.rebase("work")


def _undoing(*parts: Stages) -> Stages:
    """After a run that is undone."""
    return _then(*parts, _SYNC)


def _many(first: int, count: int) -> Stages:
    return _do(*(_deliver(n, "isp") for n in range(first, first + count)))


_HIDDEN = _then(
    _many(0, 4),
    _SYNC,
    _SYNC,
    _many(10, 3),
    _SYNC,
    _remove("isp", *range(10, 13)),
)
"""Fetched in one go, and listed no more right after: a provider hides it."""
_FEW: dict[str, Any] = {"max_delete_floor": 2, "max_delete_share": 1.0}

SCENARIOS = (
    Scenario("collect", _new("isp")),
    Scenario("collect many", _then(*(_new("isp", "work", n=n) for n in range(4)))),
    Scenario("collect only", _new("isp"), {"directions": ("collect",)}),
    Scenario("adopt", _new("work", "consolidated")),
    Scenario("adopt a late second copy", _then(_known("isp"), _new("work", n=0))),
    Scenario("forward", _then(_known("isp"), _remove("isp", 0))),
    Scenario("forward many", _then(_known("isp", count=4), _remove("isp", 0, 2))),
    Scenario("reverse on POP3", _then(_known("isp"), _remove("consolidated", 0))),
    Scenario("reverse on IMAP", _then(_known("work"), _remove("consolidated", 0))),
    Scenario("reverse on both", _then(_known("isp", "work"), _remove("consolidated", 0))),
    Scenario("gone at one, deleted for all", _then(_known("isp", "work"), _remove("work", 0))),
    Scenario(
        "forward alone",
        _then(_known("isp", "work"), _remove("work", 0)),
        {"directions": ("forward",)},
    ),
    Scenario(
        "copies all",
        _then(_known("isp", "work"), _remove("work", 0), _remove("isp", 0)),
        guards={"copies": "all"},
    ),
    Scenario("forget", _then(_known("isp"), _remove("isp", 0), _remove("consolidated", 0))),
    Scenario(
        "back on an account", _then(_known("isp"), _remove("isp", 0), _SYNC, _new("isp", n=0))
    ),
    Scenario("late copy", _then(_known("isp"), _remove("isp", 0), _SYNC, _new("work", n=0))),
    Scenario(
        "late copy, reconsidered",
        _then(_known("isp"), _remove("isp", 0), _SYNC, _new("work", n=0), _SYNC),
        {"reconsider": True},
    ),
    Scenario("the deletion did not take", _not_taken()),
    Scenario("filed", _then(_known("work"), _move("work", 0, "Archive"))),
    Scenario(
        "filed in the consolidated", _then(_known("isp"), _move("consolidated", 0, "Archive"))
    ),
    Scenario("to the trash", _then(_known("isp", "work"), _move("work", 0, "Trash"))),
    Scenario("from account to account", _then(_known("isp"), _remove("isp", 0), _new("work", n=0))),
    Scenario(
        "moved out of the consolidated",
        _then(_known("isp"), _remove("consolidated", 0), _new("work", n=0)),
    ),
    Scenario("twins", _do(_twins), runs=2),
    Scenario("without an id", _do(_nameless), runs=2),
    Scenario("two copies in one account", _new("work", "work"), runs=2),
    Scenario(
        "deleting means the trash",
        _then(_known("isp", "work"), _do(_have_trash), _remove("isp", 0)),
    ),
    Scenario(
        "others are marked",
        _then(_known("work", count=3), _do(_marked), _remove("consolidated", 0)),
    ),
    Scenario("taken out", _then(_known("isp"), _remove("isp", 0)), without=("forward-delete",)),
    Scenario("a collect taken out", _new("isp"), without=("collect",)),
    Scenario(
        "everything at once",
        _then(
            _known("isp", "work", count=4),
            _remove("isp", 0),
            _remove("work", 1),
            _remove("consolidated", 2),
            _new("isp", n="new"),
            _new("work", n="other"),
        ),
    ),
    Scenario(
        "protected by a hold",
        _then(
            _known("work", count=2),
            _holds(flagged=True),
            _flag("consolidated", 0),
            _remove("work", 0, 1),
        ),
    ),
    Scenario("hidden by the provider", _HIDDEN, guards=_FEW),
    Scenario(
        "hidden, and accepted",
        _HIDDEN,
        {"accepts": (Accept("isp", "hidden"),)},
        guards=_FEW,
    ),
    Scenario(
        "rebase",
        _then(
            _known("work", count=3),
            _remove("work", 0),
            _do(_renumber),
        ),
        act=_rebase,
    ),
    Scenario(
        "undo of forward",
        _undoing(_known("work", count=3), _remove("work", 0, 1)),
        act=_undo,
    ),
    Scenario(
        "undo of reverse on IMAP",
        _undoing(_known("work", count=3), _remove("consolidated", 0, 1)),
        act=_undo,
    ),
    Scenario(
        "undo of reverse on POP3",
        _undoing(_known("isp", count=3), _remove("consolidated", 0, 1)),
        act=_undo,
    ),
    Scenario(
        "undo of both",
        _undoing(_known("work", "old", count=3), _remove("work", 0), _remove("consolidated", 1)),
        kinds={"work": "imap", "old": "imap"},
        act=_undo,
    ),
    Scenario(
        "undo of both on IMAP and POP3",
        _undoing(_known("isp", "work", count=3), _remove("work", 0), _remove("consolidated", 1)),
        act=_undo,
    ),
    Scenario(
        "undo where deleting means the trash",
        _undoing(_known("isp", "work", count=2), _do(_have_trash), _remove("isp", 0)),
        act=_undo,
    ),
    Scenario(
        "undo of a single line",
        _then(_undoing(_known("work", count=3), _remove("work", 0, 1)), _do(_first_line)),
        act=_undo,
    ),
)
