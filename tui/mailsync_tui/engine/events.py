"""What the engine tells whoever listens while it works; plain values, sent from its thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["done", "skipped", "failed", "vanished"]


@dataclass(frozen=True, slots=True)
class Listed:
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


Event = Listed | Applying | LineDone
Emit = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Listen to nothing."""
