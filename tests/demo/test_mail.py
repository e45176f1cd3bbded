"""The demo's letters: the same bytes every time, and what a person would find in a mailbox."""

from __future__ import annotations

import email
import email.policy
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

import mailsync_tui
from mailsync_tui.demo.mail import mime
from mailsync_tui.demo.mail.letters import REFERENCE, Letter, Writer
from mailsync_tui.demo.scenario import SMALL, build_scenario
from tests.demo.oracle import History, letters_of

SOURCE_ROOT = Path(mailsync_tui.__file__).parents[1]

SCENARIO = build_scenario()
FINGERPRINT = """
import hashlib
from mailsync_tui.demo.scenario import build_scenario
print(hashlib.sha256(repr(build_scenario()).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def letters() -> tuple[Letter, ...]:
    return letters_of(SCENARIO)


def parsed(letter: Letter) -> email.message.EmailMessage:
    message = email.message_from_bytes(letter.data, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    return message


def test_the_bytes_do_not_depend_on_the_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", FINGERPRINT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(SOURCE_ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_another_seed_writes_other_letters() -> None:
    assert Writer(1).letter("work").data != Writer(2).letter("work").data


def test_everyday_life_brings_about_400(letters: tuple[Letter, ...]) -> None:
    ever = History(SCENARIO).ever
    everyday = [letter for letter in letters if not ever[letter] & set(SMALL)]
    assert 380 <= len(everyday) <= 420


def test_the_small_accounts_have_a_dozen_or_two_each() -> None:
    counts = Counter(name for places in History(SCENARIO).ever.values() for name in places)
    for name in SMALL:
        assert 12 <= counts[name] <= 30


def test_each_is_a_message_without_defects(letters: tuple[Letter, ...]) -> None:
    for letter in letters:
        message = parsed(letter)
        assert [part.defects for part in message.walk() if part.defects] == []
        assert message["Subject"] == letter.subject
        assert message["From"].addresses[0].display_name == letter.sender
        assert message["Date"].datetime == letter.date
        assert message["Message-ID"] == letter.message_id


def test_lines_are_as_the_wire_wants_them(letters: tuple[Letter, ...]) -> None:
    for letter in letters:
        assert letter.data.isascii()
        assert letter.data.endswith(b"\r\n")
        assert letter.data.count(b"\n") == letter.data.count(b"\r\n") == letter.data.count(b"\r")
        assert max(map(len, letter.data.split(b"\r\n"))) <= 998


def test_none_is_younger_than_the_reference_date(letters: tuple[Letter, ...]) -> None:
    assert max(letter.date for letter in letters) < REFERENCE


def test_no_two_subjects_and_texts_are_equal(letters: tuple[Letter, ...]) -> None:
    assert max(Counter(letter.subject for letter in letters).values()) == 1
    assert max(Counter(letter.data.partition(b"\r\n\r\n")[2] for letter in letters).values()) == 1


def test_no_slot_is_left_open(letters: tuple[Letter, ...]) -> None:
    for letter in letters:
        body = parsed(letter).get_body(("plain", "html"))
        assert body is not None
        text = body.get_content().replace("{ font-family: sans-serif; max-width: 40em }", "")
        assert "{" not in letter.subject + text


def test_the_subjects_are_in_many_scripts(letters: tuple[Letter, ...]) -> None:
    scripts = {
        unicodedata.name(character, "").split()[0]
        for letter in letters
        for character in letter.subject
        if character.isalpha()
    }
    assert {
        "LATIN",
        "CJK",
        "HIRAGANA",
        "HANGUL",
        "CYRILLIC",
        "GREEK",
        "HEBREW",
        "ARABIC",
        "THAI",
        "DEVANAGARI",
    } <= scripts


def test_some_subjects_have_emoji(letters: tuple[Letter, ...]) -> None:
    emoji = [
        letter
        for letter in letters
        if any(unicodedata.category(character) == "So" for character in letter.subject)
    ]
    assert len(emoji) >= 4


def test_some_have_attachments_of_each_kind(letters: tuple[Letter, ...]) -> None:
    kinds = Counter(
        part.get_content_type() for letter in letters for part in parsed(letter).iter_attachments()
    )
    assert set(kinds) == {"application/pdf", "image/png", "text/calendar", "text/csv"}
    assert min(kinds.values()) >= 3


def test_some_are_html_only(letters: tuple[Letter, ...]) -> None:
    assert sum(parsed(letter).get_content_type() == "text/html" for letter in letters) >= 10


def test_some_answer_others(letters: tuple[Letter, ...]) -> None:
    ids = {letter.message_id for letter in letters}
    answers = [parsed(letter)["In-Reply-To"] for letter in letters if b"In-Reply-To" in letter.data]
    assert len(answers) >= 10
    assert set(answers) <= ids


def test_two_letters_of_one_id_share_nothing_else() -> None:
    writer = Writer(3)
    letter = writer.letter("private")
    other = writer.same_id(letter, "work")
    assert other.message_id == letter.message_id
    assert other.sender != letter.sender
    assert other.date != letter.date
    assert other.data != letter.data


@pytest.mark.parametrize(
    "text", ["ö" * 80, "日本語の長い件名" * 12, "🎶" * 40, "mixed – text " * 9]
)
def test_long_subjects_are_folded_into_encoded_words(text: str) -> None:
    header = mime.encoded(text)
    assert max(map(len, header.split("\r\n"))) <= 76
    message = email.message_from_string(f"Subject: {header}\r\n\r\n", policy=email.policy.default)
    assert message["Subject"] == text


def test_a_picture_is_a_png_that_can_be_read() -> None:
    import zlib
    from random import Random

    data = mime.picture(Random(1))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    begin = data.index(b"IDAT") + 4
    rows = zlib.decompress(data[begin : data.index(b"IEND") - 8])
    assert len(rows) == 32 * (48 * 3 + 1)


def test_a_pdf_finds_its_own_table() -> None:
    data = mime.pdf("Invoice (7) für Ann")
    table = int(data.split(b"startxref\n")[1].split(b"\n")[0])
    assert data[table:].startswith(b"xref\n0 6\n")
    first = int(data[table:].split(b"\n")[3].split()[0])
    assert data[first:].startswith(b"1 0 obj")
    assert b"(Invoice [7] f?r Ann) Tj" in data
