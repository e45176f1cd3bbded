"""Mail is hostile: whatever stands in it reaches neither the terminal nor a markup parser."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from textual.widgets import Static

from mailsync_tui.ui.screens.reader import ReaderScreen
from tests.builders import LONG, MARKUP, NASTY, nasty_mail
from tests.cli.place import Place
from tests.cli.terminal import terminal
from tests.engine.bench import Bench
from tests.ui.harness import press, running, screen, settled
from tests.ui.hostile import check


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Nasty mail that is in sync, gone, new, held and blocked, and errors that are nasty too."""
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap"})
    for name in ("same", "gone", "away", "held"):
        bench.deliver("isp", nasty_mail(name))
    bench.sync()
    bench.remove("isp", nasty_mail("gone"))
    bench.sync("forward")
    bench.remove("consolidated", nasty_mail("held"))
    bench.sync("reverse", without=["reverse-delete"])
    bench.remove("consolidated", nasty_mail("away"))
    bench.deliver("work", nasty_mail("new"), f"Folder {NASTY}")
    bench.configure("work", folders=("INBOX", "*"))
    bench.boxes["work"].incomplete = f"it says: {NASTY} {LONG}"
    return bench


def test_on_the_screens(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench, size=(200, 50)) as (app, pilot):
            check(app)
            for key, back in (("f", 1), ("r", 1), ("b", 1), ("c", 1), ("x", 1), ("h", 1)):
                await press(app, pilot, key)
                check(app, shows="" if key in ("f", "h") else MARKUP[:20])
                await press(app, pilot, *["escape"] * back)
            await press(app, pilot, "r", "w")
            check(app)
            await press(app, pilot, "escape", "enter")
            check(app)
            await press(app, pilot, "escape", "escape", "h", "down", "enter")
            check(app)
            await press(app, pilot, "enter")
            check(app)

    asyncio.run(work())


def test_in_the_reader(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            await press(app, pilot, "home", "enter")
            reader = screen(app, ReaderScreen)
            check(app)
            await press(app, pilot, "H")
            for _ in range(30):
                check(app, shows="")
                await press(app, pilot, "pagedown")
            await press(app, pilot, "slash", *"[/", "enter")
            check(app, shows="[/")
            await press(app, pilot, "n", "N")
            check(app, shows="[/")
            await press(app, pilot, "H", "home")
            assert reader.reading is not None
            assert len(reader.reading.attachments) == 1
            await pilot.press("s")
            while app.screen is reader:
                await pilot.pause()
            check(app, shows="Save ")
            await press(app, pilot, "escape")

    asyncio.run(work())


def test_in_the_words_of_a_server(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            for box in bench.boxes.values():
                box.unreachable = f"{NASTY} {LONG}"
            await press(app, pilot, "home", "enter")
            check(app)
            await press(app, pilot, "escape", "f5")
            check(app, shows="not reached: [/bo")
            app.open_reader(None, NASTY, (NASTY, lambda: nasty_mail("kept")))
            await settled(app, pilot)
            check(app)

    asyncio.run(work())


@pytest.mark.parametrize("drawn", ["[@click=app.quit]x[/]", "a\u202eb"])
def test_the_check_finds_what_it_looks_for(bench: Bench, drawn: str) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            check(app)
            await app.screen.mount(Static(drawn))
            await settled(app, pilot)
            with pytest.raises(AssertionError):
                check(app)

    asyncio.run(work())


@pytest.mark.parametrize("name", ["xterm-256color", "linux"])
def test_on_a_terminal(tmp_path: Path, name: str) -> None:
    place = Place(tmp_path)
    place.deliver("old", "first")
    path = place.directory / "old" / "new" / "1700000099.Mnasty.host"
    path.write_bytes(nasty_mail("nasty"))
    with terminal(place, TERM=name) as shown:
        shown.until(b"nasty [/bold]")
        shown.answer(b"G\r")
        shown.until(b"read from old")
        shown.until(b"Attachments")
        shown.answer(b"H")
        shown.until(b"X-WWW")
        shown.answer(b"G")
        shown.until(b"the-end")
        shown.answer(b"q")
        shown.answer(b"q")
        assert shown.end() == 0
    seen = shown.seen
    for sequence in (b"\x1b]52", b"\x1b[38;5;201;6m"):
        assert sequence not in seen, sequence
    text = seen.decode("utf-8", "replace")
    assert not re.search("[\x80-\x9f\u202a-\u202e\u2066-\u2069\u200f]", text)
    assert "\ufffd]52;c;aGk=" in text
