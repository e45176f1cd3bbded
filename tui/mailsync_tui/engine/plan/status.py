"""How one message stands at a listing: who holds it, who lost it, and what merely moved.

Pure functions from a :class:`~mailsync_tui.engine.snapshot.MessageState` (DESIGN.md, rule 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig
from mailsync_tui.engine.model import Line
from mailsync_tui.engine.plan.moves import counts, may_hold, moved_away, moved_out_to, relocated
from mailsync_tui.engine.plan.protected import touchable
from mailsync_tui.engine.snapshot import LOSABLE, Copy, CopyState, MessageState, Presence, Snapshot
from mailsync_tui.ledger.rows import HoldRow


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """One message, with the moves recognised."""

    message: MessageState
    copies: tuple[Copy, ...]
    """After relocation; without the copies that moved elsewhere."""
    moved: tuple[Copy, ...]
    """Lost on an account, and newly listed in another mailbox: dropped, nothing is deleted."""
    moved_out: str | None
    """The account a copy was moved to out of the consolidated mailbox, just now."""
    accounts: dict[str, Presence]
    """Whether each account has the message; one that never had it is left out. In the order of the
    configuration; then those that were taken out of it."""
    consolidated: Presence
    deleted_on: dict[str, tuple[Copy, ...]]
    """Accounts whose loss of the message is a deletion, with the lost copies."""
    waiting: dict[str, str]
    """Accounts whose loss is not believed yet, and why."""
    awaited: dict[str, tuple[str, ...]]
    """By account (or ``consolidated``) that lost it: the mailboxes to one of which it may have been
    moved, as they are not reached."""
    given_up: dict[str, tuple[str, ...]]
    """The same of those not reached for ``unreached_days``: they hold up nothing."""

    @property
    def holders(self) -> list[str]:
        """The accounts that have the message."""
        return [name for name, presence in self.accounts.items() if presence is Presence.YES]

    @property
    def left_everywhere(self) -> bool:
        """Whether every account that had the message is proved to have it no more."""
        return all(presence is Presence.GONE for presence in self.accounts.values())

    def on(self, mailbox: str) -> list[Copy]:
        """The copies in one mailbox."""
        return [copy for copy in self.copies if copy.mailbox == mailbox]

    def named_by(self, line: Line) -> list[Copy]:
        """The copies that a line is about."""
        places = {(place.mailbox, place.location) for place in line.copies}
        return [copy for copy in self.copies if (copy.mailbox, copy.location) in places]

    def adopted_on(self, account: str) -> bool:
        """Whether an account lists a copy that was proved to be this message."""
        return any(
            c.adopted and c.presence is Presence.YES and c.state is not CopyState.ENDED
            for c in self.on(account)
        )

    def came_back(self, account: str) -> bool:
        """Whether a complete listing of this account had lacked the message before."""
        return not self.adopted_on(account) and any(
            c.state is CopyState.ENDED
            or (c.adopted and c.state is CopyState.MISSING)
            or (c.state is CopyState.DELETING and c.presence is Presence.GONE)
            for c in self.on(account)
        )


def status_of(message: MessageState, snapshot: Snapshot) -> MessageStatus:
    """Work out how a message stands."""
    configs = {c.name: c for c in snapshot.config.mailboxes}
    copies = relocated(message.copies, configs)
    present = [
        c
        for c in copies
        if c.presence is Presence.YES and c.mailbox in configs and counts(c, configs[c.mailbox])
    ]
    moved = moved_away(copies, present)
    left = tuple(c for c in copies if c not in moved)
    held = [c for c in present if c.mailbox != CONSOLIDATED or c.adopted or touchable(c)]
    consolidated = _presence(CONSOLIDATED, message, left, held, snapshot)
    accounts = {
        account.name: _presence(account.name, message, left, held, snapshot)
        for account in snapshot.config.external
        if any(c.mailbox == account.name for c in left)
    }
    for copy in left:  # an account that was taken out of the configuration is unknown
        if copy.mailbox not in configs and copy.state in LOSABLE:
            accounts[copy.mailbox] = Presence.UNKNOWN
    deleted_on: dict[str, tuple[Copy, ...]] = {}
    waiting: dict[str, str] = {}
    away: dict[str, tuple[str, ...]] = {}
    for name, presence in accounts.items():
        lost = tuple(c for c in left if c.mailbox == name and c.adopted and c.lost)
        if presence is not Presence.GONE or not lost or any(c.mailbox == name for c in moved):
            continue
        away[name] = may_hold(lost, snapshot)
        if min(c.absent for c in lost) < snapshot.config.guards.absent_scans:
            waiting[name] = "not missing for long enough (absent_scans)"
        else:
            deleted_on[name] = lost
    moved_out = None
    placed = [c for c in left if c.mailbox == CONSOLIDATED and c.lost]
    if consolidated is Presence.GONE and placed:
        away[CONSOLIDATED] = may_hold(placed, snapshot)
        moved_out = moved_out_to(placed, present)
    awaited = {name: tuple(filter(snapshot.awaited, names)) for name, names in away.items()}
    return MessageStatus(
        message,
        left,
        moved,
        moved_out,
        accounts,
        consolidated,
        deleted_on,
        waiting,
        {name: names for name, names in awaited.items() if names},
        {name: names for name, names in away.items() if names and not awaited[name]},
    )


def _presence(
    mailbox: str,
    message: MessageState,
    copies: Iterable[Copy],
    held: Iterable[Copy],
    snapshot: Snapshot,
) -> Presence:
    if any(c.mailbox == mailbox for c in held):
        return Presence.YES
    unknown = any(
        c.mailbox == mailbox and c.presence is Presence.UNKNOWN and c.state in LOSABLE
        for c in copies
    )
    if unknown or message.doubtful or not snapshot.listed_completely(mailbox):
        return Presence.UNKNOWN
    return Presence.GONE


# --- the copies in the consolidated mailbox


def own_copy(s: MessageStatus, config: MailboxConfig) -> Copy | None:
    """The consolidated mailbox's own copy that an adopt may enter in the ledger."""
    for copy in s.on(CONSOLIDATED):
        if copy.presence is Presence.YES and counts(copy, config) and touchable(copy):
            return copy
    return None


def placed_copies(s: MessageStatus, config: MailboxConfig) -> list[Copy]:
    """The copies that are ours to delete: what we placed or adopted, or what it moved to."""
    return [
        c
        for c in s.on(CONSOLIDATED)
        if c.adopted
        and c.presence is Presence.YES
        and c.state is not CopyState.ENDED
        and counts(c, config)
        and touchable(c)
    ]


def late_duplicates(s: MessageStatus, config: MailboxConfig) -> list[Copy]:
    """The copies that a store without an answer put beside another one that is ours as well."""
    placed = placed_copies(s, config)
    late = [c for c in placed if c.late_duplicate]
    return late if len(late) < len(placed) else []


# --- what an undo put back


def put_back_on(s: MessageStatus) -> tuple[str, ...]:
    """The accounts on which an undo put the message back: kept there until a person decides."""
    return tuple(
        h.account for h in s.message.holds if (h.rule, h.kind) == ("undone", "reverse-delete")
    )


def own_hold(s: MessageStatus) -> HoldRow | None:
    """That an undo put it back in the consolidated mailbox: its own mail from then on."""
    undone = ("undone", "forward-delete")
    return next((hold for hold in s.message.holds if (hold.rule, hold.kind) == undone), None)
