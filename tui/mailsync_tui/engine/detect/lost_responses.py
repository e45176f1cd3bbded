"""Stores whose answer was lost, and what turns up of them later.

A run that is killed, or loses its connection, while a message is being stored on a server leaves
the message on its way: the server stores it when it comes to it, and nothing in IMAP tells another
session that it will. A listing made before that lacks the message. No wait proves that nothing
more comes; the one that a session makes before it lists only makes it rare. To hold the message
back until all is proved quiet would thus be to hold it back for ever. So the message is collected
again, and what comes late is *recognised*:

- The intent of every store on a server holds the hash of the bytes that were sent. It is struck
  out by the answer alone. A run that finds nothing stored notes what it presumes (not stored), and
  the hash stays.
- What is new in the folder aimed at is the late copy if it may be that message by its headers,
  and its bytes are those that were sent, or those of the copy that was stored in its stead (a
  server may alter what it stores, and then alters both alike). A content digest would not do: mail
  that was delivered to the consolidated mailbox directly has the same text, but came another way
  (``Received``), and is the person's own. An intent accounts for one copy: it is struck out then.
- If a copy that we placed or adopted is there, the late one is a *late duplicate*. It is ours, so a
  deletion of the message means both; and alone it is a line of its own, which a person sees and
  confirms as any deletion in the consolidated mailbox (directions, guards, quarantine). The line
  stands only while both copies are listed, and the one that stays is looked at right before the
  other is deleted: so no line of this kind can take the message's last copy.
- A person who takes that line out, or files the copy, or deletes the other one, keeps it.
- A loss of the message on an account that is noticed in the very listing that shows the late copy
  counts as a move, as with any new copy: somebody may have moved it there, so one copy stays.
- If no such copy is there, nothing is doubled: the late one is like any that is found there, to be
  adopted if an account holds the message. It is not deleted, even where the message was deleted
  meanwhile: the last copy of a message only goes by a deletion that a person made after it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.detect.known import KnownMessages
from mailsync_tui.engine.detect.listing import Parallel
from mailsync_tui.engine.detect.read import Arrival, with_digest
from mailsync_tui.engine.snapshot import Copy, Presence
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import LostResponse
from mailsync_tui.mailboxes.base import Location, Mailbox, MailboxDown, MailboxError
from mailsync_tui.mailboxes.bisect import bisecting
from mailsync_tui.message import content_digest


@dataclass(frozen=True, slots=True)
class Recognised:
    """What came of stores whose answer was lost."""

    arrivals: Sequence[Arrival]
    """All arrivals; those that were read have their digest, those that could not be are left out:
    the next listing has them again."""
    answers: Mapping[Location, int] = field(default_factory=dict)
    """The store (its action) that put there what lies at a location."""
    late_duplicates: Set[Location] = frozenset()
    """Of these, the copies of messages that had been stored once more."""
    unread: int = 0
    """How many were left out."""
    error: str | None = None
    """Why they could not be read."""


def fingerprint(data: bytes) -> str:
    """The hash by which the bytes that were sent are known again: exactly these, or not."""
    return sha256(data).hexdigest()


def recognise(
    arrivals: Sequence[Arrival],
    known: KnownMessages,
    ledger: LedgerReader,
    mailbox: Mailbox | None,
    parallel: Parallel,
) -> Recognised:
    """Find among the arrivals what stores without an answer put into the consolidated mailbox.

    Args:
        arrivals: All that is new, everywhere.
        known: The ledger's messages that they may be.
        ledger: For the stores without an answer.
        mailbox: The consolidated one; bodies are read only where there is such a store.
        parallel: Runs that reading.
    """
    stores = _stores(ledger, arrivals, known)
    suspects: dict[Location, list[int]] = {}
    for arrival in arrivals:
        if arrival.mailbox == CONSOLIDATED and arrival.identity is not None:
            at = arrival.location
            candidates = known.candidates.get(arrival.identity.key, ())
            if messages := [n for n in candidates if (n, at.folder) in stores]:
                suspects[at] = messages
    if not suspects or mailbox is None:
        return Recognised(arrivals)
    placed = {n: _placed(known.copies[n]) for some in suspects.values() for n in some}
    wanted = [*suspects, *(at for ats in placed.values() for at in ats)]
    read = parallel({CONSOLIDATED: partial(_read, mailbox, wanted)})[CONSOLIDATED]
    answers: dict[Location, int] = {}
    late_duplicates: set[Location] = set()
    for location, messages in suspects.items():
        for message in messages:
            waiting = stores[message, location.folder]
            again = {read.sent[at] for at in placed[message] if at in read.sent}
            found = read.sent.get(location)
            answered = next((s for s in waiting if found in (again | {s.sent})), None)
            if answered is not None:
                waiting.remove(answered)
                answers[location] = answered.action
                if placed[message]:
                    late_duplicates.add(location)
                break
    left_out = {at for at in suspects if at not in read.sent} if read.error else set()
    return Recognised(
        [
            _as_read(arrival, read) if arrival.location in suspects else arrival
            for arrival in arrivals
            if arrival.mailbox != CONSOLIDATED or arrival.location not in left_out
        ],
        answers,
        late_duplicates,
        len(left_out),
        read.error,
    )


def _stores(
    ledger: LedgerReader, arrivals: Iterable[Arrival], known: KnownMessages
) -> dict[tuple[int, str], list[LostResponse]]:
    """The stores without an answer that may have put some arrival there, by message and folder."""
    possible = {
        number
        for arrival in arrivals
        if arrival.mailbox == CONSOLIDATED and arrival.identity
        for number in known.candidates.get(arrival.identity.key, ())
    }
    stores: dict[tuple[int, str], list[LostResponse]] = defaultdict(list)
    for store in journal.lost_responses(ledger, possible) if possible else ():
        stores[store.message, store.folder].append(store)
    return stores


def _placed(copies: Iterable[Copy]) -> list[Location]:
    return [
        c.location
        for c in copies
        if c.mailbox == CONSOLIDATED
        and c.adopted
        and c.presence is Presence.YES
        and not c.late_duplicate
    ]


@dataclass(frozen=True, slots=True)
class _Read:
    """Copies in the consolidated mailbox; only their hashes are kept."""

    sent: Mapping[Location, str]
    """The :func:`fingerprint` of what lies there."""
    digests: Mapping[Location, str]
    error: str | None


def _read(mailbox: Mailbox, locations: Sequence[Location]) -> _Read:
    sent: dict[Location, str] = {}
    digests: dict[Location, str] = {}
    error: str | None = None
    try:
        for raw in bisecting(mailbox.fetch, locations):
            sent[raw.location] = fingerprint(raw.data)
            digests[raw.location] = content_digest(raw.data)
    except MailboxDown as failure:
        error = str(failure)
    except MailboxError:  # one never comes whole: that one cannot be recognised
        pass
    return _Read(sent, digests, error)


def _as_read(arrival: Arrival, read: _Read) -> Arrival:
    digest = read.digests.get(arrival.location)
    ours = arrival.mailbox == CONSOLIDATED and arrival.identity is not None
    return with_digest(arrival, digest) if ours and digest is not None else arrival
