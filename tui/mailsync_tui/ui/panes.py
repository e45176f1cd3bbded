"""The mailboxes side by side: every message on one screen line in all panes that hold it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from mailsync_tui.engine.comparison import Cell, Comparison, Row, Side
from mailsync_tui.safetext import safe_text
from mailsync_tui.ui.columns import Span, fit, short_date
from mailsync_tui.ui.columns import short_name as short_name
from mailsync_tui.ui.lineview import LineView
from mailsync_tui.ui.marks import MARKS
from mailsync_tui.ui.ordering import Ordered

SIDE_BY_SIDE = 110
"""From so many columns on, more than two panes are shown."""
_NARROWEST = 26
_MARK_CELLS = 10
_DATE_CELLS = 7
_BAR = "│"


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

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--bar"}
    DEFAULT_CSS = """
    Panes > .line--bar { color: $foreground 40%; }
    """

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
    def row(self) -> Row | None:
        """The row under the cursor."""
        if isinstance(self.lines, Compared) and self.cursor < len(self.lines):
            return self.lines.ordered.rows[self.cursor]
        return None

    def panes(self, width: int | None = None) -> tuple[Pane, ...]:
        """Where each mailbox is drawn now."""
        width = self.line_width if width is None else width
        return lay_out(width, len(self.comparison.mailboxes), self.focused_mailbox)

    def show_rows(self, ordered: Ordered) -> None:
        """Show these rows."""
        self.comparison = ordered.comparison
        self.show(Compared(ordered))

    def watch_focused_mailbox(self) -> None:
        """Another pane has the focus, and may have to be brought in."""
        self.redraw()

    def go_to_difference(self, step: int) -> bool:
        """Put the cursor on the next difference, or the previous one; ``False``: there is none."""
        if not isinstance(self.lines, Compared):
            return False
        there = self.lines.ordered.differences
        ahead = [n for n in there if n > self.cursor] if step > 0 else []
        behind = [n for n in there if n < self.cursor] if step < 0 else []
        target = ahead[0] if ahead else behind[-1] if behind else None
        if target is not None:
            self.move(target)
        return target is not None

    def segments(self, index: int, width: int, base: Style) -> list[Segment]:
        """One message in all panes."""
        if not isinstance(self.lines, Compared):
            return super().segments(index, width, base)
        row = self.lines.ordered.rows[index]
        result: list[Segment] = []
        for pane in self.panes(width):
            if pane.left:
                result.append(Segment(_BAR, base + self._style("bar")))
            for text, style in self._cell(row, pane):
                result.append(Segment(text, base + self._style(style)))
        return result

    def _cell(self, row: Row, pane: Pane) -> list[Span]:
        cell = Cell(row.cells[pane.mailbox])
        mark = MARKS[cell]
        if cell in (Cell.ABSENT, Cell.GONE):
            return [(fit(f"{mark.sign} {mark.word}", pane.width), mark.style)]
        spans = [(fit(f"{mark.sign} {mark.word}", _MARK_CELLS), mark.style)]
        left = pane.width - _MARK_CELLS
        text = mark.style if cell in (Cell.SAME, Cell.OWN, Cell.UNKNOWN) else ""
        text = "dim" if text == "note" else text
        if left >= 22:
            spans.append((fit(short_date(row.date, self.this_year), _DATE_CELLS), "dim"))
            left -= _DATE_CELLS
        if left >= 40:
            sender = min(left // 3, 24)
            spans.append((fit(short_name(row.sender), sender - 1) + " ", text))
            left -= sender
        return [*spans, (fit(row.subject or "(no subject)", left), text)]


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
                    parts.append((_BAR, "$foreground 40%"))
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
        return f" {reached}: {safe_text(side.error)}", "$text-error"
    if side.listed is None:
        return " as the ledger has it", "$text-muted"
    if not side.complete:
        return " cannot tell what is gone", "$text-warning"
    return f" as of {side.listed.astimezone():%H:%M}", "$text-muted"
