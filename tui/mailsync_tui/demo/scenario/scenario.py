"""The words in which the demo's story is told: mailboxes, changes, and the lines that follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from mailsync_tui.demo.mail.letters import Letter

ISP, WORK, OLD, CONSOLIDATED = "isp", "work", "old", "consolidated"
EVERYDAY = (ISP, WORK, OLD)
"""The accounts of everyday life, with lines of every kind."""

HIDER, CLEANER, EMPTIED, DOWN, SWAPPED = "hider", "cleaner", "emptied", "down", "swapped"
RENUMBERED, RESTORED = "renumbered", "restored"
TROUBLED = (HIDER, CLEANER, EMPTIED, RENUMBERED, RESTORED, SWAPPED, DOWN)
"""Small accounts on which something went wrong since the last sync."""

ACCOUNTS = EVERYDAY + TROUBLED
"""The external accounts, in the order of the configuration file."""
REACHED = tuple(name for name in ACCOUNTS if name != DOWN)
"""Those of the demo that is only served."""


class ExpectedRow(StrEnum):
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


Fate = Literal["action", "held", "blocked", "unknown", "none"]


class Expected(NamedTuple):
    """One line that a plan over the last state must have, or a letter that it must leave alone."""

    account: str
    kind: str | None
    """As in the plan's JSON; ``None`` where no line may name the letter."""
    message_id: str | None
    row: ExpectedRow
    fate: Fate = "action"
    """Where the line stands in the plan; of ``blocked`` ones only the number is shown there.
    ``unknown``: the account cannot tell whether it holds the letter."""
    rule: str | None = None
    """Why it is held or blocked, as in the plan's JSON."""


class Change(NamedTuple):
    """One thing that happens in one mailbox."""

    what: Literal["deliver", "remove", "file", "return"]
    """``return``: the server lists again, in its place, what it had said to have deleted."""
    mailbox: str
    letter: Letter
    folder: str = "INBOX"
    """Where it is delivered or filed; nothing for ``remove``."""


class Mishap(NamedTuple):
    """One thing that happens to a server."""

    what: Literal["renumber", "rewind", "drop", "refuse", "swap"]
    """``renumber``: the folder has another UIDVALIDITY, and its messages other UIDs. ``rewind``:
    it counts as in a backup, so that UIDNEXT is just above what it holds. ``drop``: there is no
    such folder any more. ``refuse``: the password is another one. ``swap``: the person logs in as
    somebody else from now on, whose mailbox holds the letters."""
    mailbox: str
    folder: str = "INBOX"
    letters: tuple[Letter, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """The changes before each sync, in order, and the lines of the plan after the last one."""

    beginning: tuple[Change, ...]
    """All mailboxes as the first sync finds them: it collects everything."""
    cleaning: tuple[Change, ...]
    """Before the second sync, which applies all directions but the declined lines."""
    lagging: tuple[Change, ...]
    """Right after the second sync: servers list again what it deleted, and mail comes in. The
    third one looks, and collects."""
    present: tuple[Change, ...]
    """What happened since then: the state that the person finds."""
    mishaps: tuple[Mishap, ...]
    """What happened to the servers after that."""
    declined: tuple[tuple[str, str, str | None], ...]
    """Account, kind and Message-ID of the lines that are taken out of the second plan."""
    expected: tuple[Expected, ...]

    @property
    def letters(self) -> tuple[Letter, ...]:
        """Every letter once, in the order in which they are first delivered."""
        changes = self.beginning + self.cleaning + self.lagging + self.present
        others = [letter for mishap in self.mishaps for letter in mishap.letters]
        return tuple(dict.fromkeys((*(change.letter for change in changes), *others)))
