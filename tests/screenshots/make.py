"""The pictures of the README, made from the real app on the demo.

``python -m tests.screenshots.make`` writes the SVGs anew, and the PNGs where ``rsvg-convert`` and
the font Fira Code are installed. The same sources give the same SVGs, byte for byte: the clock
stands still, and so does the run that is shown half-way.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.cells import cell_len
from textual.pilot import Pilot

from mailsync_tui.demo.run import running
from mailsync_tui.session.person import load_people
from mailsync_tui.session.session import Session
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.rows import progress
from mailsync_tui.ui.screens.dialogs import ConfirmScreen

FOLDER = Path(__file__).parents[2] / "screenshots"
NOW = datetime(2026, 1, 5, 10, 2, tzinfo=UTC)
WIDE, NARROW, MIDDLE = (150, 36), (80, 24), (110, 32)

Size = tuple[int, int]
Drive = Callable[["Driver"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    name: str
    size: Size
    drive: Drive
    """Brings the app to what is to be seen."""
    applies: bool = False
    """Whether the demo is another one afterwards."""


class Driver:
    """The app at work, and the keys that a script presses."""

    def __init__(self, app: MailsyncApp, pilot: Pilot[int], halfway: Halfway) -> None:
        self.app, self.pilot, self.halfway = app, pilot, halfway

    async def press(self, *keys: str) -> None:
        """Press keys, and wait for what follows from each."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        for _ in range(2):
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()


class Halfway:
    """Lets a run come so far and no further, while its picture is taken."""

    def __init__(self, batches: int) -> None:
        self.reached = threading.Event()
        self._go_on = threading.Event()
        self._left = batches

    def step(self) -> None:
        """A batch is about to be deleted."""
        if self._left == 0:
            self.reached.set()
            self._go_on.wait(60)
        self._left -= 1

    def release(self) -> None:
        """The picture is taken."""
        self._left = -1
        self._go_on.set()


async def _nothing(driver: Driver) -> None:
    await driver.press("n")


async def _preview(driver: Driver) -> None:
    await driver.press("b", "down", "down", "down", "down", "space")


async def _confirm(driver: Driver) -> None:
    await driver.press("b")
    await driver.pilot.press("a")
    while not isinstance(driver.app.screen, ConfirmScreen):
        await driver.pilot.pause()


async def _why(driver: Driver) -> None:
    await driver.press("f", "down", "down", "down", "down", "w")


async def _confirmed(driver: Driver) -> None:
    await _confirm(driver)
    for character in _number(driver.app):
        await driver.pilot.press(character)
    await driver.pilot.press("enter")


def _number(app: MailsyncApp) -> str:
    """The number that the dialog wants to have typed."""
    assert isinstance(app.screen, ConfirmScreen)
    return str(app.screen.number)


async def _applying(driver: Driver) -> None:
    await _confirmed(driver)
    await asyncio.to_thread(driver.halfway.reached.wait, 60)
    await asyncio.sleep(0.6)  # the screen reads the counters a few times a second
    await driver.pilot.pause()


async def _result(driver: Driver) -> None:
    driver.halfway.release()
    await _confirmed(driver)
    await driver.settle()


async def _reader(driver: Driver) -> None:
    await driver.press("slash", *"kraków", "enter", "enter")


async def _history(driver: Driver) -> None:
    await driver.press("h")


async def _held(driver: Driver) -> None:
    await driver.press("x")


async def _help(driver: Driver) -> None:
    await driver.press("question_mark")


SHOTS = (
    Shot("comparison", WIDE, _nothing),
    Shot("comparison-80x24", NARROW, _nothing),
    Shot("preview", MIDDLE, _preview),
    Shot("why", MIDDLE, _why),
    Shot("confirm", MIDDLE, _confirm),
    Shot("apply", MIDDLE, _applying, applies=True),
    Shot("result", MIDDLE, _result, applies=True),
    Shot("reader", MIDDLE, _reader),
    Shot("history", MIDDLE, _history),
    Shot("held", MIDDLE, _held),
    Shot("help", MIDDLE, _help),
)


class _StoppedWatch:
    """Shows nothing at first, and four seconds from then on."""

    def __init__(self) -> None:
        self._asked = False

    def monotonic(self) -> float:
        now, self._asked = (4.0 if self._asked else 0.0), True
        return now


