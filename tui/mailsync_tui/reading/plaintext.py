"""Text as lines, and flowed text (RFC 3676) as paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsync_tui.text.safe import safe_text

_LINE_END = re.compile(r"\r{0,2}\n|\r")  # CR CR LF, which some mail has, is one line end

INVISIBLE = re.compile("[\u00ad\u034f\u200b\u2060\ufeff]+")
"""Characters that are drawn as nothing and mean nothing; newsletters hold them by the hundred.

Taken out, they hide nothing. Everything else that is invisible gets a visible mark.
"""

_TAB = 8


def plain_lines(text: str) -> Iterator[str]:
    """The lines as they stand, without their ends."""
    start = 0
    for line_end in _LINE_END.finditer(text):
        yield text[start : line_end.start()]
        start = line_end.end()
    if start < len(text):
        yield text[start:]


def flowed_lines(text: str, *, delete_space: bool) -> Iterator[str]:
    """The paragraphs of ``format=flowed`` text, each one line, with ``> `` for each quote level.

    Args:
        text: what was sent.
        delete_space: ``DelSp=yes``: the blank before a soft line break is not part of the text.
    """
    paragraph: list[str] = []
    depth = 0
    for line in plain_lines(text):
        content = line.lstrip(">")
        level = len(line) - len(content)
        content = content.removeprefix(" ")  # stuffed (RFC 3676, 4.4)
        if paragraph and (level != depth or content == "-- "):
            yield _quoted("".join(paragraph), depth)
            paragraph = []
        depth = level
        flows = content.endswith(" ") and content != "-- "
        paragraph.append(content[:-1] if flows and delete_space else content)
        if not flows:
            yield _quoted("".join(paragraph), depth)
            paragraph = []
    if paragraph:
        yield _quoted("".join(paragraph), depth)


def shown_line(line: str) -> str:
    """A line as it is shown: tabs expanded, trailing blanks cut, sanitised."""
    if "\t" in line:
        line = line.expandtabs(_TAB)
    if not line.isascii():
        line = INVISIBLE.sub("", line)
    return safe_text(line).rstrip()


def _quoted(text: str, depth: int) -> str:
    return f"{'>' * depth} {text}" if depth else text
