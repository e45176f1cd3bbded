"""What holds for any bytes at all."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsync_tui.reading import Reading, read_message, write_attachment
from mailsync_tui.reading.attachments import NAME_BYTES, fitted, safe_name
from mailsync_tui.reading.mime import Part, parse
from mailsync_tui.text.safe import safe_text

TOKENS = (
    b"\r|\n|\r\n|\n\n|\n--b\n|\n--b--\n|\n--c\n|\n--c--|Content-Type: |multipart/mixed|"
    b"; boundary=b|; boundary=c|message/rfc822|text/html|text/plain|image/png|; charset=|utf-16|"
    b"x|iso-2022-jp|\nContent-Transfer-Encoding: |base64|quoted-printable|x-uuencode|QUJD|=|=3D|"
    b"= \n|begin 6 a\n|\nContent-Disposition: |attachment|; filename=|*0*=|''|%C3%A4|../|"
    b"; format=flowed|> | \n|-- \n|multipart/alternative|multipart/related|multipart/digest|From: |"
    b"=?utf-8?q?|?=|\0|\xff|\x1b|<a href=x>|</a>|<p>|<pre>|<li>|<ol>|<blockquote>|<br>|<!--|"
    b"<script>|&#27;|&|<|<td>|<title>"
)
tokens = st.sampled_from(TOKENS.split(b"|"))
nasty = st.lists(st.one_of(tokens, st.binary(max_size=6)), max_size=60).map(b"".join)


def is_safe(text: str) -> bool:
    return safe_text(text) == text


def check(reading: Reading) -> None:
    for pair in reading.headers + reading.other_headers:
        assert all(map(is_safe, pair))
    assert all(map(is_safe, reading.lines))
    assert all(map(is_safe, reading.notes))
    for number, attachment in enumerate(reading.attachments, 1):
        assert attachment.number == number
        assert is_safe(attachment.charset)
        assert is_safe(attachment.type)
        assert attachment.size >= 0
        check_name(attachment.name)


def check_name(name: str) -> None:
    assert is_safe(name)
    assert 0 < len(name.encode()) <= NAME_BYTES
    assert not re.search(r"[/\\\0]", name)
    assert not name.startswith((".", "-", "~", " "))
    assert not name.endswith((".", " "))
    assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", name)


@settings(max_examples=400)
@given(nasty)
def test_nothing_raises_and_all_that_is_shown_is_safe(raw: bytes) -> None:
    check(read_message(raw))
    check(read_message(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + raw))


@settings(max_examples=200)
@given(nasty)
def test_html_raises_nothing(body: bytes) -> None:
    check(read_message(b"Content-Type: text/html\n\n" + body))


@given(nasty)
def test_parts_lie_within_their_parents_and_do_not_overlap(raw: bytes) -> None:
    tree = parse(raw)
    todo: list[Part] = [tree.root]
    while todo:
        part = todo.pop()
        assert 0 <= part.start <= part.end <= len(tree.data)
        at = part.start
        for child in part.children:
            assert at <= child.header[0] <= child.header[1] <= child.start
            assert child.end <= max(part.end, child.start)
            at = child.end
        todo.extend(part.children)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nasty)
def test_every_attachment_can_be_saved_with_the_size_that_was_listed(
    tmp_path: Path, raw: bytes
) -> None:
    for attachment in read_message(raw).attachments:
        path = write_attachment(raw, attachment.number, tmp_path)
        assert path.parent == tmp_path
        assert path.stat().st_size == attachment.size
        path.unlink()


@given(st.one_of(st.text(), st.text("./\\-~ a\u202eC:ON\n").map(lambda s: s + ".txt")))
def test_names_are_safe_and_stay_what_they_are(name: str) -> None:
    safe = safe_name(name, "default")
    check_name(safe)
    assert safe_name(safe, "default") == safe
    check_name(fitted(safe, " (1000)"))
