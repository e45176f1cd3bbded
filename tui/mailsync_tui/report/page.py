"""What became of a run as text to be laid out: the app draws it in a list, the commands print it.

All text in it is safe to show.
"""

from __future__ import annotations

from typing import NamedTuple

from mailsync_tui.report.words import Span


class PageLine(NamedTuple):
    """One line; what is too long for the screen is cut. Without spans: a gap."""

    spans: tuple[Span, ...] = ()


class Paragraph(NamedTuple):
    """A sentence or more, broken into lines."""

    text: str
    style: str = ""
    indent: int = 0


class Table(NamedTuple):
    """Rows whose columns line up; the last column is as wide as it likes."""

    rows: tuple[tuple[Span, ...], ...]


Block = PageLine | Paragraph | Table


class Page(NamedTuple):
    """A title, and what stands below it."""

    title: str
    blocks: tuple[Block, ...]
