"""Commands and answers of IMAP on an open connection, pipelined; read faster than imaplib does.

imaplib gives up on a line above 1 MB and handles one command at a time; imapclient's lexer is 14
times slower than this on large answers. Both share one buffered reader with this: no octet is lost
when the work passes from one to the other.
"""

from __future__ import annotations

import contextlib
import imaplib
import itertools
import re
import select
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from mailsync_tui.errors import short
from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.mailboxes.imap.syntax import GarbledError, response_code
from mailsync_tui.mailboxes.net import sockets

if TYPE_CHECKING:
    import io
    import socket

MAX_LINE = 32 * 1024 * 1024
"""Octets of one line: a SEARCH answer with some three million UIDs."""
MAX_LITERAL = 1024 * 1024 * 1024
"""Octets of one literal: no server takes a larger message; what claims more is not believed."""

MAX_ANSWERS = 128 * 1024 * 1024
"""Octets that all untagged answers to one command may take in memory, beside one literal of the
largest size that is kept; some 300,000 folders are as much."""
_SMALL = 64 * 1024
"""Octets of a literal where no message was asked for: a folder's name."""
_ANSWER = 400
"""Octets that an answer takes in memory beside its text, roughly."""

_LITERAL = re.compile(rb"~?\{(\d{1,12})\+?\}$")
_FLIGHT = 8192
"""Octets of unanswered commands: they fit every socket buffer, so that sending never blocks on a
server that waits for its answers to be read."""
_AT_ONCE = 64 * 1024
"""Octets that are sent at once: the time-out is one for a byte, not for a whole message."""
_DIGITS = 10
"""Of a message number (RFC 9051, 9: 32 bits)."""
_UID = re.compile(rb"[ (]UID (\d{1,10})[ )]", re.IGNORECASE)
_TAG = re.compile(rb"\(TAG \"?([^\s\")]+)\"?\)", re.IGNORECASE)
_STATUS = frozenset({b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"})
_WORDS = re.compile(rb"\A(?:\* (?:\d+ )?|[A-P]{4,}\d+ )[a-zA-Z]+(?: \[[a-zA-Z-]+)?")
"""What an answer begins with: the tag, as imaplib makes it, or ``*``; then its kind and code."""

POP3_GREETING = "it does not speak IMAP but POP3: see type and port"
BEFORE_LOG_IN = 1024 * 1024
"""Octets that a server may say until its user is known to it and it has described itself."""


class RefusedError(MailboxError):
    """The server answered NO or BAD; the connection is as good as before."""

    def __init__(self, what: str, status: str, text: bytes) -> None:
        code, _ = response_code(text)
        self.code = code.decode("ascii", "replace")
        said = short(text.decode("utf-8", "replace").strip(), 200)
        super().__init__(f"{what}: {said}" if said else f"{what}: the server answered {status}")


class Imap4(imaplib.IMAP4):
    """imaplib's connection on a socket that was opened elsewhere, with room for long lines."""

    def __init__(self, opened: Callable[[], socket.socket], host: str) -> None:
        self._opened = opened
        self._room: int | None = BEFORE_LOG_IN
        self._greeted = False
        super().__init__(host)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:  # noqa: ARG002
        return self._opened()

    def _get_capabilities(self) -> None:
        # imaplib asks at once, though nearly every server names them as it greets.
        named = self.untagged_responses.pop("CAPABILITY", None)
        greeted, self._greeted = self._greeted, True
        if named and not greeted:  # what comes later may be from before TLS, or from anyone
            words = cast("bytes", named[-1]).decode("ascii", "replace")
            self.capabilities = tuple(words.upper().split())
        else:
            super()._get_capabilities()  # type: ignore[misc]

    def readline(self) -> bytes:
        """One line, with its end; not cut at imaplib's limit."""
        line = cast("bytes", self.file.readline(self._limit(MAX_LINE) + 1))
        if self._room == BEFORE_LOG_IN and line.startswith((b"+OK", b"-ERR")):
            raise self.error(POP3_GREETING)
        self._count(len(line))
        return line

    def read(self, size: int) -> bytes:
        """A literal; fewer octets only at the end of the connection."""
        self._count(size)
        return cast("bytes", self.file.read(size))

    def log_in_is_over(self) -> None:
        """From now on the wire says how much may come."""
        self._room = None

    def _limit(self, most: int) -> int:
        return most if self._room is None else min(most, self._room)

    def _count(self, octets: int) -> None:
        """Make sure that a server does not talk without an end to imaplib, which keeps it all."""
        if self._room is not None:
            self._room -= octets
            if self._room < 0:
                raise self.abort("it says more than can be before the log-in")

    def _get_line(self) -> bytes:
        # imaplib knows the words of an answer in capitals only, but their case means nothing
        # (RFC 3501, 9); once logged in, nothing passes here any more.
        line: bytes = super()._get_line()  # type: ignore[misc]
        return _WORDS.sub(lambda match: match[0].upper(), line, count=1)

    def has_news(self) -> bool:
        """Whether something has arrived that was not read yet, or the other side has left."""
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            if cast("io.BufferedReader", self.file).peek(1):
                return True
        except ssl.SSLWantReadError:
            # What TLS had to say to itself is read now, and nothing was behind it.
            pass
        except (OSError, ValueError):
            return True
        finally:
            self.sock.settimeout(timeout)
        return bool(select.select([self.sock], [], [], 0)[0])


class Untagged:
    """One untagged answer."""

    __slots__ = ("kind", "number", "parts", "start")

    def __init__(self, parts: list[bytes]) -> None:
        """Find out what kind of answer it is.

        Args:
            parts: Text and literals in turn, beginning with ``* ``.
        """
        words = parts[0].split(b" ", 3)
        self.parts = parts
        self.number: int | None = None
        second = words[1] if len(words) > 1 else b""
        if second.isdigit() and len(second) <= _DIGITS and len(words) > 2:
            self.number = int(second)
            self.kind = words[2].upper()
            self.start = len(words[0]) + len(second) + len(words[2]) + 3
        else:
            self.kind = second.upper()
            self.start = len(words[0]) + len(second) + 2
        """Where in the first text the rest begins."""

    @property
    def text(self) -> bytes:
        """What follows the kind, as far as the first literal."""
        return self.parts[0][self.start :]


@dataclass(slots=True, eq=False)
class ImapCommand:
    """One command that was sent, and what has come of it so far."""

    tag: bytes
    what: str
    """What it was to do, for an error: ``opening Work``."""
    length: int
    wanted: frozenset[int] | None = None
    """A FETCH: the UIDs that it asked for."""
    answered_by: bytes = b""
    """``SEARCH``, ``LIST``: the kind of answer that belongs to such commands alone."""
    max_literal: int = _SMALL
    kept: int = _SMALL
    """Octets that are kept of each literal; the rest is read and dropped."""
    untagged: list[Untagged] = field(default_factory=list)
    room: int = field(init=False)
    """Octets that its answers may still take."""
    status: str = ""
    """``OK``, ``NO`` or ``BAD`` once it is answered."""
    text: bytes = b""

    def __post_init__(self) -> None:
        """Make room for its answers."""
        self.room = MAX_ANSWERS + self.kept

    def take(self, answer: Untagged) -> None:
        """Keep an answer.

        Raises:
            GarbledError: there have been too many.
        """
        self.room -= _ANSWER + sum(map(len, answer.parts))
        if self.room < 0:
            raise GarbledError("answers without an end")
        self.untagged.append(answer)

    @property
    def code(self) -> bytes:
        """The response code of its final answer."""
        return response_code(self.text)[0]

    def check(self) -> ImapCommand:
        """Itself.

        Raises:
            RefusedError: the server did not answer OK.
        """
        if self.status != "OK":
            raise RefusedError(self.what, self.status, self.text)
        return self


class ImapWire:
    """Sends commands without waiting, and finds out which of them an answer belongs to.

    A server may work at several FETCH or SEARCH commands at once and end them in any order
    (RFC 9051, 5.5); Dovecot does as soon as we read slower than it writes.
    """

    def __init__(self, imap: Imap4) -> None:
        self._imap = imap
        self._waiting: deque[ImapCommand] = deque()
        self._count = 0
        self._goodbye = b""
        self._continued = False
        self._ended = False

    @property
    def untouched(self) -> bool:
        """Nothing has arrived unasked; if something has, it may be the end of the connection."""
        if self._ended:
            return False
        return not self._goodbye and not self._imap.has_news()

    def send(
        self,
        line: bytes,
        what: str,
        *,
        wanted: Iterable[int] | None = None,
        max_literal: int = _SMALL,
        kept: int | None = None,
    ) -> ImapCommand:
        """Send a command and go on; :meth:`finish` reads its answer.

        Args:
            line: The command without tag and line end.
            what: What it is to do, for an error.
            wanted: The UIDs that a FETCH asks for.
            max_literal: Literals above this many octets end the connection.
            kept: Octets that are kept of a literal; ``None``: all of it.

        Raises:
            OSError: the connection broke.
            GarbledError: what came meanwhile is not IMAP.
        """
        while self._waiting and self._in_flight() + len(line) > _FLIGHT:
            self.finish(self._waiting[0])
        self._count += 1
        tag = b"m%d" % self._count
        uids = None if wanted is None else frozenset(wanted)
        word = line.removeprefix(b"UID ").partition(b" ")[0]
        kind = word if word in (b"SEARCH", b"LIST") else b""
        command = ImapCommand(
            tag, what, len(line), uids, kind, max_literal, max_literal if kept is None else kept
        )
        self._waiting.append(command)
        self.write((tag + b" " + line + b"\r\n",))
        return command

    def write(self, chunks: Iterable[bytes]) -> None:
        """Send octets as they are: the rest of a command with literals."""
        if self._ended:
            raise EOFError
        for chunk in chunks:
            for start in range(0, len(chunk), _AT_ONCE):  # each has the time-out for itself
                self._imap.send(chunk[start : start + _AT_ONCE])
        sockets.quick_ack(self._imap.sock)

    def call(self, line: bytes, what: str) -> ImapCommand:
        """Send a command and wait for its answer.

        Raises:
            RefusedError: the answer is not OK.
        """
        return self.finish(self.send(line, what)).check()

    def finish(self, command: ImapCommand) -> ImapCommand:
        """Read until this command is answered; what was sent before it is answered first."""
        while not command.status:
            self._read_one()
        return command

    def may_continue(self, command: ImapCommand) -> bool:
        """Wait for the server to ask for a literal; False if it answered the command instead."""
        self._continued = False
        while not command.status and not self._continued:
            self._read_one()
        return not command.status

    def finish_all(self) -> None:
        """Read the answers to everything that was sent."""
        while self._waiting:
            self.finish(self._waiting[0])

    def _in_flight(self) -> int:
        return sum(command.length for command in self._waiting)

    def _read_one(self) -> None:
        if self._ended:
            raise EOFError
        parts = self._read_parts(
            max((one.max_literal for one in self._waiting), default=0),
            max((one.kept for one in self._waiting), default=0),
        )
        first = parts[0]
        if first.startswith(b"* "):
            answer = Untagged(parts)
            if answer.kind == b"BYE":
                self._goodbye = answer.text
            else:
                for command in self._concerned(answer):
                    command.take(answer)
        elif first.startswith(b"+"):
            self._continued = True
        else:
            self._complete(first)

    def _concerned(self, answer: Untagged) -> Iterable[ImapCommand]:
        """The commands that an answer belongs to: by UID or tag where it names one."""
        oldest = itertools.islice(self._waiting, 1)
        if answer.kind == b"FETCH":
            fetching = [one for one in self._waiting if one.wanted is not None]
            match = _UID.search(answer.parts[0])
            if match is None:
                return fetching or oldest
            uid = int(match[1])
            return [one for one in fetching if one.wanted is not None and uid in one.wanted]
        if answer.kind in (b"ESEARCH", b"SEARCH"):
            match = _TAG.search(answer.text) if answer.kind == b"ESEARCH" else None
            searching = (one for one in self._waiting if one.answered_by == b"SEARCH")
            if match is None:
                return itertools.islice(searching, 1)
            return [one for one in searching if one.tag == match[1]]
        if answer.kind == b"LIST":
            listing = (one for one in self._waiting if one.answered_by == b"LIST")
            return itertools.islice(listing, 1)
        return oldest

    def _complete(self, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        status, _, text = rest.partition(b" ")
        word = status.upper().decode("ascii", "replace")
        command = next((one for one in self._waiting if one.tag == tag), None)
        if command is None or word not in ("OK", "NO", "BAD"):
            raise GarbledError("an answer to nothing that was asked")
        self._waiting.remove(command)
        command.status, command.text = word, text

    def _read_parts(self, max_literal: int, kept: int) -> list[bytes]:
        parts: list[bytes] = []
        while True:
            line = self._imap.readline()
            if not line.endswith(b"\n"):
                if len(line) > MAX_LINE:
                    raise GarbledError("a line without an end")
                raise EOFError(self._goodbye.decode("utf-8", "replace"))
            text = line[:-2] if line.endswith(b"\r\n") else line[:-1]
            match = _LITERAL.search(text) if text.endswith(b"}") else None
            # Words for a person may end in what looks like a literal.
            if match is None or (not parts and _is_status(text)):
                parts.append(text)
                return parts
            size = int(match[1])
            if size > max_literal:
                raise GarbledError(f"a part of {size} bytes")
            parts.append(text[: match.start()])
            parts.append(self._exactly(min(size, kept)))
            for left in range(size - kept, 0, -_SMALL):
                self._exactly(min(left, _SMALL))

    def _exactly(self, size: int) -> bytes:
        data = self._imap.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def logout(self) -> None:
        """Say goodbye; never raises."""
        with contextlib.suppress(OSError, EOFError, GarbledError):
            self.finish(self.send(b"LOGOUT", "logging out"))

    def end(self) -> None:
        """Close the socket without a word. Whoever still waits for an answer gets ``EOFError``."""
        self._ended = True
        # imaplib's shutdown() waits for nothing, but raises what closing a dead socket raises.
        with contextlib.suppress(OSError):
            self._imap.shutdown()


def _is_status(text: bytes) -> bool:
    words = text.split(b" ", 2)
    return len(words) > 1 and words[1].upper() in _STATUS
