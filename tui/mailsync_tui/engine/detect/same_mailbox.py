"""Two names that turn out to be one mailbox, by what both list (DESIGN.md, rule 13).

Names prove little: of aliases, of users who share a mailbox, of a folder that shows others' mail.
Filing on such a server would pass for a deletion, so nothing is deleted until a person has said
which it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.detect.identify import Identified
from mailsync_tui.engine.detect.known import KnownMessages
from mailsync_tui.engine.detect.match import MatchedListing
from mailsync_tui.engine.snapshot import Copy, CopyState, Presence
from mailsync_tui.ledger.listings import stored_since
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import MailboxRow

LEAST = 3
"""Fewer messages prove nothing: one forward that comes late, or two, with equal sizes."""
_ALIKE = 0.9
"""So much of what either lists must be on the other: mail may have come between two listings."""


class _Sighting(NamedTuple):
    """A copy that is listed."""

    folder: str
    size: int
    received: datetime | None
    new: bool

    def equals(self, other: _Sighting) -> bool:
        """Whether both may be one: of one size, and where both have a date of arrival, of one."""
        dates = {self.received, other.received} - {None}
        return self.size == other.size > 0 and len(dates) < 2


_Seen = Mapping[str, Mapping[int, Sequence[_Sighting]]]
"""What each mailbox lists, by message."""


def same_mailboxes(
    config: UserConfig,
    ledger: LedgerReader,
    home: MailboxRow | None,
    listed: Mapping[str, MatchedListing],
    known: KnownMessages,
    identified: Identified,
) -> dict[str, str]:
    """The accounts that seem to be another mailbox by another door, with the name of that one.

    Either of two things shows it. What we stored in a folder of the consolidated mailbox since the
    account was listed last is new on the account, all of it, with equal sizes. Or what is new on
    both, or all that an account which is listed for the first time has, is nearly the same, with
    equal sizes and equal dates of arrival. Both take at least three messages. Copies on the way of
    a message differ in size by the header fields that each server adds, so that mail which several
    accounts get is not mistaken for it; mail that was moved to a new provider byte by byte is, and
    then a person says so. No body is read for it.

    Args:
        config: Where ``distinct`` is set, nothing is looked at.
        ledger: Knows what was stored, and when.
        home: The consolidated mailbox's row.
        listed: The listings.
        known: The ledger's messages.
        identified: Which message each arrival is.
    """
    seen = _sightings(known, identified)
    accounts = [c.name for c in config.external if not c.distinct and c.name in seen]
    found: dict[str, str] = {}
    for name in accounts:
        if home is not None and _comes_back(ledger, home, listed, name, seen[name]):
            found[name] = CONSOLIDATED
        for other in config.mailboxes:
            if other.name == name or other.distinct or other.name not in seen:
                continue
            if _list_the_same(seen, listed[name], listed[other.name]):
                found.setdefault(name, other.name)
                if other.name != CONSOLIDATED:
                    found.setdefault(other.name, name)
    return found


def _sightings(known: KnownMessages, identified: Identified) -> _Seen:
    """What is listed of the messages of which a copy arrived."""
    seen: dict[str, dict[int, list[_Sighting]]] = defaultdict(lambda: defaultdict(list))
    new = enumerate(identified.groups, start=-len(identified.groups))  # no row has such a number
    for message, arrivals in (*identified.joined.items(), *new):
        copies = known.copies.get(message, ())
        for each in arrivals:
            if not _renumbered(each.mailbox, copies):
                sighting = _Sighting(each.location.folder, each.size, each.received, new=True)
                seen[each.mailbox][message].append(sighting)
        for copy in copies:
            # What we stored there is as long as what it was made from.
            ours = copy.mailbox == CONSOLIDATED and not copy.first_scan
            if copy.presence is Presence.YES and copy.state is CopyState.LIVE and not ours:
                sighting = _Sighting(copy.location.folder, copy.size, None, new=False)
                seen[copy.mailbox][message].append(sighting)
    return seen


def _renumbered(mailbox: str, copies: Iterable[Copy]) -> bool:
    """Whether an arrival may be a copy that its mailbox had before, under another identifier."""
    return any(
        copy.mailbox == mailbox
        and copy.presence is not Presence.YES
        and copy.state is not CopyState.ENDED
        for copy in copies
    )


def _list_the_same(seen: _Seen, mine: MatchedListing, theirs: MatchedListing) -> bool:
    """Whether what is new on an account, or all of one that is new itself, is on another one."""
    first = not mine.scan
    pairs = [
        (one, other)
        for message, copies in seen[mine.name].items()
        for one, other in _pairs(copies, seen[theirs.name].get(message, ()))
        if one.new and (first or other.new)
    ]
    if len(pairs) < LEAST:
        return False
    arrived = Counter(location.folder for location in mine.arrived)
    here = sum(arrived[folder] for folder in {one.folder for one, _ in pairs})
    there = {other.folder for _, other in pairs}
    if first:
        others = sum(len(theirs.folders[folder].uids) for folder in there)
    else:
        others = sum(location.folder in there for location in theirs.arrived)
    return len(pairs) >= _ALIKE * max(here, others)


def _pairs(
    mine: Iterable[_Sighting], theirs: Iterable[_Sighting]
) -> Iterator[tuple[_Sighting, _Sighting]]:
    left = list(theirs)
    for one in mine:
        other = next((each for each in left if one.equals(each)), None)
        if other is not None:
            left.remove(other)
            yield one, other


def _comes_back(
    ledger: LedgerReader,
    home: MailboxRow,
    listed: Mapping[str, MatchedListing],
    account: str,
    copies: Mapping[int, Sequence[_Sighting]],
) -> bool:
    """Whether all that we stored since an account's last listing is new on it."""
    scan = listed[account].scan
    sizes = {message: {one.size for one in there if one.new} for message, there in copies.items()}
    if not scan or sum(map(bool, sizes.values())) < LEAST:
        return False
    stored: Counter[str] = Counter()
    back: Counter[str] = Counter()
    for message, location, size in stored_since(ledger, home.id, scan):
        if listed[CONSOLIDATED].presence(location) is Presence.YES:
            stored[location.folder] += 1
            back[location.folder] += size in sizes.get(message, ())
    return any(back[folder] == count >= LEAST for folder, count in stored.items())
