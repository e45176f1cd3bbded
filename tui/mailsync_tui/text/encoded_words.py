"""Header bytes as text, and the encoded words in it (RFC 2047), read so that nothing raises.

A reader of our own: ``email.header.decode_header`` raises on broken base64, and decodes the two
halves of a character that stand in adjacent words each by itself.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")

_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""Codecs of Python that are no character set, and slow or noisy on hostile input."""

_WIDER_CHARSETS = {
    "ascii": "utf-8",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "shift_jis": "cp932",
}
"""What is labelled with the former is often the latter, which holds it (WHATWG Encoding)."""


def text_of(raw: bytes) -> str:
    """UTF-8 where it is valid, else Latin-1: every byte means something, none is a surrogate."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def codec_of(charset: str) -> str | None:
    """The codec that reads what is labelled with this charset. Never raises.

    Returns:
        a name that ``bytes.decode`` takes, of the wider charset where one is commonly meant;
        ``None`` if the label is unknown or names no character set.
    """
    try:
        name = codecs.lookup(charset).name
        if name in _NO_CHARSETS:
            return None
        name = _WIDER_CHARSETS.get(name, name)
        b" ".decode(name, "replace")  # an empty one would be taken from any codec
    except (LookupError, ValueError):  # unknown, not of text, or a name that no codec can have
        return None
    return name


def decode_words(value: str) -> str:
    """Decode the encoded words of a header value. Never raises, and sanitises nothing.

    A word that is malformed stays as it stands; bytes that its charset lacks become U+FFFD; an
    unknown charset is read by :func:`text_of`.
    """
    if "=?" not in value:
        return value
    return "".join(_decoded(value))


def _decoded(value: str) -> Iterator[str]:
    """The pieces: plain text, and what adjacent words of one charset hold together."""
    charset, raw, at = "", b"", 0
    for word in _WORD.finditer(value):
        content = _content(word[2], word[3])
        if content is None:
            continue
        between, at = value[at : word.start()], word.end()
        # RFC 2047, 6.2: white space between two encoded words is not shown.
        adjacent = bool(charset) and not between.strip()
        name = word[1].partition("*")[0].lower()  # RFC 2231: a language may follow
        if adjacent and name == charset:
            raw += content  # a character may be split between them
            continue
        yield _decode(raw, charset)
        if not adjacent:
            yield between
        charset, raw = name, content
    yield _decode(raw, charset)
    yield value[at:]


def _content(encoding: str, content: str) -> bytes | None:
    """The bytes that an encoded word holds; ``None`` if it is broken beyond reading."""
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    raw = _NO_BASE64.sub(b"", raw)
    if len(raw) % 4 == 1:  # a lone character carries no whole byte
        raw = raw[:-1]
    try:
        return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return None


def _decode(raw: bytes, charset: str) -> str:
    codec = codec_of(charset)
    if codec is None:
        return text_of(raw)
    return raw.decode(codec, "replace")
