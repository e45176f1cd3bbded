"""The one sanitiser: everything foreign passes it before it is shown."""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r\n|[\t\n\r]")

# Replaced: what a terminal executes (C0, DEL, C1), what no encoder takes (surrogates), what starts
# a new line (U+2028/9), what reorders text (bidi controls), and format characters that are drawn
# as nothing and so hide text (zero-width space, word joiner, BOM, soft hyphen, tags ...).
# Noncharacters too: they are no text in any font. Kept: ZWNJ, ZWJ and variation selectors, which
# scripts and emoji need, and private use, which is drawn as some glyph and does nothing.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    + "".join(chr(plane << 16 | low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    + "]"
)


def safe_text(text: str, limit: int | None = None) -> str:
    """Make foreign text safe to show on one line of a terminal.

    C0, DEL, C1, surrogates, noncharacters, line and paragraph separators, bidi controls and
    invisible format characters become a visible mark (U+FFFD); a tab and a line end (CR, LF or
    both) become a space. Nothing is interpreted: markup stays what it is, literally.

    Args:
        text: anything, of any length.
        limit: the greatest number of characters; longer text ends in an ellipsis.
    """
    if limit is not None:
        # A line end of two characters becomes one, so this much suffices to see what is too long.
        text = text[: 2 * max(limit, 0) + 2]
    # Printable text holds none of these; it is the common case, and the check is a plain C loop.
    if not text.isprintable():
        text = _UNSAFE.sub("\ufffd", _LINE_END.sub(" ", text))
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…" if limit > 0 else ""
    return text
