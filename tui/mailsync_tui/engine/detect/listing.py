"""Reaching mailboxes: one task a mailbox, on its own thread; how far it is, and how it ended.

A mailbox has one connection and one thread (:mod:`mailsync_tui.session.connections`); whoever talks
to it from another one may come between the commands of what is under way there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from mailsync_tui.engine.events import Emit, ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.mailboxes.base import Listing, Mailbox, MailboxError, Progress, Unchanged

T = TypeVar("T")

INTERVAL = 0.25
"""Seconds between two events about one mailbox, and before the first: what is soon done needs
none."""


class Parallel(Protocol):
    """Runs one task per mailbox, each on that mailbox's own thread, and waits for all."""

    def __call__(self, tasks: Mapping[str, Callable[[], T]], /) -> dict[str, T]:
        """The answers, by the mailboxes' names; the tasks turn their errors into answers."""


def list_one(
    name: str, mailbox: Mailbox, emit: Emit, *, new: bool = False, unless: str | None = None
) -> Listing | MailboxError | None:
    """List a mailbox; why it could not be listed is an answer too.

    Args:
        name: The mailbox's name.
        mailbox: The mailbox.
        emit: Gets :class:`~mailsync_tui.engine.events.ListingProgress` and ``ListingDone``.
        new: It is yet to be made: not looked at, and empty.
        unless: The version of an earlier listing; ``None`` is the answer if it is this one still.
    """
    try:
        progress = throttled(emit, ListingProgress, name)
        found = Listing((), complete=True) if new else mailbox.list(progress, unless)
    except Unchanged:
        return None
    except MailboxError as error:
        emit(ListingDone(name, None, str(error)))
        return error
    emit(ListingDone(name, found.messages, found.error))
    return found


def throttled(
    emit: Emit,
    event: type[ListingProgress | ReadingProgress],
    mailbox: str,
    clock: Callable[[], float] = time.monotonic,
) -> Progress:
    """What turns a mailbox's progress into events, for one thread: seen to move, and no more.

    Args:
        emit: Gets the events.
        event: What the mailbox is doing.
        mailbox: Its name.
        clock: Seconds that never go back.
    """
    last = clock()

    def progress(done: int, total: int | None) -> None:
        nonlocal last
        now = clock()
        if now - last >= INTERVAL:
            last = now
            emit(event(mailbox, done, total))

    return progress
