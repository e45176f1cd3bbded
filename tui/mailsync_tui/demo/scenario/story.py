"""What happened to the demo's mail, step by step, and what the next plan must say of it.

The steps are changes of the mailboxes between syncs; the expected lines are written down where a
letter's fate is decided, so that they owe nothing to the planner they are held against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsync_tui.demo.mail.letters import REFERENCE, Letter, Writer
from mailsync_tui.demo.scenario.builder import FLAVOURS, Author
from mailsync_tui.demo.scenario.incidents import add_troubles
from mailsync_tui.demo.scenario.scenario import (
    CONSOLIDATED,
    EVERYDAY,
    ISP,
    OLD,
    WORK,
    Change,
    ExpectedRow,
    Story,
)

if TYPE_CHECKING:
    from datetime import datetime

SEED = 20260105

_COUNTS: dict[str, dict[ExpectedRow, int]] = {
    ISP: {
        ExpectedRow.FORWARD: 8,
        ExpectedRow.REVERSE: 6,
        ExpectedRow.FORGET: 6,
        ExpectedRow.COLLECT: 8,
        ExpectedRow.ADOPT: 5,
        ExpectedRow.BACK: 5,
        ExpectedRow.AGAIN: 5,
        ExpectedRow.IN_SYNC: 74,
    },
    WORK: {
        ExpectedRow.FORWARD: 7,
        ExpectedRow.REVERSE: 6,
        ExpectedRow.FORGET: 5,
        ExpectedRow.COLLECT: 9,
        ExpectedRow.ADOPT: 5,
        ExpectedRow.BACK: 5,
        ExpectedRow.AGAIN: 5,
        ExpectedRow.IN_SYNC: 65,
    },
    # Far more than half of what is known on this account has vanished, so a guard blocks its
    # forward deletions. They are of all ages: nothing that a provider's clean-up would explain.
    OLD: {
        ExpectedRow.FORWARD: 72,
        ExpectedRow.REVERSE: 6,
        ExpectedRow.FORGET: 5,
        ExpectedRow.COLLECT: 6,
        ExpectedRow.ADOPT: 5,
        ExpectedRow.BACK: 5,
        ExpectedRow.AGAIN: 5,
        ExpectedRow.IN_SYNC: 12,
    },
}
_BLOCKED = (OLD, ExpectedRow.FORWARD)

_LATE = ((WORK, ISP), (ISP, WORK), (ISP, OLD))
"""Where letters were known and ended, and where copies of them turn up afterwards."""
_LATE_EACH = 5
_TRASHED = 2
"""So many of each account's reverse deletions lie in the consolidated trash, not nowhere."""
_OWN_FOLDERS = {"INBOX": 6, "Archive": 8, "Sent": 8, "Drafts": 2}
_LISTS = 3
_SHARED = 6


