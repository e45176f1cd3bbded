"""What happened to the demo's mail: the changes of its mailboxes before each sync, and since then.

The accounts of everyday life have lines of every kind in the next plan; on each of the small ones
something went wrong that shows why absence is not always a deletion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from mailsync_tui.demo.mail.letters import Flavour, Letter, Writer

ISP, WORK, OLD, CONSOLIDATED = "isp", "work", "old", "consolidated"
EVERYDAY = (ISP, WORK, OLD)
"""The accounts of everyday life."""

HIDER, CLEANER, EMPTIED, DOWN, SWAPPED = "hider", "cleaner", "emptied", "down", "swapped"
RENUMBERED, RESTORED, ALIAS = "renumbered", "restored", "alias"
SMALL = (HIDER, CLEANER, EMPTIED, RENUMBERED, RESTORED, SWAPPED, ALIAS, DOWN)
"""Those on which something went wrong since the last sync."""

ACCOUNTS = EVERYDAY + SMALL
"""The external accounts, in the order of the configuration file."""
REACHED = tuple(name for name in ACCOUNTS if name != DOWN)
"""Those of the demo that is only served."""

HELD_SENDER = "*@bank.example"
"""The senders whose mail the demo's ``[hold]`` protects."""
ATLAS, TERN = "Projects/Atlas", "Projects/Tern"
TRAVEL, INVOICES = "Travel", "Invoices"

_SEED = 20260105
_FLAVOURS: dict[str, Flavour] = {
    ISP: "private",
    WORK: "work",
    OLD: "old",
    HIDER: "private",
    CLEANER: "old",
    EMPTIED: "private",
    RENUMBERED: "work",
    RESTORED: "work",
    SWAPPED: "private",
    ALIAS: "private",
    DOWN: "old",
}
"""What kind of mail an account gets."""


class Change(NamedTuple):
    """One thing that happens in one mailbox."""

    what: Literal["deliver", "remove", "file", "return"]
    """``return``: the server lists again, in its place, what it had said to have deleted."""
    mailbox: str
    letter: Letter
    folder: str = "INBOX"
    """Where it is delivered or filed; nothing for ``remove``."""


class Incident(NamedTuple):
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
class Scenario:
    """The changes before each sync, in order, and what happened after the last one."""

    beginning: tuple[Change, ...]
    """All mailboxes as the first sync finds them: it collects everything."""
    cleaning: tuple[Change, ...]
    """Before the second sync, which applies all directions but the declined lines."""
    lagging: tuple[Change, ...]
    """Right after the second sync: servers list again what it deleted, and mail comes in. The
    third one looks, and collects. Where an account is not reached in the end, what is deleted in
    everyday life is so before the third one: it was reached by that, and so holds up little."""
    present: tuple[Change, ...]
    """What happened since then: the state that the person finds."""
    incidents: tuple[Incident, ...]
    """What happened to the servers after that."""
    declined: tuple[tuple[str, str, str | None], ...]
    """Account, kind and Message-ID of the lines that are taken out of the second plan."""


class ScenarioBuilder:
    """Writes letters, and takes down what happens to each."""

    def __init__(self, *, unreached: bool) -> None:
        self.unreached = unreached
        self.writer = Writer(_SEED)
        self.beginning: list[Change] = []
        self.cleaning: list[Change] = []
        self.lagging: list[Change] = []
        self.present: list[Change] = []
        self.incidents: list[Incident] = []
        self.declined: list[tuple[str, str, str | None]] = []

    def write(self, account: str) -> Letter:
        """A letter as they come to an account."""
        return self.writer.letter(_FLAVOURS[account])

    def known(self, *accounts: str, folder: str = "INBOX") -> Letter:
        """A letter that the first sync finds on these accounts and collects."""
        letter = self.write(accounts[0])
        self.beginning += [Change("deliver", name, letter, folder) for name in accounts]
        return letter

    def ended(self, account: str) -> Letter:
        """A letter that was gone from both sides at the second sync, which forgot it."""
        letter = self.known(account)
        self.cleaning += [Change("remove", name, letter) for name in (account, CONSOLIDATED)]
        return letter

    def deliver(self, letter: Letter, *mailboxes: str, folder: str = "INBOX") -> None:
        """It came to these mailboxes since the last sync."""
        self.present += [Change("deliver", name, letter, folder) for name in mailboxes]

    def remove(self, letter: Letter, *mailboxes: str) -> None:
        """Somebody deleted it there since the last sync."""
        self.present += [Change("remove", name, letter) for name in mailboxes]

    def delete(self, letter: Letter, *mailboxes: str, to: str = "") -> None:
        """Somebody deleted it there in everyday life, or moved it to a folder."""
        changes = self.lagging if self.unreached else self.present
        for name in mailboxes:
            changes.append(Change("file" if to else "remove", name, letter, to or "INBOX"))

    def known_and_removed(self, account: str, *mailboxes: str) -> None:
        """A letter of this account that somebody deleted in these mailboxes since."""
        self.remove(self.known(account), *mailboxes)

    def scenario(self) -> Scenario:
        """All that was taken down."""
        return Scenario(
            beginning=_by_date(self.beginning),
            cleaning=tuple(self.cleaning),
            lagging=tuple(self.lagging),
            present=_by_date(self.present),
            incidents=tuple(self.incidents),
            declined=tuple(self.declined),
        )


