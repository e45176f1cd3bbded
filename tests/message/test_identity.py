"""Which message is it: ids, senders, and what is alike or unlike."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from mailsync_tui.message import Identity, identity_of, identity_of_header


def header(**fields: str | bytes) -> bytes:
    """Header lines with CRLF and the empty line; ``_`` in a name stands for ``-``."""
    lines = [
        name.replace("_", "-").encode()
        + b": "
        + (value if isinstance(value, bytes) else value.encode())
        for name, value in fields.items()
    ]
    return b"\r\n".join([*lines, b"", b""])


@pytest.mark.parametrize(
    "value",
    [
        "<plain@example.org>",
        "<[id.with.brackets@example.org]>",  # email.policy.default raises
        "<Mail2L:3143783:x@example.org>",  # cut at the colon
        "<a,b,c@example.org>",  # cut at the comma
        "<one@example.org> <two@example.org>",
        "no brackets at all",
        "<@>",
        "<CamelCase@Example.ORG>",
        "<a@b@c>",
        "<unclosed@example.org",
        '<"quoted \\" string"@example.org>',
        "<" + "x" * 900_000 + "@example.org>",
    ],
)
def test_a_message_id_is_taken_whole(value: str) -> None:
    assert identity_of_header(header(Message_ID=value)).message_id == value


@pytest.mark.parametrize("value", ["", "   ", "\t", "<>", " <> ", "\0"])
def test_an_empty_message_id_names_nothing(value: str) -> None:
    assert identity_of_header(header(Message_ID=value, From="a@b")).message_id is None


def test_a_folded_message_id_is_unfolded() -> None:
    for raw in (b"Message-ID:\r\n <a@b>\r\n\r\n", b"message-id :\t<a@b> \n\n"):
        assert identity_of_header(raw).message_id == "<a@b>"
    assert identity_of_header(b"Message-ID: <a\r\n\t b@c>\r\n\r\n").message_id == "<a b@c>"


def test_ids_that_differ_in_case_or_hold_one_another_are_unlike() -> None:
    ids = ["<id@x>", "<ID@x>", "<id@x.org>", "<my-id@x>", "id@x", "<id@x>, <id@x>"]
    found = [identity_of_header(header(Message_ID=each, From="a@b", Date="d")) for each in ids]
    assert [identity.message_id for identity in found] == ids
    assert len({identity.key for identity in found}) == len(ids)


def test_one_id_on_two_unlike_messages() -> None:
    first = identity_of(header(Message_ID="<a@b>", From="x@y", Date="d") + b"one")
    assert (
        first.agreement(identity_of(header(Message_ID="<a@b>", From="z@y", Date="d"))) == "unlike"
    )
    assert (
        first.agreement(identity_of(header(Message_ID="<a@b>", From="x@y", Date="e"))) == "unlike"
    )
    other = identity_of(header(Message_ID="<a@b>", From="x@y", Date="d") + b"two")
    assert other.key == first.key
    assert other.agreement(first) == "unlike"


def test_agreement_needs_both_digests() -> None:
    raw = header(Message_ID="<a@b>", From="x@y", Date="d") + b"one"
    listed, fetched = identity_of_header(raw), identity_of(raw)
    assert listed.digest is None
    assert replace(fetched, digest=None) == listed
    assert fetched.agreement(identity_of(raw)) == "same"
    assert fetched.agreement(listed) == listed.agreement(fetched) == "unsure"
    assert listed.agreement(listed) == "unsure"


def test_the_subject_counts_only_without_an_id() -> None:
    def key(**fields: str) -> bytes:
        return identity_of_header(header(From="a@b", Date="d", **fields)).key

    assert key(Message_ID="<a@b>", Subject="one") == key(Message_ID="<a@b>", Subject="[list] one")
    assert key(Subject="one") != key(Subject="two")


def test_a_message_without_an_id_is_never_one_with_an_id() -> None:
    with_id = Identity(message_id="x", sender="y", date="z", subject="z")
    without = Identity(message_id=None, sender="x", date="y", subject="z")
    assert with_id.key != without.key
    assert len(with_id.key) == len(without.key) == 16


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("Ann <Ann@Example.ORG>", "ann@example.org"),
        ('"<boss@example.org>" <ann@example.org>', "ann@example.org"),
        ("=?utf-8?q?Ann?= <ann@example.org>", "ann@example.org"),
        ("ANN@example.org", "ann@example.org"),
        ("ann@example.org (Ann  Other)", "ann@example.org (ann other)"),
        ("Nobody <>", "nobody <>"),
        ("> <", "> <"),
        ("", ""),
    ],
)
def test_the_sender_is_the_last_address(value: str, sender: str) -> None:
    assert identity_of_header(header(From=value)).sender == sender


def test_eight_bit_values_are_text_that_a_database_and_json_take() -> None:
    utf8 = identity_of_header(header(Message_ID="<ü@x>", Subject="Grüße"))
    latin = identity_of_header(header(Message_ID=b"<\xfc\xff@x>", Subject=b"Gr\xfc\xdfe\0"))
    assert (utf8.message_id, utf8.subject) == ("<ü@x>", "Grüße")
    assert (latin.message_id, latin.subject) == ("<üÿ@x>", "Grüße")
    for identity in (utf8, latin):
        with sqlite3.connect(":memory:") as database:
            assert database.execute("SELECT ?", [identity.message_id]).fetchone() == (
                identity.message_id,
            )
        assert json.loads(json.dumps(identity.message_id)) == identity.message_id


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_the_header_ends_at_the_first_empty_line(end: bytes) -> None:
    raw = end.join([b"Subject: a", b"From: x@y", b"", b"Subject: b", b"Message-ID: <no@x>", b""])
    identity = identity_of(raw)
    assert (identity.subject, identity.sender, identity.message_id) == ("a", "x@y", None)


def test_the_first_of_two_fields_counts() -> None:
    raw = b"SUBJECT: one\nsubject: two\nMessage-ID: <1@x>\nMessage-ID: <2@x>\n\n"
    assert identity_of_header(raw).subject == "one"
    assert identity_of_header(raw).message_id == "<1@x>"


def test_garbage_in_the_header_hides_no_field() -> None:
    raw = (
        b"From ann@x Mon Jan  5 10:00:00 2026\n>From bob@x Mon Jan  5 10:00:00 2026\n"
        b"garbage\n: no name\nSubject\n folded on\nSubject : a\n  b\0\nX Y: z\nDate: d\r\r\n\tf\n"
        b"\xff\xfe: x\nMessage-ID: <a@b>\n\nSubject: body\n"
    )
    identity = identity_of(raw)
    assert (identity.subject, identity.date, identity.message_id) == ("a b", "d f", "<a@b>")


def test_a_header_alone_reads_like_the_whole_message() -> None:
    fields = header(Message_ID="<a@b>", From="x@y", Date="d", Subject="s", Received="from z")
    listed = b"Subject: s\r\nDATE: d\r\nfrom: x@y\r\nMessage-Id: <a@b>\r\n\r\n"  # an IMAP answer
    whole = identity_of(fields + b"body")
    assert replace(whole, digest=None) == identity_of_header(listed)
    assert identity_of_header(listed.rstrip()) == identity_of_header(listed)


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\r\n\r\n", b"\0", b"From ", b"just text", b":", b">"]
)
def test_what_is_no_message_has_an_identity_all_the_same(raw: bytes) -> None:
    identity = identity_of(raw)
    assert (identity.message_id, identity.sender, identity.subject) == (None, "", "")
    assert identity.agreement(identity_of(raw)) == "same"
