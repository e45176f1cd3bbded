"""Confirming, applying, and the result."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mailsync_tui.engine.model import Plan
from mailsync_tui.engine.outcome import Result
from mailsync_tui.ledger.lock import RunLock
from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.run import handling_signals
from mailsync_tui.ui.screens.applying import ApplyingScreen, ResultScreen
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from mailsync_tui.ui.screens.dialogs import ConfirmScreen
from mailsync_tui.ui.screens.help import HelpScreen
from mailsync_tui.ui.screens.preview import PreviewScreen
from mailsync_tui.ui.widgets.line_view import LineView
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drawn, drive, everything, press, screen, settled, text


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Three messages are gone from isp, one of them held by work as well; away from home is one."""
    bench = Bench(tmp_path)
    for name in ("same", "gone", "lost", "away", "shared"):
        bench.deliver("isp", mail(name))
    bench.deliver("work", mail("shared"))
    bench.sync()
    for name in ("gone", "lost", "shared"):
        bench.remove("isp", mail(name))
    bench.remove("consolidated", mail("away"))
    return bench


class Gate:
    """Holds an operation of a mailbox until it is opened."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, operation: str, index: int) -> None:
        if operation == self.operation:
            self.reached.set()
            assert self.opened.wait(20)


async def reach(gate: Gate) -> None:
    """Wait until the engine stands at a gate."""
    assert await asyncio.to_thread(gate.reached.wait, 20)


# --- the question


def test_the_question_says_what_where_how_many_and_whether_it_can_be_undone(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "a")
        screen(app, ConfirmScreen)
        assert text(app, "#title") == "Delete 5 messages?"
        asked = text(app, "#sentences")
        assert "Deleted in consolidated: 3 messages" in asked
        assert "Deleted on isp: 1 message" in asked
        assert "Deleted on work: 1 message" in asked
        assert "Can be undone from the history: 4 messages" in asked
        assert "Undo brings back in consolidated only: 1 message" in asked
        assert "quarantine first, and is kept there for 30 days" in asked
        assert "If one cannot be done, it is left as it is" in asked
        assert app.focused is not None and app.focused.id == "choices"
        assert "> No" in text(app, "#choices")

    drive(bench, work)


@pytest.mark.parametrize("key", ["enter", "escape", "n", "q", "Y", "space", "j", "tab", "x"])
def test_every_key_but_y_means_no(bench: Bench, key: str) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "a", key)
        screen(app, PreviewScreen)
        assert "nothing was done" in text(app, "#summary")

    drive(bench, work)
    assert bench.holds("consolidated", mail("gone")) == 1


def test_y_means_yes_and_the_plan_that_was_shown_is_applied(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        shown = screen(app, PreviewScreen).choice.shown
        applied = []
        apply = app.background.viewer.apply

        def spy(plan: Plan, taken_out: frozenset[str]) -> Result:
            applied.append(plan)
            return apply(plan, taken_out)

        monkeypatch.setattr(app.background.viewer, "apply", spy)
        await press(app, pilot, "a", "y")
        screen(app, ResultScreen)
        assert applied[0] is shown

    drive(bench, work)
    assert bench.holds("consolidated", mail("gone")) == 0
    assert bench.holds("work", mail("shared")) == 0
    assert bench.holds("isp", mail("away")) == 0
    assert bench.holds("isp", mail("same")) == 1


def test_above_the_floor_the_number_is_typed_and_y_is_no(bench: Bench) -> None:
    bench.guards(max_delete_floor=4, max_delete_share=1.0)

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "a")
        assert "type 5 and press Enter" in text(app, "#choices")
        await press(app, pilot, "y")
        assert "nothing was done" in text(app, "#summary")
        await press(app, pilot, "a", "5", "0", "enter")
        assert "nothing was done" in text(app, "#summary")
        await press(app, pilot, "a", "5", "0", "backspace", "enter")
        screen(app, ResultScreen)

    drive(bench, work)
    assert bench.holds("consolidated", mail("gone")) == 0


# --- while it works


def test_progress_is_counted_for_each_account_and_kind(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        gate = Gate("delete")
        bench.boxes["work"].fault = gate
        await press(app, pilot, "b", "a")
        await pilot.press("y")
        await reach(gate)
        await pilot.pause()
        applying = screen(app, ApplyingScreen)
        assert app.background.progress is not None
        applying._draw()
        shown = text(app, "#counts").splitlines()
        assert [" ".join(line.split()) for line in shown] == [
            "isp delete in consolidated [####################] 3 of 3",
            "isp delete on isp [####################] 1 of 1",
            "work delete on work [....................] 0 of 1",
        ]
        assert "4 of 5" in text(app, "#state")
        gate.opened.set()
        await settled(app, pilot)
        assert app.background.progress is None

    drive(bench, work)


@pytest.mark.parametrize("key", ["escape", "q"])
def test_a_stop_finishes_the_current_message_and_the_app_works_on(bench: Bench, key: str) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        gate = Gate("delete")
        bench.home.fault = gate
        await press(app, pilot, "b", "a")
        await pilot.press("y")
        await reach(gate)
        await pilot.press(key)
        await pilot.pause()
        assert "Stopping: the current message is finished" in text(app, "#state")
        gate.opened.set()
        await settled(app, pilot)
        screen(app, ResultScreen)
        assert "interrupted" in text(app, "#title")
        assert "Not started: 2 lines" in everything(app)
        bench.home.fault = None
        await press(app, pilot, "escape", "b", "a", "y")
        screen(app, ResultScreen)
        assert ": done" in text(app, "#title")

    drive(bench, work)
    assert not bench.plan("forward", "reverse").lines


@pytest.mark.parametrize("end", ["ctrl+c", signal.SIGTERM, signal.SIGHUP])
def test_an_end_finishes_the_current_message_and_exits_with_130(
    bench: Bench, end: str | signal.Signals
) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        gate = Gate("delete")
        bench.home.fault = gate
        await press(app, pilot, "b", "a")
        await pilot.press("y")
        await reach(gate)
        with handling_signals(app):
            if isinstance(end, str):
                await pilot.press(end)
            else:
                os.kill(os.getpid(), end)
                await asyncio.to_thread(app.background.session._stop.wait, 20)
            await pilot.pause()
            assert app.is_running, "the message is not finished yet"
            gate.opened.set()
            await app.workers.wait_for_complete()
            app.action_interrupt()  # once more, while it ends: a lost terminal does that

    app = drive(bench, work)
    assert app.code == 130
    bench.home.fault = None
    assert bench.holds("consolidated", mail("gone")) == 0, "what had begun was finished"
    assert bench.holds("work", mail("shared")) == 1, "nothing else was begun"
    assert bench.holds("isp", mail("away")) == 1


def test_help_is_there_while_it_applies_and_does_not_disturb_it(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        gate = Gate("delete")
        bench.home.fault = gate
        await press(app, pilot, "b", "a")
        await pilot.press("y")
        await reach(gate)
        await pilot.press("question_mark")
        await pilot.pause()
        screen(app, HelpScreen)
        gate.opened.set()
        await settled(app, pilot)
        screen(app, HelpScreen)
        await press(app, pilot, "escape")
        screen(app, ResultScreen)
        assert ": done" in text(app, "#title")
        await press(app, pilot, "escape")
        screen(app, ComparisonScreen)

    drive(bench, work)


# --- afterwards


def test_the_result_counts_and_names_what_was_not_done_and_why(bench: Bench) -> None:
    def refuse(operation: str, index: int) -> None:
        if operation == "delete":
            raise MailboxError("the server said [/bold] no \x1b[2Jway")

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        bench.boxes["work"].fault = refuse
        await press(app, pilot, "b", "a", "y")
        screen(app, ResultScreen)
        assert "partly done" in text(app, "#title")
        found = drawn(app.screen.query_one(LineView))
        rows = [" ".join(line.split()) for line in found]
        assert "delete in consolidated (forward, from isp) 3 done" in rows
        assert "delete on isp (reverse) 1 done" in rows
        assert "delete on work (reverse) 1 failed" in rows
        assert any("message shared" in row for row in rows)
        assert any(row.startswith("Failed: 1 line") for row in rows)
        assert any("[/bold] no" in row for row in rows)
        assert "\x1b" not in "".join(found)

    drive(bench, work)


def test_what_was_taken_out_is_told_and_held_from_then_on(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "down", "space", "a", "y")
        taken = bench.plan().held[0].subject
        shown = everything(app)
        assert "Held back from now on: 1 line" in shown
        assert taken in shown

    drive(bench, work)
    (held,) = bench.plan().held
    assert held.rule == "declined"


def test_the_result_leads_back_to_mailboxes_that_were_listed_again(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "a", "y")
        before = app.background.viewer.last
        assert "h: the history of all runs, and undo" in everything(app)
        await press(app, pilot, "escape")
        screen(app, ComparisonScreen)
        assert len(app.screen_stack) == 2
        assert app.background.viewer.last is not before
        assert "delete" not in text(app, "#summary")

    drive(bench, work)


def test_a_ledger_that_changed_meanwhile_is_one_clear_sentence(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "a")
        bench.deliver("work", mail("other"))
        now = bench.now
        await asyncio.to_thread(bench.sync, "collect")
        bench.now = now
        await press(app, pilot, "y")
        screen(app, ResultScreen)
        assert text(app, "#title").strip() == "It was not done"
        shown = " ".join(everything(app).split())
        assert "Another run has changed the ledger since this plan was made" in shown
        assert "No mailbox was changed." in shown
        assert "preview anew" in shown
        await press(app, pilot, "escape")
        screen(app, ComparisonScreen)

    drive(bench, work)
    assert bench.holds("consolidated", mail("gone")) == 1


def test_a_run_beside_this_one_is_named_and_waiting_for_it_can_be_stopped(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        with RunLock(bench.directory / "lock", "sync"):
            await press(app, pilot, "b", "a")
            await pilot.press("y")
            await pilot.pause()
            screen(app, ApplyingScreen)
            await press(app, pilot, "escape")
        screen(app, ResultScreen)
        shown = " ".join(everything(app).split())
        assert f"process {os.getpid()}, command sync" in shown
        assert "No mailbox was changed." in shown
        await press(app, pilot, "escape", "b", "a", "y")
        assert ": done" in text(app, "#title")

    drive(bench, work)


def test_without_a_quarantine_nothing_is_deleted(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        place = bench.directory / "quarantine"
        assert not place.exists()
        place.write_text("in the way")
        await press(app, pilot, "b", "a", "y")
        screen(app, ResultScreen)
        assert "quarantine" in everything(app)

    drive(bench, work)
    assert bench.holds("consolidated", mail("gone")) == 1
    assert bench.holds("isp", mail("away")) == 1


def test_what_was_not_reached_is_named_where_all_lines_are_done(bench: Bench) -> None:
    bench.deliver("work", mail("late"))
    bench.boxes["isp"].unreachable = "no route to isp"

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "c", "a", "y")
        screen(app, ResultScreen)
        assert text(app, "#title").strip().endswith(": partly done; isp not reached")

    drive(bench, work)
