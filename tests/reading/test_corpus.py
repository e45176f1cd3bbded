"""Real mail: every ``*.eml`` below the directory that ``MAILSYNC_CORPUS`` names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailsync_tui.reading import read_message, write_attachment
from tests.reading.test_properties import check


def test_real_mail_is_read_and_saved(tmp_path: Path) -> None:
    name = os.environ.get("MAILSYNC_CORPUS")
    if not name:
        pytest.skip("MAILSYNC_CORPUS names no directory with real messages (*.eml)")
    found = sorted(Path(name).rglob("*.eml"))
    assert found, f"no *.eml below {name}"
    for path in found:
        raw = path.read_bytes()
        reading = read_message(raw)
        check(reading)
        assert reading.lines or "The message holds no text." in reading.notes, path
        for attachment in reading.attachments:
            saved = write_attachment(raw, attachment.number, tmp_path)
            assert saved.stat().st_size == attachment.size, path
