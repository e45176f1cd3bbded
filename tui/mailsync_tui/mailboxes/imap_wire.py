"""Commands and answers of IMAP on an open connection, pipelined; read faster than imaplib does.

imaplib gives up on a line above 1 MB and handles one command at a time; imapclient's lexer is 14
times slower than this on large answers. Both share one buffered reader with this: no octet is lost
when the work passes from one to the other.
"""

from __future__ import annotations

import contextlib
import re
import select
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsync_tui.mailboxes import net
from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.mailboxes.imap_syntax import Garbled, response_code
from mailsync_tui.safetext import safe_text

if TYPE_CHECKING:
    import imaplib

MAX_LINE = 64 * 1024 * 1024
"""Octets of one line: a SEARCH answer with some six million UIDs."""
MAX_LITERAL = 1024 * 1024 * 1024
"""Octets of one literal: no server takes a larger message; what claims more is not believed."""

_LITERAL = re.compile(rb"~?\{(\d{1,12})\+?\}$")
_FLIGHT = 8192
"""Octets of unanswered commands: they fit every socket buffer, so that sending never blocks on a
server that waits for its answers to be read."""
_STATUS = frozenset({b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"})


class Refused(MailboxError):
    """The server answered NO or BAD; the connection is as good as before."""

    def __init__(self, what: str, status: str, text: bytes) -> None:
        code, _ = response_code(text)
        self.code = code.decode("ascii", "replace")
        said = safe_text(text.decode("utf-8", "replace").strip(), 200)
        super().__init__(f"{what}: {said}" if said else f"{what}: the server answered {status}")


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
        if second.isdigit() and len(words) > 2:
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
class Command:
    """One command that was sent, and what has come of it so far."""

    tag: bytes
    what: str
    """What it was to do, for an error: ``opening Work``."""
    length: int
    max_literal: int = MAX_LITERAL
    untagged: list[Untagged] = field(default_factory=list)
    status: str = ""
    """``OK``, ``NO`` or ``BAD`` once it is answered."""
    text: bytes = b""
    abandoned: bool = False
    """Nobody wants the answer any more: it is read and thrown away."""

    @property
    def code(self) -> bytes:
        """The response code of its final answer."""
        return response_code(self.text)[0]

    def check(self) -> Command:
        """Itself.

        Raises:
            Refused: the server did not answer OK.
        """
        if self.status != "OK":
            raise Refused(self.what, self.status, self.text)
        return self


class Wire:
    """Sends commands without waiting, and attributes answers to the oldest one unanswered."""

    def __init__(self, imap: imaplib.IMAP4) -> None:
        self._imap = imap
        self._waiting: deque[Command] = deque()
        self._count = 0
        self._goodbye = b""
        self._continued = False

    @property
    def untouched(self) -> bool:
        """Nothing has arrived unasked; if something has, it may be the end of the connection."""
        readable, _, _ = select.select([self._imap.sock], [], [], 0)
        return not readable and not self._goodbye

    def send(
        self, line: bytes, what: str, *, max_literal: int = MAX_LITERAL, flush: bool = True
    ) -> Command:
        """Send a command and go on; :meth:`finish` reads its answer.

        Args:
            line: The command without tag and line end.
            what: What it is to do, for an error.
            max_literal: Literals above this many octets end the connection.
            flush: False for a line that ends in a synchronising literal's length.

        Raises:
            OSError: the connection broke.
            Garbled: what came meanwhile is not IMAP.
        """
        while self._waiting and self._in_flight() + len(line) > _FLIGHT:
            self.finish(self._waiting[0])
        self._count += 1
        tag = b"m%d" % self._count
        command = Command(tag, what, len(line) if flush else _FLIGHT, max_literal)
        self._waiting.append(command)
        self.write((tag + b" " + line + b"\r\n",))
        return command

    def write(self, chunks: Iterable[bytes]) -> None:
        """Send octets as they are: the rest of a command with literals."""
        for chunk in chunks:
            self._imap.send(chunk)
        net.quick_ack(self._imap.sock)

    def call(self, line: bytes, what: str) -> Command:
        """Send a command and wait for its answer.

        Raises:
            Refused: the answer is not OK.
        """
        return self.finish(self.send(line, what)).check()

    def finish(self, command: Command) -> Command:
        """Read until this command is answered; what was sent before it is answered first."""
        while not command.status:
            self._read_one()
        return command

    def may_continue(self, command: Command) -> bool:
        """Wait for the server to ask for a literal; False if it answered the command instead."""
        self._continued = False
        while not command.status and not self._continued:
            self._read_one()
        return not command.status

    def settle(self) -> None:
        """Read the answers to everything that was sent."""
        while self._waiting:
            self.finish(self._waiting[0])

    def _in_flight(self) -> int:
        return sum(command.length for command in self._waiting)

    def _read_one(self) -> None:
        parts = self._read_parts(self._waiting[0].max_literal if self._waiting else MAX_LITERAL)
        first = parts[0]
        if first.startswith(b"* "):
            answer = Untagged(parts)
            if answer.kind == b"BYE":
                self._goodbye = answer.text
            elif self._waiting and not self._waiting[0].abandoned:
                self._waiting[0].untagged.append(answer)
        elif first.startswith(b"+"):
            self._continued = True
        else:
            self._complete(first)

    def _complete(self, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        status, _, text = rest.partition(b" ")
        word = status.upper().decode("ascii", "replace")
        if not self._waiting or self._waiting[0].tag != tag or word not in ("OK", "NO", "BAD"):
            raise Garbled("an answer to nothing that was asked")
        command = self._waiting.popleft()
        command.status, command.text = word, text

    def _read_parts(self, max_literal: int) -> list[bytes]:
        parts: list[bytes] = []
        while True:
            line = self._imap.readline()
            if not line.endswith(b"\n"):
                if len(line) > MAX_LINE:
                    raise Garbled("a line without an end")
                raise EOFError(self._goodbye.decode("utf-8", "replace"))
            text = line[:-2] if line.endswith(b"\r\n") else line[:-1]
            match = _LITERAL.search(text) if text.endswith(b"}") else None
            # Words for a person may end in what looks like a literal.
            if match is None or (not parts and _is_status(text)):
                parts.append(text)
                return parts
            size = int(match[1])
            if size > max_literal:
                raise Garbled(f"a part of {size} octets")
            parts.append(text[: match.start()])
            data = self._imap.read(size)
            if len(data) < size:
                raise EOFError
            parts.append(data)

    def logout(self) -> None:
        """Say goodbye, without waiting for more than the answer."""
        with contextlib.suppress(OSError, EOFError, Garbled):
            self.finish(self.send(b"LOGOUT", "logging out"))


def _is_status(text: bytes) -> bool:
    words = text.split(b" ", 2)
    return len(words) > 1 and words[1].upper() in _STATUS
