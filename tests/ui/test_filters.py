"""What a person types after ``/``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync_tui.ui.rows.filters import Filter, FilterFields, parse

LINE = FilterFields(
    "Taxes 2026", "Ann <ann@example.org>", frozenset({"gone", "delete"}), frozenset({"isp"})
)
TYPED = st.text(alphabet='anxtis:o"gfrm e', max_size=12)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", Filter()),
        ("  Tax  ANN ", Filter(words=("tax", "ann"))),
        ('"two words" more', Filter(words=("two words", "more"))),
        ('"not closed yet', Filter(words=("not closed yet",))),
        ("from:ann is:gone on:isp", Filter(sender=("ann",), states=("gone",), mailboxes=("isp",))),
        ('subject:"a b"', Filter(subject=("a b",))),
        ("from:", Filter()),
        ("http://x", Filter(words=("http://x",))),
    ],
)
def test_any_text_is_a_filter(typed: str, expected: Filter) -> None:
    assert parse(typed) == expected


@pytest.mark.parametrize(
    ("typed", "passes"),
    [
        ("taxes", True),
        ("ANN@", True),
        ("taxes bob", False),
        ("from:taxes", False),
        ("subject:ann", False),
        ("is:go", True),
        ("is:one", False),
        ("is:gone is:delete", True),
        ("is:gone is:new", False),
        ("on:isp", True),
        ("on:work", False),
    ],
)
def test_every_part_has_to_be_met(typed: str, passes: bool) -> None:
    assert parse(typed).admits(LINE) is passes


@given(TYPED, TYPED)
def test_what_refines_a_filter_admits_nothing_that_it_does_not(one: str, two: str) -> None:
    if parse(one).refines(parse(two)) and parse(one).admits(LINE):
        assert parse(two).admits(LINE)


@pytest.mark.parametrize(
    ("one", "two", "refines"),
    [
        ("taxes", "tax", True),
        ("tax ann", "tax", True),
        ("tax", "taxes", False),
        ("tax", "tax is:gone", False),
        ("is:gone", "is:go", True),
        ("tax", "from:tax", False),
        ("", "", True),
    ],
)
def test_one_more_letter_refines_a_filter(one: str, two: str, refines: bool) -> None:
    assert parse(one).refines(parse(two)) is refines
