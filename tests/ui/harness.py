"""The app over mailboxes in memory, driven by a pilot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from mailsync_tui.session.session import Session
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.widgets.line_view import LineView
from tests.engine.bench import Bench

S = TypeVar("S", bound=Screen[Any])


Work = Callable[[MailsyncApp, "Pilot[int]"], Awaitable[None]]


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function."""
    asyncio.run(work())


def drive(bench: Bench, work: Work, size: tuple[int, int] = (120, 40)) -> MailsyncApp:
    """Run the app, and do something in it."""

    async def within() -> MailsyncApp:
        async with running(bench, size) as (app, pilot):
            await work(app, pilot)
        return app

    return asyncio.run(within())


@asynccontextmanager
async def running(
    bench: Bench, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[MailsyncApp, Pilot[int]]]:
    """Run the app until the block is left; it has looked at all mailboxes when it is entered."""
    sessions: list[Session] = []

    def open_session(emit: Callable[[Any], None]) -> Session:
        session = Session(
            bench.config,
            bench.directory,
            emit=emit,
            mailboxes=bench.boxes,
            clock=lambda: bench.now,
            uptime=bench.uptime,
        )
        sessions.append(session)
        return session

    app = MailsyncApp(open_session)
    try:
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            yield app, pilot
    finally:
        for session in sessions:
            session.close()


async def settled(app: MailsyncApp, pilot: Pilot[int]) -> None:
    """Wait until no worker is at work and every message has been dealt with."""
    await app.workers.wait_for_complete()
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def press(app: MailsyncApp, pilot: Pilot[int], *keys: str) -> None:
    """Press keys, and wait for what follows from them."""
    for key in keys:
        await pilot.press(key)
        await settled(app, pilot)


def screen(app: MailsyncApp, kind: type[S]) -> S:
    """The screen on top, which must be of this kind."""
    assert isinstance(app.screen, kind), type(app.screen).__name__
    return app.screen


def drawn(view: LineView) -> list[str]:
    """The lines of a view as they are on the screen."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def text(app: MailsyncApp, selector: str) -> str:
    """What a static part of the top screen says."""
    return str(app.screen.query_one(selector, Static).content)


def everything(app: MailsyncApp) -> str:
    """All that is to be read on the top screen."""
    parts = [str(part.content) for part in app.screen.query(Static)]
    parts += ["\n".join(drawn(view)) for view in app.screen.query(LineView)]
    return "\n".join(parts)
