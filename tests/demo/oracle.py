"""What the plan over the demo must say: the table of DESIGN.md, applied to what happened.

The syncs in between are played by hand here, so that nothing of it owes to the planner.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import Literal, NamedTuple

from mailsync_tui.demo.mail.letters import Letter
from mailsync_tui.demo.scenario import (
    ACCOUNTS,
    ALIAS,
    CLEANER,
    CONSOLIDATED,
    DOWN,
    EMPTIED,
    HIDER,
    INVOICES,
    OLD,
    RENUMBERED,
    RESTORED,
    SWAPPED,
    Change,
    Scenario,
)

BANK = "bank.example"
"""Whose mail the demo's ``[hold]`` protects."""
BLOCKED = {
    OLD: "max-delete",
    HIDER: "hidden",
    CLEANER: "expired",
    EMPTIED: "side-empty",
    RENUMBERED: "uidvalidity",
    RESTORED: "went-backwards",
    ALIAS: "same-mailbox",
}
"""Which guard blocks the forward deletions of an account."""


class Row(StrEnum):
    """The rows of the table."""

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


KINDS: dict[Row, str | None] = {
    Row.IN_SYNC: None,
    Row.FORWARD: "forward-delete",
    Row.REVERSE: "reverse-delete",
    Row.FORGET: "forget",
    Row.COLLECT: "collect",
    Row.ADOPT: "adopt",
    Row.OWN: None,
    Row.BACK: "collect",
    Row.LATE: "collect",
    Row.AGAIN: "reverse-delete",
}
Fate = Literal["action", "held", "blocked", "unknown", "none"]


class Expected(NamedTuple):
    """One line that the plan must have, or a letter that it must leave alone."""

    account: str
    letter: Letter
    row: Row
    fate: Fate
    """Where the line stands in the plan; of ``blocked`` ones only the number is shown there.
    ``unknown``: nobody knows whether the account holds the letter."""
    rule: str | None = None
    """Why it is held or blocked, as in the plan's JSON."""

    @property
    def kind(self) -> str | None:
        """As in the plan's JSON; ``None`` where no line may name the letter."""
        return None if self.fate == "unknown" else KINDS[self.row]

    @property
    def message_id(self) -> str | None:
        return self.letter.message_id


class History:
    """Where each letter lies, step by step, and what the ledger knows of it.

    Args:
        scenario: Whose changes happen, with the three syncs between them.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.now: defaultdict[Letter, set[str]] = defaultdict(set)
        self.ever: defaultdict[Letter, set[str]] = defaultdict(set)
        """Also where it does not lie any more."""
        self.known: dict[Letter, set[str]] = {}
        """The accounts whose copies the ledger knows."""
        self.ended: dict[Letter, set[str]] = {}
        """Those it knew of what the second sync forgot or deleted."""
        self._declined = {(kind, message_id) for _, kind, message_id in scenario.declined}
        self._change(scenario.beginning)
        self._collect()
        self._change(scenario.cleaning)
        self._delete()
        self._collect()
        self._change(tuple(c for c in scenario.lagging if c.what in ("deliver", "return")))
        self.listed_again = {c.letter for c in scenario.lagging if c.what == "return"}
        """Right after the second sync had deleted it."""
        self._collect()
        self.before = {letter: frozenset(places) for letter, places in self.now.items()}
        """Where it lay right before anything was deleted that is to be seen in the plan."""
        deleted = tuple(c for c in scenario.lagging if c.what in ("remove", "file"))
        self._change((*deleted, *scenario.present))
        for places in self.now.values():
            places.discard(HIDER)  # all that it held was retrieved
        for incident in scenario.incidents:
            self._change(tuple(Change("deliver", incident.mailbox, x) for x in incident.letters))

    def _collect(self) -> None:
        for letter, places in self.now.items():
            accounts = places & set(ACCOUNTS)
            new = accounts and letter not in self.known and letter not in self.ended
            if new and ("collect", letter.message_id) not in self._declined:
                self.known[letter] = accounts
                places.add(CONSOLIDATED)

    def _delete(self) -> None:
        for letter, accounts in list(self.known.items()):
            places = self.now[letter]
            gone = not accounts <= places or CONSOLIDATED not in places
            if gone and ("forward-delete", letter.message_id) not in self._declined:
                self.ended[letter] = self.known.pop(letter)
                places.clear()

    def _change(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            places = self.now[change.letter]
            if change.what in ("deliver", "return"):
                assert change.mailbox not in places
                places.add(change.mailbox)
                self.ever[change.letter].add(change.mailbox)
            else:
                assert change.mailbox in places
                if change.what == "remove" or change.folder == "Trash":
                    places.remove(change.mailbox)


def letters_of(scenario: Scenario) -> tuple[Letter, ...]:
    """Every letter once, in the order in which they are first delivered."""
    return tuple(History(scenario).ever)


def expected_lines(scenario: Scenario) -> tuple[Expected, ...]:
    """Every line of the plan, and every letter that it leaves alone."""
    history = History(scenario)
    invoices = {c.letter for c in scenario.cleaning if c.folder == INVOICES}
    lines = []
    for letter in history.ever:
        for account, row in _rows(history, letter):
            fate, rule = _fate(scenario, account, letter, row)
            if rule == "went-backwards" and letter in invoices:
                rule = "folder-gone"
            lines.append(Expected(account, letter, row, fate, rule))
    return tuple(lines)


def _rows(history: History, letter: Letter) -> list[tuple[str, Row]]:
    """The row of each account that has to do with a letter."""
    now, known = history.now[letter], history.known.get(letter, set())
    holders = [account for account in ACCOUNTS if account in now]
    gathered = CONSOLIDATED in now
    new = [account for account in holders if account not in known]
    if letter in history.ended:
        return [(account, _row_of_ended(history, letter, account)) for account in new]
    if not known:
        if not new:
            return [(CONSOLIDATED, Row.OWN)]
        first = Row.ADOPT if gathered else Row.COLLECT
        return [(new[0], first), *((account, Row.ADOPT) for account in new[1:])]
    rows = [(account, Row.ADOPT) for account in new]
    lost = [account for account in ACCOUNTS if account in known - now]
    if lost and new:  # it moved
        return rows
    if lost and gathered:
        rows += [(account, Row.FORWARD) for account in lost]
    elif lost:
        rows += [(account, Row.FORGET) for account in lost]
    kept = Row.IN_SYNC if gathered and not lost else Row.REVERSE
    return rows + [(account, kept) for account in holders if account in known]


def _row_of_ended(history: History, letter: Letter, account: str) -> Row:
    if letter in history.listed_again:
        return Row.AGAIN
    return Row.BACK if account in history.ended[letter] else Row.LATE


def _fate(scenario: Scenario, account: str, letter: Letter, row: Row) -> tuple[Fate, str | None]:
    """Where the line stands, and by which rule."""
    if account in (DOWN, SWAPPED):
        return "unknown", None
    if KINDS[row] is None:
        return "none", None
    if (account, KINDS[row], letter.message_id) in scenario.declined:
        return "held", "declined"
    if row is Row.LATE:
        return "held", "late-copy"
    if row in (Row.FORWARD, Row.REVERSE) and BANK.encode() in letter.data.split(b"\r\n")[0]:
        return "held", "hold"
    if row is Row.FORWARD and account in BLOCKED:
        return "blocked", BLOCKED[account]
    lately = Change("remove", account, letter) in scenario.present
    if lately and any(incident.mailbox == DOWN for incident in scenario.incidents):
        # It may have been moved there.
        return ("blocked", "unreached") if row is Row.FORWARD else ("unknown", None)
    return "action", None
