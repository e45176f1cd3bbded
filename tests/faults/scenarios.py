"""The planner's table as stories: what lies where before a run, and what the run is asked for.

Each story ends in a world that an undisturbed run settles; the harness runs it, runs it again,
and kills it after every single step (see :mod:`tests.faults.steps`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.bench import Bench, mail

Prepare = Callable[[Bench], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story."""

    name: str
    prepare: Prepare
    options: dict[str, Any] = field(default_factory=dict)
    """Of the run that is disturbed: directions and the like."""
    kinds: dict[str, str] | None = None
    """The accounts, if others than isp (POP3) and work (IMAP)."""
    without: tuple[str, ...] = ()
    """Kinds of lines that the person takes out."""
    guards: dict[str, Any] = field(default_factory=dict)
    runs: int = 1
    """Runs that a killed one needs after it.

    Twins are told apart by their bytes, which a run reads, and a second copy is entered in the
    ledger once the first lies there: that is the business of the run after.
    """

    def bench(self, directory: Path) -> Bench:
        """The world before the run."""
        bench = Bench(directory, self.kinds, **self.guards)
        self.prepare(bench)
        bench.wait()
        return bench


def _deliver(bench: Bench, *where: str, n: object = 1) -> None:
    for account in where:
        bench.deliver(account, mail(n))


def _known(*where: str, count: int = 1) -> Prepare:
    def prepare(bench: Bench) -> None:
        for n in range(count):
            _deliver(bench, *where, n=n)
        bench.sync()

    return prepare


def _then(first: Prepare, *more: Prepare) -> Prepare:
    def prepare(bench: Bench) -> None:
        first(bench)
        for each in more:
            each(bench)

    return prepare


def _remove(account: str, *numbers: object) -> Prepare:
    def prepare(bench: Bench) -> None:
        for n in numbers:
            bench.remove(account, mail(n))

    return prepare


def _new(*where: str, n: object = 1) -> Prepare:
    return lambda bench: _deliver(bench, *where, n=n)


def _sync(*directions: str, without: tuple[str, ...] = ()) -> Prepare:
    def prepare(bench: Bench) -> None:
        bench.sync(*directions, without=without)

    return prepare


def _move(account: str, n: object, target: str) -> Prepare:
    return lambda bench: bench.move(account, mail(n), target)


def _twins(bench: Bench) -> None:
    bench.deliver("isp", mail(1, body="one"))
    bench.deliver("work", mail(1, body="another"))


def _nameless(bench: Bench) -> None:
    bench.deliver("isp", mail(1, message_id=False))
    bench.deliver("work", mail(1, message_id=False))


def _two_copies(bench: Bench) -> None:
    bench.deliver("work", mail(1))
    bench.deliver("work", mail(1), "INBOX")


def _trash(bench: Bench) -> None:
    _known("isp", "work")(bench)
    bench.home.trash = "Trash"
    bench.boxes["work"].trash = "Trash"
    bench.remove("isp", mail(0))


def _marked(bench: Bench) -> None:
    _known("work", count=3)(bench)
    bench.boxes["work"].mark_deleted("INBOX", bench.uid_of("work", mail(2)))
    bench.remove("consolidated", mail(0))


def _not_taken(bench: Bench) -> None:
    _known("isp")(bench)
    kept = dict(bench.boxes["isp"].folders["INBOX"].messages)
    bench.remove("consolidated", mail(0))
    bench.sync()
    bench.boxes["isp"].folders["INBOX"].messages.update(kept)


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
        "back on an account", _then(_known("isp"), _remove("isp", 0), _sync(), _new("isp", n=0))
    ),
    Scenario("late copy", _then(_known("isp"), _remove("isp", 0), _sync(), _new("work", n=0))),
    Scenario(
        "late copy, reconsidered",
        _then(_known("isp"), _remove("isp", 0), _sync(), _new("work", n=0), _sync()),
        {"reconsider": True},
    ),
    Scenario("the deletion did not take", _not_taken),
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
    Scenario("twins", _twins, runs=2),
    Scenario("without an id", _nameless, runs=2),
    Scenario("two copies in one account", _two_copies, runs=2),
    Scenario("deleting means the trash", _trash),
    Scenario("others are marked", _marked),
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
)
