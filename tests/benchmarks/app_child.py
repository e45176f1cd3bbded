"""The measured process: the program as it is, but for its mailboxes and a watch on its loop.

``python -m tests.benchmarks.app_child CONFIG MESSAGES WATCHED``
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from mailsync_tui import cli
from mailsync_tui.ui import run
from mailsync_tui.ui.app import MailsyncApp

if TYPE_CHECKING:
    from mailsync_tui.engine.comparison import Comparison
    from mailsync_tui.engine.events import Event
    from mailsync_tui.session.person import Person
    from mailsync_tui.session.session import Session
    from mailsync_tui.session.viewer import Look

BEAT = 0.002
"""Seconds between two beats of the loop."""
WORTH = 0.008
"""A beat that is later than this is written down."""


class Watched(MailsyncApp):
    """Notes when its event loop is late, and when it has looked."""

    BINDINGS = [("f11", "apply_all")]  # noqa: RUF012
    watched: Path
    messages: int

    def __init__(
        self,
        open_session: object,
        log_line: Callable[[str], None],
        *,
        person: Person,
    ) -> None:
        """Take other mailboxes than the session would open."""
        del open_session

        def over_memory(emit: Callable[[Event], None]) -> Session:
            from mailsync_tui.session.session import Session
            from tests.benchmarks.big import mailboxes

            boxes = mailboxes(self.messages)
            return Session(person.config, person.directory, emit=emit, mailboxes=boxes)

        super().__init__(over_memory, log_line, person=person)
        look = self.background.look

        async def noted(meanwhile: Callable[[Comparison], None]) -> Look:
            try:
                return await look(meanwhile)
            finally:
                self.note("looked")

        self.background.look = noted  # type: ignore[method-assign]

    def on_mount(self) -> None:
        """Begin to watch. Textual calls the handler of the base class by itself."""
        self.notes: list[tuple[str, float, float]] = []
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(BEAT)
            now = time.monotonic()
            if now - last - BEAT > WORTH:
                self.notes.append(("late", last, now - last - BEAT))
            last = now

    def note(self, what: str) -> None:
        """Write something down, for the other process to read at once."""
        self.notes.append((what, time.monotonic(), 0.0))
        self.watched.write_text(json.dumps(self.notes))

    async def action_apply_all(self) -> None:
        """Apply all that there is to do, and look again."""
        self.run_worker(self._apply_all())

    async def _apply_all(self) -> None:
        from mailsync_tui.engine.model import Options

        self.note("sync begins")
        engine, viewer = self.background.engine, self.background.viewer
        plan = await engine(lambda: viewer.plan(Options()))
        result = await engine(lambda: viewer.apply(plan, frozenset()))
        self.note(f"applied {sum(line.outcome == 'done' for line in result.lines)}")


def main() -> None:
    """Run the program as the command line would."""
    config, messages, watched = sys.argv[1:]
    Watched.watched = Path(watched)
    Watched.messages = int(messages)
    sys.argv = ["mailsync-tui", "--config", config]
    with patch.object(run, "MailsyncApp", Watched):
        cli.main()


if __name__ == "__main__":
    main()
