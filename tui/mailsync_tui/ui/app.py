"""The app itself: the one place that knows the screens and opens them; it ends safely."""

from __future__ import annotations

import asyncio
import os
import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from mailsync_tui.engine.events import Event
from mailsync_tui.errors import FAILED, INTERRUPTED, OK
from mailsync_tui.ui.actions import ACTIONS, Where, shown_key
from mailsync_tui.ui.background import Background
from mailsync_tui.ui.preferences import keep, preferences
from mailsync_tui.ui.screens.base import MailsyncScreen
from mailsync_tui.ui.screens.comparison import ComparisonScreen

if TYPE_CHECKING:
    from mailsync_tui.engine.comparison import Comparison, Key
    from mailsync_tui.engine.model import Plan
    from mailsync_tui.engine.outcome import PastRun
    from mailsync_tui.report.page import Page
    from mailsync_tui.session.person import Person
    from mailsync_tui.session.session import Session
    from mailsync_tui.ui.rows.progress import Counted

_SORRY = (
    "mailsync-tui has met a fault of its own ({kind}) and ended. What was done is in the history; "
    "nothing else was changed. Please report it; --log-file FILE writes down where it happened."
)


@dataclass
class EngineEvent(Message):
    """Something happened while the engine lists."""

    event: Event


class MailsyncApp(App[int]):
    """Shows one person's mailboxes; its exit code is that of the last run."""

    TITLE = "mailsync-tui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {lambda: Actions}
    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "interrupt", "end", show=False, priority=True),
    ]

    def __init__(
        self,
        open_session: Callable[[Callable[[Event], None]], Session],
        log_line: Callable[[str], None] = lambda _: None,
        *,
        person: Person | None = None,
    ) -> None:
        """Prepare; nothing is contacted.

        Args:
            open_session: Makes the session, given what takes its events.
            log_line: Writes to the log, from any thread.
            person: Whose session it is, if that is known before: then it is made only after the
                newest of the ledger was shown.
        """
        super().__init__()
        self.animation_level = "none"
        self._log_line = log_line
        self.background = Background(
            open_session,
            lambda event: self.post_message(EngineEvent(event)),
            lambda: self.is_running,
            person,
        )
        self.ending = False
        self._cut_short = False
        self._own_loop: asyncio.AbstractEventLoop | None = None

    def on_mount(self) -> None:
        """Show the mailboxes."""
        self._own_loop = asyncio.get_running_loop()
        directory = self.background.person.directory
        theme = preferences(directory).get("theme")
        if theme in self.available_themes and "TEXTUAL_THEME" not in os.environ:
            self.theme = str(theme)
        self.theme_changed_signal.subscribe(self, lambda theme: keep(directory, theme=theme.name))
        self._comparison = ComparisonScreen(self)
        self.push_screen(self._comparison)

    def on_engine_event(self, message: EngineEvent) -> None:
        """Screens below the top one follow it, too."""
        for screen in self.screen_stack:
            if isinstance(screen, MailsyncScreen):
                screen.show_event(message.event)

    # --- opening screens; all but the first are loaded after the newest mail is shown

    def open_preview(self, plan: Plan) -> None:
        """Preview a plan."""
        from mailsync_tui.ui.screens.preview import PreviewScreen

        self.push_screen(PreviewScreen(self, plan))

    def open_run(
        self, lines: Sequence[Counted], run: Callable[[], Page], title: str = "Applying"
    ) -> None:
        """Apply a plan or an undo, show how far it is, then what became of it."""
        from mailsync_tui.ui.screens.applying import ApplyingScreen

        self.push_screen(ApplyingScreen(self, lines, run, title))

    def open_reader(
        self, key: Key | None, subject: str, kept: tuple[str, Callable[[], bytes]] | None = None
    ) -> None:
        """Read a message."""
        from mailsync_tui.ui.screens.reader import ReaderScreen

        self.push_screen(ReaderScreen(self, key, subject, kept))

    def open_held(self) -> None:
        """Show what is held."""
        from mailsync_tui.ui.screens.held import HeldScreen

        self.push_screen(HeldScreen(self))

    def open_history(self, first: PastRun | None = None) -> None:
        """Show earlier runs; one of them may be opened at once, above the others."""
        from mailsync_tui.ui.screens.history import HistoryScreen

        self.push_screen(HistoryScreen(self, first))

    def action_help(self, where: Where) -> None:
        """Show the keys of a screen, and what the signs mean."""
        from mailsync_tui.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self, where))

    async def show_comparison(self, comparison: Comparison) -> None:
        """Show what was seen now below all other screens; what was seen before is let go."""
        await self._comparison.show_comparison(comparison)

    def return_to_comparison(self) -> None:
        """Close all other screens, and list the mailboxes again: they are others now."""
        while self.screen is not self._comparison:
            self.pop_screen()
        self._comparison.action_look_again()

    # --- ending

    def interrupt_soon(self) -> None:
        """Interrupt; to be called at any moment, by a handler of signals or on any thread."""
        if self._own_loop is not None:
            with suppress(RuntimeError):  # the loop has been closed
                self._own_loop.call_soon_threadsafe(self.action_interrupt)

    def action_interrupt(self) -> None:
        """End: after the current message, if a run is applying."""
        self.ending = True
        self.background.session.stop()
        if self.background.progress is None:
            self.exit()

    def run_ended(self) -> bool:
        """Called when a run has come to its end: whether the app ends with it."""
        if self.ending:
            self._cut_short = True
            self.exit()
        return self.ending

    @property
    def code(self) -> int:
        """The exit code.

        What happens while the app ends (another signal, a fault) is no part of it: a run that was
        cut short stays one.
        """
        if self._cut_short:
            return INTERRUPTED
        return FAILED if self._exception is not None else OK

    def _handle_exception(self, error: Exception) -> None:
        """A fault of this program: one sentence, and the place of it in the log.

        Textual itself would print a traceback with all variables, passwords among them.
        """
        self._return_code = FAILED
        if self._exception is None:  # run_test raises it again
            self._exception = error
            self._exception_event.set()
            self._log_line("".join(traceback.format_tb(error.__traceback__)))
            self._exit_renderables.append(Text(_SORRY.format(kind=type(error).__name__)))
        self._close_messages_no_wait()

    # --- the palette

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: what this screen can do now, then what Textual offers itself."""
        now = {
            (binding.action, binding.description): node
            for node, binding, enabled, _ in screen.active_bindings.values()
            if enabled
        }
        for action in ACTIONS:
            if action.moves or action.name == "app.command_palette":
                continue
            for call in dict.fromkeys(action.call(where) for where in action.where):
                node = now.get((call, action.label))
                if node is not None:
                    run = partial(self.run_action, call, node)
                    title = f"{re.split('[:;,.]', action.help)[0]} ({shown_key(action.keys[0])})"
                    yield SystemCommand(title, f"{action.label}: {action.help}", run)
        yield from (x for x in super().get_system_commands(screen) if x.title == "Theme")


class Actions(Provider):
    """The palette finds an action by the words of its title, and by any of its explanation."""

    async def discover(self) -> Hits:
        """All of them."""
        for title, meaning, run, _ in self.app.get_system_commands(self.screen):
            yield DiscoveryHit(Content(title), run, title, meaning)

    async def search(self, query: str) -> Hits:
        """Those that fit."""
        matcher = self.matcher(query)
        for title, meaning, run, _ in self.app.get_system_commands(self.screen):
            score = matcher.match(title) or 0.1 * (query.casefold() in meaning.casefold())
            if score:
                yield Hit(score, Content(title), run, title, meaning)
