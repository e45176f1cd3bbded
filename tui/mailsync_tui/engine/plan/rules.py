"""What is proposed for one message: DESIGN.md's table, row by row, as pure functions.

Each function takes how a message stands and gives lines; guards and the person's choices are
applied to them by :mod:`mailsync_tui.engine.plan.planner`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.model import Line, Place, Undo, in_words
from mailsync_tui.engine.plan.proposing import Proposal, Proposing
from mailsync_tui.engine.plan.status import (
    LOSABLE,
    Held,
    MessageStatus,
    counts,
    in_folders,
    is_lost,
    late_duplicates,
    own_copy,
    own_hold,
    placed_copies,
    put_back_on,
)
from mailsync_tui.engine.snapshot import Copy, Presence, State
from mailsync_tui.mailboxes.base import Location


class Rules(Proposing):
    """The rules over one snapshot."""

    # --- forward: gone from an external mailbox, so deleted in the consolidated one

    def forward_evidence(self, s: MessageStatus) -> tuple[str, ...]:
        """The accounts whose loss of the message asks for a forward deletion.

        Whether ``copies`` ("any" or "all") is satisfied once guards have had their say is
        :meth:`forward_enough`.
        """
        if not s.message.known or s.consolidated is not Presence.YES or not self._targets(s):
            return ()
        return tuple(
            account
            for account in s.evidence
            if account in self.configs and "forward" in self.configs[account].allow
        )

    def forward_enough(self, s: MessageStatus, accounts: tuple[str, ...]) -> bool:
        """Whether the loss on these accounts is enough to delete the message."""
        if not accounts:
            return False
        if self.snapshot.config.guards.copies == "any":
            return True
        for account, held in s.held.items():
            had = any(c.mailbox == account and c.state in LOSABLE for c in s.copies)
            if held in (Held.YES, Held.UNKNOWN) or (had and account not in accounts):
                return False
        return True

    def forward(self, s: MessageStatus, accounts: tuple[str, ...]) -> Proposal:
        """The one forward deletion of a message, from all the accounts it is gone from."""
        targets = [Place(c.mailbox, c.location) for c in self._targets(s)]
        line = self._line(
            s,
            "forward-delete",
            accounts[0],
            targets[0],
            tuple(targets),
            f"gone from {in_words(accounts)}",
            accounts=accounts,
            undo="full",
        )
        return self._held_or_not(s, line)

    def _targets(self, s: MessageStatus) -> list[Copy]:
        return placed_copies(s, self.configs[CONSOLIDATED])

    def late_duplicate(self, s: MessageStatus) -> Line | None:
        """One line for all copies that came late, beside the one that stays."""
        copies = late_duplicates(s, self.configs[CONSOLIDATED])
        if not copies or own_hold(s) is not None:
            return None
        names = [account.name for account in self.snapshot.config.external]
        account = next((name for name in names if s.on(name)), names[0])
        places = tuple(Place(c.mailbox, c.location) for c in copies)
        why = "stored twice: an interrupted run's copy came late; the other one stays"
        return self._line(s, "forward-delete", account, places[0], places, why, undo="full")

    # --- all the rest

    def others(self, s: MessageStatus, forward: Line | None) -> Iterator[Proposal]:
        """Everything but the forward deletion.

        Args:
            s: How the message stands.
            forward: The forward deletion, if this plan has one: what needs it follows from it.
        """
        if s.consolidated is Presence.YES:
            if forward is not None:
                yield from self._reverse(s, forward)
                yield from self._late(s)
            elif s.message.known:
                yield from self._adopt_known(s)
                yield from self._forget_own(s)
            else:
                yield from self._adopt_all(s, own_copy(s, self.configs[CONSOLIDATED]))
        elif s.consolidated is Presence.GONE:
            yield from self._without_consolidated(s)

    def _without_consolidated(self, s: MessageStatus) -> Iterator[Proposal]:
        kept = () if self.reconsider else put_back_on(s)
        proposals = list(self._collect_or_delete(s, kept))
        yield from proposals
        told = {p.line.account for p in proposals if p.held == "undone"}
        for account in kept:
            if account not in told and s.held.get(account) is Held.YES:
                yield from self._put_back(s, account)

    def _put_back(self, s: MessageStatus, account: str) -> Iterator[Proposal]:
        """What an undo put back on an account is kept there until a person decides."""
        copies = self._collectable(s, account)
        if copies and "collect" in self._allow(account):
            line = self._collect_line(s, copies[0], f"put back on {account} by an undo")
            yield self._held_or_not(s, line)
        else:
            yield from self._reverse(s, None, only=account)

    def _collect_or_delete(self, s: MessageStatus, kept: tuple[str, ...]) -> Iterator[Proposal]:
        moved_out = self._moved_out(s)
        if moved_out is not None:
            yield from moved_out
        elif not s.message.known:
            yield from self._collect(s, [a for a in self.configs if a not in kept], "new on {}")
        else:
            back = [
                a
                for a, held in s.held.items()
                if held is Held.YES and s.came_back(a) and a not in kept
            ]
            if any(self._collectable(s, a) and "collect" in self._allow(a) for a in back):
                yield from self._collect(s, back, "back on {}, where it had been gone")
            else:
                if CONSOLIDATED not in s.waiting:
                    yield from self._reverse(s, None)
                yield from self._late(s)
                yield from self._forget(s)

    def _moved_out(self, s: MessageStatus) -> list[Proposal] | None:
        """Moved out of the consolidated mailbox to an account: held until a person decides."""
        hold = next((h for h in s.message.holds if h.rule == "moved-out"), None)
        account = s.moved_out or (hold.account if hold else None)
        if account is None or all(held is not Held.YES for held in s.held.values()):
            return None
        holders = [a for a, held in s.held.items() if held is Held.YES]
        if account not in holders:
            account = holders[0]
        proposals = list(self._collect(s, [account, *holders], "moved out to {}, reconsidered"))
        if self.reconsider:
            return proposals
        since = hold.since if hold else None
        return [Proposal(p.line, "moved-out", since) for p in proposals[:1]]

    def _collect(self, s: MessageStatus, accounts: list[str], why: str) -> Iterator[Proposal]:
        """One collect from the first account that may, and adopts of the other copies."""
        source: Copy | None = None
        for account in accounts:
            if account != CONSOLIDATED and "collect" in self._allow(account):
                source = next(iter(self._collectable(s, account)), None)
            if source is not None:
                break
        if source is None:
            return
        reason = why.format(source.mailbox)
        if s.message.compare:
            reason += "; to be compared when fetched"
        line = self._collect_line(s, source, reason)
        proposal = self._held_or_not(s, line)
        yield proposal
        if proposal.held is None:
            yield from self._adopt_all(s, None, needs=line, but=source)

    def _adopt_all(
        self, s: MessageStatus, own: Copy | None, needs: Line | None = None, but: Copy | None = None
    ) -> Iterator[Proposal]:
        for account in self.snapshot.config.external:
            for copy in self._collectable(s, account.name):
                if copy != but:
                    yield self._adopt(s, copy, own, needs, f"also on {account.name}")

    def _adopt_known(self, s: MessageStatus) -> Iterator[Proposal]:
        """A known message has a new copy; or only a copy of the person's own is left."""
        placed = any(c.adopted and c.presence is Presence.YES for c in s.on(CONSOLIDATED))
        own = None if self._placed(s) else own_copy(s, self.configs[CONSOLIDATED])
        arrived = [
            copy
            for account in self.snapshot.config.external
            for copy in s.on(account.name)
            if copy.presence is Presence.YES
            and not copy.adopted
            and not copy.marked
            and counts(copy, account)
            and (in_folders(copy, account) or self._move_target(s, copy))
        ]
        lost = [c for a in self.forward_evidence(s) for c in s.evidence[a]]
        for copy in arrived:
            if any(copy.came_after >= c.missing_scan for c in lost):
                yield Proposal(self._late_line(s, copy), "late-copy", copy.since)
                continue
            moved = next((m.mailbox for m in s.moved), None)
            why = f"moved here from {moved}" if moved else f"also on {copy.mailbox}"
            yield self._adopt(s, copy, own, None, why)
        if own is not None and not placed and not arrived and own_hold(s) is None:
            for account in self.snapshot.config.external:
                held = [c for c in s.on(account.name) if c.adopted and c.presence is Presence.YES]
                if held:
                    yield self._adopt(s, held[0], own, None, "back in the consolidated mailbox")
                    return

    def _move_target(self, s: MessageStatus, copy: Copy) -> bool:
        return any(m.mailbox != copy.mailbox for m in s.moved)

    def _adopt(
        self, s: MessageStatus, copy: Copy, own: Copy | None, needs: Line | None, why: str
    ) -> Proposal:
        places = [Place(copy.mailbox, copy.location)]
        target = Place(CONSOLIDATED, Location(self.configs[CONSOLIDATED].folder, 0, ""))
        there = own or self._placed(s)
        if there is not None:
            target = Place(CONSOLIDATED, there.location)
            places.append(target)
        line = self._line(
            s,
            "adopt",
            copy.mailbox,
            target,
            tuple(places),
            why,
            needs=(needs.id,) if needs else (),
        )
        hold = own_hold(s) if s.consolidated is Presence.YES else None
        if hold is not None and not self.reconsider:
            return Proposal(line, "undone", hold.since)
        return self._held_or_not(s, line)

    def _placed(self, s: MessageStatus) -> Copy | None:
        """The copy that makes it present in the consolidated mailbox, if that is one of ours."""
        config = self.configs[CONSOLIDATED]
        ours = (c for c in s.on(CONSOLIDATED) if c.adopted and c.presence is Presence.YES)
        return next((c for c in ours if counts(c, config)), None)

    def _reverse(
        self, s: MessageStatus, forward: Line | None, only: str | None = None
    ) -> Iterator[Proposal]:
        """One reverse deletion per account that holds it, naming every copy inside ``folders``."""
        for account in self.snapshot.config.external:
            if "reverse" not in account.allow or s.held[account.name] is not Held.YES:
                continue
            put_back = account.name in put_back_on(s)
            if only not in (None, account.name):
                continue
            if put_back and only is None and forward is None and not self.reconsider:
                continue  # told by itself
            here = [
                c for c in s.on(account.name) if c.presence is Presence.YES and counts(c, account)
            ]
            if not put_back and not any(c.adopted for c in here):
                continue  # a late copy: not ours to delete
            doomed = sorted((c for c in here if in_folders(c, account)), key=_first_adopted)
            if not doomed:
                continue
            if forward is not None:
                reason = f"deleted in the consolidated mailbox, because {forward.reason}"
            elif any(c.state is State.DELETING for c in doomed):
                reason = f"our deletion did not take on {account.name}"
            else:
                reason = "gone from the consolidated mailbox"
            places = tuple(Place(c.mailbox, c.location) for c in doomed)
            undo: Undo = "consolidated-only" if account.type == "pop3" else "full"
            line = self._line(
                s,
                "reverse-delete",
                account.name,
                places[0],
                places,
                reason,
                needs=(forward.id,) if forward else (),
                undo=undo,
            )
            yield self._held_or_not(s, line)

    def _late(self, s: MessageStatus) -> Iterator[Proposal]:
        """Copies on accounts that never held it, after it was deleted: a person decides."""
        first: Line | None = None
        for account in self.snapshot.config.external:
            kept = not self.reconsider and account.name in put_back_on(s)
            if kept or s.adopted_on(account.name) or s.came_back(account.name):
                continue
            for copy in self._collectable(s, account.name):
                if first is not None and self.reconsider:
                    yield self._adopt(s, copy, None, first, f"also on {account.name}")
                    continue
                line = self._late_line(s, copy)
                reconsidered = self.reconsider and s.consolidated is Presence.GONE
                if reconsidered and not any(s.adopted_on(a) for a in s.held):
                    first = line
                    yield Proposal(line)
                else:
                    yield Proposal(line, "late-copy", copy.since)
                break

    def _late_line(self, s: MessageStatus, copy: Copy) -> Line:
        reason = f"late copy on {copy.mailbox}"
        return self._collect_line(s, copy, reason)

    def _forget(self, s: MessageStatus) -> Iterator[Proposal]:
        """Gone from every mailbox: ended in the ledger."""
        if any(held in (Held.YES, Held.UNKNOWN) for held in s.held.values()) or s.waiting:
            return
        lost = [c for c in s.copies if c.adopted and is_lost(c)]
        ours = any(c.state is State.DELETING for c in s.copies)
        if ours or not any(c.mailbox == CONSOLIDATED for c in lost):
            return  # we deleted it: it ends without a line
        account = next((c.mailbox for c in lost if c.mailbox != CONSOLIDATED), CONSOLIDATED)
        yield Proposal(self._forget_line(s, account, lost[0], "gone from every mailbox"))

    def _forget_own(self, s: MessageStatus) -> Iterator[Proposal]:
        """Gone from every account, and only a copy of the person's own is left: not ours."""
        if self._targets(s) or any(h in (Held.YES, Held.UNKNOWN) for h in s.held.values()):
            return
        if not s.evidence or any(
            c.adopted and c.presence is Presence.YES for c in s.on(CONSOLIDATED)
        ):
            return
        account, lost = next(iter(s.evidence.items()))
        why = "gone from every account; what is left is the consolidated mailbox's own"
        yield Proposal(self._forget_line(s, account, lost[0], why))


def _first_adopted(copy: Copy) -> bool:
    return not copy.adopted
