"""Content-Transfer-Encoding undone, in pieces where it is large."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_CHUNK = 1 << 20
_PADS = 10_000
"""Ends of base64 text within one piece that are read as such; it is meant to have one in all."""

_UU_LINE = 100
"""Bytes of a uuencoded line that are read; it has 61."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NO_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_NO_BLANK = bytes(set(_NO_BASE64) - set(b" \t\r\n\0"))

_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")

PLAIN = frozenset({"", "7bit", "8bit", "binary"})
"""Content in these is what it is; content in an unknown encoding is left as it is too."""

_UUENCODED = frozenset({"uuencode", "uue", "x-uuencode", "x-uue"})

ENCODED = frozenset({"base64", "quoted-printable"}) | _UUENCODED
"""The others of RFC 2045, 6, and the one that mail had before."""


class Decoder:
    """Decodes one part. Nothing in it raises: what is broken is left out or left as it stands."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self.damaged = False
        """Whether something was met that no encoder writes, as far as it was decoded."""

    def decode(self, data: bytes, start: int, end: int) -> Iterator[bytes]:
        """The content of ``data[start:end]``, in pieces of about a megabyte."""
        if self._encoding == "base64":
            return self._base64(data, start, end)
        if self._encoding == "quoted-printable":
            return _quoted_printable(data, start, end)
        if self._encoding in _UUENCODED:
            return self._uuencoded(data, start, end)
        return (data[at : min(at + _CHUNK, end)] for at in range(start, end, _CHUNK))

    def _base64(self, data: bytes, start: int, end: int) -> Iterator[bytes]:
        rest = b""
        for at in range(start, end, _CHUNK):
            chunk = data[at : min(at + _CHUNK, end)]
            if len(chunk.translate(None, _NO_BLANK)) != len(chunk):
                self.damaged = True
            # Some encode each line by itself, or put texts that end in padding one after another.
            *ended, last = (rest + chunk.translate(None, _NO_BASE64)).split(b"=", _PADS)
            decoded = [self._whole(text) for text in ended]
            last = last.translate(None, b"=")
            whole = len(last) - len(last) % 4
            decoded.append(binascii.a2b_base64(last[:whole]))
            rest = last[whole:]
            yield b"".join(decoded)
        yield self._whole(rest)

    def _uuencoded(self, data: bytes, start: int, end: int) -> Iterator[bytes]:
        """What stands between the lines ``begin`` and ``end``."""
        decoded: list[bytes] = []
        begun = False
        while start < end:
            stop = data.find(b"\n", start, end)
            stop = end if stop < 0 else stop
            line = data[start : min(stop, start + _UU_LINE)].rstrip(b"\r")
            start = stop + 1
            if not begun:
                begun = line.startswith(b"begin ")
            elif line.strip() == b"end":
                break
            elif line:
                # Some encoders fill the line up beyond the length that its first byte says.
                line = line[: 1 + ((line[0] - 32 & 63) * 4 + 2) // 3]
                try:
                    decoded.append(binascii.a2b_uu(line))
                except binascii.Error:
                    self.damaged = True
        yield b"".join(decoded)

    def _whole(self, text: bytes) -> bytes:
        """Decode a text that ended here, however many characters it has."""
        if len(text) % 4 == 1:  # a lone character carries no whole byte
            self.damaged = True
            text = text[:-1]
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


def _quoted_printable(data: bytes, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        stop = min(start + _CHUNK, end)
        if stop < end:
            # Not within a line if it can be helped, so never within "=3D" or "= CR LF".
            line_end = data.rfind(b"\n", start, stop)
            stop = line_end + 1 if line_end >= 0 else _before_escape(data, start, stop)
        piece = data[start:stop]
        if b"= " in piece or b"=\t" in piece:  # RFC 2045, 6.7: blanks at a line end are transport's
            piece = _SOFT_BREAK.sub(b"=", piece)
        yield binascii.a2b_qp(piece)
        start = stop


def _before_escape(data: bytes, start: int, stop: int) -> int:
    escape = data.rfind(b"=", max(start, stop - 2), stop)
    return escape if escape > start else stop
