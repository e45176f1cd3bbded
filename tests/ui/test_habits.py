"""What a terminal app is expected to do: palette, suspending, what is kept on the next start."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from textual.command import CommandInput, CommandList, CommandPalette
from textual.pilot import Pilot

from mailsync_tui.engine.model import UndoLine
from mailsync_tui.ui.app import Actions, MailsyncApp
from mailsync_tui.ui.preferences import keep, preferences
from mailsync_tui.ui.rows.progress import ApplyProgress, progress_lines
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from mailsync_tui.ui.screens.dialogs import Choices, ConfirmScreen
from mailsync_tui.ui.widgets.panes import Panes
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drawn, drive, press, screen


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    for name in ("one", "two"):
        bench.deliver("isp", mail(name))
    bench.sync()
    bench.deliver("work", mail("new"))
    return bench


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("delet", "Preview forward deletions (f)"),
        ("undo", "Show earlier runs (h)"),
        ("forward", "Preview forward deletions (f)"),
    ],
)
def test_the_palette_finds_an_action_by_its_words_and_shows_its_key(
    bench: Bench, typed: str, found: str
) -> None:
    async def work(app: MailsyncApp, _: Pilot[int]) -> None:
        hits = [hit async for hit in Actions(app.screen).search(typed)]
        assert found in [hit.text for hit in hits]
        every = [hit.text async for hit in Actions(app.screen).discover()]
        assert not {"Maximize", "Minimize"}.intersection(map(str, every))
        assert "Theme" in every

    drive(bench, work)


def test_the_palette_opens_and_lists_actions(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        app.screen.query_one(CommandInput).value = "zoom"
        while not app.screen.query_one(CommandList).option_count:
            await pilot.pause()
        await press(app, pilot, "enter")
        assert app.screen.query_one(Panes).zoomed

    drive(bench, work)


def test_theme_and_differences_are_kept_on_the_next_start(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)

    async def first(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "equals_sign")
        app.theme = "nord"
        await pilot.pause()

    async def second(app: MailsyncApp, pilot: Pilot[int]) -> None:
        assert app.theme == "nord"
        assert screen(app, ComparisonScreen).differences
        assert len(app.screen.query_one(Panes).lines) == 1
        await press(app, pilot, "equals_sign")
        assert preferences(bench.directory)["differences"] is False

    drive(bench, first)
    drive(bench, second)


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"theme": 7, "differences": "yes"}'])
def test_what_is_kept_may_be_anything(bench: Bench, text: str) -> None:
    (bench.directory / "app.json").write_text(text)

    async def work(app: MailsyncApp, _: Pilot[int]) -> None:
        assert not screen(app, ComparisonScreen).differences

    drive(bench, work)


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    keep(tmp_path / "nowhere", theme="nord")
    assert preferences(tmp_path / "nowhere") == {}


def test_a_filter_without_a_match_says_so_and_names_an_unknown_key(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "slash", *"form:ann", "enter")
        (line,) = [line for line in drawn(app.screen.query_one(Panes)) if line]
        assert line.startswith("No line passes the filter. There is no form: (but from:, ")
        await press(app, pilot, "escape", "slash", *"zzz", "enter")
        (line,) = [line for line in drawn(app.screen.query_one(Panes)) if line]
        assert line == "No line passes the filter."

    drive(bench, work)


def test_an_undo_s_progress_says_that_it_puts_back() -> None:
    line = UndoLine("l", "forward-delete", "isp", None, "", "consolidated", "", "full", None, ())
    (count,) = ApplyProgress([line]).counts()
    (row,) = progress_lines([count], 100)
    assert "put back in consolidated" in row


def test_ctrl_z_suspends(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr("textual.app.os.kill", lambda _, number: sent.append(number))

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        monkeypatch.setattr(type(app._driver), "can_suspend", True)
        await press(app, pilot, "ctrl+z")
        assert sent == [signal.SIGTSTP]

    drive(bench, work)


@pytest.mark.parametrize("number", [None, 12])
def test_a_low_screen_shows_what_is_asked(bench: Bench, number: int | None) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        app.push_screen(ConfirmScreen("Delete 12 messages?", ["A long sentence. " * 9] * 6, number))
        await pilot.pause()
        choices = app.screen.query_one(Choices)
        assert choices.region.bottom <= 12
        assert choices.size.height >= (1 if number is None else 3)
        assert app.screen.query_one("#title").region.y >= 0

    drive(bench, work, (40, 12))
