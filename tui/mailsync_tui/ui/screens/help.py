"""The help: the keys of the screen it was called from, then all else; behind it the manual."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from mailsync_tui.report.manual import PAGES
from mailsync_tui.ui.actions import SCREENS, Where, bindings
from mailsync_tui.ui.rows.help import HelpLines, ManualPage
from mailsync_tui.ui.rows.wrap import Wrapped
from mailsync_tui.ui.screens.base import Mailsync, MailsyncScreen
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import LineView


class HelpView(LineView):
    """The help's text; wrapped anew when the terminal changes."""

    def __init__(self, where: Where) -> None:
        super().__init__(id="help")
        self.page: str | None = None
        """Of the manual; ``None``: the keys."""
        self._where = where

    def open(self, page: str | None) -> None:
        """Show a page from its beginning."""
        self.page = page
        self._wrap()
        self.move(0)

    def page_here(self) -> str | None:
        """The page of the manual that the line under the cursor names."""
        if isinstance(self.lines, Wrapped) and isinstance(self.lines.document, ManualPage):
            line, _ = self.lines.key(self.cursor)
            return self.lines.document.page_of(line)
        return None

    def on_resize(self) -> None:
        """Lines are wrapped for a width."""
        self._wrap()
        super().on_resize()

    def _wrap(self) -> None:
        if self.page is None:
            self.show(HelpLines(self._where, self.line_width))
        else:
            self.show(Wrapped(ManualPage(self.page), self.line_width))


class HelpScreen(MailsyncScreen):
    """Plain text to scroll through, page by page."""

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
        yield Static(id="title", markup=False)
        yield HelpView(self._where)
        yield KeyBar()

    def on_mount(self) -> None:
        """The keys go to the text."""
        self.query_one(HelpView).focus()
        self._open(None)

    def _open(self, page: str | None) -> None:
        self.query_one(HelpView).open(page)
        title = f"Help: {SCREENS[self._where].lower()}; below: all other keys, signs, filters"
        if page is not None:
            title = f"Manual: {page} ({PAGES.index(page) + 1} of {len(PAGES)})"
        self.write("#title", f" {title}")

    @on(LineView.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What works now."""
        del parameters
        return action != "open" or self.query_one(HelpView).page_here() is not None

    def action_open(self) -> None:
        """Show the page that the line under the cursor names."""
        page = self.query_one(HelpView).page_here()
        if page is not None:
            self._open(page)

    def action_next_page(self, step: int = 1) -> None:
        """Show the next page of the manual; behind the last come the keys again."""
        pages = (None, *PAGES)
        at = pages.index(self.query_one(HelpView).page)
        self._open(pages[(at + step) % len(pages)])

    def action_previous_page(self) -> None:
        """Show the page before."""
        self.action_next_page(-1)
