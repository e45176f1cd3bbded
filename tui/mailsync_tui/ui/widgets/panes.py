"""The mailboxes side by side: every message on one screen line in all panes that hold it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from mailsync_tui.engine.comparison import Comparison, Key, Row, Side
from mailsync_tui.engine.events import ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.engine.model import Cell
from mailsync_tui.report.plan import another_mailbox
from mailsync_tui.report.words import CELLS, listing_text, not_reached, short_error
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.columns import BAR, fit
from mailsync_tui.ui.rows.order import FIRST_DIFFERENCE, Ordered
from mailsync_tui.ui.rows.panes import AS_PANES, Pane, PaneLines, Shown, lay_out, short_names
from mailsync_tui.ui.widgets.line_view import LineView


class Panes(LineView):
    """All panes in one view, so that they are aligned and scroll together by construction."""

    focused_mailbox = reactive(0)
    matrix: reactive[bool | None] = reactive(None)
    """``None``: the person did not choose; where panes do not fit, it is a matrix."""
    zoomed = reactive(False)
    empty: reactive[frozenset[int]] = reactive(frozenset())
    marked: reactive[frozenset[Key]] = reactive(frozenset())
    """The messages that are marked for deletion."""
    chosen: reactive[range] = reactive(range(0))
    """The lines of a range that is being chosen."""

    def __init__(self, comparison: Comparison, *, id: str | None = None) -> None:  # noqa: A002
        """Show no rows yet.

        Args:
            comparison: Its mailboxes make the panes.
            id: The widget's.
        """
        super().__init__(id=id)
        self.comparison = comparison
        self.now = datetime.now(UTC)

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

    @property
    def shown(self) -> Shown:
        """How the mailboxes are shown now."""
        names = tuple(side.name for side in self.comparison.mailboxes)
        matrix = self.matrix
        if matrix is None:
            matrix = len(names) > max(2, (self.line_width + 1) // AS_PANES)
        return Shown(names, self.focused_mailbox, matrix, self.zoomed, self.empty)

    def panes(self) -> tuple[Pane, ...]:
        """Where each mailbox is drawn now."""
        return lay_out(self.line_width, self.shown)

    def show_rows(self, ordered: Ordered, key: Key | None = None) -> None:
        """Show these rows.

        Args:
            ordered: The rows.
            key: See :meth:`LineView.show`.
        """
        self.comparison = ordered.comparison
        self.show(self._lines(ordered), key)
        self._look_which_are_empty()

    def on_resize(self) -> None:
        """Other panes may fit now. Textual calls the base class's handler itself."""
        self._arrange()
        self._look_which_are_empty()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other mailboxes have nothing on these lines."""
        super().watch_scroll_y(old_value, new_value)
        self._look_which_are_empty()

    def _look_which_are_empty(self) -> None:
        if self.ordered is not None:
            top = self.scroll_offset.y
            forms = {row.cells for row in self.ordered.rows[top : top + self.size.height]}
            every = range(len(self.comparison.mailboxes) - 1)
            self.empty = frozenset(n for n in every if forms and not any(f[n] for f in forms))

    def _arrange(self) -> None:
        if self.ordered is not None:
            self.lines = self._lines(self.ordered)
        self.redraw()

    def _lines(self, ordered: Ordered) -> PaneLines:
        return PaneLines(ordered, self.shown, self.now, self.marked, self.chosen)

    watch_focused_mailbox = watch_matrix = watch_zoomed = watch_empty = _arrange
    watch_marked = watch_chosen = _arrange

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

    def __init__(self, panes: Panes, clock: Callable[[], datetime]) -> None:
        """Stand above panes.

        Args:
            panes: The panes.
            clock: What time it is.
        """
        super().__init__()
        self._panes = panes
        self._clock = clock
        self._text = Content("")
        self.states: dict[str, tuple[str, str]] = {}
        """By mailbox: the state in words, and its style."""

    def on_mount(self) -> None:
        """Follow the panes, and the time."""
        for name in ("focused_mailbox", "matrix", "zoomed", "empty"):
            self.watch(self._panes, name, self._changed)
        self.set_interval(_AGING, self._age)

    def _changed(self) -> None:
        self.refresh()

    def _age(self) -> None:
        if str(self.render()) != str(self._text):
            self.refresh()

    def render(self) -> Content:
        """Two lines: names and counts; states, and how many lines of each kind there are."""
        shown = self._panes.shown
        panes = self._panes.panes()
        lines: list[list[tuple[str, str]]] = [[], []]
        for pane in panes:
            if pane.left and not shown.matrix:
                for line in lines:
                    line.append((BAR, "$foreground 40%"))
            side = self._panes.comparison.mailboxes[pane.mailbox]
            focused = pane.mailbox == shown.focus
            if pane.whole:
                title = self._title(side, focused, len(panes))
                state, style = self._state(side)
                texts = (title, (f" {state}  {self._sums(pane.mailbox)}", style))
            else:
                name = short_names(shown.names, pane.width - shown.matrix)[pane.mailbox]
                state, style = self._state(side)
                mark = "?" if side.error else "!" if side.other else ""
                style = f"{style} underline" if focused else style
                texts = ((name, _FOCUSED if focused else "bold"), (mark, style))
            for line, (text, look) in zip(lines, texts, strict=True):
                line.append((fit(text, pane.width), look))
        if shown.matrix:
            side = self._panes.comparison.mailboxes[shown.focus]
            state, style = self._state(side)
            lines[0].append(self._title(side, True, len(panes)))
            lines[1].append((f" {state}  {self._sums(shown.focus)}", style))
        self._text = Content("\n").join(Content.assemble(*line) for line in lines)
        return self._text

    def _title(self, side: Side, focused: bool, drawn: int) -> tuple[str, str]:
        count = "" if side.messages is None else f" {side.messages:,}"
        title = f"{'>' if focused else ' '}{side.name} ({side.type}){count}"
        total = len(self._panes.comparison.mailboxes)
        if focused and drawn < total:
            title += f"  {self._panes.focused_mailbox + 1}/{total} ›"
        return title, _FOCUSED if focused else "bold"

    def _state(self, side: Side) -> tuple[str, str]:
        return self.states.get(side.name) or state_of(side, self._clock)

    def _sums(self, mailbox: int) -> str:
        sums = self._panes.comparison.sums
        if mailbox >= len(sums):
            return ""
        kinds = (Cell.NEW, Cell.GOES, Cell.KEPT, Cell.HELD, Cell.GONE, Cell.UNKNOWN)
        return " ".join(f"{CELLS[c].sign}{sums[mailbox][c]:,}" for c in kinds if sums[mailbox][c])


_FOCUSED = "bold underline $text-accent"
_AGING = 20
"""Seconds after which it is looked how old the listings are."""


def state_of(side: Side, clock: Callable[[], datetime]) -> tuple[str, str]:
    """How a listing stands, in words, and the style of them."""
    if side.error is not None:
        return not_reached(side.messages, short_error(side.error)), "$text-error"
    if side.other:
        return "another mailbox now", "$text-warning"
    if side.listed is None:
        return "as the ledger has it", "$text-muted"
    if not side.complete:
        return "cannot tell what is gone", "$text-warning"
    return f"as of {side.listed.astimezone():%H:%M}{ago(clock() - side.listed)}", "$text-muted"


def ago(age: timedelta) -> str:
    """How long ago something was, from one minute on."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return ""
    if minutes < 60:
        return f", {minutes} min ago"
    return f", {minutes // 60} h ago" if minutes < 48 * 60 else f", {minutes // 1440} days ago"


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
