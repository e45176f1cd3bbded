"""A run: how far it is and how to stop it, then what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from mailsync_tui.errors import UserError
from mailsync_tui.report import words
from mailsync_tui.report.errors import failure, hint
from mailsync_tui.report.page import Page, PageLine, Paragraph
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows.page import PageRows
from mailsync_tui.ui.rows.progress import ApplyProgress, Counted, pace, progress_lines
from mailsync_tui.ui.screens.base import Mailsync, MailsyncScreen
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import LineView

_GO_ON = (
    PageLine(),
    PageLine((("h: the history of all runs, and undo.", "dim"),)),
    PageLine((("Esc: back to the mailboxes, which are then listed again.", "dim"),)),
)
REFRESH = 0.25
"""Seconds between two drawings: more would only cost bytes on a slow line."""


class ApplyingScreen(MailsyncScreen):
    """Runs something on the engine's thread, shows how far it is, then what became of it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("progress")]

    def __init__(
        self, mailsync: Mailsync, lines: Sequence[Counted], run: Callable[[], Page], title: str
    ) -> None:
        """Prepare; the run begins when the screen is shown.

        Args:
            mailsync: The app.
            lines: What is to be done.
            run: Does it, on the engine's thread; see :meth:`Mailsync.open_run`.
            title: What it is called meanwhile.
        """
        super().__init__(mailsync)
        self.lines = lines
        self.progress = ApplyProgress(lines)
        self.stopping = False
        self._page: Page | None = None
        self._run = run
        self._heading = title

    def compose(self) -> ComposeResult:
        """What is done, how far it is, how fast, keys."""
        yield Static(
            f" {self._heading} {words.several(len(self.lines), 'line')}", id="title", markup=False
        )
        yield Static(id="counts", markup=False)
        yield Static(id="state", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin."""
        self.background.progress = self.progress
        self.set_interval(REFRESH, self._draw)
        self._draw()
        self._work()

    @work(exit_on_error=False)
    async def _work(self) -> None:
        try:
            page = await self._done()
        finally:
            self.background.progress = None
        if self.mailsync.run_ended():
            return
        self.background.session.resume()
        self._page = page
        if self.app.screen is self:
            self.on_screen_resume()

    def on_screen_resume(self) -> None:
        """Show what became of it; if the run ended under the help, once that is left."""
        if self._page is not None:
            self.app.switch_screen(ResultScreen(self.mailsync, self._page))

    async def _done(self) -> Page:
        try:
            return await self.background.engine(self._run)
        except (UserError, OSError) as error:
            done = sum(each.done + each.failed for each in self.progress.counts())
            what, rest = failure(error, done)
            again = f"{hint(error)}; then look again (F5) and preview anew."
            gap = PageLine()
            blocks = (Paragraph(what, "gone"), gap, Paragraph(rest), gap, Paragraph(again))
            return Page("It was not done", blocks)

    def _draw(self) -> None:
        counts = self.progress.counts()
        rows = progress_lines(counts, self.size.width)
        self.write("#counts", "\n".join(rows))
        ended = sum(each.done + each.failed for each in counts)
        speed = pace(self.progress.rate(), self.progress.seconds_left())
        state = f" {ended:,} of {self.progress.total:,}   {speed}\n"
        if self.stopping or self.mailsync.ending:
            state += " Stopping: the current message is finished, no other is begun."
        self.write("#state", state)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """It can be stopped once."""
        del parameters
        return not (action == "cancel" and self.stopping)

    def action_cancel(self) -> None:
        """Finish the current message, and begin no other."""
        self.stopping = True
        self.background.session.stop()
        self.refresh_bindings()
        self._draw()


class ResultScreen(MailsyncScreen):
    """What a run did; from here one goes to the history, or back to the mailboxes."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("result")]

    def __init__(self, mailsync: Mailsync, page: Page) -> None:
        """Show.

        Args:
            mailsync: The app.
            page: About a result, or a run that came to nothing.
        """
        super().__init__(mailsync)
        self.page = page

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        yield Static(f" {safe_text(self.page.title, 200)}", id="title", markup=False)
        page = Page(self.page.title, (*self.page.blocks, *_GO_ON))
        yield LineView(PageRows(page, self.app.size.width), id="report")
        yield KeyBar()

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(LineView).focus()

    def action_history(self) -> None:
        """Show earlier runs; undo there."""
        self.mailsync.open_history()

    def action_back(self) -> None:
        """Back to the mailboxes, which are listed again: they are others now."""
        self.mailsync.return_to_comparison()
