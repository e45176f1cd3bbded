"""Earlier runs, newest first; one of them line by line, and its undo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from mailsync_tui.engine.outcome import PastRun, RunLine
from mailsync_tui.errors import UserError
from mailsync_tui.report.page import Page
from mailsync_tui.report.run import (
    directions_text,
    done_text,
    line_sign,
    line_text,
    reason_text,
    run_name,
)
from mailsync_tui.report.undo import nothing_to_undo, undo_page, undo_question
from mailsync_tui.report.words import (
    NO_SUBJECT,
    OUTCOMES,
    STATES,
    THERE_ALREADY,
    local_moment,
    several,
)
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows.history import RunLines, Runs
from mailsync_tui.ui.screens.base import FilteredScreen, FilterLine, Mailsync, MailsyncScreen
from mailsync_tui.ui.screens.dialogs import ConfirmScreen
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import Heading, LineView


class HistoryScreen(MailsyncScreen):
    """What was done so far, and when; Enter shows a run line by line."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("history")]

    def __init__(self, mailsync: Mailsync, first: PastRun | None) -> None:
        """Show nothing yet.

        Args:
            mailsync: The app.
            first: Opened at once, above the list.
        """
        super().__init__(mailsync)
        self._first = first
        self.runs: Sequence[PastRun] = ()

    @property
    def run(self) -> PastRun | None:
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
        try:
            self.runs = await self.background.engine(self.background.person.runs)
        except UserError as error:
            self.write("#title", Content.styled(f" {safe_text(str(error))}", "$text-error"))
            return
        many = f"{several(len(self.runs), 'run')}, newest first" if self.runs else "none yet"
        self.write("#title", f" Earlier runs: {many}")
        view = self.query_one(LineView)
        view.show(Runs(self.runs))
        if self._first is not None:
            view.move(view.lines.index(self._first.id) or 0)
            self._first = None
        self.refresh_bindings()

    @on(LineView.Moved)
    def _moved(self) -> None:
        run = self.run
        self.write("#detail", "" if run is None else _run_detail(run))

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

    def _open(self, run: PastRun, *, undo: bool = False) -> None:
        self.app.push_screen(RunScreen(self.mailsync, run, undo=undo))


def _run_detail(run: PastRun) -> Content:
    """A run in three lines: which, what it did, and what that means."""
    state = STATES[run.state]
    asked = f": {directions_text(run)}" if run.directions else ""
    ended = "no end is recorded" if run.ended is None else f"ended {local_moment(run.ended)}"
    return Content("\n").join(
        [
            Content.assemble((f" {run_name(run)}", "bold"), f"{safe_text(asked, 80)}; {ended}"),
            Content(f" {done_text(run)}"),
            Content.assemble((f" {state.sign} {state.word}: {state.meaning}", "$text-muted")),
        ]
    )


