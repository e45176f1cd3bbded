"""The app itself: holds one person's session and its threads, opens screens, ends safely."""

from __future__ import annotations

import asyncio
import gc
import threading
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from mailsync_tui.engine.events import Applying, Event, LineDone
from mailsync_tui.session.newest import newest
from mailsync_tui.ui.actions import ACTIONS, Where
from mailsync_tui.ui.rows.progress import ApplyProgress
from mailsync_tui.ui.screens.comparison import ComparisonScreen

if TYPE_CHECKING:
    from mailsync_tui.config.model import UserConfig
    from mailsync_tui.engine.comparison import Comparison
    from mailsync_tui.session.session import Session
    from mailsync_tui.session.viewer import Look, Viewer

T = TypeVar("T")

FAULT = 1
"""The exit code after a fault of the app itself."""
INTERRUPTED = 130
"""The exit code after a run that was cut short."""

_SORRY = (
    "mailsync-tui has met a fault of its own ({kind}) and ended. What was done is in the history; "
    "nothing else was changed. Please report it; --log-file FILE writes down where it happened."
)


@dataclass
class Heard(Message):
    """The engine told something while it lists."""

    event: Event


class MailsyncApp(App[int]):
    """Shows one person's mailboxes; its exit code is that of the last run."""

    TITLE = "mailsync-tui"
    ENABLE_COMMAND_PALETTE = True
    CSS_PATH = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "interrupt", "end", show=False, priority=True),
    ]

    def __init__(
        self,
        open_session: Callable[[Callable[[Event], None]], Session],
        log_line: Callable[[str], None] = lambda _: None,
        *,
        known: tuple[UserConfig, Path] | None = None,
    ) -> None:
        """Prepare; nothing is contacted.

        Args:
            open_session: Makes the session, given what is to hear its events.
            log_line: Writes to the log, from any thread.
            known: The session's configuration and ledger, if they are known without it: then it is
                made only after the newest of the ledger was shown.
        """
        super().__init__()
        self._log_line = log_line
        self.animation_level = "none"
        self._open_session = open_session
        self._opening = threading.Lock()
        self._viewing: Viewer | None = None
        if known is None:
            known = self.session.config, self.session.ledger_path
        self._known = known
        self._sparing = not gc.isenabled()  # the process is this app's
        self.progress: ApplyProgress | None = None
        self.applying = False
        self.ending = False
        self._cut_short = False
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")

    @property
    def this_year(self) -> int:
        """Dates of this year are shown without it."""
        return self.session.clock().astimezone().year

    @property
    def viewing(self) -> Viewer:
        """What is done with the session, which is made when this is first asked for."""
        with self._opening:
            if self._viewing is None:
                from mailsync_tui.session.viewer import Viewer

                self._viewing = Viewer(self._open_session(self.hear))
            return self._viewing

    @property
    def session(self) -> Session:
        """One person's mailboxes and ledger."""
        return self.viewing.session

    async def newest(self, limit: int) -> Comparison:
        """The newest messages that the ledger knows.

        Raises:
            LedgerError: it cannot be used.
        """
        return await self.aside(partial(newest, *self._known, limit))

    async def look(self, meanwhile: Callable[[Comparison], None]) -> Look:
        """List all mailboxes, and compare them; see :meth:`Viewer.look`.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        if self._sparing:
            gc.disable()
        try:
            return await self.engine(lambda: self.viewing.look(meanwhile))
        finally:
            self.collect_garbage()

    def collect_garbage(self) -> None:
        """From now on, but never among what is there already.

        All that a comparison holds stays for long, and has no cycles: going through it at each
        collection would hold up the loop.
        """
        if self._sparing:
            gc.freeze()
            gc.enable()

    # --- the engine, on threads of its own

    def hear(self, event: Event) -> None:
        """What the engine tells, from its threads."""
        if isinstance(event, (Applying, LineDone)):
            if self.progress is not None:
                self.progress.take(event)
            return
        self.post_message(Heard(event))

    async def engine(self, work: Callable[[], T]) -> T:
        """Run a call of :class:`Viewer` on the engine's thread; one at a time.

        Raises:
            Whatever the call raises.
            CancelledError: the app has ended meanwhile.
        """
        return await self._on(self._engine, work)

    async def aside(self, work: Callable[[], T]) -> T:
        """Run something that has nothing to do with the engine: sorting, reading a message.

        Raises:
            As :meth:`engine`.
        """
        return await self._on(self._reader, work)

    async def _on(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            return await asyncio.wrap_future(threads.submit(work))
        finally:
            if not self.is_running:  # nothing is left on the screens of what the caller would show
                raise asyncio.CancelledError

    async def on_heard(self, message: Heard) -> None:
        """Every screen that wants to know is told."""
        for screen in self.screen_stack:
            hears = getattr(screen, "on_engine_event", None)
            if hears is not None:
                hears(message.event)

    def close_threads(self) -> None:
        """Wait until what runs on the app's threads has come to its end; nothing else is begun."""
        for threads in (self._engine, self._reader):
            threads.shutdown(wait=True, cancel_futures=True)

    # --- beginning and ending

    def on_mount(self) -> None:
        """Show the mailboxes."""
        self._own_loop = asyncio.get_running_loop()
        self.push_screen(ComparisonScreen(self._known[0]))

    def heed_signal(self) -> None:
        """End soon; to be called at any moment, by a handler of signals or on any thread."""
        loop = self._own_loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(self.action_interrupt)

    def action_interrupt(self) -> None:
        """End: after the current message, if a run is applying."""
        self.ending = True
        self.session.stop()
        if not self.applying:
            self.exit()

    def ended(self) -> bool:
        """Told by the screen whose run has ended: whether the app is to end with it."""
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
        return FAULT if self._exception is not None else 0

    def _handle_exception(self, error: Exception) -> None:
        """A fault of this program: one sentence, and the place of it in the log.

        Textual itself would print a traceback with all variables, passwords among them.
        """
        self._return_code = FAULT
        if self._exception is None:  # run_test raises it again
            self._exception = error
            self._exception_event.set()
            self._log_line("".join(traceback.format_tb(error.__traceback__)))
            self._exit_renderables.append(Text(_SORRY.format(kind=type(error).__name__)))
        self._close_messages_no_wait()

    def action_help(self, where: Where) -> None:
        """Show the keys of a screen, and what the signs mean."""
        from mailsync_tui.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(where))

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
                    yield SystemCommand(action.label.capitalize(), action.help, run)
        for command in super().get_system_commands(screen):
            if command.title in ("Theme", "Maximize", "Minimize"):
                yield command
