"""What the engine reports while it works: plain values, sent from its thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailsync_tui.engine.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ListingProgress:
    """A mailbox is being listed; some four times a second at most, and not if it is soon done."""

    mailbox: str
    listed: int
    total: int | None
    """``None``: not known beforehand."""


@dataclass(frozen=True, slots=True)
class ReadingProgress:
    """The headers of a mailbox's new messages are being read; as often as for a listing."""

    mailbox: str
    read: int
    total: int | None


@dataclass(frozen=True, slots=True)
class ListingDone:
    """A mailbox was listed, or could not be."""

    mailbox: str
    messages: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Applying:
    """The applying of so many lines begins."""

    lines: int


@dataclass(frozen=True, slots=True)
class LineDone:
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
