"""A message as the lines of a document: header fields, attachments, notes, and its text."""

from __future__ import annotations

from collections.abc import Sequence

from mailsync_tui.reading import Attachment, Reading, read_message
from mailsync_tui.report.words import size_in_words
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.columns import fit
from mailsync_tui.ui.rows.wrap import TextLine

_LABEL_CELLS = 13
_NAME_CELLS = 44
_ABOVE = 9
"""Attachments that are listed above the text; more of them stand below it."""


class PlainDocument:
    """A few sentences instead of a message."""

    def __init__(self, lines: Sequence[TextLine]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, number: int) -> TextLine:
        """One sentence."""
        return self._lines[number]


class MessageText:
    """A message that was read."""

    def __init__(self, reading: Reading, notes: Sequence[TextLine], *, all_headers: bool) -> None:
        """Arrange it.

        Args:
            reading: The message; its text is not copied.
            notes: What else is to be said of it.
            all_headers: Whether to show all header fields, or the usual ones.
        """
        fields = reading.headers + (reading.other_headers if all_headers else ())
        above = [_field(name, value) for name, value in fields]
        if reading.attachments:
            above += _attached(reading.attachments)
        notes = [*notes, *(TextLine(f"! {note}", "note", hang=2) for note in reading.notes)]
        if notes:
            above += [TextLine(""), *notes]
        self._above = [*above, TextLine("")]
        self._text = reading.lines
        below = reading.attachments[_ABOVE:]
        self._below = [TextLine(""), _HEADING, *map(_attachment, below)] if below else []

    def __len__(self) -> int:
        return len(self._above) + len(self._text) + len(self._below)

    def line(self, number: int) -> TextLine:
        """One line; what is quoted is toned down."""
        if number < len(self._above):
            return self._above[number]
        number -= len(self._above)
        if number < len(self._text):
            text = self._text[number]
            return TextLine(text, "dim" if text.startswith(">") else "")
        return self._below[number - len(self._text)]


def message_lines(raw: bytes, *, all_headers: bool, text: bool) -> list[str]:
    """A message as lines for a script: its header fields, and its text with what belongs to it."""
    found = read_message(raw)
    if not text:
        return [f"{name}: {value}" for name, value in (*found.headers, *found.other_headers)]
    shown = MessageText(found, (), all_headers=all_headers)
    return [shown.line(number).text for number in range(len(shown))]


_HEADING = TextLine("Attachments (s saves one):", label=26)


def _field(name: str, value: str) -> TextLine:
    label = f"{name}: ".ljust(_LABEL_CELLS)
    style = "strong" if name.lower() == "subject" else ""
    return TextLine(label + value, style, label=len(label), hang=_LABEL_CELLS)


def _attached(attachments: Sequence[Attachment]) -> list[TextLine]:
    lines = [TextLine(""), _HEADING, *map(_attachment, attachments[:_ABOVE])]
    more = len(attachments) - _ABOVE
    if more > 0:
        lines.append(TextLine(f"     and {more:,} more, listed below the text", "dim"))
    return lines


def _attachment(one: Attachment) -> TextLine:
    label = f"{one.number:3}  "
    size = size_in_words(one.size)
    text = f"{label}{fit(one.name, _NAME_CELLS)} {size:>7}  {safe_text(one.type, 100)}"
    return TextLine(text, label=len(label), hang=len(label))
