"""How a line is made for a message, and whether it waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.model import Kind, Line, Place, Undo
from mailsync_tui.engine.plan.status import MessageStatus, counts, in_folders
from mailsync_tui.engine.snapshot import Copy, Presence, Snapshot, State
from mailsync_tui.mailboxes.base import Location

HeldRule = Literal["declined", "late-copy", "moved-out", "hold", "undone"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line, and whether it waits for a person."""

    line: Line
    held: HeldRule | None = None
    since: datetime | None = None
    hold: str | None = None
    """Which line of the configuration's ``[hold]`` protects it."""


_KEPT = frozenset({"collect", "adopt", "reverse-delete"})
"""What is never done unasked to a copy that an undo put back on an account."""


class Proposing:
    """Makes the lines of one snapshot."""

    def __init__(self, snapshot: Snapshot, *, reconsider: bool) -> None:
        self.snapshot = snapshot
        self.reconsider = reconsider
        self.configs = {c.name: c for c in snapshot.config.mailboxes}

    def _collect_line(self, s: MessageStatus, copy: Copy, reason: str) -> Line:
        folder = self.configs[copy.mailbox].into or self.configs[CONSOLIDATED].folder
        return self._line(
            s,
            "collect",
            copy.mailbox,
            Place(CONSOLIDATED, Location(folder, 0, "")),
            (Place(copy.mailbox, copy.location),),
            reason,
            compare=s.message.compare,
        )

    def _forget_line(self, s: MessageStatus, account: str, copy: Copy, why: str) -> Line:
        place = Place(copy.mailbox, copy.location)
        return self._line(s, "forget", account, place, (place,), why)

    def _allow(self, account: str) -> tuple[str, ...]:
        return self.configs[account].allow

    def _collectable(self, s: MessageStatus, account: str) -> list[Copy]:
        r"""The copies a collect may take: listed, inside ``folders``, not marked ``\Deleted``."""
        config = self.configs.get(account)
        if config is None or account == CONSOLIDATED:
            return []
        return [
            c
            for c in s.on(account)
            if c.presence is Presence.YES
            and not c.marked
            and not (c.adopted and c.state is not State.ENDED)
            and in_folders(c, config)
            and counts(c, config)
        ]

    def _held_or_not(self, s: MessageStatus, line: Line) -> Proposal:
        """Declined before: held. A decline is for the message and what would be done to it."""
        if not self.reconsider:
            for hold in s.message.holds:
                if hold.rule == "undone" and hold.account == line.account and line.kind in _KEPT:
                    return Proposal(line, "undone", hold.since)
                same = hold.kind == line.kind and hold.account in ("", line.account)
                if same and hold.rule == "declined":
                    return Proposal(line, "declined", hold.since)
        return Proposal(line)

    def _line(
        self,
        s: MessageStatus,
        kind: Kind,
        account: str,
        target: Place,
        copies: tuple[Place, ...],
        reason: str,
        *,
        accounts: tuple[str, ...] | None = None,
        needs: tuple[str, ...] = (),
        undo: Undo = "none",
        compare: bool = False,
    ) -> Line:
        message = s.message
        return Line(
            kind=kind,
            account=account,
            accounts=accounts or (account,),
            needs=needs,
            target=target,
            copies=copies,
            message=message.id,
            message_id=message.identity.message_id if message.identity else None,
            subject=message.summary.subject,
            sender=message.summary.sender,
            date=message.summary.date,
            size=message.size,
            reason=reason,
            undo=undo,
            compare=compare,
        )
