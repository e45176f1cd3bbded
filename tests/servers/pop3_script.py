"""A small POP3 server of our own, so that a test can give it one vice: subclass and override."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, BinaryIO, Self

from tests.servers.script import talking

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "battery staple"


class HangupError(OSError):
    """Raised by a handler: the connection ends here."""


class Pop3Script:
    """Serves one account, one connection after the other; use as a context manager.

    Every command is a method ``do_…(session, argument)``. What a session lists, under which UIDL,
    and what it gives of a message are :meth:`listed`, :meth:`uidl` and :meth:`served`.
    """

    capabilities: tuple[str, ...] = ("TOP", "UIDL", "PIPELINING", "RESP-CODES")

    def __init__(self) -> None:
        self.mail: dict[str, bytes] = {}
        """UIDL to message (CRLF), oldest first."""
        self.lines: list[str] = []
        """All commands."""
        self.sessions = 0
        """How many have logged in."""
        self.port = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.port = self._stack.enter_context(talking(self._talk))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def sent(self, verb: str) -> list[str]:
        """The commands that began so."""
        return [line for line in self.lines if line.upper().startswith(verb)]

    def _talk(self, file: BinaryIO) -> None:
        session = Session(file)
        session.say("+OK hello")
        while line := file.readline():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self.lines.append(text)
            verb, _, argument = text.partition(" ")
            handler: Callable[..., None] | None = getattr(self, f"do_{verb.lower()}", None)
            if handler is None:
                session.say("-ERR unknown command")
            else:
                handler(session, argument)

    # What a vice changes

    def listed(self) -> list[tuple[str, bytes]]:
        """What a session that begins now lists."""
        return list(self.mail.items())

    def uidl(self, number: int, name: str) -> str:
        """What UIDL says of a message."""
        return name

    def served(self, name: str, data: bytes) -> bytes:
        """What TOP and RETR give of a message."""
        return data

    # The commands

    def do_user(self, to: Session, argument: str) -> None:
        to.say("+OK")

    def do_pass(self, to: Session, argument: str) -> None:
        if argument != SECRET:
            to.say("-ERR [AUTH] no")
            return
        self.sessions += 1
        to.mail = self.listed()
        to.say("+OK")

    def do_capa(self, to: Session, argument: str) -> None:
        to.say("+OK", "".join(f"{name}\r\n" for name in self.capabilities).encode())

    def do_stat(self, to: Session, argument: str) -> None:
        left = [to.mail[number - 1][1] for number in to.numbers()]
        to.say(f"+OK {len(left)} {sum(map(len, left))}")

    def do_list(self, to: Session, argument: str) -> None:
        rows = (f"{number} {len(to.mail[number - 1][1])}\r\n" for number in to.numbers())
        to.say("+OK", "".join(rows).encode())

    def do_uidl(self, to: Session, argument: str) -> None:
        rows = (
            f"{number} {self.uidl(number, to.mail[number - 1][0])}\r\n" for number in to.numbers()
        )
        to.say("+OK", "".join(rows).encode())

    def do_top(self, to: Session, argument: str) -> None:
        name, data = to.mail[int(argument.split()[0]) - 1]
        to.say("+OK", self.served(name, data).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")

    def do_retr(self, to: Session, argument: str) -> None:
        to.say("+OK", self.served(*to.mail[int(argument) - 1]))

    def do_dele(self, to: Session, argument: str) -> None:
        to.deleted.add(int(argument))
        to.say("+OK")

    def do_noop(self, to: Session, argument: str) -> None:
        to.say("+OK")

    def do_quit(self, to: Session, argument: str) -> None:
        for number in to.deleted:
            self.mail.pop(to.mail[number - 1][0], None)
        to.say("+OK bye")
        raise HangupError


class Session:
    """One client."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.mail: list[tuple[str, bytes]] = []
        self.deleted: set[int] = set()

    def numbers(self) -> list[int]:
        """The messages that are left."""
        return [n for n in range(1, len(self.mail) + 1) if n not in self.deleted]

    def say(self, status: str, lines: bytes | None = None) -> None:
        """Answer; ``lines`` (with CRLF) follow as an answer of many lines."""
        answer = status.encode() + b"\r\n"
        if lines is not None:
            end = b"" if not lines or lines.endswith(b"\r\n") else b"\r\n"
            answer += (b"\r\n" + lines + end).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
        self.write(answer)

    def hang(self) -> None:
        """Say nothing any more, until the client has gone."""
        while self._file.readline():
            pass
        raise HangupError

    def write(self, data: bytes) -> None:
        """Send these very octets."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


class Nameless(Pop3Script):
    """Has neither UIDL nor TOP."""

    def do_capa(self, to: Session, argument: str) -> None:
        to.say("+OK", b"PIPELINING\r\n")

    def do_uidl(self, to: Session, argument: str) -> None:
        to.say("-ERR unknown command")

    def do_top(self, to: Session, argument: str) -> None:
        to.say("-ERR unknown command")
