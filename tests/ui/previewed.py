"""The app with a preview, and what it shows."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.widgets.line_view import LineView
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drawn


def out_of_step(tmp_path: Path) -> Bench:
    """isp (POP3) and work (IMAP): shared by both and gone from isp, and one of every other kind."""
    bench = Bench(tmp_path)
    for name in ("same", "gone", "away", "shared"):
        bench.deliver("isp", mail(name))
    bench.deliver("work", mail("shared"))
    bench.sync()
    bench.remove("isp", mail("gone"))
    bench.remove("isp", mail("shared"))
    bench.remove("consolidated", mail("away"))
    bench.deliver("work", mail("new"))
    return bench


def rows(app: MailsyncApp) -> list[str]:
    """The lines of the preview as they are drawn."""
    return [line for line in drawn(app.screen.query_one(LineView)) if line]


def row(app: MailsyncApp, part: str) -> str:
    """The one line that holds a text."""
    (found,) = [line for line in rows(app) if part in line]
    return found


async def go(app: MailsyncApp, pilot: Pilot[int], part: str) -> None:
    """Put the cursor on the line that holds a text."""
    view = app.screen.query_one(LineView)
    (index,) = [n for n, line in enumerate(rows(app)) if part in line]
    view.move(view.scroll_offset.y + index)
    await pilot.pause()
