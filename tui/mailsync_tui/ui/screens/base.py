"""What the screens share: the app as they see it, notices, and a filter below a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from textual import on
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.columns import Part, below
from mailsync_tui.ui.rows.filters import Filter, parse
from mailsync_tui.ui.widgets.line_view import LineView

if TYPE_CHECKING:
    from mailsync_tui.engine.comparison import Comparison, Key
    from mailsync_tui.engine.events import Event
    from mailsync_tui.engine.model import Plan
    from mailsync_tui.engine.outcome import PastRun
    from mailsync_tui.report.page import Page
    from mailsync_tui.ui.background import Background
    from mailsync_tui.ui.rows.progress import Counted


_SAID_SECONDS = 8


class Mailsync(Protocol):
    """The app as its screens see it: its threads, and the way to other screens.

    No screen imports another one; the app alone knows them all.
    """

    background: Background
    ending: bool
    """Whether the app ends as soon as the current message is finished."""

    def open_preview(self, plan: Plan) -> None:
        """Preview a plan, made from the last look."""

    def open_run(
        self, lines: Sequence[Counted], run: Callable[[], Page], title: str = "Applying"
    ) -> None:
        """Apply a plan or an undo, show how far it is, then what became of it.

        Args:
            lines: What is to be done.
            run: Does it, on the engine's thread, and says what became of it.
            title: What it is called meanwhile.
        """

    def open_reader(
        self, key: Key | None, subject: str, kept: tuple[str, Callable[[], bytes]] | None = None
    ) -> None:
        """Read a message.

        Args:
            key: Which message; ``None`` if only a copy was kept of it.
            subject: Shown until it is there.
            kept: What holds a copy that is read where no mailbox can give it, and what gives its
                bytes; called on a thread, it may raise :class:`UserError`.
        """

    def open_held(self) -> None:
        """Show what is held."""

    def open_history(self, first: PastRun | None = None) -> None:
        """Show earlier runs; one of them may be opened at once, above the others."""

    async def show_comparison(self, comparison: Comparison) -> None:
        """Show what was seen now below all other screens; what was seen before is let go."""

    def return_to_comparison(self) -> None:
        """Close all other screens, and list the mailboxes again: they are others now."""

    def run_ended(self) -> bool:
        """Called when a run has come to its end: whether the app ends with it."""


class MailsyncScreen(Screen[None]):
    """A screen of the app, with a title and what its widgets have in common."""

    def __init__(self, mailsync: Mailsync) -> None:
        """Show nothing yet.

        Args:
            mailsync: The app.
        """
        super().__init__()
        self.mailsync = mailsync

    @property
    def background(self) -> Background:
        """The session, and the threads on which it is used."""
        return self.mailsync.background

    def show_event(self, event: Event) -> None:
        """Show how far a listing is, where a screen waits for it."""

    def write(self, selector: str, text: Content | str, *, layout: bool = True) -> None:
        """Write a part of the screen anew; a string is plain text.

        Args:
            selector: The part, a :class:`Static` without markup.
            text: What it is to show; foreign text in it has passed the sanitiser.
            layout: Whether the part may take another height for it.
        """
        self.query_one(selector, Static).update(text, layout=layout)

    def write_detail(self, sentence: Part, *others: Part, rows: int = 3) -> None:
        """Tell of the line under the cursor.

        Args:
            sentence: What will happen or happened; see :func:`below`.
            others: Which message, and what else there is to know.
            rows: How high that part of the screen may be.
        """
        parts = below(sentence, others, self.size.width - 2, rows)
        lines = [Content.styled(f" {text}", style) for text, style in parts]
        self.write("#detail", Content("\n").join(lines))

    def say(self, text: str, style: str = "$text-accent") -> None:
        """Say something in the line of the sums for a while; foreign text may stand in it."""
        self.write("#summary", Content.styled(f" {safe_text(text)}", style), layout=False)
        self.set_timer(_SAID_SECONDS, self.show_summary)

    def show_summary(self) -> None:
        """Write the line of the sums."""

    def action_back(self) -> None:
        """Go back to the screen before."""
        self.dismiss()


class FilterLine(Input):
    """Where a filter is typed; unseen until then."""

    def __init__(self, hint: str) -> None:
        """Take no text yet.

        Args:
            hint: What can be typed; our own text.
        """
        super().__init__(id="filter", placeholder=hint)


class FilteredScreen(MailsyncScreen):
    """A screen with one list and a :class:`FilterLine`."""

    filter = Filter()

    async def show_filtered(self) -> None:
        """Show only the lines that :attr:`filter` admits."""
        raise NotImplementedError

    @property
    def filtering(self) -> bool:
        """Whether there is a filter, or one is being typed."""
        return self.has_class("filtering") or not self.filter.empty

    def action_filter(self) -> None:
        """Type a filter."""
        self.add_class("filtering")
        self.query_one(FilterLine).focus()

    def end_filter(self) -> None:
        """Show all lines again."""
        self.query_one(FilterLine).value = ""
        self._entered()

    def action_back(self) -> None:
        """End the filter; without one, go back to the screen before."""
        if self.filtering:
            self.end_filter()
        else:
            self.dismiss()

    @on(Input.Changed, "#filter")
    async def _typed(self, event: Input.Changed) -> None:
        chosen = parse(event.value)
        if chosen != self.filter:
            self.filter = chosen
            self.query_one(LineView).nothing = chosen.nothing
            await self.show_filtered()

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        self.remove_class("filtering")
        self.query_one(LineView).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a filter is typed, letters are text; only what ends it works."""
        del parameters
        typing = self.has_class("filtering") and isinstance(self.focused, FilterLine)
        return not typing or action == "back"
