"""A plan as lines on a screen: grouped by account and kind, then reason; what follows, below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from mailsync_tui.engine.comparison import Comparison, Key
from mailsync_tui.engine.model import DELETIONS, Blocked, Line, Plan
from mailsync_tui.report import words
from mailsync_tui.report.choice import Choice, State
from mailsync_tui.report.plan import (
    action_text,
    blocked_text,
    blocks,
    can_accept,
    following_text,
    group_title,
    heading,
    left_out,
    let_through_texts,
    place_text,
    short_undo_text,
    state_text,
    sums_text,
    undo_text,
    unmatched_texts,
    waiting_text,
    way_out,
)
from mailsync_tui.report.words import Span, short_date, short_name, size_in_words
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.columns import Part, below, column, fit
from mailsync_tui.ui.rows.filters import Filter, FilterFields

WIDE = 110
"""From so many cells on, every line says by itself where it is deleted."""
WIDEST = 150
"""From so many cells on, every line says why, too."""
_DEEPEST = 3
_ORDER = {
    name: number
    for number, name in enumerate(
        ("delete", "forward-delete", "reverse-delete", "collect", "adopt", "forget")
    )
}
_SIGNS: dict[State, tuple[str, str]] = {
    "in": ("[x]", "strong"),
    "out": ("[ ]", "dim"),
    "falls": ("[ ]", "note"),
    "over": ("---", "dim"),
}
_WORDS: dict[State, str] = {"in": "", "out": "taken out", "falls": "falls too", "over": "no more"}


class TextRow(NamedTuple):
    """A line of plain text."""

    key: Hashable
    text: str
    style: str
    whole: str = ""
    """In full, for where there is room."""


class Stopped(NamedTuple):
    """What a guard stopped, on one line: several of them leave room for the plan."""

    key: Hashable
    blocked: Blocked


class LineGroup(NamedTuple):
    """Lines of one account and kind, or among them those of one reason."""

    key: Hashable
    title: str
    reason: str
    """Empty, if the group has several."""
    lines: tuple[str, ...]
    following: int
    """How many of them follow from others of them."""
    depth: int
    total: int
    """How many of them still hold."""
    octets: int
    """The messages of these."""


class Single(NamedTuple):
    """One line of the plan."""

    key: Hashable
    line: Line
    follows: bool
    """It stands below a line that it needs."""
    depth: int


StoppedBy = tuple[str, str, str]
"""Account, kind and rule."""

Cells = tuple[str, int, str]
"""Text, the width of its column, and its style."""

Row = TextRow | Stopped | LineGroup | Single


class Previewed:
    """The rows of one plan under one filter."""

    def __init__(
        self,
        choice: Choice,
        chosen: Filter,
        now: datetime,
        stopped: Mapping[StoppedBy, Sequence[Line]] = MappingProxyType({}),
        opened: Container[Hashable] = (),
    ) -> None:
        """Arrange the rows; with 100,000 lines some tenths of a second.

        Args:
            choice: The plan, and how its lines stand; it is read anew at every drawing.
            chosen: Which lines to show.
            now: Recent dates go without their year.
            stopped: The lines that guards stopped.
            opened: The keys of the rows whose lines are shown: of what guards stopped, and of what
                changes only the ledger, they are not unless that is asked for.
        """
        self._stopped_lines = stopped
        self._opened = opened
        self._folds: set[Hashable] = set()
        self.choice = choice
        self.now = now
        self.rows: list[Row] = []
        self.visible: list[str] = []
        """The ids of all lines that the filter shows."""
        self._stopped()
        self._grouped(chosen)
        if not self.visible:
            text = chosen.nothing or _nothing(choice)
            self.rows.append(TextRow("nothing", text, ""))
        self._index = {row.key: number for number, row in enumerate(self.rows)}
        self._homes = _homes(self.rows)
        self._away: Counter[Hashable] = Counter()
        self._octets_away: Counter[Hashable] = Counter()
        self._counted: set[str] = set()
        self.take(choice)

    def __len__(self) -> int:
        return len(self.rows)

    def key(self, index: int) -> Hashable:
        """What a row is."""
        return self.rows[index].key

    def index(self, key: Hashable) -> int | None:
        """Where a row stands."""
        return self._index.get(key)

    def take(self, choice: Choice) -> None:
        """Count in the groups by another choice; with 100,000 lines a tenth of a second.

        One over the lines of another plan is left alone: they have to be arranged anew.
        """
        if choice.lines is not self.choice.lines:
            return
        away, lines = choice.away, choice.lines
        for name in away ^ self._counted:
            step = 1 if name in away else -1
            for home in self._homes.get(name, ()):
                self._away[home] += step
                self._octets_away[home] += step * lines[name].size
        self.choice, self._counted = choice, away

    def left(self, group: LineGroup) -> tuple[int, int]:
        """How many lines of a group are to be done, and the octets of their messages."""
        return group.total - self._away[group.key], group.octets - self._octets_away[group.key]

    # --- arranging

    def _stopped(self) -> None:
        plan = self.choice.plan
        for blocked in blocks(plan, plan.options.directions):
            key = ("blocked", blocked.account, blocked.kind, blocked.rule)
            self.rows.append(Stopped(key, blocked))
            if blocked.count:
                self._folds.add(key)
            if key in self._opened:
                lines = self._stopped_lines.get((blocked.account, blocked.kind, blocked.rule), ())
                self.rows += [self._stopped_line(line) for line in lines]
        for name, report in plan.mailboxes.items():
            if report.error:
                error = words.short_error(report.error)
                short = f"? {name}: {words.not_reached(report.messages, error)}"
                whole = f"{name}: {words.not_reached(report.messages, report.error)}"
                self.rows.append(TextRow(("away", name), short, "gone", whole))
        for missing in unmatched_texts(plan):
            self.rows.append(TextRow(("folder", missing), f"! {missing}", "warn", missing))
        for number, each in enumerate(plan.waiting):
            waiting = waiting_text(each)
            self.rows.append(TextRow(("waiting", number), f"? {waiting}", "note", waiting))
        if self.rows:
            self.rows.append(TextRow("gap", "", ""))

    def _stopped_line(self, line: Line) -> TextRow:
        day = short_date(line.date.isoformat() if line.date else "", self.now)
        text = column(day, 7) + column(short_name(line.sender), 20) + safe_text(line.subject, 400)
        whole = f"{action_text(line)}: {safe_text(line.reason, 300)}"
        return TextRow(("stopped", line.id), f"    {text}", "dim", whole)

    def _grouped(self, chosen: Filter) -> None:
        choice = self.choice
        lines = [*choice.plan.lines, *choice.over.values()]
        shown = {line.id for line in lines if chosen.empty or self._admits(chosen, line)}
        known = choice.lines.keys() | choice.over.keys()
        roots = [x for x in lines if not any(need in known for need in x.needs)]
        groups: dict[tuple[str, str], dict[str, list[Line]]] = {}
        for line in roots:
            reasons = groups.setdefault((line.kind, line.account), {})
            reasons.setdefault(line.reason, []).append(line)
        below = self._below(lines)
        for (kind, account), reasons in sorted(groups.items(), key=lambda g: _ORDER[g[0][0]]):
            found = {
                why: self._tree(sorted(each, key=_newest_first), below, shown, 1)
                for why, each in reasons.items()
            }
            found = {why: rows for why, rows in found.items() if rows}
            if not found:
                continue
            title = group_title(kind, account)
            every = [row for rows in found.values() for row in rows]
            self.visible += [row.line.id for row in every]
            single = next(iter(found)) if len(found) == 1 else ""
            key: Hashable = ("group", kind, account)
            self.rows.append(_group(key, title, single, every, 0, choice.over))
            if kind in ("adopt", "forget"):
                self._folds.add(key)
                if key not in self._opened:
                    continue
            for why, rows in found.items():
                if single:
                    self.rows += rows
                    continue
                key = ("group", kind, account, why)
                self.rows.append(_group(key, why, "", rows, 1, choice.over))
                self.rows += [row._replace(depth=row.depth + 1) for row in rows]

    def _below(self, lines: Iterable[Line]) -> dict[str, list[Line]]:
        below: dict[str, list[Line]] = {}
        for line in lines:
            for need in line.needs[:1]:
                below.setdefault(need, []).append(line)
        return below

    @staticmethod
    def _tree(
        roots: Sequence[Line], below: dict[str, list[Line]], shown: set[str], depth: int
    ) -> list[Single]:
        rows: list[Single] = []
        left = [(line, depth) for line in reversed(roots)]
        while left:
            line, deep = left.pop()
            if line.id in shown:
                follows = bool(shown.intersection(line.needs))
                rows.append(Single(("line", line.id), line, follows, min(deep, _DEEPEST)))
            left.extend((each, deep + 1) for each in reversed(below.get(line.id, ())))
        return rows

    def _admits(self, chosen: Filter, line: Line) -> bool:
        states: set[str] = {line.kind, self.choice.state(line.id)}
        states.add("delete" if line.kind in DELETIONS else "keep")
        if line.id in self.choice.new:
            states.add("new")
        there = {line.account, *line.accounts, line.target.mailbox}
        return chosen.admits(
            FilterFields(line.subject, line.sender, frozenset(states), frozenset(there))
        )

    # --- asking

    @property
    def first(self) -> int:
        """The first row that can be taken out."""
        return next((n for n, row in enumerate(self.rows) if isinstance(row, LineGroup)), 0)

    def ids(self, index: int) -> tuple[str, ...]:
        """The lines that a row stands for."""
        row = self.rows[index] if index < len(self.rows) else None
        if isinstance(row, Single):
            return (row.line.id,)
        return row.lines if isinstance(row, LineGroup) else ()

    def line(self, index: int) -> Line | None:
        """The line of a row, if it is one."""
        row = self.rows[index] if index < len(self.rows) else None
        return row.line if isinstance(row, Single) else None

    def blocked(self, index: int) -> Blocked | None:
        """What was stopped, if the row is that."""
        row = self.rows[index] if index < len(self.rows) else None
        return row.blocked if isinstance(row, Stopped) else None

    def group_after(self, index: int, step: int) -> int:
        """The next row that is no line, or the one before; the same, if there is none."""
        rows = range(index + step, len(self.rows) if step > 0 else -1, step)
        heads = (LineGroup, Stopped)
        return next((n for n in rows if isinstance(self.rows[n], heads)), index)

    def foldable(self, index: int) -> Hashable | None:
        """The key of a row whose lines can be shown and hidden."""
        key = self.rows[index].key if index < len(self.rows) else None
        return key if key in self._folds else None

    # --- drawing

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """A row in so many cells."""
        row = self.rows[index]
        if isinstance(row, TextRow):
            return [(fit(row.text, width), row.style)]
        if isinstance(row, Stopped):
            text = f"! {blocked_text(row.blocked)}"[:width]
            meant = f"  {words.RULES[row.blocked.rule]}"
            return [(text, "warn"), (fit(meant, width - len(text)), "note")]
        if isinstance(row, LineGroup):
            return self._group(row, width)
        return self._single(row, width)

    def _group(self, row: LineGroup, width: int) -> list[Span]:
        total = row.total
        left, _ = self.left(row)
        sign = "[x]" if left == total and total else "[-]" if left else "[ ]"
        count = f"  {left:,}" if left == total else f"  {left:,} of {total:,}"
        if row.following:
            count += f" ({row.following:,} follow from others)"
        spans = [
            (f"{'  ' * row.depth}{sign} ", "strong"),
            (row.title, "strong" if row.depth else "name"),
            (count, "strong"),
        ]
        left_over = width - sum(len(text) for text, _ in spans)
        return [*spans, (fit(f"  {row.reason}", left_over), "dim")]

    def _single(self, row: Single, width: int) -> list[Span]:
        line = row.line
        state = self.choice.state(line.id)
        sign, style = _SIGNS[state]
        text = "" if state == "in" else "dim"
        date = line.date.isoformat() if line.date else ""
        subject = line.subject or words.NO_SUBJECT
        if row.follows:
            subject = f"{following_text(line)}: {subject}"
        head: list[Cells] = [
            ("  " * row.depth + sign, 2 * row.depth + 4, style),
            (short_date(date, self.now), 7, "dim"),
            (short_name(line.sender), 22 if width >= WIDE else 14, text),
        ]
        tail = self._tail(line, state, width)
        left = width - sum(cells for _, cells, _ in (*head, *tail))
        columns = (*head, (subject, left, text), *tail)
        return [(column(part, cells), name) for part, cells, name in columns]

    def _tail(self, line: Line, state: State, width: int) -> list[Cells]:
        word, style = self.word(line, state)
        octets: Cells = (f"{size_in_words(line.size):>7}", 8, "dim")
        if width < WIDE:
            return [octets, (word or short_undo_text(line), 11, style)]
        where: Cells = (place_text(line), max(width // 8, 20), "dim")
        end: Cells = (word or short_undo_text(line), 11, style)
        if width < WIDEST:
            return [octets, where, end]
        return [octets, where, (line.reason, width // 6, "dim"), end]

    def word(self, line: Line, state: State) -> tuple[str, str]:
        """How a line stands in a word, where it is not simply in; and a style."""
        if line.id in self.choice.undecided:
            return "new, out", "new"
        if line.id in self.choice.new and state == "in":
            return "new", "new"
        return _WORDS[state], "note" if state in ("falls", "over") else "dim"

    # --- more of a row

    def detail(self, index: int, width: int) -> list[Part]:
        """Three lines about a row; fewer or longer ones where something is stopped."""
        row = self.rows[index] if index < len(self.rows) else None
        if isinstance(row, Stopped):
            (_, cause), (_, out) = why_blocked(row.blocked)
            return [(cause, ""), (out, "$text-warning")]
        if isinstance(row, TextRow):
            return [(row.whole, "")]
        if isinstance(row, LineGroup):
            return self._group_detail(row)
        return self._line_detail(row.line, width) if row is not None else []

    def _group_detail(self, row: LineGroup) -> list[Part]:
        left, octets = self.left(row)
        count = f"{words.several(left, 'line')} of {len(row.lines):,} to be done"
        return [
            (row.title, "bold"),
            (f"{count}, {size_in_words(octets)}", ""),
            ("space takes all of them out, or in", "$text-muted"),
        ]

    def _line_detail(self, line: Line, width: int) -> list[Part]:
        when = words.local_moment(line.date) if line.date else "no date"
        now = state_text(line, self.choice)
        if now and line.id in self.choice.lines:
            now += " Space takes it in."
        return below(
            (now or f"{action_text(line)}: {safe_text(line.reason, 300)}", ""),
            (
                (safe_text(line.subject, 400) or words.NO_SUBJECT, "bold"),
                (
                    f"{undo_text(line)}   {short_name(line.sender)}   {when}"
                    f"   {size_in_words(line.size)}",
                    "$text-accent",
                ),
            ),
            width,
            4,
        )


def _group(
    key: Hashable,
    title: str,
    reason: str,
    rows: Sequence[Single],
    depth: int,
    over: Container[str],
) -> LineGroup:
    follow = sum(row.follows for row in rows)
    ids = tuple(row.line.id for row in rows)
    sizes = [row.line.size for row in rows if row.line.id not in over]
    return LineGroup(key, title, reason, ids, follow, depth, len(sizes), sum(sizes))


def _newest_first(line: Line) -> float:
    return -line.date.timestamp() if line.date else 0.0


def _homes(rows: Iterable[Row]) -> dict[str, list[Hashable]]:
    homes: dict[str, list[Hashable]] = {}
    for row in rows:
        if isinstance(row, LineGroup):
            for name in row.lines:
                homes.setdefault(name, []).append(row.key)
    return homes


def _nothing(choice: Choice) -> str:
    plan = choice.plan
    if blocks(plan, plan.options.directions) or plan.waiting:
        return "Besides, there is nothing to do."
    return "There is nothing to do: Esc goes back."


def message_key(line: Line, comparison: Comparison) -> Key | None:
    """The key under which a comparison has the message of a line."""
    if line.message is not None:
        return line.message
    wanted = line.copies[0] if line.copies else line.target
    return next((key for key, there in comparison.places.items() if wanted in there), None)


# --- around the lines


def title(plan: Plan) -> str:
    """What the plan is about, and what is not in it."""
    parts = [f" {heading(plan.options)}", f"listed at {plan.created.astimezone():%H:%M}"]
    away = [name for name, report in plan.mailboxes.items() if not report.complete]
    if away:
        parts.append(f"not reached: {', '.join(away)}")
    unseen = [name for name, report in plan.mailboxes.items() if report.note]
    if unseen:
        parts.append(f"cannot tell what is gone: {', '.join(unseen)}")
    return "   ".join((*parts, *left_out(plan, plan.options.directions)))


def summary(choice: Choice, filtered: int | None, width: int) -> list[Part]:
    """The sums of what is left, and on a second line how much is not."""
    total = len(choice.lines)
    parts: list[Part] = [(text, "$text-warning") for text in let_through_texts(choice.plan)]
    if choice.out:
        parts.append((f"{len(choice.out):,} of {total:,} taken out", "$text-warning"))
    if choice.fallen:
        parts.append((f"{len(choice.fallen):,} fall with what they need", "$text-warning"))
    if choice.undecided:
        parts.append((f"{len(choice.undecided):,} new, left out", "$text-success"))
    if filtered is not None:
        parts.append((f"filter: {filtered:,} shown (Esc ends)", "$text-accent"))
    if not parts:
        parts.append((f"all of {words.several(total, 'line')}", "$text-muted"))
    first: Part = (f" {sums_text(choice.sums(), width - 2)}\n", "bold")
    return [first, *((f" {text}  ", style) for text, style in parts)]


def why_blocked(blocked: Blocked) -> list[tuple[str, str]]:
    """Why a guard stopped something, and what can be done here: names and texts."""
    accept = f"press A and type {blocked.account} to let them through this once"
    out = way_out(blocked, accept)
    if can_accept(blocked):
        out += " Until then nothing of this is deleted."
    return [("Why", words.sentence(blocked.cause)), ("How to go on", out)]


def blocked_again(blocked: Blocked) -> str:
    """The same after a run, in one text."""
    accept = f"in another preview press A and type {blocked.account}"
    return f"{words.sentence(blocked.cause)} {way_out(blocked, accept)}"
