"""The help of the app, and the manual behind it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from mailsync_tui.report.manual import PAGES, page
from mailsync_tui.ui.rows.help import ManualPage
from mailsync_tui.ui.rows.wrap import Wrapped
from mailsync_tui.ui.screens.help import HelpScreen, HelpView
from tests.engine.bench import Bench
from tests.ui.harness import drawn, press, running, screen, text


def test_the_manual_is_behind_the_keys_page_by_page(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(Bench(tmp_path), size=(80, 24)) as (app, pilot):
            await press(app, pilot, "question_mark")
            view = screen(app, HelpScreen).query_one(HelpView)
            assert text(app, "#title").startswith(" Help: comparing the mailboxes")
            assert drawn(view)[0].rstrip(" ┃") == "Comparing the mailboxes"
            await press(app, pilot, "enter")
            assert view.page is None, "no page is named here"
            for number, name in enumerate(PAGES, 1):
                await press(app, pilot, "end", "tab")
                assert text(app, "#title") == f" Manual: {name} ({number} of {len(PAGES)})"
                assert view.cursor == view.scroll_offset.y == 0
            await press(app, pilot, "tab")
            assert text(app, "#title").startswith(" Help: ")
            await press(app, pilot, "shift+tab")
            assert view.page == PAGES[-1]

    asyncio.run(work())


def test_enter_opens_the_page_that_a_line_of_the_index_names(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(Bench(tmp_path), size=(80, 24)) as (app, pilot):
            await press(app, pilot, "question_mark", "tab")
            view = screen(app, HelpScreen).query_one(HelpView)
            assert view.page == "index"
            (row,) = [n for n, line in enumerate(drawn(view)) if line.startswith("guards ")]
            await press(app, pilot, *["down"] * row, "enter")
            assert view.page == "guards"
            await pilot.resize_terminal(60, 24)
            await pilot.pause()
            assert view.page == "guards"
            assert all(len(line) <= 60 for line in drawn(view))

    asyncio.run(work())


@pytest.mark.parametrize("name", PAGES)
def test_no_word_of_a_page_is_lost(name: str) -> None:
    wrapped = Wrapped(ManualPage(name), 79)
    rows = ["".join(text for text, _ in wrapped.spans(n, 79)) for n in range(len(wrapped))]
    shown = set("\n".join(rows).replace("|", " ").split())
    written = re.sub(r"(?m)^<!--.*-->$|^```.*$|^\|[-|]+\|$|^#+", "", page(name)).replace("\\|", "|")
    assert set(written.replace("|", " ").split()) <= shown
