"""Undo: what a run deleted is back where it was, and no later run takes it away unasked."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.engine.events import Applying, Event, LineDone
from mailsync_tui.ledger import history
from mailsync_tui.ledger.ledger import open_ledger
from mailsync_tui.ledger.lock import LedgerBusy, RunLock
from mailsync_tui.mailboxes.base import Unreachable
from mailsync_tui.outcome import SessionError, UndoResult
from tests.engine.bench import Bench, held, kinds, mail

M, N, O = mail(1), mail(2), mail(3)
THEN = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
FLAGS = {"\\Seen", "\\Flagged", "$Label1"}


class Killed(BaseException):
    """The process died here."""


def bench_with(directory: Path, *accounts: str, **keys: Any) -> Bench:
    """Accounts that hold the same three messages, collected."""
    bench = Bench(directory, {"isp": "pop3", "work": "imap", "old": "imap"}, **keys)
    for account in accounts or ("work",):
        for data in (M, N, O):
            bench.boxes[account].deliver("INBOX", data, FLAGS, THEN)
    assert bench.sync().exit == 0
    return bench


def undo(bench: Bench, run: str | None, *lines: str) -> UndoResult:
    assert run is not None
    with bench.session() as session:
        found = session.undo(run, frozenset(lines) or None, lambda shown: bool(shown))
    bench.wait()
    return found


def outcomes(found: UndoResult) -> list[tuple[str, str, str]]:
    return [(x.line.kind, x.line.account, x.outcome) for x in found.lines]


def nothing_but(bench: Bench, *expected: tuple[str, str, str]) -> None:
    """The next plan is empty but for what is held; so it is after a sync of everything."""
    for _ in range(2):
        plan = bench.plan()
        assert (kinds(plan), plan.blocked, plan.waiting) == ([], (), ())
        assert held(plan) == list(expected)
        assert bench.sync().exit == 0


def copy(bench: Bench, account: str, data: bytes) -> tuple[str, frozenset[str], datetime | None]:
    (found,) = [
        (name, message.flags, message.date)
        for name, folder in bench.boxes[account].folders.items()
        for message in folder.messages.values()
        if message.data == data
    ]
    return found


def forward(bench: Bench, *messages: bytes, account: str = "work") -> str:
    for data in messages or (M,):
        bench.remove(account, data)
    run = bench.sync("forward").run
    assert run
    return run


def reverse(bench: Bench, *messages: bytes) -> str:
    for data in messages or (M,):
        bench.remove("consolidated", data)
    run = bench.sync("reverse").run
    assert run
    return run


# --- where it was


def test_a_forward_deletion_comes_back_as_it_was(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    bench.move("consolidated", M, "Archive")
    uid = bench.uid_of("consolidated", M, "Archive")
    bench.home.flag("Archive", uid, "\\Answered", "\\Deleted")
    bench.sync()
    run = forward(bench)
    assert bench.holds("consolidated", M) == 0
    found = undo(bench, run)
    assert (found.exit, outcomes(found)) == (0, [("forward-delete", "work", "done")])
    assert copy(bench, "consolidated", M) == ("Archive", FLAGS | {"\\Answered"}, THEN)
    assert bench.holds("work", M) == 0
    nothing_but(bench)


def test_a_reverse_deletion_comes_back_as_it_was_and_is_held(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    found = undo(bench, reverse(bench, M, N))
    assert (found.exit, len(found.lines)) == (0, 2)
    for data in (M, N):
        assert copy(bench, "work", data) == ("INBOX", FLAGS, THEN)
        assert bench.holds("consolidated", data) == 0
    nothing_but(bench, *[("collect", "work", "undone")] * 2)


def test_what_pop3_does_not_take_back_goes_into_the_consolidated_mailbox(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "isp")
    run = reverse(bench)
    with bench.session() as session:
        (line,) = session.undoable(run)
    assert (line.account, line.mailbox, line.undo) == ("isp", "consolidated", "consolidated-only")
    assert undo(bench, run).exit == 0
    assert (bench.holds("isp", M), bench.holds("consolidated", M)) == (0, 1)
    nothing_but(bench)


def test_both_directions_of_one_run(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "isp", "work", "old")
    bench.remove("work", M)
    run = bench.sync().run
    assert not any(bench.holds(name, M) for name in bench.boxes)
    found = undo(bench, run)
    assert outcomes(found) == [
        ("forward-delete", "work", "done"),
        ("reverse-delete", "isp", "done"),
        ("reverse-delete", "old", "done"),
    ]
    there = {name: bench.holds(name, M) for name in bench.boxes}
    assert there == {"isp": 0, "work": 0, "old": 1, "consolidated": 1}
    nothing_but(bench, ("adopt", "old", "undone"))


def test_two_copies_on_one_account(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.configure("work", folders=("INBOX", "Archive"))
    bench.deliver("work", M)
    bench.deliver("work", M, "Archive")
    bench.sync()
    bench.sync()
    found = undo(bench, reverse(bench))
    assert outcomes(found) == [("reverse-delete", "work", "done")]
    assert bench.holds("work", M, "INBOX") == bench.holds("work", M, "Archive") == 1
    plan = bench.plan()
    assert (kinds(plan), {rule for _, _, rule in held(plan)}) == ([], {"undone"})


def test_killed_between_two_copies_on_one_account(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.configure("work", folders=("INBOX", "Archive"))
    for folder in ("INBOX", "Archive"):
        bench.deliver("work", M, folder)
    bench.sync()
    bench.sync()
    run = reverse(bench)
    stored: list[int] = []

    def fault(step: str, index: int) -> None:
        if step == "store" and stored:
            raise Killed
        stored.extend([index] if step == "stored" else [])

    bench.boxes["work"].fault = fault
    with pytest.raises(Killed):
        undo(bench, run)
    bench.boxes["work"].fault = None
    bench.wait()
    undo(bench, run)
    assert bench.holds("work", M, "INBOX") == bench.holds("work", M, "Archive") == 1


def test_one_copy_of_a_message_on_two_pop3_accounts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"isp": "pop3", "web": "pop3"})
    bench.deliver("isp", M)
    bench.deliver("web", M)
    bench.sync()
    assert undo(bench, reverse(bench)).exit == 0
    assert bench.holds("consolidated", M) == 1
    nothing_but(bench)


def test_mail_without_a_message_id(tmp_path: Path) -> None:
    data = mail(9, message_id=False)
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap"})
    bench.deliver("isp", data)
    bench.deliver("work", data)
    bench.sync()
    bench.remove("work", data)
    assert undo(bench, bench.sync().run).exit == 0
    assert bench.holds("consolidated", data) == 1
    nothing_but(bench)


def test_single_lines(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench, M, N)
    with bench.session() as session:
        first, second = session.undoable(run)
    assert len(undo(bench, run, first.id).lines) == 1
    assert (bench.holds("consolidated", M), bench.holds("consolidated", N)) == (1, 0)
    with bench.session() as session:
        assert [line.id for line in session.undoable(run)] == [second.id]
    assert undo(bench, run, first.id).run is None
    assert undo(bench, run).exit == 0
    assert (bench.holds("consolidated", M), bench.holds("consolidated", N)) == (1, 1)
    nothing_but(bench)


def test_the_trash_keeps_its_copy(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    bench.home.trash = bench.boxes["work"].trash = "Trash"
    first = forward(bench, M)
    second = reverse(bench, N)
    assert undo(bench, first).exit == undo(bench, second).exit == 0
    assert bench.holds("consolidated", M, "INBOX") == bench.holds("consolidated", M, "Trash") == 1
    assert bench.holds("work", N, "INBOX") == bench.holds("work", N, "Trash") == 1
    nothing_but(bench, ("collect", "work", "undone"))


# --- never taken away unasked


def test_what_a_forward_undo_put_back_is_never_a_target(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    run = forward(bench)
    assert bench.holds("old", M) == 1
    undo(bench, run)
    nothing_but(bench)
    bench.remove("old", M)  # the last account that held it
    bench.sync()
    bench.deliver("work", M)  # and back, and gone again
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    bench.remove("work", M)
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    assert kinds(bench.plan(reconsider=True)) == []


def test_a_pop3_copy_that_turns_up_adopts_nothing(tmp_path: Path) -> None:
    """Its bytes tell only when it is fetched that it is what an undo had put back."""
    data = mail(9, message_id=False)
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap"})
    bench.deliver("work", data)
    bench.sync()
    bench.remove("work", data)
    undo(bench, bench.sync().run)
    bench.deliver("isp", data)
    bench.sync()
    bench.remove("isp", data)
    bench.sync()
    assert bench.holds("consolidated", data) == 1


def test_what_both_directions_put_back_stays_when_one_goes(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    undo(bench, bench.sync().run)
    bench.remove("old", M)
    bench.sync()
    assert bench.holds("consolidated", M) == 1


def test_the_account_keeps_it_when_the_consolidated_mailbox_loses_it(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    undo(bench, bench.sync().run)
    bench.remove("consolidated", M)
    bench.sync()
    assert bench.holds("old", M) == 1
    nothing_but(bench, ("collect", "old", "undone"))


def test_filed_and_thrown_away_and_fetched_back(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    undo(bench, forward(bench))
    bench.move("consolidated", M, "Archive")
    nothing_but(bench)
    bench.configure("old", allow=("collect", "forward"))
    bench.move("consolidated", M, "Trash", "Archive")
    bench.sync()
    bench.move("consolidated", M, "INBOX", "Trash")
    bench.sync()
    bench.remove("old", M)
    bench.sync()
    assert bench.holds("consolidated", M, "INBOX") == 1


def test_reconsidered_it_is_ordinary_again(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    undo(bench, reverse(bench))
    plan = bench.plan(reconsider=True)
    assert (kinds(plan), held(plan)) == ([("collect", "work")], [])
    bench.sync(reconsider=True)
    assert bench.holds("consolidated", M) == 1
    nothing_but(bench)
    bench.remove("consolidated", M)
    assert kinds(bench.plan()) == [("reverse-delete", "work")]


def test_reconsidered_where_nothing_is_collected(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    undo(bench, reverse(bench))
    bench.configure("work", allow=("reverse",))
    assert held(bench.plan()) == [("reverse-delete", "work", "undone")]
    bench.sync(reconsider=True)
    assert bench.holds("work", M) == 0
    nothing_but(bench)


def test_reconsidered_beside_its_own_mail(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    undo(bench, bench.sync().run)
    bench.sync(reconsider=True)
    nothing_but(bench)
    bench.remove("old", M)
    bench.sync()
    assert bench.holds("consolidated", M) == 1


def test_a_copy_that_was_not_deleted_is_not_deleted_later(tmp_path: Path) -> None:
    """A line of two copies, of which one failed: undone, the other one is not to go either."""
    bench = Bench(tmp_path)
    bench.configure("work", folders=("INBOX", "Archive"))
    bench.deliver("work", M)
    bench.deliver("work", M, "Archive")
    bench.sync()
    bench.sync()
    bench.boxes["work"].fault = _fail("delete", 1)
    run = reverse(bench)
    bench.boxes["work"].fault = None
    assert undo(bench, run).exit == 0
    assert bench.holds("work", M) == 2
    plan = bench.plan()
    assert (kinds(plan), {rule for _, _, rule in held(plan)}) == ([], {"undone"})


def test_a_declined_line_stays_declined(tmp_path: Path) -> None:
    """The end of one decision about a message does not end another one."""
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("consolidated", M)
    plan = bench.plan()
    old = next(line.id for line in plan.lines if line.account == "old")
    run = bench.sync(without=[old]).run
    undo(bench, run)
    assert sorted(held(bench.plan())) == [
        ("collect", "work", "undone"),
        ("reverse-delete", "old", "declined"),
    ]
    bench.remove("work", M)
    bench.sync()
    assert held(bench.plan()) == [("reverse-delete", "old", "declined")]


# --- what happened in between


def test_nothing_is_put_back_twice(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    run = bench.sync().run
    bench.home.deliver("Archive", M)  # by hand, elsewhere
    bench.boxes["old"].deliver("INBOX", M)
    found = undo(bench, run)
    assert {x.reason for x in found.lines} == {"it was there already"}
    assert (bench.holds("consolidated", M), bench.holds("old", M)) == (1, 1)
    nothing_but(bench, ("adopt", "old", "undone"))
    assert undo(bench, run) == UndoResult("default", None, None, (), 0)


def test_two_runs_that_deleted_the_same_message(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    first = reverse(bench)
    bench.deliver("work", M)
    bench.sync()
    second = reverse(bench)
    assert undo(bench, second).exit == undo(bench, first).exit == 0
    assert bench.holds("work", M) == 1


def test_what_looks_like_it_is_not_it(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench)
    twin = mail(1, "another text")
    bench.home.deliver("INBOX", twin)
    assert undo(bench, run).exit == 0
    assert bench.holds("consolidated", M) == bench.holds("consolidated", twin) == 1


def test_a_copy_that_was_there_all_along_is_not_it(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    bench.home.deliver("Archive", M)  # the mailbox's own
    bench.sync()
    run = forward(bench)
    assert bench.holds("consolidated", M, "INBOX") == 0
    undo(bench, run)
    assert bench.holds("consolidated", M, "INBOX") == bench.holds("consolidated", M, "Archive") == 1


def test_what_was_collected_again_stays_synchronised(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench)
    bench.deliver("work", M)
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    found = undo(bench, run)
    assert [x.reason for x in found.lines] == ["it was there already"]
    bench.remove("work", M)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_the_folder_is_made_anew(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    bench.move("consolidated", M, "Archive")
    bench.sync()
    run = forward(bench)
    bench.home.remove_folder("Archive")
    assert undo(bench, run).exit == 0
    assert bench.holds("consolidated", M, "Archive") == 1


def test_renumbered_afterwards(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    undo(bench, bench.sync().run)
    bench.home.renumber("INBOX")
    bench.boxes["old"].renumber("INBOX")
    nothing_but(bench, ("adopt", "old", "undone"))


def test_a_renamed_account(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = reverse(bench)
    bench.configure("work", name="office")
    bench.boxes["office"] = bench.boxes.pop("work")
    bench.boxes["office"].name = "office"
    assert undo(bench, run).exit == 0
    assert bench.holds("office", M) == 1


@pytest.mark.parametrize("rebased", [False, True])
def test_another_mailbox_of_that_name(tmp_path: Path, rebased: bool) -> None:
    bench = bench_with(tmp_path)
    run = reverse(bench)
    bench.configure("work", host="elsewhere.example")
    if rebased:
        with bench.session() as session:
            session.rebase("work")
    with bench.session() as session:
        (line,) = session.undoable(run)
    assert line.problem
    found = undo(bench, run)
    assert (found.exit, outcomes(found)) == (3, [("reverse-delete", "work", "failed")])
    assert bench.holds("work", M) == 0


def test_an_account_that_was_taken_out(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    run = reverse(bench)
    from dataclasses import replace

    bench.config = replace(bench.config, external=bench.config.external[:2])
    found = undo(bench, run)
    assert found.exit == 3
    assert outcomes(found) == [
        ("reverse-delete", "work", "done"),
        ("reverse-delete", "old", "failed"),
    ]
    assert "no old" in found.lines[1].reason


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_a_bad_copy_in_the_quarantine_fails_alone(tmp_path: Path, how: str) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench, M, N)
    for file in (tmp_path / "quarantine").glob("??/*.gz"):
        if b"message 1" in gzip.decompress(file.read_bytes()):
            if how == "gone":
                file.unlink()
            else:
                file.write_bytes(gzip.compress(N))
    found = undo(bench, run)
    assert found.exit == 3
    assert outcomes(found) == [
        ("forward-delete", "work", "failed"),
        ("forward-delete", "work", "done"),
    ]
    assert "quarantine" in found.lines[0].reason
    assert (bench.holds("consolidated", M), bench.holds("consolidated", N)) == (0, 1)


def test_a_mailbox_that_is_away_or_not_listed_completely(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    run = bench.sync().run
    bench.boxes["old"].unreachable = "no route to host"
    found = undo(bench, run)
    assert (found.exit, [x.outcome for x in found.lines]) == (3, ["done", "failed"])
    bench.boxes["old"].unreachable = None
    bench.boxes["old"].incomplete = "the connection broke"
    with pytest.raises(SessionError, match="the connection broke"):
        undo(bench, run)
    assert bench.holds("old", M) == 0
    bench.boxes["old"].incomplete = None
    assert undo(bench, run).exit == 0
    nothing_but(bench, ("adopt", "old", "undone"))


def test_nothing_that_it_is_about_is_reached(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = reverse(bench)
    bench.boxes["work"].unreachable = "no route to host"
    with pytest.raises(SessionError, match="no route to host") as caught:
        undo(bench, run)
    assert caught.value.code == 1
    bench.boxes["work"].unreachable = None
    bench.home.unreachable = "no route to host"
    assert undo(bench, run).exit == 0
    assert bench.holds("work", M) == 1


def test_what_a_server_alters(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench)
    bench.home.alter = lambda data: data.replace(b"text 1", b"mended 1")
    (line,) = undo(bench, run).lines
    assert (line.outcome, line.reason) == ("done", "the server altered it when it stored it")
    assert undo(bench, run).run is None
    nothing_but(bench)


def test_what_a_server_refuses(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = forward(bench, M, N)
    bench.home.refuses = lambda data: data == M
    found = undo(bench, run)
    assert (found.exit, [x.outcome for x in found.lines]) == (3, ["failed", "done"])
    bench.home.refuses = None
    assert undo(bench, run).exit == 0
    assert bench.holds("consolidated", M) == 1
    nothing_but(bench)


# --- a run of its own


def test_the_history(tmp_path: Path) -> None:
    from mailsync_tui.cli import jsonform

    bench = bench_with(tmp_path)
    run = forward(bench, M, N)

    def states() -> dict[str, str]:
        ledger = open_ledger(tmp_path / "ledger.sqlite3")
        try:
            return {r["run"]: r["state"] for r in jsonform.runs(history.runs(ledger))}
        finally:
            ledger.close()

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
            for action in history.actions(open_ledger(session.ledger_path), 1)
            if action.kind == "collect"
        )
    for number, line in (("99", ""), ("x", ""), (run, "beef"), ("1", collected)):
        with pytest.raises(SessionError) as caught:
            undo(bench, number, *([line] if line else []))
        assert caught.value.code == 2
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
        session.undo(run, None, lambda shown: session.stop() or True)
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
    bench.home.fault = _fail("deleted", 0, Killed)
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
        box.fault = _at(at, box)
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
        assert not history.unsettled(ledger)
        assert next(r for r in history.runs(ledger) if str(r.id) == run).put_back == 6
        ledger.close()
    assert steps > 8


def test_a_ledger_from_before_undo(tmp_path: Path) -> None:
    import sqlite3

    bench = bench_with(tmp_path)
    run = forward(bench)
    path = tmp_path / "ledger.sqlite3"
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE removed; DROP TABLE put_back; PRAGMA user_version = 1;")
    db.close()
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


def _fail(
    step: str, at: int, error: type[BaseException] = Unreachable
) -> Callable[[str, int], None]:
    def fault(operation: str, index: int) -> None:
        if (operation, index) == (step, at):
            raise error("cut")

    return fault


def _at(at: int, box: Any) -> Callable[[str, int], None]:
    def fault(operation: str, index: int) -> None:
        if len(box.calls) > at:
            raise Killed

    return fault
