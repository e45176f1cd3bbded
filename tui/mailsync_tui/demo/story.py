"""What happened to the demo's mail, step by step, and what the next plan must say of it.

The steps are changes of the four mailboxes between syncs; the expected lines are written down
where a letter's fate is decided, so that they owe nothing to the planner they are held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from mailsync_tui.demo.mail import REFERENCE, Letter, Writer

if TYPE_CHECKING:
    from datetime import datetime

    from mailsync_tui.demo.mail_text import Flavour

SEED = 20260105

ISP, WORK, OLD, CONSOLIDATED = "isp", "work", "old", "consolidated"
ACCOUNTS = (ISP, WORK, OLD)
"""The external accounts, in the order of the configuration file."""


class Row(StrEnum):
    """The rows of the table by which a plan is made."""

    IN_SYNC = "in sync"
    FORWARD = "forward deletion"
    REVERSE = "reverse deletion"
    FORGET = "forget"
    COLLECT = "collect"
    ADOPT = "adopt"
    OWN = "the consolidated mailbox's own"
    BACK = "back on the account"
    LATE = "late copy"
    AGAIN = "the deletion did not take"


Fate = Literal["action", "held", "blocked", "none"]


class Expected(NamedTuple):
    """One line that a plan over the last state must have, or a letter that it must leave alone."""

    account: str
    kind: str | None
    """As in the plan's JSON; ``None`` where no line may name the letter."""
    message_id: str | None
    row: Row
    fate: Fate = "action"
    """Where the line stands in the plan; of ``blocked`` ones only the number is shown there."""


class Change(NamedTuple):
    """One thing that happens in one mailbox."""

    what: Literal["deliver", "remove", "file", "return"]
    """``return``: the server lists again, in its place, what it had said to have deleted."""
    mailbox: str
    letter: Letter
    folder: str = "INBOX"
    """Where it is delivered or filed; nothing for ``remove``."""


@dataclass(frozen=True, slots=True)
class Story:
    """The changes before each sync, in order, and the lines of the plan after the last one."""

    beginning: tuple[Change, ...]
    """All mailboxes as the first sync finds them: it collects everything."""
    cleaning: tuple[Change, ...]
    """Before the second sync, which applies all directions but the declined lines."""
    lagging: tuple[Change, ...]
    """Right after the second sync: servers list again what it deleted. The third one looks."""
    present: tuple[Change, ...]
    """What happened since then: the state that the person finds."""
    declined: tuple[tuple[str, str, str | None], ...]
    """Account, kind and Message-ID of the lines that are taken out of the second plan."""
    expected: tuple[Expected, ...]

    @property
    def letters(self) -> tuple[Letter, ...]:
        """Every letter once, in the order in which they are first delivered."""
        changes = self.beginning + self.cleaning + self.lagging + self.present
        return tuple(dict.fromkeys(change.letter for change in changes))


_FLAVOURS: dict[str, Flavour] = {ISP: "private", WORK: "work", OLD: "old"}

_COUNTS: dict[str, dict[Row, int]] = {
    ISP: {
        Row.FORWARD: 8,
        Row.REVERSE: 6,
        Row.FORGET: 6,
        Row.COLLECT: 8,
        Row.ADOPT: 5,
        Row.BACK: 5,
        Row.AGAIN: 5,
        Row.IN_SYNC: 74,
    },
    WORK: {
        Row.FORWARD: 7,
        Row.REVERSE: 6,
        Row.FORGET: 5,
        Row.COLLECT: 9,
        Row.ADOPT: 5,
        Row.BACK: 5,
        Row.AGAIN: 5,
        Row.IN_SYNC: 65,
    },
    # Far more than half of what is known on this account has vanished, so a guard blocks its
    # forward deletions. They are of all ages: nothing that a provider's clean-up would explain.
    OLD: {
        Row.FORWARD: 72,
        Row.REVERSE: 6,
        Row.FORGET: 5,
        Row.COLLECT: 6,
        Row.ADOPT: 5,
        Row.BACK: 5,
        Row.AGAIN: 5,
        Row.IN_SYNC: 12,
    },
}
_BLOCKED = (OLD, Row.FORWARD)

