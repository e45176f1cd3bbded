"""How a move is told from a deletion (DESIGN.md, rule 2).

Mail that was filed, archived or renumbered lies elsewhere in the same mailbox; mail that was moved
lies in another one. In both cases a copy came at the moment at which another one went. Which moment
that was is known as an interval of scans, for either copy; see :func:`overlap`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig
from mailsync_tui.engine.snapshot import Copy, CopyState, Presence, Snapshot
from mailsync_tui.mailboxes.base import Role


def role_counts(role: Role, config: MailboxConfig) -> bool:
    """Whether mail in such a folder is still there: not in trash, in junk by ``junk_means``."""
    return role is not Role.TRASH and not (role is Role.JUNK and config.junk_means == "delete")


def counts(copy: Copy, config: MailboxConfig) -> bool:
    """Whether a copy means that the message is still there."""
    return role_counts(copy.role, config)


def overlap(lost: Copy, found: Copy) -> bool:
    """Whether ``found`` may have come at the moment at which ``lost`` went: then it is a move.

    Where the loss was recorded before the other copy can have come, that copy is late instead.
    """
    return found.came_after < lost.missing_scan and found.first_scan > lost.held_scan


# --- within a mailbox


def relocated(copies: Sequence[Copy], configs: Mapping[str, MailboxConfig]) -> tuple[Copy, ...]:
    """Let copies take the places of lost ones in the same mailbox: filed, renumbered, archived."""
    result = list(copies)
    for lost in copies:
        if lost.mailbox not in configs or not (lost.lost or _listed_anew(lost, configs)):
            continue
        free = [
            found
            for found in result
            if found.mailbox == lost.mailbox
            and found.presence is Presence.YES
            and found.state in (CopyState.NEW, CopyState.LIVE)
            and found.relocates is None
            and not found.adopted
            and not _thrown_away(lost, found, configs)
        ]
        moved = [found for found in free if overlap(lost, found)]
        for found in (moved or [found for found in free if _archived(lost, found)])[:1]:
            result[result.index(found)] = replace(
                found,
                state=CopyState.DELETING if lost.state is CopyState.DELETING else CopyState.LIVE,
                adopted=lost.adopted,
                relocates=lost.id,
                first_scan=lost.first_scan,
                came_after=lost.came_after,
                held_scan=lost.held_scan,
                missing_scan=lost.missing_scan,
                since=lost.since,
                listed_scan=lost.listed_scan,
                adopted_scan=lost.adopted_scan,
            )
            result.remove(lost)
    return tuple(result)


def _archived(lost: Copy, found: Copy) -> bool:
    """Whether a copy in a folder of all mail is the same one, where folders are mere labels.

    Archiving takes the last label away, and the copy was listed under all mail long before.
    """
    return found.role is Role.ALL and found.size == lost.size and lost.role is not Role.ALL


def _thrown_away(lost: Copy, found: Copy, configs: Mapping[str, MailboxConfig]) -> bool:
    """Whether an account's copy went where mail is not there: a loss, and no place to follow to.

    In the consolidated mailbox it is followed, as it is ours wherever it lies.
    """
    config = configs[lost.mailbox]
    return lost.mailbox != CONSOLIDATED and counts(lost, config) and not counts(found, config)


def _listed_anew(copy: Copy, configs: Mapping[str, MailboxConfig]) -> bool:
    """Whether a copy that we deleted may be the same one under another name.

    A POP3 location may be a mere name made from the headers; elsewhere a new location is new mail.
    """
    deleted = copy.state is CopyState.DELETING and copy.presence is Presence.GONE
    return deleted and configs[copy.mailbox].type == "pop3"


# --- between mailboxes


def moved_away(copies: Iterable[Copy], present: Sequence[Copy]) -> tuple[Copy, ...]:
    """The copies that accounts lost to another mailbox.

    Args:
        copies: Of one message.
        present: Those that mean that the message is still there.
    """
    return tuple(
        lost
        for lost in copies
        if lost.mailbox != CONSOLIDATED
        and lost.lost
        and any(found.mailbox != lost.mailbox and overlap(lost, found) for found in present)
    )


def moved_out_to(lost: Sequence[Copy], present: Iterable[Copy]) -> str | None:
    """The account that copies which the consolidated mailbox lost were moved to."""
    for found in present:
        if found.mailbox != CONSOLIDATED and any(overlap(copy, found) for copy in lost):
            return found.mailbox
    return None


def may_hold(lost: Sequence[Copy], snapshot: Snapshot) -> tuple[str, ...]:
    """The mailboxes not listed since, to one of which a lost copy may have been moved.

    Only stores that take mail: nothing is moved into a POP3 account. What was taken out of the
    configuration holds nothing.
    """
    return tuple(
        other.name
        for other in snapshot.mailboxes.values()
        if other.can_store
        and not snapshot.listed_completely(other.name)
        and any(other.name != copy.mailbox and other.scan < copy.missing_scan for copy in lost)
    )
