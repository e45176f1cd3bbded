"""From a snapshot to a plan: a pure function.

The rules propose lines for each message, held ones too; guards stop some of the deletions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from mailsync_tui.config.model import CONSOLIDATED, Direction
from mailsync_tui.engine.model import (
    DELETIONS,
    KIND_DIRECTION,
    Blocked,
    HeldLine,
    Kind,
    Line,
    MailboxReport,
    Options,
    Plan,
    PlanEntry,
    Waiting,
)
from mailsync_tui.engine.plan.evidence import evidence
from mailsync_tui.engine.plan.guards import Accepted, GuardChecks, cause, detail, loser
from mailsync_tui.engine.plan.rules import Proposal, Rules
from mailsync_tui.engine.plan.status import MessageStatus, status_of
from mailsync_tui.engine.snapshot import Snapshot

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


def make_plan(snapshot: Snapshot, options: Options) -> PlanDetails:
    """The plan for this snapshot, with the statuses it was made from.

    Args:
        snapshot: The listings held against the ledger.
        options: The directions, and what the person lets through this once.
    """
    return _Planning(snapshot, options).run()


class _Planning:
    def __init__(self, snapshot: Snapshot, options: Options) -> None:
        self.snapshot = snapshot
        self.options = options
        self.rules = Rules(snapshot, reconsider=options.reconsider)
        self.guards = GuardChecks(snapshot)
        self.accepted = Accepted(options.accepts)
        self.blocked: Counter[tuple[str, Kind, str]] = Counter()
        self.stopped: Counter[tuple[str, Kind, str]] = Counter()
        self.waiting: Counter[tuple[str, Kind, str]] = Counter()
        self.lines: list[Line] = []
        self.held: list[HeldLine] = []
        self.statuses = tuple(status_of(message, snapshot) for message in snapshot.messages)
        self.unsettled: set[int] = set()
        self.entries: dict[int, list[PlanEntry]] = defaultdict(list)
        self.forward_lines: Counter[str] = Counter()
        """Forward deletions that no guard stops, by account."""

    def run(self) -> PlanDetails:
        self._count_waiting()
        forward = self._forward()
        duplicates: list[tuple[int, Proposal]] = []
        reverse: list[tuple[int, Proposal]] = []
        for index, s in enumerate(self.statuses):
            for proposal in self.rules.decide(s, forward.get(index)):
                self.unsettled.add(index)
                if proposal.line.kind == "reverse-delete":
                    reverse.append((index, proposal))
                elif proposal.line.kind == "forward-delete" and index not in forward:
                    duplicates.append((index, proposal))
                else:
                    self._take(index, proposal)
        self._guarded("forward-delete", duplicates, self.forward_lines)
        self._guarded("reverse-delete", reverse, Counter())
        self._report_changed()
        entries = {index: tuple(lines) for index, lines in self.entries.items()}
        return PlanDetails(self._plan(), self.statuses, frozenset(self.unsettled), entries)

    # --- guards

    def _forward(self) -> dict[int, Line]:
        """The forward deletions that nothing stops, by message; the others are dealt with."""
        candidates: dict[int, dict[str, list[str]]] = {}
        stopped: Counter[tuple[str, str]] = Counter()
        for index, s in enumerate(self.statuses):
            losers = self.rules.losers(s)
            if not self.rules.enough(s, losers):
                continue
            self.unsettled.add(index)
            proposal = self.rules.forward(s, losers)
            if proposal.held:
                self._take(index, proposal)
                continue
            candidates[index] = {a: self.guards.forward_rules(a, s.deleted_on[a]) for a in losers}
            stopped.update((a, rule) for a, rules in candidates[index].items() for rule in rules)
        free: dict[int, list[str]] = defaultdict(list)
        counted: Counter[str] = Counter()
        why: dict[int, dict[str, str]] = defaultdict(dict)
        for index, accounts in candidates.items():
            for account, rules in accounts.items():
                rule = self.accepted.stopping(account, rules, stopped)
                if rule is not None:
                    why[index][account] = rule
                else:
                    free[index].append(account)
                    counted[account] += not rules
        too_many = self._too_many("forward-delete", counted)
        self._count_stopped("forward-delete", stopped, counted)
        self.forward_lines = counted
        result: dict[int, Line] = {}
        for index, accounts in candidates.items():
            s = self.statuses[index]
            left = tuple(a for a in free[index] if accounts[a] or a not in too_many)
            for account in free[index]:
                if account not in left:
                    why[index][account] = "max-delete"
            if self.rules.enough(s, left):
                if self._asked("forward-delete"):
                    result[index] = self.rules.forward(s, left).line
            elif why[index]:
                account, rule = next(iter(why[index].items()))
                stopped_line = self.rules.forward(s, tuple(accounts)).line
                self._block(index, stopped_line, account, rule)
        return result

    def _guarded(
        self, kind: Kind, proposals: list[tuple[int, Proposal]], others: Counter[str]
    ) -> None:
        """Take the deletions that no guard stops.

        Args:
            kind: Of all of them.
            proposals: By the indexes of their statuses.
            others: Lines of that kind, by account, that were counted before.
        """
        candidates: list[tuple[int, Line, list[str]]] = []
        for index, proposal in proposals:
            if proposal.held:
                self._take(index, proposal)
            else:
                rules = self._rules(self.statuses[index], proposal.line)
                candidates.append((index, proposal.line, rules))
        if not candidates:
            return
        stopped = Counter((line.account, rule) for _, line, rules in candidates for rule in rules)
        counted = Counter(others)
        stops = [self.accepted.stopping(line.account, r, stopped) for _, line, r in candidates]
        for (_, line, rules), stop in zip(candidates, stops, strict=True):
            counted[line.account] += stop is None and not rules
        self._count_stopped(kind, stopped, counted)
        too_many = self._too_many(kind, counted)
        for (index, line, rules), stop in zip(candidates, stops, strict=True):
            if stop is None and not rules and line.account in too_many:
                stop = "max-delete"
            if stop is None:
                self._take(index, Proposal(line))
            else:
                self._block(index, line, line.account, stop)

    def _rules(self, s: MessageStatus, line: Line) -> list[str]:
        """The guards that stop a deletion; a late duplicate stems from no loss."""
        if line.kind == "forward-delete":
            return self.guards.forward_rules(line.account, ())
        lost = [c for c in s.on(CONSOLIDATED) if c.lost]
        return self.guards.reverse_rules(line.account, lost)

    def _too_many(self, kind: Kind, counted: Counter[str]) -> set[str]:
        return {
            account
            for account, lines in counted.items()
            if self.guards.too_many(account, kind, lines)
            and not self.accepted.accepts(account, "max-delete", lines)
        }

    # --- the sum

    def _count_stopped(
        self, kind: Kind, stopped: Counter[tuple[str, str]], counted: Counter[str]
    ) -> None:
        """Remember by how many lines :class:`Accepted` measures what is let through."""
        for (account, rule), lines in stopped.items():
            self.stopped[account, kind, rule] = max(lines, self.stopped[account, kind, rule])
        for account, lines in counted.items():
            key = (account, kind, "max-delete")
            self.stopped[key] = max(lines, self.stopped[key])

    def _block(self, index: int, line: Line, account: str, rule: str) -> None:
        self.blocked[(account, line.kind, rule)] += 1
        self.entries[index].append(PlanEntry(line, blocked=rule))

    def _take(self, index: int, proposal: Proposal) -> None:
        line = proposal.line
        if not self._asked(line.kind):
            return
        if proposal.held is None and line.kind in DELETIONS:
            line = replace(line, evidence=evidence(line, self.statuses[index], self.snapshot))
        self.entries[index].append(
            PlanEntry(line, proposal.held, proposal.since, hold=proposal.hold)
        )
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
            )
        )

    def _asked(self, kind: Kind) -> bool:
        direction: Direction | None = KIND_DIRECTION.get(kind)
        return direction is None or direction in self.options.directions

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
                for kind in DELETIONS:
                    if self._asked(kind):
                        self.blocked[(name, kind, "changed")] += 0

    def _blocked(self, account: str, kind: Kind, rule: str, count: int) -> Blocked:
        why = cause(account, kind, rule, self.snapshot.mailboxes[loser(account, kind)].cut)
        allow = max(count, self.stopped[account, kind, rule])
        return Blocked(account, kind, rule, count, detail(account, kind, rule, why), why, allow)

    def _plan(self) -> Plan:
        snapshot = self.snapshot
        kept = _with_needs_met(sorted(self.lines, key=lambda line: _APPLIED.index(line.kind)))
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
                    state.error,
                    state.note,
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
