"""Mail that the configuration's ``[hold]`` protects: it is never deleted, on either side."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from mailsync_tui.engine.model import Line
from mailsync_tui.engine.plan.status import MessageStatus, folder_matches
from mailsync_tui.engine.snapshot import Copy, Snapshot


def protection(line: Line, s: MessageStatus, snapshot: Snapshot) -> str | None:
    """Which key of ``[hold]`` protects what a deletion is about, as it stands in the file.

    A line that names several copies is held for each of them.

    Args:
        line: A deletion.
        s: How its message stands.
        snapshot: The listings and the configuration.

    Returns:
        Such as ``from = "*@bank.example"``; ``None``: nothing does.
    """
    places = {(place.mailbox, place.location) for place in line.copies}
    doomed = [copy for copy in s.copies if (copy.mailbox, copy.location) in places]
    holds = snapshot.config.holds
    if holds.flagged and any(copy.flagged for copy in doomed):
        return "flagged = true"
    sender = s.message.identity.sender if s.message.identity else ""
    for pattern in holds.senders:
        if fnmatchcase(sender, pattern.casefold()):
            return f'from = "{pattern}"'
    for pattern in holds.folders:
        if any(folder_matches(copy.location.folder, pattern) for copy in doomed):
            return f'folders = "{pattern}"'
    youngest = snapshot.now - holds.younger_than
    if holds.younger_than and any(_born(copy, s, snapshot.now) > youngest for copy in doomed):
        return f'younger_than = "{_written(holds.younger_than)}"'
    return None


def _born(copy: Copy, s: MessageStatus, now: datetime) -> datetime:
    """The message's Date, or since when the copy is known where that is none or in the future."""
    date = s.message.summary.date
    return date if date is not None and date <= now else copy.since or now


def _written(age: timedelta) -> str:
    """A duration as the configuration has it."""
    seconds = int(age.total_seconds())
    units = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
    return next(f"{seconds // size}{unit}" for unit, size in units if seconds % size == 0)
