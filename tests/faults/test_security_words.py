"""What a stranger wrote forges no line of a log or an output, and commands no terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import BinaryIO

import pytest

from mailsync_tui.cli.output import Output
from tests.cli.place import Place
from tests.servers.imap_script import SECRET, Connection, Folder, ImapScript
from tests.servers.script import talking

FORGED = "mailsync-tui: FORGED"
ENDS = ["\r", "\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
"""What a program may take for the end of a line."""
ESCAPES = "\x1b]0;FORGED\x07\x1b[2J\x9b31m\x90q\x9c\x1b]52;c;aGk=\x07\x08\x7f\u202e\u2066\u200f"
HOSTILE = "".join(f"{end}{FORGED}" for end in ENDS) + ESCAPES + "[/bold][@click=app.quit]x[/]"

_COMMANDING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def harmless(text: str) -> None:
    """Nothing in it commands a terminal, and no line of it was begun by a stranger."""
    assert not _COMMANDING.search(text), _COMMANDING.search(text)
    for line in text.split("\n"):
        assert not line.lstrip().startswith(FORGED), line


def encoded(text: str) -> bytes:
    """As an encoded word (RFC 2047): the only way for a line end to be in a header's value."""
    from base64 import b64encode

    return b"=?utf-8?b?" + b64encode(text.encode()) + b"?="


def nasty(name: str) -> bytes:
    """A message that is hostile in all that is shown of it."""
    plain = HOSTILE.replace("\r", "").replace("\n", "").encode()
    return (
        b"From: " + encoded(HOSTILE) + b" <" + name.encode() + plain + b">\r\n"
        b"Subject: " + encoded(f"{name}{HOSTILE}") + plain + b"\r\n"
        b"Message-ID: <" + name.encode() + plain + b">\r\n"
        b"Date: Mon, 05 Jan 2026 09:00:00 +0000" + plain + b"\r\n\r\n" + HOSTILE.encode()
    )


class Rude(ImapScript):
    """Hostile in the names of its folders and in all that it says."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = False
        for name in ("Good", "x" + ESCAPES.replace("\x1b]0;", ""), "y\x85" + FORGED + "\u2028z"):
            self.folders[name] = Folder()
            self.folders[name].add(nasty("imap" + str(len(self.folders))))

    def do_examine(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        if self.refuses and "x" in arguments:
            words = HOSTILE.replace("\r", "\x85").replace("\n", "\x0b")
            to.say(tag + b" NO " + words.encode())
        else:
            super().do_examine(to, tag, arguments, None)


def rude(file: BinaryIO) -> None:
    """A POP3 server that refuses by hostile words."""
    file.write(b"+OK hello\r\n")
    words = HOSTILE.replace("\r\n", "").replace("\n", "").encode()
    while file.readline():
        file.write(b"-ERR " + words + b"\r\n")


def test_in_output_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASS", SECRET)
    place = Place(tmp_path)
    log, saved = tmp_path / "log", tmp_path / "plan.json"
    for name in ("one", "two", "three"):
        (tmp_path / "old" / "new" / f"1700000001.M{name}.host").write_bytes(nasty(name))
    told: list[str] = []

    def run(*args: str) -> str:
        done = place.run("--log-file", str(log), *args)
        told.extend((done.stdout, done.stderr))
        return done.stdout

    with talking(rude) as port, Rude() as server:
        common = 'host = "127.0.0.1"\ntls = "none"\nuser = "ann"\npassword_env = "PASS"\n'
        place.write_config(
            f'[external.isp]\ntype = "pop3"\nport = {port}\ndistinct = true\n{common}'
            f'[external.far]\ntype = "imap"\nport = {server.port}\nfolders = ["*"]\n{common}'
        )
        run("check")
        run("check", "--json")
        run("plan", "--out", str(saved))
        run("sync", "--yes")
        (held,) = [path for path in place.files("all") if b"<one" in path.read_bytes()]
        held.unlink()
        (tmp_path / "old" / "new" / "1700000001.Mtwo.host").unlink()
        run("plan")
        run("plan", "--json")
        run("sync", "--yes", "--json")
        server.refuses = True
        run("check")
        run("plan")
        run("plan", "--json")
        runs = json.loads(run("history", "--json"))
        run("history")
        for one in runs:
            run("history", one["run"])
            run("history", one["run"], "--json")
        undone = run("undo", runs[0]["run"], "--yes")
        run("apply", str(saved), "--yes")
    assert len(runs) == 2
    assert "put back" in undone
    whole = "\n".join(told)
    for expected in ("FORGED", "opening", "[/bold][@click=app.quit]x[/]", "forward-delete"):
        assert expected in whole, expected
    for text in (*told, log.read_text(), saved.read_text()):
        harmless(text)
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} \d+ (INFO|ERROR) ")
    lines = log.read_text().splitlines()
    assert len(lines) > 20
    assert all(stamp.match(line) for line in lines)


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_one_sentence_is_one_line(
    tmp_path: Path, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = Output()
    output.open_log(tmp_path / "log")
    output.log(f"listed a{end}{FORGED}")
    output.close()
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.endswith(FORGED)
    output.error(f"cannot read a{end}{FORGED}")
    # What may come from strangers has passed safe_text() before; LF parts sentences of our own.
    assert capsys.readouterr().err.count("\n") == 1 + end.count("\n")
