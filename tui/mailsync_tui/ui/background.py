"""What the screens have done on other threads: the session and its engine, sorting, reading."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mailsync_tui.engine.events import Applying, Event, LineDone
from mailsync_tui.session.person import Person

if TYPE_CHECKING:
    from mailsync_tui.engine.comparison import Comparison
    from mailsync_tui.session.session import Session
    from mailsync_tui.session.viewer import Look, Viewer
    from mailsync_tui.ui.rows.progress import ApplyProgress

T = TypeVar("T")


class Background:
    """One person's session, and two threads: one for the engine, one for all else that blocks."""

    def __init__(
        self,
        open_session: Callable[[Callable[[Event], None]], Session],
        show_event: Callable[[Event], object],
        running: Callable[[], bool],
        person: Person | None,
    ) -> None:
        """Prepare; nothing is contacted.

        Args:
            open_session: Makes the session, given what takes its events.
            show_event: Called on the engine's threads with every event of a listing.
            running: Whether there still is something that shows what was awaited.
            person: Whose session it is, if that is known before: then it is made only when it is
                first asked for.
        """
        self._open_session = open_session
        self._show_event = show_event
        self._running = running
        self._opening = threading.Lock()
        self._viewer: Viewer | None = None
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._sparing = not gc.isenabled()  # the process is this app's
        self.progress: ApplyProgress | None = None
        """Counts the run that is being applied; ``None``: there is none."""
        self.person = person or Person(self.session.config, self.session.directory)

    @property
    def viewer(self) -> Viewer:
        """What is done with the session, which is made when this is first asked for."""
        with self._opening:
            if self._viewer is None:
                from mailsync_tui.session.viewer import Viewer  # the newest mail is shown before

                self._viewer = Viewer(self._open_session(self._take_event))
            return self._viewer

    @property
    def session(self) -> Session:
        """One person's mailboxes and ledger."""
        return self.viewer.session

    @property
    def now(self) -> datetime:
        """What time it is; recent dates are shown without their year."""
        return self.session.clock()

    def _take_event(self, event: Event) -> None:
        if not isinstance(event, (Applying, LineDone)):
            self._show_event(event)
        elif self.progress is not None:
            self.progress.take(event)

    # --- what can be awaited

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
        return await self._on(self._aside, work)

    async def _on(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            return await asyncio.wrap_future(threads.submit(work))
        finally:
            if not self._running():  # nothing is left on the screens of what would be shown
                raise asyncio.CancelledError

    async def newest(self, limit: int) -> Comparison:
        """The newest messages that the ledger knows.

        Raises:
            UserError: it cannot be used.
        """
        return await self.aside(partial(self.person.newest, limit))

    async def look(self, meanwhile: Callable[[Comparison], None]) -> Look:
        """List all mailboxes, and compare them; see :meth:`Viewer.look`.

        Raises:
            UserError: the ledger cannot be used.
        """
        if self._sparing:
            gc.disable()
        try:
            return await self.engine(lambda: self.viewer.look(meanwhile))
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

    # --- ending

    def close(self, patience: float) -> bool:
        """End all connections and threads; a server that hangs is not waited for.

        Args:
            patience: Seconds that politely closed connections may take.

        Returns:
            Whether everything has come to its end. If not, the interpreter's own end would wait for
            a thread that hangs (for a name server, for a password command): it must be left by
            force.
        """
        self.session.abort()

        def close() -> None:
            self.session.close()
            for threads in (self._engine, self._aside):
                threads.shutdown(wait=True, cancel_futures=True)

        closing = threading.Thread(target=close, name="closing", daemon=True)
        closing.start()
        closing.join(patience)
        return not closing.is_alive()
