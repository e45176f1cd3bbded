"""Names of folders that a stranger chose lead nowhere but into the mailbox that they are in."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from mailsync_tui.mailboxes.base import MailboxError, NewMessage
from mailsync_tui.mailboxes.maildir.mailbox import create_maildir
from tests.builders import maildir_mail
from tests.cli.place import Place
from tests.mailboxes.maildir_case import mailbox_at
from tests.servers.imap_script import SECRET, Folder, ImapScript

NAMES = [
    "../../x",
    "../x",
    "..",
    ".",
    "/",
    "...",
    "//",
    "./x",
    "/etc/x",
    "//x",
    "~/x",
    "~root",
    "a/../../../x",
    "a\0b",
    "a\nb",
    "a\r\nb",
    "a\x1b[31mb",
    "\x85",
    "a.b",
    ".hidden",
    "a/.b",
    "a//b",
    "a/",
    "new",
    "cur/x",
    "tmp",
    "INBOX/../../x",
    "-rf",
    "$(id)",
    "%s%n",
    "n" * 300,
    "/".join("n" * 100 for _ in range(50)),
    "\u202ecod",
    "",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_a_maildir_is_not_left(tmp_path: Path, name: str) -> None:
    around = tmp_path / "around"
    path = around / "deep" / "Mail"
    around.mkdir()
    (around / "deep").mkdir()
    create_maildir(path)
    mailbox = mailbox_at(path)
    data = maildir_mail("one")
    stored = None
    with contextlib.suppress(MailboxError):
        (stored,) = mailbox.store([NewMessage(data, frozenset(), None, "1.a.x")], name)
    if stored is not None and stored.location is not None:
        held = [one for one in path.rglob("*") if one.is_file() and one.read_bytes() == data]
        assert len(held) == 1
        # Maildir++: one level of directories, each with its three.
        assert held[0].relative_to(path).parts[:-1] in (("new",), ("cur",)) or (
            held[0].parent.parent.parent == path and held[0].parent.parent.name[0] == "."
        )
    assert [one.name for one in around.iterdir()] == ["deep"]
    assert [one.name for one in (around / "deep").iterdir()] == ["Mail"]
    for one in path.iterdir():
        assert one.name in ("new", "cur", "tmp") or one.name[0] == "." or one.is_file()


class Naughty(ImapScript):
    """Has folders with such names, as far as IMAP can carry them."""

    def __init__(self) -> None:
        super().__init__()
        for number, name in enumerate(NAMES):
            if name and name.isascii() and not any(ord(letter) < 32 for letter in name):
                self.folders[name] = Folder()
                self.folders[name].add(maildir_mail(f"n{number}").replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("into", ["", 'into = "Work"\n'])
def test_from_imap_into_a_maildir(tmp_path: Path, into: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = Place(outside)
    server = Naughty()
    count = sum(len(folder.messages) for folder in server.folders.values())
    with server:
        place.write_config(
            f'[external.far]\ntype = "imap"\nhost = "127.0.0.1"\nport = {server.port}\n'
            f'tls = "none"\nuser = "ann"\npassword_env = "PASS"\nfolders = ["*"]\n{into}'
        )
        os.environ["PASS"] = SECRET
        try:
            done = place.json("sync", "--yes")
        finally:
            del os.environ["PASS"]
    assert len(done["lines"]) == count
    assert {line["outcome"] for line in done["lines"]} == {"done"}
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert {path.name for path in outside.iterdir()} == {
        "all",
        "config.toml",
        "old",
        "work",
        "state",
    }
    folder = outside / "all" / (".Work" if into else ".")
    assert len([*folder.glob("new/*"), *folder.glob("cur/*")]) == count