class RunScreen(FilteredScreen):
    """Every line of a run with its outcome."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("run")]

    def __init__(self, mailsync: Mailsync, run: PastRun, *, undo: bool = False) -> None:
        """Show nothing yet.

        Args:
            mailsync: The app.
            run: The run.
            undo: Whether to ask at once whether it is to be undone.
        """
        super().__init__(mailsync)
        self.run = run
        self.run_lines: Sequence[RunLine] = ()
        self.chosen: frozenset[str] = frozenset()
        """The ids of the lines that an undo is to put back; none: all of them."""
        self._undo_at_once = undo

    @property
    def run_line(self) -> RunLine | None:
        """The line under the cursor."""
        view = self.query_one(LineView)
        lines = view.lines
        if isinstance(lines, RunLines) and view.cursor < len(lines):
            return lines.lines[view.cursor]
        return None

    def compose(self) -> ComposeResult:
        """The run, its lines, more of the line under the cursor, sums, keys."""
        state = STATES[self.run.state]
        yield Static(f" {run_name(self.run)}: {state.sign} {state.word}", id="title", markup=False)
        yield Heading(RunLines.heading)
        yield LineView(id="lines")
        yield Static(id="detail", markup=False)
        yield Static(" reading ...", id="summary", markup=False)
        yield FilterLine("words, is:deleted, is:failed, on:isp; Enter, Esc clears")
        yield KeyBar()

    def on_mount(self) -> None:
        """Read the journal."""
        self.query_one(LineView).focus()
        self._read()

    @work(exclusive=True, group="run", exit_on_error=False)
    async def _read(self) -> None:
        number, person = self.run.id, self.background.person
        try:
            lines = await self.background.engine(lambda: person.run_lines(number))
        except UserError as error:
            self.write("#summary", Content.styled(f" {safe_text(str(error))}", "$text-error"))
            return
        self.run_lines = lines
        self._show_lines()
        if self._undo_at_once:
            self._undo_at_once = False
            self.action_undo()

    async def show_filtered(self) -> None:
        """Show the lines that the filter admits."""
        self._show_lines()

    def _show_lines(self) -> None:
        lines = RunLines(self.run_lines, self.chosen, self.filter, self.background.now)
        self.query_one(LineView).show(lines)
        self.show_summary()
        self.refresh_bindings()

    def show_summary(self) -> None:
        """Write the line of the sums."""
        shown = len(self.query_one(LineView).lines)
        signs = Counter(line_sign(line) for line in self.run_lines)
        parts = [
            f"{state.sign} {count:,} {state.word}"
            for state in (*OUTCOMES.values(), THERE_ALREADY)
            if (count := signs[state])
        ]
        text = "   ".join(parts) or "it did nothing that the journal names"
        if self.chosen:
            text += f"   [x] {several(len(self.chosen), 'line')} chosen"
        if not self.filter.empty:
            text += f"   filter: {shown:,} of {len(self.run_lines):,} (Esc ends)"
        self.write("#summary", f" {text}")

    @on(LineView.Moved)
    def _moved(self) -> None:
        line = self.run_line
        if line is None:
            self.write("#detail", "")
        else:
            state = line_sign(line)
            place = f"{line.mailbox}/{line.folder}" if line.folder else line.mailbox
            copies = f", {line.copies} copies" if line.copies > 1 else ""
            self.write_detail(
                (f"{state.sign} {state.word}: {reason_text(line)}", ""),
                (f"{line_text(line)}, in {safe_text(place, 200)}{copies}", ""),
                (safe_text(line.subject, 400) or NO_SUBJECT, "bold"),
                (safe_text(line.message_id or "", 200) or "no Message-ID", "$text-muted"),
                rows=4,
            )
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What works now."""
        if action in ("choose", "toggle_all", "undo") and not any(
            line.deleted for line in self.run_lines
        ):
            return False
        if action == "read":
            line = self.run_line
            return line is not None and (line.message or line.quarantine) is not None
        return super().check_action(action, parameters)

    # --- choosing

    def action_choose(self) -> None:
        """Choose this line for an undo, or not."""
        line = self.run_line
        if line is None:
            return
        if not line.deleted:
            self.say("only a deletion that was done can be put back")
            return
        self.chosen = self.chosen ^ {line.id}
        self._show_lines()
        self.query_one(LineView).action_cursor(1)

    def action_toggle_all(self) -> None:
        """Choose every deletion that the filter shows, or none of them."""
        lines = self.query_one(LineView).lines
        if not isinstance(lines, RunLines):
            return
        shown = {line.id for line in lines.lines if line.deleted}
        self.chosen = self.chosen - shown if shown <= self.chosen else self.chosen | shown
        self._show_lines()

    # --- going on from here

    def action_read(self) -> None:
        """Read the message where a mailbox still holds it, or else from the quarantine."""
        line = self.run_line
        if line is None:
            return
        kept, session = None, self.background.session
        if line.quarantine is not None:
            kept = ("the quarantine", partial(session.quarantined_bytes, line.quarantine))
        self.mailsync.open_reader(line.message, line.subject, kept)

    @work(exclusive=True, group="undo", exit_on_error=False)
    async def action_undo(self) -> None:
        """Put back the chosen lines, or all of them; asks first."""
        number, session = self.run.id, self.background.session
        try:
            offered = await self.background.engine(lambda: session.undoable(str(number)))
        except UserError as error:
            self.say(str(error), "$text-error")
            return
        lines = [line for line in offered if not self.chosen or line.id in self.chosen]
        able = [line for line in lines if line.problem is None]
        if not able:
            self.say(nothing_to_undo(str(number), lines), "$text-warning")
            return
        asked = undo_question(str(number), lines)
        if not await self.app.push_screen_wait(ConfirmScreen(asked.title, asked.sentences)):
            self.say("nothing was put back")
            return
        ids = frozenset(line.id for line in able)

        def run() -> Page:
            return undo_page(str(number), session.undo(str(number), ids, lambda _: True), able)

        self.mailsync.open_run(able, run, "Putting back")
