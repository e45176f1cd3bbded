"""The list that all screens are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from mailsync_tui.report.words import Span
from mailsync_tui.ui.rows.columns import BAR, fit
from mailsync_tui.ui.rows.filters import Filter
from mailsync_tui.ui.rows.order import Ordered
from mailsync_tui.ui.widgets.line_view import LineView, joined
from mailsync_tui.ui.widgets.panes import Panes
from tests.ui.harness import drawn, run
from tests.ui.rows import compared, row

HOSTILE = (
    "\x1b]0;title\x07",
    "\x1b[2J",
    "[/] [@click=app.quit]x[/]",
    "a\nb\r\nc\td",
    "\u202eevil\u202c",
    "\x9b31m",
    "\ud800",
    "e\u0301" * 40,
    "👩‍👩‍👧‍👦 family",
    "日本語" * 50,
    "\u200b\ufeff",
)
WIDTH, HEIGHT = 40, 10


class Texts:
    """Lines that are their own keys."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def key(self, index: int) -> Hashable:
        return self.texts[index]

    def index(self, key: Hashable) -> int | None:
        return next((n for n, text in enumerate(self.texts) if text == key), None)

    def spans(self, index: int, width: int) -> Sequence[Span]:
        return [("> ", "dim"), (self.texts[index], "name")]


class OneView(App[None]):
    """A view alone."""

    def __init__(self, view: LineView) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()


@asynccontextmanager
async def shown(view: LineView) -> AsyncIterator[Pilot[None]]:
    async with OneView(view).run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        yield pilot


def numbered(*numbers: int) -> Texts:
    return Texts([f"line {n}" for n in numbers])


def test_the_cursor_stays_on_its_line_when_others_come_and_go() -> None:
    async def work() -> None:
        view = LineView(numbered(*range(100)))
        async with shown(view) as pilot:
            for _ in range(20):
                await pilot.press("down")
            assert view.cursor_key == "line 20"
            where = view.cursor - view.scroll_offset.y
            view.show(numbered(*range(-5, 0), *range(0, 100, 2)))
            await pilot.pause()
            assert view.cursor_key == "line 20"
            assert view.cursor - view.scroll_offset.y == where
            view.show(numbered(*range(30)))
            assert view.cursor_key == "line 20"

    run(work)


def test_where_its_line_has_gone_the_cursor_stays_at_its_place() -> None:
    async def work() -> None:
        view = LineView(numbered(*range(10)))
        async with shown(view) as pilot:
            await pilot.press("end")
            view.show(numbered(1, 2, 3))
            assert view.cursor_key == "line 3"
            view.show(Texts([]))
            assert view.cursor_key is None
            await pilot.press("down", "pagedown", "end", "home", "up")
            view.show(numbered(7))
            assert view.cursor_key == "line 7"

    run(work)


def test_a_cursor_that_was_never_moved_stays_at_the_top() -> None:
    async def work() -> None:
        view = LineView(numbered(5, 6))
        async with shown(view):
            view.show(numbered(4, 5, 6))
            assert view.cursor_key == "line 4"

    run(work)


def test_a_line_that_is_called_otherwise_now_keeps_the_cursor() -> None:
    async def work() -> None:
        view = LineView(numbered(1, 2, 3))
        async with shown(view) as pilot:
            await pilot.press("down")
            view.show(numbered(3, 9, 1), "line 9")
            assert view.cursor_key == "line 9"

    run(work)


def test_the_cursor_is_always_to_be_seen() -> None:
    async def work() -> None:
        view = LineView(numbered(*range(100)))
        async with shown(view) as pilot:
            for key in ("pagedown", "pagedown", "up", "end", "pageup", "j", "k", "g", "G", "down"):
                await pilot.press(key)
                assert 0 <= view.cursor - view.scroll_offset.y < HEIGHT, key
            assert view.cursor == 99

    run(work)


def test_a_page_is_a_screen_less_one_line() -> None:
    async def work() -> None:
        view = LineView(numbered(*range(100)))
        async with shown(view) as pilot:
            await pilot.press("pagedown")
            assert (view.cursor, view.scroll_offset.y) == (HEIGHT - 1, HEIGHT - 1)
            await pilot.press("pageup")
            assert (view.cursor, view.scroll_offset.y) == (0, 0)

    run(work)


