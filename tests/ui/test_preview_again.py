"""The preview when it is looked at again, and between it and other screens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.screens.dialogs import ConfirmScreen, WhyScreen
from mailsync_tui.ui.screens.preview import PreviewScreen
from mailsync_tui.ui.widgets.line_view import LineView
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drive, everything, press, screen, settled, text
from tests.ui.previewed import go, out_of_step, row


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return out_of_step(tmp_path)


def test_a_plan_that_grew_old_is_looked_at_again_before_the_question(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        bench.wait()
        before = app.background.viewer.last
        await press(app, pilot, "a")
        screen(app, ConfirmScreen)
        assert app.background.viewer.last is not before

    drive(bench, work)


def test_a_fresh_plan_is_asked_about_at_once(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        before = app.background.viewer.last
        await press(app, pilot, "a")
        screen(app, ConfirmScreen)
        assert app.background.viewer.last is before

    drive(bench, work)


def test_what_changed_is_marked_and_new_lines_are_left_out(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        bench.wait()
        bench.deliver("isp", mail("gone"))  # back
        bench.remove("isp", mail("same"))
        await press(app, pilot, "a")
        preview = screen(app, PreviewScreen)
        assert row(app, "message gone").strip().startswith("---")
        assert "no more" in row(app, "message gone")
        assert "[ ]" in row(app, "message same") and "new, out" in row(app, "message same")
        assert "1 new and left out, 1 no more" in text(app, "#summary")
        assert {line.subject for line in preview.choice.doing} == {"message shared", "message away"}
        await press(app, pilot, "a")
        screen(app, ConfirmScreen)
        assert "New, and left out this time: 1 line" in everything(app)
        await press(app, pilot, "y")

    drive(bench, work)
    plan = bench.plan("forward", "reverse")
    assert [line.subject for line in plan.lines if line.kind == "forward-delete"] == [
        "message same"
    ]
    assert not plan.held, "nobody declined what was only left out"
    assert bench.holds("consolidated", mail("gone")) == 1
    assert bench.holds("consolidated", mail("shared")) == 0


def test_a_new_line_can_be_taken_in(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        bench.remove("isp", mail("same"))
        await press(app, pilot, "f5")
        await go(app, pilot, "message same")
        await press(app, pilot, "space")
        assert "[x]" in row(app, "message same") and " new" in row(app, "message same")
        await press(app, pilot, "a", "y")

    drive(bench, work)
    assert bench.holds("consolidated", mail("same")) == 0


def test_what_is_applied_is_what_was_asked_about_whatever_is_pressed(bench: Bench) -> None:
    """The choice that a question is about does not change while that is being made or open."""

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        preview = screen(app, PreviewScreen)
        asked = preview.choice
        lines = asked.doing
        await press(app, pilot, "*")
        assert not preview.choice.doing
        assert asked.doing == lines
        await press(app, pilot, "*")
        assert preview.choice.doing == lines

    drive(bench, work)


def test_a_key_between_another_look_and_its_lines_counts_nothing_that_is_gone(
    bench: Bench,
) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "*")
        preview = screen(app, PreviewScreen)
        lines = preview._lines
        assert lines is not None
        before = lines.choice
        later = before.renewed(replace(before.plan, lines=before.plan.lines[:1])).copy()
        later.toggle(lines.visible)
        lines.take(later)
        assert lines.choice is before

    drive(bench, work)


def test_what_was_taken_out_stays_out_when_one_looks_again(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, "message away")
        await press(app, pilot, "space", "f5")
        assert "taken out" in row(app, "message away")
        assert "nothing changed" in text(app, "#summary")

    drive(bench, work)


def test_looking_again_in_vain_applies_nothing_and_says_so(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        bench.wait()
        bench.home.unreachable = "no route \x1b[31mto home"
        await press(app, pilot, "a")
        screen(app, PreviewScreen)
        assert "Could not look again" in text(app, "#summary")
        assert "no route" in text(app, "#summary")
        assert "\x1b" not in text(app, "#summary")

    drive(bench, work)


# --- hostile text

HOSTILE: tuple[Any, ...] = (
    "[/bold]",
    "[@click=app.quit]x[/]",
    "=?utf-8?b?G1szMW1yZWQbXTA7dGl0bGUH?=",  # ESC [31m, OSC title
    "=?utf-8?b?4oCuZ25pLmV4ZeKAqA==?=",  # RLO, line separator
    "w" * 10_000,
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=["close", "click", "esc", "bidi", "long"])
@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_hostile_text_is_shown_as_it_is_and_does_nothing(
    tmp_path: Path, hostile: str, size: tuple[int, int]
) -> None:
    data = (
        f'From: "{hostile}" <ann@example.org>\r\nSubject: {hostile}\r\nDate: Mon, 05 Jan 2026 '
        "09:00:00 +0000\r\nMessage-ID: <h@example.org>\r\n\r\ntext\r\n"
    ).encode()
    bench = Bench(tmp_path)
    for account in ("isp", "work"):
        bench.deliver(account, data)
        bench.deliver(account, mail(account))
    bench.sync()
    bench.remove("isp", data)

    def clean(app: MailsyncApp) -> None:
        shown = everything(app)
        assert not {c for c in shown if c != "\n" and not c.isprintable()}
        for view in app.screen.query(LineView):
            for y in range(view.size.height):
                strip = view.render_line(y)
                assert strip.cell_length == view.size.width
                assert not any(s.style and s.style.meta for s in strip)

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "down")
        screen(app, PreviewScreen)
        clean(app)
        if hostile.startswith("["):
            assert hostile in everything(app)
        await press(app, pilot, "w")
        screen(app, WhyScreen)
        clean(app)
        await press(app, pilot, "escape", "a")
        screen(app, ConfirmScreen)
        await press(app, pilot, "y")
        clean(app)

    drive(bench, work, size)


# --- from here to other screens, and from others to here


def test_enter_reads_the_message_under_the_cursor(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[object, str]] = []

    def open_reader(_app: MailsyncApp, key: object, subject: str) -> None:
        read.append((key, subject))

    monkeypatch.setattr(MailsyncApp, "open_reader", open_reader)

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        assert app.background.viewer.last is not None
        keys = {row.subject: row.key for row in app.background.viewer.last.comparison.rows}
        for direction, name in (("b", "message away"), ("c", "message new")):
            await press(app, pilot, direction)
            await go(app, pilot, name)
            await press(app, pilot, "enter")
            assert read.pop() == (keys[name], name)
            await press(app, pilot, "escape")

    drive(bench, work)


def test_lines_that_were_brought_back_are_looked_at_again_by_themselves(bench: Bench) -> None:
    bench.sync("reverse", without=["reverse-delete"])

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        assert app.background.viewer.last is not None
        held = frozenset(note.line.id for note in app.background.viewer.last.held)
        assert len(held) == 1
        app.open_preview(app.background.viewer.bring_back(held))
        await settled(app, pilot)
        assert "Held lines, brought back" in text(app, "#title")
        bench.wait()
        await press(app, pilot, "a")
        screen(app, ConfirmScreen)
        assert text(app, "#title") == "Delete 1 message?"
        await press(app, pilot, "y")

    drive(bench, work)
    assert bench.holds("isp", mail("away")) == 0
    assert bench.holds("consolidated", mail("gone")) == 1
