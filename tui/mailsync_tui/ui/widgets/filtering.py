"""Typing a filter below a list: the same on every screen that has one."""

from __future__ import annotations

from textual import on
from textual.screen import Screen
from textual.widgets import Input

from mailsync_tui.ui.rows.filters import Filter, parse
from mailsync_tui.ui.widgets.line_view import LineView


class FilterInput(Input):
    """Where it is typed; unseen until then."""

    DEFAULT_CSS = """
    FilterInput { height: 1; border: none; padding: 0; display: none; background: $boost; }
    .filtering FilterInput { display: block; }
    """

    def __init__(self, hint: str) -> None:
        """Take no text yet.

        Args:
            hint: What can be typed; our own text.
        """
        super().__init__(id="filter", placeholder=hint)


class FilteredScreen(Screen[None]):
    """A screen with one list and a :class:`FilterInput`."""

    filter = Filter()

    def narrowed(self) -> None:
        """Show only what :attr:`filter` admits."""
        raise NotImplementedError

    def action_filter(self) -> None:
        """Type a filter."""
        self.add_class("filtering")
        self.query_one(FilterInput).focus()

    def action_back(self) -> None:
        """End the filter; without one, go back to the screen before."""
        if self.has_class("filtering") or not self.filter.empty:
            self.remove_class("filtering")
            self.query_one(FilterInput).value = ""
            self.query_one(LineView).focus()
        else:
            self.dismiss()

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        chosen = parse(event.value)
        if chosen != self.filter:
            self.filter = chosen
            self.narrowed()

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        self.remove_class("filtering")
        self.query_one(LineView).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a filter is typed, letters are text; only what ends it works."""
        del parameters
        typing = self.has_class("filtering") and isinstance(self.focused, FilterInput)
        return not typing or action in ("back",)
