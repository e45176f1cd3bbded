"""However much a server says, it is refused before it fills the memory: measured in a process."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.mailboxes.imap import session as imap_session
from mailsync_tui.reading import read_message, write_attachment
from tests.cli.place import SOURCE
from tests.mailboxes.imap_case import places, served
from tests.servers.imap_script import Connection, Folder, ImapScript, Message
from tests.servers.script import talking

ROOT = Path(__file__).parent.parent.parent
MEGABYTE = 1 << 20
PIECE = 1 << 16


def taken(kind: str, port: int, what: str) -> dict[str, Any]:
    """What came of it in a process of its own, and what memory that took."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.greedy", kind, str(port), what],
        cwd=ROOT,
        env={"PYTHONPATH": f"{SOURCE}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def without_end(piece: bytes) -> Iterator[bytes]:
    """As much of it as is taken, in large pieces."""
    return repeat(piece * (PIECE // len(piece) + 1))


# --- IMAP


class Talkative(ImapScript):
    """Says what it is told to say in answer to one command, in place of everything else."""

    def __init__(self, verb: str, words: bytes, then: bytes = b"") -> None:
        super().__init__()
        self.verb, self.words, self.then = verb, words, then
        self.inbox.add(b"Subject: x\r\n\r\nx\r\n")

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("do_") and name == f"do_{self.verb}":
            return self.talk_on
        return super().__getattribute__(name)

    def talk_on(self, to: Connection, *_: object) -> None:
        """Until the client has had enough, and the connection breaks."""
        to.say(self.words, end=b"")
        for piece in without_end(self.then or b"x"):
            to.say(piece, end=b"")


@pytest.mark.parametrize(
    ("verb", "words", "then", "error"),
    [
        ("capability", b"* CAPABILITY {10000000000}\r\n", b"", "before the log-in"),
        ("capability", b"* CAPABILITY ", b"", "ended the connection"),
        ("capability", b"", b"* OK still here\r\n", "before the log-in"),
        ("login", b"", b"* OK still here\r\n", "before the log-in"),
        ("namespace", b"", b"* OK still here\r\n", "answers without an end"),
        ("list", b"* LIST () {10000000000}\r\n", b"", "a part of 10000000000 bytes"),
        ("list", b"", b'* LIST () "/" a\r\n', "answers without an end"),
        ("search", b"* SEARCH", b" 1", "a line without an end"),
        ("fetch", b"* 1 FETCH (UID 1 BODY[] {10000000000}\r\n", b"", "a part of 10000000000"),
        ("fetch", b"", b"* 1 FETCH (UID 1 FLAGS ())\r\n", "answers without an end"),
    ],
)
def test_imap_answers(verb: str, words: bytes, then: bytes, error: str) -> None:
    with Talkative(verb, words, then) as server:
        told = taken("imap", server.port, "heads" if verb == "fetch" else "list")
    assert error in (told["error"] or ""), told
    assert told["grown"] < 300 * MEGABYTE


def test_a_greeting_without_an_end() -> None:
    def talk(file: BinaryIO) -> None:
        for piece in without_end(b"* OK hello "):
            file.write(piece)

    with talking(talk) as port:
        told = taken("imap", port, "list")
    assert "ended the connection" in (told["error"] or "")
    assert told["grown"] < 10 * MEGABYTE


class Crowded(ImapScript):
    """Lists more folders than anybody has."""

    def do_list(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        for number in range(130_000):
            to.say(b'* LIST () "/" f%d' % number)
        to.ok(tag)


class Counting(ImapScript):
    """Has a million messages, and names them in one line."""

    capabilities = "IMAP4rev1 NAMESPACE"

    def exists(self, folder: Folder) -> int:
        return 1_000_000

    def found(self, folder: Folder, criteria: str) -> list[int]:
        return list(range(1, 1_000_001)) if criteria == "ALL" else []


class Wordy(ImapScript):
    """Sends a million header fields where four were asked for."""

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        header = b"Subject: x\r\n" + b"X-Field: x\r\n" * 1_000_000 + b"\r\n"
        to.say(
            b"* 1 FETCH (UID 1 RFC822.SIZE %d BODY[HEADER] {%d}\r\n%b)"
            % (len(header), len(header), header)
        )


def test_more_folders_than_anybody_has_are_not_believed() -> None:
    with Crowded() as server:
        told = taken("imap", server.port, "list")
    assert told["error"] == "the server lists more than 100000 folders"
    assert told["grown"] < 200 * MEGABYTE


def test_a_million_messages_are_listed() -> None:
    with Counting() as server:
        told = taken("imap", server.port, "list")
    assert told["error"] is None
    assert told["count"] == 1_000_000
    assert told["grown"] < 400 * MEGABYTE


def test_of_a_million_header_fields_the_first_are_kept() -> None:
    server = Wordy()
    server.inbox.add(b"Subject: x\r\n\r\n")
    with server:
        told = taken("imap", server.port, "heads")
    assert told["error"] is None
    assert 0 < told["count"] < MEGABYTE
    assert told["grown"] < 10 * MEGABYTE


class Boastful(ImapScript):
    """Says numbers that are none."""

    capabilities = "IMAP4rev1 NAMESPACE"

    def __init__(self, where: str, number: bytes) -> None:
        super().__init__()
        self.where, self.number = where, number
        self.inbox.add(b"Subject: x\r\n\r\nx\r\n")

    def open(self, to: Connection, tag: bytes, arguments: str, mode: bytes) -> None:
        to.folder = self.inbox
        exists, validity, following = (
            self.number if self.where == name else plain
            for name, plain in (("exists", b"1"), ("validity", b"7"), ("next", b"2"))
        )
        to.say(b"* %b EXISTS" % exists)
        to.say(b"* OK [UIDVALIDITY %b] x" % validity)
        to.say(b"* OK [UIDNEXT %b] x" % following)
        to.ok(tag)

    def do_search(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        to.say(b"* SEARCH %b" % (self.number if self.where == "uid" else b"1"))
        to.ok(tag)

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        uid = self.number if self.where == "fetched" else b"1"
        size = self.number if self.where == "size" else b"12"
        to.say(b"* 1 FETCH (UID %b RFC822.SIZE %b BODY[] {12}\r\nSubject: x\r\n)" % (uid, size))


@pytest.mark.parametrize("where", ["exists", "validity", "next", "uid", "fetched", "size"])
@pytest.mark.parametrize("number", [b"9" * 30, b"9" * 5000], ids=["30", "5000"])
def test_numbers_that_no_database_takes(where: str, number: bytes) -> None:
    server = Boastful(where, number)
    with served(server) as mailbox:
        try:
            for folder in mailbox.list().folders:
                for told in (folder.validity, folder.uidnext or 0, *folder.uids):
                    assert 0 <= int(told) < 2**63
            for head in mailbox.heads(places([1])):
                assert head.size < 2**63
            assert len(list(mailbox.fetch(places([1])))) <= 1
        except MailboxError:
            pass


def test_more_messages_than_can_be_are_not_believed() -> None:
    class Ranging(ImapScript):
        def do_search(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
            to.say(b'* ESEARCH (TAG "%b") UID ALL 1:4000000000' % tag)
            to.ok(tag)

        def exists(self, folder: Folder) -> int:
            return imap_session.MOST_MESSAGES + 1

    with Ranging() as server:
        told = taken("imap", server.port, "list")
    assert told["error"] is None
    assert told["count"] == 0  # the folder is left out, and the listing is not complete
    assert told["grown"] < 100 * MEGABYTE


# --- POP3


def pop3(verb: bytes, words: Iterator[bytes] | Callable[[], Iterator[bytes]]) -> Any:
    """A server that answers one command by these words."""

    def talk(file: BinaryIO) -> None:
        file.write(b"+OK hello\r\n")
        answers = {
            b"CAPA": b"+OK\r\nUIDL\r\nTOP\r\n.\r\n",
            b"STAT": b"+OK 1 100\r\n",
            b"LIST": b"+OK\r\n1 100\r\n.\r\n",
            b"UIDL": b"+OK\r\n1 u1\r\n.\r\n",
        }
        while line := file.readline():
            said = line.split()[0].upper()
            if said == verb:
                for piece in words() if callable(words) else words:
                    view = memoryview(piece)
                    while view:
                        view = view[file.write(view) or 0 :]
            else:
                file.write(answers.get(said, b"+OK\r\n"))

    return talking(talk)


def lines(text: bytes, count: int) -> Iterator[bytes]:
    yield b"+OK\r\n"
    for start in range(0, count, 1000):
        yield b"".join(text % number for number in range(start, start + 1000))
    yield b".\r\n"


@pytest.mark.parametrize(
    ("verb", "piece", "what"),
    [
        (b"CAPA", b"UIDL\r\n", "list"),
        (b"LIST", b"1 1\r\n", "list"),
        (b"UIDL", b"1 u1\r\n", "list"),
        (b"UIDL", b"x", "list"),
        (b"TOP", b"X-Field: x\r\n", "heads"),
        (b"RETR", b"x", "fetch"),
    ],
)
def test_pop3_answers(verb: bytes, piece: bytes, what: str) -> None:
    def words() -> Iterator[bytes]:
        yield b"+OK\r\n"
        yield from without_end(piece)

    with pop3(verb, words) as port:
        told = taken("pop3", port, what)
    assert "does not end" in (told["error"] or ""), told
    assert told["grown"] < 400 * MEGABYTE


@pytest.mark.parametrize("verb", [b"LIST", b"UIDL"])
def test_more_pop3_messages_than_can_be_are_not_believed(verb: bytes) -> None:
    with pop3(verb, lambda: lines(b"%d 1\r\n", 1_100_000)) as port:
        told = taken("pop3", port, "list")
    assert "more than 1000000 messages" in (told["error"] or "")
    assert told["grown"] < 200 * MEGABYTE


def test_of_a_million_header_fields_over_pop3_the_first_are_kept() -> None:
    def header() -> Iterator[bytes]:
        yield b"+OK\r\nSubject: x\r\n"
        yield b"X-Field: x\r\n" * 80_000
        yield b"\r\n.\r\n"

    with pop3(b"TOP", header) as port:
        told = taken("pop3", port, "heads")
    assert told["error"] is None
    assert 0 < told["count"] < MEGABYTE // 2


# --- what people sent


def test_nothing_is_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    raw = (
        b"Subject: x\r\nContent-Type: application/gzip; name=bomb.gz\r\n"
        b"Content-Disposition: attachment\r\n\r\n" + bomb
    )
    assert len(read_message(raw).attachments) == 1
    path = write_attachment(raw, 1, tmp_path)
    assert path.stat().st_size < len(bomb) + 10
