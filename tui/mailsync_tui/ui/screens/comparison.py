"""The first screen: all mailboxes side by side, with what differs."""

from __future__ import annotations

import asyncio
import contextlib
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from mailsync_tui.engine.comparison import Comparison, Key, Row, nothing_yet
from mailsync_tui.engine.events import Event, ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.engine.model import Cell, Direction, Options, PlanEntry
from mailsync_tui.errors import UserError
from mailsync_tui.report.errors import unforeseen
from mailsync_tui.report.plan import cannot_mark, entries_text
from mailsync_tui.report.run import at_work_text, unfinished_text
from mailsync_tui.report.words import CELLS, NO_SUBJECT, local_moment, short_name, size_in_words
from mailsync_tui.session.person import Unfinished
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.preferences import keep, preferences
from mailsync_tui.ui.rows.order import ORDERS, Order, Ordered
from mailsync_tui.ui.screens.base import FilteredScreen, FilterLine, Mailsync
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.panes import Heads, Panes, away_texts, progress_of

_FIRST = 300
"""So many messages are shown before all of them are read: more than a screen has lines."""
_TYPING_SECONDS = 0.12
"""A filter is applied when no letter came for so long."""

DIRECTIONS: dict[str, tuple[Direction, ...]] = {
    "forward": ("forward",),
    "reverse": ("reverse",),
    "both": ("forward", "reverse"),
    "collect": ("collect",),
}
"""What each preview key asks for."""


