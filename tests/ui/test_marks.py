"""Marking for deletion in the app, and the preview of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync_tui.config.model import Holds
from mailsync_tui.engine.model import Plan
from mailsync_tui.ui.screens.preview import PreviewScreen
from mailsync_tui.ui.widgets.panes import Panes
from tests.builders import mail
from tests.engine.bench import Bench, kinds
from tests.ui.harness import drawn, everything, press, run, running, screen, text


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Three messages, of which isp and work hold the first."""
    bench = Bench(tmp_path)
    for name, account in (("a", "isp"), ("a", "work"), ("b", "work"), ("c", "isp")):
        bench.deliver(account, mail(name))
    for _ in range(2):
        bench.sync()
    bench.home.folders["INBOX"].messages.pop(1)
    bench.sync()
    return bench


def marked(panes: Panes) -> set[str]:
    return {line.split("message ")[1][0] for line in drawn(panes) if "marked message" in line}


def plan_of(bench: Bench, **options: str) -> Plan:
    return replace(bench.plan(marked=True, directions=(), **options), created=bench.now)


async def go_to(app, pilot, subject: str) -> Panes:  # type: ignore[no-untyped-def]
    panes: Panes = app.screen.query_one(Panes)
    await press(app, pilot, "home")
    for _ in range(9):
        if panes.row is not None and panes.row.subject == f"message {subject}":
            return panes
        await press(app, pilot, "j")
    raise AssertionError(subject)


def test_from_the_start_to_a_deletion_in_six_keys(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            row = app.screen.query_one(Panes).row
            assert row is not None
            subject = row.subject[-1]
            await press(app, pilot, *"dDay")
            assert not any(bench.holds(name, mail(subject)) for name in bench.boxes)
            assert sum(bench.holds("consolidated", mail(n)) for n in "abc") == 2

    run(work)


def test_d_marks_and_d_lifts_and_it_stays_after_a_restart(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = await go_to(app, pilot, "a")
            await press(app, pilot, "d")
            assert marked(panes) == {"a"}
            assert "1 marked (D)" in text(app, "#summary")
            assert "marked for deletion" in text(app, "#detail")
        async with running(bench) as (app, pilot):
            panes = await go_to(app, pilot, "a")
            assert marked(panes) == {"a"}
            await press(app, pilot, "d")
            assert marked(panes) == set()
            assert "marked" not in text(app, "#summary")
            await press(app, pilot, "D")
            assert "nothing is marked" in text(app, "#summary")

    run(work)


def test_a_range_and_all_that_a_filter_shows(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = app.screen.query_one(Panes)
            await press(app, pilot, "home", "v", "j")
            assert sum("chosen " in line for line in drawn(panes)) == 2
            await press(app, pilot, "d")
            assert len(panes.marked) == 2 and not panes.chosen
            await press(app, pilot, "asterisk")
            assert "type one first" in text(app, "#summary")
            await press(app, pilot, "slash", *"message", "enter", "asterisk")
            assert marked(panes) == {"a", "b", "c"}
            await press(app, pilot, "asterisk")
            assert marked(panes) == set()

    run(work)


def test_the_preview_asks_from_where(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await go_to(app, pilot, "a")
            await press(app, pilot, "d", "D")
            preview = screen(app, PreviewScreen)
            found = {}
            for key in "01230":
                await press(app, pilot, key)
                found[key] = kinds(preview.choice.plan)
                scope = ["", "isp", "work", "consolidated"][int(key)]
                own = replace(preview.choice.plan, created=bench.now)
                assert own.lines == plan_of(bench, scope=scope).lines, "as the command has it"
            assert found == {
                "0": [("delete", "consolidated"), ("delete", "isp"), ("delete", "work")],
                "1": [("delete", "isp")],
                "2": [("delete", "work")],
                "3": [("delete", "consolidated")],
            }
            await press(app, pilot, "a")
            assert "as no mail can be put back on isp" in everything(app)
            await press(app, pilot, "n", "1", "a", "y")
        assert [n for n in bench.boxes if bench.holds(n, mail("a"))] == ["work", "consolidated"]
        assert kinds(bench.plan(marked=True)) == []

    run(work)


def test_what_cannot_be_marked_says_why(bench: Bench) -> None:
    bench.config = replace(bench.config, holds=Holds(senders=("*",)))

    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = await go_to(app, pilot, "a")
            await press(app, pilot, "d")
            assert marked(panes) == set()
            assert "cannot be marked for deletion: [hold] from" in text(app, "#summary")

    run(work)


def test_new_mail_is_marked_before_it_is_collected(bench: Bench) -> None:
    bench.deliver("isp", mail("d"))

    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = await go_to(app, pilot, "d")
            await press(app, pilot, "d")
            assert len(panes.marked) == 1
            await press(app, pilot, *"Day")
        assert not any(bench.holds(name, mail("d")) for name in bench.boxes)

    run(work)


def test_in_the_reader(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = await go_to(app, pilot, "a")
            await press(app, pilot, "enter", "d")
            assert "marked for deletion" in text(app, "#status")
            await press(app, pilot, "escape")
            assert marked(panes) == {"a"}
            await press(app, pilot, "enter", "d")
            assert "the mark is lifted" in text(app, "#status")
            await press(app, pilot, "escape")
            assert marked(panes) == set()

    run(work)
