"""The sanitiser."""

from __future__ import annotations

import unicodedata

import pytest

from mailsync_tui.text.safe import safe_text

MARK = "\ufffd"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "Grüße, 日本語, עברית, العربية, हिन्दी",
        "👩\u200d💻 ❤\ufe0f 👍🏽",  # ZWJ and variation selector
        "می\u200cخواهم",  # ZWNJ
        "no\u00a0break, \u3000wide space",
        "\ue000 private use",
        "[/bold] [@click=app.quit] :smile:",
        "",
    ],
)
def test_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    "hostile",
    [
        *"\0\a\b\v\f\x1b\x7f",
        *map(chr, range(0x80, 0xA0)),
        *"\u2028\u2029\u200b\u200e\u200f\u061c\ufeff\u00ad\u2060",
        *map(chr, range(0x202A, 0x202F)),
        *map(chr, range(0x2066, 0x206A)),
        *"\ud800\udcff\udfff\ufdd0\ufffe\U0010ffff\U000e0041",
    ],
)
def test_each_of_these_becomes_a_mark(hostile: str) -> None:
    assert safe_text(f"a{hostile}b") == f"a{MARK}b"


@pytest.mark.parametrize("blank", ["\t", "\n", "\r", "\r\n"])
def test_a_tab_and_a_line_end_become_one_space(blank: str) -> None:
    assert safe_text(f"a{blank}b") == "a b"


def test_no_control_character_of_all_unicode_gets_through() -> None:
    every = "".join(map(chr, range(0x110000)))
    shown = safe_text(every)
    assert {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"} == set()
    assert shown.encode("utf-8")
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert {unicodedata.bidirectional(char) for char in shown} & bidi == set()


def test_an_escape_sequence_is_shown_and_not_sent() -> None:
    assert safe_text("\x1b]8;;http://x\x1b\\y\x9b31m") == f"{MARK}]8;;http://x{MARK}\\y{MARK}31m"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("abcd", 1, "…"),
        ("abcd", 0, ""),
        ("", 0, ""),
        ("abcd", -1, ""),
        ("\r\n\r\n\r\n", 3, "   "),
        ("\r\n\r\n\r\n\r\n", 3, "  …"),
        ("x" * 1_000_000, 4, "xxx…"),
    ],
)
def test_long_text_is_cut_with_an_ellipsis(text: str, limit: int, shown: str) -> None:
    assert safe_text(text, limit) == shown
