"""A mailbox that is not reached holds up what may have been moved there: blocked, for some days."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync_tui.engine.model import Accept, Plan
from mailsync_tui.errors import PARTLY, SessionError
from tests.builders import mail
from tests.engine.bench import Bench, blocked, kinds

M, N = mail(1), mail(2)
DAY = 60 * 24
BLOCKED = [("isp", "forward-delete", "unreached", 1)]
REVERSE_BLOCKED = [(account, "reverse-delete", "unreached", 1) for account in ("isp", "old")]
FORWARD = [("forward-delete", "isp")]
REVERSE = [("reverse-delete", account) for account in ("isp", "old")]
AWAY = "no route to host"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Two messages of a POP3 account in the consolidated mailbox, beside two IMAP accounts."""
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap", "old": "imap"})
    for data in (M, N):
        bench.deliver("isp", data)
    bench.sync()
    bench.sync()
    return bench


def away(bench: Bench, *accounts: str) -> None:
    for account in accounts:
        bench.boxes[account].unreachable = AWAY


def back(bench: Bench, *accounts: str) -> None:
    for account in accounts:
        bench.boxes[account].unreachable = None


def detail(plan: Plan) -> str:
    (found,) = plan.blocked
    return found.detail


def test_a_loss_is_blocked_and_names_the_mailbox_that_is_missing(bench: Bench) -> None:
    bench.remove("isp", M)
    away(bench, "work")
    plan = bench.plan()
    assert (kinds(plan), blocked(plan), plan.waiting) == ([], BLOCKED, ())
    assert "may have been moved to work, not reached since 2026-01-05;" in detail(plan)
    assert "`--accept-blocked isp:unreached`" in detail(plan)
    away(bench, "old")
    since = "not reached since 2026-01-05"
    assert f"moved to work, {since} or old, {since};" in detail(bench.plan())
    back(bench, "work", "old")
    assert kinds(bench.plan()) == FORWARD


def test_a_listing_that_breaks_off_does_not_show_what_was_moved_there(bench: Bench) -> None:
    bench.remove("isp", M)
    bench.boxes["work"].incomplete = "the connection broke"
    assert "work, not listed completely since 2026-01-05" in detail(bench.plan())
    assert blocked(bench.plan()) == BLOCKED


def test_what_was_moved_there_is_found_once_it_is_reached(bench: Bench) -> None:
    bench.remove("isp", M)
    bench.deliver("work", M)
    away(bench, "work")
    assert bench.sync().exit == PARTLY
    bench.wait(3 * DAY)
    bench.sync()
    back(bench, "work")
    assert kinds(bench.plan()) == [("adopt", "work")]
    bench.sync()
    assert bench.holds("consolidated", M) == bench.holds("work", M) == 1
    assert kinds(bench.plan()) == []


def test_it_is_let_through_this_once(bench: Bench) -> None:
    for data in (M, N):
        bench.remove("isp", data)
    away(bench, "work")
    fewer = bench.plan(accepts=(Accept("isp", "unreached", 1),))
    assert blocked(fewer) == [("isp", "forward-delete", "unreached", 2)]
    bench.sync()
    assert blocked(bench.plan()) == blocked(fewer)
    accepts = (Accept("isp", "unreached", 2),)
    plan = bench.plan(accepts=accepts)
    assert (kinds(plan), blocked(plan)) == (FORWARD * 2, [])
    bench.sync(accepts=accepts)
    assert bench.holds("consolidated", M) == bench.holds("consolidated", N) == 0
    assert kinds(bench.plan()) == []


def test_it_does_not_stick(bench: Bench) -> None:
    bench.remove("isp", M)
    away(bench, "work")
    bench.sync()
    back(bench, "work")
    bench.sync()
    bench.remove("isp", N)
    assert kinds(bench.plan()) == FORWARD


def test_moved_there_after_all_it_is_late_and_nothing_of_it_is_deleted(bench: Bench) -> None:
    bench.remove("isp", M)
    bench.deliver("work", M)
    away(bench, "work")
    bench.sync(accepts=(Accept("isp", "unreached"),))
    assert bench.holds("consolidated", M) == 0
    back(bench, "work")
    plan = bench.plan()
    assert (kinds(plan), [h.rule for h in plan.held]) == ([], ["late-copy"])
    bench.sync()
    assert bench.holds("work", M) == 1


