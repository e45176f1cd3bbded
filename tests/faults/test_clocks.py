"""A clock that jumps, by hours or years, between runs and within one: nothing is lost by it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.cli import json_form
from mailsync_tui.config.model import Holds
from mailsync_tui.engine.apply import store
from mailsync_tui.engine.events import Applying, Event
from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.session.person import Person
from mailsync_tui.session.viewer import Viewer
from tests.builders import mail
from tests.engine.bench import START, Bench, blocked, held, kinds
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.steps import after, contents, without_a_copy

HOURS, YEARS = timedelta(hours=5), timedelta(days=15 * 365)
JUMPS = (HOURS, -HOURS, YEARS, -YEARS)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is still at it."""
    monkeypatch.setattr(store, "LATE_SECONDS", 0.0)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# --- every story of the table


@pytest.mark.parametrize("scenario", SCENARIOS[::3], ids=lambda s: s.name)
def test_between_two_runs(scenario: Scenario, tmp_path: Path) -> None:
    """The person's clock is set right, or wrong, right before the run; then it goes on from there.

    What a provider does within days may be told from what a person does only by the clock.
    """
    begun = scenario.bench(tmp_path / "begun")
    undisturbed, bench = begun.again(tmp_path / "u"), begun.again(tmp_path / "j")
    for one in (undisturbed, bench):
        if one is bench:  # each other of these stories in the other direction
            one.set_clock(YEARS if SCENARIOS.index(scenario) % 2 else -YEARS)
        scenario.settle(one)
    assert contents(bench) == contents(undisturbed)
    assert after(scenario, bench)[1:] == after(scenario, undisturbed)[1:]
    assert not without_a_copy(bench)
    scenario.play(bench)
    assert contents(bench) == contents(undisturbed), "a second run did something"


# --- within a run


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_while_the_person_looks_at_the_plan(bench: Bench, jump: timedelta) -> None:
    """A listing of before the jump may be hours old: all is looked at again."""
    bench.deliver("work", mail(1))
    bench.sync()
    bench.remove("work", mail(1))

    def choose(plan: Plan) -> frozenset[str]:
        assert kinds(plan) == [("forward-delete", "work")]
        bench.deliver("work", mail(1))  # back, while nobody knows how long it takes
        bench.set_clock(jump)
        return frozenset()

    with bench.session() as session:
        result = session.sync(Options(), choose)
    (line,) = result.lines
    assert (line.outcome, bench.holds("consolidated", mail(1))) == ("skipped", 1)


