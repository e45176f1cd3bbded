"""A page of the manual as a document: Markdown as plain text, its paragraphs broken anew."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsync_tui.report.manual import PAGES, page
from mailsync_tui.ui.rows.wrap import TextLine

_ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s+")
_RULE = re.compile(r"\|[-:| ]+\|")

_LABEL_CELLS = 30
"""A first column that is longer is no label: a label is not broken."""


class ManualPage:
    """One page; of a table the first column is a label, of a list each item a line."""

    def __init__(self, name: str) -> None:
        """Read it.

        Args:
            name: One of :data:`PAGES`.
        """
        self._lines = [*_lines(page(name))]

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, number: int) -> TextLine:
        """A heading, a paragraph, an item, a row of a table, or a line of an example."""
        return self._lines[number]

    def page_of(self, number: int) -> str | None:
        """The page that a line begins with the name of, as the rows of the index do."""
        line = self._lines[number]
        name = line.text[: line.label].strip()
        return name if name in PAGES else None


def _lines(text: str) -> Iterator[TextLine]:
    paragraph: list[str] = []
    example = False
    for line in (*text.splitlines(), ""):
        fence = line.startswith("```")
        apart = fence or example or not line or line.startswith(("#", "|", "<!--"))
        if paragraph and (apart or _ITEM.match(line)):
            yield _paragraph(paragraph)
            paragraph = []
        if fence:
            example = not example
        elif example:
            yield TextLine(f"    {line}", "name", hang=6)
        elif line.startswith("#"):
            yield TextLine(line.lstrip("# "), "strong")
        elif line.startswith("|"):
            if not _RULE.fullmatch(line):
                yield _row(line)
        elif not line:
            yield TextLine("")
        elif not line.startswith("<!--"):
            paragraph.append(line.strip() if paragraph else line.rstrip())


def _paragraph(lines: list[str]) -> TextLine:
    item = _ITEM.match(lines[0])
    return TextLine(" ".join(lines), hang=item.end() if item else 0)


def _row(line: str) -> TextLine:
    first, *others = (cell.strip() for cell in line.strip("|").replace("\\|", "¦").split("|"))
    text = f"{first}  {' | '.join(others)}".replace("¦", "|")
    return TextLine(text, label=len(first) + 2 if len(first) <= _LABEL_CELLS else 0, hang=4)
