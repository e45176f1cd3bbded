"""Reading one table of the file against its fields, noting everything that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mailsync_tui.config.checks import Check, WrongValueError
from mailsync_tui.errors import Problem
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.config.schema import KeySpec

Table = Mapping[str, Any]
"""A table as tomllib gives it."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dotted(prefix: str, key: str) -> str:
    """The dotted key, its last part quoted as in TOML where it must be, and safe to show."""
    shown = key if _BARE.fullmatch(key) else f'"{safe_text(key, 64)}"'
    return f"{prefix}.{shown}" if prefix else shown


def one_of(keys: Iterable[str]) -> str:
    """What to say was expected where a key is not known."""
    return f"expected one of {', '.join(keys)}"


def stray(prefix: str, key: str, known: Iterable[str], why: str = "unknown key") -> Problem:
    """The problem with a key that must not stand here, and the known key nearest to it."""
    import difflib  # Only a wrong file needs it.

    names = tuple(known)
    nearest = difflib.get_close_matches(key[:64], names, n=1, cutoff=0.0)
    return Problem(
        dotted(prefix, key),
        f"{why}; {one_of(names)}",
        dotted(prefix, nearest[0]) if nearest else None,
    )


def subtable(parent: Table, prefix: str, key: str, problems: list[Problem]) -> Table | None:
    """The table under a key; ``None`` where there is none, or something else."""
    value = parent.get(key)
    if value is None or isinstance(value, dict):
        return value
    name = dotted(prefix, key)
    problems.append(Problem(name, f"expected a table, as in [{name}]"))
    return None


def checked(prefix: str, key: str, value: object, check: Check, problems: list[Problem]) -> Any:
    """The value as used, or ``None`` and a problem."""
    try:
        return check(value)
    except WrongValueError as error:
        problems.append(Problem(dotted(prefix, key), f"expected {error}"))
        return None


def values_of(
    table: Table, prefix: str, fields: Iterable[KeySpec], problems: list[Problem]
) -> dict[str, Any]:
    """The values of a table in which only these fields may stand, by their names in the model."""
    known = {field.key: field for field in fields}
    values = {}
    for key, raw in table.items():
        if key not in known:
            problems.append(stray(prefix, key, known))
            continue
        value = checked(prefix, key, raw, known[key].check, problems)
        if value is not None:
            values[known[key].name or key] = value
    return values
