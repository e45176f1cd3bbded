"""What is proposed for one message: DESIGN.md's table, row by row.

:meth:`Rules.decide` is the table. Guards stop some of its deletions afterwards; that, and the sum
of all messages, is :mod:`mailsync_tui.engine.plan.planner`. One thing: a row is read with what it
calls, side by side with the rows before it, which it relies on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig
from mailsync_tui.engine.model import (
    DELETIONS,
    HeldRule,
    Kind,
    Line,
    Options,
    Place,
    Undo,
    in_words,
)
from mailsync_tui.engine.plan.evidence import not_reached
from mailsync_tui.engine.plan.marks import asked, kept_on_accounts, scope_of, targets
from mailsync_tui.engine.plan.moves import counts
from mailsync_tui.engine.plan.protected import in_folders, protection
from mailsync_tui.engine.plan.status import (
    MessageStatus,
    late_duplicates,
    own_copy,
    own_hold,
    placed_copies,
    put_back_on,
)
from mailsync_tui.engine.snapshot import LOSABLE, Copy, CopyState, Mark, Presence, Snapshot
from mailsync_tui.ledger.rows import HoldRow
from mailsync_tui.mailboxes.base import Location

_ADOPTED = 'adopted = "hold"'
"""The line of ``[guards]`` that holds what was in the consolidated mailbox before."""
_LONGEST_REST = timedelta(days=1)
_KEPT = frozenset({"collect", "adopt", "reverse-delete"})
"""What is never done unasked to a copy that an undo put back on an account."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line, and whether it waits for a person."""

    line: Line
    held: HeldRule | None = None
    since: datetime | None = None
    hold: str | None = None
    """Which line of the configuration protects it."""


