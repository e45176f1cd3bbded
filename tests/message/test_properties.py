"""What holds for any bytes at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync_tui.message import content_digest, identity_of, identity_of_header, summary_of_header
from mailsync_tui.text.encoded_words import decode_words
from mailsync_tui.text.safe import safe_text

TOKENS = (
    b"\r|\n|\r\n|\r\n\r\n|\n |:|: |>|<|>From |From |From:|Subject: |Message-ID: |Date: |\0|\xff|"
    b"Content-Type: |X-UID: 1|=?utf-8?q?|?=|=?|?b?|=C3|12:30|Mon, 5 Jan 2026| +0100|9999999999"
)
tokens = st.sampled_from(TOKENS.split(b"|"))
nasty = st.lists(st.one_of(tokens, st.binary(max_size=8)), max_size=30).map(b"".join)

# Messages whose lines end in CRLF, as every server gives them
lines = st.binary(max_size=30).map(lambda raw: raw.translate(None, b"\r\n"))
values = lines.map(lambda raw: raw.replace(b"\0", b""))
bodies = st.lists(st.one_of(lines, st.sampled_from([b"From x", b">From y", b""])), max_size=6)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    names = draw(st.lists(st.sampled_from([b"Subject", b"To", b"Message-ID", b"X-A"]), max_size=5))
    fields = [b"From: " + draw(values), *(name + b": " + draw(values) for name in names)]
    return b"\r\n".join([*fields, b"", *draw(bodies), b""])


def in_header(field: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n\r\n", 1)


ALTERATIONS: dict[str, Callable[[bytes], bytes]] = {
    "bare LF": lambda raw: raw.replace(b"\r\n", b"\n"),
    "bare CR": lambda raw: raw.replace(b"\r\n", b"\r"),
    "CR CR LF": lambda raw: raw.replace(b"\n", b"\r\n"),
    "last line end cut": lambda raw: raw.removesuffix(b"\r\n"),
    "line end added": lambda raw: raw + b"\r\n",
    "bare CR added": lambda raw: raw + b"\r",
    "From quoted": lambda raw: re.sub(rb"\n(>*From )", rb"\n>\1", raw),
    "mbox line": lambda raw: b"From a@b Mon Jan  5 10:00:00 2026\r\n" + raw,
    "X-UID": in_header(b"X-UID: 12"),
    "X-UIDL": in_header(b"X-UIDL: a\r\n b"),
    "Status": in_header(b"Status: RO\r\nX-Status: A\r\nX-IMAPbase: 1 2"),
    "Received": lambda raw: b"Received: from x\r\n\tby y\r\nReturn-Path: <z>\r\n" + raw,
}


@given(nasty)
def test_nothing_raises_and_all_of_it_is_text(raw: bytes) -> None:
    identity, summary = identity_of(raw), summary_of_header(raw)
    texts = [identity.sender, identity.date, identity.subject, summary.subject, summary.sender]
    if identity.message_id is not None:
        assert identity.message_id.strip()
        texts.append(identity.message_id)
    assert "\0" not in json.dumps(texts, ensure_ascii=False)
    assert "".join(texts).encode("utf-8") is not None
    assert len(identity.key) == 16
    assert summary.date is None or summary.date.utcoffset() is not None
    assert identity.digest == content_digest(raw)
    assert replace(identity, digest=None) == identity_of_header(raw)


@pytest.mark.vice(5)
@pytest.mark.parametrize("alteration", ALTERATIONS)
@given(raw=messages())
def test_a_server_may_alter_a_message(alteration: str, raw: bytes) -> None:
    assert identity_of(ALTERATIONS[alteration](raw)) == identity_of(raw)


@given(messages(), messages())
def test_agreement_is_symmetric_and_knows_unlike_bodies(one: bytes, other: bytes) -> None:
    first, second = identity_of(one), identity_of(other)
    assert first.agreement(second) == second.agreement(first)
    assert first.agreement(identity_of(one + b"more")) == "unlike"


@given(st.text())
def test_safe_text_is_done_after_once(text: str) -> None:
    assert safe_text(safe_text(text)) == safe_text(text)
    assert len(safe_text(text, 5)) <= 5


@given(
    st.text(st.characters(), max_size=20), st.sampled_from(["utf-8", "x", "base64", "\xe9", "7"])
)
def test_decoding_words_never_raises(content: str, charset: str) -> None:
    for encoding in "qb":
        assert isinstance(decode_words(f"=?{charset}?{encoding}?{content}?="), str)
