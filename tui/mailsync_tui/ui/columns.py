"""Texts in columns of terminal cells; dates, names and sizes as short as can be."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len, set_cell_size

from mailsync_tui.safetext import safe_text

Span = tuple[str, str]
"""Text, and the name of its style (empty: plain). Foreign text may stand in it as it is."""

LONGEST = 2000
"""Characters of a span that are looked at: no terminal shows more in a line."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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


def short_date(stamp: str, this_year: int) -> str:
    """A date in six cells: day and month, or month and year."""
    if not stamp:
        return ""
    moment = datetime.fromisoformat(stamp).astimezone()
    if moment.year == this_year:
        return f"{moment.day:2} {_MONTHS[moment.month - 1]}"
    return f"{_MONTHS[moment.month - 1]}'{moment.year % 100:02}"  # not to be taken for a day


def short_name(sender: str) -> str:
    """The name of a sender, or the address where there is none."""
    return sender.partition(" <")[0].strip('" ') or sender


def size_in_words(octets: int) -> str:
    """A size as a person reads it."""
    if octets < 1000:
        return f"{octets} B"
    if octets < 1_000_000:
        return f"{octets / 1000:.0f} kB"
    return f"{octets / 1_000_000:.1f} MB"
