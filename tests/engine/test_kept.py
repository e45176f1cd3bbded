"""A plan of a listing that showed nothing new is kept, and is the plan as long as nothing changes.

That it is the one that would be made in full, :class:`tests.engine.bench.Bench` looks at each time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.config.model import Holds
from mailsync_tui.engine.events import Event, ListingDone
from mailsync_tui.engine.model import Options
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger
from mailsync_tui.ledger.rows import MarkRow
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import LoginRefused
from mailsync_tui.session.session import Session
from tests.builders import mail
from tests.engine.bench import Bench, held, kinds

M, N = mail(1), mail(2)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Two accounts and what was collected from them; its plan is kept."""
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap", "old": "imap"})
    bench.deliver("isp", M)
    bench.deliver("work", N)
    bench.deliver("old", N)
    settle(bench)
    return bench


def settle(bench: Bench) -> None:
    for _ in range(3):  # what there is to do, what is to be recorded after it, and nothing
        bench.sync()
    assert bench.keeps(Options())


def listed(bench: Bench) -> set[str]:
    """The mailboxes that were listed more than asked whether they have changed, by a plan."""
    for box in bench.boxes.values():
        box.calls.clear()
    with bench.session() as session:
        session.plan(Options())
    folders = {name: len(box.folders) for name, box in bench.boxes.items()}
    return {name for name, box in bench.boxes.items() if box.called("list") > folders[name]}


def test_without_a_change_nothing_is_planned(bench: Bench) -> None:
    events: list[Event] = []
    boxes = dict(bench.boxes)
    with (
        Session(
            bench.config,
            bench.directory,
            emit=events.append,
            mailboxes=boxes,
            clock=lambda: bench.now,
        ) as session,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.delattr(Session, "observe")
        plan = session.plan(Options())
        result = session.sync(Options(), lambda plan: frozenset())
    assert plan == result.plan == bench.plan_in_full(Options())
    assert (result.run, result.exit) == (None, 0)
    counts = {name: report.messages for name, report in plan.mailboxes.items()}
    assert counts == {"isp": 1, "work": 1, "old": 1, "consolidated": 3}
    assert {(e.mailbox, e.messages) for e in events if isinstance(e, ListingDone)} == {
        *counts.items()
    }


def test_a_plan_of_what_is_held_is_kept(bench: Bench) -> None:
    bench.config = replace(bench.config, holds=Holds(folders=("INBOX",)))
    bench.remove("work", N)
    settle(bench)
    plan = bench.plan()
    assert held(plan)
    assert plan == bench.plan_in_full(Options())


def flagged(bench: Bench) -> None:
    bench.boxes["work"].flag("INBOX", 1, "\\Deleted")


CHANGES: dict[str, Callable[[Bench], object]] = {
    "new mail": lambda bench: bench.deliver("isp", mail(7)),
    "new mail of its own": lambda bench: bench.deliver("consolidated", mail(7)),
    "gone": lambda bench: bench.remove("work", N),
    "gone from the consolidated mailbox": lambda bench: bench.remove("consolidated", M),
    "marked": flagged,
    "a folder": lambda bench: bench.boxes["work"].add_folder("New"),
    "its role": lambda bench: setattr(bench.boxes["work"].folders["Archive"], "role", "junk"),
    "broken off": lambda bench: setattr(bench.boxes["work"], "incomplete", "broken off"),
    "away": lambda bench: setattr(bench.boxes["work"], "unreachable", "no route to host"),
    "another configuration": lambda bench: bench.configure("work", folders=("*",)),
    "other guards": lambda bench: bench.guards(copies="all"),
    "another mailbox": lambda bench: bench.configure("work", host="elsewhere.example"),
    "a hold": lambda bench: _write(bench, lambda ledger: ledger.block("a", "b", "c", bench.now)),
    "a run that began": lambda bench: _write(
        bench, lambda ledger: ledger.begin_run("sync", (), bench.now)
    ),
}


def _write(bench: Bench, what: Callable[[LedgerWriter], object]) -> None:
    with (
        contextlib.closing(LedgerWriter(bench.directory / FILE_NAME)) as ledger,
        ledger.transaction(),
    ):
        what(ledger)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_planned_in_full(bench: Bench, change: str) -> None:
    CHANGES[change](bench)
    with pytest.MonkeyPatch.context() as patch, bench.session() as session:
        full: list[object] = []
        real = session.observe

        def observe(*arguments: Any) -> Any:
            full.append(arguments)
            return real(*arguments)

        patch.setattr(session, "observe", observe)
        plan = session.plan(Options())
        assert full
        assert plan == bench.plan_in_full(Options())


def test_other_options_are_another_plan(bench: Bench) -> None:
    assert not bench.keeps(Options(("collect",)))
    assert not bench.keeps(Options(reconsider=True))


def test_only_what_is_unchanged_is_listed_twice(bench: Bench) -> None:
    assert listed(bench) == set()
    bench.deliver("isp", mail(7))
    assert listed(bench) == {"work", "old", "consolidated"}


def test_a_refused_log_in_is_not_tried_twice(bench: Bench) -> None:
    tries = []

    def refuse(*_: object) -> None:
        tries.append(1)
        raise LoginRefused("the server does not let ann in")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.boxes["work"], "list", refuse)
        plan = bench.plan(only=("work", "isp", "old"))
    assert plan.mailboxes["work"].error == "the server does not let ann in"
    assert len(tries) == 1


def test_what_grows_older_is_not_kept(bench: Bench) -> None:
    bench.config = replace(bench.config, holds=Holds(younger_than=timedelta(days=3650)))
    settle(bench)
    bench.remove("work", N)
    bench.sync()
    bench.sync()
    assert held(bench.plan())
    assert not bench.keeps(Options())


def test_where_a_mailbox_shows_no_change_no_plan_is_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.boxes["isp"].note = "it has neither UIDL nor TOP"
    for _ in range(3):
        bench.sync()
    assert not bench.keeps(Options())


def test_while_a_mailbox_is_away_nothing_is_kept(bench: Bench) -> None:
    bench.boxes["work"].unreachable = "no route to host"
    bench.deliver("isp", mail(7))
    for _ in range(3):
        bench.sync()
    assert not bench.keeps(Options())
    assert kinds(bench.plan()) == []


def test_all_mailboxes_were_reached(bench: Bench) -> None:
    bench.wait(60 * 24 * 3)
    bench.sync()
    with contextlib.closing(open_ledger(bench.directory / FILE_NAME)) as ledger:
        reached = {row.reached for row in ledger.mailboxes().values()}
    assert reached == {bench.now - timedelta(minutes=15)}


def test_an_account_that_is_not_due_is_not_asked_either(bench: Bench) -> None:
    bench.configure("work", every=timedelta(hours=1))
    settle(bench)
    bench.boxes["work"].calls.clear()
    with bench.session(patient=True) as session:
        assert session.plan(Options()).mailboxes["work"].left_out
    assert not bench.boxes["work"].calls


def test_a_mark_ends_what_was_kept(bench: Bench) -> None:
    with contextlib.closing(open_ledger(bench.directory / FILE_NAME)) as ledger:
        (row,) = (
            r for r in ledger.messages(ledger.all_messages()).values() if r.subject == "message 2"
        )
    settle(bench)
    with bench.session() as session:
        session.mark([MarkRow(row.id, "", None, "", bench.now)])
    assert not bench.keeps(Options())
    assert kinds(bench.plan(marked=True))
