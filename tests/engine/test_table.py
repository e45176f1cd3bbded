"""DESIGN.md's table: one test for each row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.bench import Bench, held, kinds, mail

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


def test_new_mail_is_collected(bench: Bench) -> None:
    bench.deliver("isp", M)
    assert kinds(bench.plan()) == [("collect", "isp")]
    collected(bench)


def test_known_on_both_sides_is_in_sync(bench: Bench) -> None:
    collected(bench, "isp")
    assert kinds(bench.plan()) == []


def test_known_and_gone_from_the_account_is_a_forward_deletion(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("isp", M)
    (line,) = bench.plan().lines
    assert (line.kind, line.account, line.accounts) == ("forward-delete", "isp", ("isp",))
    assert line.target.mailbox == "consolidated"
    bench.sync()
    assert bench.holds("consolidated", M) == 0
    assert kinds(bench.plan()) == []


def test_known_and_gone_from_the_consolidated_is_a_reverse_deletion(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("consolidated", M)
    assert kinds(bench.plan()) == [("reverse-delete", "isp")]
    bench.sync()
    assert bench.holds("isp", M) == 0
    assert kinds(bench.plan()) == []


def test_gone_everywhere_is_forgotten(bench: Bench) -> None:
    collected(bench, "isp")
    bench.remove("isp", M)
    bench.remove("consolidated", M)
    assert kinds(bench.plan()) == [("forget", "isp")]
    bench.sync()
    assert kinds(bench.plan()) == []


def test_new_on_both_sides_is_adopted(bench: Bench) -> None:
    bench.deliver("work", M)
    bench.deliver("consolidated", M)
    assert kinds(bench.plan()) == [("adopt", "work")]
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    bench.remove("work", M)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_the_consolidated_mailboxs_own_mail_is_never_touched(bench: Bench) -> None:
    bench.deliver("consolidated", M)
    bench.sync()
    assert kinds(bench.plan()) == []
    assert bench.holds("consolidated", M) == 1


def test_ended_and_back_on_an_account_that_had_lacked_it_is_collected(bench: Bench) -> None:
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


def test_ended_and_on_an_account_that_never_held_it_is_held(bench: Bench) -> None:
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


def test_gone_from_the_consolidated_and_late_elsewhere_is_held(bench: Bench) -> None:
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


def test_a_deletion_that_did_not_take_is_the_same_line_again(bench: Bench) -> None:
    collected(bench, "isp")
    kept = dict(bench.boxes["isp"].folders["INBOX"].messages)
    bench.remove("consolidated", M)
    bench.sync()
    assert bench.holds("isp", M) == 0
    bench.boxes["isp"].folders["INBOX"].messages.update(kept)
    assert kinds(bench.plan()) == [("reverse-delete", "isp")]
    bench.sync()
    assert bench.holds("isp", M) == 0


def test_fan_out_gone_at_one_account_goes_everywhere(bench: Bench) -> None:
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


def test_one_collect_per_message_from_the_first_account(bench: Bench) -> None:
    bench.deliver("work", M)
    bench.deliver("isp", M)
    plan = bench.plan()
    assert kinds(plan) == [("collect", "isp"), ("adopt", "work")]
    assert plan.lines[1].needs == (plan.lines[0].id,)
