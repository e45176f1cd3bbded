"""The preview: a plan line by line, taken out and in, filtered, explained, saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from mailsync_tui.engine.model import Options
from mailsync_tui.session import plan_file
from mailsync_tui.session.person import Person
from mailsync_tui.ui.app import MailsyncApp
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from mailsync_tui.ui.screens.dialogs import AskScreen, WhyScreen
from mailsync_tui.ui.screens.preview import PreviewScreen
from mailsync_tui.ui.widgets.line_view import LineView
from tests.builders import mail
from tests.engine.bench import Bench
from tests.ui.harness import drive, everything, press, screen, settled, text
from tests.ui.previewed import go, out_of_step, row, rows


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return out_of_step(tmp_path)


def test_lines_stand_by_account_and_kind_and_what_follows_stands_below(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        screen(app, PreviewScreen)
        found = rows(app)
        assert found[0].startswith(
            "[x] delete in consolidated (forward, from isp)  3 (1 follow from others)"
        )
        assert found[1].startswith("  [x]") and "message gone" in found[1]
        assert found[2].startswith("  [x]") and "message shared" in found[2]
        assert found[3].startswith("    [x]") and "then delete on work: message" in found[3]
        assert found[4].startswith("[x] delete on isp (reverse)  1")
        assert "message away" in found[5]
        assert "consolidated/INBOX" in found[1] and "undo: yes" in found[1]
        assert "isp/INBOX" in found[5] and "undo: part" in found[5]
        assert "5 Jan" in found[1] and "Ann" in found[1] and " B " in found[1]

    drive(bench, work)


def test_a_wide_screen_tells_why_and_whether_it_can_be_undone(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        assert "undo: part" in row(app, "message away")
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
        await go(app, pilot, "  message shared")
        view = app.screen.query_one(LineView)
        before = view.cursor
        await press(app, pilot, "space")
        assert view.cursor == before + 1
        assert "[ ]" in rows(app)[2] and "taken out" in rows(app)[2]
        assert "[ ]" in rows(app)[3] and "falls too" in rows(app)[3]
        assert rows(app)[0].startswith("[-] delete in consolidated (forward, from isp)  1 of 3")
        assert "1 of 4 taken out" in text(app, "#summary")
        assert "delete 1 in consolidated (" in text(app, "#summary")
        assert "work" not in text(app, "#summary")

    drive(bench, work)


def test_a_line_that_fell_comes_in_with_what_it_needs(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, "  message shared")
        await press(app, pilot, "space", "space")
        assert "[x]" in rows(app)[2]
        assert "[x]" in rows(app)[3]
        assert "taken out" not in text(app, "#summary")

    drive(bench, work)


def test_space_on_a_group_takes_all_of_it_out_and_in(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "space")
        assert rows(app)[0].startswith("[ ] delete in consolidated (forward, from isp)  0 of 3")
        assert "delete 1 on isp" in text(app, "#summary")
        await press(app, pilot, "up", "space")
        assert rows(app)[0].startswith("[x] delete in consolidated (forward, from isp)  3")

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
        shown = everything(app)
        assert "Why: deleted in the consolidated mailbox, because gone from isp" in shown
        assert "Needs: delete in consolidated/INBOX" in shown
        assert "Undo: yes" in shown
        await press(app, pilot, "escape")
        await go(app, pilot, "  message shared")
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
        shown = " ".join(everything(app).split())
        assert "seen on isp at one complete listing, on 2026-01-05 10:00" in shown
        assert "missing from this complete listing of isp (2 messages)" in shown

    drive(bench, work)


def test_the_last_lines_tell_of_the_line_under_the_cursor(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        await go(app, pilot, "message away")
        shown = text(app, "#detail")
        assert "message away" in shown
        assert "comes back in consolidated only" in shown
        assert "delete on isp/INBOX: gone from the consolidated mailbox" in shown

    drive(bench, work)


def test_leaving_remembers_nothing(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b", "asterisk", "escape")
        screen(app, ComparisonScreen)
        await press(app, pilot, "b")
        assert all("[ ]" not in line for line in rows(app))
        assert Person(bench.config, bench.directory).runs()[0].command == "sync"

    drive(bench, work)
    assert not bench.plan().held


def test_collecting_shows_how_many_from_where(bench: Bench) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        bench.deliver("isp", mail("newer"))
        await press(app, pilot, "f5", "c")
        assert row(app, "collect from work").startswith("[x] collect from work  1  new on work")
        assert row(app, "collect from isp").startswith("[x] collect from isp  1")
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

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "b")
        assert f"{len(held)} held" in text(app, "#title")
        bench.boxes["work"].unreachable = "no route to work"
        await press(app, pilot, "f5")
        assert "not reached: work" in text(app, "#title")
        assert "no route to work" in "\n".join(rows(app))

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
        saved, left = plan_file.load(target.read_text(), "default")
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


def test_n_jumps_by_group_and_the_newest_stands_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    days = [mail(f"of day {day}").replace(b"05 Jan", b"0%d Jan" % day) for day in (3, 5, 4)]
    for day in days:
        bench.deliver("isp", day)
    bench.sync()
    for day in days:
        bench.remove("isp", day)
    bench.deliver("work", mail("new"))

    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        viewer = app.background.viewer
        app.open_preview(await app.background.engine(lambda: viewer.plan(Options())))
        await settled(app, pilot)
        shown = [line.split("of day ")[1][0] for line in rows(app) if "of day" in line]
        assert shown == ["5", "4", "3"]
        view = app.screen.query_one(LineView)
        await press(app, pilot, "home", "n")
        assert rows(app)[view.cursor].startswith("[x] collect from work")
        await press(app, pilot, "N")
        assert view.cursor == 0

    drive(bench, work)


@pytest.mark.parametrize("width", [80, 110, 120, 150, 200])
def test_a_wider_screen_leaves_more_room_for_the_subject(bench: Bench, width: int) -> None:
    async def work(app: MailsyncApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "f")
        lines = screen(app, PreviewScreen).query_one(LineView).lines
        drawn = [lines.spans(n, width - 1) for n in range(len(lines))]
        (subject,) = [t for spans in drawn for t, _ in spans if t.startswith("message gone")]
        assert len(subject) >= (33 if width == 80 else 36)

    drive(bench, work, (width, 30))
