"""Applying adopt lines: only the ledger changes, once the bytes have been compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.apply.collect import Arrived, by_bytes, fetched, split_off, store
from mailsync_tui.engine.apply.run import Run, batches, by, conclude, needs_met
from mailsync_tui.engine.model import Line
from mailsync_tui.ledger.rows import CopyRow
from mailsync_tui.mailboxes.base import Location, MailboxError
from mailsync_tui.mailboxes.bisect import bisecting
from mailsync_tui.message import identity_of, summary_of_header

UNLIKE = "the same headers, but another content: a message of its own, to be collected"


def adopt(run: Run[Line], lines: Sequence[Line]) -> None:
    """Enter copies in the ledger that are on both sides, comparing the bytes of both.

    A copy with the same header and other contents is another message: it is collected, if that was
    asked for, and else skipped.

    Raises:
        LedgerError: the ledger cannot be written: nothing more is done.
    """
    for account, group in by(lines, lambda line: line.account).items():
        if run.cancelled():
            return
        ready = [line for line in group if needs_met(run, line)]
        for batch in batches(ready, lambda line: line.size):
            if run.cancelled():
                return
            _adopt_batch(run, account, _there(run, batch))


def _there(run: Run[Line], lines: Sequence[Line]) -> list[tuple[Line, CopyRow, CopyRow]]:
    """The lines with both copies' rows, the consolidated copy read and found to be the message."""
    result: list[tuple[Line, CopyRow, CopyRow]] = []
    unread: dict[Location, list[tuple[Line, CopyRow, CopyRow]]] = defaultdict(list)
    elsewhere: list[Line] = []
    why = ""
    messages = run.messages({row.message for line in lines if (row := run.row(line.copies[0]))})
    for line in lines:
        copy = run.row(line.copies[0])
        message = messages.get(copy.message) if copy else None
        here = run.there(message) if message else []
        placed = next((c for c in here if c.adopted), None)
        if copy is None or message is None:
            conclude(run, [line], "skipped", "the ledger has no such copy")
        elif placed is not None:
            result.append((line, copy, placed))
        else:
            target = line.target.location
            own = next((c for c in here if c.location == target), None)
            if own is None:
                elsewhere.append(line)
            else:
                unread[own.location].append((line, copy, own))
    try:
        for raw in bisecting(run.mailbox(CONSOLIDATED).fetch, list(unread)):
            several = unread.pop(raw.location)
            _, _, own = several[0]
            identity = identity_of(raw.data)
            digests = messages[own.message].digests
            if digests and identity.digest not in digests:
                split_off(run, own, identity, raw)
                elsewhere.extend(line for line, _, _ in several)
                continue
            with run.ledger.transaction():
                run.ledger.learn(own.message, identity, summary_of_header(raw.data))
            result.extend(several)
    except MailboxError as error:
        run.failed(CONSOLIDATED, error)
        why = str(error)
    for line, _, _ in (each for several in unread.values() for each in several):
        conclude(
            run, [line], "failed" if why else "vanished", why or "it was gone before it was read"
        )
    _compare_anew(run, elsewhere)
    return result


def _compare_anew(run: Run[Line], lines: Sequence[Line]) -> None:
    """What they were to be copies of turned out to be another message: their bytes show which."""
    for account, group in by(lines, lambda line: line.account).items():
        for batch in fetched(run, account, group):
            rows = run.ledger.read.copies_at(account, [arrived.raw.location for arrived in batch])
            found = [(a, row) for a in batch if (row := rows.get(a.raw.location))]
            _collect_unlike(run, account, found)


def _adopt_batch(
    run: Run[Line], account: str, lines: Sequence[tuple[Line, CopyRow, CopyRow]]
) -> None:
    rows = {line.id: (copy, there) for line, copy, there in lines}
    proved = [(line, copy, there) for line, copy, there in lines if copy.adopted]
    _enter(run, proved)
    reading = [line for line, copy, _ in lines if not copy.adopted]
    for batch in fetched(run, account, reading):
        messages = run.messages(rows[line.id][0].message for line, _, _ in batch)
        same: list[tuple[Line, CopyRow, CopyRow]] = []
        unlike: list[tuple[Arrived, CopyRow]] = []
        for arrived in batch:
            line, _, identity = arrived
            copy, there = rows[line.id]
            if identity.digest in messages[copy.message].digests:
                same.append((line, copy, there))
            else:
                unlike.append((arrived, copy))
        _enter(run, same)
        _collect_unlike(run, account, unlike)


def _enter(run: Run[Line], lines: Sequence[tuple[Line, CopyRow, CopyRow]]) -> None:
    with run.ledger.transaction():
        for _, copy, there in lines:
            run.ledger.adopt(copy.id)
            run.ledger.adopt(there.id)
            run.ledger.set_known(there.message)
    conclude(run, [line for line, _, _ in lines], "done")


def _collect_unlike(
    run: Run[Line], account: str, unlike: Sequence[tuple[Arrived, CopyRow]]
) -> None:
    config = run.config.mailbox(account)
    may = "collect" in run.directions and "collect" in config.allow
    if may:
        store(run, by_bytes(run, unlike), config.into or run.config.consolidated.folder)
        return
    messages = run.messages(copy.message for _, copy in unlike)
    for (line, raw, identity), copy in unlike:
        if identity.digest not in messages[copy.message].digests:
            split_off(run, copy, identity, raw)
        conclude(run, [line], "skipped", UNLIKE)
