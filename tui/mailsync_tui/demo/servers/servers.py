"""The demo's servers, running, and the changes that a story makes to what they hold."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Self

from mailsync_tui.demo.scenario.scenario import (
    CLEANER,
    CONSOLIDATED,
    DOWN,
    EMPTIED,
    HIDER,
    ISP,
    OLD,
    RENUMBERED,
    RESTORED,
    SWAPPED,
    WORK,
    Change,
    Mishap,
)
from mailsync_tui.demo.servers.imap import Delivery, ImapAccount, ImapServer
from mailsync_tui.demo.servers.imap_client import ImapVisitor
from mailsync_tui.demo.servers.loop_thread import LoopThread
from mailsync_tui.demo.servers.pop3 import Account, Pop3Server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from mailsync_tui.demo.mail.letters import Letter

HOST = "127.0.0.1"
USERS = {
    ISP: "ann",
    WORK: "ann.bergstrom",
    OLD: "anniebee",
    HIDER: "ann.b",
    CLEANER: "ann77",
    EMPTIED: "annika",
    RENUMBERED: "ann.ab",
    RESTORED: "a.bergstrom",
    SWAPPED: "ann.post",
    DOWN: "ann.mail",
    CONSOLIDATED: "ann.all",
}
"""Who logs in at the beginning. Another one each: by host and user a mailbox is recognised."""
SECOND_USER = "mikael.b"
"""Who logs in after a swap."""
PASSWORDS = {name: f"demo-{name}" for name in USERS}
"""Worth nothing: the servers listen on loopback only, and hold invented mail."""
POP3 = (ISP, OLD, HIDER, CLEANER, EMPTIED, SWAPPED, DOWN)
IMAP = (WORK, RENUMBERED, RESTORED, CONSOLIDATED)


class Stage:
    """Runs one server per mailbox, each on a free port of 127.0.0.1, until it is left.

    Args:
        beginning: The first deliveries, which the servers hold from the start.

    Attributes:
        ports: By mailbox name, once entered.
        users: By mailbox name, who logs in now.
        pop3: The POP3 accounts by mailbox name, with their command logs.

    Raises:
        DemoUnavailable: on entering, where pymap is not installed.
    """

    def __init__(self, beginning: Sequence[Change]) -> None:
        self.ports: dict[str, int] = {}
        self.users = dict(USERS)
        self.pop3 = {name: Account(PASSWORDS[name]) for name in POP3}
        self.pop3[HIDER].vices.hides_retrieved = True
        self._numbers = count(1)
        self._uidls: dict[tuple[str, Letter], str] = {}
        self._servers: dict[str, Pop3Server | ImapServer] = {}
        self._loop = LoopThread("demo-servers")
        self._stack = ExitStack()
        for change in beginning:
            if change.mailbox in POP3:
                self._change_pop3(change)
        self._imap = {
            name: ImapAccount(
                PASSWORDS[name],
                tuple(_delivery(change) for change in beginning if change.mailbox == name),
            )
            for name in IMAP
        }

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._loop)
            for name, user in USERS.items():
                server = (
                    Pop3Server({user: self.pop3[name]})
                    if name in POP3
                    else ImapServer({user: self._imap[name]})
                )
                self.ports[name] = self._loop.run(server.start(HOST))
                self._servers[name] = server
                stack.callback(self._stop, server)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _stop(self, server: Pop3Server | ImapServer) -> None:
        self._loop.run(server.stop())

    def visit(self, name: str) -> ImapVisitor:
        """A session of the person's own on one of the IMAP servers."""
        return ImapVisitor(HOST, self.ports[name], self.users[name], PASSWORDS[name])

    def change(self, changes: Sequence[Change]) -> None:
        """Let these things happen on the servers."""
        self._loop.run(self._change_all_pop3([c for c in changes if c.mailbox in POP3]))
        for name in IMAP:
            self._change_imap(name, [c for c in changes if c.mailbox == name])

    async def _change_all_pop3(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self._change_pop3(change)

    def _change_pop3(self, change: Change) -> None:
        mail = self.pop3[change.mailbox].mail
        key = (change.mailbox, change.letter)
        if change.what == "remove":
            del mail[self._uidls[key]]
            return
        if change.what == "deliver":
            self._uidls[key] = f"{next(self._numbers):08x}.{change.mailbox}"
        mail[self._uidls[key]] = change.letter.data

    def _change_imap(self, name: str, changes: Sequence[Change]) -> None:
        if not changes:
            return
        with self.visit(name) as visitor:
            visitor.remove([_id(c) for c in changes if c.what == "remove"])
            for folder in sorted({c.folder for c in changes if c.what == "file"}):
                visitor.file(
                    [_id(c) for c in changes if (c.what, c.folder) == ("file", folder)], folder
                )
            visitor.deliver([_delivery(c) for c in changes if c.what == "deliver"])
        server = self._servers[name]
        assert isinstance(server, ImapServer)
        for change in changes:
            if change.what == "return":
                self._loop.run(server.bring_back(self.users[name], change.letter.data))

    def befall(self, mishaps: Sequence[Mishap]) -> None:
        """Let these things happen to the servers."""
        for mishap in mishaps:
            server = self._servers[mishap.mailbox]
            if isinstance(server, Pop3Server):
                self._loop.run(self._befall_pop3(server, mishap))
            elif mishap.what == "drop":
                with self.visit(mishap.mailbox) as visitor:
                    visitor.drop(mishap.folder)
            else:
                strike = server.renumber if mishap.what == "renumber" else server.rewind
                self._loop.run(strike(self.users[mishap.mailbox], mishap.folder))

    async def _befall_pop3(self, server: Pop3Server, mishap: Mishap) -> None:
        name = mishap.mailbox
        if mishap.what == "refuse":
            self.pop3[name].password = f"{PASSWORDS[name]}-changed"
            return
        self.users[name] = SECOND_USER
        self.pop3[name] = server.accounts[SECOND_USER] = Account(PASSWORDS[name])
        for letter in mishap.letters:
            self._change_pop3(Change("deliver", name, letter))


def _delivery(change: Change) -> Delivery:
    return Delivery(change.folder, change.letter.data, change.letter.date)


def _id(change: Change) -> str:
    """The Message-ID by which a letter is found; letters without are neither moved nor removed."""
    assert change.letter.message_id is not None
    return change.letter.message_id
