"""Texts in columns of terminal cells; dates, names and sizes as short as can be."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.cells import cell_len, set_cell_size

from mailsync_tui.text.safe import safe_text

BAR = "│"
"""Between panes."""
LONGEST = 2000
"""Characters of a span that are looked at: no terminal shows more in a line."""


def fit(text: str, cells: int) -> str:
    """Text in a column of so many terminal cells: filled up, or cut with a mark."""
    if cells <= 0:
        return ""
    text = safe_text(text, min(cells * 2, LONGEST))
    if cell_len(text) <= cells:
        return set_cell_size(text, cells)
    return set_cell_size(text, cells - 1) + "…"


def column(text: str, cells: int) -> str:
    """The same, with a blank at the end that parts it from the next column."""
    return fit(text, cells - 1) + " " if cells > 0 else ""


Part = tuple[str, str]
"""Text that is safe, and a style of the theme (empty: plain)."""


def below(sentence: Part, others: Sequence[Part], width: int, rows: int = 3) -> list[Part]:
    """What is said of a line below a list: the sentence first, what is cut is the rest.

    Args:
        sentence: Takes up to two rows, or all but those of the others.
        others: A row each, while there are rows left.
        width: Cells of a row.
        rows: How many there are.
    """
    text, style = sentence
    lines = wrap(safe_text(text), max(width, 20)) or [""]
    most = max(2, rows - len(others))
    if len(lines) > most:
        lines[most - 1] = fit(f"{lines[most - 1]} {lines[most]}", width)
    cut = [(fit(other, width).rstrip(), name) for other, name in others]
    return [*((line, style) for line in lines[:most]), *cut][:rows]
