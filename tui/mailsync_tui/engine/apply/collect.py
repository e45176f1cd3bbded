"""Applying collect lines: fetch, compare with what is known, store, prove, record."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.apply.run import NOT_TRIED, Run, ahead, batches, by, conclude, intent
from mailsync_tui.engine.apply.store import Stored, Storing
from mailsync_tui.engine.model import Line
from mailsync_tui.ledger.rows import CopyRow, Intent, MessageRow, Placed
from mailsync_tui.mailboxes.base import Location, MailboxError, Raw, StoreResult
from mailsync_tui.mailboxes.bisect import GivenUp, SomeFailed, bisecting
from mailsync_tui.message import Identity, identity_of, summary_of_header

ALREADY_THERE = "it was in the consolidated mailbox already"
DELETED_BEFORE = "its bytes are those of a message that was deleted before: a late copy"
DECLINED_BEFORE = "its bytes are those of a message that was taken out of a plan before"
_DECLINED = ("declined", "collect")


class Arrived(NamedTuple):
    """A line with the bytes of its message, read from the account."""

    line: Line
    raw: Raw
    identity: Identity


class Fetched(NamedTuple):
    """A message that is to be stored."""

    line: Line
    copy: CopyRow
    message: int
    raw: Raw
    identity: Identity
    row: MessageRow | None
    """What the ledger had of the message; ``None`` for one that was made just now."""

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.raw.data

    @property
    def flags(self) -> frozenset[str]:
        """The flags it had on the account."""
        return self.raw.flags

    @property
    def date(self) -> datetime | None:
        """When it arrived there, or else when the author sent it."""
        if self.raw.date is not None:
            return self.raw.date
        if self.row is not None and self.row.identity is not None:
            return self.row.date  # the ledger has read that already
        return summary_of_header(self.raw.data).date


def collect(run: Run[Line], lines: Sequence[Line]) -> None:
    """Apply collect lines, account by account, in batches.

    A message that is refused, or that vanished, has its result; the rest goes on.

    Raises:
        LedgerError: the ledger cannot be written: nothing more is done.
    """
    groups = by(lines, lambda line: (line.account, line.target.location.folder))
    for (account, folder), group in groups.items():
        _collect(run, account, folder, group)


def _collect(run: Run[Line], account: str, folder: str, lines: Sequence[Line]) -> None:
    """One account's, into one folder: a batch is stored while the next one is looked at."""
    sent: deque[Storing[Fetched]] = deque()
    try:
        for batch in fetched(run, account, lines):
            while sent and _meet(sent[0].items, batch):
                sent.popleft().finish()
            new = _which(run, account, batch)
            sent.append(Storing(run, CONSOLIDATED, folder, new, _Collected(run)))
            if len(sent) > 1:
                sent.popleft().finish()
        while sent:
            sent.popleft().finish()
    finally:
        run.settle(CONSOLIDATED)  # nobody may look at the mailbox while it is still stored to


def _meet(stored: Sequence[Fetched], batch: Sequence[Arrived]) -> bool:
    """Whether one of a batch may be a message that is just being stored."""
    keys = {item.identity.key for item in stored}
    return any(arrived.identity.key in keys for arrived in batch)


def fetched(run: Run[Line], account: str, lines: Sequence[Line]) -> Iterator[list[Arrived]]:
    """Stream the bytes of lines' messages from one account, in batches.

    The next batch is fetched while the present one is worked on. Lines whose message vanished or
    could not be fetched get their result here.
    """
    if run.cancelled():
        return
    wanted = {line.copies[0].location: line for line in lines}
    failure: MailboxError | None = None
    with contextlib.closing(ahead(run, account, _batches(run, account, dict(wanted)))) as stream:
        try:
            for batch in stream:
                if run.cancelled():  # it was fetched ahead: nothing was begun with it
                    return
                for arrived in batch:
                    del wanted[arrived.raw.location]
                yield batch
        except MailboxError as error:
            run.failed(account, error)
            failure = error
    left = list(wanted.values())
    if failure is not None:
        each = failure.failures if isinstance(failure, SomeFailed | GivenUp) else {}
        given_up = isinstance(failure, GivenUp)
        rest = MailboxError(NOT_TRIED.format(failure)) if given_up else failure
        for at, line in wanted.items():
            why = each.get(at, rest)
            row = run.row(line.copies[0])
            run.hung(line, row.message if row else None, why)
            conclude(run, [line], "failed", str(why))
    elif left and not run.cancelled():
        conclude(run, left, "vanished", "it was gone before it was fetched")


