"""The rows of a comparison in an order, as far as a filter shows them; made off the event loop."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import Literal

from mailsync_tui.engine.comparison import DIFFERENCES, Comparison, Key, Row
from mailsync_tui.engine.model import Cell
from mailsync_tui.report.words import CELLS
from mailsync_tui.ui.rows.filters import Filter, FilterFields

Order = Literal["date", "thread", "change"]

ORDERS: dict[Order, str] = {
    "date": "newest first",
    "thread": "by thread, newest first",
    "change": "changes first",
}
"""The orders, in words, in the order in which one key goes through them."""

_ANSWER = re.compile(r"(?i)^(?:\s*(?:re|fwd?|aw|wg|antw|sv|vs|tr|rif|odp)(?:\[\d+\])?\s*:)+\s*")
_VERDICT_ORDER = (Cell.GOES, Cell.NEW, Cell.KEPT, Cell.HELD, Cell.GONE)
_RANK = [
    _VERDICT_ORDER.index(cell) if cell in _VERDICT_ORDER else len(_VERDICT_ORDER) for cell in Cell
]
FIRST_DIFFERENCE = min(DIFFERENCES)
"""Among the cells; all that follow are differences too."""


class Ordered:
    """Rows as a view shows them."""

    def __init__(
        self,
        comparison: Comparison,
        order: Order,
        chosen: Filter,
        before: Ordered | None = None,
    ) -> None:
        """Filter and sort; with 100,000 rows some tenths of a second.

        Args:
            comparison: The rows.
            order: How to sort.
            chosen: Which to show.
            before: What was shown before; what can be taken from it is not done again.
        """
        self.comparison = comparison
        self.order = order
        self.chosen = chosen
        same = before is not None and before.comparison is comparison and before.order == order
        self._all: Sequence[Row] = (
            before._all if before is not None and same else _sorted(comparison.rows, order)
        )
        rows = self._all
        if before is not None and same and chosen.refines(before.chosen):
            rows = before.rows
        if not chosen.empty:
            rows = _chosen(rows, comparison, chosen)
        self.rows: Sequence[Row] = rows
        self.differences = [n for n, row in enumerate(rows) if row.verdict >= FIRST_DIFFERENCE]

    def __len__(self) -> int:
        return len(self.rows)

    def key(self, index: int) -> Key:
        """Which message a row is."""
        return self.rows[index].key

    def index(self, key: Hashable) -> int | None:
        """Where a message stands. Looked for row by row: it is asked for less often than made."""
        return next((n for n, row in enumerate(self.rows) if row[0] == key), None)


def thread_subject(subject: str) -> str:
    """The subject that all messages of a thread share."""
    return _ANSWER.sub("", subject).casefold().strip()


def _sorted(rows: Sequence[Row], order: Order) -> list[Row]:
    newest = sorted(rows, key=attrgetter("date"), reverse=True)
    if order == "date":
        return newest
    if order == "change":
        return sorted(newest, key=lambda row: _RANK[row.verdict])
    first: dict[str, int] = {}
    place: list[tuple[int, int]] = []
    for number, row in enumerate(newest):
        subject = thread_subject(row.subject)
        # Mail without a subject is no thread.
        thread = first.setdefault(subject, number) if subject else number
        place.append((thread, number))
    place.sort()
    return [newest[number] for _, number in place]


def _chosen(rows: Sequence[Row], comparison: Comparison, chosen: Filter) -> list[Row]:
    # One condition after the other over all rows: a call for each row would take most of the time.
    of_cells = _OfCells(comparison, chosen)
    found = [row for row in rows if of_cells[row.cells]]
    for word in chosen.words:
        found = [
            row for row in found if word in row.subject.casefold() or word in row.sender.casefold()
        ]
    for word in chosen.sender:
        found = [row for row in found if word in row.sender.casefold()]
    for word in chosen.subject:
        found = [row for row in found if word in row.subject.casefold()]
    return found


class _OfCells(dict[bytes, bool]):
    """Whether rows pass by their cells; these have few different forms, however many rows."""

    def __init__(self, comparison: Comparison, chosen: Filter) -> None:
        super().__init__()
        self._names = [side.name for side in comparison.mailboxes]
        self._filter = Filter(states=chosen.states, mailboxes=chosen.mailboxes)

    def __missing__(self, cells: bytes) -> bool:
        there = frozenset(n for n, c in zip(self._names, cells, strict=True) if c != Cell.ABSENT)
        words = {CELLS[Cell(c)].word for c in cells if c != Cell.ABSENT}
        if any(Cell(c) in DIFFERENCES for c in cells):
            words.add("different")
        self[cells] = self._filter.admits(FilterFields("", "", frozenset(words), there))
        return self[cells]
