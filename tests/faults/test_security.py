"""What the manual's page on security promises and no other test shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.errors import LedgerError
from mailsync_tui.mailboxes.base import Location, MailboxError
from mailsync_tui.mailboxes.imap import wire as imap_wire
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox
from tests.builders import mail, maildir_mail
from tests.cli.place import SOURCE, Place
from tests.engine.bench import Bench, kinds
from tests.mailboxes.imap_case import places, served
from tests.servers.imap_script import Connection, Folder, ImapScript, Message
from tests.servers.script import talking

SECRET = "correct-horse-battery"


# --- private files


def test_everything_that_is_kept_is_its_owners_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "state")
    before = os.umask(0)
    try:
        bench.deliver("isp", mail(1))
        bench.sync()
        bench.remove("isp", mail(1))
        bench.sync()
    finally:
        os.umask(before)
    kept = [bench.directory, *bench.directory.rglob("*")]
    assert any(path.suffix == ".gz" for path in kept)
    for path in kept:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_ledger_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    bench = Bench(tmp_path)
    bench.sync()
    ledger = tmp_path / "ledger.sqlite3"
    ledger.chmod(mode)
    for use in (bench.plan, bench.sync):
        with pytest.raises(LedgerError) as caught:
            use()
        assert str(caught.value).endswith(f"run: chmod 600 {ledger}")
    ledger.chmod(0o600)
    assert bench.sync().exit == 0


# --- secrets


def _echo(file: BinaryIO) -> None:
    """A server that says back whatever it hears."""
    file.write(b"+OK hello\r\n")
    while line := file.readline():
        file.write(b"-ERR cannot " + line)


@pytest.mark.parametrize(
    "given",
    [f'password = "{SECRET}"', 'password_env = "PASS"', f'password_command = "echo {SECRET}"'],
)
@pytest.mark.parametrize("command", [["check"], ["plan", "--json"], ["sync", "--yes"]])
def test_no_secret_is_told(tmp_path: Path, given: str, command: list[str]) -> None:
    place = Place(tmp_path)
    with talking(_echo) as port:
        place.write_config(
            f'[external.isp]\ntype = "pop3"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
            f'user = "ann"\n{given}\n'
        )
        place.config.chmod(0o600)
        log = tmp_path / "log"
        options = ["--config", str(place.config), "--log-file", str(log)]
        done = subprocess.run(
            [sys.executable, "-m", "mailsync_tui", *options, *command],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "PASS": SECRET},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    told = done.stdout + done.stderr + log.read_text()
    assert "isp" in told
    assert SECRET not in told
    assert "Traceback" not in told


# --- sizes


class Boundless(ImapScript):
    """Says the beginning of an answer to FETCH, and then goes on without an end."""

    def __init__(self, beginning: bytes) -> None:
        super().__init__()
        self.beginning = beginning
        self.sent_octets = 0

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        to.say(self.beginning, end=b"")
        while True:  # until the client has enough, and the connection breaks
            to.say(b"x" * 65536, end=b"")
            self.sent_octets += 65536


BUFFERS = 32 * 1024 * 1024
"""What the two ends of a connection on loopback may hold between them, and more."""


@pytest.mark.parametrize(
    "beginning",
    [
        b"* 1 FETCH (UID 1 RFC822.SIZE 10000000000 BODY[] {10000000000}\r\n",
        b"* 1 FETCH (UID 1 FLAGS (",
    ],
    ids=["literal", "line"],
)
def test_imap_answers_without_an_end(beginning: bytes) -> None:
    server = Boundless(beginning)
    server.inbox.add(maildir_mail("one"))
    with served(server) as mailbox, pytest.raises(MailboxError):
        list(mailbox.fetch(places([1])))
    assert server.sent_octets < imap_wire.MAX_LINE + BUFFERS


def test_a_pop3_message_without_an_end() -> None:
    sent = 0

    def talk(file: BinaryIO) -> None:
        nonlocal sent
        file.write(b"+OK hello\r\n")
        while line := file.readline():
            verb = line.split()[0].upper()
            if verb == b"RETR":
                file.write(b"+OK\r\n")
                while True:
                    file.write(b"x" * 65536)
                    sent += 65536
            file.write(
                {
                    b"CAPA": b"+OK\r\nUIDL\r\nTOP\r\n.\r\n",
                    b"STAT": b"+OK 1 100\r\n",
                    b"LIST": b"+OK\r\n1 100\r\n.\r\n",
                    b"UIDL": b"+OK\r\n1 u1\r\n.\r\n",
                }.get(verb, b"+OK\r\n")
            )

    with talking(talk) as port:
        config = MailboxConfig("isp", "pop3", host="127.0.0.1", port=port, tls="none", user="ann")
        mailbox = Pop3Mailbox(config, lambda: SECRET)
        with pytest.raises(MailboxError):
            list(mailbox.fetch([Location("INBOX", 0, "u1")]))
        mailbox.close()
    assert sent < BUFFERS


# --- a forged Message-ID


@pytest.mark.story("forged id")
def test_a_forged_id_neither_suppresses_nor_deletes_another_message(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    genuine, forged = mail(1, body="genuine"), mail(1, body="forged")
    bench.deliver("isp", forged)  # same Message-ID, sender and date, and it came first
    bench.sync()
    bench.deliver("work", genuine)
    bench.sync()
    bench.sync()
    assert bench.holds("consolidated", genuine) == bench.holds("consolidated", forged) == 1
    bench.remove("isp", forged)  # as spam
    assert kinds(bench.plan()) == [("forward-delete", "isp")]
    bench.sync()
    assert bench.holds("consolidated", genuine) == bench.holds("work", genuine) == 1
    assert bench.holds("consolidated", forged) == 0
