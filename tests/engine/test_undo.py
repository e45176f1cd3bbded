"""Undo: what a run deleted is back where it was, and no later run takes it away unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import mail
from tests.engine.bench import Bench, held, kinds
from tests.engine.undoing import (
    FLAGS,
    THEN,
    Killed,
    M,
    N,
    bench_with,
    copy,
    fail,
    forward,
    nothing_but,
    outcomes,
    reverse,
    undo,
)

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


@pytest.mark.parametrize("stored", [0, 1, 2])
def test_two_copies_in_one_folder_of_which_some_were_stored(tmp_path: Path, stored: int) -> None:
    """What a killed run had stored is one of them: the others are put back by the next."""
    bench = bench_with(tmp_path)
    bench.boxes["work"].deliver("INBOX", M)
    bench.sync()
    run = reverse(bench)
    assert bench.holds("work", M) == 0
    bench.boxes["work"].fault = (
        fail("stored", stored - 1, Killed) if stored else fail("store", 0, Killed)
    )
    with pytest.raises(Killed):
        undo(bench, run)
    bench.boxes["work"].fault = None
    bench.wait()
    assert bench.holds("work", M) == stored
    undo(bench, run)
    assert bench.holds("work", M) == 2
    assert undo(bench, run).run is None


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
    bench.boxes["work"].fault = fail("delete", 1)
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


def test_a_late_copy_stays_held_and_is_not_collected_beside_it(tmp_path: Path) -> None:
    bench = bench_with(tmp_path, "isp")
    bench.deliver("old", M)
    bench.move("consolidated", M, "Trash")  # its placed copy lies there
    run = bench.sync().run
    bench.sync()
    undo(bench, run)
    nothing_but(bench, ("adopt", "old", "undone"))
    bench.deliver("isp", M)
    bench.sync()
    bench.sync(reconsider=True)
    assert bench.holds("consolidated", M, "INBOX") == 1
    nothing_but(bench)


def test_what_an_undo_sees_while_the_consolidated_mailbox_is_away_is_collected(
    tmp_path: Path,
) -> None:
    bench = bench_with(tmp_path)
    run = reverse(bench, M)
    new = mail(77)
    bench.deliver("work", new)
    bench.home.unreachable = "no route to host"
    found = undo(bench, run)
    assert copy(bench, "work", M) is not None
    assert outcomes(found) == [("reverse-delete", "work", "done")]
    bench.home.unreachable = None
    assert kinds(bench.plan()) == [("collect", "work")]
    bench.sync()
    assert bench.holds("consolidated", new) == 1