def _batches(
    run: Run[Line], account: str, wanted: Mapping[Location, Line]
) -> Generator[list[Arrived], None, None]:
    """Fetch, and find out which message each is; on the account's thread.

    Raises:
        MailboxError: after a batch of those that came, the fetching failed.
    """
    failures: list[MailboxError] = []

    def arriving() -> Iterator[Arrived]:
        try:
            for raw in bisecting(run.mailbox(account).fetch, list(wanted)):
                yield Arrived(wanted[raw.location], raw, identity_of(raw.data))
                if run.cancelled():
                    return
        except MailboxError as error:
            failures.append(error)

    yield from batches(arriving(), lambda arrived: len(arrived.raw.data))
    for failure in failures:
        raise failure


def _which(run: Run[Line], account: str, batch: Sequence[Arrived]) -> list[Fetched]:
    """Which message each is, now that its bytes are there; what is no collect gets its result."""
    rows = run.ledger.read.copies_at(account, [arrived.raw.location for arrived in batch])
    lost = [arrived.line for arrived in batch if arrived.raw.location not in rows]
    if lost:
        conclude(run, lost, "skipped", "the ledger has no such copy")
    return by_bytes(run, [(a, row) for a in batch if (row := rows.get(a.raw.location))])


def by_bytes(run: Run[Line], batch: Sequence[tuple[Arrived, CopyRow]]) -> list[Fetched]:
    """The copies whose bytes are a message that has to be stored, each message once.

    A copy whose bytes are another message than its headers made believe gets a message of its own;
    one whose bytes are known already joins that message, and its line is done.
    """
    messages = run.messages({row.message for _, row in batch})
    alike = run.ledger.read.candidates({arrived.identity.key for arrived, _ in batch})
    seen: dict[tuple[bytes, str | None], int] = {}
    result = []
    for (line, raw, identity), row in batch:
        message = messages[row.message]
        number = message.id
        differs = bool(message.digests) and identity.digest not in message.digests
        others = [n for n in alike[identity.key] if n != number]
        candidates = run.messages([number, *others]) if others or differs else {}
        equal = _same_bytes(run, identity, [m for n, m in candidates.items() if n != number])
        if (identity.key, identity.digest) in seen:
            _later(run, line, row, seen[identity.key, identity.digest])
            continue
        if equal is not None and (equal.known or run.there(equal)):
            _join(run, line, row, equal, DELETED_BEFORE)
            continue
        if equal is not None and any((h.rule, h.kind) == _DECLINED for h in equal.holds):
            _join(run, line, row, equal, DECLINED_BEFORE)
            continue
        if identity.digest in message.digests and any(c.adopted for c in run.there(message)):
            # Another account's copy was stored in this run.
            _join(run, line, row, message, DELETED_BEFORE)
            continue
        try:
            own = _own_copy(run, identity, candidates.values())
        except MailboxError as error:  # it may be there already: better none than two
            run.failed(CONSOLIDATED, error)
            conclude(run, [line], "failed", str(error))
            continue
        if own is not None:
            number = _adopt_own(run, line, row, *own, identity, raw)
            seen[identity.key, identity.digest] = number
            continue
        if differs:
            number = equal.id if equal is not None else split_off(run, row, identity, raw)
        seen[identity.key, identity.digest] = number
        known = message if number == message.id else None
        result.append(Fetched(line, row, number, raw, identity, known))
    return result


def _same_bytes(
    run: Run[Line], identity: Identity, others: Iterable[MessageRow]
) -> MessageRow | None:
    """Another message of the ledger that has these very contents, at best one that was collected.

    A run may leave several: all copies of one have joined another then.
    """
    same = [other for other in others if identity.digest in other.digests]
    return max(same, key=lambda other: other.known or bool(run.there(other)), default=None)


