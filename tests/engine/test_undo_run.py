"""An undo is a run of its own: journal, history, lock, and killed at any instant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.cli import json_form
from mailsync_tui.engine.events import Applying, Event, LineDone
from mailsync_tui.errors import LedgerBusy, UnknownRun
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.lock import RunLock
from mailsync_tui.ledger.reader import open_ledger
from mailsync_tui.session.person import Person
from tests.engine.bench import kinds
from tests.engine.older import older
from tests.engine.undoing import (
    Killed,
    M,
    N,
    at_step,
    bench_with,
    copy,
    fail,
    forward,
    nothing_but,
    outcomes,
    reverse,
    undo,
)


def test_the_history(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench, M, N)

    def states() -> dict[str, str]:
        return {
            run["run"]: run["state"]
            for run in json_form.runs(Person(bench.config, tmp_path).runs())
        }

    with bench.session() as session:
        line = session.undoable(run)[0].id
    assert states()[run] == "done"
    undo(bench, run, line)
    assert states()[run] == "partly"
    last = undo(bench, run).run
    assert last is not None
    assert (states()[run], states()[last]) == ("undone", "done")
    assert undo(bench, last).run is None


def test_events_and_the_answer_no(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench, M, N)
    events: list[Event] = []
    with bench.session() as session:
        session.emit = events.append
        assert session.undo(run, None, lambda shown: False).run is None
        assert events == []
        session.undo(run, None, lambda shown: True)
    assert [e for e in events if isinstance(e, Applying)] == [Applying(2)]
    assert [e.outcome for e in events if isinstance(e, LineDone)] == ["done", "done"]


def test_unknown_runs_and_lines(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench)
    calls = list(bench.home.calls)
    with bench.session() as session:
        collected = next(
            action.line
            for action in journal.actions(open_ledger(session.ledger_path), 1)
            if action.kind == "collect"
        )
    for number, line in (("99", ""), ("x", ""), (run, "beef"), ("1", collected)):
        with pytest.raises(UnknownRun) as caught:
            undo(bench, number, *([line] if line else []))
        assert caught.value.exit_code == 2
    assert undo(bench, "1").run is None  # it deleted nothing
    assert bench.home.calls == calls


def test_it_waits_for_another_run(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench)
    with (
        RunLock(tmp_path / "lock", "sync"),
        bench.session() as session,
        pytest.raises(LedgerBusy, match="command sync"),
    ):

        def yes(shown: object) -> bool:
            session.stop()  # it does not wait on for the lock
            return True

        session.undo(run, None, yes)
    assert bench.holds("consolidated", M) == 0


def test_stopped_it_begins_nothing_more(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    run = bench.sync().run
    assert run
    with bench.session() as session:
        bench.home.fault = lambda step, _: session.stop() if step == "store" else None
        found = session.undo(run, None, lambda shown: True)
    bench.home.fault = None
    bench.wait()
    assert (found.exit, outcomes(found)) == (130, [("forward-delete", "work", "done")])
    assert bench.holds("old", M) == 0
    assert undo(bench, run).exit == 0
    nothing_but(bench, ("adopt", "old", "undone"))


def test_an_interrupted_deletion_is_undone_once_it_is_known(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    bench.remove("work", M)
    bench.remove("work", N)
    bench.home.fault = fail("deleted", 0, Killed)
    with pytest.raises(Killed):
        bench.sync("forward")
    bench.home.fault = None
    bench.wait()
    assert bench.holds("consolidated", M) + bench.holds("consolidated", N) == 1
    with bench.session() as session:
        assert len(session.undoable("2")) == 2
    found = undo(bench, "2")
    assert [x.outcome for x in found.lines] == ["done", "done"]
    assert bench.holds("consolidated", M) == bench.holds("consolidated", N) == 1


def test_what_may_not_have_been_deleted_is_not_put_back(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "isp")
    bench.remove("consolidated", M)
    bench.boxes["isp"].fault = fail("delete", 0, Killed)
    with pytest.raises(Killed):
        bench.sync("reverse")
    bench.boxes["isp"].fault = None
    bench.boxes["isp"].unreachable = "no route to host"
    bench.wait()
    (line,) = undo(bench, "2").lines
    assert (line.outcome, bench.holds("consolidated", M)) == ("failed", 0)
    assert "not known yet" in line.reason
    bench.boxes["isp"].unreachable = None
    (line,) = undo(bench, "2").lines
    assert (line.outcome, bench.holds("consolidated", M), bench.holds("isp", M)) == ("done", 0, 1)


@pytest.mark.parametrize("then", ["undo", "sync"])
@pytest.mark.parametrize("mailbox", ["consolidated", "old"])
def test_killed_after_each_step(tmp_path: Path, mailbox: str, then: str) -> None:
    """Whatever was done when it was killed, the repeated undo ends the same, nothing doubled."""
    steps = 0
    for at in range(100):
        bench = bench_with(tmp_path / str(at), "isp", "work", "old")
        for data in (M, N):
            bench.remove("work", data)
        run = bench.sync().run
        box = bench.boxes[mailbox]
        box.calls.clear()
        box.fault = at_step(at, box)
        try:
            undo(bench, run)
        except Killed:
            steps += 1
        else:
            box.fault = None
            break
        box.fault = None
        bench.wait()
        if then == "sync":
            assert bench.sync().exit == 0
            assert kinds(bench.plan()) == []
        undo(bench, run)
        for data in (M, N):
            there = {name: bench.holds(name, data) for name in bench.boxes}
            assert there == {"isp": 0, "work": 0, "old": 1, "consolidated": 1}, at
        nothing_but(bench, *[("adopt", "old", "undone")] * 2)
        ledger = open_ledger(bench.directory / "ledger.sqlite3")
        assert not journal.unsettled(ledger)
        assert next(r for r in journal.runs(ledger) if str(r.id) == run).put_back == 6
        ledger.close()
    assert steps > 8


def test_the_next_sync_settles_it_though_it_has_nothing_to_do(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = reverse(bench)
    bench.sync()
    bench.boxes["work"].fault = fail("store", 0, Killed)
    with pytest.raises(Killed):
        undo(bench, run)
    bench.boxes["work"].fault = None
    bench.wait()
    assert bench.sync().lines == ()
    ledger = open_ledger(tmp_path / "ledger.sqlite3")
    assert not journal.unsettled(ledger)
    ledger.close()


def test_what_a_server_stores_after_the_kill_is_kept_too(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = reverse(bench)
    bench.boxes["work"].fault = fail("store", 0)
    assert undo(bench, run).exit == 3
    bench.boxes["work"].fault = None
    bench.sync()
    bench.boxes["work"].deliver("INBOX", M)
    nothing_but(bench, ("collect", "work", "undone"))
    assert [x.reason for x in undo(bench, run).lines] == ["it was there already"]
    assert bench.holds("work", M) == 1


def test_a_ledger_from_before_undo(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench)
    path = tmp_path / "ledger.sqlite3"
    older(path, 1)
    before = path.read_bytes()
    assert kinds(bench.plan()) == []
    assert path.read_bytes() == before  # a preview does not even bring the ledger up to date
    (line,) = undo(bench, run).lines
    assert line.outcome == "done"
    assert "without flags" in line.reason
    assert copy(bench, "consolidated", M)[1] == frozenset()
    nothing_but(bench)


def test_the_quarantine_is_not_cleaned_by_an_undo(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = reverse(bench, M, N)
    bench.wait(60 * 24 * 40)
    bench.boxes["work"].refuses = lambda data: data == M
    assert undo(bench, run).exit == 3
    with bench.session() as session:
        count, octets = session.quarantined()
    assert (count, octets > 0) == (2, True)
    bench.boxes["work"].refuses = None
    assert undo(bench, run).exit == 0
