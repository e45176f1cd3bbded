"""A run: what it may use, what became of its lines, and which mailboxes failed in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from mailsync_tui.config.model import CONSOLIDATED, Direction, UserConfig
from mailsync_tui.engine.events import Applying, Emit, LineDone
from mailsync_tui.engine.model import Line, Place
from mailsync_tui.engine.outcome import L, LineResult, Outcome, cut_short, weight
from mailsync_tui.engine.plan.moves import role_counts
from mailsync_tui.errors import EndNotRecorded, LedgerError
from mailsync_tui.ledger.quarantine import Quarantine
from mailsync_tui.ledger.reader import sqlite_errors
from mailsync_tui.ledger.rows import CopyRow, Intent, MessageRow
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import (
    Cancelled,
    ConnectionLost,
    Hung,
    Mailbox,
    MailboxDown,
    MailboxError,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mailsync_tui.engine.detect.observe import Observation

BATCH_MESSAGES = 200
BATCH_BYTES = 8 * 1024 * 1024
"""A batch is closed when it has reached either; a larger message is a batch of its own."""

NOT_TRIED = "not tried: {}"
"""Why a line failed with which nothing was begun; with what had happened to the mailbox."""

_MOST_LOSSES = 6
"""Connections lost one after the other in storing: three find a message in a batch of 200; when no
message was stored by twice as many, it is no message's doing."""

T = TypeVar("T")
K = TypeVar("K")


class Submit(Protocol):
    """Runs a task on a mailbox's own thread."""

    def __call__(self, mailbox: str, task: Callable[[], T], /) -> Future[T]:
        """Begin it; tasks for one mailbox are done in turn."""


@dataclass(slots=True)
class Run(Generic[L]):
    """One run that changes mailboxes: it applies lines of a plan, or puts back those of a run.

    The listing that it works from is recorded, and the ledger's lock is held. Each line has its
    result once it came to its end.
    """

    number: int
    """The ledger's, under which the journal has its actions."""
    directions: Sequence[Direction]
    """What it was asked for; none for an undo."""
    observation: Observation
    """The listing."""
    ledger: LedgerWriter
    quarantine: Quarantine
    mailboxes: Mapping[str, Mailbox]
    submit: Submit
    emit: Emit
    cancelled: Cancelled
    """Asked before each batch."""
    now: Callable[[], datetime]
    results: dict[str, LineResult[L]] = field(default_factory=dict)
    """By the id of the line."""
    broken: dict[str, str] = field(default_factory=dict)
    """Mailboxes that failed in this run, and how: they are not tried again."""
    losses: dict[str, int] = field(default_factory=dict)
    """Connections that were lost in storing since a store succeeded."""
    _copies: dict[str, list[tuple[Outcome, str]]] = field(default_factory=lambda: defaultdict(list))
    _expected: Counter[str] = field(default_factory=Counter)

    @property
    def config(self) -> UserConfig:
        """The person's configuration, with the names of folders as their mailboxes have them."""
        return self.observation.snapshot.config

    # --- mailboxes

    def mailbox(self, name: str) -> Mailbox:
        """A mailbox that has not failed in this run.

        Raises:
            MailboxError: it has; the text says how.
        """
        if name in self.broken:
            raise MailboxDown(self.broken[name])
        return self.mailboxes[name]

    def settle(self, name: str) -> None:
        """Wait until the mailbox's own thread has done what was begun on it.

        Then this thread may use the mailbox, until it begins something there again.
        """
        self.submit(name, lambda: None).result()

    def failed(self, name: str, error: MailboxError) -> None:
        """Note a failure: a mailbox that is down is not tried again, one broken message is."""
        if isinstance(error, MailboxDown):
            self.broken[name] = str(error)

    def lost(self, name: str, error: ConnectionLost) -> None:
        """Note that a connection was lost in storing, which may be one message's doing."""
        self.losses[name] = self.losses.get(name, 0) + 1
        if self.losses[name] >= _MOST_LOSSES:
            self.broken[name] = str(error)

    def hung(self, line: L, message: int | None, error: MailboxError) -> None:
        """Note that a server hung at a message, if it did: the next runs try it last, and rarer."""
        if isinstance(error, Hung) and isinstance(line, Line) and message is not None:
            with self.ledger.transaction():
                self.ledger.note_hang(message, line.kind, line.account, self.now(), str(error))

    # --- lines

    def begin(self, lines: Sequence[L]) -> None:
        """Report how much there is to do."""
        self.emit(Applying(len(lines)))

    def expect(self, lines: Iterable[L]) -> None:
        """Of several copies, each is to be reported: a line for each copy; else one ends it."""
        self._expected.update(line.id for line in lines)

    def report(self, line: L, outcome: Outcome, reason: str = "") -> None:
        """Note what became of a copy; with its last one a line has come to its end."""
        copies = self._copies[line.id]
        copies.append((outcome, reason))
        if len(copies) == (self._expected[line.id] or 1):
            self.finish(line, *min(copies, key=lambda copy: weight(*copy)))

    def finish(self, line: L, outcome: Outcome, reason: str = "") -> None:
        """A line has come to its end."""
        self.results[line.id] = LineResult(line, outcome, reason)
        self.emit(LineDone(line.id, line.kind, line.account, outcome, reason))

    # --- the ledger

    def write(self, intents: Sequence[Intent], outcome: Outcome, reason: str) -> None:
        """Write the same outcome of several intents, of which nothing was begun."""
        with self.ledger.transaction():
            actions = self.ledger.intend(self.number, intents, self.now())
            self.ledger.outcomes(actions, outcome, reason)

    def row(self, place: Place) -> CopyRow | None:
        """The ledger's row of a copy."""
        return self.ledger.read.copy_at(place.mailbox, place.location)

    def messages(self, ids: Iterable[int]) -> dict[int, MessageRow]:
        """The ledger's messages."""
        return self.ledger.read.messages(ids)

    def there(self, message: MessageRow) -> list[CopyRow]:
        """The copies of a message that lie in the consolidated mailbox, as far as is known."""
        return [
            copy
            for copy in message.copies
            if copy.mailbox == CONSOLIDATED
            and copy.state == "live"
            and self.counts(CONSOLIDATED, copy.location.folder)
        ]

    def counts(self, mailbox: str, folder: str) -> bool:
        """Whether mail in a folder is there: not in trash, in junk by ``junk_means``."""
        return role_counts(
            self.observation.listed[mailbox].role(folder), self.config.mailbox(mailbox)
        )


