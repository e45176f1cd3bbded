"""Which parts are found, shown and listed."""

from __future__ import annotations

import pytest

from mailsync_tui.reading import read_message
from mailsync_tui.reading.attachments import ATTACHMENTS_LISTED
from mailsync_tui.reading.mime import PARTS_READ, parse
from tests.builders import multipart, one_part, part
from tests.reading.build import lines, read

HTML = part("<p>rich</p>", "text/html")
PNG = part("x", "image/png")


def names(raw: bytes | str) -> list[str]:
    return [attachment.name for attachment in read(raw).attachments]


def test_plain_text_is_preferred_and_the_other_alternatives_are_listed() -> None:
    raw = multipart(HTML, part("plain"), subtype="alternative")
    assert lines(raw) == ["plain"]
    assert names(raw) == ["part-1.html"]


@pytest.mark.parametrize("blank", ["", " \n\n", "\u00a0\n"])
def test_html_is_shown_where_the_plain_alternative_is_blank(blank: str) -> None:
    raw = multipart(part(blank), HTML, subtype="alternative")
    assert lines(raw) == ["rich"]
    assert names(raw) == []


def test_an_alternative_may_hold_parts() -> None:
    related = multipart(HTML, PNG, subtype="related", boundary="inner")
    raw = multipart(part("BEGIN:VCALENDAR", "text/calendar"), related, subtype="alternative")
    assert lines(raw) == ["rich"]
    assert names(raw) == ["part-1.ics", "part-2.png"]


def test_of_related_parts_the_start_is_shown() -> None:
    first, second = part("first", more="Content-ID: <1>\n"), part("2nd", more="Content-ID: <2>\n")
    assert lines(multipart(first, second, subtype="related")) == ["first"]
    assert lines(multipart(first, second, subtype="related", more='; start="<2>"')) == ["2nd"]


def test_texts_of_a_mixed_message_follow_each_other() -> None:
    raw = multipart(part("one\n\n"), PNG, part("two"))
    assert lines(raw) == ["one", "", "two"]


def test_a_text_that_is_an_attachment_is_listed_only() -> None:
    raw = multipart(part("one"), part("two", more="Content-Disposition: attachment\n"))
    assert lines(raw) == ["one"]
    assert names(raw) == ["part-1.txt"]


def test_a_shown_text_with_a_file_name_can_be_saved_too() -> None:
    more = 'Content-Disposition: inline; filename="a.patch"\n'
    raw = multipart(part("one"), part("two", "text/x-patch", more))
    assert lines(raw) == ["one", "", "two"]
    assert names(raw) == ["a.patch"]


def test_text_for_programs_is_shown_only_where_there_is_nothing_else() -> None:
    calendar = part("BEGIN:VCALENDAR", "text/calendar")
    assert lines(multipart(part("Meet"), calendar)) == ["Meet"]
    assert lines(multipart(PNG, calendar)) == ["BEGIN:VCALENDAR"]
    alone = read(one_part("BEGIN:VCALENDAR", "text/calendar"))
    assert (alone.lines, alone.attachments) == (("BEGIN:VCALENDAR",), ())


def test_a_message_within_is_shown_with_its_header_and_can_be_saved() -> None:
    inner = 'From: "=?utf-8?q?J=C3=B6rg?=" <j@example.org>\nSubject: inner\nX-A: b\n\nhello'
    raw = multipart(part("see"), part(inner, "message/rfc822"), part("bye"))
    assert lines(raw) == [
        "see",
        "",
        "---------- Attached message ----------",
        'From: "Jörg" <j@example.org>',
        "Subject: inner",
        "",
        "hello",
        "",
        "---------- End of the attached message ----------",
        "",
        "bye",
    ]
    (attachment,) = read(raw).attachments
    assert (attachment.name, attachment.size) == ("part-1.eml", len(inner.encode()))


def test_a_bounce_is_readable() -> None:
    status = part("Action: failed\nStatus: 5.0.0", "message/delivery-status")
    raw = multipart(
        part("Sorry."), status, part("Subject: lost", "text/rfc822-headers"), subtype="report"
    )
    assert lines(raw) == ["Sorry.", "", "Action: failed", "Status: 5.0.0", "", "Subject: lost"]


def test_a_digest_holds_messages() -> None:
    raw = multipart("\nSubject: one\n\n1", "\nSubject: two\n\n2", subtype="digest")
    assert [line for line in lines(raw) if line.startswith("Subject")] == [
        "Subject: one",
        "Subject: two",
    ]


@pytest.mark.parametrize(
    ("protocol", "note"),
    [
        ("application/pgp-signature", "Signed with PGP; the signature was not verified."),
        ("application/pkcs7-signature", "Signed with S/MIME; the signature was not verified."),
        ("application/x-other", "Signed; the signature was not verified."),
    ],
)
def test_a_signature_is_listed_and_noted(protocol: str, note: str) -> None:
    raw = multipart(
        part("signed"), part("-", protocol), subtype="signed", more=f"; protocol={protocol}"
    )
    reading = read(raw)
    assert reading.lines == ("signed",)
    assert reading.notes == (note,)
    assert [attachment.type for attachment in reading.attachments] == [protocol]


