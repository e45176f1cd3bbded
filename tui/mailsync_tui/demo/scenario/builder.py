"""Writes down the demo's story: what happens to a letter, and what the next plan must say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsync_tui.demo.scenario.scenario import (
    CLEANER,
    DOWN,
    EMPTIED,
    HIDER,
    ISP,
    OLD,
    RENUMBERED,
    RESTORED,
    SWAPPED,
    WORK,
    Change,
    Expected,
    ExpectedRow,
    Fate,
    Mishap,
    Story,
)

if TYPE_CHECKING:
    from mailsync_tui.demo.mail.letters import Flavour, Letter, Writer

FLAVOURS: dict[str, Flavour] = {
    ISP: "private",
    WORK: "work",
    OLD: "old",
    HIDER: "private",
    CLEANER: "old",
    EMPTIED: "private",
    RENUMBERED: "work",
    RESTORED: "work",
    SWAPPED: "private",
    DOWN: "old",
}
"""What kind of mail an account gets."""


class Author:
    """Takes the story down; its methods are what all accounts have in common.

    Args:
        writer: Of the letters.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.beginning: list[Change] = []
        self.cleaning: list[Change] = []
        self.lagging: list[Change] = []
        self.present: list[Change] = []
        self.mishaps: list[Mishap] = []
        self.declined: list[tuple[str, str, str | None]] = []
        self.expected: list[Expected] = []

    def write(self, account: str) -> Letter:
        """A letter as they come to an account."""
        return self.writer.letter(FLAVOURS[account])

    def known(self, *accounts: str, folder: str = "INBOX") -> Letter:
        """A letter that the first sync finds on these accounts and collects."""
        letter = self.write(accounts[0])
        self.beginning += [Change("deliver", name, letter, folder) for name in accounts]
        return letter

    def expect(
        self,
        account: str,
        kind: str | None,
        letter: Letter,
        row: ExpectedRow,
        fate: Fate = "action",
        rule: str | None = None,
    ) -> None:
        """The plan over the last state must have this line, or none of the letter."""
        self.expected.append(Expected(account, kind, letter.message_id, row, fate, rule))

    def in_sync(self, *accounts: str, folder: str = "INBOX") -> Letter:
        """A letter to which nothing happened."""
        letter = self.known(*accounts, folder=folder)
        for account in accounts:
            self.expect(account, None, letter, ExpectedRow.IN_SYNC, "none")
        return letter

    def collect(self, account: str) -> None:
        """A letter that came since the last sync."""
        letter = self.write(account)
        self.present.append(Change("deliver", account, letter))
        self.expect(account, "collect", letter, ExpectedRow.COLLECT)

    def story(self) -> Story:
        """All that was taken down."""
        return Story(
            beginning=_by_date(self.beginning),
            cleaning=tuple(self.cleaning),
            lagging=tuple(self.lagging),
            present=_by_date(self.present),
            mishaps=tuple(self.mishaps),
            declined=tuple(self.declined),
            expected=tuple(self.expected),
        )


def _by_date(changes: list[Change]) -> tuple[Change, ...]:
    """In the order in which the letters were sent, as a mailbox fills."""
    return tuple(sorted(changes, key=lambda change: change.letter.date))
