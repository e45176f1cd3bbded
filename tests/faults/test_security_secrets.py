"""No secret is told: not by a server that repeats it, nor in a process list, a file or an error."""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from mailsync_tui.config.load import load_config
from mailsync_tui.config.model import MailboxConfig, Secret
from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.mailboxes.net.credentials import Redaction, xoauth2
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox, Pop3Timing
from tests.builders import maildir_mail
from tests.cli.place import SOURCE, Place
from tests.mailboxes.imap_case import mailbox_at
from tests.servers.imap_script import Connection, ImapScript
from tests.servers.pop3 import Account, serving
from tests.servers.script import talking

PASSWORDS = {
    "plain": "correct-horse-battery",
    "special": "q\"uo'te\\back $(id) %s {x} [x] <b>&amp; ~#;|",
    "letters": "Schlüssel-жёлтый-鍵",
    "token": "ya29." + "".join(f"{n:03d}Ab-_" for n in range(300)),
}
PIECE = 8
"""Characters in a row of a secret that nobody is to read."""


def pieces(text: str, secret: str, user: str = "ann") -> list[str]:
    """What stands of a secret in a text, in any form in which it is sent or written down."""
    forms = {secret, secret.replace("\\", "\\\\").replace('"', '\\"')}
    for plain in (secret, f"\0{user}\0{secret}", xoauth2(user, secret)):
        forms.add(base64.b64encode(plain.encode()).decode())
    forms |= {json.dumps(form)[1:-1] for form in forms}
    forms |= {repr(form)[1:-1] for form in forms} | {repr(f.encode())[2:-1] for f in forms}
    lower = text.lower()
    return [
        form[at : at + PIECE]
        for form in forms
        for at in range(len(form) - PIECE + 1)
        if form[at : at + PIECE].lower() in lower
    ]


# --- servers that repeat what they were sent


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "whole": lambda line: line,
    "cut": lambda line: line[:40],
    "its end": lambda line: line[-30:],
    "in capitals": bytes.upper,
    "quoted": lambda line: repr(line).encode(),
}


def told_by(work: Callable[[], object]) -> str:
    """All that an error holds that may be printed, those that it came from included."""
    with pytest.raises(MailboxError) as caught:
        work()
    whole = "".join(traceback.format_exception(caught.value))
    return f"{caught.value} {caught.value!r} {whole}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", PASSWORDS.values(), ids=PASSWORDS)
@pytest.mark.parametrize("source", ["password", "token_command"])
@pytest.mark.parametrize("challenged", [False, True])
def test_pop3_that_repeats_it(source: str, secret: str, way: str, challenged: bool) -> None:
    def talk(file: BinaryIO) -> None:
        file.write(b"+OK hello\r\n")
        while line := file.readline().rstrip(b"\r\n"):
            if line.startswith(b"USER") or (line.startswith(b"AUTH") and not challenged):
                file.write(b"+OK\r\n" if line.startswith(b"USER") else b"+ \r\n")
            else:
                file.write(b"-ERR cannot " + WAYS[way](line) + b"\r\n")

    with talking(talk) as port:
        config = MailboxConfig(
            "isp",
            "pop3",
            host="127.0.0.1",
            port=port,
            tls="none",
            user="ann",
            secret=Secret("token_command" if source == "token_command" else "password", "x"),
        )
        told = told_by(Pop3Mailbox(config, lambda: secret, Pop3Timing(lock=0.0)).list)
    assert "refuses the log-in" in told
    assert not pieces(told, secret)


