"""What a run did: counts, every line that was not done and why, what is held from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import LineView

if TYPE_CHECKING:
    from mailsync_tui.ui.rows.results import Report


class ResultScreen(Screen[None]):
    """Shows a report; from here one goes to the history, or back to the mailboxes."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("result")]
    DEFAULT_CSS = """
    ResultScreen {
        #head { height: 1; background: $panel; text-style: bold; }
        #report { padding: 1 1; }
    }
    """

    def __init__(self, report: Report) -> None:
        """Show.

        Args:
            report: Of a result, or of a run that came to nothing.
        """
        super().__init__()
        self.report = report

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        yield Static(f" {safe_text(self.report.title, 200)}", id="head", markup=False)
        yield LineView(self.report, id="report")
        yield KeyBar()

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(LineView).focus()

    def action_history(self) -> None:
        """Show earlier runs; undo there."""
        from mailsync_tui.ui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen())

    async def action_back(self) -> None:
        """Back to the mailboxes, which are listed again: they are others now."""
        from mailsync_tui.ui.screens.comparison import ComparisonScreen

        app = self.app
        comparison = next(s for s in app.screen_stack if isinstance(s, ComparisonScreen))
        while app.screen is not comparison:
            app.pop_screen()
        comparison.action_look_again()
