"""A person with a lot of mail: a ledger of any size, and mailboxes in memory that list it.

What the mailboxes hold is made when it is read, so that they take little memory themselves.
"""

from __future__ import annotations

from collections.abc import Callable
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
from mailsync_tui.mailboxes.memory import MemoryFolder, MemoryMailbox, MemoryMessage

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


class _Mail(dict[Uid, MemoryMessage]):
    """The messages of a folder; those that nobody put there are made when they are asked for."""

    def __init__(self, numbers: dict[Uid, None], number_of: Callable[[Uid], int]) -> None:
        super().__init__(numbers)  # type: ignore[arg-type]
        self._number_of = number_of

    def __getitem__(self, uid: Uid) -> MemoryMessage:
        return super().__getitem__(uid) or self._made(uid)

    def get(self, uid: Uid, default: MemoryMessage | None = None) -> MemoryMessage | None:  # type: ignore[override]
        """The message, or the default."""
        return self[uid] if uid in self else default  # noqa: SIM401 - that calls this

    def _made(self, uid: Uid) -> MemoryMessage:
        return MemoryMessage(message(self._number_of(uid)), frozenset(), _EPOCH)


class BigMailbox(MemoryMailbox):
    """One of the mailboxes; it is filled when it is first listed, on its own thread."""

    def __init__(self, name: str, messages: int) -> None:
        pop = name == POP3
        super().__init__(
            name, kind="pop3" if pop else "imap", peeks=not pop, can_store=name == CONSOLIDATED
        )
        self._count = messages
        self._filled = False

    def list(self, progress: Progress = unwatched) -> Listing:
        """List everything; no message has a flag."""
        del progress
        folder = self._fill()
        return Listing(
            (
                FolderListing(
                    "INBOX",
                    Role.INBOX,
                    folder.validity,
                    tuple(folder.messages),
                    uidnext=None if self.name == POP3 else folder.uidnext,
                ),
            ),
            complete=True,
        )

    def _fill(self) -> MemoryFolder:
        folder = self.folders["INBOX"]
        if not self._filled:
            self._filled = True
            count = self._count
            mine = home if self.name == CONSOLIDATED else uids
            numbers = dict.fromkeys(mine(self.name, count))
            every = GONE_AT_HOME if self.name == CONSOLIDATED else GONE_ON_ACCOUNT
            for uid in [*numbers][7::every]:
                del numbers[uid]
            if self.name != CONSOLIDATED:
                numbers |= dict.fromkeys(named(self.name, 2 * count + n) for n in range(1, NEW + 1))
            index = -1 if self.name == CONSOLIDATED else ACCOUNTS.index(self.name)
            folder.messages = _Mail(numbers, lambda uid: number_of(index, uid, count))
            folder.uidnext = 3 * count
        return folder


def home(name: str, count: int) -> list[Uid]:
    """The uids in the consolidated mailbox."""
    del name
    return list(range(1, count + 1))


def uids(name: str, count: int) -> list[Uid]:
    """The uids on an account that the ledger knows."""
    index = ACCOUNTS.index(name)
    first = [named(name, uid) for uid in range(1, count // len(ACCOUNTS) + 1)]
    step = TWICE * len(ACCOUNTS)
    again = range((index + 4) % 5 + 1, count + 1, step)
    return first + [named(name, count + n) for n in again]


def named(name: str, uid: int) -> Uid:
    """A uid in the form that the mailbox has."""
    return f"u{uid:08d}" if name == POP3 else uid


def number_of(index: int, uid: Uid, count: int) -> int:
    """Which message lies under a uid; ``index`` is the account's, -1 the consolidated one's."""
    number = int(uid[1:]) if isinstance(uid, str) else uid
    if index < 0:
        return number
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
    from mailsync_tui.engine.observe import rules_fingerprint
    from mailsync_tui.ledger.rows import FolderRow
    from mailsync_tui.ledger.writer import LedgerWriter
    from mailsync_tui.message import identity_of, summary_of_header

    ledger = LedgerWriter(path)
    now = _EPOCH
    with ledger.transaction():
        ids = {
            c.name: ledger.put_mailbox(c.name, c.fingerprint)
            for c in (*config.external, config.consolidated)
        }
        for number in range(1, count + 1):
            data = message(number)
            row = ledger.add_message(identity_of(data), summary_of_header(data), len(data), now)
            assert row == number
            at = Location("INBOX", 1, number)
            ledger.add_copy(ids[CONSOLIDATED], at, row, len(data), 0, 0, now, adopted=True)
        for index, name in enumerate(ACCOUNTS):
            validity = 0 if name == POP3 else 1
            for uid in uids(name, count):
                at = Location("INBOX", validity, uid)
                number = number_of(index, uid, count)
                ledger.add_copy(ids[name], at, number, 300, 1, 0, now, adopted=True)
        ledger.db.execute("UPDATE message SET known = 1, open = 0")
        for name, mailbox in ids.items():
            cursors = FolderRow(0, None, None) if name == POP3 else FolderRow(1, 2 * count, None)
            ledger.set_scanned(mailbox, 1, {"INBOX": cursors})
        ledger.set_rules(rules_fingerprint(config))
        ledger.bump()
    ledger.close()