def test_a_clock_set_back_by_what_has_gone_by(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the minute at which it was listed: only the monotonic clock knows of the time between."""
    ticks = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: ticks)
    with bench.session() as session:
        session.plan(Options())
        assert session.age() == 0
        ticks += 3600
        assert session.age() == pytest.approx(3600)
        bench.set_clock(-timedelta(seconds=1))
        assert session.age() > 10**9
        ticks -= 3600  # a machine that slept: only the other one knows
        bench.set_clock(timedelta(hours=2))
        assert 7000 < session.age() < 7201


@pytest.mark.parametrize("jump", [-HOURS, -YEARS], ids=str)
def test_the_app_looks_again_before_it_asks(bench: Bench, jump: timedelta) -> None:
    with bench.session() as session:
        viewer = Viewer(session)
        viewer.look(lambda comparison: None)
        assert viewer.fresh
        bench.set_clock(jump)
        assert not viewer.fresh


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_while_lines_are_applied(bench: Bench, jump: timedelta) -> None:
    for n in range(4):
        bench.deliver("work", mail(n))
    bench.sync()
    bench.remove("work", mail(0))
    bench.remove("consolidated", mail(1))
    bench.deliver("isp", mail(9))

    def emit(event: Event) -> None:
        if isinstance(event, Applying):
            bench.set_clock(jump)

    with bench.session() as session:
        session.emit = emit
        result = session.sync(Options(), lambda plan: frozenset())
    assert [x.outcome for x in result.lines] == ["done"] * 3
    homes = [bench.holds("consolidated", mail(n)) for n in (0, 1, 2, 3, 9)]
    assert homes == [0, 0, 1, 1, 1]
    bench.wait()
    assert kinds(bench.plan()) == []


# --- the late-store wait


class Killed(BaseException):
    """The process died here."""


def killed_in_a_store(bench: Bench, what: str) -> None:
    """A run that is killed while it stores on ``work`` (an undo) or in the consolidated mailbox."""

    def dies(operation: str, _: int) -> None:
        if operation == "store":
            raise Killed

    bench.deliver("work", mail(1))
    box, run = bench.home, None
    if what == "undo":
        bench.sync()
        bench.remove("consolidated", mail(1))
        box, run = bench.boxes["work"], bench.sync().run
    box.fault = dies
    with pytest.raises(Killed), bench.session() as session:
        if run is None:
            session.sync(Options(), lambda plan: frozenset())
        else:
            session.undo(run, None, lambda shown: True)
    box.fault = None


def waited(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the next run waits before it lists, and the one after it."""
    seconds: list[float] = []
    with bench.session() as session:
        monkeypatch.setattr(session._stop, "wait", lambda s=0.0: seconds.append(s))
        session.sync(Options(), lambda plan: frozenset())
        first = list(seconds)
        session.plan(Options())
    assert seconds == first  # known by now
    return first


@pytest.mark.parametrize("what", ["collect", "undo"])
@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_the_wait_for_a_late_store(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, jump: timedelta, what: str
) -> None:
    """Set back, nobody knows how long ago the store was: the whole wait, and never more."""
    monkeypatch.setattr(store, "LATE_SECONDS", 5.0)
    killed_in_a_store(bench, what)
    bench.set_clock(jump)
    assert waited(bench, monkeypatch) == ([5.0] if jump < timedelta(0) else [])
    assert bench.holds("consolidated", mail(1)) == (what == "collect")


@pytest.mark.parametrize("what", ["collect", "undo"])
def test_a_maildir_stores_nothing_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(store, "LATE_SECONDS", 5.0)
    for kind, seconds in (("imap", [5.0]), ("maildir", [])):
        bench = Bench(tmp_path / kind, {"work": kind})
        bench.configure("consolidated", type=kind, path=tmp_path)
        killed_in_a_store(bench, what)
        assert waited(bench, monkeypatch) == seconds


# --- absent_scans, holds, guards


def test_absent_scans_after_a_clock_that_was_ahead(bench: Bench) -> None:
    """It counts from the moment at which the clock was set right, not years later."""
    bench.guards(absent_scans=2)
    bench.deliver("work", mail(1))
    bench.sync()
    bench.remove("work", mail(1))
    bench.set_clock(YEARS)
    assert bench.sync().lines == ()
    bench.set_clock(-YEARS)
    assert bench.sync().lines == ()
    bench.wait(-14)  # a minute later
    assert kinds(bench.plan()) == []
    bench.wait(14)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


@pytest.mark.parametrize("jump", [-HOURS, -YEARS], ids=str)
def test_absent_scans_and_a_clock_set_back(bench: Bench, jump: timedelta) -> None:
    bench.guards(absent_scans=3)
    bench.deliver("work", mail(1))
    bench.sync()
    bench.remove("work", mail(1))
    for step in (timedelta(0), jump, timedelta(0)):
        bench.set_clock(step)
        assert kinds(bench.plan()) == []
        bench.sync()
    assert bench.holds("consolidated", mail(1)) == 1


def test_absent_scans_and_a_clock_that_jumps_ahead(bench: Bench) -> None:
    """Two listings within a minute are one, whatever the clock says."""
    bench.guards(absent_scans=2)
    bench.deliver("work", mail(1))
    bench.sync()
    bench.remove("work", mail(1))
    bench.sync()
    bench.wait(-14)  # a minute after it
    bench.set_clock(HOURS)
    plan = bench.plan()
    assert (kinds(plan), len(plan.waiting)) == ([], 1)
    bench.sync()
    assert kinds(bench.plan()) == [("forward-delete", "work")]


AHEAD = pytest.mark.parametrize("jump", [timedelta(days=99), YEARS], ids=str)
STARTED_ANEW = pytest.mark.parametrize("started_anew", [False, True])
"""Whether the machine was off meanwhile: then nothing tells a jump from an absence."""


def jumps(bench: Bench, jump: timedelta, *, started_anew: bool) -> None:
    bench.set_clock(jump)
    if started_anew:
        bench.boot = "another one"


@AHEAD
@STARTED_ANEW
def test_younger_than_protects_with_a_clock_that_jumped_ahead(
    bench: Bench, jump: timedelta, started_anew: bool
) -> None:
    """And stays ahead: what comes later has a Date that is right."""
    bench.config = replace(bench.config, holds=Holds(younger_than=timedelta(days=4)))
    one, two = mail(1, date=START), mail(2, date=START + timedelta(days=1))
    bench.deliver("work", one)
    bench.sync()
    jumps(bench, jump, started_anew=started_anew)
    bench.remove("work", one)
    young = [("forward-delete", "work", "hold")]
    assert held(bench.plan()) == young
    bench.wait(24 * 60)
    bench.deliver("work", two)
    bench.sync()
    bench.remove("work", two)
    bench.wait(2 * 24 * 60)
    assert held(bench.plan()) == young * 2
    bench.sync()
    bench.wait(24 * 60)
    assert held(bench.plan()) == young
    assert kinds(bench.plan()) == [("forward-delete", "work")]


@AHEAD
@STARTED_ANEW
def test_unreached_days_and_a_clock_that_jumped_ahead(
    bench: Bench, jump: timedelta, started_anew: bool
) -> None:
    bench.deliver("isp", mail(1))
    bench.sync()
    bench.remove("isp", mail(1))
    bench.boxes["work"].unreachable = "no route to host"
    jumps(bench, jump, started_anew=started_anew)
    for _ in range(6):
        assert [rule for _, _, rule, _ in blocked(bench.plan())] == ["unreached"]
        bench.sync()
        bench.wait(24 * 60)
    bench.wait(24 * 60)
    assert kinds(bench.plan()) == [("forward-delete", "isp")]


@pytest.mark.parametrize("jump", [-HOURS, -YEARS], ids=str)
def test_younger_than_protects_with_a_clock_set_back(bench: Bench, jump: timedelta) -> None:
    bench.config = replace(bench.config, holds=Holds(younger_than=timedelta(days=1)))
    for n, date in ((1, START - timedelta(days=9)), (2, START - timedelta(hours=1))):
        bench.deliver("work", mail(n, date=date))
    bench.sync()
    for n, date in ((1, START - timedelta(days=9)), (2, START - timedelta(hours=1))):
        bench.remove("work", mail(n, date=date))
    bench.set_clock(jump)
    young = held(bench.plan())
    assert ("forward-delete", "work", "hold") in young
    assert len(young) == (1 if jump == -HOURS else 2)  # in the year 2011, both are from the future


@pytest.mark.parametrize("jump", [YEARS, timedelta(days=-100)], ids=["ahead", "back"])
def test_a_provider_that_cleans_up_is_known_though_a_listing_was_of_another_year(
    tmp_path: Path, jump: timedelta
) -> None:
    bench = Bench(tmp_path, {"isp": "pop3"}, max_delete_floor=4, max_delete_share=1.0)

    def dated(n: int) -> bytes:
        return mail(n, date=START - timedelta(days=100 - n))

    for n in range(12):
        bench.deliver("isp", dated(n))
    bench.sync()
    for day in range(3):  # the two oldest, every day
        bench.wait(24 * 60)
        for n in (2 * day, 2 * day + 1):
            bench.remove("isp", dated(n))
        if day < 2:
            assert blocked(bench.plan()) == []
            bench.sync()
        if day == 0:
            bench.deliver("isp", dated(20))
            bench.set_clock(jump)
            bench.sync()
            bench.set_clock(-jump)
    assert [rule for _, _, rule, _ in blocked(bench.plan())] == ["expired"]


# --- the quarantine, and what else is thrown away for its age


@pytest.fixture
def deleted(bench: Bench) -> Iterator[Bench]:
    """A run each day; that of the third deleted a message."""
    for day in range(3):
        if day == 2:
            bench.remove("work", mail(0))
        _a_day(bench, day)
    yield bench


def _a_day(bench: Bench, day: int) -> None:
    """Mail comes, a run collects it, and its copies are dated as its clock is."""
    before = set(_copies(bench))
    bench.deliver("work", mail(day))
    result = bench.sync()
    assert result.exit == 0
    for copy in set(_copies(bench)) - before:
        os.utime(copy, (bench.now.timestamp(), bench.now.timestamp()))
    bench.wait(24 * 60 - 15)


def _copies(bench: Bench) -> list[Path]:
    return list((bench.directory / "quarantine").glob("??/*.gz"))


def test_copies_go_once_they_are_old_enough(deleted: Bench) -> None:
    for day in range(10, 40):
        _a_day(deleted, day)
        assert len(_copies(deleted)) == 1
    _a_day(deleted, 50)
    _a_day(deleted, 51)
    assert _copies(deleted) == []


def test_a_clock_that_is_years_ahead_throws_nothing_away(deleted: Bench) -> None:
    deleted.set_clock(YEARS)
    for day in (10, 11):  # an hour of such runs
        deleted.deliver("work", mail(day))
        deleted.sync()
    deleted.set_clock(-YEARS)
    for day in range(20, 45):
        _a_day(deleted, day)
    assert len(_copies(deleted)) == 1
    (undone,) = [n for n in (3,) if deleted.holds("consolidated", mail(0)) == 0]
    with deleted.session() as session:
        assert session.undo(str(undone), None, lambda shown: True).exit == 0
    assert deleted.holds("consolidated", mail(0)) == 1


@AHEAD
@STARTED_ANEW
def test_a_clock_that_stays_ahead_makes_no_copy_older(
    deleted: Bench, jump: timedelta, started_anew: bool
) -> None:
    jumps(deleted, jump, started_anew=started_anew)
    for day in range(10, 39):
        _a_day(deleted, day)
        assert len(_copies(deleted)) == 1
    for day in range(40, 43):
        _a_day(deleted, day)
    assert _copies(deleted) == []


@pytest.mark.parametrize("days", [40_000, 2**63 - 1])
def test_copies_are_kept_for_longer_than_a_calendar_has_days(deleted: Bench, days: int) -> None:
    deleted.config = replace(deleted.config, keep_days=days)
    deleted.set_clock(YEARS)
    for day in (10, 11):
        _a_day(deleted, day)
    assert len(_copies(deleted)) == 1


def test_what_was_deleted_while_the_clock_was_behind_is_kept_as_long(bench: Bench) -> None:
    """A machine without a battery deletes in the year 2011, and then hears what year it is."""
    for day in range(2):
        _a_day(bench, day)
    bench.remove("work", mail(0))
    bench.set_clock(-YEARS)
    _a_day(bench, 2)
    bench.set_clock(YEARS)
    for day in range(3, 31):
        _a_day(bench, day)
        assert len(_copies(bench)) == 1
    for day in range(31, 36):
        _a_day(bench, day)
    assert _copies(bench) == []


def test_a_tombstone_outlives_a_clock_that_is_ahead(deleted: Bench) -> None:
    """What was deleted does not come back as new."""
    deleted.set_clock(YEARS)
    for n in (10, 11):
        deleted.deliver("work", mail(n))
        deleted.sync()
    deleted.set_clock(-YEARS)
    deleted.deliver("isp", mail(0))  # a forward that came late
    assert held(deleted.plan()) == [("collect", "isp", "late-copy")]


# --- the history


def test_runs_are_in_their_order_whatever_their_clocks_said(bench: Bench) -> None:
    for n, jump in enumerate((timedelta(0), YEARS, -YEARS, -YEARS, YEARS)):
        bench.set_clock(jump)
        bench.deliver("work", mail(n))
        bench.sync()
    rows = Person(bench.config, bench.directory).runs()
    assert [row.id for row in rows] == [5, 4, 3, 2, 1]
    started: list[datetime] = [row.started for row in rows]
    assert started != sorted(started, reverse=True)
    assert [run["run"] for run in json_form.runs(rows)] == ["5", "4", "3", "2", "1"]