@pytest.mark.parametrize("days", [1, 7, 30])
def test_after_some_days_it_is_a_deletion_like_any_other_and_says_so(
    bench: Bench, days: int
) -> None:
    bench.guards(unreached_days=days)
    bench.deliver("old", N)
    bench.sync()
    bench.remove("isp", M)
    bench.remove("consolidated", N)
    away(bench, "work")
    bench.wait(days * DAY - 30)
    assert blocked(bench.plan()) == [*BLOCKED, *REVERSE_BLOCKED]
    bench.wait(30)
    plan = bench.plan()
    assert (kinds(plan), blocked(plan)) == (FORWARD + REVERSE, [])
    away_for = "; it may have been moved to work, not reached since 2026-01-05"
    assert [line.reason for line in plan.lines] == [
        f"gone from isp{away_for}",
        *[f"gone from the consolidated mailbox{away_for}"] * 2,
    ]
    bench.sync()
    assert bench.holds("consolidated", M) == bench.holds("isp", N) == bench.holds("old", N) == 0


def test_the_days_are_those_of_each_mailbox(bench: Bench) -> None:
    away(bench, "old")
    bench.wait(6 * DAY)
    bench.sync()
    bench.remove("isp", M)
    away(bench, "work")
    bench.wait(DAY)
    assert "moved to work, not reached since 2026-01-11;" in detail(bench.plan())
    bench.wait(6 * DAY)
    (line,) = bench.plan().lines
    assert line.reason == (
        "gone from isp; it may have been moved to work, not reached since 2026-01-11 or old, not "
        "reached since 2026-01-05"
    )


def test_days_count_from_a_sync_that_had_nothing_to_note(bench: Bench) -> None:
    bench.wait(6 * DAY)
    assert bench.sync().run is None
    bench.remove("isp", M)
    away(bench, "work")
    bench.wait(6 * DAY)
    assert blocked(bench.plan()) == BLOCKED
    bench.wait(DAY)
    assert kinds(bench.plan()) == FORWARD


def test_they_count_from_a_sync_that_could_do_nothing_too(bench: Bench) -> None:
    away(bench, "consolidated")
    bench.wait(6 * DAY)
    with pytest.raises(SessionError):
        bench.sync()
    back(bench, "consolidated")
    bench.remove("isp", M)
    away(bench, "work")
    bench.wait(2 * DAY)
    assert blocked(bench.plan()) == BLOCKED


def test_noting_it_makes_no_plan_stale(bench: Bench) -> None:
    serial = bench.plan().serial
    assert bench.sync().run is None
    assert bench.plan().serial == serial