def _by_date(changes: list[Change]) -> tuple[Change, ...]:
    """In the order in which the letters were sent, as a mailbox fills."""
    return tuple(sorted(changes, key=lambda change: change.letter.date))


def build_scenario(*, unreached: bool = True) -> Scenario:
    """Build the demo's scenario: the same letters and changes every time, to the byte.

    Args:
        unreached: Whether there is an account that is not reached.
    """
    builder = ScenarioBuilder(unreached=unreached)
    _everyday(builder)
    _between_accounts(builder)
    _special(builder)
    add_incidents(builder)
    return builder.scenario()


# --- everyday life


def _deleted_on_the_account(builder: ScenarioBuilder, name: str, number: int) -> None:
    """Two on one account so lately that they may have been moved to where none can look."""
    remove = builder.remove if name == WORK and number < 2 else builder.delete
    remove(builder.known(name), name)


def _deleted_in_consolidated(builder: ScenarioBuilder, name: str, number: int) -> None:
    letter = builder.known(name)
    builder.delete(letter, CONSOLIDATED, to="Trash" if number < 2 else "")


def _deleted_on_both_sides(builder: ScenarioBuilder, name: str, _number: int) -> None:
    builder.known_and_removed(name, name, CONSOLIDATED)


def _new_on_the_account(builder: ScenarioBuilder, name: str, _number: int) -> None:
    builder.deliver(builder.write(name), name)


def _new_on_both_sides(builder: ScenarioBuilder, name: str, _number: int) -> None:
    builder.deliver(builder.write(name), name, CONSOLIDATED)


def _back_on_the_account(builder: ScenarioBuilder, name: str, _number: int) -> None:
    builder.deliver(builder.ended(name), name)


def _deletion_did_not_take(builder: ScenarioBuilder, name: str, _number: int) -> None:
    """Deleted by the second sync, and never missing from any listing since."""
    letter = builder.known(name)
    builder.cleaning.append(Change("remove", CONSOLIDATED, letter))
    builder.lagging.append(Change("return", name, letter))


def _in_sync(builder: ScenarioBuilder, name: str, number: int) -> None:
    """Nothing happened; some were filed into another folder since, which is no deletion."""
    if name == WORK and number % 6 == 1:
        builder.known(name, folder=ATLAS)
        return
    letter = builder.known(name)
    if name == WORK and number % 20 == 0:
        builder.present.append(Change("file", WORK, letter, TERN))
    elif name == ISP and number % 15 == 0:
        builder.present.append(Change("file", CONSOLIDATED, letter, "Archive"))


_COUNTS: tuple[tuple[Callable[[ScenarioBuilder, str, int], None], tuple[int, int, int]], ...] = (
    # Of what is known on "old" far more than half has vanished, so a guard blocks its forward
    # deletions. They are of all ages: nothing that a provider's clean-up would explain.
    (_deleted_on_the_account, (8, 7, 72)),
    (_deleted_in_consolidated, (6, 6, 6)),
    (_deleted_on_both_sides, (6, 5, 5)),
    (_new_on_the_account, (8, 9, 6)),
    (_new_on_both_sides, (5, 5, 5)),
    (_back_on_the_account, (5, 5, 5)),
    (_deletion_did_not_take, (5, 5, 5)),
    (_in_sync, (74, 65, 12)),
)
"""How many letters of each account have which fate."""


def _everyday(builder: ScenarioBuilder) -> None:
    for place, name in enumerate(EVERYDAY):
        for number in range(max(counts[place] for _, counts in _COUNTS)):
            for add, counts in _COUNTS:
                if number < counts[place]:
                    add(builder, name, number)


def _between_accounts(builder: ScenarioBuilder) -> None:
    """What concerns several accounts: late copies, fan-out, moves, mail to several addresses."""
    for origin, account in ((WORK, ISP), (ISP, WORK), (ISP, OLD)):
        for _ in range(5):
            builder.deliver(builder.ended(origin), account)
    for accounts, mailbox in (
        ((ISP, WORK, OLD), ISP),
        ((WORK, OLD), WORK),
        ((ISP, WORK), CONSOLIDATED),
    ):
        builder.delete(builder.known(*accounts), mailbox)
    for origin, target, folder in ((ISP, WORK, "INBOX"), (OLD, WORK, ATLAS)):
        letter = builder.known(origin)
        builder.remove(letter, origin)
        builder.deliver(letter, target, folder=folder)
    for _ in range(3):
        builder.deliver(builder.write(WORK), ISP, WORK)
    for _ in range(6):
        builder.known(ISP, OLD)


