"""What the comparison screen shows while it lists, and what becomes of the cursor."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from mailsync_tui.engine.events import ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.engine.model import Cell, Options
from mailsync_tui.mailboxes.base import Listing, Progress, unwatched
from mailsync_tui.session.session import Session
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.panes import Heads, Panes, progress_of
from tests.builders import mail
from tests.engine.bench import Bench
from tests.mailboxes.memory import MemoryMailbox
from tests.ui.harness import drawn, press, run, running, screen, settled, text

PATIENCE = 60
"""Seconds until a test that waits for something gives up."""


class SlowMailbox(MemoryMailbox):
    """Is listed only when it is let go."""

    def __init__(self) -> None:
        super().__init__("work", kind="imap")
        self.go = threading.Event()
        self.slow = False

    def list(self, progress: Progress = unwatched, unless: str | None = None) -> Listing:
        """Wait, and list."""
        if self.slow:
            progress(3200, 9400)
            assert self.go.wait(PATIENCE)
        return super().list(progress, unless)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.boxes["work"] = SlowMailbox()
    for name in ("one", "two"):
        bench.deliver("isp", mail(name))
    bench.deliver("work", mail("three"))
    bench.sync()
    return bench


def line_of(panes: Panes, subject: str) -> list[str]:
    """A message's line, pane by pane: its sign."""
    (found,) = [line for line in drawn(panes) if f"message {subject}" in line]
    return [found[p.left : p.left + p.width].strip()[:1] for p in panes.panes()]


async def go_to(app: MailsyncApp, pilot: Pilot[int], subject: str) -> None:
    """Move the cursor down to a message."""
    panes = app.screen.query_one(Panes)
    await press(app, pilot, "home")
    for _ in range(len(panes.lines)):
        if panes.row is not None and panes.row.subject == subject:
            return
        await press(app, pilot, "j")
    pytest.fail(f"{subject} is not listed")


def head(app: MailsyncApp) -> str:
    return str(app.screen.query_one(Heads).render())


def all_but_one(
    futures: Iterable[Future[Any]], timeout: float
) -> tuple[set[Future[Any]], set[Future[Any]]]:
    """Instead of waiting for some time: wait until one is left."""
    del timeout
    done, late = set[Future[Any]](), set(futures)
    while len(late) > 1:
        ended, late = wait(late, PATIENCE, FIRST_COMPLETED)
        done |= ended
    return done, late


