"""What a run did, as lines of a list; and how far one is."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Iterable, Iterator, Sequence

from mailsync_tui.report import words
from mailsync_tui.report.page import Block, Page, PageLine, Paragraph
from mailsync_tui.report.words import Span
from mailsync_tui.ui.rows.columns import column, fit
from mailsync_tui.ui.rows.progress import Count

BAR = 20
"""Cells of a bar."""


class PageRows:
    """A page in so many cells."""

    def __init__(self, page: Page, width: int) -> None:
        """Break its paragraphs.

        Args:
            page: What is told after a run.
            width: Cells of the screen.
        """
        self._rows = [row for block in page.blocks for row in _rows(block, max(width - 4, 20))]

    def __len__(self) -> int:
        return len(self._rows)

    def key(self, index: int) -> Hashable:
        """Lines of a page never move."""
        return index

    def index(self, key: Hashable) -> int | None:
        """Lines of a page never move."""
        return key if isinstance(key, int) and key < len(self._rows) else None

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """A line in so many cells."""
        spans: list[Span] = []
        left = width
        for text, style in self._rows[index]:
            part = fit(text, left) if len(text) > left else text
            spans.append((part, style))
            left -= len(part)
        return spans


def _rows(block: Block, width: int) -> Iterator[tuple[Span, ...]]:
    if isinstance(block, PageLine):
        yield block.spans
    elif isinstance(block, Paragraph):
        margin = " " * block.indent
        for text in textwrap.wrap(
            block.text, width, initial_indent=margin, subsequent_indent=margin
        ):
            yield ((text, block.style),)
    else:
        cells = [max(len(text) for text, _ in row) + 2 for row in zip(*block.rows, strict=True)]
        for row in block.rows:
            *before, last = zip(row, cells, strict=True)
            yield (*((column(text, n), style) for (text, style), n in before), last[0])


def progress_lines(counts: Iterable[Count], width: int) -> list[str]:
    """How far each account and kind is, with a bar in plain characters.

    Args:
        counts: What a run has counted.
        width: Cells of the screen.
    """
    rows = []
    for each in counts:
        ended = each.done + each.failed
        full = BAR * ended // each.total if each.total else BAR
        bar = f"[{'#' * full}{'.' * (BAR - full)}]"
        failed = f", {each.failed:,} not" if each.failed else ""
        told = f"{ended:,} of {each.total:,}{failed}"
        head = column(each.account, 12) + column(words.doing(each.kind, each.account), 25)
        rows.append(fit(f" {head}{bar} {told}", width).rstrip())
    return rows


def pace(rate: float | None, seconds: float | None) -> str:
    """How fast it goes and how long the rest takes, as far as that is known."""
    if rate is None or seconds is None:
        return "beginning ..."
    speed = f"{rate:,.0f} a second" if rate >= 2 else f"{rate * 60:,.0f} a minute"
    return f"{speed}, {duration(seconds)} left"


def duration(seconds: float) -> str:
    """A duration as a person says it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
