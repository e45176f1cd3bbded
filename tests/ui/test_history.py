"""Earlier runs, one of them line by line, and one that did not end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mailsync_tui.ledger.rows import Intent
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.ui.screens.applying import ResultScreen
from mailsync_tui.ui.screens.base import FilterLine
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from mailsync_tui.ui.screens.dialogs import ConfirmScreen
from mailsync_tui.ui.screens.history import HistoryScreen, RunScreen
from mailsync_tui.ui.widgets.line_view import LineView
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drawn, press, run, running, screen, text

PATIENCE = 60
"""Seconds until a test that waits for something gives up."""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Run 1 collected four messages; run 2 deleted one on each side."""
    bench = Bench(tmp_path)
    for name in ("one", "two", "three"):
        bench.deliver("isp", mail(name))
    bench.deliver("work", mail("four"))
    bench.sync()
    bench.remove("isp", mail("one"))
    bench.remove("consolidated", mail("four"))
    bench.sync()
    return bench


def killed(bench: Bench, lines: int = 2) -> int:
    """A run that was killed after it had begun so many lines; its number."""
    ledger = LedgerWriter(bench.directory / "ledger.sqlite3")
    try:
        with ledger.transaction():
            number = ledger.begin_run("sync", ("collect",), bench.now)
            intents = [
                Intent(f"l{n}", "collect", "isp", None, "<x@y>", f"open {n}", "isp", "INBOX", 1, n)
                for n in range(lines)
            ]
            ledger.intend(number, intents, bench.now)
    finally:
        ledger.close()
    bench.wait(1)  # no server still stores what was sent
    return number


def lines(screen_: HistoryScreen | RunScreen) -> list[str]:
    """The lines of the list that are drawn."""
    return [line for line in drawn(screen_.query_one(LineView)) if line]


