"""What is held, and bringing it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailsync_tui.config.model import Holds
from mailsync_tui.engine.model import Plan
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.screens.held import HeldScreen
from mailsync_tui.ui.widgets.line_view import LineView
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drawn, press, run, running, screen, text


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Two declined collects, and a late copy on work."""
    bench = Bench(tmp_path)
    bench.deliver("isp", mail("late"))
    bench.sync()
    bench.remove("isp", mail("late"))
    bench.sync()  # deleted here
    bench.deliver("isp", mail("no1"))
    bench.deliver("isp", mail("no2"))
    bench.deliver("work", mail("late"))
    bench.sync(without=["collect"])
    return bench


@pytest.fixture
def previewed(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that were previewed."""
    plans: list[Plan] = []

    def open_preview(_app: MailsyncApp, plan: Plan) -> None:
        plans.append(plan)

    monkeypatch.setattr(MailsyncApp, "open_preview", open_preview)
    return plans


def lines(shown: HeldScreen) -> list[str]:
    """The lines that are drawn."""
    return [line for line in drawn(shown.query_one(LineView)) if line]


def test_lines_stand_below_the_rule_that_holds_them(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "x")
            shown = lines(screen(app, HeldScreen))
            assert shown[0].startswith("[ ] declined: 2 lines, you took these lines out of a plan")
            assert sorted(line.split()[-1] for line in shown[1:3]) == ["no1", "no2"]
            assert "collect from isp" in shown[1]
            assert shown[3].startswith("[ ] late-copy: 1 line, ")
            assert shown[4].endswith("message late")
            assert "Held back: 3 lines" in text(app, "#title")
            assert "You took this line out" in text(app, "#detail")

    run(work)


def test_the_chosen_come_back_as_a_plan(bench: Bench, previewed: list[Plan]) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "x", "a")
            assert not previewed  # nothing is chosen
            await press(app, pilot, "down", "space", "a")
            (plan,) = previewed
            (line,) = plan.lines
            assert line.kind == "collect" and line.subject in ("message no1", "message no2")

    run(work)


def test_a_group_is_chosen_whole_and_a_part_of_it_is_marked(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "x", "space")
            shown = screen(app, HeldScreen)
            assert [line[:3] for line in lines(shown)] == ["[x]", "[x]", "[x]", "[ ]", "[ ]"]
            await press(app, pilot, "down", "space")
            assert [line[:3] for line in lines(shown)[:3]] == ["[-]", "[ ]", "[x]"]
            assert "1 line chosen" in text(app, "#summary")

    run(work)


def test_all_that_the_filter_shows_are_chosen_and_no_other(
    bench: Bench, previewed: list[Plan]
) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "x", "slash", *"on:work", "enter", "asterisk")
            shown = screen(app, HeldScreen)
            assert len(lines(shown)) == 2
            assert "filter: 1 of 3" in text(app, "#summary")
            await press(app, pilot, "a")
            assert [line.subject for line in previewed[0].lines] == ["message late"]

    run(work)


def test_without_held_lines_it_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", mail("one"))
    bench.sync()

    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "x", "space", "asterisk", "a")
            assert "Nothing is held back" in text(app, "#title")
            assert not lines(screen(app, HeldScreen))

    run(work)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_the_columns_are_aligned_at_every_width(bench: Bench, size: tuple[int, int]) -> None:
    async def work() -> None:
        async with running(bench, size) as (app, pilot):
            await press(app, pilot, "x")
            below = [line for line in lines(screen(app, HeldScreen)) if line.startswith("[ ] :")]
            assert len({line.index("message") for line in below}) == 1
            assert all(len(line) <= size[0] for line in below)

    run(work)


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        (Holds(flagged=True), "it is flagged"),
        (Holds(senders=("*@example.org",)), "its sender is like *@example.org"),
        (Holds(folders=("INBOX",)), "it lies in a folder like INBOX"),
        (Holds(younger_than=timedelta(days=30)), "it is younger than 30d"),
    ],
)
def test_what_the_configuration_protects_names_the_key(
    tmp_path: Path, holds: Holds, words: str
) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", mail("kept"))
    bench.sync()
    bench.remove("isp", mail("kept"))
    bench.home.flag("INBOX", bench.uid_of("consolidated", mail("kept")), "\\Flagged")
    bench.config = replace(bench.config, holds=holds)

    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "x", "down")
            screen(app, HeldScreen)
            assert f"[hold] protects it, as {words}" in text(app, "#detail")
            await press(app, pilot, "space", "a")
            screen(app, HeldScreen)
            assert not app._notifications  # a toast would cover the detail
            assert "1 line cannot be brought back: [hold]" in text(app, "#summary")

    run(work)
