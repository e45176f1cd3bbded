"""What the engine reports while it works: plain values, sent from its thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mailsync_tui.engine.outcome import Outcome


class ListingProgress(NamedTuple):
    """A mailbox is being listed; some four times a second at most, and not if it is soon done."""

    mailbox: str
    listed: int
    total: int | None
    """``None``: not known beforehand."""


class ReadingProgress(NamedTuple):
    """The headers of a mailbox's new messages are being read; as often as for a listing."""

    mailbox: str
    read: int
    total: int | None


class ListingDone(NamedTuple):
    """A mailbox was listed, or could not be."""

    mailbox: str
    messages: int | None
    error: str | None


class Applying(NamedTuple):
    """The applying of so many lines begins."""

    lines: int


class LineDone(NamedTuple):
    """One line came to its end."""

    line: str
    kind: str
    account: str
    outcome: Outcome
    reason: str


Event = ListingProgress | ListingDone | ReadingProgress | Applying | LineDone
Emit = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Listen to nothing."""
