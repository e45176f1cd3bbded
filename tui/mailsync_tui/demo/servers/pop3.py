"""A POP3 server (RFC 1939, 2449, 2595) to embed: for the demo, and for tests with its vices.

It runs in the asyncio loop of whoever starts it. The mail is a plain dictionary per account, UIDL
to bytes, that may be changed from outside at any time; a session sees it as it was at log-in.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_Verbs = dict[str, Callable[[str], Awaitable[None]]]
_LINE_END = re.compile(rb"\r?\n")


@dataclass(slots=True)
class Vices:
    """What real servers do wrong, or do not have; all may be changed while the server runs."""

    no_capa: bool = False
    no_uidl: bool = False
    no_top: bool = False
    positional_uidl: bool = False
    """Every UIDL is the message's number."""
    shared_uidl: bool = False
    """All messages have one UIDL."""
    lag: int = 0
    """How many later sessions still see what a QUIT deleted."""
    drop_after: int | None = None
    """Octets after which each connection is cut off."""
    drops_pipelined: bool = False
    """Of several commands sent at once, only the first is answered."""
    quit_fails: bool = False
    """QUIT deletes nothing and answers -ERR."""
    short_uidl: bool = False
    """UIDL leaves out the last message."""
    hides_retrieved: bool = False
    """What one session retrieved is listed in no later one, though it was not deleted."""


@dataclass(slots=True)
class Account:
    """One person's mail on the server."""

    password: str = field(repr=False)
    mail: dict[str, bytes] = field(default_factory=dict)
    """UIDL to message, oldest first; line ends may be LF or CRLF."""
    log: list[str] = field(default_factory=list)
    """The commands received, without what follows PASS."""
    locked: bool = False
    """A session is open (or a test pretends so)."""
    vices: Vices = field(default_factory=Vices)
    pending: dict[str, int] = field(default_factory=dict)
    """UIDLs that were deleted but show for that many sessions more."""
    hidden: set[str] = field(default_factory=set)
    """UIDLs that are kept but not listed."""


