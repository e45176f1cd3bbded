"""Inside of ui imports point downward, too: no screen imports another, the app alone knows all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsync_tui import ui
from tests.test_layers import imported

FOLDER = Path(ui.__file__).parent
FLOORS = (
    ("actions",),
    ("rows",),
    ("background", "preferences", "widgets"),
    ("screens.base",),
    ("screens.dialogs",),
    ("screens",),
    ("app",),
    ("run",),
)
"""From the ground up."""
TOGETHER = ("rows", "widgets")
"""Their modules may import each other."""


def names() -> Iterator[str]:
    for path in sorted(FOLDER.rglob("*.py")):
        if path.stem != "__init__":
            yield ".".join(path.relative_to(FOLDER).with_suffix("").parts)


def floor(module: str) -> tuple[int, str]:
    """How high a module lies, and by which name it is listed."""
    found = {
        name: number
        for number, listed in enumerate(FLOORS)
        for name in listed
        if module == name or module.startswith(f"{name}.")
    }
    assert found, f"{module} has no floor"
    name = max(found, key=len)
    return found[name], name


@pytest.mark.parametrize("module", [*names()])
def test_a_module_of_the_app_imports_only_what_lies_below_it(module: str) -> None:
    here, room = floor(module)
    path = FOLDER.joinpath(*module.split(".")).with_suffix(".py")
    known = set(names())
    for name in imported(path):
        other = name.removeprefix("mailsync_tui.ui.")
        if other != module and other in known:
            there, its_room = floor(other)
            beside = room == its_room and room in TOGETHER
            assert there < here or beside, f"{module} must not import {other}"
