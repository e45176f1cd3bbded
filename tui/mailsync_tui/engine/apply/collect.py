"""Applying collect lines: fetch, compare with what is known, store, prove, record."""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.apply.run import BATCH_BYTES, BATCH_MESSAGES, Run, ahead, by, intent
from mailsync_tui.engine.detect.lost_responses import fingerprint
from mailsync_tui.engine.model import Line, Place
from mailsync_tui.ledger import history
from mailsync_tui.ledger.rows import CopyRow, MessageRow, Placed
from mailsync_tui.mailboxes.base import Location, MailboxError, NewMessage, Raw, StoreResult
from mailsync_tui.mailboxes.bisect import each
from mailsync_tui.message import (
    Identity,
    identity_of,
    summary_of_header,
)

if TYPE_CHECKING:
    from datetime import datetime

_SMALLER = 4
"""Each attempt halves the parts so many times: 200 messages, then 12, then 1."""
ALREADY_THERE = "it was in the consolidated mailbox already"
DELETED_BEFORE = "its bytes are those of a message that was deleted before: a late copy"


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


def collect(run: Run, lines: Sequence[Line]) -> None:
    """Apply collect lines, account by account, in batches.

    A message that is refused, or that vanished, is told in the results; the rest goes on.

    Raises:
        LedgerError: the ledger cannot be written: nothing more is done.
    """
    groups = by(lines, lambda line: (line.account, line.target.location.folder))
    for (account, folder), group in groups.items():
        for batch in fetched(run, account, group):
            store(run, _which(run, account, batch), folder)


def fetched(run: Run, account: str, lines: Sequence[Line]) -> Iterator[list[Arrived]]:
    """Stream the bytes of lines' messages from one account, in batches.

    The next batch is fetched while the present one is worked on. Lines whose message vanished or
    could not be fetched get their result here.
    """
    if run.cancelled():
        return
    wanted = {line.copies[0].location: line for line in lines}
    failure = ""
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
            failure = str(error)
    left = list(wanted.values())
    if failure:
        run.journal_all(left, "failed", failure)
    elif left and not run.cancelled():
        run.journal_all(left, "vanished", "it was gone before it was fetched")


def _batches(
    run: Run, account: str, wanted: dict[Location, Line]
) -> Generator[list[Arrived], None, None]:
    """Fetch, and find out which message each is; on the account's thread.

    Raises:
        MailboxError: after a batch of those that came, the fetching failed.
    """
    batch: list[Arrived] = []
    size = 0
    failure: MailboxError | None = None
    try:
        for raw in each(run.mailbox(account).fetch, list(wanted)):
            batch.append(Arrived(wanted[raw.location], raw, identity_of(raw.data)))
            size += len(raw.data)
            if run.cancelled():
                break
            if len(batch) >= BATCH_MESSAGES or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    except MailboxError as error:
        failure = error
    if batch:
        yield batch
    if failure is not None:
        raise failure


def _which(run: Run, account: str, batch: Sequence[Arrived]) -> list[Fetched]:
    """Which message each is, now that its bytes are there; what is no collect gets its result."""
    rows = run.ledger.copies_at(account, [arrived.raw.location for arrived in batch])
    lost = [arrived.line for arrived in batch if arrived.raw.location not in rows]
    if lost:
        run.journal_all(lost, "skipped", "the ledger has no such copy")
    return by_bytes(run, [(a, row) for a in batch if (row := rows.get(a.raw.location))])


