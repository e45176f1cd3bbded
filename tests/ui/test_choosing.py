"""The choice over a plan: what falls with what, sums, and what another look changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from mailsync_tui.engine.model import Kind, Line, Options, Place, Plan
from mailsync_tui.mailboxes.base import Location
from mailsync_tui.report.choice import Choice, Sum
from mailsync_tui.report.plan import sums_text


def line(number: int, kind: Kind, account: str, *needs: Line, copies: int = 1) -> Line:
    """A line about 100 octets."""
    mailbox = "consolidated" if kind in ("forward-delete", "collect") else account
    places = tuple(Place(mailbox, Location("INBOX", 1, number * 10 + n)) for n in range(copies))
    return Line(
        kind=kind,
        account=account,
        accounts=(account,),
        needs=tuple(need.id for need in needs),
        target=places[0],
        copies=places,
        message=number,
        message_id=f"<{number}@example.org>",
        subject=f"subject {number}",
        sender="Ann",
        date=None,
        size=100,
        reason="gone",
        undo="full",
    )


ROOT = line(1, "forward-delete", "isp", copies=2)
THEN = line(2, "reverse-delete", "work", ROOT)
LAST = line(3, "reverse-delete", "old", THEN)
OTHER = line(4, "forward-delete", "isp")
LEDGER = line(5, "adopt", "isp")


def plan(*lines: Line) -> Plan:
    """A plan of these lines."""
    return Plan("default", datetime(2026, 1, 5, tzinfo=UTC), None, 0, Options(), {}, lines)


def test_what_needs_a_line_falls_with_it_to_the_end_and_comes_back_with_it() -> None:
    choice = Choice(plan(ROOT, THEN, LAST, OTHER))
    assert not choice.toggle([ROOT.id])
    assert [choice.state(x.id) for x in (ROOT, THEN, LAST, OTHER)] == [
        "out",
        "falls",
        "falls",
        "in",
    ]
    assert choice.declined == {ROOT.id}, "what falls was not declined"
    assert choice.toggle([ROOT.id])
    assert choice.doing == (ROOT, THEN, LAST, OTHER)


def test_what_was_taken_out_by_itself_stays_out_when_what_it_needs_comes_back() -> None:
    choice = Choice(plan(ROOT, THEN))
    choice.toggle([THEN.id])
    choice.toggle([ROOT.id])
    choice.toggle([ROOT.id])
    assert choice.doing == (ROOT,)


def test_taking_in_takes_in_what_is_needed() -> None:
    choice = Choice(plan(ROOT, THEN, LAST))
    choice.toggle([ROOT.id])
    assert choice.toggle([LAST.id])
    assert choice.doing == (ROOT, THEN, LAST)


def test_several_lines_go_out_while_one_of_them_is_in() -> None:
    choice = Choice(plan(ROOT, OTHER))
    choice.toggle([ROOT.id])
    assert not choice.toggle([ROOT.id, OTHER.id])
    assert not choice.doing


def test_sums_follow_what_is_in_and_count_every_copy() -> None:
    choice = Choice(plan(ROOT, THEN, LAST, OTHER))
    assert choice.sums() == (
        Sum("forward-delete", "consolidated", 2, 300),
        Sum("reverse-delete", "work", 1, 100),
        Sum("reverse-delete", "old", 1, 100),
    )
    choice.toggle([ROOT.id])
    assert choice.sums() == (Sum("forward-delete", "consolidated", 1, 100),)
    choice.toggle([ROOT.id])
    assert sum(each.octets for each in choice.sums()) == 500


def test_the_plan_itself_is_applied_unless_something_new_was_left_out() -> None:
    made = plan(ROOT, THEN, OTHER)
    choice = Choice(made)
    choice.toggle([ROOT.id])
    assert choice.shown is made
    later = choice.renewed(plan(ROOT, THEN, OTHER, LAST))
    assert later.shown.lines == (ROOT, THEN, OTHER)
    assert later.declined == {ROOT.id}


def test_another_look_marks_what_is_new_and_what_is_no_more() -> None:
    choice = Choice(plan(ROOT, OTHER))
    choice.toggle([OTHER.id])
    made = plan(OTHER, LEDGER, THEN)
    assert choice.differs(made)
    later = choice.renewed(made)
    assert later.state(ROOT.id) == "over"
    assert later.state(OTHER.id) == "out"
    assert later.undecided == {THEN.id}, "what changes only the ledger is no question"
    assert list(later.doing) == [LEDGER]
    later.toggle([THEN.id])
    assert list(later.doing) == [LEDGER, THEN]


def test_what_comes_back_is_new_and_no_longer_over() -> None:
    choice = Choice(plan(ROOT, OTHER)).renewed(plan(OTHER)).renewed(plan(ROOT, OTHER))
    assert not choice.over
    assert choice.undecided == {ROOT.id}


def test_an_old_line_that_needs_a_new_one_falls_until_that_is_taken_in() -> None:
    alone = replace(THEN, needs=())
    assert alone.id == THEN.id
    later = Choice(plan(alone)).renewed(plan(ROOT, THEN))
    assert later.state(THEN.id) == "falls"
    assert later.shown.lines == ()
    later.toggle([THEN.id])
    assert later.doing == (ROOT, THEN)


def test_lines_that_the_person_asked_for_are_in_at_once() -> None:
    later = Choice(plan(OTHER)).renewed(plan(ROOT, OTHER), wanted=True)
    assert later.doing == (ROOT, OTHER)
    assert later.new == {ROOT.id}


def test_sums_fit_in_their_line_whatever_there_is_to_do() -> None:
    found = [
        Sum("forward-delete", "consolidated", 17, 18_000),
        *(Sum("reverse-delete", f"account{number}", 12, 11_000) for number in range(4)),
        Sum("forget", "work", 33, 0),
    ]
    assert "17 in consolidated (18 kB)" in sums_text(found, 200)
    short = sums_text(found, 78)
    assert short == "delete 65 in 5 mailboxes (62 kB), ledger only 33"
