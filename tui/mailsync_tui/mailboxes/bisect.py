"""Dealing with many messages where one may break the connection whenever it is asked for.

Some messages crash a server, or make it say what is no answer, or nothing. Such a message is found
by asking for less, and left out; all others are dealt with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from mailsync_tui.mailboxes.base import (
    ConnectionLost,
    DeleteResult,
    Head,
    Hung,
    Location,
    MailboxDown,
    MailboxError,
    Raw,
)

Answer = TypeVar("Answer", Head, Raw, DeleteResult)

MOST_LOSSES = 32
"""Connections that may be lost in one call, even if each brought something."""


class SomeFailed(MailboxError):
    """Some messages could not be dealt with; all others were."""

    def __init__(self, failures: Mapping[Location, MailboxError]) -> None:
        super().__init__(str(next(iter(failures.values()))))
        self.failures = failures
        """Why, for each; what was merely not there any more may be among them."""


class GivenUp(ConnectionLost):
    """The connection was lost again and again, whatever was asked for."""

    def __init__(self, error: ConnectionLost, failures: Mapping[Location, MailboxError]) -> None:
        super().__init__(str(error))
        self.failures = failures
        """What it was lost at; all others were not tried alone."""


def bisecting(
    ask: Callable[[Sequence[Location]], Iterator[Answer]], wanted: Sequence[Location]
) -> Iterator[Answer]:
    """Deal with messages, with those that break the connection bisected out.

    Args:
        ask: A mailbox's ``heads`` or ``fetch``, or its ``delete`` by location; it connects anew
            where it has to. Only ``delete`` need not answer in the order given.
        wanted: The messages.

    Raises:
        MailboxDown: the mailbox cannot be used.
        GivenUp: the connection is lost again and again, whatever is asked for.
        SomeFailed: after all others, there are some that cannot be dealt with.
    """
    parts = [list(wanted)]
    failures: dict[Location, MailboxError] = {}
    losses = fruitless = 0
    suspect: Location | None = None
    cleared = False
    """The last suspect was not the one: the answers do not come in order."""
    while parts:
        part = parts.pop()
        left = dict.fromkeys(part)
        try:
            for item in ask(part):
                left.pop(item.location, None)
                fruitless = 0
                yield item
            cleared = cleared or part == [suspect]
        except ConnectionLost as error:
            losses += 1
            fruitless += 1
            rest = list(left)
            if losses > MOST_LOSSES or fruitless > len(wanted).bit_length() + 1:
                raise GivenUp(error, failures) from error
            if len(part) == 1 and rest:
                kind = Hung if isinstance(error, Hung) else MailboxError
                failures[rest[0]] = kind(f"{error} at this message")
                cleared = False
                continue
            middle = len(rest) // 2
            began = len(rest) < len(part) or isinstance(error, Hung)
            if rest and began and not cleared:  # most answer in order: it is the next one
                middle, suspect = 1, rest[0]
            parts += [some for some in (rest[middle:], rest[:middle]) if some]
        except MailboxError as error:
            if isinstance(error, MailboxDown):
                raise
            failures |= dict.fromkeys(left, error)
    if failures:
        raise SomeFailed(failures)