def test_what_is_encrypted_is_noted() -> None:
    encrypted = multipart(part("v", "application/pgp-encrypted"), PNG, subtype="encrypted")
    assert "Encrypted with PGP; it cannot be read here." in read(encrypted).notes
    smime = one_part("x", "application/pkcs7-mime; smime-type=enveloped-data")
    assert "Encrypted or signed with S/MIME; it cannot be read here." in read(smime).notes
    opaque = one_part("x", "application/pkcs7-mime; smime-type=signed-data")
    assert any("inside the attachment" in note for note in read(opaque).notes)


def test_tnef_is_listed() -> None:
    raw = multipart(part("a"), part("x", "application/ms-tnef; name=winmail.dat"))
    assert names(raw) == ["winmail.dat"]


# Broken structure


@pytest.mark.parametrize(
    "raw",
    [
        "Content-Type: multipart/mixed\n\n--b\n\none",
        "Content-Type: multipart/mixed; boundary=c\n\n--b\n\none",
    ],
)
def test_without_its_boundary_a_multipart_is_shown_as_it_stands(raw: str) -> None:
    reading = read(raw)
    assert reading.lines == ("--b", "", "one")
    assert "The boundary between the parts is missing; they are shown as they stand." in (
        reading.notes
    )


def test_the_last_delimiter_may_be_missing() -> None:
    raw = multipart(part("one"), part("two")).removesuffix("--b--\n")
    assert lines(raw) == ["one", "", "two"]


def test_an_outer_delimiter_ends_the_inner_parts() -> None:
    inner = multipart(part("one"), boundary="c").replace("--c--\n", "")
    assert lines(multipart(inner, part("two"))) == ["one", "", "two"]


def test_boundaries_may_begin_alike_and_end_in_dashes() -> None:
    inner = multipart(part("one"), boundary="b-1--")
    assert lines(multipart(inner, part("two"))) == ["one", "", "two"]


def test_one_boundary_on_two_levels() -> None:
    inner = multipart(part("one"), part("two"))
    assert lines(multipart(inner, part("three"))) == ["one", "", "two"]


def test_preamble_and_epilogue_are_not_shown() -> None:
    raw = multipart(part("one")).replace("\n\n--b", "\n\npreamble\n--b", 1) + "epilogue\n--b\n\nno"
    assert lines(raw) == ["one"]


def test_the_line_end_before_a_delimiter_is_not_part_of_the_content() -> None:
    raw = multipart(part("AAAA", "image/png"), part("two")).replace("\n", "\r\n")
    assert read(raw).attachments[0].size == 4


@pytest.mark.parametrize(
    "raw",
    [
        multipart(part("one")).replace("\n\n--b", "\n--b"),  # no empty line after the header
        multipart(part("one")).replace("\n", "\r"),
        multipart(part("one")).replace("\n", "\r\r\n").replace("\r\r\n\r\r\n", "\r\n\r\n"),
        multipart("one"),  # a part without a header
        multipart(part("one")).replace("mixed;", "mixed;\n"),
        multipart(part("one"), more="\nContent-Transfer-Encoding: quoted-printable"),
        multipart(part("one"), subtype="*"),
        "From a@b Mon Jan  5 10:00:00 2026\n" + multipart(part("one")),
        "one",
    ],
)
def test_odd_forms_are_read(raw: str) -> None:
    assert lines(raw) == ["one"]


def test_a_header_without_an_end_goes_to_the_next_delimiter() -> None:
    raw = multipart("Content-Type: image/png", part("two"))
    assert lines(raw) == ["two"]
    assert [(a.type, a.size) for a in read(raw).attachments] == [("image/png", 0)]


@pytest.mark.parametrize("type_", ["", "text", "x", "/", "text/", "t t/x", "Text/PLAIN", "\x1b/a"])
def test_what_type_is_not_understood_is_text(type_: str) -> None:
    assert parse(one_part("one", type_)).root.type == "text/plain"


# Limits


def test_depth_costs_no_recursion() -> None:
    opened = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(9000)
    )
    closed = "".join(f"\n--b{n}--" for n in reversed(range(9000)))
    assert lines(f"{opened}\ntext{closed}") == ["text"]
    messages = "Content-Type: message/rfc822\n\n" * 9000 + "\ntext"
    assert lines(messages)[-1] == "text"


def test_thousands_of_parts() -> None:
    raw = multipart(*(part(str(n)) for n in range(3000)))
    reading = read(raw)
    assert [line for line in reading.lines if line] == [str(n) for n in range(3000)]
    assert reading.notes == ()


def test_too_many_parts_are_noted() -> None:
    exactly = multipart(*[part("x")] * (PARTS_READ - 1))
    assert read(exactly).notes == ()
    more = read(multipart(*[part("x")] * PARTS_READ))
    assert more.notes == ("The message has more than 10,000 parts; the others were not read.",)
    assert more.lines[-1] == "x"


def test_too_many_attachments_are_noted() -> None:
    reading = read(multipart(part("a"), *[PNG] * (ATTACHMENTS_LISTED + 1)))
    assert [attachment.number for attachment in reading.attachments] == list(range(1, 1001))
    assert reading.notes == ("Only 1,000 of 1,001 attachments are listed.",)


def test_a_message_without_text_says_so() -> None:
    assert read(b"").notes == ("The message holds no text.",)
    assert read_message(one_part("\n\n", "text/html")).notes == ("The message holds no text.",)
