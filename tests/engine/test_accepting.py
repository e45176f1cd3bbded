"""What ``--accept-blocked`` lets through: what a block shows, and not one line more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.engine.model import DELETIONS, Accept, Plan
from tests.builders import mail
from tests.engine.bench import Bench, blocked, kinds


def deletions(plan: Plan) -> int:
    return sum(line.kind in DELETIONS for line in plan.lines)


def check_counts(bench: Bench) -> Plan:
    """Each block, by its count, lets through just so many lines; by one less, none."""
    plan = bench.plan()
    assert plan.blocked
    for each in plan.blocked:
        exact = bench.plan(accepts=(Accept(each.account, each.rule, each.count),))
        assert deletions(exact) == deletions(plan) + each.count, each
        left = [b for b in plan.blocked if b != each]
        assert blocked(exact) == [(b.account, b.kind, b.rule, b.count) for b in left]
        fewer = bench.plan(accepts=(Accept(each.account, each.rule, each.count - 1),))
        assert each in fewer.blocked
    every = tuple(Accept(b.account, b.rule, b.count) for b in plan.blocked)
    everything = bench.plan(accepts=every)
    assert blocked(everything) == []
    assert deletions(everything) == deletions(plan) + sum(b.count for b in plan.blocked)
    return plan


def spread(tmp_path: Path, **guards: Any) -> Bench:
    """Twelve messages on two accounts, and five more on each of them alone."""
    bench = Bench(tmp_path, max_delete_floor=3, max_delete_share=0.1, **guards)
    for account in ("isp", "work"):
        for n in range(12):
            bench.deliver(account, mail(n))
        for n in range(5):
            bench.deliver(account, mail(f"{account} {n}"))
    bench.sync()
    return bench


@pytest.mark.parametrize("copies", ["any", "all"])
def test_what_is_gone_from_several_accounts_stands_under_one_of_them(
    tmp_path: Path, copies: str
) -> None:
    bench = spread(tmp_path, copies=copies)
    for account in ("isp", "work"):
        for n in range(12):
            bench.remove(account, mail(n))
        for n in range(4):
            bench.remove(account, mail(f"{account} {n}"))
    plan = check_counts(bench)
    assert blocked(plan) == [
        ("isp", "forward-delete", "max-delete", 16),
        ("work", "forward-delete", "max-delete", 4),
    ]
    (isp, *_) = bench.plan(accepts=(Accept("isp", "max-delete", 16),)).lines
    assert isp.accounts == (("isp", "work") if copies == "all" else ("isp",))


def test_what_is_gone_from_an_account_where_nothing_stops_it_is_not_counted(
    tmp_path: Path,
) -> None:
    bench = spread(tmp_path)
    for n in range(2):
        bench.remove("isp", mail(n))
        bench.remove("work", mail(n))
    for n in range(4):
        bench.remove("work", mail(f"work {n}"))
    plan = check_counts(bench)
    assert blocked(plan) == [("work", "forward-delete", "max-delete", 4)]
    assert kinds(plan) == [("forward-delete", "isp")] * 2


def test_what_several_rules_stop_stands_where_it_can_be_let_through(tmp_path: Path) -> None:
    bench = spread(tmp_path)
    bench.deliver("work", mail("kept"), "Archive")
    bench.boxes["work"].folders.pop("INBOX")
    for n in range(12):
        bench.remove("isp", mail(n))
    assert blocked(bench.plan()) == [
        ("isp", "forward-delete", "max-delete", 12),
        ("work", "forward-delete", "folder-gone", 5),
    ]
    plan = bench.plan(accepts=(Accept("isp", "max-delete", 12),))
    assert kinds(plan) == [("forward-delete", "isp")] * 12


def lost_on_both_sides(bench: Bench, forward: int, reverse: int) -> None:
    for n in range(forward):
        bench.remove("isp", mail(f"isp {n}"))
    for n in range(reverse):
        bench.remove("consolidated", mail(n))
    for account in ("isp", "work"):
        bench.deliver(account, mail("new"))


def test_the_number_says_which_direction_is_meant(tmp_path: Path) -> None:
    bench = spread(tmp_path)
    lost_on_both_sides(bench, 4, 9)
    plan = check_counts(bench)
    assert blocked(plan)[:2] == [
        ("isp", "forward-delete", "max-delete", 4),
        ("isp", "reverse-delete", "max-delete", 9),
    ]
    assert blocked(bench.plan(accepts=(Accept("isp", "max-delete", 8),)))[0][1] == "reverse-delete"
    both = bench.plan(accepts=(Accept("isp", "max-delete", 10),))
    assert [b[0] for b in blocked(both)] == ["work"]


def test_for_consolidated_the_number_is_that_of_all_accounts(tmp_path: Path) -> None:
    bench = spread(tmp_path)
    bench.home.folders["INBOX"].messages.clear()
    assert blocked(bench.plan()) == [
        ("isp", "reverse-delete", "side-empty", 17),
        ("work", "reverse-delete", "side-empty", 17),
    ]
    for count, left in ((33, 2), (34, 0), (None, 0)):
        plan = bench.plan(accepts=(Accept("consolidated", "side-empty", count),))
        assert (len(plan.blocked), len(plan.lines)) == (left, 0 if left else 34)
    assert blocked(bench.plan(accepts=(Accept("consolidated", "max-delete"),))) == blocked(
        bench.plan()
    )
