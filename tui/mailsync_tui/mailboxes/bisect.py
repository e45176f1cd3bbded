"""Reading many messages where one may break the connection whenever it is asked for.

Some messages crash a server, or make it say what is no answer. Such a message is found by halving
what is asked for, and left out; all others come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mailsync_tui.mailboxes.base import (
    ConnectionLost,
    Head,
    Location,
    MailboxDown,
    MailboxError,
    Raw,
)

Read = TypeVar("Read", Head, Raw)

MOST_LOSSES = 32
"""Connections that may be lost in one reading, even if each brought something."""


def read_bisecting(
    read: Callable[[Sequence[Location]], Iterator[Read]], wanted: Sequence[Location]
) -> Iterator[Read]:
    """Read messages in the order given, with one that breaks the connection bisected out.

    Args:
        read: A mailbox's ``heads`` or ``fetch``.
        wanted: The messages.

    Raises:
        MailboxDown: the mailbox cannot be used: it is not reached, or the connection is lost again
            and again whatever is asked for.
        MailboxError: after all others, the first message that cannot be read.
    """
    parts = [list(wanted)]
    failure: MailboxError | None = None
    losses = fruitless = 0
    while parts:
        part = parts.pop()
        left = dict.fromkeys(part)
        try:
            for item in read(part):
                left.pop(item.location, None)
                fruitless = 0
                yield item
        except ConnectionLost as error:
            losses += 1
            fruitless += 1
            if losses > MOST_LOSSES or fruitless > len(wanted).bit_length() + 1:
                raise
            rest = list(left)
            if len(part) > 1:
                middle = len(rest) // 2
                parts += [half for half in (rest[middle:], rest[:middle]) if half]
                continue
            failure = failure or MailboxError(f"{error} when it was asked for this message")
        except MailboxError as error:
            if isinstance(error, MailboxDown):
                raise
            failure = failure or error
    if failure is not None:
        raise failure
