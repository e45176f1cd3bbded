"""What a person is shown of a header."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailsync_tui.message import Summary, summary_of_header


def subject(value: str | bytes) -> str:
    raw = value if isinstance(value, bytes) else value.encode()
    return summary_of_header(b"Subject: " + raw + b"\r\n\r\n").subject


def sender(value: str) -> str:
    return summary_of_header(b"From: " + value.encode() + b"\r\n\r\n").sender


def date(value: str) -> datetime | None:
    return summary_of_header(b"Date: " + value.encode() + b"\r\n\r\n").date


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("Grüße raw", "Grüße raw"),
        (b"Gr\xfc\xdfe raw", "Grüße raw"),
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle?=", "Grüße an alle"),
        ("=?ISO-8859-1?b?R3L832U=?= then text", "Grüße then text"),
        ("before =?utf-8?q?a?= =?utf-8?q?b?= after", "before ab after"),
        ("=?utf-8?q?a?=\r\n =?utf-8?b?Yg==?=", "ab"),
        ("=?utf-8?q?a?= and =?utf-8?q?b?=", "a and b"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=FC?=", "aü"),
        ("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),  # one character in two words
        ("=?utf-8?b?w7zD?= =?utf-8?b?vA==?=", "üü"),
        ("=?utf-8*de?q?Gr=C3=BC?=ezi", "Grüezi"),  # RFC 2231
        ("=?utf-8?Q?with space?=", "with space"),  # not allowed, and common
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),  # no padding
        ("=?utf-8?b?R3LDvMOfZ?=", "Grüß"),  # cut in the middle
        ("=?utf-8?b?****?=", ""),
        ("=?utf-8?q?=ZZ=4?=", "=ZZ=4"),
        ("=?utf-8?q?=FF?=", "\ufffd"),
        ("=?no-such-charset?q?Gr=FC=DFe?=", "Grüße"),
        ("=?rot13?q?uryyb?=", "uryyb"),  # a codec of Python, but of no text
        ("=?unicode_escape?q?=5Cx1b[31m?=", "\\x1b[31m"),
        ("=?idna?q?xn--a?=", "xn--a"),
        ("=?utf-16?b?//4=?=", ""),
        ("=?gb2312?b?gUA=?=", "丂"),
        ("=?iso-8859-1?q?=93quoted=94?=", "“quoted”"),
        ("=?us-ascii?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("=??q?a?=", "=??q?a?="),
        ("", ""),
    ],
)
def test_a_subject_is_decoded(raw: str | bytes, shown: str) -> None:
    assert subject(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("=?utf-8?q?=1B]0;owned=07?= x", "\ufffd]0;owned\ufffd x"),
        ("=?utf-8?b?G1szMW1yZWQ=?=", "\ufffd[31mred"),
        ("\x1b[2Jclear \x9b31m", "\ufffd[2Jclear \ufffd31m"),
        ("=?utf-8?q?a=0D=0ABcc:_x=09y?=", "a Bcc: x y"),
        ("invoice\u202efdp.exe", "invoice\ufffdfdp.exe"),
        ("=?utf-8?q?=E2=80=AEgnp.exe?=", "\ufffdgnp.exe"),
        ("=?utf-7?q?+2AA-?=", "\ufffd"),  # a surrogate
    ],
)
def test_a_subject_can_do_nothing_to_the_terminal(raw: str, shown: str) -> None:
    assert subject(raw) == shown


@pytest.mark.parametrize(
    "markup",
    ["[/", "[/bold]", "[@click=app.quit]x[/]", "[link=file:///x]y", "[red", "\\[x]", ":smile:"],
)
def test_markup_stays_what_it_is(markup: str) -> None:
    assert subject(markup) == markup


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Ann Other <ann@x>", "Ann Other <ann@x>"),
        ('"Other, Ann \\"A\\"" <ann@x>', 'Other, Ann "A" <ann@x>'),
        ("=?utf-8?q?J=C3=BCrgen?= <j@x>", "Jürgen <j@x>"),
        ('"=?utf-8?q?J=C3=BCrgen?=" <j@x>', "Jürgen <j@x>"),
        ("=?utf-8?q?Boss_=3Cboss=40x=3E?= <evil@y>", "Boss <boss@x> <evil@y>"),
        ("<ann@x>", "ann@x"),
        ("ann@x (Ann)", "ann@x (Ann)"),
        ("Nobody <>", "Nobody"),
        ("=?utf-8?q?=1B[2J?= <ann@x>", "\ufffd[2J <ann@x>"),
        ('"', '"'),
        ("", ""),
    ],
)
def test_a_sender_is_a_name_and_an_address(raw: str, shown: str) -> None:
    assert sender(raw) == shown


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("Mon, 5 Jan 2026 10:00:00 +0100", datetime(2026, 1, 5, 9, tzinfo=UTC)),
        ("5 Jan 2026 10:00 GMT (comment)", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("Mon, 5 Jan 2026 10:00:00 -0000", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("Mon Jan  5 10:00:00 2026", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("Mon, 05 Jan 98 10:00:00 +0000", datetime(1998, 1, 5, 10, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_as_utc(raw: str, read: datetime) -> None:
    assert date(raw) == read
    assert str(date(raw)).endswith("+00:00")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "yesterday",
        "Mon, 1 Jan 0001 00:00:00 +0000",
        "Mon, 1 Jan 1 00:00:00 +0000",
        "Mon Jan  1 00:00:00 0001",
        "Fri, 31 Dec 9999 23:59:59 -2300",
        "Thu, 1 Jan 1000000000 00:00:00 +0000",
        "Thu, 1 Jan " + "9" * 5000 + " 00:00:00 +0000",
        "Mon, 32 Jan 2026 10:00:00 +0000",
        "Mon, 5 Jan 2026 25:61:61 +0000",
        "Mon, 5 Jan 2026 10:00:00 +999999",
        "\x1b[31m",
        ",",
        "(",
    ],
)
def test_a_date_that_cannot_be_is_none(raw: str) -> None:
    assert date(raw) is None


def test_what_is_shown_has_an_end() -> None:
    for raw in (b"x" * 900_000, b"=?utf-8?q?a?= " * 70_000, b"=?" * 450_000, b"<" * 900_000):
        summary = summary_of_header(b"Subject: " + raw + b"\r\nFrom: " + raw + b"\r\n\r\n")
        assert len(summary.subject) <= 1000
        assert len(summary.sender) <= 1000


def test_a_header_without_fields_is_shown_as_nothing() -> None:
    assert summary_of_header(b"") == Summary(subject="", sender="", date=None)
