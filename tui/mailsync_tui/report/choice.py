"""Which lines of a plan are to be done: what was taken out, what falls with it, what changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from typing import Literal, NamedTuple

from mailsync_tui.engine.model import CONSOLIDATED, DELETIONS, NEEDS_CONFIRMATION, Line, Plan

State = Literal["in", "out", "falls", "over"]
"""``falls``: not done, because a line that it needs is not; ``over``: holds no longer."""


class Sum(NamedTuple):
    """What is to be done of one kind in one mailbox."""

    kind: str
    mailbox: str
    """Where it is deleted, or where it is collected from."""
    lines: int
    octets: int


class Choice:
    """One plan, and what a person says of its lines."""

    def __init__(self, plan: Plan) -> None:
        """Take the whole plan.

        Args:
            plan: As the engine made it; it is never changed.
        """
        self.plan = plan
        self.lines: Mapping[str, Line] = {line.id: line for line in plan.lines}
        self.followers: dict[str, list[str]] = defaultdict(list)
        """By line: the lines that need it."""
        for line in plan.lines:
            for need in line.needs:
                self.followers[need].append(line.id)
        self.out: set[str] = set()
        """Taken out by the person: declined, if the rest is applied."""
        self.undecided: set[str] = set()
        """New since the plan was first shown: not done until the person takes them in."""
        self.new: set[str] = set()
        """New since the plan was first shown, decided or not."""
        self.over: dict[str, Line] = {}
        """Were in the plan when it was first shown, and hold no longer."""
        self.fallen: set[str] = set()
        """Not done, because a line that they need is not."""
        self.away: set[str] = set()
        """All lines of the plan that are not done."""
        self._left: Counter[tuple[str, str]] = Counter()
        self._octets: Counter[tuple[str, str]] = Counter()
        for line in plan.lines:
            self._left[_place(line)] += 1
            self._octets[_place(line)] += octets(line)

    def state(self, line: str) -> State:
        """How a line stands."""
        if line in self.over:
            return "over"
        if line in self.out or line in self.undecided:
            return "out"
        return "falls" if line in self.fallen else "in"

    # --- choosing

    def copy(self) -> Choice:
        """The same choice, to be changed while this one is shown or asked about."""
        later = copy(self)
        later.out, later.undecided = self.out.copy(), self.undecided.copy()
        later._left, later._octets = self._left.copy(), self._octets.copy()
        return later

    def toggle(self, lines: Iterable[str]) -> bool:
        """Take lines out; or back in, if none of them is in.

        Args:
            lines: Ids; those that hold no longer are left as they are.

        Returns:
            Whether they were taken in.
        """
        chosen = [line for line in lines if line in self.lines]
        into = all(self.state(line) != "in" for line in chosen)
        if into:
            self._take_in(chosen)
        else:
            self.out.update(chosen)
            self.undecided.difference_update(chosen)
        self._settle()
        return into

    def _take_in(self, lines: Iterable[str]) -> None:
        """A line that is wanted wants what it needs, too."""
        left = list(lines)
        seen: set[str] = set()
        while left:
            line = left.pop()
            if line in seen or line not in self.lines:
                continue
            seen.add(line)
            left.extend(self.lines[line].needs)
        self.out -= seen
        self.undecided -= seen

    def _settle(self) -> None:
        """Find what falls with what is out, and correct the sums by what changed."""
        away = self.out | self.undecided
        left = [name for name in away if name in self.followers]
        self.fallen = set()
        while left:
            for follower in self.followers.get(left.pop(), ()):
                if follower not in away:
                    away.add(follower)
                    self.fallen.add(follower)
                    left.append(follower)
        for name in away ^ self.away:
            line, step = self.lines[name], -1 if name in away else 1
            self._left[_place(line)] += step
            self._octets[_place(line)] += step * octets(line)
        self.away = away

    # --- what comes of it

    @property
    def doing(self) -> tuple[Line, ...]:
        """The lines that are done, in the order of the plan."""
        return tuple(line for line in self.plan.lines if line.id not in self.away)

    @property
    def shown(self) -> Plan:
        """The plan to apply: without what is new and was not decided, which nobody declined."""
        if not self.undecided:
            return self.plan
        return replace(self.plan, lines=self.plan.without(self.undecided))

    @property
    def declined(self) -> frozenset[str]:
        """The lines of :attr:`shown` that the person took out."""
        if not self.undecided:
            return frozenset(self.out)
        return frozenset(self.out.intersection(line.id for line in self.shown.lines))

    def sums(self) -> tuple[Sum, ...]:
        """What is to be done, by kind and mailbox, in the order of the plan."""
        return tuple(
            Sum(*place, count, self._octets[place]) for place, count in self._left.items() if count
        )

    # --- another look

    def renewed(self, plan: Plan, *, wanted: bool = False) -> Choice:
        """The same choice over a plan that was made anew; what changed is marked.

        Args:
            plan: For the same directions, from a later look.
            wanted: The person asked for the lines that came: they are in.
        """
        later = Choice(plan)
        arrived = later.lines.keys() - self.lines.keys()
        later.over = {name: line for name, line in self.over.items() if name not in later.lines}
        later.over.update(
            (name, line) for name, line in self.lines.items() if name not in later.lines
        )
        later.out = self.out & later.lines.keys()
        later.new = (self.new & later.lines.keys()) | arrived
        later.undecided = self.undecided & later.lines.keys()
        if not wanted:
            later.undecided |= {
                name for name in arrived if later.lines[name].kind in NEEDS_CONFIRMATION
            }
        later._settle()
        return later

    def differs(self, plan: Plan) -> bool:
        """Whether another plan does other things to mailboxes."""

        def asked(lines: Iterable[Line]) -> set[str]:
            return {line.id for line in lines if line.kind in NEEDS_CONFIRMATION}

        return asked(self.plan.lines) != asked(plan.lines)


def octets(line: Line) -> int:
    """The octets of all copies that a line deletes, or of the message that it collects."""
    return line.size * (len(line.copies) if line.kind in DELETIONS else 1)


def _place(line: Line) -> tuple[str, str]:
    return line.kind, CONSOLIDATED if line.kind == "forward-delete" else line.account
