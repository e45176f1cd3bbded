"""What the steps of applying a plan share: the run, its results, and small steps on the ledger."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.events import Applying, Emit, LineDone
from mailsync_tui.engine.model import Line, Options, Place
from mailsync_tui.engine.outcome import LineResult, Outcome
from mailsync_tui.ledger.quarantine import Quarantine
from mailsync_tui.ledger.rows import CopyRow, Intent, MessageRow
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import (
    Cancelled,
    ConnectionLost,
    Location,
    Mailbox,
    MailboxDown,
    MailboxError,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

BATCH_MESSAGES = 200
BATCH_BYTES = 8 * 1024 * 1024
"""A batch is closed when it has reached either; a larger message is a batch of its own."""

_MOST_LOSSES = 3
"""Connections lost one after the other in storing: then it is no message's doing."""

L = TypeVar("L")
T = TypeVar("T")


class Submit(Protocol):
    """Runs a task on a mailbox's own thread."""

    def __call__(self, mailbox: str, task: Callable[[], T], /) -> Future[T]:
        """Begin it; tasks for one mailbox are done in turn."""


@dataclass(slots=True)
class Run:
    """One run that applies lines."""

    number: int
    config: UserConfig
    options: Options
    ledger: LedgerWriter
    quarantine: Quarantine
    mailboxes: Mapping[str, Mailbox]
    emit: Emit
    cancelled: Cancelled
    now: Callable[[], datetime]
    still_holds: Callable[[], frozenset[str] | None]
    """The lines whose reason a fresh listing confirms; ``None`` while the listing is fresh."""
    submit: Submit
    counted: Callable[[str], bool]
    """Whether a copy in that folder of the consolidated mailbox means that it is there."""
    results: dict[str, LineResult[Line]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Mailboxes that failed in this run, and how: they are not tried again."""
    losses: dict[str, int] = field(default_factory=dict)
    """Connections that were lost in storing since a store succeeded."""

    def mailbox(self, name: str) -> Mailbox:
        """A mailbox that has not failed in this run.

        Raises:
            MailboxError: it has; the text says how.
        """
        if name in self.broken:
            raise MailboxDown(self.broken[name])
        return self.mailboxes[name]

    def failed(self, name: str, error: MailboxError) -> None:
        """Note a failure: a mailbox that is down is not tried again, one broken message is."""
        if isinstance(error, MailboxDown):
            self.broken[name] = str(error)

    def lost(self, name: str, error: MailboxError) -> None:
        """Note that a store failed: a connection that was lost may be one message's doing."""
        self.losses[name] = self.losses.get(name, 0) + 1
        if not isinstance(error, ConnectionLost) or self.losses[name] >= _MOST_LOSSES:
            self.broken[name] = str(error)

    def begin(self, lines: Sequence[Line]) -> None:
        """Tell how much there is to do."""
        self.emit(Applying(len(lines)))

    def finish(self, line: Line, outcome: Outcome, reason: str = "") -> None:
        """Note what became of a line, and tell it."""
        self.results[line.id] = LineResult(line, outcome, reason)
        self.emit(LineDone(line.id, line.kind, line.account, outcome, reason))

    def journal(self, line: Line, outcome: Outcome, reason: str = "") -> None:
        """Note what became of a line for which no intent was written."""
        self.journal_all([line], outcome, reason)

    def journal_all(self, lines: Sequence[Line], outcome: Outcome, reason: str = "") -> None:
        """The same became of several lines: one transaction."""
        with self.ledger.transaction():
            intents = [intent(line, line.message, line.target) for line in lines]
            actions = self.ledger.intend(self.number, intents, self.now())
            self.ledger.outcomes(actions, outcome, reason)
        for line in lines:
            self.finish(line, outcome, reason)

    def needs_met(self, line: Line) -> bool:
        """Whether every line that this one needs was done; if not, it is skipped."""
        for need in line.needs:
            result = self.results.get(need)
            if result is None or result.outcome != "done":
                self.journal(line, "skipped", "the line it needs was not done")
                return False
        return True

    def row(self, place: Place) -> CopyRow | None:
        """The ledger's row of a copy."""
        return self.ledger.copy_at(place.mailbox, place.location)

    def there(self, message: MessageRow) -> list[CopyRow]:
        """The copies of a message that lie in the consolidated mailbox, as far as is known."""
        return [
            copy
            for copy in message.copies
            if copy.mailbox == CONSOLIDATED
            and copy.state == "live"
            and self.counted(copy.location.folder)
        ]

    def messages(self, ids: Iterable[int]) -> dict[int, MessageRow]:
        """The ledger's messages."""
        return self.ledger.messages(ids)


def intent(
    line: Line,
    message: int | None,
    place: Place,
    location: Location | None = None,
    quarantine: str | None = None,
    sent: str | None = None,
) -> Intent:
    """The journal's entry for a line, before it is done."""
    return Intent(
        line.id,
        line.kind,
        ",".join(line.accounts),
        message,
        line.message_id,
        line.subject,
        place.mailbox,
        *(location or place.location),
        quarantine,
        sent,
    )


def batches(lines: Iterable[Line], size: Callable[[Line], int]) -> Iterator[list[Line]]:
    """Split lines into batches by number and bytes."""
    batch: list[Line] = []
    total = 0
    for line in lines:
        batch.append(line)
        total += size(line)
        if len(batch) >= BATCH_MESSAGES or total >= BATCH_BYTES:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def ahead(run: Run, mailbox: str, items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Take each next item on a mailbox's own thread while the present one is worked on.

    Args:
        run: Lends the thread.
        mailbox: Whose thread; nobody else uses the mailbox meanwhile.
        items: A generator that uses it.
    """
    following = run.submit(mailbox, lambda: next(items, None))
    try:
        while (item := following.result()) is not None:
            following = run.submit(mailbox, lambda: next(items, None))
            yield item
    finally:
        # Whoever stops early waits for what is under way: the thread does one thing at a time.
        run.submit(mailbox, items.close).result()


def by(lines: Iterable[L], key: Callable[[L], T]) -> dict[T, list[L]]:
    """Group lines, keeping their order."""
    result: dict[T, list[L]] = {}
    for line in lines:
        result.setdefault(key(line), []).append(line)
    return result
