"""What went wrong on the demo's small accounts: each shows why absence is not always deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsync_tui.demo.scenario.scenario import (
    CLEANER,
    CONSOLIDATED,
    DOWN,
    EMPTIED,
    HIDER,
    ISP,
    RENUMBERED,
    RESTORED,
    SWAPPED,
    Change,
    ExpectedRow,
    Mishap,
)

if TYPE_CHECKING:
    from mailsync_tui.demo.mail.letters import Letter
    from mailsync_tui.demo.scenario.builder import Author

HELD_SENDER = "*@bank.example"
"""The senders whose mail the demo's ``[hold]`` protects."""
TRAVEL, INVOICES = "Travel", "Invoices"

_HIDDEN = 14
_EXPIRED, _YOUNGER = 14, 10
_EMPTIED = 13
_NOT_FOUND, _FOUND, _FILED = 4, 8, 5
_OLD_ENOUGH, _AFTER_BACKUP, _IN_NO_BACKUP = 8, 5, 4
_FIRST_PERSON, _SECOND_PERSON = 9, 5
_UNREACHED, _DELETED_MEANWHILE = 11, 1
_NEW = 2


def add_troubles(author: Author, *, unreached: bool) -> None:
    """Tell what happened on every small account, and what ``[hold]`` protects."""
    _protected(author)
    _hidden(author)
    _expired(author)
    _emptied(author)
    _renumbered(author)
    _restored(author)
    _swapped(author)
    if unreached:
        _unreachable(author)


def _protected(author: Author) -> None:
    """Letters of a bank: two deleted on the account, one in the consolidated mailbox."""
    for mailbox, kind, row in (
        (ISP, "forward-delete", ExpectedRow.FORWARD),
        (ISP, "forward-delete", ExpectedRow.FORWARD),
        (CONSOLIDATED, "reverse-delete", ExpectedRow.REVERSE),
    ):
        letter = author.writer.letter("bank")
        author.beginning.append(Change("deliver", ISP, letter))
        author.present.append(Change("remove", mailbox, letter))
        author.expect(ISP, kind, letter, row, "held", "hold")


def _hidden(author: Author) -> None:
    """The provider lists no more what was fetched: all that the third sync collected."""
    for _ in range(_HIDDEN):
        letter = author.write(HIDER)
        author.lagging.append(Change("deliver", HIDER, letter))
        _blocked(author, HIDER, letter, "hidden")


def _expired(author: Author) -> None:
    """The provider threw away what is oldest."""
    letters = [author.write(CLEANER) for _ in range(_EXPIRED + _YOUNGER)]
    author.beginning += [Change("deliver", CLEANER, letter) for letter in letters]
    letters.sort(key=lambda letter: letter.date)
    for letter in letters[:_EXPIRED]:
        author.present.append(Change("remove", CLEANER, letter))
        _blocked(author, CLEANER, letter, "expired")
    for letter in letters[_EXPIRED:]:
        author.expect(CLEANER, None, letter, ExpectedRow.IN_SYNC, "none")


def _emptied(author: Author) -> None:
    """Nothing is listed any more, as if the provider's disk were not there."""
    for _ in range(_EMPTIED):
        letter = author.known(EMPTIED)
        author.present.append(Change("remove", EMPTIED, letter))
        _blocked(author, EMPTIED, letter, "side-empty")


def _renumbered(author: Author) -> None:
    """All messages have new UIDs; of one folder all are found again, of the inbox some are not."""
    for _ in range(_FOUND):
        author.in_sync(RENUMBERED)
    for _ in range(_FILED):
        author.in_sync(RENUMBERED, folder=TRAVEL)
    for _ in range(_NOT_FOUND):
        letter = author.known(RENUMBERED)
        author.present.append(Change("remove", RENUMBERED, letter))
        _blocked(author, RENUMBERED, letter, "uidvalidity")
    for _ in range(_NEW):
        author.collect(RENUMBERED)
    author.mishaps += [Mishap("renumber", RENUMBERED), Mishap("renumber", RENUMBERED, TRAVEL)]


def _restored(author: Author) -> None:
    """The server holds what it held at its last backup: before some letters, and a folder."""
    for _ in range(_OLD_ENOUGH):
        author.in_sync(RESTORED)
    for folder, count, rule in (
        ("INBOX", _AFTER_BACKUP, "went-backwards"),
        (INVOICES, _IN_NO_BACKUP, "folder-gone"),
    ):
        for _ in range(count):
            letter = author.write(RESTORED)
            author.cleaning.append(Change("deliver", RESTORED, letter, folder))
            author.present.append(Change("remove", RESTORED, letter))
            _blocked(author, RESTORED, letter, rule)
    author.mishaps += [Mishap("rewind", RESTORED), Mishap("drop", RESTORED, INVOICES)]


def _swapped(author: Author) -> None:
    """The configuration names another user now, who has other mail."""
    for _ in range(_FIRST_PERSON):
        letter = author.known(SWAPPED)
        author.expect(SWAPPED, None, letter, ExpectedRow.IN_SYNC, "unknown")
    others = tuple(author.write(SWAPPED) for _ in range(_SECOND_PERSON))
    for letter in others:
        author.expect(SWAPPED, None, letter, ExpectedRow.COLLECT, "unknown")
    author.mishaps.append(Mishap("swap", SWAPPED, letters=others))


def _unreachable(author: Author) -> None:
    """The server refuses the password, so what it holds is not known."""
    for _ in range(_UNREACHED):
        letter = author.known(DOWN)
        author.expect(DOWN, None, letter, ExpectedRow.IN_SYNC, "unknown")
    for _ in range(_DELETED_MEANWHILE):
        letter = author.known(DOWN)
        author.present.append(Change("remove", CONSOLIDATED, letter))
        author.expect(DOWN, None, letter, ExpectedRow.REVERSE, "unknown")
    author.mishaps.append(Mishap("refuse", DOWN))


def _blocked(author: Author, account: str, letter: Letter, rule: str) -> None:
    author.expect(account, "forward-delete", letter, ExpectedRow.FORWARD, "blocked", rule)
