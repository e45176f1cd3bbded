"""What the help shows: the keys, from the registry; signs as they are drawn; the manual's pages."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from textwrap import wrap

from mailsync_tui.report.manual import PAGES, page
from mailsync_tui.report.words import CELLS, HOLDS, OUTCOMES, STATES, Span
from mailsync_tui.ui.actions import ACTIONS, EVERYWHERE, SCREENS, Action, Where, shown_keys
from mailsync_tui.ui.rows.columns import fit
from mailsync_tui.ui.rows.wrap import TextLine

_KEY_CELLS = 18
_WORD_CELLS = 14

_FILTERS = (
    ("tax return", "both words, in subject or sender, whatever the case"),
    ('"tax return"', "the two words together"),
    ("from:ann", "in the sender"),
    ("subject:tax", "in the subject"),
    ("is:gone", "by the word of its sign: new, delete, gone, kept, held, unknown, sync; different"),
    ("on:isp", "in that mailbox; consolidated is one too"),
)

_READ_ON = (
    "Tab shows the manual: the commands, what a plan holds, what every guard means, the way out.",
    "mailsync-tui check tells whether every mailbox can be reached, and what it is able to do.",
    "Press Ctrl+P to find any action by its name, and to choose a theme.",
)

_ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s+")
_RULE = re.compile(r"\|[-:| ]+\|")

_LABEL_CELLS = 30
"""A first column that is longer is no label: a label is not broken."""


class HelpLines:
    """The help for one screen, wrapped to a width."""

    def __init__(self, where: Where, width: int) -> None:
        """Make all of it.

        Args:
            where: The screen whose keys stand first.
            width: Cells of a line.
        """
        self._lines: list[list[Span]] = []
        self._width = width
        self._keys_of(where)
        self._title("Moving through a list")
        self._actions(action for action in ACTIONS if action.moves)
        self._title("Everywhere")
        self._actions(action for action in ACTIONS if _everywhere(action) and not action.moves)
        for other in EVERYWHERE:
            if other not in (where, "help"):
                self._keys_of(other)
        self._signs()
        self._title("What a filter may be (after /)")
        for typed, meaning in _FILTERS:
            self._entry(typed, _KEY_CELLS, "key", meaning)
        self._title("Where to read on")
        for sentence in _READ_ON:
            self._wrapped(sentence, [])

    def __len__(self) -> int:
        return len(self._lines)

    def key(self, index: int) -> Hashable:
        """A line is where it stands."""
        return index

    def index(self, key: Hashable) -> int | None:
        """Where it stands."""
        return key if isinstance(key, int) and 0 <= key < len(self) else None

    def spans(self, index: int, width: int) -> Sequence[Span]:
        """One line."""
        del width
        return self._lines[index]

    def _keys_of(self, where: Where) -> None:
        own = [
            action
            for action in ACTIONS
            if where in action.where and not action.moves and not _everywhere(action)
        ]
        if own:
            self._title(SCREENS[where])
            self._actions(own)

    def _signs(self) -> None:
        self._title("The signs side by side")
        for state in CELLS.values():
            if state.word:
                self._sign(f"{state.sign} {state.word}", state.style, state.meaning)
        self._title("What became of a line")
        for sign in OUTCOMES.values():
            self._sign(f"{sign.sign} {sign.word}", sign.style, sign.meaning)
        self._title("What became of a run")
        for sign in STATES.values():
            self._sign(f"{sign.sign} {sign.word}", sign.style, sign.meaning)
        self._title("Why a line is held")
        for rule, (_, meaning) in HOLDS.items():
            self._sign(f": {rule}", "note", meaning)

    def _title(self, text: str) -> None:
        if self._lines:
            self._lines.append([("", "")])
        self._lines.append([(fit(text, self._width), "strong")])

    def _actions(self, actions: Iterable[Action]) -> None:
        for action in actions:
            self._entry(shown_keys(action), _KEY_CELLS, "key", action.help)

    def _sign(self, sign: str, style: str, meaning: str) -> None:
        self._entry(sign, _WORD_CELLS, style, meaning)

    def _entry(self, name: str, cells: int, style: str, meaning: str) -> None:
        self._wrapped(meaning, [("  ", ""), (fit(name, cells) + " ", style)])

    def _wrapped(self, text: str, before: list[Span]) -> None:
        """Text beside what stands before it; further lines of it below its beginning."""
        indent = sum(len(part) for part, _ in before) or 2
        first = before or [("  ", "")]
        for number, line in enumerate(wrap(text, max(self._width - indent, 20))):
            self._lines.append([*(first if number == 0 else [(" " * indent, "")]), (line, "")])


def _everywhere(action: Action) -> bool:
    """Whether an action works on so many screens that none of them is its own."""
    return len(action.where) > len(SCREENS) // 2


class ManualPage:
    """One page; of a table the first column is a label, of a list each item a line."""

    def __init__(self, name: str) -> None:
        """Read it.

        Args:
            name: One of :data:`PAGES`.
        """
        self._lines = [*_manual_lines(page(name))]

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, number: int) -> TextLine:
        """A heading, a paragraph, an item, a row of a table, or a line of an example."""
        return self._lines[number]

    def page_of(self, number: int) -> str | None:
        """The page that a line begins with the name of, as the rows of the index do."""
        line = self._lines[number]
        name = line.text[: line.label].strip()
        return name if name in PAGES else None


def _manual_lines(text: str) -> Iterator[TextLine]:
    paragraph: list[str] = []
    example = False
    for line in (*text.splitlines(), ""):
        fence = line.startswith("```")
        apart = fence or example or not line or line.startswith(("#", "|", "<!--"))
        if paragraph and (apart or _ITEM.match(line)):
            yield _paragraph(paragraph)
            paragraph = []
        if fence:
            example = not example
        elif example:
            yield TextLine(f"    {line}", "name", hang=6)
        elif line.startswith("#"):
            yield TextLine(line.lstrip("# "), "strong")
        elif line.startswith("|"):
            if not _RULE.fullmatch(line):
                yield _row(line)
        elif not line:
            yield TextLine("")
        elif not line.startswith("<!--"):
            paragraph.append(line.strip() if paragraph else line.rstrip())


def _paragraph(lines: list[str]) -> TextLine:
    item = _ITEM.match(lines[0])
    return TextLine(" ".join(lines), hang=item.end() if item else 0)


def _row(line: str) -> TextLine:
    first, *others = (cell.strip() for cell in line.strip("|").replace("\\|", "¦").split("|"))
    text = f"{first}  {' | '.join(others)}".replace("¦", "|")
    return TextLine(text, label=len(first) + 2 if len(first) <= _LABEL_CELLS else 0, hang=4)
