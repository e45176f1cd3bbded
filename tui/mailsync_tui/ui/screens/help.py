"""The help: the keys of the screen it was called from first, then all else."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from mailsync_tui.ui.actions import SCREENS, Where, bindings
from mailsync_tui.ui.rows.help import HelpLines
from mailsync_tui.ui.screens.base import Mailsync, MailsyncScreen
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import LineView


class HelpView(LineView):
    """The help's text; wrapped anew when the terminal changes."""

    def __init__(self, where: Where) -> None:
        super().__init__(id="help")
        self._where = where

    def on_resize(self) -> None:
        """Lines are wrapped for a width."""
        self.show(HelpLines(self._where, self.line_width))
        super().on_resize()


class HelpScreen(MailsyncScreen):
    """Plain text to scroll through."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("help")]

    def __init__(self, mailsync: Mailsync, where: Where) -> None:
        """Make the help.

        Args:
            mailsync: The app.
            where: The screen whose keys stand first.
        """
        super().__init__(mailsync)
        self._where = where

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        title = f" Help: {SCREENS[self._where].lower()}; below: all other keys, signs, filters"
        yield Static(title, id="title", markup=False)
        yield HelpView(self._where)
        yield KeyBar()

    def on_mount(self) -> None:
        """The keys go to the text."""
        self.query_one(HelpView).focus()
