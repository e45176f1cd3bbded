"""From a snapshot to a plan: a pure function.

The rules propose lines for each message, held ones too; guards stop some of the deletions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.model import (
    DELETIONS,
    Blocked,
    HeldLine,
    Kind,
    Line,
    MailboxReport,
    Options,
    Place,
    Plan,
    PlanEntry,
    Waiting,
)
from mailsync_tui.engine.plan.evidence import evidence, not_reached
from mailsync_tui.engine.plan.guards import (
    RULES,
    UNACCEPTABLE,
    Accepted,
    GuardChecks,
    cause,
    detail,
    loser,
)
from mailsync_tui.engine.plan.marks import unfinished
from mailsync_tui.engine.plan.protected import unmatched
from mailsync_tui.engine.plan.rules import Proposal, Rules
from mailsync_tui.engine.plan.status import MessageStatus, status_of
from mailsync_tui.engine.snapshot import Snapshot
from mailsync_tui.ledger.rows import WaitKey

_APPLIED: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class PlanDetails:
    """A plan, and how each message stood when it was made (what a run records)."""

    plan: Plan
    statuses: tuple[MessageStatus, ...]
    unsettled: frozenset[int]
    """Indexes of the statuses about which there is still something to say."""
    entries: Mapping[int, tuple[PlanEntry, ...]]
    """By index of the status: every line that was proposed for it, stopped ones too."""

    @property
    def unfinished(self) -> frozenset[Place]:
        """The copies of marked messages of which some cannot be deleted now: the mark stays."""
        stopped = {
            index
            for index, entries in self.entries.items()
            if any(e.line.kind == "delete" and (e.held or e.blocked) for e in entries)
        }
        return unfinished(self.statuses, self.plan.options, stopped)


def make_plan(snapshot: Snapshot, options: Options) -> PlanDetails:
    """The plan for this snapshot, with the statuses it was made from.

    Args:
        snapshot: The listings held against the ledger.
        options: The directions, and what the person lets through this once.
    """
    statuses = tuple(status_of(message, snapshot) for message in snapshot.messages)
    shown: dict[_Blocks, int] = {}
    if any(accept.count is not None for accept in options.accepts):
        planning = _Planning(snapshot, replace(options, accepts=()), statuses, {})
        planning.run()
        shown = planning.blocked
    return _Planning(snapshot, options, statuses, shown).run()


_Blocks = tuple[str, Kind, str]
"""Account, kind and rule: all lines that are blocked by it stand in the plan as one count."""


class _Planning:
    def __init__(
        self,
        snapshot: Snapshot,
        options: Options,
        statuses: tuple[MessageStatus, ...],
        shown: Mapping[_Blocks, int],
    ) -> None:
        self.snapshot = snapshot
        self.options = options
        self.statuses = statuses
        self.rules = Rules(snapshot, options)
        self.guards = GuardChecks(snapshot)
        self.accepted = Accepted(options.accepts, shown)
        self.stopped: Counter[_Blocks] = Counter()
        """How many lines met a block, those that the person lets through included."""
        self.blocked: Counter[_Blocks] = Counter()
        self.away: dict[_Blocks, set[str]] = defaultdict(set)
        """The mailboxes that are not reached, because of which lines are blocked."""
        self.waiting: Counter[_Blocks] = Counter()
        self.lines: list[Line] = []
        self.last: set[str] = set()
        """Ids of those at whose message a server hung: the others do not wait for them."""
        self.waits: Counter[WaitKey] = Counter()
        self.held: list[HeldLine] = []
        self.unsettled: set[int] = set()
        self.entries: dict[int, list[PlanEntry]] = defaultdict(list)
        self.forward_lines: Counter[str] = Counter()
        """Forward deletions that no guard stops, by account."""

    def run(self) -> PlanDetails:
        self._count_waiting()
        forward = self._forward()
        duplicates: list[tuple[int, Proposal]] = []
        reverse: list[tuple[int, Proposal]] = []
        marked: list[tuple[int, Proposal]] = []
        for index, s in enumerate(self.statuses):
            for proposal in self.rules.decide(s, forward.get(index)):
                self.unsettled.add(index)
                if proposal.line.kind == "reverse-delete":
                    reverse.append((index, proposal))
                elif proposal.line.kind == "delete":
                    marked.append((index, proposal))
                elif proposal.line.kind == "forward-delete" and index not in forward:
                    duplicates.append((index, proposal))
                else:
                    self._take(index, proposal)
        self._guarded("forward-delete", duplicates, self.forward_lines)
        counted = self._guarded("reverse-delete", reverse, Counter())
        self._guarded("delete", marked, counted)
        self._report_changed()
        entries = {index: tuple(lines) for index, lines in self.entries.items()}
        return PlanDetails(self._plan(), self.statuses, frozenset(self.unsettled), entries)

    # --- guards

    def _forward(self) -> dict[int, Line]:
        """The forward deletions that nothing stops, by message; the others are dealt with."""
        candidates: dict[int, dict[str, list[str]]] = {}
        for index, s in enumerate(self.statuses):
            losers = self.rules.losers(s)
            if not self.rules.enough(s, losers):
                continue
            self.unsettled.add(index)
            proposal = self.rules.forward(s, losers)
            if proposal.held:
                self._take(index, proposal)
                continue
            candidates[index] = {
                account: self.guards.forward_rules(
                    account, s.deleted_on[account], awaited=account in s.awaited
                )
                for account in losers
            }
        lines = list(candidates.values())
        self.forward_lines = Counter(a for line in lines for a, rules in line.items() if not rules)
        result: dict[int, Line] = {}
        stops = self._stops("forward-delete", lines, self.forward_lines)
        for (index, accounts), (stop, left) in zip(candidates.items(), stops, strict=True):
            s = self.statuses[index]
            if stop is not None:
                self._block(index, self.rules.forward(s, tuple(accounts)).line, *stop)
            elif self._asked("forward-delete"):
                result[index] = self.rules.forward(s, left).line
            else:
                self.waits["left", left[0], "forward-delete", ""] += 1
        return result

    def _guarded(
        self, kind: Kind, proposals: list[tuple[int, Proposal]], others: Counter[str]
    ) -> Counter[str]:
        """Take the deletions that no guard stops.

        Args:
            kind: Of all of them.
            proposals: By the indexes of their statuses.
            others: Lines, by account, that were counted before.

        Returns:
            How many no rule stops, by account, with the others.
        """
        candidates: list[tuple[int, Line, list[str]]] = []
        for index, proposal in proposals:
            if proposal.held:
                self._take(index, proposal)
            else:
                rules = self._rules(self.statuses[index], proposal.line)
                candidates.append((index, proposal.line, rules))
        counted = others + Counter(line.account for _, line, rules in candidates if not rules)
        lines = [{line.account: rules} for _, line, rules in candidates]
        stops = self._stops(kind, lines, counted)
        for (index, line, _), (stop, _) in zip(candidates, stops, strict=True):
            if stop is None:
                self._take(index, Proposal(line))
            else:
                self._block(index, line, *stop)
        return counted

    def _rules(self, s: MessageStatus, line: Line) -> list[str]:
        """The guards that stop a deletion; a late duplicate stems from no loss, nor does a mark."""
        if line.kind == "delete":
            return self.guards.mark_rules(line.account)
        if line.kind == "forward-delete":
            return self.guards.forward_rules(line.account, (), awaited=False)
        lost = [c for c in s.on(CONSOLIDATED) if c.lost]
        return self.guards.reverse_rules(line.account, lost, awaited=CONSOLIDATED in s.awaited)

    def _stops(
        self, kind: Kind, lines: Sequence[Mapping[str, list[str]]], counted: Counter[str]
    ) -> list[tuple[tuple[str, str] | None, tuple[str, ...]]]:
        """What stops each line, once the person has let some through.

        A line that several rules stop stands in the plan under the first; that let through, under
        the next one. One that is gone from several accounts stands under one of them alone, so
        that what a block shows is what is let through with it.

        Args:
            kind: Of all lines.
            lines: For each, the accounts it stems from, with the rules that stop it there.
            counted: The lines that no rule stops, by account: so many may be too many.

        Returns:
            For each line the account and rule under which it is stopped, or ``None``; and the
            accounts on which nothing stops it.
        """
        too_many = {a for a, n in counted.items() if self.guards.too_many(a, kind, n)}
        stopping = [
            {account: _proofs(rules, account in too_many) for account, rules in line.items()}
            for line in lines
        ]
        chains = [self._chain(each) for each in stopping]
        stopped = [chain for chain in chains if chain]
        through: set[tuple[str, str]] = set()
        for rule in RULES:
            met = [chain for chain in stopped if chain and chain[0][1] == rule]
            for chain in met:
                self.stopped[chain[0][0], kind, rule] += 1
            sizes = {name: self.stopped[name, kind, rule] for name in self.snapshot.mailboxes}
            through.update(
                (name, rule) for name in sizes if self.accepted.accepts(name, kind, rule, sizes)
            )
            for chain in met:
                if chain[0] in through:
                    del chain[0]
        alone = self.rules.config.guards.copies == "any"
        return [
            (
                chain[0] if chain else None,
                tuple(a for a in each if not alone or through.issuperset((a, r) for r in each[a])),
            )
            for chain, each in zip(chains, stopping, strict=True)
        ]

    def _chain(self, stopping: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
        """The accounts and rules under which a line stands, one after the other."""
        if self.rules.config.guards.copies == "any":  # one loss that is believed is enough
            account = min(stopping, key=lambda name: _weight(stopping[name]))
            return [(account, rule) for rule in stopping[account]]
        under = ((rule, [a for a, rules in stopping.items() if rule in rules]) for rule in RULES)
        return [(accounts[0], rule) for rule, accounts in under if accounts]

    # --- the sum

    def _block(self, index: int, line: Line, account: str, rule: str) -> None:
        self.blocked[account, line.kind, rule] += 1
        self.waits["blocked", account, line.kind, rule] += 1
        self.entries[index].append(PlanEntry(line, blocked=rule))
        if rule == "unreached":
            awaited = self.statuses[index].awaited
            for name in (CONSOLIDATED, *line.accounts):
                self.away[account, line.kind, rule].update(awaited.get(name, ()))

    def _take(self, index: int, proposal: Proposal) -> None:
        line = proposal.line
        if proposal.held is not None:
            self.waits["held", line.account, line.kind, proposal.held] += 1
        if not self._asked(line.kind):
            if proposal.held is None:
                self.waits["left", line.account, line.kind, ""] += 1
            return
        if proposal.held is None and line.kind in DELETIONS:
            line = replace(line, evidence=evidence(line, self.statuses[index], self.snapshot))
        self.entries[index].append(
            PlanEntry(line, proposal.held, proposal.since, hold=proposal.hold)
        )
        if any(hold.rule == "hung" for hold in self.statuses[index].message.holds):
            self.last.add(line.id)
        if proposal.held is None:
            self.lines.append(line)
            return
        self.held.append(
            HeldLine(
                line.id,
                line.kind,
                line.account,
                proposal.held,
                proposal.since,
                line.message_id,
                line.subject,
                proposal.hold,
                line.reason if proposal.held in ("refused", "hung") else None,
            )
        )

    def _asked(self, kind: Kind) -> bool:
        return self.options.asked(kind)

    def _count_waiting(self) -> None:
        for index, s in enumerate(self.statuses):
            if not s.message.known:
                continue
            for mailbox, why in s.waiting.items():
                self.unsettled.add(index)
                kind: Kind = "reverse-delete" if mailbox == CONSOLIDATED else "forward-delete"
                self.waiting[(mailbox, kind, why)] += 1

    def _report_changed(self) -> None:
        """Another mailbox under a known name is reported even where it stops nothing."""
        for name, state in self.snapshot.mailboxes.items():
            if state.changed:
                for kind in ("forward-delete", "reverse-delete"):
                    self.blocked[name, kind, "changed"] += 0

    def _applied(self, line: Line) -> tuple[int, bool, bool]:
        """In which order lines are applied: what others need stands before them."""
        follows = line.kind == "delete" and line.target.mailbox != CONSOLIDATED
        return _APPLIED.index(line.kind), follows, line.id in self.last

    def _blocked(self, account: str, kind: Kind, rule: str, count: int) -> Blocked:
        mailboxes = self.snapshot.mailboxes
        names = self.away[account, kind, rule]
        away = not_reached([name for name in mailboxes if name in names], self.snapshot)
        cut, same = mailboxes[loser(account, kind)].cut, mailboxes[account].same_as
        why = cause(account, kind, rule, cut, away, same or "")
        return Blocked(account, kind, rule, count, detail(account, kind, rule, why), why)

    def _plan(self) -> Plan:
        snapshot = self.snapshot
        kept = _with_needs_met(sorted(self.lines, key=self._applied))
        return Plan(
            user=snapshot.config.name,
            created=snapshot.now,
            ledger_id=snapshot.ledger_id,
            serial=snapshot.serial,
            options=self.options,
            mailboxes={
                name: MailboxReport(
                    state.type,
                    state.messages if state.error is None else None,
                    state.complete,
                    None if state.left_out else state.error,
                    state.note,
                    unmatched(snapshot.config.mailbox(name), state.folders),
                    state.error if state.left_out else None,
                )
                for name, state in snapshot.mailboxes.items()
            },
            lines=kept,
            held=tuple(self.held),
            blocked=tuple(self._blocked(*key, count) for key, count in self.blocked.items()),
            waiting=tuple(
                Waiting(account, kind, count, why)
                for (account, kind, why), count in self.waiting.items()
                if self._asked(kind)
            ),
            waits=self.waits,
        )


def _with_needs_met(lines: list[Line]) -> tuple[Line, ...]:
    """Leave out what needs a line that is not in the plan (a collect that is not asked for)."""
    ids: set[str] = set()
    kept = []
    for line in lines:
        if ids.issuperset(line.needs):
            ids.add(line.id)
            kept.append(line)
    return tuple(kept)


def _proofs(rules: Sequence[str], too_many: bool) -> list[str]:
    """The rules that stop a line; ``max-delete`` says no more than any other one."""
    proofs = [rule for rule in rules if rule != "max-delete"]
    return proofs or list(rules) or ["max-delete"] * too_many


def _weight(stops: Sequence[str]) -> tuple[bool, bool, bool]:
    """Of several accounts, that with the least is the one under which a line stands."""
    return bool(stops), not UNACCEPTABLE.isdisjoint(stops), list(stops) == ["max-delete"]
