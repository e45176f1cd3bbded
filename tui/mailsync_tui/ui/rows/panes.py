"""Messages side by side: each on one line, in a pane or a column of every mailbox that holds it."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

from mailsync_tui.engine.comparison import Key, Row
from mailsync_tui.engine.model import Cell
from mailsync_tui.report.words import CELLS, NO_SUBJECT, Span, short_date, short_name
from mailsync_tui.ui.rows.columns import BAR, column, fit
from mailsync_tui.ui.rows.order import Ordered

PANE = 40
"""Cells of a pane with its bar, at least; there are always two panes."""
AS_PANES = 30
"""If panes of so many cells do not all fit, the matrix is what is shown first."""
SIGN = 3
"""Cells of a column that holds signs alone."""
_MESSAGE = 30
"""Cells that the matrix leaves for date, sender and subject, at least."""
_DATE_CELLS = 7


class Shown(NamedTuple):
    """Which of the mailboxes are shown, and how."""

    names: tuple[str, ...]
    """Of all mailboxes; the last is the consolidated one."""
    focus: int = 0
    """The number of the mailbox that must be among them."""
    matrix: bool = False
    """One line a message and a column a mailbox, instead of panes."""
    zoomed: bool = False
    """One pane beside the consolidated mailbox's."""
    empty: frozenset[int] = frozenset()
    """Have nothing on the lines of the screen: a pane of them is as narrow as a sign."""


@dataclass(frozen=True, slots=True)
class Pane:
    """Where one mailbox is drawn."""

    mailbox: int
    """Its number in the comparison."""
    left: int
    width: int
    whole: bool
    """Whether it holds messages, or signs alone."""


@lru_cache(maxsize=64)
def lay_out(width: int, shown: Shown) -> tuple[Pane, ...]:
    """The panes, or the columns of a matrix, that fit; the consolidated mailbox is the last.

    Args:
        width: Cells of the screen.
        shown: The mailboxes.
    """
    if shown.matrix:
        return _columns(width, shown)
    home = len(shown.names) - 1
    focus = min(shown.focus, home - 1)
    narrow = shown.empty - {focus, home}
    cost = [SIGN + 1 if n in narrow else PANE for n in range(home)]
    room = max(width + 1, 2 * PANE) - PANE
    first, last = (focus, focus + 1) if shown.zoomed else (0, focus + 1)
    while first < focus and sum(cost[first:last]) > room:
        first += 1
    while not shown.zoomed and last < home and sum(cost[first : last + 1]) <= room:
        last += 1
    mailboxes = [*range(first, last), home]
    wide = [n for n in mailboxes if n not in narrow]
    signs = (SIGN + 1) * (len(mailboxes) - len(wide))
    each, rest = divmod(width + 1 - signs, len(wide))
    panes = []
    left = 0
    for mailbox in mailboxes:
        whole = mailbox in wide
        cells = each + (whole and wide.index(mailbox) < rest) - 1 if whole else SIGN
        panes.append(Pane(mailbox, left, cells, whole))
        left += cells + 1
    return tuple(panes)


def _columns(width: int, shown: Shown) -> tuple[Pane, ...]:
    count = len(shown.names)
    share = max(SIGN, width * 2 // 5 // count)
    cells = [min(max(len(name) + 2, SIGN), share) for name in shown.names]
    first = 0
    while sum(cells[first:]) > width - _MESSAGE and first < shown.focus:
        first += 1
    panes: list[Pane] = []
    left = 0
    for mailbox in range(first, count):
        if panes and left + cells[mailbox] > width - _MESSAGE:
            break
        panes.append(Pane(mailbox, left, cells[mailbox], False))
        left += cells[mailbox]
    return tuple(panes)


def short_names(names: Sequence[str], cells: int) -> list[str]:
    """Names in so many cells each, told apart by a later letter where their beginnings agree."""
    found: list[str] = []
    for name in names:
        forms = [name[:cells], *(name[: cells - 1] + letter for letter in name[cells:])]
        found.append(next((form for form in forms if form not in found), forms[0]))
    return found


class PaneLines:
    """Rows as the lines of a view."""

    def __init__(
        self,
        ordered: Ordered,
        shown: Shown,
        now: datetime,
        marked: Container[Key] = (),
        chosen: range = range(0),
    ) -> None:
        """Take them.

        Args:
            ordered: The rows.
            shown: How.
            now: Recent dates go without their year.
            marked: The messages that are marked for deletion.
            chosen: The lines of a range that is being chosen.
        """
        self.marked = marked
        self.chosen = chosen
        self.ordered = ordered
        self.shown = shown
        self._now = now

    def __len__(self) -> int:
        return len(self.ordered)

    def key(self, index: int) -> Hashable:
        """Which message a line is."""
        return self.ordered.key(index)

    def index(self, key: Hashable) -> int | None:
        """Where a message stands."""
        return self.ordered.index(key)

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """One message in all panes, or behind the signs of all columns.

        Where no pane holds it, the last one says which mailbox does.
        """
        row = self.ordered.rows[index]
        mark = "chosen " if index in self.chosen else "marked " if row.key in self.marked else ""
        panes = lay_out(width, self.shown)
        spans: list[Span] = []
        for pane in panes:
            if pane.left and not self.shown.matrix:
                spans.append((BAR, ""))
            cell = Cell(row.cells[pane.mailbox])
            if not pane.whole:
                spans.append((f"{CELLS[cell].sign:{pane.width}}", CELLS[cell].style))
            elif pane is not panes[-1] or any(row.cells[each.mailbox] for each in panes):
                spans += self._message(row, cell, pane.width, mark=mark)
            else:
                holder = next(n for n, each in enumerate(row.cells) if each != Cell.ABSENT)
                cell = Cell(row.cells[holder])
                spans += self._message(
                    row, cell, pane.width, f" on {self.shown.names[holder]}", mark
                )
        if self.shown.matrix:
            left = width - panes[-1].left - panes[-1].width
            spans += self._message(row, row.verdict, left, mark=mark, sign=False)
        return spans

    def _message(
        self,
        row: Row,
        cell: Cell,
        width: int,
        where: str = "",
        mark: str = "",
        *,
        sign: bool = True,
    ) -> Iterator[Span]:
        """A message: its sign; then date, sender, the sign's word and the subject.

        A line in sync has its sign alone.
        """
        if cell is Cell.ABSENT:
            yield " " * width, ""
            return
        state = CELLS[cell]
        text = "dim" if cell is Cell.GONE or where else state.style
        date = fit(short_date(row.date, self._now), _DATE_CELLS)
        yield (f"{state.sign} {date}", state.style) if sign else (date, text)
        sender = min(max(width // 4, 10), 24)
        yield column(short_name(row.sender), sender), text
        left = max(width - 2 * sign - _DATE_CELLS - sender, 0)
        if mark:
            yield mark[:left], "gone"
            left = max(left - len(mark), 0)
        word = "" if cell is Cell.SAME else f"{state.word}{where} "[:left]
        yield word, state.style
        yield fit(row.subject or NO_SUBJECT, left - cell_len(word)), text
