"""What is decided for a message: the rows of DESIGN.md's table, by number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import mail
from tests.engine.bench import Bench, held, kinds
from tests.engine.test_lost_responses import stored_twice
from tests.engine.undoing import reverse, undo

M = mail(1)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def collected(bench: Bench, *accounts: str) -> None:
    for account in accounts:
        bench.deliver(account, M)
    assert bench.sync().exit == 0
    assert bench.holds("consolidated", M) == 1
    assert kinds(bench.plan()) == []


def test_row_0_marked_by_hand_it_goes_from_where_it_was_marked(bench: Bench) -> None:
    collected(bench, "work")
    bench.remove("work", M)
    plan = bench.plan(marks=("<m1@example.org>",))
    assert kinds(plan) == [("delete", "consolidated")]


def test_row_1_without_a_complete_consolidated_mailbox_nothing_follows(bench: Bench) -> None:
    collected(bench, "work")
    bench.remove("consolidated", M)
    bench.deliver("isp", mail(2))
    bench.home.incomplete = "the connection broke"
    assert kinds(bench.plan()) == []
    bench.home.incomplete = None
    assert kinds(bench.plan()) == [("collect", "isp"), ("reverse-delete", "work")]


def test_row_2_gone_from_the_account_is_a_forward_deletion(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("isp", M)
    (line,) = bench.plan().lines
    assert (line.kind, line.account, line.accounts) == ("forward-delete", "isp", ("isp",))
    assert line.target.mailbox == "consolidated"
    bench.sync()
    assert bench.holds("consolidated", M) == 0
    assert kinds(bench.plan()) == []


def test_row_2_gone_at_one_account_goes_everywhere(bench: Bench) -> None:
    collected(bench, "isp", "work")
    bench.remove("work", M)
    plan = bench.plan()
    assert kinds(plan) == [("forward-delete", "work"), ("reverse-delete", "isp")]
    assert plan.lines[1].needs == (plan.lines[0].id,)
    assert kinds(bench.plan("forward")) == [("forward-delete", "work")]
    assert kinds(bench.plan("reverse")) == []
    bench.sync()
    assert bench.holds("isp", M) == bench.holds("consolidated", M) == 0
    assert kinds(bench.plan()) == []


def test_row_3_known_on_both_sides_is_in_sync(bench: Bench) -> None:
    collected(bench, "isp")
    assert kinds(bench.plan()) == []


def test_row_4_gone_from_every_account_and_own_here_is_forgotten(bench: Bench) -> None:
    collected(bench, "work")
    bench.home.deliver("Archive", M)
    bench.sync()
    bench.remove("consolidated", M)
    bench.remove("work", M)
    assert kinds(bench.plan()) == [("forget", "work")]
    bench.sync()
    assert bench.holds("consolidated", M, "Archive") == 1
    assert kinds(bench.plan()) == []


def test_row_5_new_on_both_sides_is_adopted(bench: Bench) -> None:
    bench.deliver("work", M)
    bench.deliver("consolidated", M)
    assert kinds(bench.plan()) == [("adopt", "work")]
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    bench.remove("work", M)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_row_5_the_consolidated_mailboxs_own_mail_is_never_touched(bench: Bench) -> None:
    bench.deliver("consolidated", M)
    bench.sync()
    assert kinds(bench.plan()) == []
    assert bench.holds("consolidated", M) == 1


def test_row_6_stored_twice_the_late_one_goes(bench: Bench) -> None:
    stored_twice(bench)
    (line,) = bench.plan().lines
    assert (line.kind, line.target.mailbox) == ("forward-delete", "consolidated")
    assert line.reason.startswith("stored twice")


def test_row_7_moved_out_is_held(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("consolidated", M)
    bench.deliver("work", M)
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([], [("collect", "work", "moved-out")])


def test_row_8_new_mail_is_collected(bench: Bench) -> None:
    bench.deliver("isp", M)
    assert kinds(bench.plan()) == [("collect", "isp")]
    collected(bench)


def test_row_8_one_collect_per_message_from_the_first_account(bench: Bench) -> None:
    bench.deliver("work", M)
    bench.deliver("isp", M)
    plan = bench.plan()
    assert kinds(plan) == [("collect", "isp"), ("adopt", "work")]
    assert plan.lines[1].needs == (plan.lines[0].id,)


def test_row_9_back_on_an_account_that_had_lacked_it_is_collected(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("isp", M)
    bench.sync()
    bench.deliver("isp", M)
    (line,) = bench.plan().lines
    assert (line.kind, line.account) == ("collect", "isp")
    assert line.reason.startswith("back on isp")
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    assert kinds(bench.plan()) == []


def test_row_10_gone_from_the_consolidated_is_a_reverse_deletion(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("consolidated", M)
    assert kinds(bench.plan()) == [("reverse-delete", "isp")]
    bench.sync()
    assert bench.holds("isp", M) == 0
    assert kinds(bench.plan()) == []


def test_row_10_a_deletion_that_did_not_take_is_the_same_line_again(bench: Bench) -> None:
    collected(bench, "isp")
    kept = dict(bench.boxes["isp"].folders["INBOX"].messages)
    bench.remove("consolidated", M)
    bench.sync()
    assert bench.holds("isp", M) == 0
    bench.boxes["isp"].folders["INBOX"].messages.update(kept)
    assert kinds(bench.plan()) == [("reverse-delete", "isp")]
    bench.sync()
    assert bench.holds("isp", M) == 0


def test_row_11_ended_and_on_an_account_that_never_held_it_is_held(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("isp", M)
    bench.sync()
    bench.deliver("work", M)
    plan = bench.plan()
    assert kinds(plan) == []
    assert held(plan) == [("collect", "work", "late-copy")]
    bench.sync()
    plan = bench.plan()
    assert held(plan) == [("collect", "work", "late-copy")]
    assert plan.held[0].since is not None
    assert kinds(bench.plan(reconsider=True)) == [("collect", "work")]
    bench.sync(reconsider=True)
    assert bench.holds("consolidated", M) == 1
    assert kinds(bench.plan()) == []


def test_row_11_gone_from_the_consolidated_and_late_elsewhere_is_held(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("consolidated", M)
    bench.sync("collect")
    bench.deliver("work", M)
    plan = bench.plan()
    assert kinds(plan) == [("reverse-delete", "isp")]
    assert held(plan) == [("collect", "work", "late-copy")]
    bench.sync()
    assert bench.holds("work", M) == 1
    assert bench.holds("isp", M) == 0


def test_row_12_gone_everywhere_is_forgotten(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("isp", M)
    bench.remove("consolidated", M)
    assert kinds(bench.plan()) == [("forget", "isp")]
    bench.sync()
    assert kinds(bench.plan()) == []


def test_row_13_put_back_by_an_undo_is_held(bench: Bench) -> None:
    collected(bench, "work")
    undo(bench, reverse(bench, M))
    assert bench.holds("work", M) == 1
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([], [("collect", "work", "undone")])