def by_bytes(run: Run, batch: Sequence[tuple[Arrived, CopyRow]]) -> list[Fetched]:
    """The copies whose bytes are a message that has to be stored, each message once.

    A copy whose bytes are another message than its headers made believe gets a message of its own;
    one whose bytes are known already joins that message, and its line is done.
    """
    messages = run.messages({row.message for _, row in batch})
    alike = run.ledger.candidates({arrived.identity.key for arrived, _ in batch})
    seen: dict[tuple[bytes, str | None], int] = {}
    result = []
    for (line, raw, identity), row in batch:
        message = messages[row.message]
        number = message.id
        differs = bool(message.digests) and identity.digest not in message.digests
        others = [n for n in alike[identity.key] if n != number]
        candidates = run.messages([number, *others]) if others or differs else {}
        twin = _same_bytes(identity, [m for n, m in candidates.items() if n != number])
        if (identity.key, identity.digest) in seen:
            _later(run, line, row, seen[identity.key, identity.digest])
            continue
        if twin is not None and (twin.known or run.there(twin)):
            _join(run, line, row, twin)
            continue
        try:
            own = _own_twin(run, identity, candidates.values())
        except MailboxError as error:  # it may be there already: better none than two
            run.failed(CONSOLIDATED, error)
            run.journal(line, "failed", str(error))
            continue
        if own is not None:
            _adopt_own(run, line, row, *own, identity, raw)
            continue
        if differs:
            number = twin.id if twin is not None else split_off(run, row, identity, raw)
        seen[identity.key, identity.digest] = number
        known = message if number == message.id else None
        result.append(Fetched(line, row, number, raw, identity, known))
    return result


def _same_bytes(identity: Identity, others: Iterable[MessageRow]) -> MessageRow | None:
    """Another message of the ledger that has these very contents."""
    return next((other for other in others if identity.digest in other.digests), None)


def _own_twin(
    run: Run, identity: Identity, others: Iterable[MessageRow]
) -> tuple[CopyRow, MessageRow] | None:
    """A copy of the consolidated mailbox's own, not compared before, that has these contents."""
    own = {
        copy.location: (copy, message)
        for message in others
        for copy in run.there(message)
        if not copy.adopted
    }
    for raw in run.mailbox(CONSOLIDATED).fetch(list(own)) if own else ():
        if identity_of(raw.data).digest == identity.digest:
            return own[raw.location]
    return None


def _join(run: Run, line: Line, row: CopyRow, message: MessageRow) -> None:
    """The copy is one of a message that the ledger has: nothing is stored."""
    there = run.there(message)
    with run.ledger.transaction():
        run.ledger.move_copy(row.id, message.id)
        run.ledger.set_open([message.id], is_open=True)
        if there:
            run.ledger.adopt(row.id)
            run.ledger.adopt(next((c.id for c in there if c.adopted), there[0].id))
            run.ledger.set_known(message.id)
    if there:
        run.journal(line, "done", ALREADY_THERE)
    else:
        run.journal(line, "skipped", DELETED_BEFORE)


def _adopt_own(
    run: Run,
    line: Line,
    row: CopyRow,
    own: CopyRow,
    believed: MessageRow,
    identity: Identity,
    raw: Raw,
) -> None:
    """The consolidated mailbox's own copy, believed to be another message, is this one."""
    message = believed.id
    if believed.digests and identity.digest not in believed.digests:
        message = split_off(run, own, identity, raw)
    with run.ledger.transaction():
        run.ledger.learn(message, identity, summary_of_header(raw.data))
        run.ledger.move_copy(row.id, message)
        run.ledger.adopt(row.id)
        run.ledger.adopt(own.id)
        run.ledger.set_known(message)
    run.journal(line, "done", ALREADY_THERE)


def _later(run: Run, line: Line, row: CopyRow, message: int) -> None:
    """A second copy in one batch: it is adopted once the first is stored, by the next run."""
    with run.ledger.transaction():
        run.ledger.move_copy(row.id, message)
        run.ledger.adopt(row.id)
    run.journal(line, "done", "a second copy of a message in this batch")


def split_off(run: Run, row: CopyRow, identity: Identity, raw: Raw) -> int:
    """An unlike twin: its copy gets a message of its own (DESIGN.md, rule 3)."""
    with run.ledger.transaction():
        message = run.ledger.add_message(
            identity, summary_of_header(raw.data), len(raw.data), run.now()
        )
        run.ledger.move_copy(row.id, message)
    return message


