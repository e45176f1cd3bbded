"""The preview: a plan line by line, taken out and in, filtered, explained, let through, saved."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from mailsync_tui import planfile
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.choosing import Choice
from mailsync_tui.ui.lineview import LineView
from mailsync_tui.ui.previewing import Previewed
from mailsync_tui.ui.screens.ask import AskScreen
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from mailsync_tui.ui.screens.confirm import ConfirmScreen
from mailsync_tui.ui.screens.preview import PreviewScreen
from mailsync_tui.ui.screens.why import WhyScreen
from tests.engine.bench import Bench, mail
from tests.ui.harness import drawn, press, running, screen, settled, text

Work = Callable[[MailsyncApp, "Pilot[int]"], Awaitable[None]]


def drive(bench: Bench, work: Work, size: tuple[int, int] = (120, 40)) -> None:
    """Run the app, and do something in it."""

    async def run() -> None:
        async with running(bench, size) as (app, pilot):
            await work(app, pilot)

    asyncio.run(run())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
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


def everything(app: MailsyncApp) -> str:
    """All that is to be read on the top screen."""
    parts = [str(part.content) for part in app.screen.query(Static)]
    parts += ["\n".join(drawn(view)) for view in app.screen.query(LineView)]
    return "\n".join(parts)


def test_lines_stand_by_account_and_kind_and_what_follows_stands_below(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        screen(app, PreviewScreen)
        found = rows(app)
        assert found[0].startswith("[x] isp: delete in consolidated  3 (1 follow)  gone from isp")
        assert found[1].startswith("  [x]") and "message gone" in found[1]
        assert found[2].startswith("  [x]") and "message shared" in found[2]
        assert found[3].startswith("    [x]") and "then delete on work: message" in found[3]
        assert found[4].startswith("[x] isp: delete on isp  1")
        assert "message away" in found[5]
        assert "consolidated/INBOX" in found[1] and "undo: yes" in found[1]
        assert "isp/INBOX" in found[5] and "undo: part" in found[5]
        assert "5 Jan" in found[1] and "Ann" in found[1] and " B " in found[1]

    drive(bench, work)


def test_a_wide_screen_tells_why_and_undo_in_full(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        assert "comes back in consolidated only" in row(app, "message away")
        assert "gone from isp" in row(app, "message gone")

    drive(bench, work, (200, 50))


def test_a_narrow_screen_has_room_for_subject_size_and_undo(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        found = row(app, "message gone")
        assert len(found) <= 80
        assert " B " in found and "undo: yes" in found

    drive(bench, work, (80, 24))


def test_space_takes_a_line_out_with_what_needs_it_and_moves_down(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, " message shared")
        view = app.screen.query_one(LineView)
        before = view.cursor
        await press(app, pilot, "space")
        assert view.cursor == before + 1
        assert "[ ]" in rows(app)[2] and "taken out" in rows(app)[2]
        assert "[ ]" in rows(app)[3] and "falls too" in rows(app)[3]
        assert rows(app)[0].startswith("[-] isp: delete in consolidated  1 of 3")
        assert "1 of 4 taken out" in text(app, "#summary")
        assert "delete 1 in consolidated (" in text(app, "#summary")
        assert "work" not in text(app, "#summary")

    drive(bench, work)


def test_a_line_that_fell_comes_in_with_what_it_needs(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, " message shared")
        await press(app, pilot, "space", "space")
        assert "[x]" in rows(app)[2]
        assert "[x]" in rows(app)[3]
        assert "taken out" not in text(app, "#summary")

    drive(bench, work)


def test_space_on_a_group_takes_all_of_it_out_and_in(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "space")
        assert rows(app)[0].startswith("[ ] isp: delete in consolidated  0 of 3")
        assert "delete 1 on isp" in text(app, "#summary")
        await press(app, pilot, "up", "space")
        assert rows(app)[0].startswith("[x] isp: delete in consolidated  3")

    drive(bench, work)


def test_asterisk_takes_out_what_the_filter_shows_and_nothing_else(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "slash")
        app.screen.query_one(Input).value = "subject:away"
        await pilot.pause()
        await press(app, pilot, "enter")
        assert [r for r in rows(app) if "message" in r] == [row(app, "message away")]
        await press(app, pilot, "asterisk", "escape")
        assert "taken out" in row(app, "message away")
        assert "[x]" in row(app, "message gone")
        assert "1 of 4 taken out" in text(app, "#summary")
        screen(app, PreviewScreen)

    drive(bench, work)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("is:reverse", {"away", "shared"}),
        ("is:forward", {"gone", "shared"}),
        ("on:work", {"shared"}),
        ("from:ann subject:gone", {"gone"}),
        ("nobody", set()),
    ],
)
def test_filters(bench: Bench, typed: str, shown: set[str]) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "slash")
        app.screen.query_one(Input).value = typed
        await pilot.pause()
        await press(app, pilot, "enter")
        found = "\n".join(rows(app))
        assert {n for n in ("gone", "away", "shared") if f"message {n}" in found} == shown
        if not shown:
            assert "No line passes the filter" in found

    drive(bench, work)


def test_w_tells_why_what_it_needs_and_whether_it_can_be_undone(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, "then delete on work")
        await press(app, pilot, "w")
        screen(app, WhyScreen)
        told = everything(app)
        assert "Why: deleted in the consolidated mailbox, because gone from isp" in told
        assert "Needs: delete in consolidated/INBOX" in told
        assert "Undo: yes" in told
        await press(app, pilot, "escape")
        await go(app, pilot, " message shared")
        await press(app, pilot, "w")
        assert "With it: delete on work/INBOX" in everything(app)
        await press(app, pilot, "w")
        screen(app, PreviewScreen)

    drive(bench, work)


def test_w_shows_the_evidence(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, "message gone")
        await press(app, pilot, "w")
        screen(app, WhyScreen)
        told = " ".join(everything(app).split())
        assert "seen on isp at one complete listing, on 2026-01-05 10:00 UTC" in told
        assert "missing from this complete listing of isp (2 messages)" in told

    drive(bench, work)


def test_the_last_lines_tell_of_the_line_under_the_cursor(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, "message away")
        told = text(app, "#detail")
        assert "message away" in told
        assert "comes back in consolidated only" in told
        assert "delete on isp/INBOX: gone from the consolidated mailbox" in told

    drive(bench, work)


def test_leaving_remembers_nothing(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "asterisk", "escape")
        screen(app, ComparisonScreen)
        await press(app, pilot, "b")
        assert all("[ ]" not in line for line in rows(app))
        assert app.viewing.runs()[0].command == "sync"

    drive(bench, work)
    assert not bench.plan().held


def test_collecting_shows_how_many_from_where(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        bench.deliver("isp", mail("newer"))
        await press(app, pilot, "f5", "c")
        assert row(app, "work: copy").startswith("[x] work: copy into consolidated  1  new on work")
        assert row(app, "isp: copy").startswith("[x] isp: copy into consolidated  1")
        assert "collect 1 from isp" in text(app, "#summary")
        assert ", 1 from work" in text(app, "#summary")

    drive(bench, work)


def test_held_and_waiting_are_told(bench: Bench) -> None:
    bench.sync(without=["reverse-delete", "forward-delete"])
    bench.deliver("work", mail("later"))
    bench.sync()
    bench.remove("work", mail("later"))
    held = bench.plan("forward", "reverse").held
    assert held

    async def told(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        assert f"{len(held)} held" in text(app, "#head")
        bench.boxes["work"].unreachable = "no route to work"
        await press(app, pilot, "f5")
        assert "not reached: work" in text(app, "#head")
        assert "no route to work" in "\n".join(rows(app))

    drive(bench, told)


# --- blocked


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
        assert found[0].startswith("! BLOCKED isp: 12 forward deletions (max-delete)  unusually")
        assert found[1] == "Besides, there is nothing to do."
        await press(app, pilot, "home")
        told = text(app, "#detail")
        assert "more than anybody deletes by hand in 24 hours" in told
        assert "A lets them through this once, after you have typed isp; or leave them" in told
        detail = app.screen.query_one("#detail", Static)
        assert detail.size.height == len(detail.render_lines(detail.size.region)) > 3
        await press(app, pilot, "w")
        screen(app, WhyScreen)
        assert "more than anybody deletes by hand" in everything(app)
        assert "A lets them through this once" in everything(app)

    drive(blocked, work, (80, 24))


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
        assert [line.split(":")[0] for line in found[:2]] == ["! BLOCKED isp", "! BLOCKED work"]
        assert found[2].startswith("[x] work: delete on work  1")
        await press(app, pilot, "home", "down")
        assert "of work" in text(app, "#detail") or "typed work" in text(app, "#detail")
        assert "typed isp" not in text(app, "#detail")

    drive(bench, work, (80, 24))


def test_another_mailbox_is_told_once_though_both_directions_stop(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", mail("one"))
    bench.sync()
    bench.configure("isp", user="somebody-else")

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        assert sum("BLOCKED" in line for line in rows(app)) == 1

    drive(bench, work)


def test_why_a_mailbox_is_not_reached_can_be_read_in_full(bench: Bench) -> None:
    bench.boxes["work"].unreachable = "no route to host, " * 6 + "as it seems"

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "home")
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
        assert "BLOCKED" not in "\n".join(rows(app))

    drive(blocked, work)


def test_what_went_from_several_accounts_is_let_through_with_the_rest(tmp_path: Path) -> None:
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
        assert "12 forward" in row(app, "! BLOCKED isp")
        assert "2 forward" in row(app, "! BLOCKED work")
        await go(app, pilot, "! BLOCKED work")
        await press(app, pilot, "A")
        assert "With them go 12 lines" in everything(app)
        app.screen.query_one(Input).value = "work"
        await press(app, pilot, "enter")
        preview = screen(app, PreviewScreen)
        (accept,) = preview.choice.plan.options.accepts
        assert (accept.account, accept.count) == ("work", 14)
        assert not [x for x in preview.choice.plan.blocked if x.account == "work"]
        assert {"message one", "message two"} <= {x.subject for x in preview.choice.doing}

    drive(bench, work)


def test_what_is_blocked_in_another_direction_is_not_in_the_way(blocked: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "c")
        assert "BLOCKED" not in everything(app)
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
        assert rows(app)[0].startswith("! BLOCKED isp: every deletion (changed)")
        await press(app, pilot, "home")
        assert "Here: leave it" in text(app, "#detail")
        await press(app, pilot, "A")
        screen(app, PreviewScreen)

    drive(bench, work)


# --- saving


def test_s_saves_what_is_left_for_the_owner_alone(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "saved.json"

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, "message away")
        await press(app, pilot, "space", "s")
        app.screen.query_one(Input).value = str(target)
        await press(app, pilot, "enter")
        preview = screen(app, PreviewScreen)
        assert "saved to" in text(app, "#summary")
        saved, left = planfile.load(target.read_text(), "default")
        assert saved.lines == preview.choice.plan.lines
        assert {line.id for line in saved.lines} - left == preview.choice.declined
        assert len(left) == 3

    drive(bench, work)
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_written_over(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "there.json"
    target.write_text("mine")

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "s")
        app.screen.query_one(Input).value = str(target)
        await press(app, pilot, "enter")
        screen(app, AskScreen)
        assert "there already" in text(app, "#problem")
        app.screen.query_one(Input).value = str(tmp_path / "no" / "such" / "place.json")
        await press(app, pilot, "enter")
        screen(app, PreviewScreen)
        assert "was not saved" in text(app, "#summary")

    drive(bench, work)
    assert target.read_text() == "mine"


# --- old plans


def test_a_plan_that_grew_old_is_looked_at_again_before_the_question(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        bench.wait()
        before = app.viewing.last
        await press(app, pilot, "a")
        screen(app, ConfirmScreen)
        assert app.viewing.last is not before

    drive(bench, work)


def test_a_fresh_plan_is_asked_about_at_once(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        before = app.viewing.last
        await press(app, pilot, "a")
        screen(app, ConfirmScreen)
        assert app.viewing.last is before

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
        assert "in vain" in text(app, "#summary")
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
        told = everything(app)
        assert not {c for c in told if c != "\n" and not c.isprintable()}
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
    class ReaderScreen(Screen[None]):
        def __init__(self, key: object, subject: str) -> None:
            super().__init__()
            self.asked = (key, subject)

    module = ModuleType("mailsync_tui.ui.screens.reader")
    module.ReaderScreen = ReaderScreen  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        assert app.viewing.last is not None
        keys = {row.subject: row.key for row in app.viewing.last.comparison.rows}
        for direction, name in (("b", "message away"), ("c", "message new")):
            await press(app, pilot, direction)
            await go(app, pilot, name)
            await press(app, pilot, "enter")
            assert screen(app, ReaderScreen).asked == (keys[name], name)
            app.pop_screen()
            await press(app, pilot, "escape")

    drive(bench, work)


def test_lines_that_were_brought_back_are_looked_at_again_by_themselves(bench: Bench) -> None:
    bench.sync("reverse", without=["reverse-delete"])

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        assert app.viewing.last is not None
        held = frozenset(note.line.id for note in app.viewing.last.held)
        assert len(held) == 1
        app.push_screen(PreviewScreen(app.viewing.bring_back(held)))
        await settled(app, pilot)
        assert "Held lines, brought back" in text(app, "#head")
        bench.wait()
        await press(app, pilot, "a")
        screen(app, ConfirmScreen)
        assert text(app, "#title") == "Delete 1 message?"
        await press(app, pilot, "y")

    drive(bench, work)
    assert bench.holds("isp", mail("away")) == 0
    assert bench.holds("consolidated", mail("gone")) == 1
