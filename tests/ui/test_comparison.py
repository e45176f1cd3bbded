"""The comparison screen: all mailboxes side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.engine.model import Cell
from mailsync_tui.ui.widgets.panes import Panes
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drawn, press, run, running, text


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """isp (POP3) and work (IMAP), one message of every kind."""
    bench = Bench(tmp_path)
    for name in ("same", "gone", "away"):
        bench.deliver("isp", mail(name))
    bench.deliver("work", mail("shared"))
    bench.deliver("isp", mail("shared"))
    bench.sync()
    bench.remove("isp", mail("gone"))
    bench.remove("consolidated", mail("away"))
    bench.deliver("work", mail("new"))
    return bench


def line_of(panes: Panes, subject: str) -> str:
    (found,) = [line for line in drawn(panes) if f"message {subject}" in line]
    return found


def test_a_message_stands_on_one_line_in_every_pane_that_holds_it(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, _):
            panes = app.screen.query_one(Panes)
            places = panes.panes()
            cells = {
                name: [line_of(panes, name)[p.left : p.left + p.width].strip() for p in places]
                for name in ("same", "shared", "gone", "away", "new")
            }
            assert [c[:1] for c in cells["same"]] == ["=", "", "="]
            assert [c[:1] for c in cells["shared"]] == ["=", "=", "="]
            assert [c[:1] for c in cells["gone"]] == ["x", "", "-"]
            assert [c[:1] for c in cells["away"]] == ["-", "", "x"]
            assert [c[:1] for c in cells["new"]] == ["", "+", ""]
            assert all("message shared" in cell for cell in cells["shared"])
            assert not any("sync" in cell for cell in cells["shared"])
            assert "gone message gone" in cells["gone"][0]
            assert "delete message gone" in cells["gone"][2]

    run(work)


def test_the_sums_are_those_of_the_rows(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, _):
            assert "+1 new" in text(app, "#summary")
            assert "-2 delete" in text(app, "#summary")

    run(work)


def test_n_goes_through_the_differences_and_nothing_else(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = app.screen.query_one(Panes)
            await press(app, pilot, "home")
            seen = set()
            for _ in range(5):
                row = panes.row
                assert row is not None
                if row.verdict in (Cell.NEW, Cell.GOES):
                    seen.add(row.subject)
                await press(app, pilot, "n")
            assert seen >= {"message new", "message gone", "message away"}

    run(work)