@pytest.mark.vice(17)
def test_the_others_are_shown_while_one_mailbox_is_slow(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = bench.boxes["work"]
    assert isinstance(slow, SlowMailbox)
    bench.remove("isp", mail("one"))
    monkeypatch.setattr("mailsync_tui.session.connections.wait", all_but_one)
    slow.slow = True

    async def work() -> None:
        sessions = []

        def open_session(emit: Callable[[Any], None]) -> Session:
            sessions.append(
                Session(
                    bench.config,
                    bench.directory,
                    emit=emit,
                    mailboxes=bench.boxes,
                    clock=lambda: bench.now,
                )
            )
            return sessions[0]

        app = MailsyncApp(open_session)
        try:
            async with app.run_test(size=(120, 30)) as pilot, asyncio.timeout(PATIENCE):
                while not isinstance(app.screen, ComparisonScreen) or not any(
                    side.listed for side in app.screen.query_one(Panes).comparison.mailboxes
                ):
                    await pilot.pause()
                panes = app.screen.query_one(Panes)
                # A loss counts once it is known not to be a move to the one that is not listed yet.
                assert line_of(panes, "one") == ["x", "", "!"]
                assert line_of(panes, "two") == ["=", "", "="]
                assert line_of(panes, "three") == ["", "?", "="]
                assert "listing" in head(app).split("\n")[1]
                assert "still being listed" not in head(app)
                assert "listed 1" in head(app)
                assert app.screen.check_action("preview", ("both",)) is False
                slow.go.set()
                await settled(app, pilot)
                assert line_of(panes, "one") == ["x", "", "-"]
                assert line_of(panes, "three") == ["", "=", "="]
                assert head(app).split("\n")[1].count("as of") == 3
                assert app.screen.check_action("preview", ("both",)) is True
        finally:
            slow.go.set()
            for session in sessions:
                session.close()

    run(work)


def test_a_mailbox_that_fails_says_so_and_the_others_work_on(bench: Bench) -> None:
    bench.boxes["isp"].unreachable = "no route to \x1b[31mhost"
    bench.deliver("work", mail("new"))

    async def work() -> None:
        async with running(bench) as (app, _):
            assert "not reached: no route to \ufffd[31mhost"[:30] in head(app)
            panes = app.screen.query_one(Panes)
            assert line_of(panes, "one") == ["?", "", "="]
            assert line_of(panes, "new") == ["", "+", ""]

    run(work)


def test_every_account_that_is_not_reached_is_named_with_the_reason(bench: Bench) -> None:
    bench.boxes["work"].unreachable = "127.0.0.1:995 refuses the log-in of ann: wrong password"

    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            await press(app, pilot, "m")
            assert app.screen.query_one(Panes).panes()[0].mailbox == 0  # work is not drawn
            notice = " ".join(text(app, "#notice").split())
            assert app.screen.query_one("#notice").display
            expected = "work: 127.0.0.1:995 refuses the log-in of ann: wrong password"
            assert f"? not reached: {expected}" in notice
            await press(app, pilot, "tab")
            assert "not reached: refuses the log" in head(app)
            assert "127.0.0.1" not in head(app)
            bench.boxes["isp"].unreachable = "127.0.0.1:143 no route"
            await press(app, pilot, "f5")
            notice = " ".join(text(app, "#notice").split())
            assert "isp: no route; work: refuses the log-in of ann: wrong password" in notice

    run(work)


def test_the_sentence_of_a_message_stands_whole_above_a_long_subject(bench: Bench) -> None:
    long = mail("long").replace(b"message long", b"message " + b"long " * 60)
    bench.deliver("work", long)

    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            await press(app, pilot, "home")
            panes = app.screen.query_one(Panes)
            while panes.row is not None and "long" not in panes.row.subject:
                await press(app, pilot, "j")
            first, second, third = text(app, "#detail").splitlines()
            assert first.startswith(" collect from work")
            assert second.endswith("…") and len(second) <= 80
            assert "Ann" in third or "@" in third

    run(work)


def test_a_pane_of_another_mailbox_says_so_and_the_notice_is_indented(bench: Bench) -> None:
    bench.configure("isp", user="somebody-else")

    async def work() -> None:
        async with running(bench, (80, 24)) as (app, _):
            assert "another mailbox now" in head(app)
            first, *others = text(app, "#notice").splitlines()
            assert first.startswith(
                " ! isp: the mailbox isp is another one than that in the ledger"
            )
            assert others
            assert all(line.startswith("   ") and len(line) <= 80 for line in others)
            assert "`mailsync-tui rebase isp`" in " ".join(text(app, "#notice").split())

    run(work)


def test_how_far_a_listing_is() -> None:
    assert progress_of(ListingProgress("isp", 3200, 9400))[0] == "listing 3,200 of 9,400"
    assert progress_of(ListingProgress("isp", 3200, None))[0] == "listing 3,200"
    assert progress_of(ReadingProgress("isp", 20, 1000))[0] == "reading headers 20 of 1,000"
    assert progress_of(ListingDone("isp", 9400, None))[0] == "listed 9,400 messages"
    assert progress_of(ListingDone("isp", None, "gone\n"))[0] == "not reached: gone "
    assert progress_of(ListingDone("isp", 12, "cut off"))[0] == "not complete: cut off"


def test_the_cursor_stays_on_a_message_that_was_new_and_is_collected(bench: Bench) -> None:
    for name in ("late", "later", "latest"):
        bench.deliver("work", mail(name).replace(b"05 Jan", b"06 Jan"))

    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = app.screen.query_one(Panes)
            await go_to(app, pilot, "message later")
            assert panes.row is not None
            assert isinstance(panes.row.key, str)
            bench.deliver("isp", mail("newest").replace(b"05 Jan", b"07 Jan"))
            plan = await app.background.engine(lambda: app.background.viewer.plan(Options()))
            await app.background.engine(lambda: app.background.viewer.apply(plan, frozenset()))
            await press(app, pilot, "f5")
            assert panes.row is not None
            assert (panes.row.subject, panes.row.verdict) == ("message later", Cell.SAME)
            assert isinstance(panes.row.key, int)

    run(work)


def test_what_no_pane_shows_stands_in_the_last_one_with_the_mailbox_that_has_it(
    bench: Bench,
) -> None:
    bench.deliver("isp", mail("of isp"))
    bench.deliver("work", mail("of work"))

    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            panes = app.screen.query_one(Panes)
            await press(app, pilot, "m")
            assert [pane.mailbox for pane in panes.panes()] == [0, 2]
            assert len(panes.lines) == 6
            (line,) = [line for line in drawn(panes) if "on work" in line]
            assert line[: panes.panes()[1].left - 1].strip() == ""
            assert line[panes.panes()[1].left :].startswith("+ ")
            assert "new on work" in line
            await press(app, pilot, "tab")
            assert [pane.mailbox for pane in panes.panes()] == [1, 2]
            assert line_of(panes, "of work") == ["+", ""]
            assert len(panes.lines) == 6

    run(work)


def test_a_filter_and_n_speak_of_all_mailboxes_and_leave_a_trace_at_80_columns(
    bench: Bench,
) -> None:
    for name in ("first", "second"):
        bench.deliver("work", mail(name))

    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, pilot):
            panes = app.screen.query_one(Panes)
            await press(app, pilot, "m", "home", "n")
            assert panes.row is not None
            assert panes.row.verdict is Cell.NEW
            assert [pane.mailbox for pane in panes.panes()] == [1, 2]
            assert head(app).startswith(">work")
            await press(app, pilot, "tab", "tab", "slash", *"is:new", "enter")
            assert len(panes.lines) == 2
            assert text(app, "#summary").startswith(" filter: 2 of 6 (Esc ends)")
            assert "Esc end filter" in str(app.screen.query_one(KeyBar).render())
            await press(app, pilot, "escape")
            assert "end filter" not in str(app.screen.query_one(KeyBar).render())

    run(work)


