"""Every screen of the app, one after the other, with mail and servers that are all hostile."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from mailsync_tui.errors import SessionError
from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.session.viewer import Viewer
from mailsync_tui.ui import screens
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.screens.applying import ApplyingScreen
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from tests.builders import LONG, MARKUP, NASTY, nasty_mail
from tests.cli.place import Place
from tests.cli.terminal import terminal
from tests.engine.bench import Bench
from tests.servers.script import talking
from tests.ui.harness import press, running, screen, settled, text
from tests.ui.hostile import check
from tests.ui.test_applying import Gate, reach

WIDE = f"{NASTY} {LONG} {NASTY}"
SHOWN = MARKUP[:14]
"""Of the markup: a narrow column has no room for more."""


def every_screen() -> set[str]:
    """The names of all that the app can show."""
    found: set[str] = set()
    for module in pkgutil.iter_modules(screens.__path__):
        loaded = importlib.import_module(f"{screens.__name__}.{module.name}")
        for name, kind in inspect.getmembers(loaded, inspect.isclass):
            shared = kind.__subclasses__()  # no screen itself
            if issubclass(kind, Screen) and kind.__module__ == loaded.__name__ and not shared:
                found.add(name)
    return found


def mail(name: str) -> bytes:
    """Nasty, and far wider than any screen."""
    data = nasty_mail(name)
    return data.replace(b"Subject: ", b"Subject: ", 1).replace(
        b"\r\nMessage-ID", b" " + LONG.encode() + b"\r\nMessage-ID", 1
    )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Hostile mail that is in sync, gone, away, held, late and new; errors are hostile as well."""
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap"})
    folder = f"Folder {WIDE}"
    for name in ("same", "gone", "away", "held", "old"):
        bench.deliver("isp", mail(name))
    for name in ("same2", "gone2", "away2"):
        bench.deliver("work", mail(name), folder)
    bench.configure("work", folders=("INBOX", "*"))
    bench.sync()
    bench.remove("isp", mail("old"))
    bench.sync("forward")
    bench.remove("consolidated", mail("held"))
    bench.sync("reverse", without=["reverse-delete"])
    bench.remove("isp", mail("gone"))
    bench.remove("work", mail("gone2"), folder)
    bench.remove("consolidated", mail("away"))
    bench.remove("consolidated", mail("away2"))
    bench.deliver("work", mail("new"), folder)
    return bench


