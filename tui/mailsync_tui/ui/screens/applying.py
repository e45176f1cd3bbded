"""A run: how far it is and how to stop it, then what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from mailsync_tui.errors import UserError
from mailsync_tui.report import wording, words
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows.progress import ApplyProgress, Counted
from mailsync_tui.ui.rows.results import Report, of_failure, pace, progress_lines
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import LineView

if TYPE_CHECKING:
    from mailsync_tui.ui.app import MailsyncApp
    from mailsync_tui.ui.rows.results import Report


REFRESH = 0.25
"""Seconds between two drawings: more would only cost bytes on a slow line."""


class ApplyingScreen(Screen[None]):
    """Runs something on the engine's thread, shows how far it is, then what became of it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("progress")]
    DEFAULT_CSS = """
    ApplyingScreen {
        #head { height: 1; background: $panel; text-style: bold; }
        #counts { height: 1fr; padding: 1 0; }
        #state { height: 2; background: $surface; }
    }
    """

    def __init__(
        self,
        lines: Sequence[Counted],
        run: Callable[[int], Report],
        title: str = "Applying",
    ) -> None:
        """Prepare; the run begins when the screen is shown.

        Args:
            lines: What is to be done.
            run: Does it, on the engine's thread, and tells what became of it; given the cells of
                the screen.
            title: What it is called meanwhile.
        """
        super().__init__()
        self.lines = lines
        self.progress = ApplyProgress(lines)
        self.stopping = False
        self._report_made: Report | None = None
        self._run = run
        self._heading = title

    @property
    def mailsync(self) -> MailsyncApp:
        """The app, with its type."""
        return cast("MailsyncApp", self.app)

    def compose(self) -> ComposeResult:
        """What is done, how far it is, how fast, keys."""
        yield Static(
            f" {self._heading} {words.several(len(self.lines), 'line')}", id="head", markup=False
        )
        yield Static(id="counts", markup=False)
        yield Static(id="state", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin."""
        self.mailsync.progress = self.progress
        self.mailsync.applying = True
        self.set_interval(REFRESH, self._draw)
        self._draw()
        self._work()

    @work(exit_on_error=False)
    async def _work(self) -> None:
        app = self.mailsync
        try:
            report = await self._report()
        finally:
            app.applying = False
            app.progress = None
        if app.ended():
            return
        app.session.resume()
        self._report_made = report
        if app.screen is self:
            self.on_screen_resume()

    def on_screen_resume(self) -> None:
        """Show what became of it; if the run ended under the help, once that is left."""
        if self._report_made is not None:
            self.app.switch_screen(ResultScreen(self._report_made))

    async def _report(self) -> Report:
        width = self.size.width
        try:
            return await self.mailsync.engine(lambda: self._run(width))
        except (UserError, OSError) as error:
            done = sum(each.done + each.failed for each in self.progress.counts())
            return of_failure(wording.failure(error, done), width)

    def _draw(self) -> None:
        counts = self.progress.counts()
        rows = progress_lines(counts, self.size.width)
        self.query_one("#counts", Static).update(Content("\n".join(rows)))
        ended = sum(each.done + each.failed for each in counts)
        told = pace(self.progress.rate(), self.progress.seconds_left())
        state = f" {ended:,} of {self.progress.total:,}   {told}\n"
        if self.stopping or self.mailsync.ending:
            state += " Stopping: the current message is finished, no other is begun."
        self.query_one("#state", Static).update(Content(state))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """It can be stopped once."""
        del parameters
        return not (action == "cancel" and self.stopping)

    def action_cancel(self) -> None:
        """Finish the current message, and begin no other."""
        self.stopping = True
        self.mailsync.session.stop()
        self.refresh_bindings()
        self._draw()


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