_LATE = ((WORK, ISP), (ISP, WORK), (ISP, OLD))
"""Where letters were known and ended, and where copies of them turn up afterwards."""
_LATE_EACH = 5
_TRASHED = 2
"""So many of each account's reverse deletions lie in the consolidated trash, not nowhere."""
_OWN_FOLDERS = {"INBOX": 6, "Archive": 8, "Sent": 8, "Drafts": 2}
_LISTS = 3
_SHARED = 6


class _Author:
    """Decides each letter's fate; every method tells one row, or one special case, to its end."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.beginning: list[Change] = []
        self.cleaning: list[Change] = []
        self.lagging: list[Change] = []
        self.present: list[Change] = []
        self.declined: list[tuple[str, str, str | None]] = []
        self.expected: list[Expected] = []

    def write(self, account: str) -> Letter:
        return self.writer.letter(_FLAVOURS[account])

    def known(self, *accounts: str, folder: str = "INBOX") -> Letter:
        """A letter that the first sync finds on these accounts and collects."""
        letter = self.write(accounts[0])
        self.beginning += [Change("deliver", name, letter, folder) for name in accounts]
        return letter

    def expect(
        self, account: str, kind: str | None, letter: Letter, row: Row, fate: Fate = "action"
    ) -> None:
        self.expected.append(Expected(account, kind, letter.message_id, row, fate))

    def forward(self, account: str) -> None:
        letter = self.known(account)
        self.present.append(Change("remove", account, letter))
        fate: Fate = "blocked" if (account, Row.FORWARD) == _BLOCKED else "action"
        self.expect(account, "forward-delete", letter, Row.FORWARD, fate)

    def reverse(self, account: str, *, trashed: bool) -> None:
        letter = self.known(account)
        if trashed:
            self.present.append(Change("file", CONSOLIDATED, letter, "Trash"))
        else:
            self.present.append(Change("remove", CONSOLIDATED, letter))
        self.expect(account, "reverse-delete", letter, Row.REVERSE)

    def forget(self, account: str) -> None:
        letter = self.known(account)
        self.present += [
            Change("remove", account, letter),
            Change("remove", CONSOLIDATED, letter),
        ]
        self.expect(account, "forget", letter, Row.FORGET)

    def collect(self, account: str) -> None:
        letter = self.write(account)
        self.present.append(Change("deliver", account, letter))
        self.expect(account, "collect", letter, Row.COLLECT)

    def adopt(self, account: str) -> None:
        letter = self.write(account)
        self.present += [
            Change("deliver", account, letter),
            Change("deliver", CONSOLIDATED, letter),
        ]
        self.expect(account, "adopt", letter, Row.ADOPT)

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
        self.expect(account, "collect", letter, Row.BACK)

    def late(self, origin: str, account: str) -> None:
        letter = self.ended(origin)
        self.present.append(Change("deliver", account, letter))
        self.expect(account, "collect", letter, Row.LATE, "held")

    def again(self, account: str) -> None:
        """Deleted by the second sync, and never missing from any listing since."""
        letter = self.known(account)
        self.cleaning.append(Change("remove", CONSOLIDATED, letter))
        self.lagging.append(Change("return", account, letter))
        self.expect(account, "reverse-delete", letter, Row.AGAIN)

    def in_sync(self, *accounts: str, folder: str = "INBOX") -> Letter:
        letter = self.known(*accounts, folder=folder)
        for account in accounts:
            self.expect(account, None, letter, Row.IN_SYNC, "none")
        return letter

    def fan_out_deleted_on(self, loser: str, *holders: str) -> None:
        """Gone from one account: it goes from the consolidated mailbox and all other accounts."""
        accounts = sorted((loser, *holders), key=ACCOUNTS.index)
        letter = self.known(*accounts)
        self.present.append(Change("remove", loser, letter))
        self.expect(loser, "forward-delete", letter, Row.FORWARD)
        for holder in holders:
            self.expect(holder, "reverse-delete", letter, Row.REVERSE)

    def fan_out_deleted_here(self, *accounts: str) -> None:
        """Gone from the consolidated mailbox: it goes from every account."""
        letter = self.known(*accounts)
        self.present.append(Change("remove", CONSOLIDATED, letter))
        for account in accounts:
            self.expect(account, "reverse-delete", letter, Row.REVERSE)

    def moved(self, origin: str, target: str, folder: str) -> None:
        """Gone from one account, and new on another: nothing is deleted for that."""
        letter = self.known(origin)
        self.present += [
            Change("remove", origin, letter),
            Change("deliver", target, letter, folder),
        ]
        self.expect(target, "adopt", letter, Row.ADOPT)

    def new_on_two(self, first: str, second: str) -> None:
        letter = self.write(second)
        self.present += [Change("deliver", first, letter), Change("deliver", second, letter)]
        self.expect(first, "collect", letter, Row.COLLECT)
        self.expect(second, "adopt", letter, Row.ADOPT)

    def twins(self) -> None:
        """One Message-ID on two letters, twice: both new, and one known and one new."""
        first = self.write(ISP)
        known = self.in_sync(OLD)
        for letter, account, flavour in (
            (first, WORK, _FLAVOURS[WORK]),
            (known, ISP, _FLAVOURS[ISP]),
        ):
            twin = self.writer.twin(letter, flavour)
            self.present.append(Change("deliver", account, twin))
            self.expect(account, "collect", twin, Row.COLLECT)
        self.present.append(Change("deliver", ISP, first))
        self.expect(ISP, "collect", first, Row.COLLECT)

    def without_id(self) -> None:
        letter = self.writer.letter(_FLAVOURS[ISP], with_id=False)
        self.present.append(Change("deliver", ISP, letter))
        self.expect(ISP, "collect", letter, Row.COLLECT)

    def declined_forward(self, account: str) -> None:
        letter = self.known(account)
        self.cleaning.append(Change("remove", account, letter))
        self.declined.append((account, "forward-delete", letter.message_id))
        self.expect(account, "forward-delete", letter, Row.FORWARD, "held")

    def declined_collect(self, account: str) -> None:
        letter = self.write(account)
        self.cleaning.append(Change("deliver", account, letter))
        self.declined.append((account, "collect", letter.message_id))
        self.expect(account, "collect", letter, Row.COLLECT, "held")

    def own(self, folder: str) -> None:
        letter = self.writer.letter("own")
        self.beginning.append(Change("deliver", CONSOLIDATED, letter, folder))
        self.expect(CONSOLIDATED, None, letter, Row.OWN, "none")

    def account(self, name: str) -> None:
        counts = _COUNTS[name]
        for number in range(max(counts.values())):
            for row, count in counts.items():
                if number < count:
                    self.row(name, row, number)

    def row(self, name: str, row: Row, number: int) -> None:
        if row is Row.REVERSE:
            self.reverse(name, trashed=number < _TRASHED)
        elif row is Row.IN_SYNC:
            self.filed(name, number)
        else:
            tell = {
                Row.FORWARD: self.forward,
                Row.FORGET: self.forget,
                Row.COLLECT: self.collect,
                Row.ADOPT: self.adopt,
                Row.BACK: self.back,
                Row.AGAIN: self.again,
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


def tell(seed: int = SEED, today: datetime = REFERENCE) -> Story:
    """Tell the demo's story; the same seed and date give the same letters, to the byte."""
    author = _Author(Writer(seed, today))
    for name in ACCOUNTS:
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
    return Story(
        beginning=_by_date(author.beginning),
        cleaning=tuple(author.cleaning),
        lagging=tuple(author.lagging),
        present=_by_date(author.present),
        declined=tuple(author.declined),
        expected=tuple(author.expected),
    )


def _by_date(changes: list[Change]) -> tuple[Change, ...]:
    """In the order in which the letters were sent, as a mailbox fills."""
    return tuple(sorted(changes, key=lambda change: change.letter.date))
