"""How often it is told how far a mailbox is: often enough to be seen to move, and no more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsync_tui.engine.events import Emit, ListingProgress, ReadingProgress
    from mailsync_tui.mailboxes.base import Progress

INTERVAL = 0.25
"""Seconds between two events about one mailbox, and before the first: what is soon done needs
none."""


def throttled(
    emit: Emit,
    event: type[ListingProgress | ReadingProgress],
    mailbox: str,
    clock: Callable[[], float] = time.monotonic,
) -> Progress:
    """What turns a mailbox's progress into events, for one thread.

    Args:
        emit: Told the events.
        event: What the mailbox is doing.
        mailbox: Its name.
        clock: Seconds that never go back.
    """
    told = clock()

    def progress(done: int, total: int | None) -> None:
        nonlocal told
        now = clock()
        if now - told >= INTERVAL:
            told = now
            emit(event(mailbox, done, total))

    return progress
