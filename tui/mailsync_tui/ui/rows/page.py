"""A page about a run or an undo, as lines of a list."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Iterator, Sequence

from mailsync_tui.report.page import Block, Page, PageLine, Paragraph
from mailsync_tui.report.words import Span
from mailsync_tui.ui.rows.columns import column, fit


class PageRows:
    """A page in so many cells."""

    def __init__(self, page: Page, width: int) -> None:
        """Break its paragraphs.

        Args:
            page: What a run or an undo did.
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
            block.text,
            width,
            initial_indent=margin,
            subsequent_indent=margin,
            break_on_hyphens=False,  # commands are copied from here
        ):
            yield ((text, block.style),)
    else:
        cells = [max(len(text) for text, _ in row) + 2 for row in zip(*block.rows, strict=True)]
        for row in block.rows:
            *before, last = zip(row, cells, strict=True)
            yield (*((column(text, n), style) for (text, style), n in before), last[0])
