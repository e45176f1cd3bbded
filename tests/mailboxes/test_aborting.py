"""Whatever a mailbox waits for on the network ends once it is aborted."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.mailboxes.base import MailboxError, Unreachable
from mailsync_tui.mailboxes.imap.connection import ImapTiming
from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox
from mailsync_tui.mailboxes.net import sockets
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox, Pop3Timing
from tests.mailboxes.contract import unused_port
from tests.servers.script import talking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mailsync_tui.config.model import Tls
    from mailsync_tui.mailboxes.base import Mailbox

HOUR = 3600.0
LIMIT = 30.0
"""Seconds after which a test fails; nothing that is waited for here comes by itself."""

KINDS = pytest.mark.parametrize("kind", ["imap", "pop3"])


def mailbox_at(kind: str, port: int, tls: Tls = "none", host: str = "127.0.0.1") -> Mailbox:
    """A mailbox that would wait for an hour."""
    if kind == "imap":
        config = MailboxConfig("test", "imap", host=host, port=port, tls=tls, user="ann")
        return ImapMailbox(config, lambda: "secret", ImapTiming(HOUR, HOUR, HOUR))
    config = MailboxConfig("test", "pop3", host=host, port=port, tls=tls, user="ann")
    return Pop3Mailbox(config, lambda: "secret", Pop3Timing(HOUR, HOUR, HOUR, HOUR))


@contextlib.contextmanager
def deaf() -> Iterator[tuple[str, int]]:
    """An address that lets nobody connect and refuses nobody: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


class Call:
    """Something that is called in a thread, and what it raised or returned."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.outcome: Any = None

        def run() -> None:
            try:
                self.outcome = work()
            except MailboxError as error:
                self.outcome = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def ended(self) -> Any:
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()
        return self.outcome


class Tried(threading.Event):
    """Set once a connection was begun."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        begin = socket.socket.connect_ex

        class Socket(socket.socket):
            def connect_ex(sock, address: Any) -> int:  # noqa: N805
                number = begin(sock, address)
                self.set()
                return number

        monkeypatch.setattr(socket, "socket", Socket)


@KINDS
def test_while_it_connects(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with deaf() as (host, port):
        tried = Tried(monkeypatch)
        mailbox = mailbox_at(kind, port, host=host)
        call = Call(mailbox.list)
        assert tried.wait(LIMIT)
        mailbox.abort()
        assert isinstance(call.ended(), Unreachable)


@KINDS
def test_while_a_name_is_looked_up(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answer = threading.Event(), threading.Event()

    def getaddrinfo(*_: Any, **__: Any) -> Any:
        asked.set()
        answer.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    mailbox = mailbox_at(kind, 1)
    call = Call(mailbox.list)
    assert asked.wait(LIMIT)
    mailbox.abort()
    try:
        assert isinstance(call.ended(), Unreachable)
    finally:
        answer.set()


@KINDS
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_while_tls_begins(kind: str, tls: Tls) -> None:
    begun, ended = threading.Event(), threading.Event()

    def talk(file: BinaryIO) -> None:
        if tls == "starttls" and kind == "pop3":
            file.write(b"+OK\r\n")
            file.readline()
            file.write(b"+OK\r\n")
        elif tls == "starttls":
            file.write(b"* OK hello\r\n")
            while b"STARTTLS" not in (command := file.readline()):
                file.write(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n%s OK done\r\n" % command[:5])
            file.write(b"%s OK go\r\n" % command[:5])
        assert file.read(1) == b"\x16", "no handshake was begun"
        begun.set()
        ended.wait(LIMIT)

    with talking(talk) as port:
        mailbox = mailbox_at(kind, port, tls)
        call = Call(mailbox.list)
        assert begun.wait(LIMIT)
        mailbox.abort()
        try:
            assert isinstance(call.ended(), Unreachable)
        finally:
            ended.set()


def test_while_a_lock_is_waited_for() -> None:
    refused = threading.Event()

    def talk(file: BinaryIO) -> None:
        file.write(b"+OK\r\n")
        file.readline()
        file.write(b"-ERR [IN-USE] later\r\n")
        refused.set()

    with talking(talk) as port:
        mailbox = mailbox_at("pop3", port)
        call = Call(mailbox.list)
        assert refused.wait(LIMIT)
        mailbox.abort()
        assert isinstance(call.ended(), Unreachable)


@KINDS
def test_before_anything_is_begun(kind: str) -> None:
    contacted = threading.Event()
    with talking(lambda _: contacted.set()) as port:
        mailbox = mailbox_at(kind, port)
        mailbox.abort()
        with pytest.raises(Unreachable, match="by this program"):
            mailbox.list()
    assert not contacted.is_set()


class TestAddresses:
    """A host may have several."""

    @pytest.fixture
    def resolve(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        def resolve(*addresses: tuple[str, int]) -> None:
            found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in addresses]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

        return resolve

    @pytest.fixture
    def server(self) -> Iterator[tuple[str, int]]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield listener.getsockname()

    def connected(self) -> Any:
        """Where a call got through to; the name does not matter."""

        def connect() -> Any:
            with sockets.connect(("mail.example.org", 143), HOUR, sockets.Cutter()) as sock:
                return sock.getpeername()

        return Call(connect).ended()

    def test_one_that_does_not_answer_holds_nobody_up(
        self, resolve: Callable[..., None], server: tuple[str, int]
    ) -> None:
        with deaf() as nowhere:
            resolve(nowhere, server)
            assert self.connected() == server

    def test_one_that_refuses_is_passed_over(
        self, resolve: Callable[..., None], server: tuple[str, int]
    ) -> None:
        resolve(("127.0.0.1", unused_port()), server)
        assert self.connected() == server

    def test_where_all_refuse_that_is_told(self, resolve: Callable[..., None]) -> None:
        resolve(("127.0.0.1", unused_port()), ("127.0.0.1", unused_port()))
        with pytest.raises(Unreachable, match="refuses the connection"):
            sockets.connect(("mail.example.org", 143), HOUR, sockets.Cutter())

    def test_none_at_all(self, resolve: Callable[..., None]) -> None:
        resolve()
        with pytest.raises(Unreachable, match="no address"):
            sockets.connect(("mail.example.org", 143), HOUR, sockets.Cutter())

    def test_the_time_is_limited(self, resolve: Callable[..., None]) -> None:
        with deaf() as nowhere:
            resolve(nowhere, nowhere)
            with pytest.raises(Unreachable, match="in time"):
                sockets.connect(("mail.example.org", 143), 0.3, sockets.Cutter())