class Pop3Server:
    """Serves accounts by name.

    Args:
        accounts: Users and their mail; may be changed while it runs.
        tls: For STLS, or for TLS from the first byte with ``implicit``.
        implicit: TLS from the first byte.
    """

    def __init__(
        self,
        accounts: dict[str, Account],
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self.accounts = accounts
        self._tls = tls
        self._implicit = implicit
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port (a free one for 0)."""
        context = self._tls if self._implicit else None
        self._server = await asyncio.start_server(self._serve, host, port, ssl=context)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Listen no more. Sessions that are open end with their connections."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upgrade = None if self._implicit else self._tls
        session = _Session(self.accounts, reader, writer, upgrade)
        try:
            with contextlib.suppress(OSError, EOFError, ValueError):
                await session.run()
        finally:
            session.release()
            writer.close()


class _Session:
    """One connection."""

    def __init__(
        self,
        accounts: dict[str, Account],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._accounts = accounts
        self._reader = reader
        self._writer = writer
        self._tls = tls
        self._user = ""
        self._account: Account | None = None
        self._mail: list[tuple[str, bytes]] = []
        self._deleted: set[int] = set()
        self._retrieved: set[str] = set()
        self._sent = 0
        self._open = True

    async def run(self) -> None:
        await self._say("+OK ready")
        while self._open:
            line = await self._reader.readuntil(b"\n")
            verb, _, argument = line.decode("utf-8", "replace").strip("\r\n").partition(" ")
            verb = verb.upper()
            account = self._account or self._accounts.get(self._user)
            if account is not None:
                account.log.append("PASS" if verb == "PASS" else f"{verb} {argument}".strip())
            handlers = self._before if self._account is None else self._after
            handler = handlers().get(verb)
            if handler is None:
                await self._say("-ERR unknown command")
            else:
                await handler(argument)
            if self._account is not None and self._account.vices.drops_pipelined:
                self._forget_input()

    def release(self) -> None:
        if self._account is not None:
            if self._account.vices.hides_retrieved:
                self._account.hidden |= self._retrieved
            self._account.locked = False
            self._account = None

    def _before(self) -> _Verbs:
        verbs: _Verbs = {"USER": self._do_user, "PASS": self._do_pass, "CAPA": self._do_capa}
        if self._tls is not None:
            verbs["STLS"] = self._do_stls
        return {**verbs, "QUIT": self._do_quit}

    def _after(self) -> _Verbs:
        assert self._account is not None
        vices = self._account.vices
        verbs: _Verbs = {
            "CAPA": self._do_capa,
            "STAT": self._do_stat,
            "LIST": self._do_list,
            "RETR": self._do_retr,
            "DELE": self._do_dele,
            "NOOP": self._do_noop,
            "RSET": self._do_rset,
            "QUIT": self._do_quit,
        }
        if not vices.no_top:
            verbs["TOP"] = self._do_top
        if not vices.no_uidl:
            verbs["UIDL"] = self._do_uidl
        return verbs

    async def _do_user(self, argument: str) -> None:
        self._user = argument
        await self._say("+OK")

    async def _do_pass(self, argument: str) -> None:
        account = self._accounts.get(self._user)
        if account is None or account.password != argument:
            await self._say("-ERR [AUTH] wrong user or password")
        elif account.locked:
            await self._say("-ERR [IN-USE] the mailbox is locked by another session")
        else:
            account.locked = True
            for uidl, sessions in list(account.pending.items()):
                account.pending[uidl] = sessions - 1
                if sessions <= 0:
                    del account.pending[uidl]
                    account.mail.pop(uidl, None)
            self._account = account
            self._mail = [
                (uidl, _wire(data))
                for uidl, data in account.mail.items()
                if uidl not in account.hidden
            ]
            await self._say(f"+OK {len(self._mail)} messages")

    async def _do_capa(self, _argument: str) -> None:
        vices = self._account.vices if self._account else Vices()
        if vices.no_capa:
            await self._say("-ERR unknown command")
            return
        names = ["USER", "RESP-CODES", "PIPELINING"]
        names += [] if vices.no_top else ["TOP"]
        names += [] if vices.no_uidl else ["UIDL"]
        names += ["STLS"] if self._tls is not None and self._account is None else []
        await self._say("+OK", "".join(f"{name}\r\n" for name in names).encode())

    async def _do_stls(self, _argument: str) -> None:
        assert self._tls is not None
        await self._say("+OK begin TLS")
        await self._writer.start_tls(self._tls)
        self._tls = None

    async def _do_stat(self, _argument: str) -> None:
        sizes = [len(self._mail[number - 1][1]) for number in self._numbers()]
        await self._say(f"+OK {len(sizes)} {sum(sizes)}")

    async def _do_list(self, argument: str) -> None:
        await self._listing(argument, lambda number: str(len(self._mail[number - 1][1])))

    async def _do_uidl(self, argument: str) -> None:
        assert self._account is not None
        vices = self._account.vices

        def name(number: int) -> str:
            if vices.positional_uidl:
                return str(number)
            return "one-for-all" if vices.shared_uidl else self._mail[number - 1][0]

        await self._listing(argument, name, short=vices.short_uidl)

    async def _do_retr(self, argument: str) -> None:
        number = self._number(argument)
        if number is None:
            await self._say("-ERR no such message")
        else:
            uidl, data = self._mail[number - 1]
            self._retrieved.add(uidl)
            await self._say("+OK", data)

    async def _do_top(self, argument: str) -> None:
        which, _, lines = argument.partition(" ")
        number = self._number(which)
        if number is None or not lines.isdecimal():
            await self._say("-ERR no such message")
            return
        data = self._mail[number - 1][1]
        end = data.find(b"\r\n\r\n")
        if data.startswith(b"\r\n"):
            end = -2
        elif end < 0:
            end = len(data)
        body = data[end + 4 :].splitlines(keepends=True)[: int(lines)]
        await self._say("+OK", data[: end + 4] + b"".join(body))

    async def _do_dele(self, argument: str) -> None:
        number = self._number(argument)
        if number is None:
            await self._say("-ERR no such message")
        else:
            self._deleted.add(number)
            await self._say("+OK")

    async def _do_noop(self, _argument: str) -> None:
        await self._say("+OK")

    async def _do_rset(self, _argument: str) -> None:
        self._deleted.clear()
        await self._say("+OK")

    async def _do_quit(self, _argument: str) -> None:
        self._open = False
        account = self._account
        if account is not None and account.vices.quit_fails:
            self.release()
            await self._say("-ERR some messages were not deleted")
            return
        if account is not None:
            for number in self._deleted:
                uidl = self._mail[number - 1][0]
                if account.vices.lag:
                    account.pending[uidl] = account.vices.lag
                else:
                    account.mail.pop(uidl, None)
        self.release()
        await self._say("+OK bye")

    def _numbers(self) -> list[int]:
        return [n for n in range(1, len(self._mail) + 1) if n not in self._deleted]

    def _number(self, argument: str) -> int | None:
        number = int(argument) if argument.isdecimal() else 0
        known = 1 <= number <= len(self._mail) and number not in self._deleted
        return number if known else None

    async def _listing(
        self, argument: str, value: Callable[[int], str], *, short: bool = False
    ) -> None:
        if argument:
            number = self._number(argument)
            found = f"+OK {number} {value(number)}" if number else "-ERR no such message"
            await self._say(found)
            return
        numbers = self._numbers()[:-1] if short else self._numbers()
        lines = "".join(f"{number} {value(number)}\r\n" for number in numbers)
        await self._say("+OK", lines.encode())

    async def _say(self, status: str, lines: bytes | None = None) -> None:
        """Answer; ``lines`` (with CRLF) follow as a multi-line answer."""
        answer = status.encode() + b"\r\n"
        if lines is not None:
            answer += (b"\r\n" + lines).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
        limit = self._account.vices.drop_after if self._account else None
        if limit is not None and self._sent + len(answer) > limit:
            self._writer.write(answer[: max(0, limit - self._sent)])
            await self._writer.drain()
            raise EOFError
        self._sent += len(answer)
        self._writer.write(answer)
        await self._writer.drain()

    def _forget_input(self) -> None:
        # A StreamReader has no public way to show or drop what it holds.
        buffered: bytearray = getattr(self._reader, "_buffer")  # noqa: B009
        buffered.clear()


def _wire(data: bytes) -> bytes:
    """A message as POP3 sends it: every line ended by CRLF."""
    lines = _LINE_END.sub(b"\r\n", data)
    return lines if not lines or lines.endswith(b"\r\n") else lines + b"\r\n"