def test_the_last_column_tells_where_in_the_list_the_screen_is() -> None:
    async def work() -> None:
        view = LineView(numbered(*range(100)))
        async with shown(view) as pilot:

            def thumb() -> list[int]:
                return [y for y, text in enumerate(drawn(view)) if text[WIDTH - 1 :] == "┃"]

            assert thumb() == [0]
            await pilot.press("end")
            assert thumb() == [HEIGHT - 1]
            view.show(numbered(*range(HEIGHT)))
            await pilot.pause()
            assert thumb() == []

    run(work)


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 10_000, "日" * 10_000])
def test_every_strip_is_as_wide_as_the_view_and_holds_nothing_that_acts(text: str) -> None:
    async def work() -> None:
        view = LineView(Texts([text, "plain"]))
        async with shown(view):
            for y in range(HEIGHT):
                strip = view.render_line(y)
                assert strip.cell_length == sum(cell_len(s.text) for s in strip) == WIDTH
                assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in strip.text)
                assert not set("\u202e\u202c\u200b\ufeff") & set(strip.text)

    run(work)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    subjects=st.lists(st.text(max_size=60) | st.sampled_from(HOSTILE), min_size=1, max_size=8),
    senders=st.text(max_size=40),
    width=st.integers(30, 220),
)
def test_every_strip_of_the_panes_is_as_wide_as_the_view(
    subjects: list[str], senders: str, width: int
) -> None:
    async def work() -> None:
        rows = [row(n)._replace(subject=s, sender=senders) for n, s in enumerate(subjects)]
        comparison = compared(*rows)
        view = Panes(comparison)
        async with OneView(view).run_test(size=(width, HEIGHT)) as pilot:
            await pilot.pause()
            view.show_rows(Ordered(comparison, "date", Filter()))
            for y in range(HEIGHT):
                strip = view.render_line(y)
                assert sum(cell_len(s.text) for s in strip) == strip.cell_length == width

    run(work)


@given(st.text(max_size=80) | st.sampled_from(HOSTILE), st.integers(-1, 60))
def test_text_fits_its_column_exactly(text: str, cells: int) -> None:
    assert cell_len(fit(text, cells)) == max(cells, 0)


RED, BLUE, MARKED = Style.parse("red on black"), Style.parse("blue on black"), Style.parse("on red")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", " ", f" {BAR} ", "a", "b "]), st.sampled_from([RED, BLUE, MARKED])
        )
    )
)
def test_joined_segments_look_the_same(parts: list[tuple[str, Style]]) -> None:
    def cells(segments: Sequence[Segment]) -> list[tuple[str, object, object]]:
        return [
            (c, style.bgcolor, None if c in f" {BAR}" else style.color)
            for text, style, _ in segments
            if style is not None
            for c in text
        ]

    before = [Segment(text, style) for text, style in parts]
    assert cells(joined(before)) == cells(before)


def test_blanks_and_bars_cost_no_segment_of_their_own() -> None:
    parts = [("   ", BLUE), (BAR, RED), ("gone ", RED), (BAR, BLUE), ("  ", BLUE), ("x", MARKED)]
    line = joined(Segment(*part) for part in parts)
    assert [(s.text, s.style) for s in line] == [(f"   {BAR}gone {BAR}  ", RED), ("x", MARKED)]


@pytest.mark.parametrize("term", ["linux", "xterm", "xterm-256color"])
@pytest.mark.parametrize("no_color", [False, True])
def test_cursor_and_states_are_seen_with_few_colours_or_none(
    monkeypatch: pytest.MonkeyPatch, term: str, no_color: bool
) -> None:
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", term)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")

    class Signs(Texts):
        def spans(self, index: int, width: int) -> Sequence[Span]:
            del width
            return [("text", ("dim", "", "gone", "new", "warn")[index])]

    async def work() -> None:
        view = LineView(Signs(["a", "b", "c", "d", "e"]))
        async with shown(view) as pilot:
            system = ColorSystem.EIGHT_BIT if "256" in term else ColorSystem.STANDARD
            styles = [next(iter(view.render_line(y))).style for y in range(5)]
            cursor, plain, *states = [style for style in styles if style is not None]
            assert cursor.reverse or cursor.bgcolor != plain.bgcolor
            assert cursor.reverse or not no_color
            if pilot.app.console.color_system == "standard":
                assert cursor.reverse
            if not no_color:
                colours = [s.color.downgrade(system).number for s in (plain, *states) if s.color]
                assert len(set(colours)) == 4

    run(work)
