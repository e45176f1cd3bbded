"""Attachments are saved under safe names, and nothing is overwritten."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from mailsync_tui.reading import read_message, write_attachment
from mailsync_tui.reading.attachments import NAME_BYTES, safe_name
from tests.builders import multipart, one_part, part

RAW = multipart(
    part("text"),
    part("aGVsbG8=", 'image/png; name="a.png"', "Content-Transfer-Encoding: base64\n"),
    part("Subject: x\n\ny", "message/rfc822"),
).encode()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\dir\\a.txt", "a.txt"),
        ("a/", "a"),
        ("..", "d"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("~root", "root"),
        ("- .-x", "x"),
        ("a\x00b\x1b\n\u202ec", "a_b_ _c"),
        ("a. . ", "a"),
        ("a  b\u3000c", "a b c"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1 .x", "_com1.x"),
        ("console", "console"),
        ('a:*?"<>|`$b', "a_________b"),
        ("", "d"),
        ("...", "d"),
        ("\u202e", "d"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("ä" * 300 + ".pdf", "ä" * 58 + ".pdf"),
        ("a." + "x" * 300, "a." + "x" * 118),
        ("日本語.txt", "日本語.txt"),
    ],
)
def test_names(name: str, safe: str) -> None:
    assert safe_name(name, "d") == safe


def test_content_is_decoded_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = write_attachment(RAW, 1, tmp_path)
    assert path == tmp_path / "a.png"
    assert path.read_bytes() == b"hello"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert write_attachment(RAW, 2, tmp_path).read_bytes() == b"Subject: x\n\ny"


def test_the_listed_size_is_what_is_written(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    raw = one_part(
        base64.encodebytes(content), "x/y; name=big", "Content-Transfer-Encoding: base64\n"
    )
    (attachment,) = read_message(raw).attachments
    assert attachment.size == len(content)
    assert write_attachment(raw, 1, tmp_path).read_bytes() == content


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("old")
    assert write_attachment(RAW, 1, tmp_path).name == "a (2).png"
    assert write_attachment(RAW, 1, tmp_path).name == "a (3).png"
    assert (tmp_path / "a.png").read_text() == "old"


def test_a_long_name_leaves_room_for_its_number(tmp_path: Path) -> None:
    raw = one_part("x", f"x/y; name={'ä' * 200}.png")
    names = [write_attachment(raw, 1, tmp_path).name for _ in range(2)]
    assert names[1].endswith(" (2).png")
    assert all(len(name.encode()) <= NAME_BYTES for name in names)


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "a.png").symlink_to(target)  # to nothing
    assert write_attachment(RAW, 1, tmp_path).name == "a (2).png"
    assert not target.exists()


def test_a_directory_in_which_everyone_may_replace_files_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(PermissionError):
        write_attachment(RAW, 1, tmp_path)
    assert not list(tmp_path.iterdir())
    tmp_path.chmod(0o1777)
    write_attachment(RAW, 1, tmp_path)


def test_what_is_no_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_attachment(RAW, 1, tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        write_attachment(RAW, 1, tmp_path / "file")


def test_half_a_file_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mailsync_tui.reading.transfer.Decoder.decode", full)
    with pytest.raises(OSError, match="No space"):
        write_attachment(one_part("x", "x/y"), 1, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_there_is_no_such_attachment(tmp_path: Path, number: int) -> None:
    with pytest.raises(LookupError):
        write_attachment(RAW, number, tmp_path)
    assert not list(tmp_path.iterdir())
