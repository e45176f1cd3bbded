"""The evidence for a deletion: sentences that say what was listed where, and what lacks it now.

They hold folder names as servers give them: whoever shows them makes them safe.

Every figure comes from the ledger or from the listings the plan was made from; moments are local.
This listing's own moment is not named, so that two plans over an unchanged snapshot are equal.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.model import Line, in_words
from mailsync_tui.engine.plan.moves import counts
from mailsync_tui.engine.plan.status import MessageStatus
from mailsync_tui.engine.snapshot import Copy, CopyState, MailboxState, Presence, Snapshot


def evidence(line: Line, s: MessageStatus, snapshot: Snapshot) -> tuple[str, ...]:
    """What proves a deletion's reason, and what is known of the message besides.

    Args:
        line: A deletion.
        s: How its message stands.
        snapshot: The listings held against the ledger.
    """
    return tuple(_Sentences(s, snapshot).of(line))


class _Sentences:
    def __init__(self, s: MessageStatus, snapshot: Snapshot) -> None:
        self.s = s
        self.snapshot = snapshot
        self.configs = {c.name: c for c in snapshot.config.mailboxes}

    def of(self, line: Line) -> Iterator[str]:
        named = self.s.named_by(line)
        if any(copy.late_duplicate for copy in named):
            yield "a run was interrupted while it stored this; a later one stored it once more"
            yield "this copy came after that, and its bytes are those that were sent"
            yield from self._present(named)
            yield from self._elsewhere(())
            return
        if line.kind == "delete":
            mark = self.s.message.mark
            if mark is not None and mark.since is not None:
                yield f"marked for deletion by hand, on {_moment(mark.since)}"
            if line.account != CONSOLIDATED and self.s.consolidated is Presence.GONE:
                yield "it is not in the consolidated mailbox"
            yield from self._elsewhere((line.account,))
            yield from self._present(named)
            return
        if line.kind == "forward-delete":
            yield from self._gone_from(line.accounts)
            yield from self._elsewhere(line.accounts)
            yield from self._present(named)
            return
        if line.needs:
            losers = tuple(a for a in self.s.deleted_on if a != line.account)
            yield from self._gone_from(losers)
            yield "deleted in the consolidated mailbox first, by a line that this one needs"
        else:
            losers = ()
            yield from self._gone_from_consolidated()
        if any(copy.state is CopyState.DELETING for copy in named):
            yield f"an earlier run deleted it on {line.account}, and it is listed there again"
        yield from self._elsewhere((*losers, line.account))
        yield from self._present(named)

    # --- what lacks it

    def _gone_from(self, accounts: Iterable[str]) -> Iterator[str]:
        for account in accounts:
            for copy in self.s.deleted_on[account]:
                yield from self._loss(copy)
            yield from self._thrown_away(account)
            spared = self.snapshot.mailboxes[account].spared
            if spared:
                few = "one message" if spared == 1 else f"{spared} messages"
                yield (
                    f"it went with many others within 7 days, and of all that is left on {account} "
                    f"only {few} can be older: a provider that cleans up may have spared "
                    f"{'it' if spared == 1 else 'them'}"
                )

    def _gone_from_consolidated(self) -> Iterator[str]:
        lost = [c for c in self.s.on(CONSOLIDATED) if c.adopted and c.lost]
        for copy in lost:
            yield from self._loss(copy)
        away = list(self._thrown_away(CONSOLIDATED))
        yield from away
        if not lost and not away:
            where = _of(self.snapshot.mailboxes[CONSOLIDATED])
            yield f"it was in the consolidated mailbox before, and is not in this listing {where}"

    def _loss(self, copy: Copy) -> Iterator[str]:
        state = self.snapshot.mailboxes[copy.mailbox]
        where = "in the consolidated mailbox"
        if copy.mailbox != CONSOLIDATED:
            where = f"on {copy.mailbox}"
        scans = [row.scan for row in state.scans]
        held = state.scans[
            bisect_left(scans, copy.listed_scan) : bisect_right(scans, copy.held_scan)
        ]
        if len(held) > 1:
            yield f"seen {where} at {len(held)} complete listings since {_day(held[0].at)}"
        elif held:
            yield f"seen {where} at one complete listing, on {_moment(held[0].at)}"
        elif copy.since is not None:
            yield f"known {where} since {_day(copy.since)}"
        if copy.state is CopyState.MISSING:
            lacking = state.scans[bisect_left(scans, copy.missing_scan) :]
            if lacking and lacking[0].scan == copy.missing_scan:
                ago = "at the last complete listing"
                if len(lacking) > 1:
                    ago = f"{len(lacking)} complete listings ago"
                yield f"first noticed missing {ago}, on {_moment(lacking[0].at)}"
            else:
                yield "an earlier complete listing lacked it already"
        if any(self._thrown_away(copy.mailbox)):
            folder = copy.location.folder
            yield f"not in {folder} any more in this complete listing {_of(state)}"
        else:
            yield f"missing from this complete listing {_of(state)}"

    def _thrown_away(self, mailbox: str) -> Iterator[str]:
        for copy in self.s.on(mailbox):
            if copy.presence is Presence.YES and not counts(copy, self.configs[mailbox]):
                folder = copy.location.folder
                yield f"it lies in {folder} of {_named(mailbox)}, where it counts as deleted"

    # --- what holds it

    def _elsewhere(self, but: Collection[str]) -> Iterator[str]:
        """How the other accounts stand, without those that the line is about."""
        others: dict[Presence, list[str]] = {}
        for account, presence in self.s.accounts.items():
            if account not in but:
                others.setdefault(presence, []).append(account)
        if names := others.get(Presence.YES):
            yield f"{in_words(tuple(names))} {'holds' if len(names) == 1 else 'hold'} it as well"
        if names := others.get(Presence.GONE):
            yield f"it is gone from {in_words(tuple(names))} as well"
        if names := others.get(Presence.UNKNOWN):
            yield f"whether {in_words(tuple(names))} still has it is not known"

    def _present(self, copies: Iterable[Copy]) -> Iterator[str]:
        for copy in copies:
            where = "in the consolidated mailbox"
            if copy.mailbox != CONSOLIDATED:
                where = f"listed on {copy.mailbox}"
            if copy.since is not None:
                where += f" since {_day(copy.since)}"
            kind = self.snapshot.mailboxes[copy.mailbox].type
            yield where if kind == "pop3" else f"{where}, in {copy.location.folder}"


def not_reached(mailboxes: Iterable[str], snapshot: Snapshot) -> str:
    """Mailboxes, to one of which a lost message may have been moved, and since when none knows."""
    parts = []
    for name in mailboxes:
        state = snapshot.mailboxes[name]
        if state.left_out:
            parts.append(f"{name}, left out of this run")
        elif state.reached is None:
            parts.append(f"{name}, not reached")
        elif state.messages is None:
            parts.append(f"{name}, not reached since {_day(state.reached)}")
        else:
            parts.append(f"{name}, not listed completely since {_day(state.reached)}")
    return " or ".join(parts)


def _named(mailbox: str) -> str:
    return "the consolidated mailbox" if mailbox == CONSOLIDATED else mailbox


def _of(state: MailboxState) -> str:
    messages = state.messages or 0
    number = "1 message" if messages == 1 else f"{messages:,} messages"
    return f"of {_named(state.name)} ({number})"


def _day(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
