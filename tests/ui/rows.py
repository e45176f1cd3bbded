"""Comparisons made by hand, for tests of what is shown of them."""

from __future__ import annotations

from collections.abc import Sequence

from mailsync_tui.engine.comparison import Comparison, Key, Row, Side
from mailsync_tui.engine.model import Cell

NAMES = ("isp", "work", "consolidated")


def row(
    key: Key,
    subject: str = "",
    *cells: Cell,
    sender: str = "Ann <ann@example.org>",
    date: str = "2026-01-05T09:00:00.000000+00:00",
) -> Row:
    """A row; in sync on the first account unless its cells say otherwise."""
    cells = cells or (Cell.SAME, Cell.ABSENT, Cell.SAME)
    return Row(key, subject or f"subject {key}", sender, date, 1000, bytes(cells), max(cells))


def compared(*rows: Row, names: Sequence[str] = NAMES) -> Comparison:
    """A comparison of these rows."""
    sides = tuple(Side(name, "imap", None, True, None, None) for name in names)
    return Comparison.of(sides, rows, {}, {})


def day(number: int) -> str:
    """A date; the greater the number, the later."""
    return f"2026-01-{number:02}T09:00:00.000000+00:00"
