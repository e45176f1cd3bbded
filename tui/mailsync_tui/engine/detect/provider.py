"""Losses that look like a provider's doing and not like a person's.

Some providers hide over POP3 what was fetched, some clean up what is old, some cut a listing at a
round number. Nobody deleted that mail, so such losses are doubted, and a guard asks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailsync_tui.config.model import UserConfig
from mailsync_tui.engine.detect.expiry import Expiry, judge
from mailsync_tui.engine.detect.match import MatchedListing, MatchedMailboxes
from mailsync_tui.engine.plan.moves import LOSABLE
from mailsync_tui.engine.snapshot import Copy, MailboxState, MessageState, Presence, State
from mailsync_tui.ledger import listings
from mailsync_tui.ledger.reader import LedgerReader

EXPIRY_DAYS = 7
"""Losses of so many days are looked at together: providers clean up a little every day."""

_SMALLEST_CUT = 50
_ROUND = frozenset({"1", "2", "25", "5"})
"""What is left of a round number without its zeros."""


@dataclass(frozen=True, slots=True)
class _Suspicions:
    """What is doubted in one mailbox, and what the guards tell of it."""

    doubts: Mapping[int, str]
    """Rule, by the ledger's row of the copy."""
    cut: int | None = None
    fetched: bool = False
    spared: int = 0


@dataclass(slots=True)
class _Losses:
    copies: dict[int, Copy] = field(default_factory=dict)
    """By row: proved to be gone from this mailbox, all of the message."""
    dates: dict[int, datetime | None] = field(default_factory=dict)
    """The messages' dates, none later than they were first listed; ``None`` where one has none."""


def doubted(
    messages: Sequence[MessageState],
    states: Mapping[str, MailboxState],
    config: UserConfig,
    ledger: LedgerReader,
    matched: MatchedMailboxes,
    listed: Mapping[str, MatchedListing],
    now: datetime,
) -> tuple[tuple[MessageState, ...], dict[str, MailboxState]]:
    """The same messages and mailboxes, with what looks like a provider's doing marked so.

    Args:
        messages: All that differs.
        states: Every mailbox at this listing.
        config: The person's configuration.
        ledger: Read in one snapshot.
        matched: Which of the ledger's mailboxes is which.
        listed: The listings.
        now: Their moment, aware.

    Raises:
        LedgerError: the ledger is damaged.
    """
    provider = _Provider(config, ledger, matched, listed, now)
    found = {
        name: provider.suspicions(name, lost, states[name])
        for name, lost in provider.lost(messages).items()
        if states[name].complete and not states[name].changed
    }
    marked = dict(states)
    for name, each in found.items():
        marked[name] = replace(
            states[name], cut=each.cut, fetched_gone=each.fetched, spared=each.spared
        )
    doubts = {row: rule for each in found.values() for row, rule in each.doubts.items()}
    return tuple(_doubting(message, doubts) if doubts else message for message in messages), marked


class _Provider:
    def __init__(
        self,
        config: UserConfig,
        ledger: LedgerReader,
        matched: MatchedMailboxes,
        listed: Mapping[str, MatchedListing],
        now: datetime,
    ) -> None:
        self.configs = {c.name: c for c in config.mailboxes}
        self.floor = config.guards.max_delete_floor
        self.ledger = ledger
        self.matched = matched
        self.listed = listed
        self.now = now

    def lost(self, messages: Iterable[MessageState]) -> dict[str, _Losses]:
        result: dict[str, _Losses] = defaultdict(_Losses)
        for message in messages:
            here = {c.mailbox for c in message.copies if c.presence is Presence.YES}
            for copy in message.copies:
                if (
                    copy.id is not None
                    and copy.mailbox in self.configs
                    and copy.mailbox not in here
                    and copy.adopted
                    and copy.state in LOSABLE
                    and copy.presence is Presence.GONE
                    and copy.doubt is None
                ):
                    result[copy.mailbox].copies[copy.id] = copy
                    result[copy.mailbox].dates[copy.id] = _dated(message, copy)
        return result

    def suspicions(self, name: str, lost: _Losses, state: MailboxState) -> _Suspicions:
        kind = self.configs[name].type
        if kind == "maildir":
            return _Suspicions({})
        doubts: dict[int, str] = {}
        cut = self._cut(name, lost, doubts)
        fetched: set[int] = set()
        spared = 0
        if kind == "pop3":
            fetched = self._fetched(name, lost)
            if len(fetched) > self.floor:
                doubts.update(dict.fromkeys(fetched, "hidden"))
            left = {row: c for row, c in lost.copies.items() if row not in doubts}
            expiry = self._expiry(name, _Losses(left, lost.dates), state)
            spared = expiry.spared
            if expiry.expired:
                doubts.update(dict.fromkeys(left, "expired"))
        return _Suspicions(doubts, cut, bool(fetched), spared)

    def _cut(self, name: str, lost: _Losses, doubts: dict[int, str]) -> int | None:
        """A folder that lists a round number of messages where more were known."""
        here = self.listed[name]
        arrived = Counter(location.folder for location in here.arrived)
        found = None
        for folder, listing in here.folders.items():
            number = len(listing.uids)
            rows = [row for row, c in lost.copies.items() if c.location.folder == folder]
            if is_round(number) and len(rows) > max(self.floor, arrived[folder]):
                doubts.update(dict.fromkeys(rows, "hidden"))
                found = number
        return found

    def _fetched(self, name: str, lost: _Losses) -> set[int]:
        """What was fetched by runs of which nothing was listed any more at the next listing."""
        row = self.matched.rows[name]
        runs: dict[int, set[int]] = defaultdict(set)
        for number, copy in lost.copies.items():
            if copy.adopted_scan > row.seen_scan and copy.held_scan <= copy.adopted_scan:
                runs[copy.adopted_scan].add(number)
        whole: set[int] = set()
        for scan, rows in runs.items():
            if listings.fetched_by(self.ledger, row.id, scan) == len(rows):
                whole |= rows
        return whole

    def _expiry(self, name: str, lost: _Losses, state: MailboxState) -> Expiry:
        """What went within a week, held against what is left."""
        since = self.now - timedelta(days=EXPIRY_DAYS)
        # In the order of the listings: their clock may have been set meanwhile.
        recent = next((row.scan for row in state.scans if row.at >= since), state.scan + 1)
        row = self.matched.rows[name].id
        return judge(
            self.ledger,
            row,
            [
                (number, lost.dates[number])
                for number, copy in lost.copies.items()
                if copy.state is State.LIVE or copy.missing_scan >= recent
            ],
            listings.ended_since(self.ledger, row, recent),
            self.floor,
            lambda location: self.listed[name].presence(location) is Presence.YES,
        )


def _dated(message: MessageState, copy: Copy) -> datetime | None:
    date = message.summary.date
    return min(date, copy.since) if date is not None and copy.since is not None else date


def is_round(number: int) -> bool:
    """Whether a listing of so many messages may have been cut, such as 50, 100, 250 or 1000."""
    return number >= _SMALLEST_CUT and str(number).rstrip("0") in _ROUND


def _doubting(message: MessageState, doubts: Mapping[int, str]) -> MessageState:
    if not any(copy.id in doubts for copy in message.copies):
        return message
    copies = tuple(
        replace(copy, doubt=doubts[copy.id]) if copy.id is not None and copy.id in doubts else copy
        for copy in message.copies
    )
    return replace(message, copies=copies)
