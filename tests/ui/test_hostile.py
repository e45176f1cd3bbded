"""Mail is hostile: whatever stands in it reaches neither the terminal nor a markup parser."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from textual.widgets import Static

from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.screens.reader import ReaderScreen
from tests.cli.place import Place
from tests.cli.terminal import terminal
from tests.engine.bench import Bench
from tests.ui.harness import press, running, screen, settled

MARKUP = "[/bold] [@click=app.quit]x[/] [#fff] [/"
ESCAPES = "\x1b]52;c;aGk=\x07 \x1b[38;5;201;6m \x9b31m \x90q\x9c \x7f\x08\x00"
BIDI = "\u202egnp.exe\u2066\u200f"
LONG = "W" * 10_000
NASTY = f"{MARKUP} {ESCAPES} {BIDI}"

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def nasty_mail(name: str, *, attachment: bool = True) -> bytes:
    """A message that is nasty in every field, in its text and in the name of what it brings."""
    nasty = NASTY.replace("\x00", "").encode()
    named = f'"{MARKUP} \x1b]52;c;aGk=\x07{BIDI}.pdf"'.encode()
    file = (
        b"--cut\r\nContent-Type: application/pdf; name=" + named + b"\r\n"
        b"Content-Disposition: attachment; filename=" + named + b"\r\n\r\nxyz\r\n"
    )
    html = b"<p>the-end \x1b]52;c;aGk=\x07&#27;]52;c;aGk= [@click=app.quit]x[/]</p><img src=http://x.example>"
    return (
        b"From: " + nasty + b" <" + name.encode() + b"@example.org>\r\nTo: " + nasty + b"\r\n"
        b"Subject: " + name.encode() + b" " + nasty + b"\r\n"
        b"Message-ID: <" + name.encode() + b"\x1b[31m@example.org>\r\n"
        b"Date: Mon, 05 Jan 2026 09:00:00 +0000\r\n"
        b"X-" + LONG[:900].encode() + b": " + LONG.encode() + nasty + b"\r\n"
        b"Content-Type: multipart/mixed; boundary=cut\r\n\r\n"
        b"--cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + NASTY.encode() + b"\r\n"
        b"" + LONG.encode() + b"\r\n--cut\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n"
        b"" + (file if attachment else b"") + b"--cut--\r\n"
    )


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


def check(app: MailsyncApp, *, shows: str = MARKUP[:20]) -> None:
    """Nothing unsafe is drawn, no markup was obeyed, and what is nasty is there literally."""
    strips = app.screen._compositor.render_strips()
    drawn = "\n".join(strip.text for strip in strips)
    assert not _UNSAFE.search(drawn.replace("\n", "")), drawn
    assert shows in drawn
    for strip in strips:
        for segment in strip:
            assert segment.style is None or "@click" not in segment.style.meta


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
            app.push_screen(ReaderScreen.of_bytes(NASTY, lambda: nasty_mail("kept"), NASTY))
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
