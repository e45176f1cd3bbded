"""Header fields and their parameters."""

from __future__ import annotations

import pytest

from mailsync_tui.reading.fields import parameter_text, parameters
from tests.reading.build import read


def test_the_main_fields_come_first_and_in_their_order() -> None:
    reading = read(
        "Received: x\nSubject: =?utf-8?q?=C3=A4?=\nDate: d\nX-A: 1\nFROM: a\nTo: b\n c\n"
        "Message-id: <m>\nFrom: second\n\n"
    )
    assert reading.headers == (
        ("FROM", "a"),
        ("From", "second"),
        ("To", "b c"),
        ("Date", "d"),
        ("Subject", "ä"),
        ("Message-id", "<m>"),
    )
    assert reading.other_headers == (("Received", "x"), ("X-A", "1"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=?utf-8?q?J=C3=B6rg?= =?utf-8?q?_M?= <j@x>", "Jörg M <j@x>"),
        ("=?utf-8?q?boss=40bank.example=3E?= <e@x>", '"boss@bank.example>" <e@x>'),
        ('"=?utf-8?q?M=2C_J?=" <e@x>', '"M, J" <e@x>'),
        ("=?utf-8?q?a=22_=3Cb=40c=3E?= <e@x>", '"a\' <b@c>" <e@x>'),
    ],
)
def test_an_encoded_name_is_not_taken_for_an_address(value: str, shown: str) -> None:
    assert read(f"From: {value}\n\n").headers == (("From", shown),)


def test_values_are_safe_and_cut() -> None:
    reading = read("Subject: a\x1b[31m\u202eb\nX-\x01: no field\nTo: " + "a@b, " * 100_000 + "\n\n")
    assert dict(reading.headers)["Subject"] == "a\ufffd[31m\ufffdb"
    assert len(dict(reading.headers)["To"]) == 4000
    assert reading.other_headers == ()


def test_too_many_fields_are_noted() -> None:
    reading = read("X: y\n" * 1001 + "\ntext")
    assert len(reading.other_headers) == 1000
    assert reading.notes == ("Only the first 1,000 fields of the header are shown.",)


@pytest.mark.parametrize(
    ("value", "name", "content"),
    [
        ('text/plain; charset="utf-8"', "charset", "utf-8"),
        ("x/y; NAME=my file.pdf ; a=b", "name", "my file.pdf"),
        (r'x/y; name="a\"b;c"', "name", 'a"b;c'),
        ("x/y; name*=utf-8'en'%C3%A4%20b", "name", "ä b"),
        ("x/y; name*1=b; name*0=a; name*2*=%41", "name", "abA"),
        ("x/y; name*0*=utf-8''%C3; name*1*=%A4", "name", "ä"),
        ("x/y; name*=unknown''%E4", "name", "ä"),
        ("x/y; name*0*=utf-8''a'b; name*1*='c'd", "name", "a'b'c'd"),
        ("x/y; name=plain; name*=utf-8''better", "name", "better"),
        ("x/y; name=first; name=second", "name", "first"),
        ('x/y; name="never ended', "name", '"never ended'),
        ("x/y; =; ;;name = a", "name", "a"),
    ],
)
def test_parameters(value: str, name: str, content: str) -> None:
    assert parameters(value)[name] == content


@pytest.mark.parametrize(
    ("value", "text"),
    [("=?utf-8?b?w6Q=?=.pdf", "ä.pdf"), ("ä".encode().decode("latin-1"), "ä"), ("你", "你")],
)
def test_names_are_decoded(value: str, text: str) -> None:
    assert parameter_text(value) == text
