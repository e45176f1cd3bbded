"""What guards block, on top of the preview: its meaning, and the ways out."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from mailsync_tui.report.choice import Choice
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.rows.preview import Previewed
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from mailsync_tui.ui.screens.dialogs import AskScreen, ConfirmScreen, WhyScreen
from mailsync_tui.ui.screens.preview import PreviewScreen
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drive, everything, press, screen, text
from tests.ui.previewed import go, out_of_step, row, rows


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return out_of_step(tmp_path)


@pytest.fixture
def blocked(tmp_path: Path) -> Bench:
    """Twelve of twenty messages are gone from isp: more than the guards allow."""
    bench = Bench(tmp_path)
    for n in range(20):
        bench.deliver("isp", mail(n))
    bench.sync()
    for n in range(12):
        bench.remove("isp", mail(n))
    return bench


def test_what_is_blocked_stands_on_top_with_its_meaning_and_the_ways_out(blocked: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "f")
        found = rows(app)
        assert found[0].startswith("! blocked on isp: 12 forward deletions (max-delete)  unusually")
        assert found[1] == "Besides, there is nothing to do."
        await press(app, pilot, "home")
        shown = text(app, "#detail")
        assert "more deletions in 24 hours" in shown
        assert "press A and type isp to let them through this once" in shown
        detail = app.screen.query_one("#detail", Static)
        assert detail.size.height == len(detail.render_lines(detail.size.region)) > 3
        await press(app, pilot, "w")
        screen(app, WhyScreen)
        assert "more deletions in 24 hours" in everything(app)
        assert "press A and type isp" in everything(app)

    drive(blocked, work, (80, 24))


def test_what_is_blocked_is_looked_at_line_by_line_and_what_was_let_through_stays_named(
    blocked: Bench,
) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "f", "home", "enter")
        assert sum("message" in line for line in rows(app)) == 12
        await press(app, pilot, "j")
        assert "delete in consolidated/INBOX: gone from isp" in text(app, "#detail")
        await press(app, pilot, "k", "enter")
        assert not any("message" in line for line in rows(app))
        await press(app, pilot, "A", *"isp", "enter")
        said = "Let through this once: what max-delete blocked on isp, 12 lines."
        await go(app, pilot, "message 3")
        await press(app, pilot, "space")
        assert said in text(app, "#summary")
        await press(app, pilot, "a")
        confirm = screen(app, ConfirmScreen)
        assert confirm.sentences[0] == said

    drive(blocked, work)


def test_what_many_guards_block_leaves_room_for_the_plan(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for n in range(24):
        bench.deliver("isp", mail(f"isp {n}"))
        bench.deliver("work", mail(f"work {n}"))
    bench.sync()
    for n in range(18):
        bench.remove("isp", mail(f"isp {n}"))
        bench.remove("work", mail(f"work {n}"))
    bench.remove("consolidated", mail("work 20"))

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        found = rows(app)
        assert [line.split(":")[0] for line in found[:2]] == [
            "! blocked on isp",
            "! blocked on work",
        ]
        assert found[2].startswith("[x] delete on work (reverse)  1")
        await press(app, pilot, "home", "down")
        assert "of work" in text(app, "#detail") or "type work" in text(app, "#detail")
        assert "typed isp" not in text(app, "#detail")

    drive(bench, work, (80, 24))


def test_another_mailbox_is_told_once_though_both_directions_stop(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", mail("one"))
    bench.sync()
    bench.configure("isp", user="somebody-else")

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        assert sum("blocked on" in line for line in rows(app)) == 1

    drive(bench, work)


def test_why_a_mailbox_is_not_reached_can_be_read_in_full(bench: Bench) -> None:
    bench.boxes["work"].unreachable = "no route to host, " * 6 + "as it seems"

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, "? work: not reached")
        assert "as it seems" not in row(app, "? work: not reached")
        assert "as it seems" in text(app, "#detail")

    drive(bench, work, (80, 24))


def test_a_block_is_let_through_by_typing_the_accounts_name_alone(blocked: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "f", "A")
        screen(app, AskScreen)
        assert "12 forward deletions" in everything(app)
        await press(app, pilot, *"work", "enter")
        screen(app, AskScreen)
        assert "type isp" in text(app, "#problem")
        app.screen.query_one(Input).value = "isp"
        await press(app, pilot, "enter")
        preview = screen(app, PreviewScreen)
        assert len(preview.choice.doing) == 12
        (accept,) = preview.choice.plan.options.accepts
        assert (accept.account, accept.rule, accept.count) == ("isp", "max-delete", 12)
        assert "blocked on" not in "\n".join(rows(app))

    drive(blocked, work)


def test_what_a_block_shows_is_let_through_and_no_more(tmp_path: Path) -> None:
    """Twelve went from both, and stand under isp; two more went from work alone."""
    bench = Bench(tmp_path, max_delete_floor=3, max_delete_share=0.1, copies="all")
    shared = [f"shared{n}" for n in range(12)]
    for name in shared:
        bench.deliver("isp", mail(name))
        bench.deliver("work", mail(name))
    for name in ("one", "two"):
        bench.deliver("work", mail(name))
    bench.sync()
    for name in shared:
        bench.remove("isp", mail(name))
        bench.remove("work", mail(name))
    for name in ("one", "two"):
        bench.remove("work", mail(name))
    bench.boxes["work"].deliver("INBOX", mail("left"))
    bench.boxes["isp"].deliver("INBOX", mail("left"))

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "f")
        assert "12 forward" in row(app, "! blocked on isp")
        assert "2 forward" in row(app, "! blocked on work")
        await go(app, pilot, "! blocked on work")
        await press(app, pilot, "A")
        app.screen.query_one(Input).value = "work"
        await press(app, pilot, "enter")
        preview = screen(app, PreviewScreen)
        (accept,) = preview.choice.plan.options.accepts
        assert (accept.account, accept.count) == ("work", 2)
        assert [(x.account, x.count) for x in preview.choice.plan.blocked] == [("isp", 12)]
        assert {"message one", "message two"} == {x.subject for x in preview.choice.doing}

    drive(bench, work)


def test_what_is_blocked_in_another_direction_is_not_in_the_way(blocked: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "c")
        assert "blocked on" not in everything(app)
        await press(app, pilot, "A")
        screen(app, PreviewScreen)

    drive(blocked, work)


def test_choosing_and_comparing_plans_is_not_done_on_the_loop_s_thread(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: dict[str, threading.Thread] = {}

    def noted(kind: type, name: str) -> None:
        real = getattr(kind, name)

        def call(*args: Any, **named: Any) -> Any:
            done[name] = threading.current_thread()
            return real(*args, **named)

        monkeypatch.setattr(kind, name, call)

    for name in ("toggle", "differs", "renewed"):
        noted(Choice, name)
    noted(Previewed, "take")

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        done.clear()
        await press(app, pilot, "*", "f5", "space")
        assert done.keys() == {"toggle", "differs", "renewed", "take"}
        assert threading.current_thread() not in done.values()

    drive(bench, work)


def test_after_another_look_the_comparison_beneath_shows_what_is_there_now(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        bench.deliver("work", mail("latest"))
        await press(app, pilot, "f5", "escape")
        screen(app, ComparisonScreen)
        assert any("message latest" in line for line in rows(app))

    drive(bench, work)


def test_leaving_the_question_lets_nothing_through(blocked: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "f", "A", *"isp", "escape")
        preview = screen(app, PreviewScreen)
        assert not preview.choice.doing
        assert preview.choice.plan.options.accepts == ()

    drive(blocked, work)


def test_what_cannot_be_accepted_offers_no_way_to(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", mail("one"))
    bench.sync()
    bench.configure("isp", user="somebody-else")

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "f")
        assert rows(app)[0].startswith("! blocked on isp: every deletion (changed)")
        await press(app, pilot, "home")
        assert "Nothing is deleted until `mailsync-tui rebase isp`" in text(app, "#detail")
        await press(app, pilot, "A")
        screen(app, PreviewScreen)

    drive(bench, work)
