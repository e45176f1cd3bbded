"""Texts in columns of terminal cells; dates, names and sizes as short as can be."""

from __future__ import annotations

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
