"""Real mail: every ``*.eml`` below the directory that ``MAILSYNC_CORPUS`` names."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mailsync_tui.message import content_digest, identity_of, identity_of_header, summary_of_header
from mailsync_tui.text.safe import safe_text


@pytest.fixture(scope="module")
def corpus() -> dict[Path, bytes]:
    name = os.environ.get("MAILSYNC_CORPUS")
    if not name:
        pytest.skip("MAILSYNC_CORPUS names no directory with real messages (*.eml)")
    found = {path: path.read_bytes() for path in sorted(Path(name).rglob("*.eml"))}
    assert found, f"no *.eml below {name}"
    return found


def test_unlike_bodies_have_unlike_digests(corpus: dict[Path, bytes]) -> None:
    by_digest: dict[str, bytes] = {}
    for path, data in corpus.items():
        body = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[-1].translate(None, b"\r\n \t\0")
        assert by_digest.setdefault(content_digest(data), body) == body, path


def test_line_ends_and_server_fields_do_not_count(corpus: dict[Path, bytes]) -> None:
    for path, data in corpus.items():
        identity = identity_of(data)
        assert identity_of(data.replace(b"\r\n", b"\n")) == identity, path
        assert identity_of(data + b"\r\n") == identity, path
        if not data[:1].isspace():  # else its first line would continue the field put before it
            assert identity_of(b"X-UID: 5\r\n" + data) == identity, path


def test_a_message_id_is_a_part_of_the_header(corpus: dict[Path, bytes]) -> None:
    for path, data in corpus.items():
        message_id = identity_of_header(data).message_id
        if message_id is not None:
            head = b" ".join(data.split())
            assert message_id.encode() in head or message_id.encode("latin-1") in head, path


def test_summaries_are_safe(corpus: dict[Path, bytes]) -> None:
    for path, data in corpus.items():
        summary = summary_of_header(data)
        for text in (summary.subject, summary.sender):
            assert safe_text(text) == text, path
            assert "\x1b" not in text, path