class _Everyday(Author):
    """Decides each letter's fate; every method tells one row, or one special case, to its end."""

    def forward(self, account: str) -> None:
        letter = self.known(account)
        self.present.append(Change("remove", account, letter))
        if (account, ExpectedRow.FORWARD) == _BLOCKED:
            self.expect(
                account, "forward-delete", letter, ExpectedRow.FORWARD, "blocked", "max-delete"
            )
        else:
            self.expect(account, "forward-delete", letter, ExpectedRow.FORWARD)

    def reverse(self, account: str, *, trashed: bool) -> None:
        letter = self.known(account)
        if trashed:
            self.present.append(Change("file", CONSOLIDATED, letter, "Trash"))
        else:
            self.present.append(Change("remove", CONSOLIDATED, letter))
        self.expect(account, "reverse-delete", letter, ExpectedRow.REVERSE)

    def forget(self, account: str) -> None:
        letter = self.known(account)
        self.present += [
            Change("remove", account, letter),
            Change("remove", CONSOLIDATED, letter),
        ]
        self.expect(account, "forget", letter, ExpectedRow.FORGET)

    def adopt(self, account: str) -> None:
        letter = self.write(account)
        self.present += [
            Change("deliver", account, letter),
            Change("deliver", CONSOLIDATED, letter),
        ]
        self.expect(account, "adopt", letter, ExpectedRow.ADOPT)

    def ended(self, account: str) -> Letter:
        """A letter that was gone from both sides at the second sync, which forgot it."""
        letter = self.known(account)
        self.cleaning += [
            Change("remove", account, letter),
            Change("remove", CONSOLIDATED, letter),
        ]
        return letter

    def back(self, account: str) -> None:
        letter = self.ended(account)
        self.present.append(Change("deliver", account, letter))
        self.expect(account, "collect", letter, ExpectedRow.BACK)

    def late(self, origin: str, account: str) -> None:
        letter = self.ended(origin)
        self.present.append(Change("deliver", account, letter))
        self.expect(account, "collect", letter, ExpectedRow.LATE, "held", "late-copy")

    def again(self, account: str) -> None:
        """Deleted by the second sync, and never missing from any listing since."""
        letter = self.known(account)
        self.cleaning.append(Change("remove", CONSOLIDATED, letter))
        self.lagging.append(Change("return", account, letter))
        self.expect(account, "reverse-delete", letter, ExpectedRow.AGAIN)

    def fan_out_deleted_on(self, loser: str, *holders: str) -> None:
        """Gone from one account: it goes from the consolidated mailbox and all other accounts."""
        accounts = sorted((loser, *holders), key=EVERYDAY.index)
        letter = self.known(*accounts)
        self.present.append(Change("remove", loser, letter))
        self.expect(loser, "forward-delete", letter, ExpectedRow.FORWARD)
        for holder in holders:
            self.expect(holder, "reverse-delete", letter, ExpectedRow.REVERSE)

    def fan_out_deleted_here(self, *accounts: str) -> None:
        """Gone from the consolidated mailbox: it goes from every account."""
        letter = self.known(*accounts)
        self.present.append(Change("remove", CONSOLIDATED, letter))
        for account in accounts:
            self.expect(account, "reverse-delete", letter, ExpectedRow.REVERSE)

    def moved(self, origin: str, target: str, folder: str) -> None:
        """Gone from one account, and new on another: nothing is deleted for that."""
        letter = self.known(origin)
        self.present += [
            Change("remove", origin, letter),
            Change("deliver", target, letter, folder),
        ]
        self.expect(target, "adopt", letter, ExpectedRow.ADOPT)

    def new_on_two(self, first: str, second: str) -> None:
        letter = self.write(second)
        self.present += [Change("deliver", first, letter), Change("deliver", second, letter)]
        self.expect(first, "collect", letter, ExpectedRow.COLLECT)
        self.expect(second, "adopt", letter, ExpectedRow.ADOPT)

    def twins(self) -> None:
        """One Message-ID on two letters, twice: both new, and one known and one new."""
        first = self.write(ISP)
        known = self.in_sync(OLD)
        for letter, account, flavour in (
            (first, WORK, FLAVOURS[WORK]),
            (known, ISP, FLAVOURS[ISP]),
        ):
            twin = self.writer.same_id(letter, flavour)
            self.present.append(Change("deliver", account, twin))
            self.expect(account, "collect", twin, ExpectedRow.COLLECT)
        self.present.append(Change("deliver", ISP, first))
        self.expect(ISP, "collect", first, ExpectedRow.COLLECT)

    def without_id(self) -> None:
        letter = self.writer.letter(FLAVOURS[ISP], with_id=False)
        self.present.append(Change("deliver", ISP, letter))
        self.expect(ISP, "collect", letter, ExpectedRow.COLLECT)

    def declined_forward(self, account: str) -> None:
        letter = self.known(account)
        self.cleaning.append(Change("remove", account, letter))
        self.declined.append((account, "forward-delete", letter.message_id))
        self.expect(account, "forward-delete", letter, ExpectedRow.FORWARD, "held", "declined")

    def declined_collect(self, account: str) -> None:
        letter = self.write(account)
        self.cleaning.append(Change("deliver", account, letter))
        self.declined.append((account, "collect", letter.message_id))
        self.expect(account, "collect", letter, ExpectedRow.COLLECT, "held", "declined")

    def own(self, folder: str) -> None:
        letter = self.writer.letter("own")
        self.beginning.append(Change("deliver", CONSOLIDATED, letter, folder))
        self.expect(CONSOLIDATED, None, letter, ExpectedRow.OWN, "none")

    def account(self, name: str) -> None:
        counts = _COUNTS[name]
        for number in range(max(counts.values())):
            for row, count in counts.items():
                if number < count:
                    self.row(name, row, number)

    def row(self, name: str, row: ExpectedRow, number: int) -> None:
        if row is ExpectedRow.REVERSE:
            self.reverse(name, trashed=number < _TRASHED)
        elif row is ExpectedRow.IN_SYNC:
            self.filed(name, number)
        else:
            tell = {
                ExpectedRow.FORWARD: self.forward,
                ExpectedRow.FORGET: self.forget,
                ExpectedRow.COLLECT: self.collect,
                ExpectedRow.ADOPT: self.adopt,
                ExpectedRow.BACK: self.back,
                ExpectedRow.AGAIN: self.again,
            }
            tell[row](name)

    def filed(self, name: str, number: int) -> None:
        """In sync; some were filed into another folder since, which is no deletion."""
        if name == WORK and number % 6 == 1:
            self.in_sync(name, folder="Projects/Atlas")
            return
        letter = self.in_sync(name)
        if name == WORK and number % 20 == 0:
            self.present.append(Change("file", WORK, letter, "Projects/Tern"))
        elif name == ISP and number % 15 == 0:
            self.present.append(Change("file", CONSOLIDATED, letter, "Archive"))


def tell(seed: int = SEED, today: datetime = REFERENCE, *, unreached: bool = True) -> Story:
    """Tell the demo's story; the same seed and date give the same letters, to the byte.

    Args:
        seed: Of what is drawn by lot.
        today: The day of the youngest letters.
        unreached: Whether there is an account that is not reached.
    """
    author = _Everyday(Writer(seed, today))
    for name in EVERYDAY:
        author.account(name)
    for origin, account in _LATE:
        for _ in range(_LATE_EACH):
            author.late(origin, account)
    author.fan_out_deleted_on(ISP, WORK, OLD)
    author.fan_out_deleted_on(WORK, OLD)
    author.fan_out_deleted_here(ISP, WORK)
    author.moved(ISP, WORK, "INBOX")
    author.moved(OLD, WORK, "Projects/Atlas")
    for _ in range(_LISTS):
        author.new_on_two(ISP, WORK)
    for _ in range(_SHARED):
        author.in_sync(ISP, OLD)
    author.twins()
    author.without_id()
    author.declined_forward(ISP)
    author.declined_collect(WORK)
    for folder, count in _OWN_FOLDERS.items():
        for _ in range(count):
            author.own(folder)
    add_troubles(author, unreached=unreached)
    return author.story()
