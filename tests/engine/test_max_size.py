"""What is larger than ``max_size`` of its account is held, and collected if it is brought back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import mail
from tests.engine.bench import Bench, held, kinds

SMALL, LARGE = mail(1), mail(2, "x" * 2000)
HELD = [("collect", "isp", "too-large")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.configure("isp", max_size=1000)
    bench.deliver("isp", SMALL)
    bench.deliver("isp", LARGE)
    return bench


def test_it_is_held_for_good_and_nothing_else_is(bench: Bench) -> None:
    for lines in ([("collect", "isp")], []):
        plan = bench.plan()
        assert (kinds(plan), held(plan)) == (lines, HELD)
        bench.sync()
    assert bench.sync().run is None
    assert bench.holds("consolidated", SMALL) == 1


def test_brought_back_it_is_collected_and_an_ordinary_message(bench: Bench) -> None:
    bench.sync()
    assert kinds(bench.plan(reconsider=True)) == [("collect", "isp")]
    bench.sync(reconsider=True)
    assert bench.holds("consolidated", LARGE) == 1
    plan = bench.plan()
    assert (held(plan), kinds(plan)) == ([], [])
    bench.remove("isp", LARGE)
    assert kinds(bench.plan()) == [("forward-delete", "isp")]


def test_another_account_may_have_no_such_limit(bench: Bench) -> None:
    bench.deliver("work", LARGE)
    plan = bench.plan()
    assert ("collect", "work") in kinds(plan)
    assert held(plan) == []


def test_the_limit_is_raised(bench: Bench) -> None:
    bench.sync()
    bench.configure("isp", max_size=10_000)
    assert kinds(bench.plan()) == [("collect", "isp")]


def test_gone_before_it_was_collected_nothing_follows(bench: Bench) -> None:
    bench.sync()
    bench.remove("isp", LARGE)
    plan = bench.plan()
    assert (held(plan), kinds(plan)) == ([], [])


def test_put_there_by_hand_it_is_adopted(bench: Bench) -> None:
    bench.sync()
    bench.home.deliver("INBOX", LARGE)
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([("adopt", "isp")], [])
