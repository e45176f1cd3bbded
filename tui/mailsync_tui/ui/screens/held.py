"""What waits for a person; chosen lines are brought back as a plan."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from mailsync_tui.engine.comparison import Key, place_key
from mailsync_tui.engine.model import PlanEntry
from mailsync_tui.errors import UserError
from mailsync_tui.report.plan import held_text, held_title
from mailsync_tui.report.words import HOLDS, NO_SUBJECT, doing, local_moment, several
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows.held import HeldGroup, HeldLines
from mailsync_tui.ui.screens.base import FilteredScreen, FilterLine, Mailsync
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import Heading, LineView


class HeldScreen(FilteredScreen):
    """All held lines of the last look, by rule."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("held")]

    def __init__(self, mailsync: Mailsync) -> None:
        """Show nothing yet.

        Args:
            mailsync: The app.
        """
        super().__init__(mailsync)
        self.held: tuple[PlanEntry, ...] = ()
        self.chosen: frozenset[str] = frozenset()
        """The ids of the lines to bring back."""

    @property
    def item(self) -> HeldGroup | PlanEntry | None:
        """The group or line under the cursor."""
        view = self.query_one(LineView)
        lines = view.lines
        if isinstance(lines, HeldLines) and view.cursor < len(lines):
            return lines.items[view.cursor]
        return None

    def compose(self) -> ComposeResult:
        """The lines, more of the one under the cursor, sums, keys."""
        yield Static(id="title", markup=False)
        yield Heading(HeldLines.heading)
        yield LineView(id="held")
        yield Static(id="detail", markup=False)
        yield Static(id="summary", markup=False)
        yield FilterLine("words, from:ann, is:late-copy, on:isp; Enter, Esc clears")
        yield KeyBar()

    def on_mount(self) -> None:
        """The keys go to the list."""
        self.query_one(LineView).focus()

    def on_screen_resume(self) -> None:
        """The mailboxes may have been listed anew meanwhile."""
        last = self.background.viewer.last
        self.held = last.held if last is not None else ()
        self.chosen &= {note.line.id for note in self.held}
        self.write("#title", f" {held_title(len(self.held))}")
        self._show_lines()

    async def show_filtered(self) -> None:
        """Show the lines that the filter admits."""
        self._show_lines()

    def _show_lines(self) -> None:
        self.query_one(LineView).show(HeldLines(self.held, self.chosen, self.filter))
        self.show_summary()
        self.refresh_bindings()

    def show_summary(self) -> None:
        """Write the line of the sums."""
        lines = self.query_one(LineView).lines
        text = " space chooses lines or a whole group, a brings them back"
        if self.chosen:
            text = f" [x] {several(len(self.chosen), 'line')} chosen; a previews them as a plan"
        elif not self.held:
            text = " nothing is held back"
        if not self.filter.empty and isinstance(lines, HeldLines):
            text += f"   filter: {len(lines.shown):,} of {len(self.held):,} (Esc ends)"
        self.write("#summary", text)

    @on(LineView.Moved)
    def _moved(self) -> None:
        item = self.item
        if isinstance(item, PlanEntry):
            line, rule = item.line, item.held or ""
            since = f", since {local_moment(item.since)}" if item.since else ""
            date = f"  {local_moment(line.date)}" if line.date else ""
            self.write_detail(
                (f"held back, {rule}{since}: {held_text(rule, item.hold)}", "$text-warning"),
                (f"would {doing(line.kind, line.account)}: {line.reason}", ""),
                (safe_text(line.subject, 400) or NO_SUBJECT, "bold"),
                (f"{safe_text(line.sender, 200)}{date}", "$text-accent"),
                rows=4,
            )
        else:
            self.write_detail((HOLDS[item.rule][1] if item and item.rule in HOLDS else "", ""))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What works now."""
        if action in ("choose", "toggle_all") and not self.held:
            return False
        if action == "bring_back" and not self.chosen:
            return False
        if action == "read" and not isinstance(self.item, PlanEntry):
            return False
        return super().check_action(action, parameters)

    # --- actions

    def action_choose(self) -> None:
        """Choose a line or a whole group, or not."""
        item = self.item
        if item is None:
            return
        ids = item.ids if isinstance(item, HeldGroup) else frozenset({item.line.id})
        self.chosen = self.chosen - ids if ids <= self.chosen else self.chosen | ids
        self._show_lines()
        if isinstance(item, PlanEntry):
            self.query_one(LineView).action_cursor(1)

    def action_toggle_all(self) -> None:
        """Choose every line that the filter shows, or none of them."""
        lines = self.query_one(LineView).lines
        shown = lines.shown if isinstance(lines, HeldLines) else frozenset()
        self.chosen = self.chosen - shown if shown <= self.chosen else self.chosen | shown
        self._show_lines()

    @work(exclusive=True, group="held", exit_on_error=False)
    async def action_bring_back(self) -> None:
        """Preview the chosen lines as ordinary lines again."""
        viewer, chosen = self.background.viewer, self.chosen
        try:
            plan = await self.background.engine(lambda: viewer.bring_back(chosen))
        except UserError as error:
            self.say(str(error), "$text-error")
            return
        lost = chosen - {line.id for line in plan.lines}
        kept = {note.line.id for note in self.held if note.hold is not None} & lost
        for some, why in (
            (kept, "cannot be brought back: [hold] in the configuration protects it"),
            (lost - kept, "cannot be done now: look again with F5 first"),
        ):
            if some:
                self.say(f"{several(len(some), 'line')} {why}", "$text-warning")
        if plan.lines:
            self.mailsync.open_preview(plan)

    def action_read(self) -> None:
        """Read the message, from whichever side holds it."""
        if isinstance(self.item, PlanEntry):
            line = self.item.line
            key: Key = line.message if line.message is not None else place_key(line.copies[0])
            self.mailsync.open_reader(key, line.subject)