class Echo(ImapScript):
    """Repeats what it was sent at the log-in, with or without a tag."""

    capabilities = "IMAP4rev1 AUTH=PLAIN"

    def __init__(self, way: str, begin: bytes) -> None:
        super().__init__()
        self.way, self.begin = WAYS[way], begin

    def do_login(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        self.repeat(to, tag, b"LOGIN " + arguments.encode())

    def do_authenticate(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        to.say(b"+ ")
        self.repeat(to, tag, to.line().rstrip(b"\r\n"))

    def repeat(self, to: Connection, tag: bytes, line: bytes) -> None:
        to.say(self.begin.replace(b"TAG", tag) + self.way(line))


@pytest.mark.parametrize("begin", [b"TAG NO ", b"TAG BAD [ALERT] ", b"", b"* BYE ", b"* 7 "])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", PASSWORDS.values(), ids=PASSWORDS)
@pytest.mark.parametrize("source", ["password", "token_command"])
def test_imap_that_repeats_it(source: str, secret: str, way: str, begin: bytes) -> None:
    class Brief(Echo):
        def repeat(self, to: Connection, tag: bytes, line: bytes) -> None:
            super().repeat(to, tag, line)
            if not begin.startswith(b"TAG"):
                to.flush()
                to.say(tag + b" NO no")

    with Brief(way, begin) as server, mailbox_at(server.port, secret, source=source) as mailbox:
        told = told_by(mailbox.list)
    assert not pieces(told, secret)


def test_bytes_that_are_no_utf_8_are_masked_too() -> None:
    secret = "ab\udce9cd\udcffef\udce9gh"
    said = b"PASS " + secret.encode("utf-8", "surrogateescape") + b": no"
    assert Redaction("ann", secret)(said.decode("utf-8", "replace")) == "PASS …: no"


def test_a_text_without_it_stays_as_it_is() -> None:
    text = "NO [AUTHENTICATIONFAILED] wrong user or password; see https://mail.example/"
    for secret in PASSWORDS.values():
        assert Redaction("ann", secret)(text) == text
    assert Redaction("ann", "pw")("PASS pw: no") == "PASS …: no"
    assert Redaction("ann", "")(text) == text


# --- the program as a whole


def processes(first: int) -> Iterator[Path]:
    """The directories in ``/proc`` of a process and of all that it started."""
    yield Path(f"/proc/{first}")
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == first:
            yield from processes(int(path.name))


SPY = """
import pathlib, os, sys
pid = os.getpid()
seen = b""
while pid > 1:
    path = pathlib.Path(f"/proc/{pid}")
    seen += path.joinpath("cmdline").read_bytes() + path.joinpath("environ").read_bytes()
    pid = int(path.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    if pid == int(os.environ["STOP"]):
        break
pathlib.Path(sys.argv[1]).write_bytes(seen)
print(pathlib.Path(sys.argv[2]).read_text())
"""


def test_no_process_shows_it(tmp_path: Path) -> None:
    secret = PASSWORDS["special"]
    place = Place(tmp_path)
    spy, seen, kept = (tmp_path / name for name in ("spy.py", "seen", "kept"))
    spy.write_text(SPY)
    kept.write_text(secret)
    looked: list[bytes] = []
    running: list[int] = []

    def talk(file: BinaryIO) -> None:
        file.write(b"+OK hello\r\n")
        while line := file.readline():
            if line.startswith(b"PASS"):
                for path in processes(running[0]):
                    looked.append((path / "cmdline").read_bytes())
                    looked.append((path / "environ").read_bytes())
            file.write(b"-ERR no\r\n" if line.startswith(b"PASS") else b"+OK\r\n")

    command = shlex.join([sys.executable, str(spy), str(seen), str(kept)])
    with talking(talk) as port:
        isp = f'type = "pop3"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        place.write_config(
            f'[external.isp]\n{isp}user = "ann"\npassword = {json.dumps(secret)}\n'
            f'[external.other]\n{isp}user = "bob"\npassword_command = {json.dumps(command)}\n'
        )
        place.config.chmod(0o600)
        with subprocess.Popen(
            place.command("check"),
            env={**os.environ, "PYTHONPATH": str(SOURCE), "STOP": str(os.getpid())},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            running.append(process.pid)
            output, _ = process.communicate(timeout=120)
    assert len(looked) >= 4, output
    shown = b"".join([*looked, seen.read_bytes(), output]).decode("utf-8", "replace")
    assert "mailsync_tui" in shown
    assert str(spy) in shown
    assert not pieces(shown, secret)


@pytest.mark.parametrize("source", ["password", "password_env", "password_command"])
def test_no_file_and_no_output_holds_it(tmp_path: Path, source: str) -> None:
    secret = PASSWORDS["special"]
    place = Place(tmp_path)
    kept = tmp_path / "kept"
    kept.write_text(secret)
    given = {
        "password": json.dumps(secret),
        "password_env": '"PASS"',
        "password_command": json.dumps(f"cat {shlex.quote(str(kept))}"),
    }
    account = Account(secret, {"u1": maildir_mail("one"), "u2": maildir_mail("two")})
    log, plan = tmp_path / "log", tmp_path / "plan.json"
    told = ""
    with serving({"ann": account}) as port:
        place.write_config(
            f'[external.isp]\ntype = "pop3"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
            f'user = "ann"\n{source} = {given[source]}\n'
        )
        place.config.chmod(0o600)
        for args in (
            ["check", "--json"],
            ["plan", "--json", "--out", str(plan)],
            ["sync", "--yes", "--json"],
            ["history", "1", "--json"],
        ):
            place.age()
            done = subprocess.run(
                place.command("--log-file", str(log), *args),
                env={**os.environ, "PYTHONPATH": str(SOURCE), "PASS": secret},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            told += done.stdout + done.stderr
    assert "<two@example.org>" in told
    files = [path for path in place.state.rglob("*") if path.is_file()]
    assert any(path.name == "ledger.sqlite3" for path in files)
    for path in (*files, log, plan):
        assert not pieces(path.read_bytes().decode("utf-8", "replace"), secret), path
    assert not pieces(told + repr(load_config(place.config)), secret)


def test_the_unforeseen_tells_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mailsync_tui.mailboxes.pop3.wire import Pop3Wire

    secret = PASSWORDS["special"]

    def fail(_: Pop3Wire, __: str, given: str, **___: object) -> None:
        raise RuntimeError(f"unforeseen: {given}") from ValueError(given)

    monkeypatch.setattr(Pop3Wire, "log_in", fail)
    place = Place(tmp_path)
    log = tmp_path / "log"
    with serving({"ann": Account(secret)}) as port:
        place.write_config(
            f'[external.isp]\ntype = "pop3"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
            f'user = "ann"\npassword = {json.dumps(secret)}\n'
        )
        place.config.chmod(0o600)
        done = place.run("--log-file", str(log), "plan")
    assert "RuntimeError" in done.output
    assert "pop3/mailbox.py" in log.read_text()
    assert not pieces(done.output + log.read_text(), secret)
