"""POP3 on the wire (RFC 1939): one connection, lines of any length, pipelined where allowed.

``poplib`` gives up on a line over 2,048 octets, which one real message in fifty holds, and takes a
round trip for every message.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.errors import short
from mailsync_tui.mailboxes.base import LoginRefused, MailboxError, Unreachable
from mailsync_tui.mailboxes.net import sockets
from mailsync_tui.mailboxes.net.credentials import Exchange, Redaction

if TYPE_CHECKING:
    import socket

MESSAGE_LIMIT = 1 << 30
"""Octets of one answer that are read at most."""
LISTING_LIMIT = 1 << 27
"""Octets of a listing (UIDL, LIST) that are read at most."""

_STATUS_LIMIT = 1 << 16
_WINDOW = 1000
"""Commands that are sent ahead of their answers: some 12 kB, which any system's buffers take even
while the server is busy answering."""
_CHUNK = 1 << 18
_CHALLENGES = 2
"""One for the token, and one that says why it is refused."""
_BUSY = re.compile(r"\[(IN-USE|LOGIN-DELAY|SYS/TEMP)\]|\block|\bin use\b|\bbusy\b", re.IGNORECASE)


class Busy(Unreachable):
    """Another session has the mailbox locked; it is worth trying again soon."""


class Stalled(Unreachable):
    """No answer in time while several commands were under way: this server cannot pipeline."""


class Reply(NamedTuple):
    """One answer."""

    ok: bool
    text: str
    """What the status line says after +OK or -ERR, without the secret, cut when long."""
    data: bytes = b""
    """The lines that follow, unstuffed, each with its line end as it came; or the challenge."""
    challenge: bool = False
    """The server waits for one more line of a log-in."""


class Pop3Command(NamedTuple):
    """A command and what is expected to come back."""

    line: str
    limit: int = 0
    """Octets that the answer may have; 0: it is one line."""
    progress: Callable[[int], None] | None = None
    """Called with how many lines of the answer are there, as they come."""


class Pop3Wire:
    """A connection whose greeting is still to be read.

    Args:
        sock: Connected; with its time-out.
        endpoint: For error sentences.
        stall: Seconds without a byte after which pipelining counts as not working.
    """

    def __init__(self, sock: socket.socket, endpoint: sockets.Endpoint, stall: float) -> None:
        self.sock = sock
        self.pipelines = False
        """Whether several commands may be sent at once."""
        self.ended = False
        """QUIT was sent."""
        self.patience: float | None = None
        """Seconds without a byte after which the server hangs, as it is asked for messages now."""
        self._endpoint = endpoint
        self._stall = stall
        self._redact: Callable[[str], str] = str
        """Takes the secret out of what the server says while it is given."""
        self._buffer = bytearray()

    def greet(self) -> None:
        """Read the greeting.

        Raises:
            Busy: the server asks to come back later.
            Unreachable: it does not want to talk, or is no POP3 server.
        """
        reply = self._reply(Pop3Command(""), 1)
        if not reply.ok:
            kind = Busy if _BUSY.search(reply.text) else Unreachable
            raise kind(f"{self._where} turns us away: {reply.text}")

    def start_tls(
        self,
        trusted: sockets.Trust,
        reconnect: Callable[[], socket.socket],
        watch: Callable[[socket.socket], None],
    ) -> None:
        """Ask for TLS (RFC 2595, 4) and begin it; arguments as for :func:`sockets.secure`.

        Raises:
            MailboxError: the server does not offer it.
            Unreachable: the handshake failed.
        """
        reply = self.ask("STLS")
        if not reply.ok:
            raise MailboxError(f"{self._where} does not offer STARTTLS: {reply.text}")
        if self._buffer:
            # Whoever put these bytes there did so before encryption began.
            raise Unreachable(f"{self._where} sent data between STLS and TLS")
        self.sock = sockets.secure(self.sock, trusted, self._endpoint, reconnect, watch)

    def log_in(self, user: str, secret: str, *, token: bool) -> None:
        """Log in by USER and PASS, or by XOAUTH2 with a token (RFC 5034). Never pipelined.

        Raises:
            Busy: the mailbox is locked by another session.
            LoginRefused: the server does not accept user or secret.
        """
        if any(control in user + secret for control in "\r\n\0"):
            raise LoginRefused(f"the user or secret for {self._where} holds a line end")
        self._redact = Redaction(user, secret)
        exchange = Exchange(user, secret)
        if token:
            reply = self.ask("AUTH XOAUTH2")
            for _ in range(_CHALLENGES):
                if reply.ok and reply.challenge:
                    answer = exchange.answer(_decoded(reply.data))
                    reply = self.ask(base64.b64encode(answer).decode())
        else:
            reply = self.ask(f"USER {user}")
            if reply.ok:
                reply = self.ask(f"PASS {secret}")
        if not reply.ok or reply.challenge:
            text = reply.text
            if _BUSY.search(text):
                raise Busy(f"{self._where}: the mailbox is in use: {text}")
            text = "; ".join(filter(None, (text, exchange.refusal)))
            raise LoginRefused(f"{self._where} refuses the log-in of {user}: {text}")
        self._redact = str

    def ask(self, line: str, limit: int = 0) -> Reply:
        """Send one command and read its answer; ``limit`` as in :class:`Pop3Command`.

        Raises:
            Unreachable: the connection broke or timed out.
        """
        return next(self.ask_many([Pop3Command(line, limit)]))

    def ask_many(self, commands: Sequence[Pop3Command]) -> Iterator[Reply]:
        """Send commands, ahead of the answers where that is allowed, and yield these in order.

        Raises:
            Stalled: no answer came, maybe because several commands were sent at once.
            Unreachable: the connection broke or timed out.
        """
        window = _WINDOW if self.pipelines else 1
        sent = 0
        for answered, command in enumerate(commands):
            if sent - answered <= window // 2:
                ahead = commands[sent : answered + window]
                self._send("".join(f"{one.line}\r\n" for one in ahead))
                sent += len(ahead)
            yield self._reply(command, sent - answered)

    def ask_last(self, commands: Sequence[Pop3Command]) -> Iterator[Reply]:
        """As :meth:`ask_many`, and where that is allowed QUIT goes with them to save a round trip.

        Raises:
            Stalled: no answer came, maybe because several commands were sent at once.
            Unreachable: the connection broke or timed out.
        """
        if not self.pipelines:
            return self.ask_many(commands)
        self.ended = True
        return self.ask_many([*commands, Pop3Command("QUIT")])

    def quit(self) -> Reply:
        """End the session; only then are deletions carried out (RFC 1939, 6).

        Raises:
            Unreachable: no answer came, so that nothing is known of them.
        """
        self.ended = True
        return self.ask("QUIT")

    @property
    def _where(self) -> str:
        return f"{self._endpoint[0]}:{self._endpoint[1]}"

    def _send(self, text: str) -> None:
        try:
            self.sock.sendall(text.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise sockets.unreachable(self._endpoint, error) from error
        sockets.quick_ack(self.sock)

    def _reply(self, command: Pop3Command, outstanding: int) -> Reply:
        buffer = self._buffer
        end = self._find(b"\n", 0, _STATUS_LIMIT, outstanding)
        status = bytes(buffer[:end]).rstrip(b"\r")
        word, _, rest = status.partition(b" ")
        text = short(self._redact(rest.decode("utf-8", "replace")), 200)
        if word == b"+":
            del buffer[: end + 1]
            return Reply(ok=True, text=text, data=rest.strip(), challenge=True)
        if word not in (b"+OK", b"-ERR"):
            other = " but IMAP: see type and port" if word == b"*" else ""
            raise Unreachable(f"{self._where} does not speak POP3{other}")
        if word == b"-ERR" or not command.limit:
            del buffer[: end + 1]
            return Reply(word == b"+OK", text)
        # A server that ends its own lines by LF alone also ends the answer so.
        last = b"\n.\r\n" if buffer[end - 1 : end] == b"\r" else b"\n.\n"
        stop = self._find(last, end, command.limit, outstanding, command.progress) + 1
        with memoryview(buffer) as view:
            data = bytes(view[end + 1 : stop])
        del buffer[: stop + len(last) - 1]
        return Reply(True, text, _unstuffed(data))

    def _find(
        self,
        what: bytes,
        start: int,
        limit: int,
        outstanding: int,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Where ``what`` stands in the buffer, reading on until it does.

        ``progress`` is called with the line ends after the one at ``start``, at each reading.
        """
        found = self._buffer.find(what, start)
        lines = self._buffer.count(b"\n", start + 1) if progress is not None else 0
        while found < 0:
            seen = len(self._buffer)
            if seen - start > limit:
                raise Unreachable(f"{self._where} sends an answer that does not end")
            self._read(outstanding)
            if progress is not None:
                lines += self._buffer.count(b"\n", seen)
                progress(lines)
            found = self._buffer.find(what, max(start, seen - len(what) + 1))
        return found

    def _read(self, outstanding: int) -> None:
        before = self.sock.gettimeout()
        try:
            self.sock.settimeout(self._stall if outstanding > 1 else self.patience or before)
            chunk = self.sock.recv(_CHUNK)
        except TimeoutError as error:
            if outstanding > 1:
                raise Stalled(f"{self._where} did not answer in time") from error
            if self.patience is not None:
                raise sockets.hung(self._endpoint, self.patience) from error
            raise sockets.unreachable(self._endpoint, error) from error
        except OSError as error:
            raise sockets.unreachable(self._endpoint, error) from error
        finally:
            self.sock.settimeout(before)
        if not chunk:
            raise sockets.unreachable(self._endpoint, EOFError())
        self._buffer += chunk


def _decoded(challenge: bytes) -> bytes:
    """A challenge without its base64; some servers send plain words."""
    try:
        return base64.b64decode(challenge, validate=True)
    except binascii.Error:
        return challenge


def _unstuffed(data: bytes) -> bytes:
    """Take away the dot that was put before each line that begins with one (RFC 1939, 3).

    Lines end by CRLF; a bare LF within them is data, unless the server knows no other line end.
    """
    if data.startswith(b".."):
        data = data[1:]
    end = b"\r\n" if b"\r\n" in data else b"\n"
    return data.replace(end + b"..", end + b".")