def store(run: Run, batch: Sequence[Fetched], folder: str) -> None:
    """Store a batch in the consolidated mailbox.

    What was sent before and never answered goes after all others and in smaller parts, at last
    alone: some messages crash a server, and the others of their batch are not to wait for them.
    """
    sent = Counter(
        s.message for s in history.lost_responses(run.ledger, {f.message for f in batch})
    )
    by_attempts: dict[int, list[Fetched]] = defaultdict(list)
    for f in batch:
        by_attempts[sent[f.message]].append(f)
    for attempts, some in sorted(by_attempts.items()):
        size = max(1, len(some) >> _SMALLER * attempts)
        for start in range(0, len(some), size):
            _store(run, some[start : start + size], folder)


def _store(run: Run, batch: Sequence[Fetched], folder: str) -> None:
    """Intents, the act, outcomes."""
    if CONSOLIDATED in run.broken:  # nothing is sent, so that no answer is waited for
        run.journal_all([f.line for f in batch], "failed", run.broken[CONSOLIDATED])
        return
    now = run.now()
    name = f"{now.timestamp():.6f}.{secrets.token_hex(8)}"
    new = [
        NewMessage(f.raw.data, f.raw.flags, f.raw.date or _date(f), f"{name}_{n}.mailsync-tui")
        for n, f in enumerate(batch)
    ]
    elsewhere = run.config.consolidated.type == "imap"  # where an answer may fail to come
    intents = [
        intent(
            f.line,
            f.message,
            Place(CONSOLIDATED, Location(folder, 0, message.name)),
            sent=fingerprint(message.data) if elsewhere else None,
        )
        for f, message in zip(batch, new, strict=True)
    ]
    with run.ledger.transaction():
        actions = run.ledger.intend(run.number, intents, now)
    try:
        answers = run.mailbox(CONSOLIDATED).store(new, folder)
    except MailboxError as error:  # the intents stay open: the next run looks what became of them
        run.lost(CONSOLIDATED, error)
        for f in batch:
            run.finish(f.line, "failed", str(error))
        return
    run.losses.pop(CONSOLIDATED, None)
    altered = _altered(run, answers, batch)
    placed = []
    with run.ledger.transaction():
        home = run.ledger.put_mailbox(CONSOLIDATED, run.config.consolidated.fingerprint)
        for f, answer, action in zip(batch, answers, actions, strict=True):
            if answer.location is None:
                told = run.ledger.presume if answer.unsure else run.ledger.outcome
                told(action, "failed", answer.error or "it was not stored")
                continue
            if f.row is not None and f.row.identity is None:
                run.ledger.learn(f.message, f.identity, summary_of_header(f.raw.data))
            form = altered.get(answer.location)
            forms = (f.identity, form) if form else (f.identity,)
            size = answer.size if answer.size is not None else len(f.raw.data)
            placed.append(Placed(action, f.message, f.copy.id, answer.location, size, forms))
        run.ledger.place(home, placed, now)
    for f, answer in zip(batch, answers, strict=True):
        if answer.location is None:
            run.finish(f.line, "failed", answer.error or "it was not stored")
        else:
            run.finish(f.line, "done")


def _date(f: Fetched) -> datetime | None:
    """When the author sent it; the ledger may have read that already."""
    if f.row is not None and f.row.identity is not None:
        return f.row.date
    return summary_of_header(f.raw.data).date


def _altered(
    run: Run, answers: Sequence[StoreResult], batch: Sequence[Fetched]
) -> dict[Location, Identity]:
    """What the mailbox made of the messages that it holds in another form than they were given."""
    sent = {
        answer.location: f.identity
        for f, answer in zip(batch, answers, strict=True)
        if answer.location is not None and answer.altered
    }
    result: dict[Location, Identity] = {}
    try:
        for raw in run.mailboxes[CONSOLIDATED].fetch(list(sent)) if sent else ():
            form = identity_of(raw.data)
            if form != sent[raw.location]:
                result[raw.location] = form
    except MailboxError as error:  # stored and proved all the same; told with the next batch
        run.failed(CONSOLIDATED, error)
    return result