def test_runs_stand_newest_first_with_what_they_did(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h")
            newest, oldest = lines(screen(app, HistoryScreen))
            assert newest.split()[:3] == ["2", "=", "done"]
            assert "1 deleted in consolidated, 1 deleted on accounts" in newest
            assert oldest.split()[:3] == ["1", "=", "done"]
            assert "4 collected" in oldest
            assert "all of it was done" in text(app, "#detail")
            await press(app, pilot, "escape")
            screen(app, ComparisonScreen)

    run(work)


def test_enter_shows_the_lines_of_the_run_under_the_cursor(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h", "enter")
            shown = screen(app, RunScreen)
            assert shown.run.id == 2
            forward, reverse = (
                next(line for line in lines(shown) if name in line)
                for name in ("message one", "message four")
            )
            assert "= done" in forward and "deleted in consolidated, gone from isp" in forward
            assert "= done" in reverse and "deleted on work" in reverse
            assert "= 2 done" in text(app, "#summary")
            await press(app, pilot, "escape", "down", "enter")
            assert screen(app, RunScreen).run.id == 1
            assert "collected from" in lines(screen(app, RunScreen))[0]

    run(work)


def test_a_filter_narrows_the_lines_and_escape_ends_it_first(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h", "enter", "slash", *"one", "enter")
            shown = screen(app, RunScreen)
            assert len(lines(shown)) == 1
            assert "filter: 1 of 2" in text(app, "#summary")
            await press(app, pilot, "escape")
            assert len(lines(screen(app, RunScreen))) == 2
            await press(app, pilot, "escape")
            screen(app, HistoryScreen)

    run(work)


@pytest.mark.parametrize("keys", [("slash",), ("h", "enter", "slash"), ("f", "slash")])
def test_a_filter_is_seen_while_it_is_typed(bench: Bench, keys: tuple[str, ...]) -> None:
    bench.remove("isp", mail("two"))

    async def work() -> None:
        async with running(bench) as (app, pilot):
            assert not app.screen.query_one(FilterLine).display
            await press(app, pilot, *keys, *"one")
            assert app.screen.query_one(FilterLine).region.height
            await press(app, pilot, "enter")
            assert not app.screen.query_one(FilterLine).display

    run(work)


@pytest.mark.parametrize(
    ("typed", "found"), [("is:deleted", 2), ("is:skipped", 0), ("on:work", 1), ("four", 1)]
)
def test_what_a_filter_may_name(bench: Bench, typed: str, found: int) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h", "enter", "slash")
            await press(app, pilot, *(":" if c == ":" else c for c in typed), "enter")
            assert len(screen(app, RunScreen).query_one(LineView).lines) == found

    run(work)


def test_only_deletions_that_were_done_are_chosen(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h", "enter", "space")
            shown = screen(app, RunScreen)
            assert len(shown.chosen) == 1
            assert sum("[x]" in line for line in lines(shown)) == 1
            await press(app, pilot, "asterisk")
            assert len(shown.chosen) == 2
            await press(app, pilot, "asterisk")
            assert not shown.chosen
            await press(app, pilot, "escape", "down", "enter", "space", "asterisk")
            assert not screen(app, RunScreen).chosen  # it only collected

    run(work)


def test_the_app_opens_on_a_run_that_did_not_end(bench: Bench) -> None:
    number = killed(bench)

    async def work() -> None:
        async with running(bench) as (app, pilot):
            notice = text(app, "#notice")
            assert app.screen.query_one("#notice").display
            assert f"run {number} (sync, " in notice
            assert "did not end: 2 lines without an outcome" in notice
            assert "the next run looks what became" in notice
            await press(app, pilot, "h")
            shown = screen(app, RunScreen)
            assert shown.run.id == number
            assert shown.run.state == "unfinished"
            assert all("? unknown" in line for line in lines(shown))
            await press(app, pilot, "escape")
            first = lines(screen(app, HistoryScreen))[0]
            assert first.split()[:3] == [str(number), "!", "unfinished"]

    run(work)


def test_a_run_that_a_later_one_settled_is_no_news(bench: Bench) -> None:
    killed(bench, lines=0)
    bench.deliver("isp", mail("later"))
    bench.sync()

    async def work() -> None:
        async with running(bench) as (app, pilot):
            assert not app.screen.query_one("#notice").display
            await press(app, pilot, "h")
            assert lines(screen(app, HistoryScreen))[1].split()[2] == "unfinished"

    run(work)


def test_a_run_that_is_at_work_is_not_called_dead(bench: Bench) -> None:
    from mailsync_tui.ledger.lock import RunLock

    killed(bench)

    async def work() -> None:
        with RunLock(bench.directory / "lock", "sync"):
            async with running(bench) as (app, _):
                shown = text(app, "#notice")
                assert "is at work: process " in shown
                assert "did not end" not in shown

    run(work)


def test_hostile_text_in_the_journal_is_shown_as_text(bench: Bench) -> None:
    evil = "\x1b]0;x\x07[@click=app.quit]x[/] [/bold] \u202eabc"
    ledger = LedgerWriter(bench.directory / "ledger.sqlite3")
    with ledger.transaction():
        number = ledger.begin_run(evil, ("collect",), bench.now)
        row = Intent("l1", "collect", evil, None, evil, evil, evil, evil, 1, 1)
        (action,) = ledger.intend(number, [row], bench.now)
        ledger.outcome(action, "failed", evil)
        ledger.end_run(number, 3, bench.now)
    ledger.close()

    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h")
            seen = [*lines(screen(app, HistoryScreen)), text(app, "#detail")]
            await press(app, pilot, "enter")
            seen += [*lines(screen(app, RunScreen)), text(app, "#detail"), text(app, "#title")]
            assert not any(c in line for line in seen for c in "\x1b\x07\u202e")
            assert "[@click=app.quit]x[/]" in text(app, "#detail")
            assert "[@click=app.quit]x[/]" in text(app, "#title")

    run(work)


def test_what_an_undo_finds_there_already_is_told_apart_from_what_it_puts_back(
    bench: Bench,
) -> None:
    bench.deliver("work", mail("four"))

    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h")
            await pilot.press("u")
            async with asyncio.timeout(PATIENCE):  # it is looked up first what can come back
                while not isinstance(app.screen, ConfirmScreen):
                    await pilot.pause()
            await press(app, pilot, "y")
            shown = drawn(screen(app, ResultScreen).query_one(LineView))
            rows = [" ".join(line.split()) for line in shown]
            assert "consolidated 1 put back" in rows
            assert "work 1 there already" in rows
            assert "There already: 1 line (nothing was stored)" in rows
            await press(app, pilot, "h")
            first = lines(screen(app, HistoryScreen))[0]
            assert "1 put back in consolidated, 1 there already" in first
            assert "undo, 2026-01-05" in text(app, "#detail")
            assert "direction" not in text(app, "#detail") and "::" not in text(app, "#detail")
            await press(app, pilot, "enter")
            rows = lines(screen(app, RunScreen))
            assert sum("put back in consolidated" in line for line in rows) == 1
            assert sum("nothing to put back on work" in line for line in rows) == 1
            assert "= 1 done   = 1 there already" in text(app, "#summary")

    run(work)
    assert bench.holds("work", mail("four")) == 1


def test_a_line_of_a_run_has_date_and_sender(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            await press(app, pilot, "h", "down", "enter")
            rows = lines(screen(app, RunScreen))
            assert all(" 5 Jan " in line for line in rows if "collected" in line)
            (line,) = screen(app, RunScreen).run_lines[:1]
            assert line.sender and line.sender.partition(" <")[0] in rows[0]

    run(work)