class Rules:
    """The rules over one snapshot."""

    def __init__(self, snapshot: Snapshot, options: Options) -> None:
        """Prepare.

        Args:
            snapshot: The listings held against the ledger.
            options: What the person asked for; what ``[hold]`` protects stays held.
        """
        self.snapshot = snapshot
        self.config = snapshot.config
        self.options = options
        self.reconsider = options.reconsider
        self.configs = {c.name: c for c in snapshot.config.mailboxes}

    def decide(self, s: MessageStatus, forward: Line | None) -> list[Proposal]:
        """Every line for one message, row by row of DESIGN.md's table.

        Args:
            s: How the message stands.
            forward: Its deletion in the consolidated mailbox (:meth:`forward`), if it was lost on
                enough accounts and neither a guard nor a hold stops that.
        """
        if marked := self.marked(s):
            # Row 0. Marked by hand: what it asks for is done, and nothing else.
            return marked
        known, here = s.message.known, s.consolidated
        kept = () if self.reconsider else put_back_on(s)
        found: list[Proposal] = []
        if here is Presence.UNKNOWN:
            pass  # Row 1. The consolidated mailbox is not listed completely: nothing follows.
        elif here is Presence.YES and forward is not None:
            # Row 2. Known, and gone from an account: deleted here, then on the other accounts.
            found.append(Proposal(forward))
            found += self._reverse(s, forward)
            found += self._late(s)
        elif here is Presence.YES and known:
            # Row 3. Known on both sides: in sync; copies that are new are adopted.
            found += self._adopt_new(s)
            # Row 4. Gone from every account, and what is here is not ours: forgotten.
            found += self._forget_own(s)
        elif here is Presence.YES:
            # Row 5. New on both sides: adopted. On no account: the mailbox's own, never touched.
            found += self._adopt_all(s, own_copy(s, self.configs[CONSOLIDATED]))
        elif (account := self._moved_out_to(s)) is not None:
            # Row 7. Moved out of the consolidated mailbox to an account: held.
            found += self._moved_out(s, account)
        elif not known:
            # Row 8. New: collected from the first account that may, its other copies adopted.
            found += self._collect(s, [a for a in self.configs if a not in kept], "new on {}")
        elif back := self._back_on(s, kept):
            # Row 9. Back on an account after a complete listing had lacked it: collected again.
            found += self._collect(s, back, "back on {}, where it had been gone")
        else:
            # Row 10. Gone from here: deleted on each account that has it; held where it may not be.
            kept_on = self._kept_on(s, kept)
            found += kept_on
            if all(proposal.held for proposal in kept_on):
                found += self._reverse(s, None)
            # Row 11. On an account that never had it: held as a late copy.
            found += self._late(s)
            # Row 12. Gone from everywhere: forgotten.
            found += self._forget(s)
        if here is Presence.YES and forward is None:
            # Row 6. Stored twice, as the answer to the first store was lost: the late one goes.
            found += self._late_duplicate(s)
        if here is Presence.GONE:
            # Row 13. An undo put it back on an account: kept there until a person decides.
            found += self._put_back(s, kept, found)
        return found

    # --- row 0: marked by hand

    def marked(self, s: MessageStatus) -> list[Proposal]:
        """One deletion for each mailbox that a marked message is to go from."""
        mark = s.message.mark
        if mark is None or not asked(mark, self.options) or s.consolidated is Presence.UNKNOWN:
            return []
        scope = scope_of(mark, self.options)
        order = (self.config.consolidated, *self.config.external)
        found = {c: targets(s, c) for c in order if scope in ("", c.name)}
        every = [copy for copies in found.values() for copy in copies]
        hold = protection(s.message, every, self.config.holds, self.snapshot)
        reason = f"marked by you{self._since(mark)}"
        if scope:
            where = "in the consolidated mailbox" if scope == CONSOLIDATED else f"on {scope}"
            reason += f", {where} only"
        lines: list[Line] = []
        for config, copies in found.items():
            if not copies:
                continue
            copies.sort(key=lambda copy: not copy.adopted)
            places = tuple(Place(c.mailbox, c.location) for c in copies)
            first = tuple(n.id for n in lines[:1] if n.account == CONSOLIDATED)
            undo: Undo = "consolidated-only" if config.type == "pop3" else "full"
            lines.append(
                self._line(
                    s, "delete", config.name, places[0], places, reason, needs=first, undo=undo
                )
            )
        return [Proposal(line, "hold", hold=hold) if hold else Proposal(line) for line in lines]

    def _since(self, mark: Mark) -> str:
        if mark.since is None:
            return ""
        since, now = mark.since.astimezone(), self.snapshot.now.astimezone()
        return f" {'at' if since.date() == now.date() else f'on {since:%Y-%m-%d} at'} {since:%H:%M}"

    # --- row 2: gone from an account, so deleted in the consolidated mailbox

    def losers(self, s: MessageStatus) -> tuple[str, ...]:
        """The accounts whose loss of the message asks for a forward deletion.

        Whether ``copies`` ("any" or "all") is satisfied once guards have had their say is
        :meth:`enough`.
        """
        if not s.message.known or s.consolidated is not Presence.YES or not self._targets(s):
            return ()
        if self.marked(s):
            return ()
        return tuple(
            account
            for account in s.deleted_on
            if account in self.configs and "forward" in self._allow(account)
        )

    def enough(self, s: MessageStatus, losers: Sequence[str]) -> bool:
        """Whether the loss on these accounts is enough to delete the message."""
        if not losers:
            return False
        if self.config.guards.copies == "any":
            return True
        had = {c.mailbox for c in s.copies if c.state in LOSABLE} - {CONSOLIDATED}
        return s.left_everywhere and had.issubset(losers)

    def forward(self, s: MessageStatus, losers: tuple[str, ...]) -> Proposal:
        """The one forward deletion of a message, from all the accounts it is gone from."""
        copies = self._targets(s)
        targets = [Place(c.mailbox, c.location) for c in copies]
        had = any(not c.stored for c in copies)
        before = "; it was in the consolidated mailbox before" if had else ""
        line = self._line(
            s,
            "forward-delete",
            losers[0],
            targets[0],
            tuple(targets),
            f"gone from {in_words(losers)}{before}{self._given_up(s, losers)}",
            accounts=losers,
            undo="full",
        )
        proposal = self._proposal(s, line)
        holds = had and self.config.guards.adopted == "hold" and not self.reconsider
        return Proposal(line, "hold", hold=_ADOPTED) if holds and not proposal.held else proposal

    def _given_up(self, s: MessageStatus, losers: Iterable[str]) -> str:
        """What a deletion's reason says of mailboxes that were not reached for too long."""
        names = {away for name in losers for away in s.given_up.get(name, ())}
        ordered = [name for name in self.configs if name in names]
        away = not_reached(ordered, self.snapshot)
        return f"; it may have been moved to {away}" if names else ""

    def _targets(self, s: MessageStatus) -> list[Copy]:
        return placed_copies(s, self.configs[CONSOLIDATED])

    # --- rows 3 to 5: in the consolidated mailbox

    def _adopt_new(self, s: MessageStatus) -> Iterator[Proposal]:
        """Copies that are new on accounts; or only a copy of the person's own is left here."""
        placed = any(c.adopted and c.presence is Presence.YES for c in s.on(CONSOLIDATED))
        own = None if self._placed(s) else own_copy(s, self.configs[CONSOLIDATED])
        arrived = [
            copy
            for account in self.config.external
            for copy in s.on(account.name)
            if copy.presence is Presence.YES
            and not copy.adopted
            and not copy.marked
            and counts(copy, account)
            and (in_folders(copy, account) or any(m.mailbox != copy.mailbox for m in s.moved))
        ]
        lost = [c for a in self.losers(s) for c in s.deleted_on[a]]
        for copy in arrived:
            if any(copy.came_after >= c.missing_scan for c in lost):
                yield Proposal(self._late_line(s, copy), "late-copy", copy.since)
                continue
            moved = next((m.mailbox for m in s.moved), None)
            why = f"moved here from {moved}" if moved else f"also on {copy.mailbox}"
            yield self._adopt(s, copy, own, None, why)
        if own is not None and not placed and not arrived and own_hold(s) is None:
            for account in self.config.external:
                adopted = [
                    c for c in s.on(account.name) if c.adopted and c.presence is Presence.YES
                ]
                if adopted:
                    yield self._adopt(s, adopted[0], own, None, "back in the consolidated mailbox")
                    return

    def _adopt_all(
        self, s: MessageStatus, own: Copy | None, needs: Line | None = None, but: Copy | None = None
    ) -> Iterator[Proposal]:
        for account in self.config.external:
            for copy in self._collectable(s, account.name):
                if copy != but:
                    yield self._adopt(s, copy, own, needs, f"also on {account.name}")

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
            s, "adopt", copy.mailbox, target, tuple(places), why, needs=(needs.id,) if needs else ()
        )
        hold = own_hold(s) if s.consolidated is Presence.YES else None
        if hold is not None and not self.reconsider:
            return Proposal(line, "undone", hold.since)
        return self._proposal(s, line)

    def _placed(self, s: MessageStatus) -> Copy | None:
        """The copy that makes it present in the consolidated mailbox, if that is one of ours."""
        config = self.configs[CONSOLIDATED]
        ours = (c for c in s.on(CONSOLIDATED) if c.adopted and c.presence is Presence.YES)
        return next((c for c in ours if counts(c, config)), None)

    def _forget_own(self, s: MessageStatus) -> Iterator[Proposal]:
        if self._targets(s) or not s.left_everywhere or not s.deleted_on:
            return
        if any(c.adopted and c.presence is Presence.YES for c in s.on(CONSOLIDATED)):
            return
        account, lost = next(iter(s.deleted_on.items()))
        why = "gone from every account; what is left is the consolidated mailbox's own"
        yield self._forget_line(s, account, lost[0], why)

    # --- row 6: stored twice

    def _late_duplicate(self, s: MessageStatus) -> Iterator[Proposal]:
        """One line for all copies that came late, beside the one that stays."""
        copies = late_duplicates(s, self.configs[CONSOLIDATED])
        if not copies or own_hold(s) is not None:
            return
        names = [account.name for account in self.config.external]
        account = next((name for name in names if s.on(name)), names[0])
        places = tuple(Place(c.mailbox, c.location) for c in copies)
        why = "stored twice: an interrupted run's copy came late; the other one stays"
        line = self._line(s, "forward-delete", account, places[0], places, why, undo="full")
        yield self._protected(s, line)

    # --- row 7: moved out

    @staticmethod
    def _moved_out_to(s: MessageStatus) -> str | None:
        """The account that it was moved out to, now or earlier, while any account has it."""
        earlier = (h.account for h in s.message.holds if h.rule == "moved-out")
        account = s.moved_out or next(earlier, None)
        if account is None or account in s.holders:
            return account
        return next(iter(s.holders), None)

    def _moved_out(self, s: MessageStatus, account: str) -> list[Proposal]:
        proposals = list(self._collect(s, [account, *s.holders], "moved out to {}, reconsidered"))
        since = next((h.since for h in s.message.holds if h.rule == "moved-out"), None)
        if not proposals:  # what is there may not be collected, such as what is filed there
            there = [c for c in s.on(account) if c.presence is Presence.YES]
            lines = [self._collect_line(s, c, f"moved out to {account}") for c in there[:1]]
            return [Proposal(line, "moved-out", since) for line in lines]
        if self.reconsider:
            return proposals
        return [Proposal(p.line, "moved-out", since) for p in proposals[:1]]

    # --- rows 8 and 9: not in the consolidated mailbox, and to be collected

    def _collect(self, s: MessageStatus, accounts: list[str], why: str) -> Iterator[Proposal]:
        """One collect from the first account that may, and adopts of the other copies."""
        found = [
            copy
            for account in accounts
            if account != CONSOLIDATED and "collect" in self._allow(account)
            for copy in self._collectable(s, account)[:1]
        ]
        if not found:
            return
        source = next((c for c in found if not self._too_large(c.mailbox, c.size)), found[0])
        reason = why.format(source.mailbox)
        if s.message.compare:
            reason += "; to be compared when fetched"
        line = self._collect_line(s, source, reason)
        proposal = self._proposal(s, line)
        yield proposal
        if proposal.held is None:
            yield from self._adopt_all(s, None, needs=line, but=source)

    def _back_on(self, s: MessageStatus, kept: Sequence[str]) -> list[str]:
        """Accounts that have it again, if one of them may be collected from."""
        back = [a for a in s.holders if s.came_back(a) and a not in kept]
        may = any(self._collectable(s, a) and "collect" in self._allow(a) for a in back)
        return back if may else []

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
            and not (c.adopted and c.state is not CopyState.ENDED)
            and in_folders(c, config)
            and counts(c, config)
        ]

    # --- rows 10 to 12: gone from the consolidated mailbox

    def _reverse(
        self, s: MessageStatus, forward: Line | None, only: str | None = None
    ) -> Iterator[Proposal]:
        """One reverse deletion per account that has it, naming every copy inside ``folders``.

        Args:
            s: How the message stands.
            forward: The deletion here that they follow from and need; ``None``: it is gone here.
            only: This account alone, though an undo put it back there.
        """
        for account in self.config.external:
            if not self._may_reverse(s, account) or account.name not in s.holders:
                continue
            if only not in (None, account.name):
                continue
            put_back = account.name in put_back_on(s)
            if put_back and only is None and forward is None and not self.reconsider:
                continue  # row 13 has it
            here = [
                c for c in s.on(account.name) if c.presence is Presence.YES and counts(c, account)
            ]
            if not put_back and not any(c.adopted for c in here):
                continue  # a late copy: not ours to delete
            targets = [c for c in here if in_folders(c, account)]
            targets.sort(key=lambda copy: not copy.adopted)
            if not targets:
                continue
            if forward is not None:
                reason = f"deleted in the consolidated mailbox, because {forward.reason}"
            elif any(c.state is CopyState.DELETING for c in targets):
                reason = f"deleted before, but {account.name} still lists it"
            else:
                reason = f"gone from the consolidated mailbox{self._given_up(s, [CONSOLIDATED])}"
            places = tuple(Place(c.mailbox, c.location) for c in targets)
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
            yield self._proposal(s, line)

    def _kept_on(self, s: MessageStatus, kept: Sequence[str]) -> list[Proposal]:
        """One line for the accounts that have it, and on which ``allow`` lets nothing be deleted.

        Brought back, it collects the message again from the first that may be collected from.
        """
        found = [
            copy
            for account in self.config.external
            if not self._may_reverse(s, account) and account.name not in kept
            for copy in s.on(account.name)
            if copy.presence is Presence.YES
            and copy.adopted
            and copy.state is not CopyState.ENDED
            and not copy.marked
            and in_folders(copy, account)
            and counts(copy, account)
        ]
        if not found:
            return []
        source = next((c for c in found if "collect" in self._allow(c.mailbox)), None)
        copy = source or found[0]
        why = "you deleted it in the consolidated mailbox only"
        if not kept_on_accounts(s):
            why = "allow has no reverse there"
        line = self._collect_line(s, copy, f"kept on {copy.mailbox}, as {why}")
        return [Proposal(line, None if self.reconsider and source else "kept-on")]

    @staticmethod
    def _may_reverse(s: MessageStatus, account: MailboxConfig) -> bool:
        return "reverse" in account.allow and not kept_on_accounts(s)

    def _late(self, s: MessageStatus) -> Iterator[Proposal]:
        """Copies on accounts that never had it, after it was deleted: a person decides."""
        first: Line | None = None
        for account in self.config.external:
            kept = not self.reconsider and account.name in put_back_on(s)
            if kept or s.adopted_on(account.name) or s.came_back(account.name):
                continue
            for copy in self._collectable(s, account.name):
                if first is not None and self.reconsider:
                    yield self._adopt(s, copy, None, first, f"also on {account.name}")
                    continue
                line = self._late_line(s, copy)
                reconsidered = self.reconsider and s.consolidated is Presence.GONE
                if reconsidered and not any(s.adopted_on(a) for a in s.accounts):
                    first = line
                    yield Proposal(line)
                else:
                    yield Proposal(line, "late-copy", copy.since)
                break

    def _forget(self, s: MessageStatus) -> Iterator[Proposal]:
        if not s.left_everywhere or s.waiting or s.awaited:
            return
        lost = [c for c in s.copies if c.adopted and c.lost]
        ours = any(c.state is CopyState.DELETING for c in s.copies)
        if ours or not any(c.mailbox == CONSOLIDATED for c in lost):
            return  # we deleted it: it ends without a line
        account = next((c.mailbox for c in lost if c.mailbox != CONSOLIDATED), CONSOLIDATED)
        yield self._forget_line(s, account, lost[0], "gone from every mailbox")

    # --- row 13: put back by an undo

    def _put_back(
        self, s: MessageStatus, kept: Sequence[str], found: Sequence[Proposal]
    ) -> list[Proposal]:
        """What would be done there, held; but for what stands in ``found`` already."""
        held = {proposal.line.account for proposal in found if proposal.held == "undone"}
        result: list[Proposal] = []
        for account in kept:
            if account in held or account not in s.holders:
                continue
            copies = self._collectable(s, account)
            if copies and "collect" in self._allow(account):
                line = self._collect_line(s, copies[0], f"put back on {account} by an undo")
                result.append(self._proposal(s, line))
            else:
                result += self._reverse(s, None, only=account)
        return result

    # --- how a line is made

    def _allow(self, account: str) -> tuple[str, ...]:
        return self.configs[account].allow

    def _proposal(self, s: MessageStatus, line: Line) -> Proposal:
        """A line as the person's decisions leave it: protected, put back, declined, or ordinary."""
        protected = self._protected(s, line)
        if protected.held or self.reconsider:
            return protected
        if line.kind == "collect" and self._too_large(line.account, line.size):
            return Proposal(line, "too-large")
        for decision in s.message.holds:
            here = decision.account == line.account
            if decision.rule == "undone" and here and line.kind in _KEPT:
                return Proposal(line, "undone", decision.since)
            same = decision.kind == line.kind and (here or not decision.account)
            if decision.rule == "declined" and same:
                return Proposal(line, "declined", decision.since)
            if decision.rule == "refused" and line.kind in ("collect", "adopt"):
                line = replace(line, reason=f"{line.reason}; {decision.reason}")
                return Proposal(line, "refused", decision.since)
            if decision.rule == "hung" and same:
                protected = self._after_hanging(line, decision)
        return protected

    def _too_large(self, account: str, size: int) -> bool:
        most = self.configs[account].max_size
        return most is not None and size > most

    def _after_hanging(self, line: Line, hold: HoldRow) -> Proposal:
        """A line at which a server hung: it sits out some syncs, no longer than a day."""
        why = f"{line.reason}; {hold.reason}"
        waits = hold.rounds > 0 and self.snapshot.passed(hold.since) < _LONGEST_REST
        if not waits:
            return Proposal(replace(line, reason=f"{why}, so it is tried last"))
        syncs = "the next sync" if hold.rounds == 1 else f"{hold.rounds} syncs"
        why += f", so it is left out of {syncs}, for a day at most"
        return Proposal(replace(line, reason=why), "hung", hold.since)

    def _protected(self, s: MessageStatus, line: Line) -> Proposal:
        """A line; a deletion is held, whatever is reconsidered, if ``[hold]`` protects a copy."""
        if line.kind not in DELETIONS:
            return Proposal(line)
        hold = protection(s.message, s.named_by(line), self.config.holds, self.snapshot)
        return Proposal(line) if hold is None else Proposal(line, "hold", hold=hold)

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

    def _late_line(self, s: MessageStatus, copy: Copy) -> Line:
        return self._collect_line(s, copy, f"late copy on {copy.mailbox}")

    def _forget_line(self, s: MessageStatus, account: str, copy: Copy, why: str) -> Proposal:
        place = Place(copy.mailbox, copy.location)
        return Proposal(self._line(s, "forget", account, place, (place,), why))

    @staticmethod
    def _line(
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
