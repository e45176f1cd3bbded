"""Earlier runs, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from mailsync_tui.engine.outcome import run_state
from mailsync_tui.ledger.reader import LedgerError
from mailsync_tui.ledger.rows import RunRow
from mailsync_tui.report.words import local_moment, several
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows.past import STATES, Runs, done_in_words, run_name
from mailsync_tui.ui.widgets.headings import Heading
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import LineView

if TYPE_CHECKING:
    from mailsync_tui.ui.app import MailsyncApp


class HistoryScreen(Screen[None]):
    """What was done so far, and when; Enter shows a run line by line."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("history")]
    DEFAULT_CSS = """
    HistoryScreen {
        #title { height: 1; background: $panel; text-style: bold; }
        #detail { height: 3; background: $surface; }
    }
    """

    def __init__(self, first: RunRow | None = None) -> None:
        """Show nothing yet.

        Args:
            first: Opened at once, above the list.
        """
        super().__init__()
        self._first = first
        self.runs: Sequence[RunRow] = ()

    @property
    def mailsync(self) -> MailsyncApp:
        """The app, with its type."""
        return cast("MailsyncApp", self.app)

    @property
    def run(self) -> RunRow | None:
        """The run under the cursor."""
        view = self.query_one(LineView)
        return self.runs[view.cursor] if view.cursor < len(self.runs) else None

    def compose(self) -> ComposeResult:
        """The list, and more of the run under the cursor."""
        yield Static(" Earlier runs: reading ...", id="title", markup=False)
        yield Heading(Runs.heading)
        yield LineView(id="runs")
        yield Static(id="detail", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Read the journal."""
        self.query_one(LineView).focus()
        if self._first is not None:
            self._open(self._first)

    def on_screen_resume(self) -> None:
        """Something may have been undone meanwhile."""
        self._read()

    @work(exclusive=True, group="history", exit_on_error=False)
    async def _read(self) -> None:
        title = self.query_one("#title", Static)
        try:
            self.runs = await self.mailsync.engine(self.mailsync.viewing.runs)
        except LedgerError as error:
            title.update(Content.styled(f" {safe_text(str(error))}", "$text-error"))
            return
        many = f"{several(len(self.runs), 'run')}, newest first" if self.runs else "none yet"
        title.update(f" Earlier runs: {many}")
        view = self.query_one(LineView)
        view.show(Runs(self.runs))
        if self._first is not None:
            view.move(view.lines.index(self._first.id) or 0)
            self._first = None
        self.refresh_bindings()

    @on(LineView.Moved)
    def _moved(self) -> None:
        run = self.run
        self.query_one("#detail", Static).update(Content("") if run is None else _detail(run))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What works now."""
        del parameters
        return self.run is not None if action in ("open", "undo") else True

    def action_open(self) -> None:
        """Show what this run did, line by line."""
        if self.run is not None:
            self._open(self.run)

    def action_undo(self) -> None:
        """Show this run, and begin its undo there."""
        if self.run is not None:
            self._open(self.run, undo=True)

    def _open(self, run: RunRow, *, undo: bool = False) -> None:
        from mailsync_tui.ui.screens.past_run import RunScreen

        self.app.push_screen(RunScreen(run, undo=undo))

    def action_back(self) -> None:
        """Back to where one came from."""
        self.dismiss()


def _detail(run: RunRow) -> Content:
    """A run in three lines: which, what it did, and what that means."""
    mark = STATES[run_state(run)]
    asked = f": {', '.join(run.directions)}" if run.directions else ""
    ended = "no end is recorded" if run.ended is None else f"ended {local_moment(run.ended)}"
    return Content("\n").join(
        [
            Content.assemble((f" {run_name(run)}", "bold"), f"{safe_text(asked, 80)}; {ended}"),
            Content(f" {done_in_words(run)}"),
            Content.assemble((f" {mark.sign} {mark.word}: {mark.meaning}", "$text-muted")),
        ]
    )
