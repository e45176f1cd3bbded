"""Held lines, grouped by the rule that holds them, as a list shows them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from mailsync_tui.engine.model import DELETIONS, PlanEntry
from mailsync_tui.report.plan import held_rule_text
from mailsync_tui.report.words import HOLDS, NO_SUBJECT, Span, doing, local_day, short_name
from mailsync_tui.ui.rows.columns import fit
from mailsync_tui.ui.rows.filters import Filter, FilterFields

_KIND_CELLS = 38
_DAY_CELLS = 12
_ROOMY = 100


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """The lines that one rule holds, as far as they are shown."""

    rule: str
    ids: frozenset[str]


class HeldLines:
    """Groups and the lines below them; some lines are chosen."""

    def __init__(self, held: Sequence[PlanEntry], chosen: frozenset[str], only: Filter) -> None:
        """Group and filter.

        Args:
            held: All held lines.
            chosen: The ids of those that a person has chosen.
            only: Which to show.
        """
        self.chosen = chosen
        by_rule: dict[str, list[PlanEntry]] = {rule: [] for rule in HOLDS}
        for note in held:
            if only.admits(_text(note)):
                by_rule.setdefault(note.held or "", []).append(note)
        self.items: list[HeldGroup | PlanEntry] = []
        for rule, notes in by_rule.items():
            if notes:
                self.items.append(HeldGroup(rule, frozenset(note.line.id for note in notes)))
                notes.sort(key=_newest_first)
                self.items += notes
        self._index = {self.key(number): number for number in range(len(self.items))}

    def __len__(self) -> int:
        return len(self.items)

    @property
    def shown(self) -> frozenset[str]:
        """The ids of the lines that are shown."""
        return frozenset(item.line.id for item in self.items if isinstance(item, PlanEntry))

    def key(self, index: int) -> Hashable:
        """The line's id, or the rule of a group."""
        item = self.items[index]
        return ("rule", item.rule) if isinstance(item, HeldGroup) else item.line.id

    def index(self, key: Hashable) -> int | None:
        """Where a line or group stands."""
        return self._index.get(key)

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """A group's name and meaning; or a line: chosen or not, what it would do, since when."""
        item = self.items[index]
        if isinstance(item, HeldGroup):
            return self._group(item, width)
        line = item.line
        chosen = line.id in self.chosen
        kind = _KIND_CELLS if width >= _ROOMY else 26
        spans: list[Span] = [
            ("[x] " if chosen else "[ ] ", "strong" if chosen else "dim"),
            (": ", "note"),
            (fit(doing(line.kind, line.account), kind - 1) + " ", ""),
            (fit(local_day(item.since), _DAY_CELLS), "dim"),
        ]
        left = width - 6 - kind - _DAY_CELLS
        if left >= 60:
            spans.append((fit(short_name(line.sender), 21) + " ", "name"))
            left -= 22
        return [*spans, (fit(line.subject or NO_SUBJECT, left), "")]

    def _group(self, group: HeldGroup, width: int) -> Sequence[Span]:
        count = len(group.ids & self.chosen)
        box = "[x] " if count == len(group.ids) else "[-] " if count else "[ ] "
        title, meaning = held_rule_text(group.rule, len(group.ids))
        return [
            (box, "strong" if count else "dim"),
            (f"{title}, ", "key"),
            (fit(meaning, width - 4 - len(title) - 2), "note"),
        ]

    @staticmethod
    def heading(width: int) -> str:
        """The names of the columns."""
        kind = _KIND_CELLS if width >= _ROOMY else 26
        sender = fit("from", 22) if width - 6 - kind - _DAY_CELLS >= 60 else ""
        before = "      " + fit("would", kind) + fit("held since", _DAY_CELLS)
        return fit(before + sender + "subject", width)


def _newest_first(note: PlanEntry) -> float:
    return -note.since.timestamp() if note.since else 0.0


def _text(note: PlanEntry) -> FilterFields:
    line = note.line
    words = {note.held or "", line.kind}
    if line.kind in DELETIONS:
        words.add("deletion")
    places = {line.account, *line.accounts, line.target.mailbox}
    return FilterFields(line.subject, line.sender, frozenset(words), frozenset(places))
