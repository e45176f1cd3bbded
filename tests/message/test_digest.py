"""The content digest: what it overlooks, and what it never does."""

from __future__ import annotations

import re

import pytest

from mailsync_tui.message import content_digest, identity_of

MESSAGE = (
    b"Received: from a by b\r\nMIME-Version: 1.0\r\nFrom: Ann <ann@x>\r\nTo: bob@x,\r\n carl@x\r\n"
    b"Subject: a\r\n\tlong one\r\nDate: Mon, 5 Jan 2026 10:00:00 +0100\r\nMessage-ID: <a@x>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Dear Bob,\r\n\r\n>> From me\r\nFrom here on.\r\n\r\n  Ann \r\n"
)
HEADER, BODY = MESSAGE.split(b"\r\n\r\n", 1)


@pytest.mark.vice(5)
@pytest.mark.parametrize(
    "served",
    [
        MESSAGE.replace(b"\r\n", b"\n"),
        MESSAGE.replace(b"\r\n", b"\r"),
        MESSAGE.replace(b"\r\n", b"\r\r\n"),
        MESSAGE + b"\r\n",
        MESSAGE + b"\r\n \t\r\n\n",
        MESSAGE + b"\r",
        MESSAGE.rstrip(),
        MESSAGE + b"\0",
        b"X-UID: 7\r\n" + MESSAGE,
        HEADER + b"\r\nX-UIDL: abc\r\nStatus: RO\r\nX-IMAPbase: 1 2\r\n\r\n" + BODY,
        HEADER + b"\r\nLines: 9\r\nContent-Length: 99\r\nX-Keywords:\r\n\r\n" + BODY,
        b"Return-Path: <ann@x>\r\nDelivered-To: bob@x\r\n" + MESSAGE,
        b"From ann@x Mon Jan  5 10:00:00 2026\n" + MESSAGE,
        b">From ann@x Mon Jan  5 10:00:00 2026\r\n" + MESSAGE,
        MESSAGE.replace(b"\nFrom here", b"\n>From here"),
        MESSAGE.replace(b"\nFrom here", b"\n>>From here"),
        MESSAGE.replace(b"\r\n carl", b" carl"),
        MESSAGE.replace(b"Subject:", b"SUBJECT :"),
        MESSAGE.replace(b"MIME-Version: 1.0\r\n", b""),
    ],
)
def test_what_servers_do_to_a_message_does_not_count(served: bytes) -> None:
    assert served != MESSAGE
    assert content_digest(served) == content_digest(MESSAGE)
    assert identity_of(served) == identity_of(MESSAGE)


@pytest.mark.parametrize(
    "other",
    [
        MESSAGE.replace(b"here on", b"here off"),
        MESSAGE.replace(b"carl", b"dora"),
        MESSAGE.replace(b"long", b"longer"),
        MESSAGE.replace(b"<a@x>", b"<b@x>"),
        MESSAGE.replace(b"10:00", b"10:01"),
        MESSAGE.replace(b"utf-8", b"koi8-r"),
        MESSAGE.replace(b"Ann <ann@x>", b"Ann <ann@y>"),
        MESSAGE.replace(b"To: ", b"Cc: "),
        HEADER,
        HEADER + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + BODY,
        HEADER + b"\r\na line that is no field\r\n\r\n" + BODY,
        b"\r\n" + MESSAGE,
        MESSAGE + b".",
    ],
)
def test_what_a_person_wrote_does_count(other: bytes) -> None:
    assert content_digest(other) != content_digest(MESSAGE)


def test_the_digest_is_64_hexadecimal_digits() -> None:
    assert re.fullmatch("[0-9a-f]{64}", content_digest(MESSAGE))


def test_a_missing_field_is_like_an_empty_one() -> None:
    assert content_digest(b"From: a\n\nx") == content_digest(b"From: a\nCc:\nTo: \n\nx")


def test_text_without_a_header_is_told_apart() -> None:
    texts = [b"", b"one", b"two", b"http://one", b"http://two", b"X-Mine: 1", b"X-Mine: 2"]
    assert len({content_digest(text) for text in texts}) == len(texts)
    assert content_digest(b"X-Mine: 1\nStatus: O\n\n") == content_digest(b"X-Mine: 1")


def test_an_mbox_line_before_no_header_leaves_the_empty_line() -> None:
    raw = b"From ann@x Mon Jan  5 10:00:00 2026\n\nSubject: in the body\n"
    assert identity_of(raw).subject == ""


def test_a_message_of_50_megabytes() -> None:
    line = b"a line of text that is repeated until the message is really large\r\n"
    large = HEADER + b"\r\n\r\n" + line * (50_000_000 // len(line))
    assert content_digest(large + b"\n") == content_digest(large)
    assert content_digest(large + b"x") != content_digest(large)


def test_the_end_of_a_body_is_found_behind_many_blanks() -> None:
    assert content_digest(MESSAGE + b" \r\n" * 100_000) == content_digest(MESSAGE)
    assert content_digest(b"From: a\n\n" + b" \r\n" * 100_000) == content_digest(b"From: a\n")


def test_a_quoted_from_far_into_a_large_body_counts_as_unquoted() -> None:
    filler = b"0123456789abcde\r\n" * 150_000
    quoted = HEADER + b"\r\n\r\n" + filler + b">From x\r\n" + filler
    assert content_digest(quoted) == content_digest(quoted.replace(b">From", b"From"))


@pytest.mark.parametrize("size", [900_000, 3_000_000])
def test_a_line_of_900_kilobytes(size: int) -> None:
    for raw in (
        b"Subject: " + b"x" * size + b"\r\nMessage-ID: <a@x>\r\n\r\nbody",
        b"x" * size + b"\r\nMessage-ID: <a@x>\r\n\r\nbody",
        b"From " * (size // 5) + b"\r\nMessage-ID: <a@x>\r\n\r\nbody",
        b"x" + b" " * size + b"\r\nMessage-ID: <a@x>\r\n\r\nbody",
        b"Message-ID: <a@x>\r\n\r\n" + b">" * size + b"From x",
    ):
        assert identity_of(raw).message_id == "<a@x>"


def test_a_header_of_a_million_fields() -> None:
    raw = b"X: y\r\n" * 1_000_000 + b"Message-ID: <a@x>\r\n\r\nbody"
    assert identity_of(raw).message_id == "<a@x>"


def test_mime_nested_100_deep() -> None:
    raw = b"Content-Type: text/plain\r\n\r\nthe kernel\r\n"
    for depth in range(100):
        edge = b"edge%d" % depth
        raw = b"Content-Type: multipart/mixed; boundary=%b\r\n\r\n--%b\r\n%b\r\n--%b--\r\n" % (
            edge,
            edge,
            raw,
            edge,
        )
    raw = b"Message-ID: <a@x>\r\n" + raw
    assert identity_of(raw).message_id == "<a@x>"
    assert content_digest(raw.replace(b"kernel", b"colonel")) != content_digest(raw)
