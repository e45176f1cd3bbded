"""Messages side by side: each on one line, in a pane of every mailbox that holds it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len

from mailsync_tui.engine.comparison import Row
from mailsync_tui.engine.model import Cell
from mailsync_tui.report.words import CELLS, NO_SUBJECT, Span, short_date, short_name
from mailsync_tui.ui.rows.columns import BAR, column, fit
from mailsync_tui.ui.rows.order import Ordered

SIDE_BY_SIDE = 110
"""From so many columns on, more than two panes are shown."""
_NARROWEST = 26
_DATE_CELLS = 7


@dataclass(frozen=True, slots=True)
class Pane:
    """Where one mailbox is drawn."""

    mailbox: int
    """Its number in the comparison."""
    left: int
    width: int


@lru_cache(maxsize=64)
def lay_out(width: int, mailboxes: int, focus: int) -> tuple[Pane, ...]:
    """The panes that fit, with the consolidated mailbox always on the right.

    Args:
        width: Cells of the screen.
        mailboxes: How many there are; the last is the consolidated one.
        focus: The mailbox that must be among them.
    """
    home = mailboxes - 1
    fitting = 2 if width < SIDE_BY_SIDE else max(2, (width + 1) // (_NARROWEST + 1))
    externals = min(home, fitting - 1)
    first = 0 if focus == home else max(0, min(focus - externals + 1, home - externals))
    shown = [*range(first, first + externals), home]
    each, rest = divmod(width - len(shown) + 1, len(shown))
    panes = []
    left = 0
    for number, mailbox in enumerate(shown):
        cells = each + (number < rest)
        panes.append(Pane(mailbox, left, cells))
        left += cells + 1
    return tuple(panes)


class PaneLines:
    """Rows as the lines of a view."""

    def __init__(self, ordered: Ordered, focus: int, this_year: int) -> None:
        """Take them.

        Args:
            ordered: The rows.
            focus: The number of the mailbox whose pane must be among those that are drawn.
            this_year: Dates of it go without their year.
        """
        self.ordered = ordered
        self._names = [side.name for side in ordered.comparison.mailboxes]
        self._focus = focus
        self._this_year = this_year

    def __len__(self) -> int:
        return len(self.ordered)

    def key(self, index: int) -> Hashable:
        """Which message a line is."""
        return self.ordered.key(index)

    def index(self, key: Hashable) -> int | None:
        """Where a message stands."""
        return self.ordered.index(key)

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """One message in all panes; where none of them holds it, the last one says who does."""
        row = self.ordered.rows[index]
        spans: list[Span] = []
        shown = False
        for pane in lay_out(width, len(row.cells), self._focus):
            if pane.left:
                spans.append((BAR, ""))
            cell = Cell(row.cells[pane.mailbox])
            shown = shown or cell is not Cell.ABSENT
            if shown or pane.mailbox < len(row.cells) - 1:
                spans += self._message(row, cell, pane.width)
            else:
                holder = next(n for n, each in enumerate(row.cells) if each != Cell.ABSENT)
                spans += self._message(row, Cell(row.cells[holder]), pane.width, holder)
        return spans

    def _message(
        self, row: Row, cell: Cell, width: int, holder: int | None = None
    ) -> Iterator[Span]:
        """A message in a pane: its sign; then date, sender, the sign's word and the subject."""
        if cell is Cell.ABSENT:
            yield " " * width, ""
            return
        state = CELLS[cell]
        word = "" if cell is Cell.SAME else f"{state.word} "
        if holder is not None:
            word = f"{word}on {self._names[holder]} "
        sender = min(max(width // 4, 10), 24)
        yield f"{state.sign} {fit(short_date(row.date, self._this_year), _DATE_CELLS)}", state.style
        text = "dim" if cell is Cell.GONE or holder is not None else state.style
        yield column(short_name(row.sender), sender), text
        left = width - 2 - _DATE_CELLS - sender
        word = word[: max(left, 0)]
        yield word, state.style
        yield fit(row.subject or NO_SUBJECT, left - cell_len(word)), text
