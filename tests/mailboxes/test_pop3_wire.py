"""POP3 on the wire: answers of every form, log-in, and servers that are none."""

from __future__ import annotations

import base64
import socket
import threading
from typing import TYPE_CHECKING, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsync_tui.config.model import MailboxConfig, Secret
from mailsync_tui.mailboxes.base import Location, LoginRefused, MailboxError, Unreachable
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox, Pop3Timing
from mailsync_tui.mailboxes.pop3.wire import Pop3Command, Pop3Wire
from tests.mailboxes.contract import SECRET
from tests.mailboxes.test_contract_pop3 import QUICK, pop3_at
from tests.servers.script import talking

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


@pytest.mark.vice(1)
def test_commands_are_sent_ahead_of_their_answers() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire = Pop3Wire(ours, ("test", 110), 30.0)
        wire.pipelines = True
        answers = wire.ask_many([Pop3Command(f"DELE {number}") for number in range(3000)])
        theirs.sendall(b"+OK\r\n" * 3000)
        assert next(answers).ok
        assert 50 < theirs.recv(65_536).count(b"\r\n") < 3000
        assert sum(reply.ok for reply in answers) == 2999


def test_what_comes_before_encryption_is_not_believed() -> None:
    said = (b"+OK\r\n", b"+OK go\r\n+OK injected\r\n")
    with talk_of(*said) as port, pytest.raises(Unreachable, match="between STLS and TLS"):
        config = MailboxConfig(
            "test", "pop3", host="localhost", port=port, tls="starttls", user="ann"
        )
        Pop3Mailbox(config, lambda: SECRET, QUICK).list()


def talk_of(*answers: bytes) -> AbstractContextManager[int]:
    """A server that says each of these for one line that it is sent, the first unasked."""

    def talk(file: BinaryIO) -> None:
        for answer in answers:
            file.write(answer)
            file.readline()

    return talking(talk)


@pytest.mark.parametrize(
    "answers",
    [
        (b"HTTP/1.1 400 Bad Request\r\n",),
        (b"-ERR go \x1b[31maway\r\n",),
        (b"+OK\r\n", b"* OK\r\n"),
        (b"",),
        (b"+OK " + b"x" * 1_000_000,),
    ],
)
def test_what_is_no_pop3_server(answers: tuple[bytes, ...]) -> None:
    with talk_of(*answers) as port, pytest.raises(Unreachable) as caught:
        Pop3Mailbox(
            MailboxConfig("test", "pop3", host="127.0.0.1", port=port, tls="none", user="ann"),
            lambda: SECRET,
            Pop3Timing(connect=0.5, read=0.5),
        ).list()
    assert "\x1b" not in str(caught.value)


def test_a_secret_that_the_server_repeats_is_not_shown() -> None:
    answers = (b"+OK\r\n", b"+OK\r\n", b"-ERR wrong: PASS correct horse\r\n")
    with talk_of(*answers) as port, pytest.raises(LoginRefused) as caught:
        pop3_at(port).list()
    assert SECRET not in str(caught.value)


def test_a_secret_cannot_smuggle_commands() -> None:
    with talk_of(b"+OK\r\n", b"+OK\r\n") as port, pytest.raises(LoginRefused):
        pop3_at(port, "x\r\nDELE 1").list()


def test_tokens_log_in_by_xoauth2() -> None:
    sent = []

    def talk(file: BinaryIO) -> None:
        file.write(b"+OK\r\n")
        sent.append(file.readline())
        file.write(b"+ \r\n")
        sent.append(file.readline())
        challenge = b'{"status": "401", "error_description": "expired \\u001b[1m t0ken"}'
        file.write(b"+ " + base64.b64encode(challenge) + b"\r\n")
        sent.append(file.readline())
        file.write(b"-ERR [AUTH] no\r\n")

    with talking(talk) as port, pytest.raises(LoginRefused) as caught:
        token_at(port, lambda: "t0ken").list()
    assert sent[0] == b"AUTH XOAUTH2\r\n"
    assert base64.b64decode(sent[1]) == b"user=ann\x01auth=Bearer t0ken\x01\x01"
    assert sent[2] == b"\r\n"
    said = str(caught.value)
    assert said.endswith("ann: [AUTH] no; status 401, error_description expired \ufffd[1m …")
    assert "t0ken" not in said


