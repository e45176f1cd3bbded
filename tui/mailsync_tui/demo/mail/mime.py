"""Putting a letter on the wire: header lines, encoded words, bodies and attachments as bytes.

Written out by hand, so that the bytes depend on nothing but the words: the standard library's
generator draws boundaries at random and folds differently from one Python to the next.
"""

from __future__ import annotations

import base64
import quopri
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random

CRLF = b"\r\n"
_WORD_OCTETS = 42
"""So many octets of UTF-8 fit into one encoded word of 75 characters (RFC 2047, section 2)."""


class BodyPart(NamedTuple):
    """One body part: its header lines and its encoded content."""

    headers: tuple[str, ...]
    content: bytes

    @property
    def data(self) -> bytes:
        """The part as it stands on the wire."""
        return _lines(self.headers) + CRLF + self.content


def encoded(text: str) -> str:
    """Text as it may stand in a header: as it is, or in folded encoded words (RFC 2047)."""
    if text.isascii():
        return text
    words = []
    rest = text
    while rest:
        length = len(rest)
        while len(rest[:length].encode()) > _WORD_OCTETS:
            length -= 1
        words.append(f"=?utf-8?B?{base64.b64encode(rest[:length].encode()).decode()}?=")
        rest = rest[length:]
    return "\r\n ".join(words)


def mailbox(name: str, address: str) -> str:
    """A name and an address as in ``From`` (RFC 5322, section 3.4)."""
    plain = name.replace(" ", "").replace("-", "").isalnum() and name.isascii()
    shown = name if plain else encoded(name) if not name.isascii() else f'"{name}"'
    return f"{shown} <{address}>"


def text_part(text: str, subtype: str = "plain") -> BodyPart:
    """A text part, quoted-printable where it is not plain ASCII of short lines."""
    body = text.replace("\n", "\r\n") + "\r\n"
    if text.isascii() and max(map(len, text.split("\n"))) < 900:
        return BodyPart((f"Content-Type: text/{subtype}; charset=us-ascii",), body.encode("ascii"))
    kind = f"Content-Type: text/{subtype}; charset=utf-8"
    if sum(not character.isascii() for character in text) > len(text) // 3:
        return BodyPart((kind, "Content-Transfer-Encoding: base64"), _base64(body.encode()))
    coded = quopri.encodestring(body.replace("\r\n", "\n").encode()).replace(b"\n", CRLF)
    return BodyPart((kind, "Content-Transfer-Encoding: quoted-printable"), coded)


def file_part(name: str, media_type: str, data: bytes) -> BodyPart:
    """An attachment."""
    return BodyPart(
        (
            f'Content-Type: {media_type}; name="{name}"',
            "Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment; filename="{name}"',
        ),
        _base64(data),
    )


def multipart(subtype: str, parts: list[BodyPart], rng: Random) -> BodyPart:
    """Several parts as one; the boundary is drawn from ``rng``."""
    boundary = f"=_{rng.getrandbits(64):016x}"
    edge = f"--{boundary}".encode()
    content = b"".join(edge + CRLF + part.data + CRLF for part in parts)
    return BodyPart(
        (f'Content-Type: multipart/{subtype}; boundary="{boundary}"',),
        content + edge + b"--" + CRLF,
    )


def message(headers: list[tuple[str, str]], body: BodyPart) -> bytes:
    """The whole message; header values are ASCII, folded already."""
    lines = tuple(f"{name}: {value}" for name, value in headers)
    return _lines((*lines, "MIME-Version: 1.0")) + body.data


def pdf(title: str) -> bytes:
    """A PDF of one page that says ``title``; characters outside ASCII become question marks."""
    shown = title.encode("ascii", "replace").replace(b"(", b"[").replace(b")", b"]")
    drawing = b"BT /F1 18 Tf 72 720 Td (" + shown + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(out))
    )


def picture(rng: Random) -> bytes:
    """A small PNG: a sky over a meadow, its colours drawn from ``rng``."""
    width, height = 48, 32
    sky = (rng.randrange(120, 200), rng.randrange(170, 220), rng.randrange(220, 256))
    meadow = (rng.randrange(40, 110), rng.randrange(120, 190), rng.randrange(40, 90))
    rows = b"".join(
        b"\0" + bytes(sky if row < height * 2 // 3 else meadow) * width for row in range(height)
    )
    # Level 0 stores: the compressed bytes would depend on the zlib that Python was built with.
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            _chunk(b"IDAT", zlib.compress(rows, 0)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _lines(lines: tuple[str, ...]) -> bytes:
    return b"".join(line.encode("ascii") + CRLF for line in lines)


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", CRLF)