class Walk:
    """Presses keys, and looks at whatever is shown after each."""

    def __init__(self, app: MailsyncApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot
        self.seen: set[str] = set()

    async def press(self, *keys: str, shows: str = SHOWN) -> None:
        """Press them; the last screen must show what is hostile, literally."""
        for key in keys:
            await press(self.app, self.pilot, key)
            self.look()
        self.look(shows)

    async def ask(self, key: str) -> None:
        """Press one whose worker waits for the answer of a person."""
        before = self.app.screen
        await self.pilot.press(key)
        for _ in range(1000):
            if self.app.screen is not before:
                break
            await self.pilot.pause()
        await self.pilot.pause()
        assert self.app.screen is not before
        self.look()

    def look(self, shows: str = "") -> None:
        """At the screen on top."""
        check(self.app, shows=shows)
        self.seen.add(type(self.app.screen).__name__)
        for strip in self.app.screen._compositor.render_strips():
            assert strip.cell_length == self.app.size.width


def refuse(operation: str, _: int) -> None:
    """A server that does not delete, and says why."""
    if operation == "delete":
        raise MailboxError(WIDE)


def test_all_of_them(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            walk = Walk(app, pilot)
            walk.look(SHOWN)
            await walk.press("question_mark", "escape", shows="")
            await walk.press("ctrl+p", "escape", shows="")
            await walk.press("slash", *MARKUP[:9], "enter", "escape", shows="")
            await walk.press("n", "N", "o", "tab", shows="")
            for key in ("f", "r", "c"):
                await walk.press(key)
                await walk.press("escape", shows="")
            await walk.press("b", "down", "w")
            await walk.press("escape", "enter")
            await walk.press("escape", "s", shows="")
            await walk.press("escape", "a", shows="")
            await walk.press("n", "escape", shows="")
            await walk.press("home", "down", "enter")
            await walk.press("H", "end", shows="")
            await walk.ask("s")
            await walk.press("escape", "escape", shows="")
            await walk.press("x")
            await walk.press("space", "enter")
            await walk.press("escape", "escape", shows="")

            # A server that refuses, and one that waits, so that the progress is seen.
            bench.boxes["work"].fault = refuse
            gate = Gate("delete")
            bench.boxes["isp"].fault = gate
            await walk.press("b", "a", shows="")
            await pilot.press("y")
            await reach(gate)
            await pilot.pause()
            screen(app, ApplyingScreen)._draw()
            await pilot.pause()
            walk.look()
            gate.opened.set()
            await settled(app, pilot)
            bench.boxes["isp"].fault = bench.boxes["work"].fault = None
            walk.look(SHOWN)
            await walk.press("down", "end", "escape", shows="")

            # The run that failed in part is what "h" opens; the one before it deleted something.
            await walk.press("h")
            await walk.press("enter", "escape", "escape", shows="")
            await walk.press("home", *["down"] * 2, "enter")
            await walk.press("end", "enter", "escape", "asterisk", shows="")
            await walk.ask("u")
            await walk.press("y", shows="")
            while not isinstance(app.screen, ComparisonScreen):
                await walk.press("escape", shows="")

            # Errors on the heads of the panes, and in a notice.
            for box in bench.boxes.values():
                box.unreachable = WIDE
            await walk.press("f5", shows="not reached: [/bo")
            monkeypatch.setattr(Viewer, "plan", broken)
            await walk.press("f")
            assert "[/bo" in text(app, "#summary")
            screen(app, ComparisonScreen)
            assert walk.seen >= every_screen(), every_screen() - walk.seen

    asyncio.run(work())


def broken(*_: Any) -> None:
    """As what cannot be planned, for a hostile reason."""
    raise SessionError(WIDE)


def test_on_a_terminal(tmp_path: Path) -> None:
    def talk(file: BinaryIO) -> None:
        file.write(b"+OK hello\r\n")
        while file.readline():
            file.write(b"-ERR " + NASTY.replace("\n", "").encode() + LONG.encode() + b"\r\n")

    place = Place(tmp_path)
    path = tmp_path / "old" / "new" / "1700000099.Mnasty.host"
    path.write_bytes(mail("nasty"))
    with talking(talk) as port:
        place.write_config(
            f'[external.isp]\ntype = "pop3"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
            f'user = "ann"\npassword_env = "PASS"\n'
        )
        with terminal(place, PASS="x") as shown:
            written = b""
            for keys, *expected in (
                # Each ends with what the footer offers only once the screen is there.
                (b"", b"not reached", b"nasty [/bold]", b" collect \x1b"),
                (b"c", b"nasty [/bold]", b" apply \x1b"),
                (b"a", b"Yes (y)"),
                (b"y", b"partly done", b" history \x1b"),
                (b"h", b"collect", b" open \x1b"),
                (b"\r", b"nasty [/bold]", b" read \x1b"),
                (b"\r", b"From:"),
            ):
                if keys:
                    written += shown.seen
                    shown.seen = b""
                    shown.answer(keys)
                for text in expected:
                    shown.until(text)
            shown.answer(b"\x03")
            assert shown.end() == 0
    written += shown.seen
    whole = written.decode("utf-8", "replace")
    for sequence in ("\x1b]52", "\x1b[38;5;201;6m"):
        assert sequence not in whole, sequence
    assert not re.search("[\x80-\x9f\u202a-\u202e\u2066-\u2069\u200f]", whole)
    assert "\ufffd]52;c;aGk=" in whole