def carry_out(
    run: Run[L], lines: Sequence[L], work: Callable[[], None], exit_code: Callable[[], int]
) -> tuple[tuple[LineResult[L], ...], int]:
    """Do the work of a run, and end it on record.

    Args:
        run: The run.
        lines: What it is about, in the order of the results.
        work: Gives the run a result for each line that comes to its end.
        exit_code: Asked once the work is done.

    Returns:
        The results, and the exit code. Where the ledger fails in the middle, what has no result
        yet has failed: the next run looks what became of it.

    Raises:
        EndNotRecorded: the ledger failed after every line had its result.
    """
    try:
        with sqlite_errors():
            work()
            code = exit_code()
            with run.ledger.transaction():
                run.ledger.end_run(run.number, code, run.now())
    except LedgerError as error:
        left = [line for line in lines if line.id not in run.results]
        if not left:
            raise EndNotRecorded(
                f"every line was dealt with, but the end of the run is not on record: {error}"
            ) from error
        for line in left:
            run.finish(line, "failed", cut_short(error))
        code = exit_code()
    return tuple(run.results[line.id] for line in lines if line.id in run.results), code


def intent(
    line: Line, message: int | None, place: Place | None = None, quarantine: str | None = None
) -> Intent:
    """The journal's entry for a line of a plan, before it is done; at its target if not said."""
    where = place or line.target
    return Intent(
        line.id,
        line.kind,
        ",".join(line.accounts),
        message,
        line.message_id,
        line.subject,
        where.mailbox,
        *where.location,
        quarantine,
    )


def conclude(run: Run[Line], lines: Sequence[Line], outcome: Outcome, reason: str = "") -> None:
    """Write the same outcome of several lines for which no intent was written, and report it."""
    run.write([intent(line, line.message) for line in lines], outcome, reason)
    for line in lines:
        run.finish(line, outcome, reason)


def needs_met(run: Run[Line], line: Line) -> bool:
    """Whether every line that this one needs was done; if not, it is skipped."""
    for need in line.needs:
        result = run.results.get(need)
        if result is None or result.outcome != "done":
            conclude(run, [line], "skipped", "the line it needs was not done")
            return False
    return True


def batches(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Split into batches, by number and bytes; as they come."""
    batch: list[T] = []
    total = 0
    for item in items:
        batch.append(item)
        total += size(item)
        if len(batch) >= BATCH_MESSAGES or total >= BATCH_BYTES:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def ahead(
    run: Run[Line], mailbox: str, items: Generator[T, None, None]
) -> Generator[T, None, None]:
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


def by(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Group items, keeping their order."""
    result: dict[K, list[T]] = {}
    for item in items:
        result.setdefault(key(item), []).append(item)
    return result
