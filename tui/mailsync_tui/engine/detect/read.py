"""The second step: what lies at new locations, and whether old ones are what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.detect.listing import Parallel, throttled
from mailsync_tui.engine.detect.match import MatchedListing
from mailsync_tui.engine.events import Emit, ReadingProgress
from mailsync_tui.mailboxes.base import (
    Location,
    Mailbox,
    MailboxDown,
    MailboxError,
    Progress,
    unwatched,
)
from mailsync_tui.mailboxes.bisect import bisecting
from mailsync_tui.message import Identity, Summary, content_digest, identity_of_header, read_header


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


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What was read of one mailbox's new locations."""

    arrivals: Sequence[Arrival]
    unread: int = 0
    """New locations whose headers could not be read: what is absent stays unknown."""
    error: str | None = None


def read_new(
    listed: Mapping[str, MatchedListing],
    mailboxes: Mapping[str, Mailbox],
    survivors: Callable[[str, Set[str]], Mapping[Location, Set[bytes]]],
    parallel: Parallel,
    emit: Emit,
) -> tuple[dict[str, MatchedListing], list[Arrival]]:
    """Read the headers of all that is new, and of some that is not.

    A folder that was made anew may have the UIDVALIDITY and the UIDs that it had. That shows in a
    few UIDs, which are looked at where mail came or went, or a counter fell; on an account all
    others are then looked at too, and what is another message now is new.

    Args:
        listed: The listings as they were matched.
        mailboxes: Those that may be asked.
        survivors: All of some folders of a mailbox that is listed where the ledger has it, with
            the identity keys that are to be found there.
        parallel: Runs the reading, on the mailboxes' own threads.
        emit: Gets how far that is, from those threads.

    Returns:
        The listings, with what could not be read and what contradicts them; and all arrivals.
    """
    result = dict(listed)
    samples = {name: here.samples for name, here in listed.items() if here.samples}
    for name, found in _contradicted(samples, mailboxes, parallel).items():
        if isinstance(found, MailboxError):
            result[name] = result[name].broken(str(found))
        else:
            result[name] = replace(result[name], contradicted={at.folder for at in found})
    suspects = {
        name: survivors(name, here.contradicted)
        for name, here in result.items()
        if here.contradicted and name != CONSOLIDATED
    }
    for name, found in _contradicted(suspects, mailboxes, parallel).items():
        here = result[name]
        if isinstance(found, MailboxError):
            result[name] = here.broken(str(found))
        else:
            arrived = [*here.arrived, *(at for at in suspects[name] if at in found)]
            result[name] = replace(here, replaced=found, arrived=arrived)
    answers = parallel(
        {
            name: partial(
                read_heads, mailboxes[name], here.arrived, throttled(emit, ReadingProgress, name)
            )
            for name, here in result.items()
            if here.arrived
        }
    )
    for name, answer in answers.items():
        result[name] = replace(result[name], unread=answer.unread).broken(answer.error)
    return result, [arrival for answer in answers.values() for arrival in answer.arrivals]


def _contradicted(
    expected: Mapping[str, Mapping[Location, Set[bytes]]],
    mailboxes: Mapping[str, Mailbox],
    parallel: Parallel,
) -> dict[str, frozenset[Location] | MailboxError]:
    return parallel(
        {
            name: partial(contradicted, mailboxes[name], places)
            for name, places in expected.items()
            if name in mailboxes
        }
    )


def contradicted(
    mailbox: Mailbox, expected: Mapping[Location, Set[bytes]]
) -> frozenset[Location] | MailboxError:
    """Where another message lies now than was there: in a folder that was made anew.

    Args:
        mailbox: Asked for the headers; on its own thread.
        expected: Where to look, and the identity keys that are to be found there.
    """
    found = set()
    try:
        for head in mailbox.heads(list(expected)):
            keys = expected[head.location]
            if keys and identity_of_header(head.header).key not in keys:
                found.add(head.location)
    except MailboxError as error:
        return error
    return frozenset(found)


def read_heads(
    mailbox: Mailbox, locations: Sequence[Location], progress: Progress = unwatched
) -> Arrivals:
    """Read the headers of new locations; without a Message-ID the content, if that is harmless."""
    arrivals: list[Arrival] = []
    failure: str | None = None
    try:
        for head in bisecting(mailbox.heads, locations):
            identity, summary = read_header(head.header)
            identity = replace(identity, digest=head.digest)
            unsure = identity.message_id is None and identity.digest is None
            arrivals.append(
                Arrival(mailbox.name, head.location, identity, summary, head.size, compare=unsure)
            )
            progress(len(arrivals), len(locations))
        if mailbox.peeks:
            nameless_ones = [a for a in arrivals if a.compare]
            arrivals = _with_digests(arrivals, read_digests(mailbox, nameless_ones))
    except MailboxDown as error:
        failure = str(error)
    except MailboxError:  # one that breaks the connection: it is counted as unread
        pass
    read = {a.location for a in arrivals}
    left = [location for location in locations if location not in read]
    if mailbox.name != CONSOLIDATED and failure is None:
        # POP3 without TOP, or a header that breaks the server: it may still be fetched, and is
        # compared then; if not, its line says so.
        nothing = Summary("", "", None)
        arrivals += [Arrival(mailbox.name, at, None, nothing, 0, compare=True) for at in left]
    return Arrivals(arrivals, len(left), failure)


def read_digests(mailbox: Mailbox, which: Iterable[Arrival]) -> dict[Location, str]:
    """The digests of the contents of what can be read.

    Raises:
        MailboxDown: the mailbox cannot be used.
    """
    digests = {}
    wanted = [arrival.location for arrival in which]
    try:
        for raw in bisecting(mailbox.fetch, wanted) if wanted else ():
            digests[raw.location] = content_digest(raw.data)
    except MailboxDown:
        raise
    except MailboxError:  # one never comes whole: its line says so when it is to be collected
        pass
    return digests


def _with_digests(arrivals: list[Arrival], digests: Mapping[Location, str]) -> list[Arrival]:
    """Whose content was read, need not be compared when it is fetched."""
    return [
        replace(with_digest(a, digests[a.location]), compare=False) if a.location in digests else a
        for a in arrivals
    ]


def with_digest(arrival: Arrival, digest: str) -> Arrival:
    """The same arrival, once its content was read."""
    assert arrival.identity is not None
    return replace(arrival, identity=replace(arrival.identity, digest=digest))
