"""Long lines on a screen: where to break them, in terminal cells, and what stands on each row."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple, Protocol

from rich.cells import split_graphemes

from mailsync_tui.report.words import Span
from mailsync_tui.ui.rows.columns import LONGEST

_NARROW = re.compile(r"[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482]*")
"""Text whose characters take one cell each; most text is such, and quickly broken."""

_SMALLEST = 2
"""Cells of a row at least: the widest character takes two."""


class TextLine(NamedTuple):
    """One line before it is broken."""

    text: str
    style: str = ""
    label: int = 0
    """So many characters at its beginning name what follows, and have a style of their own."""
    hang: int = 0
    """Cells by which all its rows but the first are moved in."""


class Document(Protocol):
    """Lines of any length."""

    def __len__(self) -> int:
        """How many there are."""

    def line(self, number: int) -> TextLine:
        """One of them; sanitised."""
        ...


class Hit(NamedTuple):
    """A place where the words stand that were looked for."""

    line: int
    start: int
    end: int


def rows_of(text: str, width: int, hang: int = 0, label: int = 0) -> Iterator[tuple[int, int]]:
    """Break a line where a blank is, or else where the row ends.

    Args:
        text: Sanitised.
        width: Cells of a row.
        hang: Cells by which all rows but the first are shorter.
        label: No break stands in so many characters at its beginning, or right after them.

    Yields:
        Where each row begins and ends in the text; blanks at a break belong to neither.
    """
    narrow = _NARROW.fullmatch(text) is not None
    start, room = 0, max(width, _SMALLEST)
    while True:
        end = min(start + room, len(text)) if narrow else _fitting(text, start, room)
        if end >= len(text):
            yield start, len(text)
            return
        blank = text.rfind(" ", max(start + 1, label), end + 1)
        if blank > 0 and (word := text[start:blank].rstrip()):
            yield start, start + len(word)
            start = blank + 1
            while text.startswith(" ", start):
                start += 1
        else:
            yield start, end
            start = end
        room = max(width - hang, _SMALLEST)


def _fitting(text: str, start: int, room: int) -> int:
    """The end of what fits into so many cells; at least one character does.

    Marks that take no cell are counted too: a row holds four characters for each cell at most.
    """
    most = min(4 * room, LONGEST)
    length = room + 16
    while True:
        length = min(length, most)
        spans, _ = split_graphemes(text[start : start + length])
        left = room
        for first, _, cells in spans:
            if cells > left:
                return start + max(first, 1)
            left -= cells
        if start + length >= len(text):
            return len(text)
        if length >= most:
            return start + (spans[-1][0] or length)  # the last one may go on behind it
        length *= 2


class Wrapped:
    """A document broken for a width, as the rows of a view.

    A million characters take up to a second: made off the event loop.
    """

    def __init__(self, document: Document, width: int) -> None:
        """Break all lines.

        Args:
            document: The lines.
            width: Cells of a row.
        """
        self.document = document
        self.hits: Sequence[Hit] = ()
        """In order."""
        self.hit = 0
        """The one that the person is at."""
        self._lines = array("L")
        self._starts = array("L")
        self._ends = array("L")
        for number in range(len(document)):
            line = document.line(number)
            for start, end in rows_of(line.text, width, line.hang, line.label):
                self._lines.append(number)
                self._starts.append(start)
                self._ends.append(end)

    def __len__(self) -> int:
        return len(self._lines)

    def key(self, index: int) -> tuple[int, int]:
        """The line, and where in it the row begins: that lasts when the width changes."""
        return self._lines[index], self._starts[index]

    def index(self, key: Hashable) -> int | None:
        """The row that shows that place."""
        match key:
            case (int(line), int(start)) if line < len(self.document):
                first = bisect_right(self._lines, line - 1) if line else 0
                last = bisect_right(self._lines, line)
                return bisect_right(self._starts, start, first, last) - 1
            case _:
                return None

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """A row: its label, its text, and in it what was looked for."""
        del width
        number, start, end = self._lines[index], self._starts[index], self._ends[index]
        line = self.document.line(number)
        label = min(max(line.label, start), end)
        spans = [(" " * line.hang, "")] if start and line.hang else []
        at = start
        for hit, style in self._hits_in(number, start, end):
            first, last = max(hit.start, start), min(hit.end, end)
            spans += _plain(line, at, first, label)
            spans.append((line.text[first:last], style))
            at = last
        return [*spans, *_plain(line, at, end, label)]

    def _hits_in(self, number: int, start: int, end: int) -> Iterator[tuple[Hit, str]]:
        # The one that begins before the row may go on in it.
        place = max(bisect_right(self.hits, (number, start, 0)) - 1, 0)
        while place < len(self.hits) and self.hits[place] < (number, end):
            hit = self.hits[place]
            if hit.line == number and hit.end > start:
                yield hit, "hit-here" if place == self.hit else "hit"
            place += 1


def _plain(line: TextLine, start: int, end: int, label: int) -> Iterator[Span]:
    """Text between two hits."""
    if start < min(label, end):
        yield line.text[start : min(label, end)], "name"
    if max(label, start) < end:
        yield line.text[max(label, start) : end], line.style


def find(document: Document, words: str, most: int) -> list[Hit]:
    """Where words stand in a document, whatever the case of letters.

    Args:
        document: Its lines are looked at one by one.
        words: As they stand, blanks among them.
        most: So many places are enough.
    """
    pattern = re.compile(re.escape(words), re.IGNORECASE)
    hits: list[Hit] = []
    for number in range(len(document)):
        for found in pattern.finditer(document.line(number).text):
            hits.append(Hit(number, *found.span()))
            if len(hits) >= most:
                return hits
    return hits
