"""Accounts that turn out to be another mailbox by another door (DESIGN.md, rule 13).

Names prove little: of aliases, of users who share a mailbox, of a folder that shows others' mail.
By one door, what is filed by the other one looks deleted. Equal mail proves nothing either: a
mailbox that was copied, or two that get the same mail, list the same. What two doors have and those
have not is that things happen to both at once:

- **Filed.** What is gone from the account left its place in the other mailbox at the same time, and
  lies elsewhere there. Who files mail in one mailbox does not delete it in another one meanwhile;
  if he does, he is asked.
- **Arrived.** All that came to the account since it was listed first came to the consolidated
  mailbox at the same time and is as long, or was stored there right before. So a view that shows
  only some mail is recognised, as that of unread mail, from which it goes though nothing is filed.

Against the first stands what had to be collected: it lay on the account, and the other mailbox did
not list it. So they are two. (A little of it counts for nothing: mail may come between the listings
of two doors.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.snapshot import Copy, CopyState, MessageState, Presence
from mailsync_tui.ledger.listings import listed_since, shared_arrivals
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import MailboxRow
from mailsync_tui.mailboxes.base import Role

LEAST = 3
"""Fewer arrivals prove nothing: one mail that several mailboxes get, or two."""
_NEARLY_ALL = 0.9


def same_mailboxes(
    config: UserConfig,
    ledger: LedgerReader,
    rows: Mapping[str, MailboxRow],
    messages: Iterable[MessageState],
) -> dict[str, str]:
    """The accounts that seem to be another mailbox by another door, with the name of that one.

    Only accounts that lost something are looked at: before, it makes no difference.

    Args:
        config: Where ``distinct`` is set, nothing is looked at.
        ledger: Knows what was stored, and when what came and went.
        rows: The ledger's mailboxes, by configured name.
        messages: As they were assembled.
    """
    names = [c.name for c in config.mailboxes if not c.distinct and c.name in rows]
    accounts = set(names) - {CONSOLIDATED}
    losses = [
        (message, lost)
        for message in messages
        for lost in message.copies
        if lost.mailbox in accounts and lost.adopted and lost.lost
    ]
    if not losses:
        return {}
    since = {name for name in names if listed_since(ledger, rows[name])}
    filed = {
        (lost.mailbox, name)
        for message, lost in losses
        for name in names
        if _filed(message, lost, name, since)
    }
    found: dict[str, str] = {}
    for account, other in sorted(filed, key=lambda pair: names.index(pair[1])):
        shared = shared_arrivals(ledger, rows[account].id, rows[other].id)
        if shared.by_itself >= _NEARLY_ALL * shared.all:
            found.setdefault(account, other)
    for account in {lost.mailbox for _, lost in losses if CONSOLIDATED in names} - found.keys():
        shared = shared_arrivals(ledger, rows[account].id, rows[CONSOLIDATED].id)
        if shared.together >= max(LEAST, _NEARLY_ALL * shared.later):
            found[account] = CONSOLIDATED
    return found


def _filed(message: MessageState, lost: Copy, other: str, since: Set[str]) -> bool:
    """Whether another mailbox's copy left its place when an account lost its own, and is there.

    Args:
        message: The message.
        lost: The account's copy.
        other: The other mailbox.
        since: The mailboxes that were listed again since the listing on record.
    """
    there = [c for c in message.copies if c.mailbox == other != lost.mailbox]
    here = [
        c for c in there if c.presence is Presence.YES and c.role not in (Role.TRASH, Role.JUNK)
    ]
    return bool(here) and any(
        _left_its_place(copy, here)
        and not (copy.stored and copy.listed_scan > lost.first_scan)  # collected from the account
        and copy.missing_scan > _held(lost, since)
        and _held(copy, since) < lost.missing_scan
        for copy in there
    )


def _left_its_place(copy: Copy, here: Iterable[Copy]) -> bool:
    """Whether it is gone from where it was, now or once, and another copy of it was left or came.

    Args:
        copy: One that another mailbox has or had.
        here: The message's copies that it lists.
    """
    if copy.state is CopyState.LIVE and not copy.lost:
        return copy.missing_scan > 0
    gone = copy.lost or (copy.state is CopyState.ENDED and copy.presence is not Presence.YES)
    return gone and any(
        (c.listed_scan if c.stored else c.came_after + 1) <= copy.missing_scan for c in here
    )


def _held(copy: Copy, since: Set[str]) -> int:
    """The last scan that surely held it when the other mailboxes were listed.

    In one scan the mailboxes are listed one after the other, and mail goes meanwhile.
    """
    now = copy.lost and copy.state is CopyState.LIVE
    return copy.held_scan - (now and copy.mailbox not in since)
