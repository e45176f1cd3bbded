"""Breaking lines in terminal cells, and finding the row of a place again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.message import PlainDocument
from mailsync_tui.ui.rows.wrap import Hit, TextLine, Wrapped, find, rows_of


def rows(text: str, width: int, hang: int = 0) -> list[str]:
    return [text[start:end] for start, end in rows_of(text, width, hang)]


def joined(wrapped: Wrapped, index: int) -> str:
    return "".join(text for text, _ in wrapped.spans(index, 0))


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, [""]),
        ("short", 10, ["short"]),
        ("just right", 10, ["just right"]),
        ("one two three", 7, ["one two", "three"]),
        ("one two   three", 7, ["one two", "three"]),
        ("one two   three", 8, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("   abcdefghij", 6, ["   abc", "defghi", "j"]),
        ("日本語日本語", 4, ["日本", "語日", "本語"]),
        ("a日本語", 4, ["a日", "本語"]),
        ("naïve café ☕ ☕", 8, ["naïve", "café ☕", "☕"]),
        ("e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]),
    ],
)
def test_breaks(text: str, width: int, expected: list[str]) -> None:
    assert rows(text, width) == expected


def test_all_rows_but_the_first_are_moved_in() -> None:
    assert rows("To: ann bob cid", 7, hang=4) == ["To: ann", "bob", "cid"]
    assert rows("To: annabobacid", 7, hang=4) == ["To:", "ann", "abo", "bac", "id"]
    assert list(rows_of("To: annabobacid", 7, 4, 4)) == [(0, 7), (7, 10), (10, 13), (13, 15)]
    wrapped = Wrapped(PlainDocument([TextLine("To: ann bob", "", label=4, hang=4)]), 7)
    assert [wrapped.spans(n, 7) for n in range(2)] == [
        [("To: ", "name"), ("ann", "")],
        [("    ", ""), ("bob", "")],
    ]


@given(st.text(max_size=80), st.integers(2, 40))
def test_no_row_is_too_wide_and_no_word_is_lost(text: str, width: int) -> None:
    text = safe_text(text)
    found = rows(text, width)
    assert all(cell_len(row) <= width for row in found)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


def test_marks_without_a_cell_do_not_make_a_row_endless() -> None:
    text = "a" + "\u0301" * 10_000
    found = rows(text, 80)
    assert "".join(found) == text
    assert max(map(len, found)) <= 400
    assert len(found) < 100


def test_a_place_is_found_again_at_another_width() -> None:
    document = PlainDocument(
        [TextLine("word " * 50 + "end"), TextLine(""), TextLine("x" * 300), TextLine("last")]
    )
    narrow, wide = Wrapped(document, 20), Wrapped(document, 60)
    for index in range(len(narrow)):
        line, start = narrow.key(index)
        row = wide.index((line, start))
        assert row is not None
        assert wide.key(row) <= (line, start)
        assert row + 1 == len(wide) or wide.key(row + 1) > (line, start)
    assert wide.index((9, 0)) is None
    assert wide.index("nothing") is None


def test_words_are_found_whatever_their_case_and_marked_over_a_break() -> None:
    document = PlainDocument(
        [TextLine("Subject: tax", "strong", label=9), TextLine("aTAXb"), TextLine("ta xtax")]
    )
    hits = find(document, "tax", 10)
    assert hits == [Hit(0, 9, 12), Hit(1, 1, 4), Hit(2, 4, 7)]
    assert find(document, "tax", 2) == hits[:2]
    assert find(document, "[", 2) == []
    wrapped = Wrapped(PlainDocument([TextLine("taxtax tax")]), 4)
    wrapped.hits, wrapped.hit = find(wrapped.document, "taxtax", 10), 0
    assert [wrapped.spans(n, 4) for n in range(3)] == [
        [("taxt", "hit-here")],
        [("ax", "hit-here")],
        [("tax", "")],
    ]


@given(st.text("ab :", min_size=1, max_size=40), st.text("ab", min_size=1, max_size=2))
def test_marking_changes_no_text(text: str, words: str) -> None:
    document = PlainDocument([TextLine(text, "strong", label=5), TextLine(text)])
    plain, marked = Wrapped(document, 7), Wrapped(document, 7)
    marked.hits, marked.hit = find(document, words, 100), 1
    assert [joined(marked, n) for n in range(len(marked))] == [
        joined(plain, n) for n in range(len(plain))
    ]
    cells = sum(len(t) for n in range(len(marked)) for t, s in marked.spans(n, 7) if "hit" in s)
    assert cells == sum(hit.end - hit.start for hit in marked.hits)
