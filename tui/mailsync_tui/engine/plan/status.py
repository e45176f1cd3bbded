"""How one message stands: who holds it, who lost it, and what merely moved.

Pure functions from a :class:`~mailsync_tui.engine.snapshot.MessageState`. Here live DESIGN.md's
rules 1 (gone is something proved) and 2 (moved is not deleted).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig
from mailsync_tui.engine.snapshot import Copy, Hold, MessageState, Presence, Snapshot, State
from mailsync_tui.mailboxes.base import Role

NEVER_COLLECTED = frozenset({Role.TRASH, Role.JUNK, Role.DRAFTS, Role.SENT, Role.ALL})
"""Folders that no glob in ``folders`` matches."""

NEVER_TARGETS = frozenset({Role.SENT, Role.DRAFTS})
"""Folders of the consolidated mailbox whose mail is never adopted and never deleted."""

LOSABLE = frozenset({State.LIVE, State.MISSING})


class Held(StrEnum):
    """Whether an account holds a message."""

    YES = "yes"
    GONE = "gone"
    UNKNOWN = "unknown"
    NEVER = "never"


def counts(copy: Copy, config: MailboxConfig) -> bool:
    """Whether a copy means that the message is still there."""
    return role_counts(copy.role, config)


def role_counts(role: Role, config: MailboxConfig) -> bool:
    """Whether mail in such a folder is still there: not in trash, in junk by ``junk_means``."""
    return role is not Role.TRASH and not (role is Role.JUNK and config.junk_means == "delete")


def in_folders(copy: Copy, config: MailboxConfig) -> bool:
    """Whether the account's ``folders`` name the folder this copy lies in."""
    if config.type == "pop3":
        return True
    folder = copy.location.folder
    return copy.role not in NEVER_COLLECTED and any(
        folder_matches(folder, pattern) for pattern in config.folders
    )


def folder_matches(folder: str, pattern: str) -> bool:
    """Whether a glob of ``folders`` names a folder; INBOX in any case, and by none but ``*``."""
    if folder.upper() == "INBOX" or pattern.upper() == "INBOX":
        return folder.upper() == pattern.upper() or pattern == "*"
    return fnmatchcase(folder, pattern)


def overlap(lost: Copy, found: Copy) -> bool:
    """Whether ``found`` may have come at the moment at which ``lost`` went.

    Both moments are known as intervals of scans. Where the loss was recorded before the other copy
    can have come, that copy is late and not a move.
    """
    return found.came_after < lost.missing_scan and found.first_scan > lost.held_scan


def is_lost(copy: Copy) -> bool:
    """A copy that is proved to be no longer where the ledger has it, and that we did not delete."""
    return copy.state in LOSABLE and copy.presence is Presence.GONE


def relocated(copies: tuple[Copy, ...], configs: dict[str, MailboxConfig]) -> tuple[Copy, ...]:
    """Let copies take the places of lost ones in the same mailbox: filed, renumbered, archived."""
    result = list(copies)
    for lost in copies:
        if lost.mailbox not in configs or not (is_lost(lost) or _listed_anew(lost, configs)):
            continue
        free = [
            found
            for found in result
            if found.mailbox == lost.mailbox
            and found.presence is Presence.YES
            and found.state in (State.NEW, State.LIVE)
            and found.relocates is None
            and not found.adopted
            and not _thrown_away(lost, found, configs)
        ]
        moved = [found for found in free if overlap(lost, found)]
        for found in (moved or [found for found in free if _shows(found, lost)])[:1]:
            result[result.index(found)] = replace(
                found,
                state=State.DELETING if lost.state is State.DELETING else State.LIVE,
                adopted=lost.adopted,
                relocates=lost.id,
                first_scan=lost.first_scan,
                came_after=lost.came_after,
                since=lost.since,
                listed_scan=lost.listed_scan,
                adopted_scan=lost.adopted_scan,
            )
            result.remove(lost)
    return tuple(result)