def _own_copy(
    run: Run[Line], identity: Identity, others: Iterable[MessageRow]
) -> tuple[CopyRow, MessageRow] | None:
    """A copy of the consolidated mailbox's own, not compared before, that has these contents."""
    own = {
        copy.location: (copy, message)
        for message in others
        for copy in run.there(message)
        if not copy.adopted
    }
    if not own:
        return None
    run.settle(CONSOLIDATED)
    for raw in bisecting(run.mailbox(CONSOLIDATED).fetch, list(own)):
        if identity_of(raw.data).digest == identity.digest:
            return own[raw.location]
    return None


def _join(run: Run[Line], line: Line, row: CopyRow, message: MessageRow, why: str) -> None:
    """The copy is one of a message that the ledger has: nothing is stored.

    Args:
        run: The run.
        line: The copy's.
        row: The copy.
        message: The message.
        why: It is not there either.
    """
    there = run.there(message)
    with run.ledger.transaction():
        run.ledger.move_copy(row.id, message.id)
        run.ledger.set_open([message.id], is_open=True)
        if there:
            run.ledger.adopt(row.id)
            run.ledger.adopt(next((c.id for c in there if c.adopted), there[0].id))
            run.ledger.set_known(message.id)
    if there:
        conclude(run, [line], "done", ALREADY_THERE)
    else:
        conclude(run, [line], "skipped", why)


def _adopt_own(
    run: Run[Line],
    line: Line,
    row: CopyRow,
    own: CopyRow,
    believed: MessageRow,
    identity: Identity,
    raw: Raw,
) -> int:
    """The consolidated mailbox's own copy, believed to be another message, is this one: which."""
    message = believed.id
    if believed.digests and identity.digest not in believed.digests:
        message = split_off(run, own, identity, raw)
    with run.ledger.transaction():
        run.ledger.learn(message, identity, summary_of_header(raw.data))
        run.ledger.move_copy(row.id, message)
        run.ledger.adopt(row.id)
        run.ledger.adopt(own.id)
        run.ledger.set_known(message)
    conclude(run, [line], "done", ALREADY_THERE)
    return message


def _later(run: Run[Line], line: Line, row: CopyRow, message: int) -> None:
    """A second copy in one batch: it is adopted once the first is stored, by the next run."""
    with run.ledger.transaction():
        run.ledger.move_copy(row.id, message)
        run.ledger.adopt(row.id)
    conclude(run, [line], "done", "a second copy of a message in this batch")


def split_off(run: Run[Line], row: CopyRow, identity: Identity, raw: Raw) -> int:
    """Same header, other contents: the copy gets a message of its own (DESIGN.md, rule 3)."""
    with run.ledger.transaction():
        message = run.ledger.add_message(
            identity, summary_of_header(raw.data), len(raw.data), run.now()
        )
        run.ledger.move_copy(row.id, message)
    return message


def store(run: Run[Line], batch: Sequence[Fetched], folder: str) -> None:
    """Store a batch in the consolidated mailbox; its messages are known from then on."""
    Storing(run, CONSOLIDATED, folder, batch, _Collected(run)).finish()


class _Collected:
    """What the ledger keeps of collected messages: they are known, and so are both copies."""

    def __init__(self, run: Run[Line]) -> None:
        self.run = run

    def intent(self, item: Fetched) -> Intent:
        return intent(item.line, item.message)

    def begin(self, items: Sequence[Fetched], actions: Sequence[int]) -> None:
        """The intents are all there is to write."""

    def doubts(self, answer: StoreResult) -> bool:
        return answer.altered

    def place(self, mailbox: int, items: Sequence[Fetched], stored: Sequence[Stored]) -> list[str]:
        ledger, placed = self.run.ledger, []
        for f, (action, location, size, found) in zip(items, stored, strict=True):
            if f.row is not None and f.row.identity is None:
                ledger.learn(f.message, f.identity, summary_of_header(f.raw.data))
            forms = dict.fromkeys((f.identity, identity_of(found.data) if found else f.identity))
            placed.append(Placed(action, f.message, f.copy.id, location, size, tuple(forms)))
        ledger.place(mailbox, placed, self.run.now())
        return [""] * len(items)
