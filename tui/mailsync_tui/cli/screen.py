"""Lines for a person to read: in columns and colours on a terminal, as plain text elsewhere.

Foreign text becomes plain segments: nothing here parses markup. Rich is loaded for a terminal only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TextIO

from mailsync_tui.cli.output import Output, is_terminal
from mailsync_tui.report.page import Page, PageLine, Paragraph
from mailsync_tui.report.words import Span
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from rich.console import Console


_LOOKS = {
    "": "",
    "dim": "dim",
    "new": "green",
    "gone": "red",
    "warn": "bold red",
    "note": "yellow",
    "name": "cyan",
    "strong": "bold",
    "key": "bold",
}
"""How Rich draws the styles of :data:`mailsync_tui.report.words.STYLES`."""


class Screen:
    """Gathers lines, and shows them all at once."""

    def __init__(self, output: Output, stream: Literal["stdout", "stderr"] = "stdout") -> None:
        """Look at the stream.

        Args:
            output: Writes.
            stream: Results go to ``stdout``, the text of a question to ``stderr``.
        """
        self._output = output
        self._stream: TextIO | None = sys.stdout if stream == "stdout" else sys.stderr
        self._lines: list[Sequence[Span]] = []
        self._console: Console | None = None
        if self._stream is not None and is_terminal(self._stream):
            from rich.console import Console

            self._console = Console(file=self._stream, highlight=False, markup=False, emoji=False)

    @property
    def width(self) -> int | None:
        """Cells in a line; ``None`` where a line may be of any length."""
        return self._console.width if self._console else None

    def line(self, *spans: str | Span) -> None:
        """Add a line; what is too long for the terminal is cut."""
        self._lines.append([(span, "") if isinstance(span, str) else span for span in spans])

    def text(self, text: str, style: str = "", indent: int = 0) -> None:
        """Add a sentence, wrapped at the terminal's width."""
        if self.width is None:
            self.line((" " * indent + text, style))
            return
        import textwrap

        margin = " " * indent
        for part in textwrap.wrap(
            text,
            max(self.width - 1, 20),
            initial_indent=margin,
            subsequent_indent=margin,
            break_on_hyphens=False,  # options are copied from here
        ):
            self.line((part, style))

    def page(self, page: Page) -> None:
        """Add what became of a run."""
        self.line((page.title, "strong"))
        for block in page.blocks:
            if isinstance(block, PageLine):
                self.line(*block.spans)
            elif isinstance(block, Paragraph):
                self.text(block.text, block.style, block.indent)
            else:
                self.table(block.rows)

    def fit(self, text: str, cells: int) -> str:
        """The text in a column of so many cells: filled up, or cut."""
        if self._console is None:
            return safe_text(text, cells).ljust(cells)
        from rich.cells import cell_len, set_cell_size

        if cell_len(text) > cells:
            return set_cell_size(text, cells - 1) + "…" if cells > 0 else ""
        return set_cell_size(text, cells)

    def table(self, rows: Sequence[Sequence[Span]], indent: int = 2) -> None:
        """Add rows whose columns line up; the last column is as wide as it likes."""
        if not rows:
            return
        widths = [max(len(cell[0]) for cell in column) for column in zip(*rows, strict=True)]
        for row in rows:
            spans: list[Span] = [(" " * indent, "")]
            for (text, style), width in zip(row[:-1], widths, strict=False):
                spans.append((self.fit(text, width) + "  ", style))
            self.line(*spans, row[-1])

    def show(self) -> None:
        """Write all lines.

        Raises:
            OutputError: They cannot be written.
        """
        if self._console is None:
            text = "\n".join("".join(part for part, _ in line).rstrip() for line in self._lines)
        else:
            text = _drawn(self._console, self._lines)
        if self._lines:
            self._output.written(self._stream, text + "\n")
        self._lines = []


def _drawn(console: Console, lines: Sequence[Sequence[Span]]) -> str:
    from rich.segment import Segment, Segments
    from rich.style import Style as Drawn

    styles: dict[str, Drawn] = {}
    segments = []
    for line in lines:
        parts = [
            Segment(text, styles.get(style) or styles.setdefault(style, Drawn.parse(_LOOKS[style])))
            for text, style in line
        ]
        segments += [*Segment.adjust_line_length(parts, console.width, pad=False), Segment.line()]
    with console.capture() as capture:
        console.print(Segments(segments[:-1]), end="")
    return capture.get()