@pytest.mark.parametrize("challenge", [b"", b"no base64", b"/////w=="])
def test_challenges_without_end_are_no_log_in(challenge: bytes) -> None:
    def talk(file: BinaryIO) -> None:
        file.write(b"+OK\r\n")
        while file.readline():
            file.write(b"+ " + challenge + b"\r\n")

    with talking(talk) as port, pytest.raises(LoginRefused):
        token_at(port, lambda: "t0ken").list()


def test_each_pop3_log_in_has_a_token_of_its_own() -> None:
    sent = []

    def talk(file: BinaryIO) -> None:
        file.write(b"+OK\r\n")
        file.readline()
        file.write(b"+ \r\n")
        sent.append(base64.b64decode(file.readline()))
        file.write(b"-ERR [IN-USE] later\r\n" if len(sent) == 1 else b"-ERR no\r\n")

    numbers = iter(range(9))
    with talking(talk) as port, pytest.raises(LoginRefused):
        token_at(port, lambda: f"token{next(numbers)}").list()
    assert sent == [b"user=ann\1auth=Bearer token%d\1\1" % n for n in range(2)]


def token_at(port: int, secret: Callable[[], str]) -> Pop3Mailbox:
    """The account ``ann``, logged in to by a token."""
    config = MailboxConfig(
        "test",
        "pop3",
        host="127.0.0.1",
        port=port,
        tls="none",
        user="ann",
        secret=Secret("token_command", "print-token"),
    )
    return Pop3Mailbox(config, secret, QUICK)


def test_an_abort_ends_a_blocked_call() -> None:
    asked, ended = threading.Event(), threading.Event()

    def talk(file: BinaryIO) -> None:
        file.write(b"+OK\r\n")
        file.readline()
        asked.set()
        ended.wait(30)

    caught: list[BaseException] = []
    with talking(talk) as port:
        mailbox = pop3_at(port)

        def work() -> None:
            try:
                mailbox.list()
            except MailboxError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        assert asked.wait(30)
        mailbox.abort()
        thread.join(20)
        assert not thread.is_alive()
        ended.set()
    assert isinstance(caught[0], Unreachable)


@pytest.mark.vice(18)
@pytest.mark.parametrize(
    ("answer", "data"),
    [
        (b"+OK\r\n.\r\n", b""),
        (b"+OK\r\n..\r\n...\r\nx\r\n.\r\n", b".\r\n..\r\nx\r\n"),
        (b"+OK\r\n\r\n..x\r\n.\r\n", b"\r\n.x\r\n"),
        (b"+OK\r\nbare\n.\n..\nmore\r\n.\r\n", b"bare\n.\n..\nmore\r\n"),
        (b"+OK\nall\n..bare\n.\n", b"all\n.bare\n"),
        (b"+OK\r\n" + b"x" * 100_000 + b"\r\n.\r\n", b"x" * 100_000 + b"\r\n"),
    ],
)
def test_answers_of_many_lines(answer: bytes, data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(30)
        for step in (len(answer), 1 if len(answer) < 1000 else 999):
            wire = Pop3Wire(ours, ("test", 110), 30.0)

            def send(step: int = step) -> None:
                for start in range(0, len(answer), step):
                    theirs.sendall(answer[start : start + step])

            thread = threading.Thread(target=send)
            thread.start()
            assert wire.ask("RETR 1", 1 << 20).data == data
            thread.join(30)


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"."))))
def test_any_lines_come_through(lines: list[bytes]) -> None:
    data = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join(b"." * line.startswith(b".") + line + b"\r\n" for line in lines)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"+OK\r\n" + stuffed + b".\r\n+OK next\r\n")
        wire = Pop3Wire(ours, ("test", 110), 30.0)
        assert wire.ask("RETR 1", 1 << 20).data == data
        assert wire.ask("NOOP").text == "next"


def test_an_answer_without_end_is_cut_off() -> None:
    def talk(file: BinaryIO) -> None:
        file.write(b"+OK\r\n")
        for answer in (b"+OK\r\n", b"+OK\r\n", b"-ERR\r\n", b"+OK 1 5\r\n", b"+OK\r\n1 5\r\n.\r\n"):
            file.readline()
            file.write(answer)
        file.readline()
        file.write(b"+OK\r\n1 abc\r\n.\r\n")
        file.readline()
        file.write(b"+OK\r\n")
        while True:
            file.write(b"x" * 65_536)

    with talking(talk) as port, pytest.raises(Unreachable, match="does not end"):
        list(pop3_at(port).fetch([Location("INBOX", 0, "abc")]))
