"""A person with a lot of mail: a ledger of any size, and mailboxes in memory that list it.

What the mailboxes hold is made when it is read, so that they take little memory themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.mailboxes.base import (
    FolderListing,
    Listing,
    Location,
    Progress,
    Role,
    Uid,
    unwatched,
)
from tests.mailboxes.memory import MemoryMailbox, MemoryMessage

ACCOUNTS = ("isp", "work", "old", "club", "shop")
POP3 = "isp"
SUBJECT = "Report of group"
TWICE = 20
"""Every so manieth message lies on a second account too."""
GONE_ON_ACCOUNT = 200
GONE_AT_HOME = 333
NEW = 200
"""New messages on each account."""

_EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
_WORDS = ("tax", "garden", "invoice", "holiday", "server", "minutes", "lecture", "photos", "rent")


def configuration(state: Path) -> str:
    """The configuration file: nothing of it is contacted."""
    parts = [f'state_dir = "{state}"', *map(_section, ("consolidated", *ACCOUNTS))]
    return "\n".join(parts)


def _section(name: str) -> str:
    table = name if name == CONSOLIDATED else f"external.{name}"
    kind = "pop3" if name == POP3 else "imap"
    return f'[{table}]\ntype = "{kind}"\nhost = "{name}.example"\nuser = "ann"\npassword = "-"\n'


def message(number: int) -> bytes:
    """The bytes of a message; the greater the number, the newer."""
    when = _EPOCH + timedelta(minutes=11 * (number - 100_000))
    person = number * 7919 % 400
    word = _WORDS[number * 31 % len(_WORDS)]
    return (
        f"From: Person {person} of the Group <person{person}@example.org>\r\n"
        f"To: ann@example.org\r\nSubject: {SUBJECT} {number % 977}: {word} no. {number}\r\n"
        f"Date: {when:%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: <{number}@example.org>\r\n"
        f"\r\nHello,\r\nthis is number {number}.\r\n"
    ).encode()


class _Mail(MutableMapping[Uid, MemoryMessage]):
    """The messages of a folder; those that nobody put there are made when they are asked for."""

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._put: dict[Uid, MemoryMessage] = {}
        self._away: set[Uid] = set()

    def _numbers(self) -> Iterator[int]:
        """What was there from the beginning, without what was deleted since the last sync."""
        count = self._count
        if self._name == CONSOLIDATED:
            yield from (n for n in range(1, count + 1) if n % GONE_AT_HOME != 1)
            return
        yield from (n for n in range(1, count // len(ACCOUNTS) + 1) if n % GONE_ON_ACCOUNT != 1)
        yield from (count + n for n in second(self._name, count))
        yield from range(2 * count + 1, 2 * count + NEW + 1)

    def _was(self, uid: Uid) -> bool:
        number, count = plain(uid), self._count
        if self._name == CONSOLIDATED:
            return 0 < number <= count and number % GONE_AT_HOME != 1
        if number > 2 * count:
            return number <= 2 * count + NEW
        if number > count:
            return number - count in second(self._name, count)
        return 0 < number <= count // len(ACCOUNTS) and number % GONE_ON_ACCOUNT != 1

    def __iter__(self) -> Iterator[Uid]:
        for number in self._numbers():
            uid = named(self._name, number)
            if uid not in self._away:
                yield uid
        yield from self._put

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, uid: object) -> bool:
        assert isinstance(uid, (int, str))
        return uid in self._put or (uid not in self._away and self._was(uid))

    def __getitem__(self, uid: Uid) -> MemoryMessage:
        if uid in self._put:
            return self._put[uid]
        if uid not in self:
            raise KeyError(uid)
        number = number_of(self._name, uid, self._count)
        return MemoryMessage(message(number), frozenset(), _EPOCH)

    def __setitem__(self, uid: Uid, value: MemoryMessage) -> None:
        self._put[uid] = value

    def __delitem__(self, uid: Uid) -> None:
        if self._put.pop(uid, None) is None:
            self._away.add(uid)


class BigMailbox(MemoryMailbox):
    """One of the mailboxes."""

    def __init__(self, name: str, messages: int) -> None:
        pop = name == POP3
        super().__init__(
            name, kind="pop3" if pop else "imap", peeks=not pop, can_store=name == CONSOLIDATED
        )
        folder = self.folders["INBOX"]
        folder.messages = _Mail(name, messages)  # type: ignore[assignment]
        folder.uidnext = 3 * messages

    def list(self, progress: Progress = unwatched, unless: str | None = None) -> Listing:
        """List everything; no message has a flag."""
        folder = self.folders["INBOX"]
        uids = tuple(folder.messages)
        progress(len(uids), len(uids))
        uidnext = None if self.name == POP3 else folder.uidnext
        listed = FolderListing("INBOX", Role.INBOX, folder.validity, uids, uidnext=uidnext)
        return Listing((listed,), complete=True)


def known(name: str, count: int) -> Iterator[Uid]:
    """The uids on an account that the ledger knows."""
    numbers = [*range(1, count // len(ACCOUNTS) + 1), *(count + n for n in second(name, count))]
    return (named(name, number) for number in numbers)


def second(name: str, count: int) -> range:
    """The messages whose second copy lies on this account."""
    return range((ACCOUNTS.index(name) + 4) % 5 + 1, count + 1, TWICE * len(ACCOUNTS))


def named(name: str, uid: int) -> Uid:
    """A uid in the form that the mailbox has."""
    return f"u{uid:08d}" if name == POP3 else uid


def plain(uid: Uid) -> int:
    """The same without its form."""
    return int(uid[1:]) if isinstance(uid, str) else uid


def number_of(name: str, uid: Uid, count: int) -> int:
    """Which message lies under a uid."""
    number = plain(uid)
    if name == CONSOLIDATED:
        return number
    index = ACCOUNTS.index(name)
    if number > 2 * count:  # new: each account has its own
        return count + (number - 2 * count) * len(ACCOUNTS) + index
    if number > count:
        return number - count
    return (number - 1) * len(ACCOUNTS) + index + 1


def mailboxes(count: int) -> dict[str, BigMailbox]:
    """All of them."""
    return {name: BigMailbox(name, count) for name in (*ACCOUNTS, CONSOLIDATED)}


def fill(path: Path, config: UserConfig, count: int) -> None:
    """Write a ledger of so many messages, all in sync."""
    from mailsync_tui.engine.detect.known import rules_fingerprint
    from mailsync_tui.ledger.rows import FolderRow, NewCopy
    from mailsync_tui.ledger.writer import LedgerWriter
    from mailsync_tui.message import identity_of, summary_of_header

    ledger = LedgerWriter(path)
    now = _EPOCH
    with ledger.transaction():
        ids = {c.name: ledger.put_mailbox(c.name, c.fingerprint) for c in config.mailboxes}
        copies = []
        for number in range(1, count + 1):
            data = message(number)
            row = ledger.add_message(identity_of(data), summary_of_header(data), len(data), now)
            assert row == number
            at = Location("INBOX", 1, number)
            copies.append(NewCopy(ids[CONSOLIDATED], at, row, len(data), 0, 0, adopted=True))
        for name in ACCOUNTS:
            validity = 0 if name == POP3 else 1
            for uid in known(name, count):
                at = Location("INBOX", validity, uid)
                number = number_of(name, uid, count)
                copies.append(NewCopy(ids[name], at, number, 300, 1, 0, adopted=True))
        ledger.add_copies(copies, now)
        ledger.db.execute("UPDATE message SET known = 1, open = 0")
        for name, mailbox in ids.items():
            cursors = FolderRow(0, None, None) if name == POP3 else FolderRow(1, 2 * count, None)
            ledger.record_listing(mailbox, 1, {"INBOX": cursors}, count, now)
        ledger.set_rules(rules_fingerprint(config))
        ledger.bump()
    ledger.close()
