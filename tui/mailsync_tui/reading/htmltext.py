"""HTML as text for a terminal: nothing is loaded, nothing is hidden, links show where they lead.

The tags come from lxml one by one and no tree is built, so nesting costs nothing. Style sheets are
not read: what a style would hide from a person is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from lxml import etree

from mailsync_tui.reading.plaintext import INVISIBLE, plain_lines
from mailsync_tui.text.safe import safe_text

HTML_READ = 5_000_000
"""Bytes of HTML in one message that are parsed at most; it takes about a second."""

LINKS_LISTED = 1000
"""Links of one message that get a number at most."""

_CHUNK = 1 << 16
_TARGET = 2000
"""Characters of a link's target that are shown at most."""
_LABEL = 2000
_PREFIX_LEVELS = 20
"""Levels of quotes and lists that are shown as such at most."""

_DROPPED = frozenset({"script", "style", "template", "title"})
_PREFORMATTED = frozenset({"listing", "plaintext", "pre", "textarea", "xmp"})
_APART = frozenset({"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "ul"})
"""Blocks with an empty line before and after them."""
_OTHER_BLOCKS = """
    address article aside body br caption center dd details dialog dir div dt fieldset figcaption
    figure footer form frame header hr html iframe legend li main menu nav option section select
    summary table tbody tfoot thead tr
"""
_BLOCKS = _APART | _PREFORMATTED | frozenset(_OTHER_BLOCKS.split())
_CELLS = frozenset({"td", "th"})

_BLANKS = re.compile(r"[ \t\n\r\f\xa0]+")
_JOINERS = "\u200c\u200d"
"""Scripts and emoji need them within a word; at its ends they join nothing."""

# A label that holds an address, or is a domain name with or without a path.
_LIKE_A_TARGET = re.compile(
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}://\S|\bwww\.\S|\S@\S"
    r"|\A[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?:[/:?#]\S*|…)?\Z"
)
_SCHEME = re.compile(r"(?i)\A(?:https?://|mailto:)")


class Links:
    """The targets that got a number, for the list at the end of a message."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, target: str) -> int | None:
        """The number of a target, the same each time; ``None`` when there are too many."""
        if target not in self._numbers and len(self._numbers) >= LINKS_LISTED:
            return None
        return self._numbers.setdefault(target, len(self._numbers) + 1)

    def lines(self) -> list[str]:
        """The list, one line for each; empty if there is none."""
        return [f"[{number}] {target}" for target, number in self._numbers.items()]


def write_text(html: str, links: Links, write: Callable[[str], bool]) -> bool:
    """Turn HTML into lines.

    Args:
        html: a document or a fragment, however broken.
        links: where the targets of links are collected.
        write: takes one line, which may still hold unsafe characters, and says whether another
            is wanted.

    Returns:
        whether the parser took all that was wanted; if not, what it took was written.
    """
    text = _Text(links, write)
    parser = etree.HTMLParser(
        target=text, encoding="utf-8", huge_tree=True, no_network=True, recover=True
    )
    data = html.replace("\0", "\ufffd").encode("utf-8", "replace")
    taken = True
    try:
        for at in range(0, len(data), _CHUNK):
            parser.feed(data[at : at + _CHUNK])
            if text.full:
                return True
    except etree.LxmlError:
        taken = False
    with suppress(etree.LxmlError):  # a document without any tag is an error to it
        parser.close()
    text.flush()
    return taken


class _Text:
    """What lxml calls for each tag and each piece of text; writes lines."""

    def __init__(self, links: Links, write: Callable[[str], bool]) -> None:
        self.full = False
        self._links = links
        self._write = write
        self._pieces: list[str] = []
        self._dropped = 0
        self._preformatted = 0
        self._quotes = 0
        self._lists: list[int | None] = []
        """The open lists, each with the number of its last item if its items have numbers."""
        self._marker = ""
        self._gap_quotes: int | None = None
        """The quote level of the empty line that is due before the next line."""
        self._begun = False
        self._target: str | None = None
        """Where the open link leads; ``None`` when none is open or its target was shown."""
        self._label: list[str] = []

    # What lxml calls

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        elif tag in _BLOCKS:
            self._block(tag)
            self._open(tag)
        elif tag in _CELLS:
            self._pieces.append(" ")
        elif tag == "a":
            self._end_link()
            self._target = _target_of(attributes.get("href") or "")
            self._label = []
        elif tag == "img" or tag == "area":
            self._image(attributes.get("alt") or "")

    def end(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag in _BLOCKS:
            if tag == "br":
                return
            self._block(tag)
            self._close(tag)
        elif tag == "a":
            self._end_link()

    def data(self, text: str) -> None:
        if self._dropped:
            return
        self._pieces.append(text)
        if self._target is not None:
            self._label.append(text)

    def comment(self, text: str) -> None:
        """Dropped, as all of a comment is."""

    def close(self) -> None:
        """Nothing is kept for lxml."""

    # Lines

    def flush(self) -> None:
        """Write the line that was begun."""
        text = "".join(self._pieces)
        if not text.strip():
            self._pieces.clear()
            self._label.clear()
            return
        if self._target is not None and "".join(self._label).strip():
            self._end_link()
            text = "".join(self._pieces)
        self._pieces.clear()
        if self._preformatted:
            for line in plain_lines(text.rstrip().removeprefix("\n")):
                self._line(line)
        else:
            self._line(_collapsed(text))

    def _line(self, line: str) -> None:
        if self.full:
            return
        if self._gap_quotes is not None:
            self._put("> " * min(self._gap_quotes, self._quotes, _PREFIX_LEVELS))
        self._gap_quotes = None
        self._begun = True
        quote = "> " * min(self._quotes, _PREFIX_LEVELS)
        indent = "  " * max(0, min(len(self._lists), _PREFIX_LEVELS) - bool(self._marker))
        self._put(quote + indent + self._marker + line)
        self._marker = ""

    def _put(self, line: str) -> None:
        self.full = self.full or not self._write(line)

    def _set_apart(self) -> None:
        """Have an empty line before the next one, in the outer of the two quotes."""
        if self._begun:
            gap = self._gap_quotes
            self._gap_quotes = self._quotes if gap is None else min(gap, self._quotes)

    def _block(self, tag: str) -> None:
        if tag == "br" and not "".join(self._pieces).strip():
            self._set_apart()
        self.flush()
        if tag in _APART and not (tag in ("ul", "ol") and self._lists):
            self._set_apart()

    def _open(self, tag: str) -> None:
        if tag in _PREFORMATTED:
            self._preformatted += 1
        elif tag == "blockquote":
            self._quotes += 1
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag == "hr":
            self._line("-" * 40)

    def _close(self, tag: str) -> None:
        if tag in _PREFORMATTED:
            self._preformatted = max(0, self._preformatted - 1)
        elif tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._marker = ""

    def _next_marker(self) -> str:
        if not self._lists or (last := self._lists[-1]) is None:
            return "* "
        self._lists[-1] = last + 1
        return f"{last + 1}. "

    # Links

    def _image(self, alt: str) -> None:
        alt = " ".join(alt.split())[:_LABEL]
        if alt or self._target is not None:
            self.data(f"[{alt or 'image'}]")

    def _end_link(self) -> None:
        """Put the target behind the label: a number, or itself where the label looks like one."""
        target, self._target = self._target, None
        if target is None:
            return
        label = " ".join("".join(self._label)[:_LABEL].split())
        if not label or _bare(label) == _bare(target):
            return
        if _LIKE_A_TARGET.search(label) or (number := self._links.number(target)) is None:
            self._pieces.append(f" <{target}>")
        else:
            self._pieces.append(f" [{number}]")


def _target_of(href: str) -> str | None:
    """What is shown of a link's target; ``None`` for one within the document, or for none."""
    # Browsers drop line ends and tabs, and take controls for nothing at the outer ends.
    href = re.sub(r"[\t\n\r]+", "", href[: 4 * _TARGET].strip())
    if not href or href.startswith("#"):
        return None
    return safe_text(href, _TARGET)


def _collapsed(text: str) -> str:
    """One line without what newsletters pad their first line with: blanks and empty characters."""
    text = _BLANKS.sub(" ", text)
    if not text.isascii():
        text = INVISIBLE.sub("", text)
        return " ".join(word for part in text.split(" ") if (word := part.strip(_JOINERS)))
    return text.strip()


def _bare(text: str) -> str:
    """A target or label without what makes no difference: web or mail scheme, last slash."""
    return _SCHEME.sub("", text).rstrip("/")
