"""One plan, line by line: what is to be done, why, and what a person takes out of it."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from mailsync_tui.engine.events import Event, ListingDone
from mailsync_tui.engine.model import Blocked, Line, Plan
from mailsync_tui.errors import UserError
from mailsync_tui.report import words
from mailsync_tui.report.choice import Choice
from mailsync_tui.report.page import Page
from mailsync_tui.report.plan import (
    acceptance,
    accepted,
    blocked_text,
    blocks,
    can_accept,
    changes_text,
    question,
    why_facts,
)
from mailsync_tui.report.run import result_page
from mailsync_tui.session import plan_file
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows import preview
from mailsync_tui.ui.rows.preview import Previewed, StoppedBy, message_key
from mailsync_tui.ui.screens.base import FilteredScreen, FilterLine, Mailsync
from mailsync_tui.ui.screens.dialogs import AskScreen, ConfirmScreen, WhyScreen, typed_path
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.line_view import LineView


class PreviewScreen(FilteredScreen):
    """Shows a plan, lets lines be taken out, and applies what is left of that very plan."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("preview")]

    def __init__(self, mailsync: Mailsync, plan: Plan) -> None:
        """Show a plan.

        Args:
            mailsync: The app.
            plan: Made from the last look.
        """
        super().__init__(mailsync)
        self.choice = Choice(replace(plan, lines=()))
        self.looking = False
        self.problem, self.note = "", ""
        self._plan = plan
        self._lines: Previewed | None = None
        self._cursor = 0
        self._choosing = asyncio.Lock()
        self._opened: set[Hashable] = set()

    def compose(self) -> ComposeResult:
        """What it is about, the lines, what the cursor stands on, sums, keys."""
        yield Static(id="title", markup=False)
        yield LineView(id="plan")
        yield Static(id="detail", markup=False)
        yield Static(id="summary", markup=False)
        yield FilterLine("words, from:ann, subject:tax, is:reverse, on:isp")
        yield KeyBar()

    def on_mount(self) -> None:
        """Arrange the lines."""
        self.query_one(LineView).focus()
        self._begin()

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def _begin(self) -> None:
        plan = self._plan
        self.choice = await self.background.aside(lambda: Choice(plan))
        if self._scopes:
            names = (f"{n} {name or 'everywhere'}" for n, name in enumerate(self._scopes))
            self.note = f"delete from: {', '.join(names)}"
        await self.show_filtered()
        if self._lines is not None:
            self.query_one(LineView).move(self._lines.first)

    async def show_filtered(self) -> None:
        """Show the lines as they are now; they are arranged off the event loop."""
        view = self.query_one(LineView)
        async with self._choosing:
            choice, chosen, now = self.choice, self.filter, self.background.now
            stopped, opened = self._stopped(), self._opened.copy()
            lines = await self.background.aside(
                lambda: Previewed(choice, chosen, now, stopped, opened)
            )
            self._lines = lines
        view.show(lines)
        self._show_sums()
        self.refresh_bindings()

    def _stopped(self) -> Mapping[StoppedBy, Sequence[Line]]:
        found: dict[StoppedBy, list[Line]] = {}
        last = self.background.viewer.last
        for entries in last.comparison.entries.values() if last and self._opened else ():
            for each in entries:
                if each.blocked:
                    by = (each.line.account, each.line.kind, each.blocked)
                    found.setdefault(by, []).append(each.line)
        return found

    # --- what is shown around the lines

    def _show_sums(self) -> None:
        self.write("#title", preview.title(self.choice.plan))
        if self.problem:
            self.write("#summary", Content.styled(f" {self.problem}", "$text-error"))
            return
        if self.looking:
            self.write("#summary", Content.styled(f" {self.note}", "$text-accent"))
            return
        filtered = len(self._lines.visible) if self._lines and not self.filter.empty else None
        parts = preview.summary(self.choice, filtered, self.size.width)
        note = (f" {self.note}", "$text-accent") if self.note else ""
        self.write("#summary", Content.assemble(*parts, note))

    @on(LineView.Moved)
    def _moved(self) -> None:
        self._cursor = self.query_one(LineView).cursor
        self._show_detail()
        self.refresh_bindings()

    def _show_detail(self) -> None:
        lines = self._lines.detail(self._cursor, self.size.width - 2) if self._lines else []
        parts = [Content.styled(text, style) for text, style in lines]
        self.write("#detail", Content("\n").join(parts))

    def _changed(self, note: str = "") -> None:
        self.note = note
        self.query_one(LineView).redraw()
        self._show_detail()
        self._show_sums()
        self.refresh_bindings()

    # --- choosing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What works now."""
        del parameters
        if action in ("apply", "look_again", "save"):
            return not self.looking and self._lines is not None
        if action == "read":
            return self._line is not None or self._fold is not None
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
        return next(
            (each for each in blocks(plan, plan.options.directions) if can_accept(each)), None
        )

    @property
    def _fold(self) -> Hashable | None:
        return self._lines.foldable(self._cursor) if self._lines else None

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
            self.choice, more = await self.background.aside(toggled)
        belong = f"{words.several(more, 'line')} that belong to it came in, too"
        self._changed(belong if more > 0 else "")

    # --- looking

    def action_why(self) -> None:
        """Explain why the line under the cursor is in the plan, or was stopped."""
        line, blocked = self._line, self._blocked
        if blocked is not None:
            facts = preview.why_blocked(blocked)
            self.app.push_screen(WhyScreen(blocked_text(blocked), facts))
        if line is not None:
            title = line.subject or words.NO_SUBJECT
            self.app.push_screen(WhyScreen(title, why_facts(line, self.choice)))

    def action_next_group(self, step: int = 1) -> None:
        """Go to the next group, or what a guard stopped."""
        if self._lines is not None:
            self.query_one(LineView).move(self._lines.group_after(self._cursor, step))

    def action_previous_group(self) -> None:
        """Go to the group before."""
        self.action_next_group(-1)

    async def action_read(self) -> None:
        """Read the message under the cursor; show or hide the lines of what is folded."""
        if self._fold is not None:
            self._opened ^= {self._fold}
            await self.show_filtered()
            return
        line, last = self._line, self.background.viewer.last
        key = message_key(line, last.comparison) if line and last else None
        if line is not None and key is not None:
            self.mailsync.open_reader(key, line.subject)

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def action_look_again(self) -> None:
        """List all mailboxes anew, and mark what changed."""
        await self._renew()

    def show_event(self, event: Event) -> None:
        """A mailbox was listed."""
        if self.looking and isinstance(event, ListingDone):
            self.note = f"looking again: {event.mailbox} is listed, others are not yet ..."
            self._show_sums()

    async def _renew(self) -> bool:
        """Look again.

        Returns:
            Whether the plan still does the same; not if it was not to be had.
        """
        self.looking, self.problem = True, ""
        self.note = "looking again: all mailboxes are listed ..."
        self._show_sums()
        self.refresh_bindings()
        viewer = self.background.viewer
        try:
            plan = await self.background.engine(self._anew)
            if viewer.last is not None:
                await self.mailsync.show_comparison(viewer.last.comparison)
        except UserError as error:
            self.problem = safe_text(f"Could not look again: {error}", 400)
            return False
        finally:
            self.looking, self.note = False, ""
            self._show_sums()
            self.refresh_bindings()
        async with self._choosing:
            differs, self.choice = await self.background.aside(
                lambda: (self.choice.differs(plan), self.choice.renewed(plan))
            )
        self.note = "looked again: nothing changed"
        if differs:
            self.note = f"Changed since: {changes_text(self.choice)}. Look, then press a again."
        await self.show_filtered()
        return not differs

    def _anew(self) -> Plan:
        viewer, choice = self.background.viewer, self.choice
        viewer.look(lambda _: None)
        if choice.plan.options.reconsider:
            return viewer.bring_back(frozenset({*choice.lines, *choice.over}))
        return viewer.plan(choice.plan.options)

    # --- letting through, saving

    def action_accept(self) -> None:
        """Let through what a guard blocked, once its account's name was typed."""
        blocked = self._acceptable
        if blocked is None:
            return
        title, sentences = acceptance(blocked, self.choice.plan)

        def problem(answer: str) -> str:
            return "" if answer == blocked.account else f"To go on, type {blocked.account}."

        def answered(answer: str | None) -> None:
            if answer is not None:
                self._accept(blocked)

        self.app.push_screen(AskScreen(title, sentences, problem=problem), answered)

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def _accept(self, blocked: Blocked) -> None:
        viewer, options = self.background.viewer, self.choice.plan.options
        accepts = (*options.accepts, *accepted(blocked, self.choice.plan))
        try:
            plan = await self.background.engine(
                lambda: viewer.plan(replace(options, accepts=accepts))
            )
        except UserError as error:
            self.problem = safe_text(str(error), 400)
            self._show_sums()
            return
        async with self._choosing:
            self.choice = await self.background.aside(
                lambda: self.choice.renewed(plan, wanted=True)
            )
        self.note = f"let through this once: {blocked.account} {blocked.rule}"
        await self.show_filtered()

    @property
    def _scopes(self) -> list[str]:
        """From where marked messages can be deleted, by the keys 0 to 9; empty: everywhere."""
        last = self.background.viewer.last
        if last is None or not self.choice.plan.options.marked:
            return []
        return ["", *(side.name for side in last.comparison.mailboxes)][:10]

    async def action_scope(self, number: int) -> None:
        """Say from where the marked messages are deleted."""
        viewer, options, names = self.background.viewer, self.choice.plan.options, self._scopes
        if number >= len(names):
            return
        try:
            plan = await self.background.engine(
                lambda: viewer.plan(replace(options, scope=names[number]))
            )
        except UserError as error:
            self.problem = safe_text(str(error), 400)
            self._show_sums()
            return
        async with self._choosing:
            self.choice = Choice(plan)
        self.note = f"marked messages: from {names[number] or 'everywhere'}"
        await self.show_filtered()

    def action_save(self) -> None:
        """Save the plan, without what was taken out."""
        asking = AskScreen(
            "Save the plan to which file?",
            ["For `mailsync-tui apply FILE`. Only you can read the file."],
            answer=f"plan-{self.choice.plan.created.astimezone():%Y%m%d-%H%M}.json",
            problem=_file_problem,
        )

        def answered(name: str | None) -> None:
            if name is not None:
                self._save(name)

        self.app.push_screen(asking, answered)

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def _save(self, name: str) -> None:
        choice = self.choice
        self.problem = await self.background.aside(lambda: _save(choice, name))
        self.note = "" if self.problem else f"saved to {safe_text(name, 200)}"
        self._show_sums()

    # --- applying

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def action_apply(self) -> None:
        """Apply what is left of the plan, after one more question."""
        if not self.background.viewer.fresh and not await self._renew():
            return
        choice, config = self.choice, self.background.person.config
        if len(choice.away) == len(choice.lines):
            self._changed("nothing is left to apply")
            return
        asked = await self.background.aside(lambda: question(choice, config.keep_days))
        many = asked.deletions > config.guards.max_delete_floor
        asking = ConfirmScreen(asked.title, asked.sentences, asked.deletions if many else None)

        def answered(yes: bool | None) -> None:
            if yes:
                self._apply(choice)
            else:
                self._changed("nothing was done")

        self.app.push_screen(asking, answered)

    def _apply(self, choice: Choice) -> None:
        viewer = self.background.viewer
        plan, declined, lines = choice.shown, choice.declined, choice.doing
        taken_out = [line for line in plan.lines if line.id in declined]

        def run() -> Page:
            return result_page(
                viewer.apply(plan, declined), lines, taken_out, preview.blocked_again
            )

        self.mailsync.open_run(lines, run)


def _file_problem(name: str) -> str:
    """What is wrong with a file name; empty if nothing is."""
    if not name.strip():
        return "Type the name of a file, or press Esc."
    try:
        there = typed_path(name).is_symlink() or typed_path(name).exists()
    except (OSError, ValueError):
        return "That is no file name."
    return "A file of that name is there already: choose another." if there else ""


def _save(choice: Choice, name: str) -> str:
    """Save what is left of a plan; what the person took out is declined when it is applied.

    Args:
        choice: The plan and what was taken out.
        name: The file; made for its owner alone.

    Returns:
        What went wrong, in a sentence; empty if nothing did.
    """
    document = plan_file.save(choice.shown)
    declined = choice.declined
    document["actions"] = [x for x in document["actions"] if x["id"] not in declined]
    try:
        plan_file.write(typed_path(name), plan_file.dumps(document))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return safe_text(f"The plan was not saved to {name}: {reason}", 400)
    return ""
