"""Undo after all that people and servers can do in between: looked for first, put back once."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path

import pytest

from mailsync_tui.engine.outcome import NOTHING_LEFT, THERE, UndoResult, run_lines
from mailsync_tui.errors import SessionError
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger
from tests.builders import mail
from tests.engine.bench import Bench, held, kinds
from tests.engine.undoing import (
    M,
    N,
    bench_with,
    forward,
    nothing_but,
    outcomes,
    reverse,
    undo,
)


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
    other = mail(1, "another text")
    bench.home.deliver("INBOX", other)
    assert undo(bench, run).exit == 0
    assert bench.holds("consolidated", M) == bench.holds("consolidated", other) == 1


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
    assert caught.value.exit_code == 1
    bench.boxes["work"].unreachable = None
    bench.home.unreachable = "no route to host"
    assert undo(bench, run).exit == 0
    assert bench.holds("work", M) == 1


def test_what_is_not_listed_completely_is_left_alone(tmp_path: Path) -> None:
    """The rest of the listing may hold it already."""
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    run = bench.sync().run
    bench.boxes["old"].incomplete = "the connection broke"
    found = undo(bench, run)
    assert (found.exit, [x.outcome for x in found.lines]) == (3, ["done", "failed"])
    assert bench.holds("old", M) == 0


def test_a_deletion_that_did_not_take(tmp_path: Path) -> None:
    """The server said that it had deleted it, and lists it still."""
    bench = bench_with(tmp_path)
    folder = bench.boxes["work"].folders["INBOX"]
    uid = bench.uid_of("work", M)
    message = folder.messages[uid]
    run = reverse(bench)
    folder.messages[uid] = message
    (line,) = undo(bench, run).lines
    assert line.reason == "it was there already"
    assert bench.holds("work", M) == 1
    plan = bench.plan()
    assert (kinds(plan), {rule for _, _, rule in held(plan)}) == ([], {"undone"})


def test_what_a_server_renames_is_known_by_that_name(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    run = reverse(bench)
    bench.boxes["work"].alter = lambda data: data.replace(b"<m1@", b"<other@")
    assert undo(bench, run).exit == 0
    nothing_but(bench, ("collect", "work", "undone"))
    bench.boxes["work"].renumber("INBOX")
    nothing_but(bench, ("collect", "work", "undone"))


@pytest.mark.parametrize("mailbox", ["consolidated", "old"])
def test_a_rebase_ends_no_undo(tmp_path: Path, mailbox: str) -> None:
    bench = bench_with(tmp_path, "work", "old")
    bench.remove("work", M)
    undo(bench, bench.sync().run)
    bench.remove("consolidated", M)
    bench.sync()
    with bench.session() as session:
        session.rebase(mailbox)
    bench.wait()
    nothing_but(bench, ("collect", "old", "undone"))


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


def history(bench: Bench) -> tuple[dict[str, int], list[tuple[str | None, str]]]:
    """What the newest run did: its counts, and its lines' outcomes and reasons."""
    with closing(open_ledger(bench.directory / FILE_NAME)) as ledger:
        newest = journal.runs(ledger)[0]
        lines = run_lines(journal.actions(ledger, newest.id))
        return newest.counts, [(line.outcome, line.reason) for line in lines]


def test_the_history_tells_what_was_there_already(tmp_path: Path) -> None:
    """Both where it was looked for, and where another undo has just put it back."""
    bench = bench_with(tmp_path)
    run = reverse(bench)
    bench.deliver("work", M)
    undo(bench, run)
    assert history(bench) == ({"there-already": 1}, [("done", THERE)])

    def meanwhile(lines: object) -> bool:
        undo(bench, run)
        return True

    bench = bench_with(tmp_path / "another")
    run = reverse(bench)
    with bench.session() as session:
        (line,) = session.undo(run, None, meanwhile).lines
    assert (line.outcome, line.reason) == ("done", NOTHING_LEFT)
    assert history(bench) == ({"there-already": 1}, [("done", NOTHING_LEFT)])


def test_a_line_of_which_one_copy_was_there_was_put_back(tmp_path: Path) -> None:
    bench = bench_with(tmp_path)
    bench.deliver("work", M)
    bench.sync()
    run = reverse(bench)
    bench.deliver("work", M)
    assert [(line.outcome, line.reason) for line in undo(bench, run).lines] == [("done", "")]
    assert bench.holds("work", M) == 2
    assert history(bench) == ({"undo-reverse-delete": 1}, [("done", "")])
