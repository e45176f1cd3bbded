"""New locations: reading what lies there, and which message it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.detect.parallel import Parallel
from mailsync_tui.engine.snapshot import Copy, Presence
from mailsync_tui.ledger.rows import MessageRow
from mailsync_tui.mailboxes.base import (
    Location,
    Mailbox,
    MailboxDown,
    MailboxError,
    Progress,
    unwatched,
)
from mailsync_tui.mailboxes.bisect import each
from mailsync_tui.message import (
    Identity,
    Summary,
    content_digest,
    read_header,
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A copy that is listed for the first time."""

    mailbox: str
    location: Location
    identity: Identity | None
    """``None``: its headers cannot be read without fetching it."""
    summary: Summary
    size: int
    compare: bool = False
    """Only its bytes can tell which message it is."""


@dataclass(slots=True)
class Arrivals:
    """What was read of one mailbox's new locations."""

    arrivals: list[Arrival] = field(default_factory=list)
    unread: int = 0
    """New locations whose headers could not be read: what is absent stays unknown."""
    error: str | None = None


def read_heads(
    mailbox: Mailbox, locations: Sequence[Location], progress: Progress = unwatched
) -> Arrivals:
    """Read the headers of new locations; without a Message-ID the content, if that is harmless."""
    result = Arrivals()
    try:
        for head in each(mailbox.heads, locations):
            identity, summary = read_header(head.header)
            arrival = Arrival(
                mailbox.name,
                head.location,
                identity,
                summary,
                head.size,
                compare=identity.message_id is None and not mailbox.peeks,
            )
            result.arrivals.append(arrival)
            progress(len(result.arrivals), len(locations))
        nameless = [a for a in result.arrivals if a.identity and a.identity.message_id is None]
        if nameless and mailbox.peeks:
            _read_digests(mailbox, result.arrivals, nameless)
            result.arrivals = [_compared_later(a) for a in result.arrivals]
    except MailboxDown as error:
        result.error = str(error)
    except MailboxError:  # one that breaks the connection: it is counted as unread
        pass
    read = {a.location for a in result.arrivals}
    result.unread = len(locations) - len(read)
    if mailbox.name != CONSOLIDATED and result.error is None:
        # POP3 without TOP, or a header that breaks the server: it may still be fetched, and is
        # compared then; if not, its line tells.
        result.arrivals.extend(
            Arrival(mailbox.name, location, None, Summary("", "", None), 0, compare=True)
            for location in locations
            if location not in read
        )
    return result


def _read_digests(mailbox: Mailbox, arrivals: list[Arrival], which: Iterable[Arrival]) -> None:
    digests = {}
    try:
        for raw in each(mailbox.fetch, [a.location for a in which]):
            digests[raw.location] = content_digest(raw.data)
    except MailboxDown:
        raise
    except MailboxError:  # one never comes whole: its line tells so when it is to be collected
        pass
    for index, arrival in enumerate(arrivals):
        digest = digests.get(arrival.location)
        if digest is not None and arrival.identity is not None:
            arrivals[index] = replace(arrival, identity=replace(arrival.identity, digest=digest))


def _compared_later(arrival: Arrival) -> Arrival:
    """Without a Message-ID and without its content, only fetching it will tell which it is."""
    identity = arrival.identity
    unread = identity is not None and identity.message_id is None and identity.digest is None
    return replace(arrival, compare=True) if unread else arrival


@dataclass(slots=True)
class SortedOut:
    """Which message each arrival is."""

    joined: dict[int, list[Arrival]] = field(default_factory=lambda: defaultdict(list))
    """Arrivals that are copies of messages in the ledger."""
    groups: list[list[Arrival]] = field(default_factory=list)
    """Arrivals that are new messages, copies of one together."""
    doubtful: set[int] = field(default_factory=set)
    """Messages in the ledger that an arrival may be; only its bytes will tell."""


