"""The pictures in the README are what the app looks like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.screenshots.make import FOLDER, SHOTS, Shot, demo_at_rest, take

PINNED = re.search(
    r"^textual==(\S+)$",
    (Path(__file__).parents[2] / ".ci" / "constraints.txt").read_text(),
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def at_rest() -> Iterator[Path]:
    with demo_at_rest() as path:
        yield path


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_a_picture_is_up_to_date(shot: Shot, at_rest: Path) -> None:
    assert PINNED is not None
    if version("textual") != PINNED[1]:
        pytest.skip(f"the pictures are those of Textual {PINNED[1]}")
    name = shot.name
    made = take(shot, at_rest)
    hint = "run: python -m tests.screenshots.make"
    assert (FOLDER / f"{name}.svg").read_text() == made, hint
    assert (FOLDER / f"{name}.png").exists(), hint
