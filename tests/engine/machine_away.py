"""The state machine's accounts that stay away: what may have been moved there, for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

if TYPE_CHECKING:
    from datetime import datetime

    from mailsync_tui.engine.model import Plan
    from tests.engine.bench import Bench

DAY = 24 * 60
"""Minutes."""
MAY_GO = ("work", "old")
"""The accounts that take mail."""


class StayingAway:
    """Mixed into the machine, which knows the mail and where it lies."""

    bench: Bench
    all: list[Any]
    floor: int
    undone: set[int]
    moved: dict[int, str]
    """By message (its index): the account to which a person moved it, until that is listed."""
    listed: dict[str, datetime]
    """When a sync last listed each mailbox."""
    _sync: Any
    _plain: Any
    _find: Any
    _copies: Any
    _calm: Any
    _anything_away: Any
    _check_survival: Any

    @precondition(lambda self: self._anything_away())
    @rule(days=st.sampled_from([3, 6, 7, 9]))
    def days_pass(self, days: int) -> None:
        self.bench.wait(days * DAY)

    def note_moved(self, index: int, to: str) -> None:
        """A person moved a message."""
        self.moved[index] = to

    def before_sync(self) -> None:
        """What was moved to an account that is silent for too long may be deleted from now on."""
        for index, account in self.moved.items():
            if self._away_for(account) >= 7:
                self.all[index].deleted = True

    def after_sync(self, plan: Plan, at: datetime) -> None:
        """What was listed completely shows what was moved there."""
        if any(box.fault for box in self.bench.boxes.values()):
            return  # headers may not have been read
        for name, report in plan.mailboxes.items():
            if report.complete:
                self.listed[name] = at
                self.moved = {n: account for n, account in self.moved.items() if account != name}

    def _away_for(self, account: str) -> float:
        """For how many days an account that takes mail was not listed."""
        since = self.listed.get(account)
        days = (self.bench.now - since).total_seconds() / 86_400 if since else 0
        return days if account in MAY_GO else 0

    @precondition(lambda self: self.floor > 0 and not self._anything_away())
    @rule(
        message=st.runner().flatmap(lambda self: st.sampled_from(self.all)),
        mailbox=st.sampled_from(["isp", "work", "old", "consolidated"]),
        away=st.sampled_from(MAY_GO),
        days=st.sampled_from([0, 6, 7]),
    )
    def an_account_stays_away(self, message: Any, mailbox: str, away: str, days: int) -> None:
        """(h) A deletion elsewhere is blocked for seven days, and then it is one like any other."""
        for _ in range(3):
            if self._sync((), []) is None:
                return
        plan = self.bench.plan()
        if plan.lines or plan.held or plan.blocked or plan.waiting or not self._plain(message):
            return
        copies = self._copies(message)
        if message.deleted or max(copies.values()) > 1 or self.all.index(message) in self.undone:
            return
        places = {name: self._find(message, name) for name, count in copies.items() if count}
        if mailbox not in places or "consolidated" not in places or mailbox == away:
            return
        if any(place[0] != "INBOX" for place in places.values()):
            return
        left = places.keys() - {mailbox, away}
        if not left or len(places) < 2 + (mailbox == "consolidated" and away in places):
            return
        self.bench.boxes[away].unreachable = "no route to host"
        self.bench.boxes[mailbox].remove(*places[mailbox])
        message.deleted = True
        note(f"deleted in {mailbox} while {away} is away; it lay in {sorted(places)}")
        for wait in (0, days):
            self.bench.wait(wait * DAY)
            plan = self._sync((), [])
            copies = self._copies(message)
            if wait < 7:
                assert all(copies[name] for name in left), f"(h) deleted, though {away} may hold it"
                rules = {(block.rule, away in block.cause) for block in plan.blocked}
                assert rules == {("unreached", True)}, plan.blocked
            else:
                assert not any(copies[name] for name in left), f"(h) held up for ever by {away}"
        self._calm()
        self._sync((), [])
        self._check_survival()
