"""How the engine reaches mailboxes while it observes: never from its own thread.

A mailbox has one connection and one thread (:mod:`mailsync_tui.session.connections`); whoever talks
to it from another one may come between the commands of what is under way there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

T = TypeVar("T")


class Parallel(Protocol):
    """Runs one task per mailbox, each on that mailbox's own thread, and waits for all."""

    def __call__(self, tasks: Mapping[str, Callable[[], T]], /) -> dict[str, T]:
        """The answers, by the mailboxes' names; the tasks turn their errors into answers."""