def sort_out(
    arrivals: Sequence[Arrival],
    candidates: Mapping[bytes, Sequence[int]],
    rows: Mapping[int, MessageRow],
    copies: Mapping[int, Sequence[Copy]],
    mailboxes: Mapping[str, Mailbox],
    parallel: Parallel,
) -> SortedOut:
    """Find which message each arrival is (DESIGN.md, rule 3).

    Args:
        arrivals: All that is new, everywhere.
        candidates: Messages of the ledger by identity key.
        rows: These messages.
        copies: Their copies, as this listing shows them.
        mailboxes: To read bodies where sizes contradict, and where that leaves no trace.
        parallel: Runs that reading.
    """
    arrivals = _peek_where_sizes_differ(arrivals, candidates, copies, mailboxes, parallel)
    result = SortedOut()
    new: dict[bytes, list[list[Arrival]]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.identity is None:
            result.groups.append([arrival])
            continue
        key = arrival.identity.key
        messages = [rows[number] for number in candidates.get(key, ())]
        message = _choose(arrival, messages, copies)
        if message is not None:
            result.joined[message.id].append(arrival)
            continue
        possible = [m for m in messages if arrival.identity.digest is None or not m.digests]
        if possible:
            result.doubtful.update(m.id for m in possible)
            arrival = replace(arrival, compare=True)
        if arrival.compare:
            result.groups.append([arrival])
            continue
        group = next((g for g in new[key] if _alike(g, arrival)), None)
        if group is None:
            group = []
            new[key].append(group)
            result.groups.append(group)
        group.append(arrival)
    return result


def _choose(
    arrival: Arrival, messages: list[MessageRow], copies: Mapping[int, Sequence[Copy]]
) -> MessageRow | None:
    """The message of the ledger that an arrival is a copy of, if that can be told."""
    identity = arrival.identity
    assert identity is not None
    if identity.digest is not None:
        alike = [m for m in messages if identity.digest in m.digests]
        if alike:
            return alike[0]
        messages = [m for m in messages if not m.digests]
    if identity.message_id is None:
        return None
    if len(messages) > 1:
        renumbered = [m for m in messages if _lost_here(arrival, copies[m.id], same_size=True)]
        return renumbered[0] if len(renumbered) == 1 else None
    if not messages:
        return None
    message = messages[0]
    here = copies[message.id]
    if _lost_here(arrival, here) and not _lost_here(arrival, here, same_size=True):
        return message if identity.digest in message.digests or not message.digests else None
    return message


def _lost_here(arrival: Arrival, copies: Sequence[Copy], *, same_size: bool = False) -> bool:
    return any(
        c.mailbox == arrival.mailbox
        and c.presence is Presence.GONE
        and c.state != "ended"
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


def _peek_where_sizes_differ(
    arrivals: Sequence[Arrival],
    candidates: Mapping[bytes, Sequence[int]],
    copies: Mapping[int, Sequence[Copy]],
    mailboxes: Mapping[str, Mailbox],
    parallel: Parallel,
) -> Sequence[Arrival]:
    """Read what takes a lost copy's place in the same mailbox with another size."""
    suspects: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.identity is None or arrival.identity.digest is not None:
            continue
        if not mailboxes[arrival.mailbox].peeks:
            continue
        for number in candidates.get(arrival.identity.key, ()):
            here = copies[number]
            if _lost_here(arrival, here) and not _lost_here(arrival, here, same_size=True):
                suspects[arrival.mailbox].append(arrival)
                break
    if not suspects:
        return arrivals

    def reading(name: str) -> Callable[[], Arrivals]:
        def read() -> Arrivals:
            result = Arrivals(list(suspects[name]))
            try:
                _read_digests(mailboxes[name], result.arrivals, suspects[name])
            except MailboxError as error:
                result.error = str(error)
            return result

        return read

    answers = parallel({name: reading(name) for name in suspects})
    read = {(a.mailbox, a.location): a for answer in answers.values() for a in answer.arrivals}
    return [read.get((a.mailbox, a.location), a) for a in arrivals]
