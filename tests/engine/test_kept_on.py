"""Gone from the consolidated mailbox, and on an account where nothing may be deleted: held."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mailsync_tui.ledger.reader import FILE_NAME
from tests.builders import mail
from tests.engine.bench import Bench, held, kinds
from tests.engine.older import older

M = mail(1)
RULES = ("collect", "forward")
"""What is allowed where the account alone rules."""


def collected(tmp_path: Path, *accounts: str, allow: tuple[str, ...] = RULES) -> Bench:
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap", "old": "imap"})
    bench.configure("isp", allow=allow)
    for account in accounts or ("isp",):
        bench.deliver(account, M)
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    return bench


def test_it_is_held_and_brought_back_it_is_collected_again(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.remove("consolidated", M)
    for _ in range(2):
        plan = bench.plan()
        assert (kinds(plan), held(plan)) == ([], [("collect", "isp", "kept-on")])
        bench.sync()
    assert bench.holds("consolidated", M) == 0
    plan = bench.plan(reconsider=True)
    assert (kinds(plan), held(plan)) == ([("collect", "isp")], [])
    assert plan.lines[0].id == bench.plan().held[0].id
    assert [line.outcome for line in bench.sync(reconsider=True).lines] == ["done"]
    assert (bench.holds("isp", M), bench.holds("consolidated", M)) == (1, 1)
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([], [])
    bench.remove("isp", M)
    assert kinds(bench.plan()) == [("forward-delete", "isp")]


def test_the_account_alone_rules(tmp_path: Path) -> None:
    """What is gone here comes back when a person asks for it, what is gone there is deleted."""
    bench = collected(tmp_path)
    bench.deliver("isp", mail(2))
    bench.sync()
    bench.remove("consolidated", M)
    bench.remove("isp", mail(2))
    assert kinds(bench.plan(reconsider=True)) == [("collect", "isp"), ("forward-delete", "isp")]


def test_where_other_accounts_may_be_deleted_on_they_are(tmp_path: Path) -> None:
    bench = collected(tmp_path, "isp", "work")
    bench.remove("consolidated", M)
    plan = bench.plan()
    kept = [("collect", "isp", "kept-on")]
    assert (kinds(plan), held(plan)) == ([("reverse-delete", "work")], kept)
    plan = bench.plan(reconsider=True)
    assert kinds(plan) == [("collect", "isp")], "no plan collects and deletes one message"
    bench.sync()
    assert (bench.holds("work", M), held(bench.plan())) == (0, kept)


def test_one_line_for_all_such_accounts(tmp_path: Path) -> None:
    bench = collected(tmp_path, "isp", "work", "old", allow=("forward",))
    for account in ("work", "old"):
        bench.configure(account, allow=RULES)
    bench.remove("consolidated", M)
    assert held(bench.plan()) == [("collect", "work", "kept-on")]
    bench.sync(reconsider=True)
    assert bench.holds("consolidated", M) == 1
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([], [])


def test_what_was_deleted_because_of_another_account_is_kept_too(tmp_path: Path) -> None:
    bench = collected(tmp_path, "isp", "work")
    bench.remove("work", M)
    bench.sync()
    assert bench.holds("consolidated", M) == 0
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([], [("collect", "isp", "kept-on")])


def test_where_nothing_may_be_collected_it_stays_held(tmp_path: Path) -> None:
    bench = collected(tmp_path, "isp", "work", allow=("forward",))
    bench.remove("consolidated", M)
    bench.configure("work", allow=())
    for reconsider in (False, True):
        plan = bench.plan(reconsider=reconsider)
        assert (kinds(plan), held(plan)) == ([], [("collect", "isp", "kept-on")])


@pytest.mark.parametrize("folder", ["Archive", "Trash"])
def test_what_lies_outside_folders_is_not_collected_from_there(tmp_path: Path, folder: str) -> None:
    bench = collected(tmp_path, "work")
    bench.configure("work", allow=RULES)
    bench.move("work", M, folder)
    bench.sync()
    if folder == "Archive":  # else it went with that sync
        bench.remove("consolidated", M)
    plan = bench.plan()
    assert (bench.holds("consolidated", M), kinds(plan), held(plan)) == (0, [], [])


def test_allowed_it_is_a_deletion_again(tmp_path: Path) -> None:
    bench = collected(tmp_path)
    bench.remove("consolidated", M)
    bench.sync()
    bench.configure("isp", allow=(*RULES, "reverse"))
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([("reverse-delete", "isp")], [])


def test_a_ledger_of_an_earlier_version_had_settled_it(tmp_path: Path) -> None:
    bench = collected(tmp_path, "isp", "work")
    bench.remove("work", M)
    bench.sync()
    bench.sync()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db, db:
        db.execute("UPDATE message SET open = 0")
        db.execute("DELETE FROM meta WHERE name = 'kept_plan'")
    assert held(bench.plan()) == []
    older(tmp_path / FILE_NAME, 5)
    assert held(bench.plan()) == [("collect", "isp", "kept-on")]