class ComparisonScreen(FilteredScreen):
    """What the ledger knows at once; what the servers list, as soon as it is there."""

    @dataclass
    class Early(Message):
        """What is listed so far."""

        comparison: Comparison

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("comparison")]

    def __init__(self, mailsync: Mailsync) -> None:
        """Show nothing yet.

        Args:
            mailsync: The app; the mailboxes of its configuration make the panes.
        """
        super().__init__(mailsync)
        self.order: Order = "date"
        self._directory = mailsync.background.person.directory
        self.differences = preferences(self._directory).get("differences") is True
        self.looking = True
        self.problem = ""
        self._comparison = nothing_yet(mailsync.background.person.config)
        self._unfinished: Unfinished | None = None
        self._anchor: int | None = None
        """The line at which a range begins."""

    def compose(self) -> ComposeResult:
        """Heads, panes, what the cursor stands on, sums, keys."""
        panes = Panes(self._comparison, id="panes")
        yield Heads(panes, lambda: self.background.session.clock())
        yield panes
        yield Static(id="notice", markup=False)
        yield Static(id="detail", markup=False)
        yield Static("reading the ledger", id="summary", markup=False)
        yield FilterLine("words, from:ann, is:gone, on:isp; Enter, Esc clears")
        yield KeyBar()

    def on_mount(self) -> None:
        """Read the ledger, then list."""
        self.query_one(Panes).focus()
        self._begin()

    async def on_screen_resume(self) -> None:
        """What was marked in the reader is shown."""
        await self._show_marks()
        self.show_summary()

    # --- looking

    @work(exclusive=True, group="look")
    async def _begin(self) -> None:
        background = self.background
        try:
            await self.show_comparison(await background.newest(_FIRST))
            known = await background.engine(lambda: background.viewer.known())
            self.query_one(Panes).now = background.now
            await self.show_comparison(known)
            await self._look_for_unfinished()
        except UserError as error:
            self.looking = False
            self._show_problem(str(error))
            background.collect_garbage()
            return
        await self._look()

    @work(exclusive=True, group="look")
    async def action_look_again(self) -> None:
        """List all mailboxes anew."""
        await self._look()

    async def _look_for_unfinished(self) -> None:
        try:
            self._unfinished = await self.background.engine(self.background.person.unfinished)
        except UserError as error:
            self._show_problem(str(error))
            return
        self._show_notice()

    def _show_notice(self) -> None:
        """What an earlier run left open, if one did, and every account that was not reached."""
        texts = []
        if self._unfinished is not None:
            run, holder = self._unfinished.run, self._unfinished.at_work
            text = f"{unfinished_text(run, self._unfinished.open_lines)}; h shows it"
            if holder is not None:
                text = f"{at_work_text(run, holder.pid)}; F5 looks again"
            texts.append(f" ! {text}")
        if not self.looking:
            texts += away_texts(self._comparison.mailboxes)
        self.set_class(bool(texts), "noticing")
        width = max(self.size.width, 20)
        lines = [x for text in texts for x in textwrap.wrap(text, width, subsequent_indent="   ")]
        if lines:
            self.write("#notice", "\n".join(lines))

    async def _look(self) -> None:
        self.looking = True
        self.problem = ""
        heads = self.query_one(Heads)
        names = [side.name for side in self._comparison.mailboxes]
        heads.states = dict.fromkeys(names, ("listing ...", "$text-accent"))
        heads.refresh()
        self.refresh_bindings()

        def meanwhile(found: Comparison) -> None:
            self.post_message(self.Early(found))

        try:
            look = await self.background.look(meanwhile)
        except UserError as error:
            self._show_problem(str(error))
            return
        finally:
            self.looking = False
            heads.states = {}
            heads.refresh()
        await self.show_comparison(look.comparison)
        await self._look_for_unfinished()
        self.refresh_bindings()

    async def on_comparison_screen_early(self, message: Early) -> None:
        """Some mailboxes are slow: the others are shown already."""
        if self.looking:
            await self.show_comparison(message.comparison)

    def show_event(self, event: Event) -> None:
        """A mailbox is being listed, or was."""
        if self.looking and isinstance(event, (ListingProgress, ReadingProgress, ListingDone)):
            for heads in self.query(Heads):  # there are none any more where the app is ending
                heads.states[event.mailbox] = progress_of(event)
                heads.refresh()

    async def show_comparison(self, comparison: Comparison) -> None:
        """Show another comparison."""
        self._comparison = comparison
        await self._show_marks()
        await self._arrange(other=True)
        self._show_notice()

    async def _show_marks(self) -> None:
        with contextlib.suppress(UserError):  # who reads the ledger next is told
            panes = self.query_one(Panes)
            # Not on the engine's thread, which may be waiting for a slow mailbox.
            panes.marked = await self.background.aside(self.background.viewer.marked)

    async def _arrange(self, *, other: bool = False) -> None:
        """Filter and sort anew, off the event loop; the cursor stays on its message.

        Args:
            other: It is another comparison, in which a message may have another key.
        """
        panes = self.query_one(Panes)
        comparison, order, chosen = self._comparison, self.order, self.filter
        panes.nothing = chosen.nothing
        if self.differences:
            chosen = replace(chosen, states=(*chosen.states, "different"))
            panes.nothing = self.filter.nothing or "No difference; = shows all messages."
        key, before = panes.row and panes.row.key, panes.ordered

        def ordered() -> tuple[Ordered, Key | None]:
            rows = Ordered(comparison, order, chosen, before)
            if other and isinstance(key, str) and rows.index(key) is None:
                with contextlib.suppress(UserError):  # then it is as if the message had gone
                    return rows, self.background.viewer.key_now(key)
            return rows, key

        panes.show_rows(*await self.background.aside(ordered))
        self.query_one(Heads).refresh()
        self.show_summary()

    def _show_problem(self, problem: str) -> None:
        self.problem = safe_text(problem)
        self.show_summary()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A look that ended by a fault of this program is reported, not passed over."""
        if event.state is WorkerState.ERROR:
            fault = unforeseen(event.worker.error)
            self._show_problem(f"{fault}; nothing was changed, F5 looks again")

    # --- what is shown below the panes

    def show_summary(self) -> None:
        """Write the line of the sums."""
        if self.problem:
            self.write("#summary", Content.styled(self.problem, "$text-error"), layout=False)
            return
        comparison = self._comparison
        parts: list[Content | str | tuple[str, str]] = [" "]
        if not self.filter.empty:
            shown, total = len(self.query_one(Panes).lines), len(comparison.rows)
            parts += [(f"filter: {shown:,} of {total:,} (Esc ends)", "$text-accent"), "  "]
        if self.differences:
            parts += [("differences only (=)", "$text-accent"), "  "]
        if marks := len(self.query_one(Panes).marked):
            parts += [(f"{marks:,} marked (D)", "$text-error"), "  "]
        away = sum(side.error is not None for side in comparison.mailboxes)
        if away:
            parts += [(f"{away:,} not reached", "$text-error"), "  "]
        if self.looking:
            doing = "listing ..." if comparison.complete else "reading the ledger ..."
            parts += [(doing, "$text-accent"), "  "]
        parts.append((ORDERS[self.order], "$text-muted"))
        for cell in (Cell.NEW, Cell.GOES, Cell.GONE, Cell.KEPT, Cell.HELD, Cell.UNKNOWN):
            if comparison.counts.get(cell):
                state = CELLS[cell]
                style = {"new": "$text-success", "gone": "$text-error"}.get(
                    state.style, "$text-warning"
                )
                parts += ["  ", (f"{state.sign}{comparison.counts[cell]:,} {state.word}", style)]
        same = sum(comparison.counts.get(cell, 0) for cell in (Cell.SAME, Cell.SAME_HEADER))
        if same:
            parts += ["  ", (f"={same:,} in sync", "$text-muted")]
        self.write("#summary", Content.assemble(*parts), layout=False)

    @on(Panes.Moved)
    def _moved(self) -> None:
        panes = self.query_one(Panes)
        row = panes.row
        if self._anchor is not None:
            panes.chosen = range(
                min(self._anchor, panes.cursor), max(self._anchor, panes.cursor) + 1
            )
        if row is None:
            self.write("#detail", "", layout=False)
            return
        mark = "marked for deletion; " if row.key in panes.marked else ""
        when = local_moment(datetime.fromisoformat(row.date)) if row.date else "no date"
        self.write_detail(
            (mark + _state_text(row, self._comparison.entries.get(row.key, ())), ""),
            (safe_text(row.subject, 400) or NO_SUBJECT, "bold"),
            (f"{short_name(row.sender)}  {when}  {size_in_words(row.size)}", "$text-accent"),
        )

    # --- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What works now."""
        del parameters
        if action in ("preview", "held", "mark", "mark_all", "preview_marked"):
            return not self.looking and self.background.viewer.last is not None
        if action == "clear":
            return self.filtering
        if action in ("next_difference", "read"):
            return bool(len(self.query_one(Panes).lines))
        return True

    def action_choose_range(self) -> None:
        """Begin a range at the line under the cursor, or end it."""
        panes = self.query_one(Panes)
        self._anchor = panes.cursor if self._anchor is None and len(panes.lines) else None
        panes.chosen = range(0) if self._anchor is None else range(panes.cursor, panes.cursor + 1)

    async def action_mark(self) -> None:
        """Mark the message under the cursor, or the range, or lift the marks."""
        panes = self.query_one(Panes)
        lines = panes.chosen or range(panes.cursor, panes.cursor + 1)
        rows = panes.ordered.rows if panes.ordered is not None else ()
        self._anchor, panes.chosen = None, range(0)
        await self._mark([row.key for row in rows[lines.start : lines.stop]])

    async def action_mark_all(self) -> None:
        """Mark all that the filter shows, or lift their marks."""
        panes = self.query_one(Panes)
        if self.filter.empty or panes.ordered is None:
            self.say("* marks what a filter shows: type one first (/)")
            return
        await self._mark([row.key for row in panes.ordered.rows])

    async def _mark(self, keys: Sequence[Key]) -> None:
        viewer = self.background.viewer
        try:
            changed, refused = await self.background.engine(lambda: viewer.mark(keys))
        except UserError as error:
            self.say(str(error), "$text-error")
            return
        await self._show_marks()
        self._moved()
        self.show_summary()
        if refused:
            self.say(cannot_mark(changed, refused), "$text-error")

    async def action_preview_marked(self) -> None:
        """Preview the deletion of what is marked."""
        if self.query_one(Panes).marked:
            await self._preview(Options((), marked=True))
        else:
            self.say("nothing is marked; d marks the message under the cursor")

    async def action_preview(self, what: str) -> None:
        """Preview a plan for these directions."""
        await self._preview(Options(DIRECTIONS[what]))

    async def _preview(self, options: Options) -> None:
        viewer = self.background.viewer
        try:
            plan = await self.background.engine(lambda: viewer.plan(options))
        except UserError as error:
            self.say(str(error), "$text-error")
            return
        self.mailsync.open_preview(plan)

    def action_read(self) -> None:
        """Read the message under the cursor."""
        row = self.query_one(Panes).row
        if row is not None:
            self.mailsync.open_reader(row.key, row.subject)

    def action_held(self) -> None:
        """Show what is held."""
        self.mailsync.open_held()

    def action_history(self) -> None:
        """Show earlier runs; the one that did not end first."""
        found = self._unfinished
        self.mailsync.open_history(found.run if found is not None else None)

    def action_leave(self) -> None:
        """Leave the app."""
        self.app.exit()

    def action_next_difference(self) -> None:
        """Go to the next difference."""
        if not self.query_one(Panes).go_to_difference(1):
            self.say("no difference below")

    def action_previous_difference(self) -> None:
        """Go to the previous difference."""
        if not self.query_one(Panes).go_to_difference(-1):
            self.say("no difference above")

    def action_other_pane(self, step: int = 1) -> None:
        """Go to the next mailbox."""
        panes = self.query_one(Panes)
        count = len(panes.comparison.mailboxes)
        panes.focused_mailbox = (panes.focused_mailbox + step) % count

    def action_jump(self, number: int) -> None:
        """Go to a mailbox by its number."""
        panes = self.query_one(Panes)
        if number <= len(panes.comparison.mailboxes):
            panes.focused_mailbox = number - 1

    def action_matrix(self) -> None:
        """Show panes, or one line a message."""
        panes = self.query_one(Panes)
        panes.matrix, panes.zoomed = not panes.shown.matrix, False

    def action_zoom(self) -> None:
        """Show one pane beside the consolidated mailbox's, or all that fit."""
        panes = self.query_one(Panes)
        panes.zoomed = panes.shown.matrix or not panes.zoomed
        panes.matrix = False

    async def action_differences(self) -> None:
        """Show differences only, or all."""
        self.differences = not self.differences
        keep(self._directory, differences=self.differences)
        await self._arrange()

    def action_previous_pane(self) -> None:
        """Go to the previous mailbox."""
        self.action_other_pane(-1)

    async def action_order(self) -> None:
        """Sort by the next order."""
        names = list(ORDERS)
        self.order = names[(names.index(self.order) + 1) % len(names)]
        await self._arrange()

    def action_clear(self) -> None:
        """End the filter."""
        self.end_filter()

    async def show_filtered(self) -> None:
        """Show only what the filter admits, as soon as nothing more is typed."""
        self._filter_soon()

    @work(exclusive=True, group="filter")
    async def _filter_soon(self) -> None:
        await asyncio.sleep(_TYPING_SECONDS)  # the next letter ends this worker
        await self._arrange()


def _state_text(row: Row, found: Sequence[PlanEntry]) -> str:
    """What a plan has about the message, or how it stands."""
    meaning = {
        Cell.SAME: "in sync",
        Cell.SAME_HEADER: "an unlike twin: same headers as another message, other contents",
        Cell.UNKNOWN: "not known: a mailbox that held it was not reached, or is another one now",
    }.get(row.verdict, CELLS[row.verdict].meaning)
    return entries_text(found) or meaning
