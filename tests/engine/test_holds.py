"""What ``[hold]`` protects never becomes a deletion, on either side."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.config.model import Holds
from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.session import plan_file
from tests.builders import mail
from tests.engine.bench import START, Bench, held, kinds

M = mail(1, sender="Alerts@Bank.Example", date=START - timedelta(days=3))
N = mail(2)
FORWARD = [("forward-delete", "work", "hold")]
REVERSE = [("reverse-delete", "work", "hold")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    for data in (M, N):
        bench.deliver("work", data)
    bench.sync()
    return bench


def hold(bench: Bench, **keys: Any) -> None:
    bench.config = replace(bench.config, holds=Holds(**keys))


def holds(plan: Plan) -> list[str | None]:
    assert all(line.kind not in ("forward-delete", "reverse-delete") for line in plan.lines)
    return [each.hold for each in plan.held]


def flag(bench: Bench, mailbox: str, data: bytes = M) -> None:
    bench.boxes[mailbox].flag("INBOX", bench.uid_of(mailbox, data), "\\Flagged")


def test_flagged_in_the_consolidated_mailbox(bench: Bench) -> None:
    hold(bench, flagged=True)
    flag(bench, "consolidated")
    bench.remove("work", M)
    plan = bench.plan()
    assert (kinds(plan), held(plan), holds(plan)) == ([], FORWARD, ["flagged = true"])
    bench.sync()
    assert bench.holds("consolidated", M) == 1


def test_flagged_on_the_account(bench: Bench) -> None:
    hold(bench, flagged=True)
    flag(bench, "work")
    bench.remove("consolidated", M)
    plan = bench.plan()
    assert (kinds(plan), held(plan), holds(plan)) == ([], REVERSE, ["flagged = true"])
    bench.sync()
    assert bench.holds("work", M) == 1


def test_only_the_flag_where_it_would_be_deleted_counts(bench: Bench) -> None:
    hold(bench, flagged=True)
    flag(bench, "work")
    flag(bench, "consolidated", N)
    bench.remove("work", M)
    bench.remove("consolidated", N)
    assert kinds(bench.plan()) == [("forward-delete", "work"), ("reverse-delete", "work")]


def test_without_the_key_a_flag_means_nothing(bench: Bench) -> None:
    flag(bench, "consolidated")
    bench.remove("work", M)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_unflagged_it_is_a_deletion_again(bench: Bench) -> None:
    hold(bench, flagged=True)
    flag(bench, "consolidated")
    bench.remove("work", M)
    bench.sync()
    uid = bench.uid_of("consolidated", M)
    bench.home.folders["INBOX"].messages[uid].flags = frozenset()
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_reconsidering_does_not_lift_it(bench: Bench) -> None:
    hold(bench, flagged=True)
    flag(bench, "consolidated")
    bench.remove("work", M)
    plan = bench.plan(reconsider=True)
    assert (kinds(plan), held(plan)) == ([], FORWARD)
    bench.sync(reconsider=True)
    assert bench.holds("consolidated", M) == 1


def test_it_is_told_before_a_decline(bench: Bench) -> None:
    """A declined line could be reconsidered; this one cannot."""
    bench.remove("work", M)
    bench.sync(without=["forward-delete"])
    hold(bench, senders=("*@bank.example",))
    assert held(bench.plan()) == FORWARD


@pytest.mark.parametrize("side", ["consolidated", "work"])
def test_flagged_after_the_preview(bench: Bench, side: str) -> None:
    hold(bench, flagged=True)
    bench.remove("work" if side == "consolidated" else "consolidated", M)

    def choose(plan: Plan) -> frozenset[str]:
        assert len(plan.lines) == 1
        flag(bench, side)
        return frozenset()

    with bench.session() as session:
        (line,) = session.sync(Options(), choose).lines
    assert (line.outcome, line.reason) == (
        "skipped",
        "it is flagged now, and [hold] protects what is flagged",
    )
    assert bench.holds(side, M) == 1


@pytest.mark.parametrize(
    ("pattern", "protects"),
    [
        ("*@bank.example", True),
        ("ALERTS@bank.example", True),
        ("alerts@*", True),
        ("bank.example", False),
        ("*@bank.exampl", False),
        ("Ann*", False),
    ],
)
def test_from_is_a_glob_for_the_address(bench: Bench, pattern: str, protects: bool) -> None:
    hold(bench, senders=("*@nobody.example", pattern))
    bench.remove("work", M)
    plan = bench.plan()
    if protects:
        assert (held(plan), holds(plan)) == (FORWARD, [f'from = "{pattern}"'])
    else:
        assert kinds(plan) == [("forward-delete", "work")]


def test_folders_count_where_it_lies(bench: Bench) -> None:
    hold(bench, folders=("Arch*",))
    bench.move("consolidated", M, "Archive")
    bench.sync()
    bench.remove("work", M)
    plan = bench.plan()
    assert (held(plan), holds(plan)) == (FORWARD, ['folders = "Arch*"'])
    bench.remove("consolidated", N)
    assert kinds(bench.plan()) == [("reverse-delete", "work")]
    hold(bench, folders=("inbox",))
    plan = bench.plan()
    assert kinds(plan) == [("forward-delete", "work")]
    assert held(plan) == REVERSE


def test_folders_are_read_in_the_server_s_own_form(bench: Bench) -> None:
    hold(bench, folders=("INBOX.Taxes",))
    bench.home.add_folder("Taxes")
    own = {"INBOX.Taxes": "Taxes"}
    bench.home.resolve = lambda folder: own.get(folder, folder)  # type: ignore[method-assign]
    bench.move("consolidated", M, "Taxes")
    bench.sync()
    bench.remove("work", M)
    assert held(bench.plan()) == FORWARD


def test_younger_than_goes_by_the_date(bench: Bench) -> None:
    hold(bench, younger_than=timedelta(days=4))
    bench.remove("work", M)
    plan = bench.plan()
    assert (held(plan), holds(plan)) == (FORWARD, ['younger_than = "4d"'])
    bench.wait(24 * 60)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


@pytest.mark.parametrize("date", ["Fri, 01 Jan 2038 00:00:00 +0000", "no date"])
def test_without_a_date_that_can_be_true_it_goes_by_the_arrival(bench: Bench, date: str) -> None:
    hold(bench, younger_than=timedelta(hours=36))
    head, _, rest = mail(3).partition(b"Date: ")
    odd = head + b"Date: " + date.encode() + b"\r\n" + rest.partition(b"\r\n")[2]
    bench.deliver("work", odd)
    bench.sync()
    bench.remove("work", odd)
    plan = bench.plan()
    assert (held(plan), holds(plan)) == (FORWARD, ['younger_than = "36h"'])
    bench.wait(36 * 60)
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_one_protected_copy_holds_the_line(bench: Bench) -> None:
    hold(bench, flagged=True)
    bench.deliver("work", M)
    bench.sync()
    uids = sorted(bench.boxes["work"].folders["INBOX"].messages)
    bench.boxes["work"].flag("INBOX", uids[-1], "\\Flagged")
    bench.remove("consolidated", M)
    assert held(bench.plan()) == REVERSE
    assert bench.holds("work", M) == 2


def test_what_follows_from_a_held_deletion_is_not_done(bench: Bench) -> None:
    hold(bench, flagged=True)
    bench.deliver("isp", M)
    bench.sync()
    flag(bench, "consolidated")
    bench.remove("work", M)
    assert kinds(bench.plan()) == []
    bench.sync()
    assert bench.holds("isp", M) == 1


def test_in_json_and_in_a_saved_plan(bench: Bench) -> None:
    hold(bench, senders=("*@bank.example",))
    bench.remove("work", M)
    plan = bench.plan()
    document = plan_file.save(plan)
    assert document["held"][0]["rule"] == "hold"
    assert document["held"][0]["hold"] == 'from = "*@bank.example"'
    assert plan_file.load(plan_file.dumps(document), "default")[0].held == plan.held
