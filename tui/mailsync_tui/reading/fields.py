"""Header fields of a message or a part: their values as text, and the parameters in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from mailsync_tui.text.encoded_words import codec_of, decode_words, text_of
from mailsync_tui.text.safe import safe_text

FIELDS_READ = 1000
"""Header fields of one message that are shown at most."""

_READ = 16_000
"""Bytes of a field that are read; a line may have a million."""

_SHOWN = 4000
"""Characters of a field that are shown at most; it holds a list of a hundred recipients."""

_SEGMENTS = 100
"""Pieces of one parameter that are put together at most (RFC 2231, 3)."""

_FIELD = re.compile(rb"\n([!-9;-~]+)[ \t]*:([^\n]*)")  # RFC 5322, 2.2: the name is printable ASCII
_PARAMETER = re.compile(r';\s*([^=;\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_SEGMENT = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*?)\Z")
_WORD = r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?="
_WORDS = re.compile(rf"{_WORD}(?:\s+{_WORD})*")

_ADDRESS_FIELDS = frozenset(
    {"from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc"}
)


class HeaderField(NamedTuple):
    """One field of a header, as it stands."""

    name: str
    value: bytes
    """Unfolded, not decoded, outer white space kept, cut after 16,000 bytes."""


def read_fields(header: bytes) -> Iterator[HeaderField]:
    """The fields of a header in their order; lines that are no field are passed over.

    Args:
        header: the lines, with or without CR.
    """
    lines = b"\n" + header.replace(b"\r\n", b"\n").replace(b"\n ", b" ").replace(b"\n\t", b" ")
    for field in _FIELD.finditer(lines):
        value = lines[field.start(2) : min(field.end(2), field.start(2) + _READ)]
        yield HeaderField(field[1][:_READ].decode("ascii"), value)


def shown_value(field: HeaderField) -> str:
    """The value as a person reads it: decoded, white space collapsed, sanitised, cut when long."""
    value = text_of(b" ".join(field.value.split()))
    if field.name.lower() in _ADDRESS_FIELDS:
        value = _WORDS.sub(_quoted_name, value)
    else:
        value = decode_words(value)
    return safe_text(value.strip(), _SHOWN)


def _quoted_name(words: re.Match[str]) -> str:
    """Decoded words of a name, in quotes if they hold what would pass for another address."""
    name = decode_words(words[0])
    if not re.search(r'[<>@,;:"]', name):
        return name
    name = name.replace('"', "'")
    start, end = words.span()
    quoted = words.string[:start].endswith('"') and words.string.startswith('"', end)
    return name if quoted else f'"{name}"'


def main_value(value: str) -> str:
    """What stands before the first parameter, in lower case: a type, a disposition.

    It is one word; where the semicolon after it is missing, the rest is passed over.
    """
    return next(iter(value.partition(";")[0].split()), "").lower()


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type or Content-Disposition (RFC 2045, 5.1; RFC 2231).

    A value that should be in quotes and is not goes to the next semicolon. Continuations are put
    together, and values with a charset are decoded. The first of two with one name counts.

    Args:
        value: the raw field, one character for each byte (Latin-1).

    Returns:
        the values by their name in lower case; still one character for each byte where the
        sender named no charset, and not sanitised.
    """
    simple: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for parameter in _PARAMETER.finditer(value):
        if parameter[2] is not None:
            content = re.sub(r"\\(.)", r"\1", parameter[2], flags=re.DOTALL)
        else:
            content = parameter[3].strip()
        name = _SEGMENT.match(parameter[1].lower())
        if name is None or (name[2] is None and not name[3]):
            simple.setdefault(parameter[1].lower(), content)
        else:
            found = pieces.setdefault(name[1], {})
            if len(found) < _SEGMENTS:
                found.setdefault(int(name[2] or 0), (content, bool(name[3])))
    # RFC 2231, 4.1: where both forms stand, the extended one is meant for those who can read it.
    return simple | {name: _joined(found) for name, found in pieces.items()}


def _joined(found: dict[int, tuple[str, bool]]) -> str:
    charset, raw, extended = "", b"", False
    for number in sorted(found):
        content, percent = found[number]
        if percent and not extended and content.count("'") >= 2:
            charset, _, content = content.split("'", 2)
        extended |= percent
        piece = content.encode("latin-1", "replace")
        raw += unquote_to_bytes(piece) if percent else piece
    if not extended:
        return raw.decode("latin-1")
    codec = codec_of(charset)
    return raw.decode(codec, "replace") if codec else text_of(raw)


def parameter_text(value: str) -> str:
    """A parameter that a person reads, such as a file name; not sanitised."""
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:  # decoded by RFC 2231 already
        return value
    # RFC 2047, 5: no encoded word belongs in a parameter, and many programs put one there.
    return decode_words(text_of(raw))
