"""The mailboxes side by side: every message on one screen line in all panes that hold it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from mailsync_tui.engine.comparison import Comparison, Key, Row, Side
from mailsync_tui.engine.events import ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.report.plan import another_mailbox
from mailsync_tui.report.words import listing_text, not_reached, short_error
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.columns import BAR, fit
from mailsync_tui.ui.rows.order import FIRST_DIFFERENCE, Ordered
from mailsync_tui.ui.rows.panes import Pane, PaneLines, lay_out
from mailsync_tui.ui.widgets.line_view import LineView


class Panes(LineView):
    """All panes in one view, so that they are aligned and scroll together by construction."""

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
        return self.lines.ordered if isinstance(self.lines, PaneLines) else None

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        if self.ordered is not None and self.cursor < len(self.ordered):
            return self.ordered.rows[self.cursor]
        return None

    def panes(self) -> tuple[Pane, ...]:
        """Where each mailbox is drawn now."""
        return lay_out(self.line_width, len(self.comparison.mailboxes), self.focused_mailbox)

    def show_rows(self, ordered: Ordered, key: Key | None = None) -> None:
        """Show these rows.

        Args:
            ordered: The rows.
            key: See :meth:`LineView.show`.
        """
        self.comparison = ordered.comparison
        self.show(PaneLines(ordered, self.focused_mailbox, self.this_year), key)

    def watch_focused_mailbox(self) -> None:
        """Another pane has the focus, and may have to be brought in."""
        if self.ordered is not None:
            self.lines = PaneLines(self.ordered, self.focused_mailbox, self.this_year)
        self.redraw()

    def go_to_difference(self, step: int) -> bool:
        """Put the cursor on the next difference, or the previous one; ``False``: there is none.

        The pane that shows it gets the focus, if no other one that is drawn does.
        """
        there = self.ordered.differences if self.ordered is not None else []
        at = bisect_right(there, self.cursor) if step > 0 else bisect_left(there, self.cursor) - 1
        if not 0 <= at < len(there):
            return False
        self.move(there[at])
        cells = self.ordered.rows[there[at]].cells if self.ordered is not None else b""
        different = [number for number, cell in enumerate(cells) if cell >= FIRST_DIFFERENCE]
        if not {pane.mailbox for pane in self.panes()}.intersection(different):
            self.focused_mailbox = different[0]
        return True


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

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self._panes, "focused_mailbox", self._focus_moved)

    def _focus_moved(self) -> None:
        self.refresh()

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
        return f" {not_reached(side.messages, short_error(side.error))}", "$text-error"
    if side.other:
        return " another mailbox now", "$text-warning"
    if side.listed is None:
        return " as the ledger has it", "$text-muted"
    if not side.complete:
        return " cannot tell what is gone", "$text-warning"
    return f" as of {side.listed.astimezone():%H:%M}", "$text-muted"


def away_texts(sides: Sequence[Side]) -> list[str]:
    """Every mailbox that was not reached, and why, in one text; and every one that is another."""
    errors = [(side.name, side.error) for side in sides if side.error is not None]
    if len(errors) > 1:
        errors = [(name, short_error(error)) for name, error in errors]
    names = "; ".join(f"{name}: {safe_text(error, 300)}" for name, error in errors)
    others = [f" ! {x.name}: {another_mailbox(x.name)}" for x in sides if x.other and not x.error]
    return [f" ? not reached: {names}", *others] if names else others


def progress_of(event: ListingProgress | ReadingProgress | ListingDone) -> tuple[str, str]:
    """How far a listing is, in words, and the style of them."""
    style = "$text-accent"
    if isinstance(event, ListingDone):
        style = "$text-success" if event.error is None else "$text-error"
    return listing_text(event, short=True), style