def _shows(found: Copy, lost: Copy) -> bool:
    """Whether a copy in a folder of all mail is the same one, where folders are mere labels.

    Archiving takes the last label away, and the copy was listed under all mail long before.
    """
    return found.role is Role.ALL and found.size == lost.size and lost.role is not Role.ALL


def _thrown_away(lost: Copy, found: Copy, configs: dict[str, MailboxConfig]) -> bool:
    """Whether an account's copy went where mail is not there: a loss, and no place to follow to.

    In the consolidated mailbox it is followed, as it is ours wherever it lies.
    """
    config = configs[lost.mailbox]
    return lost.mailbox != CONSOLIDATED and counts(lost, config) and not counts(found, config)


def _listed_anew(copy: Copy, configs: dict[str, MailboxConfig]) -> bool:
    """Whether a copy that we deleted may be the same one under another name.

    A POP3 location may be a mere name made from the headers; elsewhere a new location is new mail.
    """
    deleted = copy.state is State.DELETING and copy.presence is Presence.GONE
    return deleted and configs[copy.mailbox].type == "pop3"


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
    held: dict[str, Held]
    """By account, in the order of the configuration; then the removed ones."""
    consolidated: Presence
    evidence: dict[str, tuple[Copy, ...]]
    """Accounts whose loss of the message is a deletion, with the lost copies."""
    waiting: dict[str, str]
    """Accounts (or ``consolidated``) whose loss may turn out to be a move, and why."""

    def on(self, mailbox: str) -> list[Copy]:
        """The copies in one mailbox."""
        return [copy for copy in self.copies if copy.mailbox == mailbox]

    def adopted_on(self, account: str) -> bool:
        """Whether an account lists a copy that was proved to be this message."""
        return any(
            c.adopted and c.presence is Presence.YES and c.state is not State.ENDED
            for c in self.on(account)
        )

    def came_back(self, account: str) -> bool:
        """Whether a complete listing of this account had lacked the message before."""
        return not self.adopted_on(account) and any(
            c.state is State.ENDED
            or (c.adopted and c.state is State.MISSING)
            or (c.state is State.DELETING and c.presence is Presence.GONE)
            for c in self.on(account)
        )


def put_back_on(s: MessageStatus) -> tuple[str, ...]:
    """The accounts on which an undo put the message back: kept there until a person decides."""
    return tuple(
        h.account for h in s.message.holds if (h.rule, h.kind) == ("undone", "reverse-delete")
    )


def own_hold(s: MessageStatus) -> Hold | None:
    """That an undo put it back in the consolidated mailbox: its own mail from then on."""
    undone = ("undone", "forward-delete")
    return next((hold for hold in s.message.holds if (hold.rule, hold.kind) == undone), None)


def own_copy(s: MessageStatus, config: MailboxConfig) -> Copy | None:
    """The consolidated mailbox's own copy that an adopt may enter in the ledger."""
    for copy in s.on(CONSOLIDATED):
        if copy.presence is Presence.YES and counts(copy, config) and adoptable(copy):
            return copy
    return None


def placed_copies(s: MessageStatus, config: MailboxConfig) -> list[Copy]:
    """The copies in the consolidated mailbox that are ours to delete.

    What we placed or adopted, or what it moved to; never Sent, Drafts or a draft.
    """
    return [
        c
        for c in s.on(CONSOLIDATED)
        if c.adopted
        and c.presence is Presence.YES
        and c.state is not State.ENDED
        and counts(c, config)
        and adoptable(c)
    ]


def late_duplicates(s: MessageStatus, config: MailboxConfig) -> list[Copy]:
    """The copies that a store without an answer put beside another one that is ours as well."""
    placed = placed_copies(s, config)
    late_duplicate = [c for c in placed if c.late_duplicate]
    return late_duplicate if len(late_duplicate) < len(placed) else []


