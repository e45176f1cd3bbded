"""One plan, line by line: what is to be done, why, and what a person takes out of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from mailsync_tui.engine.events import Event, ListingDone
from mailsync_tui.engine.model import Blocked, Line, Plan
from mailsync_tui.errors import UserError
from mailsync_tui.report import wording, words
from mailsync_tui.report.choice import Choice
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui import saving
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows import explain as explaining
from mailsync_tui.ui.rows.filters import Filter, parse
from mailsync_tui.ui.rows.preview import (
    Previewed,
    blocked_text,
    can_accept,
    message_key,
    stopped,
)
from mailsync_tui.ui.rows.results import Report, of_result
from mailsync_tui.ui.screens.applying import ApplyingScreen
from mailsync_tui.ui.screens.comparison import ComparisonScreen
from mailsync_tui.ui.screens.dialogs import AskScreen, ConfirmScreen, WhyScreen
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import LineView

if TYPE_CHECKING:
    from mailsync_tui.ui.app import MailsyncApp


class PreviewScreen(Screen[None]):
    """Shows a plan, lets lines be taken out, and applies what is left of that very plan."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("preview")]
    DEFAULT_CSS = """
    PreviewScreen {
        #head { height: 1; background: $panel; text-style: bold; }
        #detail { height: auto; min-height: 3; max-height: 8; background: $surface; padding: 0 1; }
        #summary { height: 2; background: $panel; }
        #filter { height: 2; border: none; padding: 0; display: none; background: $boost; }
        &.filtering #filter { display: block; }
        &.filtering #summary { display: none; }
    }
    """

    def __init__(self, plan: Plan) -> None:
        """Show a plan.

        Args:
            plan: Made from the last look.
        """
        super().__init__()
        self.choice = Choice(replace(plan, lines=()))
        self.filter = Filter()
        self.looking = False
        self.problem, self.note = "", ""
        self._plan = plan
        self._lines: Previewed | None = None
        self._cursor = 0
        self._choosing = asyncio.Lock()

    @property
    def mailsync(self) -> MailsyncApp:
        """The app, with its type."""
        return cast("MailsyncApp", self.app)

    def compose(self) -> ComposeResult:
        """What it is about, the lines, what the cursor stands on, sums, keys."""
        yield Static(id="head", markup=False)
        yield LineView(id="plan")
        yield Static(id="detail", markup=False)
        yield Static(id="summary", markup=False)
        yield Input(id="filter", placeholder="words, from:ann, subject:tax, is:reverse, on:isp")
        yield KeyBar()

    def on_mount(self) -> None:
        """Arrange the lines."""
        self.query_one(LineView).focus()
        self._begin()

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def _begin(self) -> None:
        plan = self._plan
        self.choice = await self.mailsync.aside(lambda: Choice(plan))
        await self._arrange()
        if self._lines is not None:
            self.query_one(LineView).move(self._lines.first)

    async def _arrange(self) -> None:
        """Show the lines as they are now; they are arranged off the event loop."""
        view = self.query_one(LineView)
        async with self._choosing:
            choice, chosen, this_year = self.choice, self.filter, self.mailsync.this_year
            lines = await self.mailsync.aside(lambda: Previewed(choice, chosen, this_year))
            self._lines = lines
        view.show(lines)
        self._tell()
        self.refresh_bindings()

    # --- what is shown around the lines

    def _tell(self) -> None:
        head = explaining.head(self.choice.plan)
        self.query_one("#head", Static).update(Content(head))
        summary = self.query_one("#summary", Static)
        if self.problem:
            summary.update(Content.styled(f" {self.problem}", "$text-error"))
            return
        if self.looking:
            summary.update(Content.styled(f" {self.note}", "$text-accent"))
            return
        filtered = len(self._lines.visible) if self._lines and not self.filter.empty else None
        parts = explaining.foot(self.choice, filtered, self.size.width)
        note = (f" {self.note}", "$text-accent") if self.note else ""
        summary.update(Content.assemble(*parts, note))

    @on(LineView.Moved)
    def _moved(self) -> None:
        self._cursor = self.query_one(LineView).cursor
        self._show_detail()
        self.refresh_bindings()

    def _show_detail(self) -> None:
        told = explaining.detail(self._lines, self._cursor) if self._lines else []
        parts = [Content.styled(text, style) for text, style in told]
        self.query_one("#detail", Static).update(Content("\n").join(parts))

    def _changed(self, note: str = "") -> None:
        self.note = note
        self.query_one(LineView).redraw()
        self._show_detail()
        self._tell()
        self.refresh_bindings()

    # --- choosing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What works now."""
        del parameters
        if action in ("apply", "look_again", "save"):
            return not self.looking and self._lines is not None
        if action == "read":
            return self._line is not None
        if action == "why":
            return self._line is not None or self._blocked is not None
        if action == "toggle":
            return self._lines is not None and bool(self._lines.ids(self._cursor))
        if action == "accept":
            return not self.looking and self._acceptable is not None
        return True

    @property
    def _line(self) -> Line | None:
        return self._lines.line(self._cursor) if self._lines else None

    @property
    def _blocked(self) -> Blocked | None:
        return self._lines.blocked(self._cursor) if self._lines else None

    @property
    def _acceptable(self) -> Blocked | None:
        """What ``A`` lets through: what the cursor stands on, or the first that can be."""
        plan = self.choice.plan
        if self._lines is None or plan.options.reconsider:
            return None
        here = self._blocked
        if here is not None and can_accept(here):
            return here
        return next((each for each in stopped(plan) if can_accept(each)), None)

    async def action_toggle(self) -> None:  # type: ignore[override]
        """Take a line or a group out, or back in, and move down."""
        if self._lines is not None:
            await self._toggle(self._lines.ids(self._cursor))
            self.query_one(LineView).action_cursor(1)

    async def action_toggle_all(self) -> None:
        """Take all lines that the filter shows out, or back in."""
        if self._lines is not None:
            await self._toggle(tuple(self._lines.visible))

    async def _toggle(self, ids: tuple[str, ...]) -> None:
        """Other keys wait until this is done: with 100,000 lines some tenths of a second."""

        def toggled() -> tuple[Choice, int]:
            later = before.copy()  # a question about the choice as it was may be open
            into = later.toggle(ids)
            lines.take(later)
            return later, len(before.away) - len(later.away) - len(ids) if into else 0

        async with self._choosing:
            before, lines = self.choice, cast("Previewed", self._lines)
            self.choice, more = await self.mailsync.aside(toggled)
        belong = f"{words.several(more, 'line')} that belong to it came in, too"
        self._changed(belong if more > 0 else "")

    # --- filtering

    def action_filter(self) -> None:
        """Type a filter."""
        self.add_class("filtering")
        self.query_one(Input).focus()

    @on(Input.Changed, "#filter")
    async def _typed(self, event: Input.Changed) -> None:
        chosen = parse(event.value)
        if chosen != self.filter:
            self.filter = chosen
            await self._arrange()

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        self.remove_class("filtering")
        self.query_one(LineView).focus()

    def action_back(self) -> None:
        """End the filter; without one, leave and remember nothing."""
        if self.has_class("filtering") or not self.filter.empty:
            self.query_one(Input).value = ""
            self._entered()
        else:
            self.dismiss()

    # --- looking

    def action_why(self) -> None:
        """Tell why the line under the cursor is in the plan, or was stopped."""
        line, blocked = self._line, self._blocked
        if blocked is not None:
            facts = explaining.why_blocked(blocked)
            self.app.push_screen(WhyScreen(blocked_text(blocked), facts))
        if line is not None:
            title = line.subject or "(no subject)"
            self.app.push_screen(WhyScreen(title, explaining.why(line, self.choice)))

    def action_read(self) -> None:
        """Read the message under the cursor."""
        line, last = self._line, self.mailsync.viewing.last
        key = message_key(line, last.comparison) if line and last else None
        if line is not None and key is not None:
            from mailsync_tui.ui.screens.reader import ReaderScreen

            self.app.push_screen(ReaderScreen(key, line.subject))

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def action_look_again(self) -> None:
        """List all mailboxes anew, and mark what changed."""
        await self._renew()

    def on_engine_event(self, event: Event) -> None:
        """A mailbox was listed."""
        if self.looking and isinstance(event, ListingDone):
            self.note = f"looking again: {event.mailbox} is listed, others are not yet ..."
            self._tell()

    async def _renew(self) -> bool:
        """Look again.

        Returns:
            Whether the plan still does the same; not if it was not to be had.
        """
        self.looking, self.problem = True, ""
        self.note = "looking again: all mailboxes are listed ..."
        self._tell()
        self.refresh_bindings()
        try:
            plan = await self.mailsync.engine(self._anew)
            await self._show_beneath()
        except UserError as error:
            self.problem = safe_text(f"Looked again in vain: {error}", 400)
            return False
        finally:
            self.looking, self.note = False, ""
            self._tell()
            self.refresh_bindings()
        async with self._choosing:
            differs, self.choice = await self.mailsync.aside(
                lambda: (self.choice.differs(plan), self.choice.renewed(plan))
            )
        self.note = explaining.changes(self.choice) if differs else "looked again: nothing changed"
        await self._arrange()
        return not differs

    async def _show_beneath(self) -> None:
        """The comparison shows what was seen now; it holds no longer what was seen before."""
        last = self.mailsync.viewing.last
        for beneath in self.app.screen_stack:
            if last is not None and isinstance(beneath, ComparisonScreen):
                await beneath.take(last.comparison)

    def _anew(self) -> Plan:
        viewing, choice = self.mailsync.viewing, self.choice
        viewing.look(lambda _: None)
        if choice.plan.options.reconsider:
            return viewing.bring_back(frozenset({*choice.lines, *choice.over}))
        return viewing.plan(choice.plan.options)

    # --- letting through, saving

    def action_accept(self) -> None:
        """Let through what a guard blocked, once its account's name was typed."""
        blocked = self._acceptable
        if blocked is None:
            return
        title, sentences = explaining.acceptance(blocked, self.choice.plan)

        def problem(answer: str) -> str:
            return "" if answer == blocked.account else f"To go on, type {blocked.account}."

        def answered(answer: str | None) -> None:
            if answer is not None:
                self._accept(blocked)

        self.app.push_screen(AskScreen(title, sentences, problem=problem), answered)

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def _accept(self, blocked: Blocked) -> None:
        viewing, options = self.mailsync.viewing, self.choice.plan.options
        accepts = (*options.accepts, explaining.accepted(blocked, self.choice.plan))
        try:
            plan = await self.mailsync.engine(
                lambda: viewing.plan(replace(options, accepts=accepts))
            )
        except UserError as error:
            self.problem = safe_text(str(error), 400)
            self._tell()
            return
        async with self._choosing:
            self.choice = await self.mailsync.aside(lambda: self.choice.renewed(plan, wanted=True))
        self.note = f"let through this once: {blocked.account} {blocked.rule}"
        await self._arrange()

    def action_save(self) -> None:
        """Save the plan, without what was taken out."""
        asking = AskScreen(
            "Save the plan to which file?",
            ["For `mailsync-tui apply FILE`. Only you can read the file."],
            answer=saving.suggestion(self.choice.plan),
            problem=saving.problem,
        )

        def answered(name: str | None) -> None:
            if name is not None:
                self._save(name)

        self.app.push_screen(asking, answered)

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def _save(self, name: str) -> None:
        choice = self.choice
        self.problem = await self.mailsync.aside(lambda: saving.save(choice, name))
        self.note = "" if self.problem else f"saved to {safe_text(name, 200)}"
        self._tell()

    # --- applying

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def action_apply(self) -> None:
        """Apply what is left of the plan, after one more question."""
        if not self.mailsync.viewing.fresh and not await self._renew():
            return
        choice, config = self.choice, self.mailsync.session.config
        if len(choice.away) == len(choice.lines):
            self._changed("nothing is left to apply")
            return
        asked = await self.mailsync.aside(lambda: wording.question(choice, config))
        asking = ConfirmScreen(asked.title, asked.sentences, asked.number)

        def answered(yes: bool | None) -> None:
            if yes:
                self._apply(choice)
            else:
                self._changed("nothing was done")

        self.app.push_screen(asking, answered)

    def _apply(self, choice: Choice) -> None:
        viewing = self.mailsync.viewing
        plan, declined, lines = choice.shown, choice.declined, choice.doing
        taken_out = [line for line in plan.lines if line.id in declined]

        def run(width: int) -> Report:
            return of_result(viewing.apply(plan, declined), lines, taken_out, width)

        self.app.push_screen(ApplyingScreen(lines, run))