def test_a_mailbox_that_never_was_reached_is_waited_for_from_its_first_run_on(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap"})
    away(bench, "work")
    bench.deliver("isp", M)
    bench.sync()
    bench.wait(5 * DAY)
    bench.remove("isp", M)
    assert blocked(bench.plan()) == BLOCKED
    bench.wait(2 * DAY)
    assert kinds(bench.plan()) == FORWARD


def test_a_clock_that_was_ahead_does_not_hold_up_for_longer(bench: Bench) -> None:
    bench.wait(400 * DAY)
    bench.sync()
    bench.wait(-400 * DAY)
    away(bench, "work")
    bench.remove("isp", M)
    bench.sync()
    bench.wait(7 * DAY)
    assert kinds(bench.plan()) == FORWARD


def test_what_the_consolidated_mailbox_lost_may_have_been_moved_there_too(bench: Bench) -> None:
    bench.remove("consolidated", M)
    bench.deliver("work", M)
    away(bench, "work")
    plan = bench.plan()
    assert (kinds(plan), blocked(plan)) == ([], [("isp", "reverse-delete", "unreached", 1)])
    assert "gone from consolidated may have been moved to work" in detail(plan)
    for account in ("isp", "consolidated"):
        assert kinds(bench.plan(accepts=(Accept(account, "unreached", 1),))) == [
            ("reverse-delete", "isp")
        ]
    bench.sync()
    assert bench.holds("isp", M) == 1
    back(bench, "work")
    assert [h.rule for h in bench.plan().held] == ["moved-out"]


def test_what_is_gone_everywhere_is_not_forgotten_meanwhile(bench: Bench) -> None:
    bench.remove("consolidated", M)
    bench.remove("isp", M)
    away(bench, "work")
    for _ in range(2):
        plan = bench.plan()
        assert (kinds(plan), blocked(plan)) == ([], [])
        bench.sync()
    bench.wait(7 * DAY)
    assert kinds(bench.plan()) == [("forget", "isp")]


def test_an_account_that_was_taken_out_of_the_configuration_holds_nothing(bench: Bench) -> None:
    away(bench, "work")
    bench.remove("isp", M)
    bench.sync()
    external = tuple(c for c in bench.config.external if c.name != "work")
    bench.config = replace(bench.config, external=external)
    assert kinds(bench.plan()) == FORWARD


def test_pop3_takes_no_mail_and_holds_up_nothing(bench: Bench) -> None:
    bench.deliver("work", mail(3))
    bench.sync()
    away(bench, "isp")
    bench.remove("work", mail(3))
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_what_is_not_missing_for_long_enough_waits(bench: Bench) -> None:
    bench.guards(absent_scans=2)
    bench.remove("isp", M)
    away(bench, "work")
    plan = bench.plan()
    assert (blocked(plan), [w.detail[:15] for w in plan.waiting]) == ([], ["not missing for"])
    bench.sync()
    assert blocked(bench.plan()) == BLOCKED


def test_lines_that_are_blocked_do_not_count_as_too_many(bench: Bench) -> None:
    bench.guards(max_delete_floor=2, max_delete_share=0.1)
    bench.deliver("isp", mail(3))
    bench.deliver("isp", mail(4))
    bench.sync()
    for data in (M, N, mail(3)):
        bench.remove("isp", data)
    away(bench, "work")
    assert blocked(bench.plan()) == [("isp", "forward-delete", "unreached", 3)]
    assert kinds(bench.plan(accepts=(Accept("isp", "unreached", 3),))) == FORWARD * 3
    bench.wait(7 * DAY)
    assert blocked(bench.plan()) == [("isp", "forward-delete", "max-delete", 3)]


def test_a_line_that_another_guard_stops_too_stands_under_the_next_one_then(bench: Bench) -> None:
    bench.guards(max_delete_floor=1)
    bench.boxes["isp"].folders["INBOX"].messages.clear()
    away(bench, "work")
    accepts = [Accept("isp", "side-empty", 2), Accept("isp", "unreached", 2)]
    assert blocked(bench.plan()) == [("isp", "forward-delete", "side-empty", 2)]
    for accept, left in ((accepts[0], "unreached"), (accepts[1], "side-empty")):
        plan = bench.plan(accepts=(accept,))
        assert (kinds(plan), blocked(plan)) == ([], [("isp", "forward-delete", left, 2)])
    assert kinds(bench.plan(accepts=tuple(accepts))) == FORWARD * 2


# --- left out by choice: not contacted, so unknown


def test_what_is_left_out_is_not_contacted_and_no_error(bench: Bench) -> None:
    bench.deliver("work", mail(3))
    bench.boxes["work"].unreachable = AWAY
    result = bench.sync(only=["isp"])
    assert result.exit == 0
    report = result.plan.mailboxes["work"]
    assert (report.error, report.complete, report.messages) == (None, False, None)
    assert report.left_out == "not named on the command line"
    back(bench, "work")
    assert bench.sync(only=["old", "isp"]).run is None
    assert kinds(bench.plan()) == [("collect", "work")]


def test_what_is_left_out_may_hold_what_is_gone_elsewhere(bench: Bench) -> None:
    bench.remove("isp", M)
    bench.deliver("work", M)
    plan = bench.plan(only=["isp", "old"])
    assert (kinds(plan), blocked(plan)) == ([], BLOCKED)
    assert "may have been moved to work, left out of this run;" in detail(plan)
    bench.sync(only=["isp"])
    bench.sync()
    assert bench.holds("consolidated", M) == bench.holds("work", M) == 1
    assert kinds(bench.plan()) == []


def test_being_left_out_is_no_day_of_not_being_reached(bench: Bench) -> None:
    for _ in range(3):
        bench.wait(5 * DAY)
        bench.sync(only=["isp", "old"])
    bench.remove("isp", M)
    assert blocked(bench.plan(only=["isp", "old"])) == BLOCKED
    away(bench, "work")
    bench.wait(6 * DAY)
    assert blocked(bench.plan()) == BLOCKED
    bench.wait(DAY)
    assert kinds(bench.plan()) == FORWARD
    assert blocked(bench.plan(only=["isp", "old"])) == BLOCKED, "nobody looked"


def test_all_that_is_asked_for_being_away_is_a_failure(bench: Bench) -> None:
    away(bench, "work")
    with pytest.raises(SessionError, match=r"work: no route to host$"):
        bench.sync(only=["work"])


def test_what_is_left_out_keeps_what_the_ledger_has_of_it(bench: Bench) -> None:
    """Another mailbox under its name is no new base only because it was not looked at."""
    bench.deliver("work", mail(3))
    bench.sync()
    bench.configure("work", user="bob")
    bench.sync(only=["isp"])
    assert ("work", "forward-delete", "changed", 0) in blocked(bench.plan())
