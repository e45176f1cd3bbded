"""The mailboxes side by side: every message on one screen line in all panes that hold it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.segment import Segment
from rich.style import Style
from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from mailsync_tui.engine.comparison import Cell, Comparison, Key, Row, Side
from mailsync_tui.engine.events import ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.report.words import Span, short_date, short_error, short_name
from mailsync_tui.ui.rows.columns import fit
from mailsync_tui.ui.rows.marks import MARKS
from mailsync_tui.ui.rows.order import Ordered
from mailsync_tui.ui.widgets.line_view import BAR, LineView

SIDE_BY_SIDE = 110
"""From so many columns on, more than two panes are shown."""
_NARROWEST = 26
_MARK_CELLS = 10
_DATE_CELLS = 7


@dataclass(frozen=True, slots=True)
class Pane:
    """Where one mailbox is drawn."""

    mailbox: int
    """Its number in the comparison."""
    left: int
    width: int


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


class Compared:
    """Rows as the lines of a view."""

    def __init__(self, ordered: Ordered) -> None:
        self.ordered = ordered

    def __len__(self) -> int:
        return len(self.ordered)

    def key(self, index: int) -> Hashable:
        """Which message a line is."""
        return self.ordered.key(index)

    def index(self, key: Hashable) -> int | None:
        """Where a message stands."""
        return self.ordered.index(key)

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """The row's subject; panes draw the rest."""
        return [(fit(self.ordered.rows[index].subject, width), "")]


