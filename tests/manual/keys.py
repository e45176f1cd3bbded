"""The tables of keys in the README and the manual, from the app's registry of actions.

``python -m tests.manual.keys`` writes the manual's anew between its two marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mailsync_tui
from mailsync_tui.ui.actions import ACTIONS, SCREENS, Action, Where, shown_key

PAGE = Path(mailsync_tui.__file__).parent / "manual" / "app.md"
BEGIN = "<!-- keys: made by python -m tests.manual.keys -->"
END = "<!-- keys end -->"

NAMES: dict[Where, str] = {"confirm": "confirm dialog", "run": "one run"}
"""Screens that the table does not call by their name in the registry."""


def key_table() -> str:
    """The table, in Markdown."""
    rows = ["| keys | what | where |", "|---|---|---|"]
    rows += [f"| {_keys(a)} | {a.help} | {_where(a)} |" for a in _once()]
    return "\n".join(rows)


def with_keys(text: str) -> str:
    """A page with the table as it must be.

    Raises:
        ValueError: it has not both marks, one after the other.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n{key_table()}\n{END}{after}"


def _once() -> Iterator[Action]:
    seen: set[tuple[tuple[str, ...], str]] = set()
    for action in ACTIONS:
        if (action.keys, action.help) not in seen:
            seen.add((action.keys, action.help))
            yield action


def _keys(action: Action) -> str:
    return " ".join(f"`{shown_key(key)}`" for key in action.keys)


def _where(action: Action) -> str:
    """The screens; where they are most, those that lack it."""
    names: dict[Where, str] = {where: NAMES.get(where, where) for where in SCREENS}
    there = [name for where, name in names.items() if where in action.where]
    lacking = [name for where, name in names.items() if where not in action.where]
    if len(there) <= len(lacking):
        return ", ".join(there)
    return f"everywhere but {', '.join(lacking)}" if lacking else "everywhere"


if __name__ == "__main__":
    PAGE.write_text(with_keys(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
