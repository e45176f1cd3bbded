r"""What is never ours to touch, on either side.

In the consolidated mailbox: Sent, Drafts and whatever is flagged ``\Draft``. On an account: what
lies outside ``folders``. Anywhere: what the configuration's ``[hold]`` protects.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mailsync_tui.config.model import CONSOLIDATED, Holds, MailboxConfig
from mailsync_tui.mailboxes.base import Role

if TYPE_CHECKING:
    from mailsync_tui.engine.snapshot import Copy, MessageState, Snapshot

OUTSIDE_FOLDERS = frozenset({Role.TRASH, Role.JUNK, Role.DRAFTS, Role.SENT, Role.ALL})
"""Folders of an account that no glob in ``folders`` matches."""

UNTOUCHED = frozenset({Role.SENT, Role.DRAFTS})
"""Folders of the consolidated mailbox whose mail is never adopted and never deleted."""


def touchable(copy: Copy) -> bool:
    r"""Whether a copy in the consolidated mailbox counts: not in Sent or Drafts, not ``\Draft``."""
    return copy.role not in UNTOUCHED and not copy.draft


def in_folders(copy: Copy, config: MailboxConfig) -> bool:
    """Whether the account's ``folders`` name the folder this copy lies in."""
    if config.type == "pop3":
        return True
    folder = copy.location.folder
    return copy.role not in OUTSIDE_FOLDERS and any(
        folder_matches(folder, pattern) for pattern in config.folders
    )


def unmatched(config: MailboxConfig, folders: Collection[str] | None) -> tuple[str, ...]:
    """The patterns of an account's ``folders`` that name none of these folders.

    Args:
        config: The mailbox; the consolidated one and POP3 have no such patterns.
        folders: All its folders; ``None``: not known, so no pattern is wrong.
    """
    if config.name == CONSOLIDATED or config.type == "pop3" or folders is None:
        return ()
    return tuple(
        pattern
        for pattern in config.folders
        if not any(folder_matches(folder, pattern) for folder in folders)
    )


def no_such_folder(pattern: str) -> str:
    """What a pattern of ``folders`` means that names no folder."""
    return f"folders: {pattern} names no folder that is there"


def folder_matches(folder: str, pattern: str) -> bool:
    """Whether a glob of ``folders`` names a folder; INBOX in any case, and by none but ``*``."""
    if folder.upper() == "INBOX" or pattern.upper() == "INBOX":
        return folder.upper() == pattern.upper() or pattern == "*"
    return fnmatchcase(folder, pattern)


def protection(
    message: MessageState, targets: Sequence[Copy], holds: Holds, snapshot: Snapshot
) -> str | None:
    """Which key of ``[hold]`` protects what a deletion is about, as it stands in the file.

    A deletion of several copies is held for each of them.

    Args:
        message: The message.
        targets: The copies that would be deleted.
        holds: The configuration's ``[hold]``.
        snapshot: It knows how much time has passed.

    Returns:
        Such as ``from = "*@bank.example"``; ``None``: nothing does.
    """
    if holds.flagged and any(copy.flagged for copy in targets):
        return "flagged = true"
    sender = message.identity.sender if message.identity else ""
    for pattern in holds.senders:
        if fnmatchcase(sender, pattern.casefold()):
            return f'from = "{pattern}"'
    for pattern in holds.folders:
        if any(folder_matches(copy.location.folder, pattern) for copy in targets):
            return f'folders = "{pattern}"'
    if holds.younger_than and any(
        snapshot.passed(_born(copy, message, snapshot.now)) < holds.younger_than for copy in targets
    ):
        return f'younger_than = "{_written(holds.younger_than)}"'
    return None


def protected_now(flags: Collection[str], holds: Holds, *, consolidated: bool) -> str | None:
    r"""Why a copy is not deleted, by the flags that it has right before it would be.

    Args:
        flags: Such as ``\Draft``.
        holds: The configuration's ``[hold]``.
        consolidated: It lies in the consolidated mailbox.
    """
    if consolidated and r"\Draft" in flags:
        return "it is a draft now"
    if holds.flagged and r"\Flagged" in flags:
        return "it is flagged now, and [hold] protects what is flagged"
    return None


def _born(copy: Copy, message: MessageState, now: datetime) -> datetime:
    """The message's Date, or since when the copy is known where that is none or in the future."""
    date = message.summary.date
    return date if date is not None and date <= now else copy.since or now


def _written(age: timedelta) -> str:
    """A duration as the configuration has it."""
    seconds = int(age.total_seconds())
    units = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
    return next(f"{seconds // size}{unit}" for unit, size in units if seconds % size == 0)