class Panes(LineView):
    """All panes in one view, so that they are aligned and scroll together by construction."""

    class OtherMailboxes(Message):
        """The mailboxes that have a pane are others than those whose rows are shown."""

    focused_mailbox = reactive(0)

    def __init__(self, comparison: Comparison, *, id: str | None = None) -> None:  # noqa: A002
        """Show no rows yet.

        Args:
            comparison: Its mailboxes make the panes.
            id: The widget's.
        """
        super().__init__(id=id)
        self.comparison = comparison
        self.this_year = datetime.now().astimezone().year

    @property
    def ordered(self) -> Ordered | None:
        """The rows."""
        return self.lines.ordered if isinstance(self.lines, Compared) else None

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        if self.ordered is not None and self.cursor < len(self.ordered):
            return self.ordered.rows[self.cursor]
        return None

    def panes(self, width: int | None = None) -> tuple[Pane, ...]:
        """Where each mailbox is drawn now."""
        width = self.line_width if width is None else width
        return lay_out(width, len(self.comparison.mailboxes), self.focused_mailbox)

    @property
    def drawn(self) -> frozenset[int] | None:
        """The mailboxes that have a pane now; ``None``: all."""
        numbers = frozenset(pane.mailbox for pane in self.panes())
        return None if len(numbers) == len(self.comparison.mailboxes) else numbers

    def show_rows(self, ordered: Ordered, key: Key | None = None) -> None:
        """Show these rows.

        Args:
            ordered: The rows.
            key: See :meth:`LineView.show`.
        """
        self.comparison = ordered.comparison
        self.show(Compared(ordered), key)

    def on_resize(self) -> None:
        """Other mailboxes may have a pane now. Textual calls the base class's handler itself."""
        self._panes_changed()

    def _panes_changed(self) -> None:
        if self.ordered is not None and self.ordered.shown != self.drawn:
            self.post_message(self.OtherMailboxes())

    def watch_focused_mailbox(self) -> None:
        """Another pane has the focus, and may have to be brought in."""
        self.redraw()
        self._panes_changed()

    def go_to_difference(self, step: int) -> bool:
        """Put the cursor on the next difference, or the previous one; ``False``: there is none."""
        there = self.ordered.differences if self.ordered is not None else []
        at = bisect_right(there, self.cursor) if step > 0 else bisect_left(there, self.cursor) - 1
        if not 0 <= at < len(there):
            return False
        self.move(there[at])
        return True

    def segments(self, index: int, width: int, base: Style) -> list[Segment]:
        """One message in all panes."""
        if not isinstance(self.lines, Compared):
            return super().segments(index, width, base)
        row = self.lines.ordered.rows[index]
        result: list[Segment] = []
        for pane in self.panes(width):
            if pane.left:
                result.append(Segment(BAR, base))
            for text, style in self._cell(row, pane):
                result.append(Segment(text, base + self._style(style)))
        return result

    def _cell(self, row: Row, pane: Pane) -> list[Span]:
        cell = Cell(row.cells[pane.mailbox])
        mark = MARKS[cell]
        if cell in (Cell.ABSENT, Cell.GONE):
            return [(fit(f"{mark.sign} {mark.word}", pane.width), mark.style)]
        text = fit(f"{mark.sign} {mark.word}", _MARK_CELLS)
        left = pane.width - _MARK_CELLS
        if left >= 22:
            text += fit(short_date(row.date, self.this_year), _DATE_CELLS)
            left -= _DATE_CELLS
        if left >= 40:
            sender = min(left // 3, 24)
            text += fit(short_name(row.sender), sender - 1) + " "
            left -= sender
        return [(text + fit(row.subject or "(no subject)", left), mark.style)]


class Heads(Widget):
    """Above each pane: the mailbox's name, protocol and count, and how its listing stands."""

    DEFAULT_CSS = """
    Heads { height: 2; background: $panel; }
    """

    def __init__(self, panes: Panes) -> None:
        super().__init__()
        self._panes = panes
        self.states: dict[str, tuple[str, str]] = {}
        """By mailbox: the state in words, and its style."""

    def render(self) -> RenderResult:
        """Two lines."""
        lines = []
        panes = self._panes.panes()
        for number in (0, 1):
            parts: list[Content | tuple[str, str]] = []
            for pane in panes:
                if pane.left:
                    parts.append((BAR, "$foreground 40%"))
                side = self._panes.comparison.mailboxes[pane.mailbox]
                focused = pane.mailbox == self._panes.focused_mailbox
                text, style = self._title(side, focused) if number == 0 else self._state(side)
                parts.append((fit(text, pane.width), style))
            lines.append(Content.assemble(*parts))
        return Content("\n").join(lines)

    def _title(self, side: Side, focused: bool) -> tuple[str, str]:
        count = "" if side.messages is None else f" {side.messages:,}"
        pointer = ">" if focused else " "
        style = "bold $text-accent" if focused else "bold"
        return f"{pointer}{side.name} ({side.type}){count}", style

    def _state(self, side: Side) -> tuple[str, str]:
        if side.name in self.states:
            text, style = self.states[side.name]
            return f" {text}", style
        return state_of(side)


def state_of(side: Side) -> tuple[str, str]:
    """How a listing stands, in words, and the style of them."""
    if side.error is not None:
        reached = "not reached" if side.messages is None else "not complete"
        return f" {reached}: {short_error(side.error)}", "$text-error"
    if side.other:
        return " ANOTHER MAILBOX now", "$text-warning"
    if side.listed is None:
        return " as the ledger has it", "$text-muted"
    if not side.complete:
        return " cannot tell what is gone", "$text-warning"
    return f" as of {side.listed.astimezone():%H:%M}", "$text-muted"


def progress_of(event: ListingProgress | ReadingProgress | ListingDone) -> tuple[str, str]:
    """How far a listing is, in words, and the style of them."""
    if isinstance(event, ListingDone):
        if event.error is None:
            return f"listed {event.messages:,}", "$text-success"
        reached = "not reached" if event.messages is None else "not complete"
        return f"{reached}: {short_error(event.error)}", "$text-error"
    if isinstance(event, ListingProgress):
        doing, done = "listing", event.listed
    else:
        doing, done = "reading headers,", event.read
    of = "" if event.total is None else f" of {event.total:,}"
    return f"{doing} {done:,}{of}", "$text-accent"
