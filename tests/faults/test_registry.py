"""No vice and no story is without a test."""

from __future__ import annotations

from tests.faults.registry import STORIES, VICES, marked


def test_every_vice_has_a_test() -> None:
    assert list(VICES) == list(range(1, len(VICES) + 1))
    assert set(marked("vice")) == set(VICES)


def test_every_story_has_a_test() -> None:
    assert set(marked("story")) == set(STORIES)
