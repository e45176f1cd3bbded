"""Messages side by side: each on one line, in a pane of every mailbox that holds it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailsync_tui.engine.comparison import Row
from mailsync_tui.engine.model import Cell
from mailsync_tui.report.words import CELLS, NO_SUBJECT, Span, short_date, short_name
from mailsync_tui.ui.rows.columns import BAR, fit
from mailsync_tui.ui.rows.order import Ordered

SIDE_BY_SIDE = 110
"""From so many columns on, more than two panes are shown."""
_NARROWEST = 26
_SIGN_CELLS = 10
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
        """One message in all panes."""
        row = self.ordered.rows[index]
        return [
            span
            for pane in lay_out(width, len(row.cells), self._focus)
            for span in self._drawn(row, pane)
        ]

    def _drawn(self, row: Row, pane: Pane) -> Iterator[Span]:
        if pane.left:
            yield BAR, ""
        cell = Cell(row.cells[pane.mailbox])
        state = CELLS[cell]
        if cell in (Cell.ABSENT, Cell.GONE):
            yield fit(f"{state.sign} {state.word}", pane.width), state.style
            return
        text = fit(f"{state.sign} {state.word}", _SIGN_CELLS)
        left = pane.width - _SIGN_CELLS
        if left >= 22:
            text += fit(short_date(row.date, self._this_year), _DATE_CELLS)
            left -= _DATE_CELLS
        if left >= 40:
            sender = min(left // 3, 24)
            text += fit(short_name(row.sender), sender - 1) + " "
            left -= sender
        yield text + fit(row.subject or NO_SUBJECT, left), state.style
