"""How mailboxes are shown side by side: panes, one of them zoomed, or a column each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync_tui.engine.model import Cell
from mailsync_tui.report.words import short_date
from mailsync_tui.ui.rows.filters import Filter
from mailsync_tui.ui.rows.order import Ordered
from mailsync_tui.ui.rows.panes import PANE, SIGN, PaneLines, Shown, lay_out, short_names
from mailsync_tui.ui.widgets.panes import Heads, Panes, ago
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drawn, press, run, running, text
from tests.ui.rows import compared, row

NOW = datetime(2026, 1, 6, tzinfo=UTC)
NAMES = tuple(f"mailbox{number}" for number in range(11))


@given(
    width=st.integers(79, 250),
    count=st.integers(2, 24),
    focus=st.integers(0, 23),
    matrix=st.booleans(),
    zoomed=st.booleans(),
    empty=st.frozensets(st.integers(0, 23)),
)
def test_panes_stand_beside_each_other_and_the_focus_is_among_them(
    *, width: int, count: int, focus: int, matrix: bool, zoomed: bool, empty: frozenset[int]
) -> None:
    names = tuple(f"mailbox{number}" for number in range(count))
    focus = min(focus, count - 1)
    panes = lay_out(width, Shown(names, focus, matrix, zoomed, empty))
    assert focus in [pane.mailbox for pane in panes]
    assert panes[0].left == 0
    for pane, after in pairwise(panes):
        assert after.left == pane.left + pane.width + (not matrix)
    if matrix:
        assert panes[-1].left + panes[-1].width <= width - 30
        return
    assert panes[-1].mailbox == count - 1
    assert panes[-1].left + panes[-1].width == width
    assert all(pane.width >= PANE - 1 for pane in panes if pane.whole)
    assert all(pane.width == SIGN for pane in panes if not pane.whole)
    if zoomed:
        assert len(panes) == 2


def test_twenty_mailboxes_fit_as_columns_in_120_and_ten_in_80() -> None:
    for count, width in ((20, 119), (10, 79)):
        assert len(lay_out(width, Shown(NAMES[:1] * count, matrix=True))) == count


def test_a_pane_with_nothing_on_the_screen_makes_room() -> None:
    names = ("isp", "work", "old", "consolidated")
    assert [p.mailbox for p in lay_out(119, Shown(names))] == [0, 1, 3]
    panes = lay_out(119, Shown(names, empty=frozenset({1})))
    assert [(p.mailbox, p.whole) for p in panes] == [(0, True), (1, False), (3, True)]
    assert panes[-1].width > 50


def test_short_names_are_told_apart() -> None:
    assert short_names(["isp", "renamed", "renumbered", "rest"], 2) == ["is", "re", "rn", "rs"]


def test_a_line_of_the_matrix_has_a_sign_under_each_name_and_the_message_once() -> None:
    one = row(1, "Taxes", Cell.GONE, Cell.ABSENT, Cell.GOES)
    ordered = Ordered(compared(one), "date", Filter())
    shown = Shown(("isp", "work", "consolidated"), matrix=True)
    line = "".join(text for text, _ in PaneLines(ordered, shown, NOW).spans(0, 100))
    signs = [line[pane.left] for pane in lay_out(100, shown)]
    assert signs == ["x", " ", "-"]
    assert line.count("Taxes") == line.count("Ann") == line.count("5 Jan") == 1
    assert "delete Taxes" in line


@pytest.mark.parametrize(
    ("stamp", "shown"),
    [
        ("2026-01-05T09:00:00+00:00", " 5 Jan"),
        ("2025-11-05T09:00:00+00:00", " 5 Nov"),
        ("2025-01-20T09:00:00+00:00", "Jan'25"),
        ("2027-01-05T09:00:00+00:00", "Jan'27"),
        ("", ""),
    ],
)
def test_a_date_has_its_year_by_its_age(stamp: str, shown: str) -> None:
    assert short_date(stamp, NOW) == shown


def test_how_long_ago() -> None:
    ages = [timedelta(seconds=59), timedelta(minutes=5), timedelta(hours=3), timedelta(days=3)]
    assert [*map(ago, ages)] == ["", ", 5 min ago", ", 3 h ago", ", 3 days ago"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    for name in ("one", "two"):
        bench.deliver("isp", mail(name))
    bench.deliver("work", mail("three"))
    bench.sync()
    bench.remove("isp", mail("one"))
    bench.deliver("work", mail("new"))
    return bench


def test_the_matrix_is_shown_first_where_panes_do_not_fit_and_keeps_cursor_and_filter(
    bench: Bench,
) -> None:
    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            panes = app.screen.query_one(Panes)
            heads = app.screen.query_one(Heads)
            assert panes.shown.matrix
            first, second = str(heads.render()).split("\n")
            assert first.startswith("isp  work ")
            assert ">isp (pop3)" in first
            assert "as of 10:15" in second
            assert "x1" in second
            await press(app, pilot, "slash", *"message", "enter", "home", "n")
            row = panes.row
            await press(app, pilot, "m")
            assert not panes.shown.matrix
            assert panes.row is row
            assert "filter:" in text(app, "#summary")
            await press(app, pilot, "m")
            assert panes.shown.matrix
            await pilot.resize_terminal(140, 24)
            assert panes.shown.matrix  # it was chosen

    run(work)


def test_digits_jump_z_zooms_and_the_head_counts(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = app.screen.query_one(Panes)
            heads = app.screen.query_one(Heads)
            assert [pane.mailbox for pane in panes.panes()] == [0, 1, 2]
            assert "+1" in str(heads.render())
            await press(app, pilot, "2", "z")
            assert [pane.mailbox for pane in panes.panes()] == [1, 2]
            assert ">work (imap) 2  2/3 ›" in str(heads.render())
            await press(app, pilot, "9", "1")
            assert [pane.mailbox for pane in panes.panes()] == [0, 2]
            await press(app, pilot, "z")
            assert len(panes.panes()) == 3

    run(work)


def test_only_differences(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = app.screen.query_one(Panes)
            every = len(panes.lines)
            await press(app, pilot, "equals_sign")
            assert len([line for line in drawn(panes) if line]) == len(panes.lines) == 2 < every
            assert "differences only (=)" in text(app, "#summary")
            await press(app, pilot, "equals_sign")
            assert len(panes.lines) == every

    run(work)


def test_the_age_of_a_listing_is_told_without_a_key(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, _):
            heads = app.screen.query_one(Heads)
            assert "ago" not in str(heads.render())
            bench.now += timedelta(minutes=5)
            assert "as of 10:15, 5 min ago" in str(heads.render())

    run(work)
