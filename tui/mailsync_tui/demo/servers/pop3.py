"""The demo's POP3 server (RFC 1939, 2449), without TLS.

It runs in the asyncio loop of whoever starts it. The mail is a plain dictionary per account, UIDL
to bytes, that may be changed from outside at any time; a session sees it as it was at log-in.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

_LINE_END = re.compile(rb"\r?\n")
_BEFORE = frozenset({"CAPA", "USER", "PASS", "QUIT"})
_AFTER = frozenset({"CAPA", "STAT", "LIST", "UIDL", "TOP", "RETR", "DELE", "NOOP", "RSET", "QUIT"})
"""The commands before the log-in, and after it."""


@dataclass(slots=True)
class Account:
    """One person's mail on the server."""

    password: str = field(repr=False)
    mail: dict[str, bytes] = field(default_factory=dict)
    """UIDL to message, oldest first; line ends may be LF or CRLF."""
    hides_retrieved: bool = False
    """What one session retrieved is listed in no later one, though it was not deleted."""
    hidden: set[str] = field(default_factory=set)
    """UIDLs that are kept but not listed."""
    locked: bool = False
    """A session is open (or a test pretends so)."""
    log: list[str] = field(default_factory=list)
    """The commands received, without what follows PASS."""


class Pop3Connection:
    """One connection. Each command is a method, ``_do_`` and its name.

    Args:
        accounts: Users and their mail.
        reader: What the client sends.
        writer: Takes the answers.
    """

    def __init__(
        self,
        accounts: dict[str, Account],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.account: Account | None = None
        """Once logged in."""
        self.mail: list[tuple[str, bytes]] = []
        self.deleted: set[int] = set()
        self._accounts = accounts
        self._user = ""
        self._retrieved: set[str] = set()
        self._open = True

    async def run(self) -> None:
        """Greet, and answer until the client quits or its connection ends."""
        await self.say("+OK ready")
        while self._open:
            line = await self.reader.readuntil(b"\n")
            verb, _, argument = line.decode("utf-8", "replace").strip("\r\n").partition(" ")
            verb = verb.upper()
            account = self.account or self._accounts.get(self._user)
            if account is not None:
                account.log.append("PASS" if verb == "PASS" else f"{verb} {argument}".strip())
            if verb not in self.commands():
                await self.say("-ERR unknown command")
                continue
            try:
                await getattr(self, f"_do_{verb.lower()}")(argument)
            except LookupError:
                await self.say("-ERR no such message")

    def commands(self) -> frozenset[str]:
        """Those that are known now."""
        return _BEFORE if self.account is None else _AFTER

    def release(self) -> None:
        """End the log-in: another session may begin."""
        if self.account is not None:
            if self.account.hides_retrieved:
                self.account.hidden |= self._retrieved
            self.account.locked = False
            self.account = None

    async def say(self, status: str, lines: bytes | None = None) -> None:
        """Answer; ``lines`` (with CRLF) follow as a multi-line answer."""
        answer = status.encode() + b"\r\n"
        if lines is not None:
            answer += (b"\r\n" + lines).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
        self.writer.write(answer)
        await self.writer.drain()

    async def _do_user(self, argument: str) -> None:
        self._user = argument
        await self.say("+OK")

    async def _do_pass(self, argument: str) -> None:
        account = self._accounts.get(self._user)
        if account is None or account.password != argument:
            await self.say("-ERR [AUTH] wrong user or password")
        elif account.locked:
            await self.say("-ERR [IN-USE] the mailbox is locked by another session")
        else:
            account.locked = True
            self.account = account
            listed = {uidl: _wire(each) for uidl, each in self.listed(account).items()}
            self.mail = [
                (uidl, data) for uidl, data in listed.items() if uidl not in account.hidden
            ]
            await self.say(f"+OK {len(self.mail)} messages")

    def listed(self, account: Account) -> dict[str, bytes]:
        """What a session that begins now finds."""
        return account.mail

    async def _do_capa(self, _argument: str) -> None:
        names = ["USER", "RESP-CODES", "PIPELINING", *sorted({"TOP", "UIDL"} & self.commands())]
        await self.say("+OK", "".join(f"{name}\r\n" for name in names).encode())

    async def _do_stat(self, _argument: str) -> None:
        sizes = [len(self.mail[number - 1][1]) for number in self.numbers()]
        await self.say(f"+OK {len(sizes)} {sum(sizes)}")

    async def _do_list(self, argument: str) -> None:
        await self._listing(argument, lambda number: str(len(self.mail[number - 1][1])))

    async def _do_uidl(self, argument: str) -> None:
        await self._listing(argument, self.uidl)

    def uidl(self, number: int) -> str:
        """What UIDL says of a message."""
        return self.mail[number - 1][0]

    async def _do_retr(self, argument: str) -> None:
        uidl, data = self.mail[self._number(argument) - 1]
        self._retrieved.add(uidl)
        await self.say("+OK", data)

    async def _do_top(self, argument: str) -> None:
        which, _, lines = argument.partition(" ")
        data = self.mail[self._number(which) - 1][1]
        header, end, body = data.partition(b"\r\n\r\n")
        if data.startswith(b"\r\n"):  # it has no header
            header, end, body = b"", b"\r\n", data[2:]
        shown = body.splitlines(keepends=True)[: int(lines) if lines.isdecimal() else 0]
        await self.say("+OK", header + end + b"".join(shown))

    async def _do_dele(self, argument: str) -> None:
        self.deleted.add(self._number(argument))
        await self.say("+OK")

    async def _do_noop(self, _argument: str) -> None:
        await self.say("+OK")

    async def _do_rset(self, _argument: str) -> None:
        self.deleted.clear()
        await self.say("+OK")

    async def _do_quit(self, _argument: str) -> None:
        self._open = False
        if self.account is not None:
            for number in self.deleted:
                self.delete(self.account, self.mail[number - 1][0])
        self.release()
        await self.say("+OK bye")

    def delete(self, account: Account, uidl: str) -> None:
        """Carry out what DELE marked."""
        account.mail.pop(uidl, None)

    def numbers(self) -> list[int]:
        """The messages that are not marked as deleted."""
        return [n for n in range(1, len(self.mail) + 1) if n not in self.deleted]

    def _number(self, argument: str) -> int:
        """The message that is meant.

        Raises:
            LookupError: there is none.
        """
        number = int(argument) if argument.isdecimal() else 0
        if not 1 <= number <= len(self.mail) or number in self.deleted:
            raise LookupError(argument)
        return number

    async def _listing(self, argument: str, value: Callable[[int], str]) -> None:
        if argument:
            number = self._number(argument)
            await self.say(f"+OK {number} {value(number)}")
            return
        lines = "".join(f"{number} {value(number)}\r\n" for number in self.numbers())
        await self.say("+OK", lines.encode())


class Pop3Server:
    """Serves accounts by name.

    Args:
        accounts: Users and their mail; may be changed while it runs.
    """

    def __init__(self, accounts: dict[str, Account]) -> None:
        self.accounts = accounts

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
        """Listen; on a free port for 0. Once closed, sessions end with their connections."""
        return await asyncio.start_server(self._serve, host, port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await talk(Pop3Connection(self.accounts, reader, writer))


async def talk(session: Pop3Connection) -> None:
    """Serve one connection to its end, however it ends."""
    try:
        with contextlib.suppress(OSError, EOFError, ValueError):
            await session.run()
    finally:
        session.release()
        session.writer.close()


def _wire(data: bytes) -> bytes:
    """A message as POP3 sends it: every line ended by CRLF."""
    lines = _LINE_END.sub(b"\r\n", data)
    return lines if not lines or lines.endswith(b"\r\n") else lines + b"\r\n"
