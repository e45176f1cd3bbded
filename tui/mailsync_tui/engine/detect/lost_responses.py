"""Stores whose answer never came, and what turns up of them later.

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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.detect.arrivals import Arrival, Arrivals
from mailsync_tui.engine.detect.parallel import Parallel
from mailsync_tui.engine.snapshot import Copy, Presence
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import LostResponse
from mailsync_tui.mailboxes.base import Location, Mailbox, MailboxDown, MailboxError
from mailsync_tui.message import content_digest


@dataclass(slots=True)
class Late:
    """What came of stores whose answer was lost."""

    arrivals: list[Arrival]
    """All arrivals; those that were read have their digest, those that could not be are left out:
    the next listing has them again."""
    answers: dict[Location, int] = field(default_factory=dict)
    """The store (its action) that put there what lies at a location."""
    late_duplicate: set[Location] = field(default_factory=set)
    """Of these, the copies of messages that had been stored once more."""
    unread: Arrivals | None = None
    """What could not be read, if anything."""


def fingerprint(data: bytes) -> str:
    """The hash by which the bytes that were sent are known again: exactly these, or not."""
    return sha256(data).hexdigest()


def recognise(
    ledger: LedgerReader,
    arrivals: Sequence[Arrival],
    candidates: Mapping[bytes, Sequence[int]],
    copies: Mapping[int, Sequence[Copy]],
    mailbox: Mailbox | None,
    parallel: Parallel,
) -> Late:
    """Find among the arrivals what stores without an answer put into the consolidated mailbox.

    Args:
        ledger: For the stores without an answer.
        arrivals: All that is new, everywhere.
        candidates: Messages of the ledger by identity key.
        copies: Their copies, as this listing shows them.
        mailbox: The consolidated one; bodies are read only where there is such a store.
        parallel: Runs that reading.
    """
    result = Late(list(arrivals))
    here = [a for a in arrivals if a.mailbox == CONSOLIDATED and a.identity]
    possible = {n for a in here if a.identity for n in candidates.get(a.identity.key, ())}
    stores: dict[tuple[int, str], list[LostResponse]] = defaultdict(list)
    for store in journal.lost_responses(ledger, possible) if possible else ():
        stores[store.message, store.folder].append(store)
    suspects: dict[Location, list[int]] = {}
    for arrival in here:
        assert arrival.identity is not None
        folder = arrival.location.folder
        messages = [n for n in candidates.get(arrival.identity.key, ()) if (n, folder) in stores]
        if messages:
            suspects[arrival.location] = messages
    if not suspects or mailbox is None:
        return result
    placed = {n: _placed(copies[n]) for messages in suspects.values() for n in messages}
    read = _Reading(mailbox, [*suspects, *(at for ats in placed.values() for at in ats)])
    result.unread = parallel({CONSOLIDATED: read.run})[CONSOLIDATED]
    if result.unread.error is not None:
        left_out = {at for at in suspects if at not in read.bytes}
        result.unread.unread = len(left_out)
        result.arrivals = [a for a in result.arrivals if a.location not in left_out]
    result.arrivals = [read.with_digest(a, suspects) for a in result.arrivals]
    for location, messages in suspects.items():
        for message in messages:
            waiting = stores[message, location.folder]
            again = {read.bytes[at] for at in placed[message] if at in read.bytes}
            found = read.bytes.get(location)
            answered = next((s for s in waiting if found in (again | {s.sent})), None)
            if answered is not None:
                waiting.remove(answered)
                result.answers[location] = answered.action
                if placed[message]:
                    result.late_duplicate.add(location)
                break
    return result


def _placed(copies: Iterable[Copy]) -> list[Location]:
    return [
        c.location
        for c in copies
        if c.mailbox == CONSOLIDATED
        and c.adopted
        and c.presence is Presence.YES
        and not c.late_duplicate
    ]


class _Reading:
    """Reads copies in the consolidated mailbox, on its own thread, and keeps only hashes."""

    def __init__(self, mailbox: Mailbox, locations: Sequence[Location]) -> None:
        self.mailbox, self.locations = mailbox, locations
        self.bytes: dict[Location, str] = {}
        self.digests: dict[Location, str] = {}

    def run(self) -> Arrivals:
        result = Arrivals()
        try:
            for raw in self.mailbox.fetch(self.locations):
                self.bytes[raw.location] = fingerprint(raw.data)
                self.digests[raw.location] = content_digest(raw.data)
        except MailboxDown as error:
            result.error = str(error)
        except MailboxError:  # one never comes whole: that one cannot be recognised
            pass
        return result

    def with_digest(self, arrival: Arrival, suspects: Mapping[Location, object]) -> Arrival:
        digest = self.digests.get(arrival.location)
        mine = arrival.mailbox == CONSOLIDATED and arrival.location in suspects
        if not mine or digest is None or arrival.identity is None:
            return arrival
        return replace(arrival, identity=replace(arrival.identity, digest=digest))