def stand(message: MessageState, snapshot: Snapshot) -> MessageStatus:
    """Work out how a message stands at this listing."""
    configs = {c.name: c for c in snapshot.config.mailboxes}
    copies = relocated(message.copies, configs)
    present = [c for c in copies if c.presence is Presence.YES and c.mailbox in configs]
    counting = [c for c in present if counts(c, configs[c.mailbox])]
    moved = tuple(
        c
        for c in copies
        if c.mailbox != CONSOLIDATED
        and is_lost(c)
        and any(d.mailbox != c.mailbox and overlap(c, d) for d in counting)
    )
    left = tuple(c for c in copies if c not in moved)
    consolidated = _consolidated(message, left, counting, snapshot)
    held = {
        account.name: _held(account.name, message, left, counting, snapshot)
        for account in snapshot.config.external
    }
    for copy in left:  # an account that was taken out of the configuration is unknown
        if copy.mailbox not in configs and copy.state in LOSABLE:
            held[copy.mailbox] = Held.UNKNOWN
    evidence: dict[str, tuple[Copy, ...]] = {}
    waiting: dict[str, str] = {}
    for account, holds in held.items():
        lost = tuple(c for c in left if c.mailbox == account and c.adopted and is_lost(c))
        if holds is not Held.GONE or not lost or any(c.mailbox == account for c in moved):
            continue
        away = _may_hold_it(lost, snapshot)
        if away:
            waiting[account] = f"{away} was not reached, and it may have been moved there"
        elif min(c.absent for c in lost) < snapshot.config.guards.absent_scans:
            waiting[account] = "not missing for long enough (absent_scans)"
        else:
            evidence[account] = lost
    placed = tuple(c for c in left if c.mailbox == CONSOLIDATED and is_lost(c))
    moved_out = None
    if consolidated is Presence.GONE and placed:
        away = _may_hold_it(placed, snapshot)
        if away:
            waiting[CONSOLIDATED] = f"{away} was not reached, and it may have been moved there"
        moved_out = next(
            (
                d.mailbox
                for d in counting
                if d.mailbox != CONSOLIDATED and any(overlap(c, d) for c in placed)
            ),
            None,
        )
    return MessageStatus(message, left, moved, moved_out, held, consolidated, evidence, waiting)


def listed_completely(name: str, snapshot: Snapshot) -> bool:
    """Whether absence from this mailbox's listing proves anything."""
    state = snapshot.mailboxes[name]
    return state.complete and not state.changed and not state.unread


def _consolidated(
    message: MessageState, copies: tuple[Copy, ...], counting: list[Copy], snapshot: Snapshot
) -> Presence:
    for copy in counting:
        if copy.mailbox == CONSOLIDATED and (copy.adopted or adoptable(copy)):
            return Presence.YES
    unknown = any(c.mailbox == CONSOLIDATED and c.presence is Presence.UNKNOWN for c in copies)
    if unknown or message.doubtful or not listed_completely(CONSOLIDATED, snapshot):
        return Presence.UNKNOWN
    return Presence.GONE


def adoptable(copy: Copy) -> bool:
    r"""Whether a copy in the consolidated mailbox counts: not in Sent or Drafts, not ``\Draft``."""
    return copy.role not in NEVER_TARGETS and not copy.draft


def _held(
    account: str,
    message: MessageState,
    copies: tuple[Copy, ...],
    counting: list[Copy],
    snapshot: Snapshot,
) -> Held:
    if any(c.mailbox == account for c in counting):
        return Held.YES
    mine = [c for c in copies if c.mailbox == account]
    if not mine:
        return Held.NEVER
    unknown = any(c.presence is Presence.UNKNOWN and c.state in LOSABLE for c in mine)
    if unknown or message.doubtful or not listed_completely(account, snapshot):
        return Held.UNKNOWN
    return Held.GONE


def _may_hold_it(lost: tuple[Copy, ...], snapshot: Snapshot) -> str | None:
    """A mailbox that was not listed, and to which a lost copy may have been moved.

    Only a store that takes mail can: nothing is moved into a POP3 account.
    """
    for copy in lost:
        for other in snapshot.mailboxes.values():
            if (
                other.name != copy.mailbox
                and other.can_store
                and not listed_completely(other.name, snapshot)
                and other.scan < copy.missing_scan
            ):
                return other.name
    return None
