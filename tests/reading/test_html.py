"""HTML as text."""

from __future__ import annotations

import pytest

from mailsync_tui.reading.htmltext import HTML_READ, LINKS_LISTED
from tests.builders import multipart, one_part, part
from tests.reading.build import html, lines, read


def test_blocks_lists_quotes_and_tables() -> None:
    text = """<h1>Title</h1>
        <p>One   <b>bold</b>
        word.<br>Next<p>Two
        <ul><li>a<li>b <ol><li>x<li><p>y</ol></ul>
        <blockquote>said<blockquote>before</blockquote></blockquote>
        <table><tr><td>1<td>2<tr><th>3<td>4</table><hr><div>end</div>"""
    assert html(text) == [
        "Title",
        "",
        "One bold word.",
        "Next",
        "",
        "Two",
        "",
        "* a",
        "* b",
        "  1. x",
        "",
        "  2. y",
        "",
        "> said",
        ">",
        "> > before",
        "",
        "1 2",
        "3 4",
        "-" * 40,
        "end",
    ]


def test_two_line_breaks_are_an_empty_line() -> None:
    assert html("a<br><br>b<br>c") == ["a", "", "b", "c"]


def test_preformatted_text_keeps_its_form() -> None:
    assert html("<pre>\n a\n\n  b\tc</pre>d") == [" a", "", "  b     c", "d"]


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<title>x</title>",
        "<template>x</template>",
        "<!-- x -->",
        "<!--[if mso]>x<![endif]-->",
        "<script>x",
    ],
)
def test_what_is_no_text_is_dropped(hidden: str) -> None:
    assert html(f"a{hidden}") == ["a"]


@pytest.mark.parametrize(
    "shown",
    [
        '<div style="display:none">x</div>',
        '<span hidden style="font-size:0;color:#fff">x</span>',
        "<noscript>x</noscript>",
        "<![if !mso]>x<![endif]>",
        "<o:p>x</o:p>",
        "<textarea>x</textarea>",
    ],
)
def test_hidden_text_is_shown(shown: str) -> None:
    assert " ".join(html(f"a {shown}")).split() == ["a", "x"]


def test_padding_of_empty_characters_is_taken_out() -> None:
    assert html("a&nbsp;&zwnj;&nbsp;&zwnj;\u034f \ufeff\u200b b soft&shy;ly ی\u200cی") == [
        "a b softly ی\u200cی"
    ]


# Links


def test_targets_are_listed_by_number() -> None:
    text = '<a href="https://x.example/?a=1&amp;b">here</a> <a href=https://y.example>there</a>'
    assert html(f'{text} <a href="https://x.example/?a=1&amp;b">again</a>') == [
        "here [1] there [2] again [1]",
        "",
        "[1] https://x.example/?a=1&b",
        "[2] https://y.example",
    ]


@pytest.mark.parametrize(
    "label",
    [
        "https://bank.example/login",
        "Log in at https://bank.example now",
        "www.bank.example",
        "bank.example",
        "bank.example/a",
        "help@bank.example",
        "<b>bank</b>.example",
    ],
)
def test_a_label_that_looks_like_a_target_stands_beside_the_true_one(label: str) -> None:
    (line,) = html(f'<a href="https://evil.example/">{label}</a>')
    assert line.endswith(" <https://evil.example/>")


@pytest.mark.parametrize(
    ("href", "label"),
    [
        ("https://a.example/", "https://a.example"),
        ("https://a.example/x", "a.example/x"),
        ("mailto:a@b.example", "a@b.example"),
        ("#top", "up"),
        ("", "nowhere"),
        ("https://a.example", " "),
    ],
)
def test_a_label_that_says_the_target_stands_alone(href: str, label: str) -> None:
    assert html(f'x <a href="{href}">{label}</a>') == [f"x {label}".rstrip()]


def test_the_target_is_made_safe_and_whole() -> None:
    assert html('<a href=" java\nscript:\x1bx\u202e ">a</a>')[-1] == "[1] javascript:\ufffdx\ufffd"
    assert html(f'<a href="data:{"x" * 9000}">a</a>')[-1] == f"[1] data:{'x' * 1994}…"


def test_images_show_their_text() -> None:
    assert html('<img alt="A  cat" src=x><img src=y>') == ["[A cat]"]
    assert html('<a href="https://a.example"><img src=x></a>')[0] == "[image] [1]"


def test_a_link_around_blocks() -> None:
    assert html('<a href="https://a.example"><div>one</div></a>two')[:2] == ["one [1]", "two"]


def test_links_of_all_parts_are_counted_together() -> None:
    one, two = (part(f'<a href="https://{n}.example">x</a>', "text/html") for n in "ab")
    assert lines(multipart(one, two)) == [
        "x [1]",
        "",
        "x [2]",
        "",
        "[1] https://a.example",
        "[2] https://b.example",
    ]


def test_more_links_than_are_listed_show_their_target_in_place() -> None:
    text = "".join(f'<a href="t:{n}">x</a> ' for n in range(LINKS_LISTED + 1))
    shown = html(text)
    assert shown[0].endswith(f"x [{LINKS_LISTED}] x <t:{LINKS_LISTED}>")
    assert len(shown) == LINKS_LISTED + 2


# Charsets and limits


def test_the_charset_in_the_document_counts_where_the_header_has_none() -> None:
    text = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">Привет'
    assert lines(one_part(text.encode("koi8-r"), "text/html")) == ["Привет"]
    other = '<meta charset="koi8-r">Привет'
    assert lines(one_part(other.encode(), "text/html; charset=utf-8")) == ["Привет"]


def test_characters_by_number_are_made_safe() -> None:
    (line,) = html("a&#0;&#x1b;[31m&#xd800;&#x202e;&#xFFFFFFFFF;b\0c")
    assert line.isprintable()
    assert line.startswith("a")
    assert line.endswith("c")


@pytest.mark.parametrize(
    "text",
    ["<", "&", "<!", "</", "<a", '<a href="', "<![CDATA[", "<?xml ?>", "<html>", "<p></b></p>"],
)
def test_broken_html_raises_nothing(text: str) -> None:
    assert "The HTML is damaged" not in " ".join(read(one_part(f"a {text}", "text/html")).notes)
    assert html(f"a {text}")[0].startswith("a")


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<blockquote>", "<ul><li>", "<table><tr><td>"])
def test_depth_costs_nothing(tag: str) -> None:
    (line,) = html(f"{tag * 10_000}x")
    assert line.endswith("x")
    assert len(line) < 100


def test_html_is_cut_before_it_is_parsed() -> None:
    reading = read(one_part(f"a{' ' * HTML_READ}b", "text/html"))
    assert reading.lines == ("a",)
    assert reading.notes == ("Only 5,000,000 bytes of the HTML were read.",)


def test_the_limit_of_html_is_one_for_all_parts() -> None:
    half = part(" " * (HTML_READ // 2 + 1), "text/html")
    assert "Only 5,000,000 bytes of the HTML were read." not in read(half).notes
    assert "Only 5,000,000 bytes of the HTML were read." in read(multipart(half, half)).notes


def test_html_of_much_text_is_cut() -> None:
    reading = read(one_part("<p>0123456789</p>" * 100_000, "text/html"))
    assert sum(map(len, reading.lines)) <= 1_000_000
    assert "The text was cut after 1,000,000 characters." in reading.notes