@contextmanager
def _same_everywhere() -> Iterator[None]:
    """Nothing of the machine shows: neither its time zone nor its terminal."""
    plain = {"TZ": "UTC", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
    unset = ("NO_COLOR", "TEXTUAL_THEME", "SSH_CONNECTION", "XDG_DOWNLOAD_DIR")
    with patch.dict(os.environ, plain):
        for name in unset:
            os.environ.pop(name, None)
        time.tzset()
        try:
            yield
        finally:
            os.environ.pop("TZ", None)
            time.tzset()


@contextmanager
def demo_at_rest() -> Iterator[Path]:
    """A demo for any number of pictures that do not apply; its configuration file."""
    with (
        tempfile.TemporaryDirectory(prefix="screenshots-") as directory,
        _same_everywhere(),
        running(Path(directory), lambda: NOW) as demo,
    ):
        yield demo.config


def take(shot: Shot, at_rest: Path) -> str:
    """The SVG of one picture.

    Args:
        shot: Which.
        at_rest: From :func:`demo_at_rest`; a picture of applying has a demo of its own.
    """
    with ExitStack() as stack:
        path = stack.enter_context(demo_at_rest()) if shot.applies else at_rest
        stack.enter_context(_same_everywhere())
        return asyncio.run(_take(shot, path))


async def _take(shot: Shot, path: Path) -> str:
    halfway = Halfway(2)
    (person,) = load_people(path)

    def open_session(emit: Callable[[Any], None]) -> Session:
        session = Session(person.config, person.directory, emit=emit, clock=lambda: NOW)
        for mailbox in session.connections.mailboxes.values():
            _watch(mailbox, halfway)
        return session

    app = MailsyncApp(open_session)
    try:
        with patch.object(progress, "time", _StoppedWatch()):
            async with app.run_test(size=shot.size) as pilot:
                driver = Driver(app, pilot, halfway)
                await driver.settle()
                await shot.drive(driver)
                svg = app.export_screenshot(title="mailsync-tui")
                halfway.release()
                return svg
    finally:
        halfway.release()
        app.background.session.stop()
        app.background.close(60)


def _watch(mailbox: Any, halfway: Halfway) -> None:
    delete = mailbox.delete

    def watched(*arguments: Any) -> Any:
        halfway.step()
        return delete(*arguments)

    mailbox.delete = watched


def make(names: list[str] | None = None) -> dict[str, str]:
    """The SVGs by name.

    Args:
        names: Only these; all if left out.
    """
    with demo_at_rest() as at_rest:
        return {s.name: take(s, at_rest) for s in SHOTS if names is None or s.name in names}


_TEXT = re.compile(
    r'<text class="([^"]*)" x="([^"]*)" y="([^"]*)" textLength="[^"]*"([^>]*)>([^<]*)'
)
_WORDS = re.compile(r"[^\xa0 ]+(?:[\xa0 ][^\xa0 ]+)*")
_CELL = 12.2
"""Units of the SVG in one cell of the terminal."""


def _png(svg: Path) -> None:
    """Draw the SVG; rsvg loses blanks at the beginning of a text, so none begins with one."""

    def apart(found: re.Match[str]) -> str:
        style, x, y, more, text = found.groups()
        text = html.unescape(text)
        parts = []
        for words in _WORDS.finditer(text):
            left = float(x) + cell_len(text[: words.start()]) * _CELL
            width = cell_len(words[0]) * _CELL
            parts.append(
                f'<text class="{style}" x="{left:g}" y="{y}" textLength="{width:g}"{more}>'
                + html.escape(words[0])
            )
        return "</text>".join(parts) or found[0]

    command = ["rsvg-convert", "--output", str(svg.with_suffix(".png"))]
    drawn = _TEXT.sub(apart, svg.read_text())
    subprocess.run(command, input=drawn.encode(), check=True, timeout=60)


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these pictures")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if any differs")
    arguments = parser.parse_args()
    different = []
    for name, svg in make(arguments.names or None).items():
        path = FOLDER / f"{name}.svg"
        if not path.exists() or path.read_text() != svg:
            different.append(name)
        if not arguments.check:
            path.write_text(svg)
            if shutil.which("rsvg-convert"):
                _png(path)
    print("changed:", ", ".join(different) or "none")
    if arguments.check and different:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
