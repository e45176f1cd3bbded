"""The first screen: all mailboxes side by side, with what differs."""

from __future__ import annotations

import asyncio
import contextlib
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerState

from mailsync_tui.engine.comparison import Cell, Comparison, Key, nothing_yet
from mailsync_tui.engine.events import Event, ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.errors import UserError
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.actions import bindings
from mailsync_tui.ui.rows.detail import detail_of
from mailsync_tui.ui.rows.filters import Filter, parse
from mailsync_tui.ui.rows.marks import MARKS
from mailsync_tui.ui.rows.order import ORDERS, Order, Ordered
from mailsync_tui.ui.rows.past import unfinished_in_words
from mailsync_tui.ui.widgets.key_bar import KeyBar
from mailsync_tui.ui.widgets.panes import Heads, Panes, progress_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsync_tui.config.model import Direction, UserConfig
    from mailsync_tui.session.viewer import Unfinished
    from mailsync_tui.ui.app import MailsyncApp

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


_OTHER = (
    "another mailbox than before (host, user or kind); nothing of it is deleted until "
    "`mailsync-tui rebase {name}` takes it as it is"
)


class ComparisonScreen(Screen[None]):
    """What the ledger knows at once; what the servers list, as soon as it is there."""

    @dataclass
    class Early(Message):
        """What is listed so far."""

        comparison: Comparison

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("comparison")]
    DEFAULT_CSS = """
    ComparisonScreen {
        #detail { height: 3; background: $surface; border-top: none; }
        #summary { height: 1; background: $panel; }
        #notice { height: auto; max-height: 4; color: $text-warning; display: none; }
        &.noticing #notice { display: block; }
        #filter { height: 1; border: none; padding: 0; display: none; background: $boost; }
        &.filtering #filter { display: block; }
        &.filtering #summary { display: none; }
    }
    """

    def __init__(self, config: UserConfig) -> None:
        """Show nothing yet.

        Args:
            config: Its mailboxes make the panes.
        """
        super().__init__()
        self.order: Order = "date"
        self.filter = Filter()
        self.looking = True
        self.problem = ""
        self._comparison = nothing_yet(config)
        self._unfinished: Unfinished | None = None

    @property
    def mailsync(self) -> MailsyncApp:
        """The app, with its type."""
        return cast("MailsyncApp", self.app)

    def compose(self) -> ComposeResult:
        """Heads, panes, what the cursor stands on, sums, keys."""
        panes = Panes(self._comparison, id="panes")
        yield Heads(panes)
        yield panes
        yield Static(id="notice", markup=False)
        yield Static(id="detail", markup=False)
        yield Static("reading the ledger", id="summary", markup=False)
        yield Input(id="filter", placeholder="words, from:ann, is:gone, on:isp; Enter, Esc clears")
        yield KeyBar()

    def on_mount(self) -> None:
        """Read the ledger, then list."""
        self.query_one(Panes).focus()
        self._begin()

    # --- looking

    @work(exclusive=True, group="look")
    async def _begin(self) -> None:
        app = self.mailsync
        try:
            await self.take(await app.newest(_FIRST))
            known = await app.engine(lambda: app.viewing.known())
            self.query_one(Panes).this_year = app.this_year
            await self.take(known)
            await self._notice()
        except UserError as error:
            self.looking = False
            self._tell(str(error))
            app.collect_garbage()
            return
        await self._look()

    @work(exclusive=True, group="look")
    async def action_look_again(self) -> None:
        """List all mailboxes anew."""
        await self._look()

    async def _notice(self) -> None:
        """Say what an earlier run left open, if one did, and what failed in this pane."""
        try:
            self._unfinished = await self.mailsync.engine(self.mailsync.viewing.unfinished)
        except UserError as error:
            self._tell(str(error))
            return
        self._show_notice()

    def _show_notice(self) -> None:
        told = []
        if self._unfinished is not None:
            told.append(f" ! {unfinished_in_words(self._unfinished)}")
        side = self._comparison.mailboxes[self.query_one(Panes).focused_mailbox]
        if side.error is not None:
            told.append(f" ? {side.name}: {safe_text(side.error, 300)}")
        elif side.other:
            told.append(f" ! {side.name}: {_OTHER.format(name=side.name)}")
        self.set_class(bool(told), "noticing")
        if told:
            self.query_one("#notice", Static).update("\n".join(self._indented(told)))

    def _indented(self, told: Sequence[str]) -> list[str]:
        """Each text in lines, the second and later ones below the first one's words."""
        width = max(self.size.width, 20)
        return [
            line for text in told for line in textwrap.wrap(text, width, subsequent_indent="   ")
        ]

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
            look = await self.mailsync.look(meanwhile)
        except UserError as error:
            self._tell(str(error))
            return
        finally:
            self.looking = False
            heads.states = {}
            heads.refresh()
        await self.take(look.comparison)
        await self._notice()
        self.refresh_bindings()

    async def on_comparison_screen_early(self, message: Early) -> None:
        """Some mailboxes are slow: the others are shown already."""
        if self.looking:
            await self.take(message.comparison)

    def on_engine_event(self, event: Event) -> None:
        """A mailbox is being listed, or was."""
        if self.looking and isinstance(event, (ListingProgress, ReadingProgress, ListingDone)):
            heads = self.query_one(Heads)
            heads.states[event.mailbox] = progress_of(event)
            heads.refresh()

    async def take(self, comparison: Comparison) -> None:
        """Show another comparison."""
        self._comparison = comparison
        await self._again(other=True)
        self._show_notice()

    @on(Panes.OtherMailboxes)
    async def _other_mailboxes(self) -> None:
        await self._again()

    async def _again(self, *, other: bool = False) -> None:
        """Filter and sort anew, off the event loop; the cursor stays on its message.

        Args:
            other: It is another comparison, in which a message may have another key.
        """
        panes = self.query_one(Panes)
        comparison, order, chosen = self._comparison, self.order, self.filter
        key, drawn, before = panes.row and panes.row.key, panes.drawn, panes.ordered

        def ordered() -> tuple[Ordered, Key | None]:
            rows = Ordered(comparison, order, chosen, drawn, before)
            if other and isinstance(key, str) and rows.index(key) is None:
                with contextlib.suppress(UserError):  # then it is as if the message had gone
                    return rows, self.mailsync.viewing.key_now(key)
            return rows, key

        panes.show_rows(*await self.mailsync.aside(ordered))
        self.query_one(Heads).refresh()
        self._sum_up()

    def _tell(self, problem: str) -> None:
        self.problem = safe_text(problem)
        self._sum_up()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A look that ended by a fault of this program is told, not passed over."""
        if event.state is WorkerState.ERROR:
            kind = type(event.worker.error).__name__
            self._tell(f"a fault of this program ({kind}); nothing was changed, F5 looks again")

    # --- what is shown below the panes

    def _sum_up(self) -> None:
        if self.problem:
            self.query_one("#summary", Static).update(
                Content.styled(self.problem, "$text-error"), layout=False
            )
            return
        counts = self._comparison.counts
        parts: list[Content | str | tuple[str, str]] = [" "]
        for cell in (Cell.NEW, Cell.GOES, Cell.GONE, Cell.KEPT, Cell.HELD, Cell.UNKNOWN):
            if counts.get(cell):
                mark = MARKS[cell]
                style = {"new": "$text-success", "gone": "$text-error"}.get(
                    mark.style, "$text-warning"
                )
                parts += [(f"{mark.sign}{counts[cell]:,} {mark.word}", style), "  "]
        same = sum(counts.get(cell, 0) for cell in (Cell.SAME, Cell.SAME_HEADER))
        parts.append((f"={same:,} in sync", "$text-muted"))
        shown = len(self.query_one(Panes).lines)
        total = len(self._comparison.rows)
        if not self.filter.empty:
            parts += ["  ", (f"filter: {shown:,} of {total:,} (Esc ends)", "$text-accent")]
        elif shown < total:
            parts += ["  ", (f"{total - shown:,} in other panes (Tab)", "$text-muted")]
        parts += ["  ", (ORDERS[self.order], "$text-muted")]
        if self.looking:
            doing = "listing ..." if self._comparison.whole else "reading the ledger ..."
            parts += ["  ", (doing, "$text-accent")]
        self.query_one("#summary", Static).update(Content.assemble(*parts), layout=False)

    @on(Panes.Moved)
    def _moved(self) -> None:
        row = self.query_one(Panes).row
        detail = self.query_one("#detail", Static)
        detail.update(
            Content("")
            if row is None
            else detail_of(row, self._comparison.entries.get(row.key, ())),
            layout=False,
        )

    # --- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What works now."""
        del parameters
        if action == "preview":
            return not self.looking and self.mailsync.viewing.last is not None
        if action == "held":
            return not self.looking and self.mailsync.viewing.last is not None
        if action == "clear":
            return self.has_class("filtering") or not self.filter.empty
        if action in ("next_difference", "read"):
            return bool(len(self.query_one(Panes).lines))
        return True

    async def action_preview(self, what: str) -> None:
        """Preview a plan for these directions."""
        from mailsync_tui.engine.model import Options
        from mailsync_tui.ui.screens.preview import PreviewScreen

        options = Options(DIRECTIONS[what])
        try:
            plan = await self.mailsync.engine(lambda: self.mailsync.viewing.plan(options))
        except UserError as error:
            self.notify(safe_text(str(error)), severity="error", markup=False)
            return
        self.app.push_screen(PreviewScreen(plan))

    async def action_read(self) -> None:
        """Read the message under the cursor."""
        from mailsync_tui.ui.screens.reader import ReaderScreen

        row = self.query_one(Panes).row
        if row is not None:
            self.app.push_screen(ReaderScreen(row.key, row.subject))

    def action_held(self) -> None:
        """Show what is held."""
        from mailsync_tui.ui.screens.held import HeldScreen

        self.app.push_screen(HeldScreen())

    def action_history(self) -> None:
        """Show earlier runs; the one that did not end first."""
        from mailsync_tui.ui.screens.history import HistoryScreen

        found = self._unfinished
        self.app.push_screen(HistoryScreen(found.run if found is not None else None))

    def action_leave(self) -> None:
        """Leave the app."""
        self.app.exit()

    def action_next_difference(self) -> None:
        """Go to the next difference."""
        if not self.query_one(Panes).go_to_difference(1):
            self.notify("no difference below", markup=False)

    def action_previous_difference(self) -> None:
        """Go to the previous difference."""
        if not self.query_one(Panes).go_to_difference(-1):
            self.notify("no difference above", markup=False)

    def action_other_pane(self, step: int = 1) -> None:
        """Go to the next mailbox."""
        panes = self.query_one(Panes)
        count = len(panes.comparison.mailboxes)
        panes.focused_mailbox = (panes.focused_mailbox + step) % count
        self.query_one(Heads).refresh()
        self._show_notice()

    def action_previous_pane(self) -> None:
        """Go to the previous mailbox."""
        self.action_other_pane(-1)

    async def action_order(self) -> None:
        """Sort by the next order."""
        names = list(ORDERS)
        self.order = names[(names.index(self.order) + 1) % len(names)]
        await self._again()

    def action_filter(self) -> None:
        """Type a filter."""
        self.add_class("filtering")
        self.query_one(Input).focus()

    async def action_clear(self) -> None:
        """End the filter."""
        self.remove_class("filtering")
        self.query_one(Input).value = ""
        self.query_one(Panes).focus()

    @on(Input.Changed, "#filter")
    @work(exclusive=True, group="filter")
    async def _typed(self, event: Input.Changed) -> None:
        await asyncio.sleep(_TYPING_SECONDS)  # the next letter ends this worker
        chosen = parse(event.value)
        if chosen != self.filter:
            self.filter = chosen
            await self._again()

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        self.remove_class("filtering")
        self.query_one(Panes).focus()
