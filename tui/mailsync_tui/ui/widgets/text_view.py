"""Text to read: scrolled line by line or page by page, without a cursor."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from textual.geometry import Size
from textual.message import Message

from mailsync_tui.ui.widgets.line_view import Lines, LineView


class TextView(LineView):
    """Rows of text that are made for its width by whoever shows them.

    Making them can take long, so it asks for them by :class:`WidthChanged`, and draws the old ones
    until the new ones are there.
    """

    shows_cursor: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--hit", "line--hit-here"}
    DEFAULT_CSS = """
    TextView {
        overflow-y: scroll;
        padding: 0 0 0 1;
        & > .line--hit { text-style: underline; color: $text-warning; }
        & > .line--hit-here { text-style: reverse bold; color: $text-warning; }
    }
    """

    class WidthChanged(Message):
        """The text has to be broken for another width."""

        def __init__(self, width: int) -> None:
            super().__init__()
            self.width = width

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, TextView.WidthChanged)

    @property
    def first(self) -> int:
        """The first row that is to be seen."""
        return self.scroll_offset.y

    def show(self, lines: Lines, key: Hashable | None = None) -> None:
        """Show other rows; what was on top stays there, if it is in them."""
        if key is None and self.first < len(self.lines):
            key = self.lines.key(self.first)
        self.lines = lines
        self._strips.clear()
        self.virtual_size = Size(self.line_width, len(lines))
        self._go((lines.index(key) or 0) if key is not None else 0)
        self.refresh()
        self.post_message(self.Moved(self))

    def move(self, index: int) -> None:
        """Bring a row into view, scrolling as little as that needs."""
        height = max(self.size.height, 1)
        if index < self.first:
            self._go(index)
        elif index >= self.first + height:
            self._go(index - height + 1)

    def action_cursor(self, by: int) -> None:
        """Some lines up or down."""
        self._go(self.first + by)

    def action_page(self, pages: int) -> None:
        """Some pages up or down; one line of the page before stays."""
        self._go(self.first + pages * max(self.size.height - 1, 1))

    def action_top(self) -> None:
        """To the beginning."""
        self._go(0)

    def action_bottom(self) -> None:
        """To the end."""
        self._go(len(self.lines))

    def _go(self, row: int) -> None:
        self.scroll_to(y=row, animate=False, immediate=True, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Post where the text stands now."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Moved(self))

    def on_resize(self) -> None:
        """Rows are made for a width."""
        super().on_resize()
        self.post_message(self.WidthChanged(self.line_width))
        self.post_message(self.Moved(self))