def _special(builder: ScenarioBuilder) -> None:
    """Message-IDs that are doubled or missing, declined lines, and the consolidated's own mail."""
    writer = builder.writer
    # One Message-ID on two letters, twice: both new, and one known and one new.
    first, known = builder.write(ISP), builder.known(OLD)
    builder.deliver(writer.same_id(first, _FLAVOURS[WORK]), WORK)
    builder.deliver(writer.same_id(known, _FLAVOURS[ISP]), ISP)
    builder.deliver(first, ISP)
    builder.deliver(writer.letter(_FLAVOURS[ISP], with_id=False), ISP)

    letter = builder.known(ISP)
    builder.cleaning.append(Change("remove", ISP, letter))
    builder.declined.append((ISP, "forward-delete", letter.message_id))
    letter = builder.write(WORK)
    builder.cleaning.append(Change("deliver", WORK, letter))
    builder.declined.append((WORK, "collect", letter.message_id))

    for folder, count in (("INBOX", 6), ("Archive", 8), ("Sent", 8), ("Drafts", 2)):
        for _ in range(count):
            letter = writer.letter("own")
            builder.beginning.append(Change("deliver", CONSOLIDATED, letter, folder))


# --- what went wrong


def add_incidents(builder: ScenarioBuilder) -> None:
    """Add what happened on every small account, and what ``[hold]`` protects."""
    _protected(builder)
    _hidden(builder)
    _expired(builder)
    _emptied(builder)
    _renumbered(builder)
    _restored(builder)
    _swapped(builder)
    _second_door(builder)
    if builder.unreached:
        _unreachable(builder)


def _protected(builder: ScenarioBuilder) -> None:
    """Letters of a bank: two deleted on the account, one in the consolidated mailbox."""
    for mailbox in (ISP, ISP, CONSOLIDATED):
        letter = builder.writer.letter("bank")
        builder.beginning.append(Change("deliver", ISP, letter))
        builder.remove(letter, mailbox)


def _hidden(builder: ScenarioBuilder) -> None:
    """The provider lists no more what was fetched: all that the third sync collected."""
    for _ in range(14):
        builder.lagging.append(Change("deliver", HIDER, builder.write(HIDER)))


def _expired(builder: ScenarioBuilder) -> None:
    """The provider threw away what is oldest."""
    letters = [builder.known(CLEANER) for _ in range(24)]
    for letter in sorted(letters, key=lambda letter: letter.date)[:14]:
        builder.remove(letter, CLEANER)


def _emptied(builder: ScenarioBuilder) -> None:
    """Nothing is listed any more, as if the provider's disk were not there."""
    for _ in range(13):
        builder.known_and_removed(EMPTIED, EMPTIED)


def _renumbered(builder: ScenarioBuilder) -> None:
    """All messages have new UIDs; of one folder all are found again, of the inbox some are not."""
    for _ in range(8):
        builder.known(RENUMBERED)
    for _ in range(5):
        builder.known(RENUMBERED, folder=TRAVEL)
    for _ in range(4):
        builder.known_and_removed(RENUMBERED, RENUMBERED)
    for _ in range(2):
        builder.deliver(builder.write(RENUMBERED), RENUMBERED)
    builder.incidents += [Incident("renumber", RENUMBERED, name) for name in ("INBOX", TRAVEL)]


def _restored(builder: ScenarioBuilder) -> None:
    """The server holds what it held at its last backup: before some letters, and a folder."""
    for _ in range(8):
        builder.known(RESTORED)
    for folder, count in (("INBOX", 5), (INVOICES, 4)):
        for _ in range(count):
            letter = builder.write(RESTORED)
            builder.cleaning.append(Change("deliver", RESTORED, letter, folder))
            builder.remove(letter, RESTORED)
    builder.incidents += [Incident("rewind", RESTORED), Incident("drop", RESTORED, INVOICES)]


def _swapped(builder: ScenarioBuilder) -> None:
    """The configuration names another user now, who has other mail."""
    for _ in range(9):
        builder.known(SWAPPED)
    others = tuple(builder.write(SWAPPED) for _ in range(5))
    builder.incidents.append(Incident("swap", SWAPPED, letters=others))


def _second_door(builder: ScenarioBuilder) -> None:
    """It shows the inbox of the consolidated mailbox, where two letters were filed."""
    letters = [builder.known(ALIAS, CONSOLIDATED) for _ in range(12)]
    for letter in letters[2:4]:
        builder.delete(letter, ALIAS)
        builder.delete(letter, CONSOLIDATED, to="Archive")


def _unreachable(builder: ScenarioBuilder) -> None:
    """The server refuses the password, so what it holds is not known."""
    for _ in range(11):
        builder.known(DOWN)
    builder.known_and_removed(DOWN, CONSOLIDATED)
    builder.incidents.append(Incident("refuse", DOWN))
