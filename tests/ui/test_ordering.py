"""Rows in an order, as far as a filter shows them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailsync_tui.engine.model import Cell
from mailsync_tui.ui.rows.filters import Filter, parse
from mailsync_tui.ui.rows.order import ORDERS, Order, Ordered, thread_subject
from tests.ui.rows import compared, day, row

LETTERS = compared(
    row(1, "Taxes", date=day(3)),
    row(2, "Garden", Cell.GONE, Cell.ABSENT, Cell.GOES, date=day(1)),
    row(3, "Re: taxes", Cell.ABSENT, Cell.NEW, Cell.ABSENT, date=day(9)),
    row(4, "", Cell.ABSENT, Cell.HELD, Cell.ABSENT, date=day(5), sender="Bob <bob@example.org>"),
    row(5, "AW: Fwd: Garden", Cell.ABSENT, Cell.SAME, Cell.SAME, date=day(7)),
)


def keys(ordered: Ordered) -> list[object]:
    return [ordered.key(n) for n in range(len(ordered))]


def test_by_date_the_newest_comes_first() -> None:
    assert keys(Ordered(LETTERS, "date", Filter())) == [3, 5, 4, 1, 2]


def test_by_thread_its_newest_message_says_where_a_thread_stands() -> None:
    assert keys(Ordered(LETTERS, "thread", Filter())) == [3, 1, 5, 2, 4]


def test_mail_without_a_subject_is_no_thread() -> None:
    both = compared(
        *(
            row(n, date=day(d))._replace(subject=s)
            for n, s, d in ((1, "", 9), (2, "a", 8), (3, "", 1))
        )
    )
    assert keys(Ordered(both, "thread", Filter())) == [1, 2, 3]


def test_by_change_deletions_come_before_what_is_new_and_what_waits() -> None:
    assert keys(Ordered(LETTERS, "change", Filter())) == [2, 3, 4, 5, 1]


def test_answers_and_forwards_belong_to_the_thread_they_answer() -> None:
    for subject in ("Re: Plan", "AW: re[2]: Plan", "Fwd: plan", "  plan "):
        assert thread_subject(subject) == "plan"
    assert thread_subject("Resume: plan") == "resume: plan"


def test_a_filter_takes_states_mailboxes_and_words() -> None:
    def found(text: str) -> list[object]:
        return keys(Ordered(LETTERS, "date", parse(text)))

    assert found("taxes") == [3, 1]
    assert found("BOB") == [4]
    assert found("taxes from:ann is:new") == [3]
    assert found("is:different") == [3, 4, 2]
    assert found("is:gone") == [2]
    assert found("on:work") == [3, 5, 4]
    assert found("on:cons is:sync") == [5, 1]
    assert found("subject:bob") == []


def test_differences_are_those_of_the_rows_that_are_shown() -> None:
    ordered = Ordered(LETTERS, "date", parse("-nothing"))
    assert ordered.differences == []
    ordered = Ordered(LETTERS, "date", Filter())
    assert [ordered.key(n) for n in ordered.differences] == [3, 4, 2]


def test_a_message_is_found_by_its_key() -> None:
    ordered = Ordered(LETTERS, "date", Filter())
    assert ordered.index(4) == 2
    assert ordered.index(99) is None
    assert ordered.index(("no", "key")) is None


@given(
    typed=st.lists(st.text(alphabet='ab is:on"wgr ', max_size=8), min_size=1, max_size=6),
    order=st.sampled_from(list(ORDERS)),
)
def test_what_is_taken_from_the_rows_before_is_what_would_be_made_anew(
    typed: list[str], order: Order
) -> None:
    before = None
    for text in typed:
        before = Ordered(LETTERS, order, parse(text), before)
        anew = Ordered(LETTERS, order, parse(text))
        assert before.rows == anew.rows
        assert before.differences == anew.differences


def test_rows_of_another_comparison_or_order_are_not_taken_over() -> None:
    before = Ordered(LETTERS, "date", parse("taxes"))
    assert keys(Ordered(LETTERS, "change", parse("taxes"), before)) == [3, 1]
    other = compared(row(8, "taxes"))
    assert keys(Ordered(other, "date", parse("taxes"), before)) == [8]
