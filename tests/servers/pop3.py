"""The demo's POP3 server in a thread of its own, with what real servers do wrong, and with TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailsync_tui.demo.servers import pop3
from mailsync_tui.demo.servers.servers import LoopThread


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


@dataclass(slots=True)
class Account(pop3.Account):
    """One person's mail on a server with vices."""

    vices: Vices = field(default_factory=Vices)
    pending: dict[str, int] = field(default_factory=dict)
    """UIDLs that were deleted but show for that many sessions more."""


class _Session(pop3.Pop3Connection):
    tls: ssl.SSLContext | None = None
    """For STLS."""
    sent = 0

    @property
    def vices(self) -> Vices:
        return self.account.vices if isinstance(self.account, Account) else Vices()

    def commands(self) -> frozenset[str]:
        lacking = {"UIDL": self.vices.no_uidl, "TOP": self.vices.no_top, "CAPA": self.vices.no_capa}
        more = {"STLS"} if self.tls is not None and self.account is None else set()
        return (super().commands() | more) - {verb for verb, lacks in lacking.items() if lacks}

    def listed(self, account: pop3.Account) -> dict[str, bytes]:
        assert isinstance(account, Account)
        for uidl, sessions in list(account.pending.items()):
            account.pending[uidl] = sessions - 1
            if sessions <= 0:
                del account.pending[uidl]
                account.mail.pop(uidl, None)
        return account.mail

    def uidl(self, number: int) -> str:
        if self.vices.positional_uidl:
            return str(number)
        return "one-for-all" if self.vices.shared_uidl else super().uidl(number)

    async def _do_uidl(self, argument: str) -> None:
        if not self.vices.short_uidl:
            await super()._do_uidl(argument)
            return
        lines = (f"{number} {self.uidl(number)}\r\n" for number in self.numbers()[:-1])
        await self.say("+OK", "".join(lines).encode())

    def delete(self, account: pop3.Account, uidl: str) -> None:
        assert isinstance(account, Account)
        if account.vices.lag:
            account.pending[uidl] = account.vices.lag
        else:
            super().delete(account, uidl)

    async def _do_quit(self, argument: str) -> None:
        if self.vices.quit_fails:
            await self.say("-ERR some messages were not deleted")
            raise EOFError
        await super()._do_quit(argument)

    async def _do_stls(self, _argument: str) -> None:
        assert self.tls is not None
        await self.say("+OK begin TLS")
        await self.writer.start_tls(self.tls)
        self.tls = None

    async def say(self, status: str, lines: bytes | None = None) -> None:
        limit = self.vices.drop_after
        if self.vices.drops_pipelined:
            # A StreamReader has no public way to show or drop what it holds.
            buffered: bytearray = getattr(self.reader, "_buffer")  # noqa: B009
            buffered.clear()
        if limit is not None:
            head = status.encode() + b"\r\n"
            answer = head if lines is None else head + lines + b".\r\n"
            if self.sent + len(answer) > limit:
                self.writer.write(answer[: max(0, limit - self.sent)])
                await self.writer.drain()
                raise EOFError
            self.sent += len(answer)
        await super().say(status, lines)


@contextlib.contextmanager
def serving(
    accounts: dict[str, Account], *, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> Iterator[int]:
    """Serve these accounts on 127.0.0.1 and yield the port; everything stops at the end."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session({**accounts}, reader, writer)
        session.tls = None if implicit else tls
        await pop3.talk(session)

    start = asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls if implicit else None)
    with LoopThread("pop3") as loop, loop.listening(start) as port:
        yield port
