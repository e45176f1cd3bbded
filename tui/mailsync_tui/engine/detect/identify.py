"""The third step: which message each arrival is (DESIGN.md, rule 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.detect.known import KnownMessages
from mailsync_tui.engine.detect.listing import Parallel
from mailsync_tui.engine.detect.read import Arrival, read_digests, with_digest
from mailsync_tui.engine.snapshot import Copy, CopyState, Presence
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import MessageRow
from mailsync_tui.mailboxes.base import Location, Mailbox, MailboxDown


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
    """Known messages that an arrival, or an undecided one, may be."""
    errors: Mapping[str, str]
    """Mailboxes that could not be asked for bodies any more, and why."""


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
        mailboxes: To read bodies where headers do not tell, and where that leaves no trace.
        parallel: Runs that reading.
    """
    undecided = _undecided(ledger, {n: r for n, r in known.rows.items() if known.copies[n]})
    doubtful = {number for others in undecided.values() for number in others}
    joined: dict[int, list[Arrival]] = defaultdict(list)
    groups: list[list[Arrival]] = []
    new: dict[bytes, list[list[Arrival]]] = defaultdict(list)
    suspects = _suspects(arrivals, known, mailboxes)
    read, errors = _peek(suspects, mailboxes, parallel)
    for arrival in arrivals:
        if (digest := read.get((arrival.mailbox, arrival.location))) is not None:
            arrival = with_digest(arrival, digest)
        elif CONSOLIDATED in errors and arrival in suspects.get(CONSOLIDATED, ()):
            continue  # the next listing has it again, and reads it
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
    # From the absence of what is not known yet nothing follows, and whoever collects it compares
    # the bytes; in doubt it would be in no plan.
    doubtful = {n for n in doubtful if n in known.rows and known.rows[n].known}
    return Identified(joined, groups, undecided.keys(), doubtful, errors)


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


def _suspects(
    arrivals: Sequence[Arrival], known: KnownMessages, mailboxes: Mapping[str, Mailbox]
) -> dict[str, list[Arrival]]:
    """By mailbox, what may be one message of the ledger or another by its headers.

    That is what has several unlike ones' headers, or takes a lost copy's place in the same mailbox
    with another size. What cannot be read without a trace is compared when it is fetched.
    """
    suspects: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.identity is None or arrival.identity.digest is not None:
            continue
        candidates = known.candidates.get(arrival.identity.key, ())
        if not candidates or not mailboxes[arrival.mailbox].peeks:
            continue
        rows = [known.rows[number] for number in candidates]
        if _choose(arrival, rows, known.copies) is None or any(
            _replaces(arrival, known.copies[number]) for number in candidates
        ):
            suspects[arrival.mailbox].append(arrival)
    return suspects


def _peek(
    suspects: Mapping[str, Sequence[Arrival]], mailboxes: Mapping[str, Mailbox], parallel: Parallel
) -> tuple[dict[tuple[str, Location], str], dict[str, str]]:
    """The digests of what can be read, and the mailboxes that went away meanwhile."""

    def read(name: str) -> dict[Location, str] | MailboxDown:
        try:
            return read_digests(mailboxes[name], suspects[name])
        except MailboxDown as error:
            return error

    digests: dict[tuple[str, Location], str] = {}
    errors: dict[str, str] = {}
    for name, answer in parallel({name: partial(read, name) for name in suspects}).items():
        if isinstance(answer, MailboxDown):
            errors[name] = str(answer)
        else:
            digests.update(((name, at), digest) for at, digest in answer.items())
    return digests, errors


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