def test_what_is_not_reached_and_the_order_stand_before_the_counts(bench: Bench) -> None:
    for box in bench.boxes.values():
        box.unreachable = "no route"

    async def work() -> None:
        async with running(bench, size=(80, 24)) as (app, _):
            summary = text(app, "#summary")
            assert summary.startswith(" 3 not reached  newest first  ?")
            assert "in sync" not in summary

    run(work)


def test_a_filter_is_applied_as_it_is_typed_and_escape_ends_it(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, pilot):
            panes = app.screen.query_one(Panes)
            await press(app, pilot, "slash", *"mess tw")
            assert app.focused is app.screen.query_one(Input)
            assert panes.ordered is not None
            assert [row.subject for row in panes.ordered.rows] == ["message two"]
            await press(app, pilot, "enter")
            assert "filter: 1 of 4" in text(app, "#summary")
            await press(app, pilot, "escape")
            assert len(panes.lines) == 4
            assert screen(app, ComparisonScreen).filter.empty

    run(work)


def test_nothing_is_shown_any_more_when_the_app_has_ended(bench: Bench) -> None:
    """A listing that ends while the app ends finds no panes to fill: that is no fault."""

    async def work() -> None:
        async with running(bench) as (app, _pilot):
            assert await app.background.engine(lambda: 1) == 1
        for threads in (app.background.engine, app.background.aside):
            with pytest.raises(asyncio.CancelledError):
                await threads(lambda: 1)

    run(work)


def test_what_is_listed_while_the_app_ends_is_no_fault(bench: Bench) -> None:
    async def work() -> None:
        async with running(bench) as (app, _):
            comparison = screen(app, ComparisonScreen)
            await comparison.query_one(Heads).remove()  # as the app does, widget by widget
            comparison.looking = True
            comparison.show_event(ListingDone("isp", 3, None))
            comparison.looking = False

    run(work)
