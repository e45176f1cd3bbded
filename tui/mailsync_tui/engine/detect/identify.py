"""The third step: which message each arrival is (DESIGN.md, rule 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from mailsync_tui.engine.detect.known import KnownMessages
from mailsync_tui.engine.detect.listing import Parallel
from mailsync_tui.engine.detect.read import Arrival, read_digests, with_digest
from mailsync_tui.engine.snapshot import Copy, CopyState, Presence
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import MessageRow
from mailsync_tui.mailboxes.base import Location, Mailbox, MailboxError


@dataclass(frozen=True, slots=True)
class Identified:
    """Which message each arrival is."""

    joined: Mapping[int, Sequence[Arrival]]
    """Arrivals that are copies of messages in the ledger, by message."""
    groups: Sequence[Sequence[Arrival]]
    """Arrivals that are new messages, copies of one together."""
    undecided: Set[int]
    """Messages of the ledger that may be another one's copy until their bytes are read."""
    doubtful: Set[int]
    """Messages in the ledger that an arrival, or an undecided one, may be; none is undecided."""


def identify(
    arrivals: Sequence[Arrival],
    known: KnownMessages,
    ledger: LedgerReader,
    mailboxes: Mapping[str, Mailbox],
    parallel: Parallel,
) -> Identified:
    """Find which message each arrival is.

    Args:
        arrivals: All that is new, everywhere.
        known: The ledger's messages that they may be.
        ledger: Knows which of its messages may be one another's.
        mailboxes: To read bodies where sizes contradict, and where that leaves no trace.
        parallel: Runs that reading.
    """
    undecided = _undecided(ledger, {n: r for n, r in known.rows.items() if known.copies[n]})
    doubtful = {number for others in undecided.values() for number in others}
    joined: dict[int, list[Arrival]] = defaultdict(list)
    groups: list[list[Arrival]] = []
    new: dict[bytes, list[list[Arrival]]] = defaultdict(list)
    for arrival in _peeked_where_sizes_differ(arrivals, known, mailboxes, parallel):
        if arrival.identity is None:
            groups.append([arrival])
            continue
        key = arrival.identity.key
        messages = [known.rows[number] for number in known.candidates.get(key, ())]
        message = _choose(arrival, messages, known.copies)
        if message is not None:
            joined[message.id].append(arrival)
            continue
        possible = [m.id for m in messages if arrival.identity.digest is None or not m.digests]
        doubtful.update(possible)
        if possible or arrival.compare:
            groups.append([replace(arrival, compare=True)])
            continue
        group = next((g for g in new[key] if _alike(g, arrival)), None)
        if group is None:
            group = []
            new[key].append(group)
            groups.append(group)
        group.append(arrival)
    # What is undecided itself is not known yet, so its absence proves nothing anyway; in doubt it
    # would be in no plan, and so would never be read and decided.
    return Identified(joined, groups, undecided.keys(), doubtful - undecided.keys())


def _choose(
    arrival: Arrival, messages: list[MessageRow], copies: Mapping[int, Sequence[Copy]]
) -> MessageRow | None:
    """The message of the ledger that an arrival is a copy of, if that is certain enough."""
    identity = arrival.identity
    assert identity is not None
    if identity.digest is not None:
        same_content = [m for m in messages if identity.digest in m.digests]
        if same_content:
            return same_content[0]
        messages = [m for m in messages if not m.digests]
    if identity.message_id is None:
        return None
    if len(messages) > 1:
        renumbered = [m for m in messages if _lost_here(arrival, copies[m.id], same_size=True)]
        return renumbered[0] if len(renumbered) == 1 else None
    if not messages:
        return None
    (message,) = messages
    if _replaces(arrival, copies[message.id]):
        return message if identity.digest in message.digests or not message.digests else None
    return message


def _replaces(arrival: Arrival, copies: Sequence[Copy]) -> bool:
    """Whether it takes the place of a lost copy in its mailbox, but none of its own size."""
    lost = _lost_here(arrival, copies)
    return lost and not _lost_here(arrival, copies, same_size=True)


def _lost_here(arrival: Arrival, copies: Sequence[Copy], *, same_size: bool = False) -> bool:
    return any(
        c.mailbox == arrival.mailbox
        and c.presence is Presence.GONE
        and c.state is not CopyState.ENDED
        and (not same_size or c.size == arrival.size)
        for c in copies
    )


def _alike(group: list[Arrival], arrival: Arrival) -> bool:
    """Whether a new arrival may be a copy of a group's message: adopting it compares the bytes."""
    assert arrival.identity is not None
    return all(
        other.identity is not None and other.identity.agreement(arrival.identity) != "unlike"
        for other in group
    )


def _peeked_where_sizes_differ(
    arrivals: Sequence[Arrival],
    known: KnownMessages,
    mailboxes: Mapping[str, Mailbox],
    parallel: Parallel,
) -> Sequence[Arrival]:
    """Read what takes a lost copy's place in the same mailbox with another size."""
    suspects: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.identity is None or arrival.identity.digest is not None:
            continue
        candidates = known.candidates.get(arrival.identity.key, ())
        if mailboxes[arrival.mailbox].peeks and any(
            _replaces(arrival, known.copies[number]) for number in candidates
        ):
            suspects[arrival.mailbox].append(arrival)
    if not suspects:
        return arrivals
    answers = parallel(
        {name: partial(_peek, mailboxes[name], some) for name, some in suspects.items()}
    )
    return [
        with_digest(arrival, digest)
        if (digest := answers.get(arrival.mailbox, {}).get(arrival.location)) is not None
        else arrival
        for arrival in arrivals
    ]


def _peek(mailbox: Mailbox, arrivals: Sequence[Arrival]) -> dict[Location, str]:
    try:
        return read_digests(mailbox, arrivals)
    except MailboxError:  # compared when it is fetched, or found to be away then
        return {}


def _undecided(ledger: LedgerReader, rows: Mapping[int, MessageRow]) -> dict[int, set[int]]:
    """Messages that may be another's copy until their bytes are read, with those others.

    Args:
        ledger: Knows the others.
        rows: Messages of which some copy is left: without one, none can be another's.
    """
    unread = {number: row for number, row in rows.items() if not row.known and not row.digests}
    keys = {row.identity.key for row in unread.values() if row.identity is not None}
    candidates = ledger.candidates(keys)
    result: dict[int, set[int]] = {}
    for number, row in unread.items():
        if row.identity is None:
            result[number] = set()
            continue
        others = set(candidates[row.identity.key]) - {number}
        if others or row.identity.message_id is None:
            result[number] = others
    return result
