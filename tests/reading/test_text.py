"""Encodings, charsets, lines and flowed text."""

from __future__ import annotations

import base64
import quopri

import pytest

from mailsync_tui.reading.reader import TEXT_SHOWN
from mailsync_tui.reading.transfer import Decoder
from tests.builders import one_part
from tests.reading.build import lines, read

BASE64 = "Content-Transfer-Encoding: base64\n"
QUOTED = "Content-Transfer-Encoding: quoted-printable\n"


def decoded(encoding: str, data: bytes) -> bytes:
    return b"".join(Decoder(encoding).decode(data, 0, len(data)))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, 3_000_001])
def test_base64_is_decoded_piece_by_piece(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    assert decoded("base64", base64.encodebytes(data[:size])) == data[:size]


@pytest.mark.parametrize(
    ("text", "content", "damaged"),
    [
        ("aGVsbG8", b"hello", False),  # no padding
        ("aGVs\n\n bG8=\t\n", b"hello", False),
        ("aGVsbG8=\naGVsbG8=\n", b"hellohello", False),  # each line by itself
        ("aGVs*bG8=", b"hello", True),
        ("aGVsbG8=Q", b"hello", True),
        ("====", b"", False),
    ],
)
def test_broken_base64(text: str, content: bytes, *, damaged: bool) -> None:
    decoder = Decoder("base64")
    assert b"".join(decoder.decode(text.encode(), 0, len(text))) == content
    assert decoder.damaged == damaged
    note = "The encoding of the text is damaged; some of the text may be missing."
    assert (note in read(one_part(text, more=BASE64)).notes) == damaged


def test_quoted_printable_is_decoded_piece_by_piece() -> None:
    data = ("=äöü" * 5 + "\n").encode() * 50_000
    assert decoded("quoted-printable", quopri.encodestring(data)) == data
    # Pieces end where no line does.
    assert decoded("quoted-printable", b"=3D" * 1_000_000) == b"=" * 1_000_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a=\nb", ["ab"]), ("a= \t\r\nb", ["ab"]), ("a=XYb", ["a=XYb"]), ("=", []), ("a=3", ["a=3"])],
)
def test_broken_quoted_printable(text: str, shown: list[str]) -> None:
    assert lines(one_part(text, more=QUOTED)) == shown


def test_uuencoded_content() -> None:
    text = b"begin 600 a.txt\n%:&5L;&\\\n`\nend\nmore"
    assert decoded("x-uuencode", text) == b"hello"
    assert decoded("x-uuencode", b"begin 600 a\n" + b"%:&5L;&\\xxx\n" + b"end") == b"hello"


def test_an_unknown_encoding_is_shown_as_it_stands_and_noted() -> None:
    reading = read(one_part("a=20b", more="Content-Transfer-Encoding: x-\x1bown\n"))
    assert reading.lines == ("a=20b",)
    assert reading.notes == ("The encoding x-\ufffdown is not known; shown as it stands.",)


@pytest.mark.parametrize(
    ("charset", "raw", "shown"),
    [
        ("iso-2022-jp", "すみません", "すみません"),
        ("gb2312", "你好", "你好"),
        ("koi8-r", "Привет", "Привет"),
        ("windows-1251", "Привет", "Привет"),
        ("'utf-8'", "ä", "ä"),
        ("x-gbk", "你好", "你好"),
    ],
)
def test_charsets(charset: str, raw: str, shown: str) -> None:
    codec = charset.strip("'").removeprefix("x-")
    reading = read(one_part(raw.encode(codec), f"text/plain; charset={charset}"))
    assert (reading.lines, reading.notes) == ((shown,), ())


@pytest.mark.parametrize("charset", ["", "; charset=us-ascii"])
def test_where_no_charset_is_said_utf8_or_latin1_is_read(charset: str) -> None:
    assert lines(one_part("ä".encode(), f"text/plain{charset}")) == ["ä"]


def test_latin1_without_a_charset() -> None:
    assert lines(one_part(b"\xe4", "text/plain")) == ["ä"]


@pytest.mark.parametrize("charset", ["x-unknown", "zlib", "idna", "a\0b", "\x1b[31m", "rot13"])
def test_an_unknown_charset_is_noted(charset: str) -> None:
    reading = read(one_part(b"\xe4", f'text/plain; charset="{charset}"'))
    assert reading.lines == ("ä",)
    (note,) = reading.notes
    assert note.startswith("The charset ")
    assert note.endswith(" is not known; shown as Latin-1.")
    assert note.isprintable()
    assert "UTF-8" in read(one_part("ä", f'text/plain; charset="{charset}"')).notes[0]


def test_lines_are_kept_and_made_safe() -> None:
    body = "\r\n \n" + "a\r\n\r\nb\r\r\n\tc\rd\x1b[31m\u202e \u200b\n\n\n"
    assert lines(one_part(body)) == ["a", "", "b", "        c", "d\ufffd[31m\ufffd"]


def test_tabs_stand_at_columns_of_eight() -> None:
    assert lines(one_part("ab\tc\td")) == ["ab      c       d"]


def test_long_text_is_cut_and_noted() -> None:
    for body in ("x" * (TEXT_SHOWN + 1), "x\n" * TEXT_SHOWN, "\t" * TEXT_SHOWN + "x"):
        reading = read(one_part(body))
        assert sum(map(len, reading.lines)) + len(reading.lines) <= TEXT_SHOWN + 1
        assert "The text was cut after 1,000,000 characters." in reading.notes
    assert read(one_part("x" * (TEXT_SHOWN - 2))).notes == ()


FLOWED = "text/plain; charset=utf-8; format=flowed"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one \ntwo \nthree\nfour", ["one two three", "four"]),
        (" > not a quote\n From", ["> not a quote", "From"]),
        (">> a \n>> b\n> c \nd", [">> a b", "> c", "d"]),
        ("text \n-- \nname ", ["text", "--", "name"]),
        ("a \n\nb", ["a ", "b"]),
        ("one ", ["one"]),
    ],
)
def test_flowed_text_is_joined(text: str, shown: list[str]) -> None:
    assert lines(one_part(text, FLOWED)) == [line.rstrip() for line in shown]


def test_the_blank_before_a_soft_break_may_be_no_text() -> None:
    assert lines(one_part("你 \n好", f"{FLOWED}; delsp=yes")) == ["你好"]
    assert lines(one_part("a \nb", f"{FLOWED}; DelSp=Yes")) == ["ab"]
