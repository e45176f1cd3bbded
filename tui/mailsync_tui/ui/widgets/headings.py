"""The names of a list's columns, above it."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget


class Heading(Widget):
    """One line that is made for the width of the screen."""

    DEFAULT_CSS = """
    Heading { height: 1; color: $text-muted; text-style: underline; }
    """

    def __init__(self, text: Callable[[int], str]) -> None:
        """Show the names of columns.

        Args:
            text: Gives them for so many cells; our own words.
        """
        super().__init__()
        self._text = text

    def render(self) -> RenderResult:
        """The line."""
        return Content(self._text(self.size.width - 1))
