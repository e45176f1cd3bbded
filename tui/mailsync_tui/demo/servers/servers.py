"""The demo's servers, running, and what happens to the mail that they hold."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mailsync_tui.demo.scenario import (
    ALIAS,
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
    Incident,
)
from mailsync_tui.demo.servers.pop3 import Account, Pop3Server
from mailsync_tui.errors import DemoUnavailable

if TYPE_CHECKING:
    from mailsync_tui.demo.mail.letters import Letter
    from mailsync_tui.demo.servers.imap import DemoFolders, ImapServer

HOST = "127.0.0.1"
USERS = {
    ISP: "ann",
    WORK: "ann.bergstrom",
    OLD: "anniebee",
    HIDER: "ann.mail",
    CLEANER: "ann77",
    EMPTIED: "annika",
    RENUMBERED: "ann.ab",
    RESTORED: "a.bergstrom",
    SWAPPED: "ann.post",
    ALIAS: "ann.inbox",
    DOWN: "ann.b",
    CONSOLIDATED: "ann.all",
}
"""Who logs in at the beginning. Another one each: by host and user a mailbox is recognised."""
SECOND_USER = "mikael.b"
"""Who logs in after a swap."""
PASSWORDS = {name: f"demo-{name}" for name in USERS}
"""Worth nothing: the servers listen on loopback only, and hold invented mail."""
POP3 = (ISP, OLD, HIDER, CLEANER, EMPTIED, SWAPPED, ALIAS)
IMAP = (WORK, RENUMBERED, RESTORED, DOWN, CONSOLIDATED)

Returned = TypeVar("Returned")


class Servers:
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
        self.pop3[HIDER].hides_retrieved = True
        self._beginning = beginning
        self._numbers = count(1)
        self._uidls: dict[tuple[str, Letter], str] = {}
        self._pop3_servers: dict[str, Pop3Server] = {}
        self._imap_servers: dict[str, ImapServer] = {}
        self._loop = LoopThread("demo-servers")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            from mailsync_tui.demo.servers.imap import ImapServer
        except ImportError as error:
            raise DemoUnavailable(
                "The demo's IMAP server is not installed: pip install 'mailsync-tui[demo]'"
            ) from error
        self._pop3_servers = {name: Pop3Server({USERS[name]: self.pop3[name]}) for name in POP3}
        self._imap_servers = {name: ImapServer({USERS[name]: PASSWORDS[name]}) for name in IMAP}
        with ExitStack() as stack:
            stack.enter_context(self._loop)
            started: dict[str, Pop3Server | ImapServer] = {
                **self._pop3_servers,
                **self._imap_servers,
            }
            for name, server in started.items():
                self.ports[name] = stack.enter_context(self._loop.listening(server.start(HOST)))
            self.change(self._beginning)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def change(self, changes: Sequence[Change]) -> None:
        """Let these things happen in the mailboxes, one after the other.

        Raises:
            LookupError: a letter that is removed, filed or returned is not there.
        """
        self._loop.run(self._change_all(changes))

    async def _change_all(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.mailbox in POP3:
                self._change_pop3(change)
            else:
                await self._change_imap(change)

    def _change_pop3(self, change: Change) -> None:
        mail = self.pop3[change.mailbox].mail
        key = (change.mailbox, change.letter)
        if change.what == "remove":
            del mail[self._uidls[key]]
            return
        if change.what == "deliver":
            self._uidls[key] = f"{next(self._numbers):08x}.{change.mailbox}"
        mail[self._uidls[key]] = change.letter.data

    async def _change_imap(self, change: Change) -> None:
        folders = self._folders(change.mailbox)
        data = change.letter.data
        if change.what == "deliver":
            await folders.deliver(change.folder, data, change.letter.date)
        elif change.what == "remove":
            await folders.remove(data)
        elif change.what == "file":
            await folders.move(data, change.folder)
        else:
            await (await folders.folder("INBOX")).restore(data)

    def _folders(self, name: str) -> DemoFolders:
        return self._imap_servers[name].folders[self.users[name]]

    def apply_incidents(self, incidents: Sequence[Incident]) -> None:
        """Let these things happen to the servers."""
        self._loop.run(self._apply_all(incidents))

    async def _apply_all(self, incidents: Sequence[Incident]) -> None:
        for incident in incidents:
            name = incident.mailbox
            if incident.what == "refuse":
                self._imap_servers[name].change_password(
                    self.users[name], f"{PASSWORDS[name]}-changed"
                )
            elif incident.what == "swap":
                self.users[name] = SECOND_USER
                account = self.pop3[name] = Account(PASSWORDS[name])
                self._pop3_servers[name].accounts[SECOND_USER] = account
                for letter in incident.letters:
                    self._change_pop3(Change("deliver", name, letter))
            elif incident.what == "drop":
                await self._folders(name).delete_mailbox(incident.folder)
            else:
                folder = await self._folders(name).folder(incident.folder)
                await (folder.renumber() if incident.what == "renumber" else folder.rewind())


class LoopThread:
    """Runs coroutines from other threads; what still runs at its end is cancelled.

    Args:
        name: The thread's name, as debuggers show it.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, Returned]) -> Returned:
        """Run a coroutine in the loop and wait for what it returns or raises."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    @contextmanager
    def listening(self, start: Coroutine[Any, Any, asyncio.Server]) -> Iterator[int]:
        """Start a server, and stop listening at the end of the block; the port."""
        server = self.run(start)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            self.run(_close(server))


async def _close(server: asyncio.Server) -> None:
    server.close()


async def _cancel_others() -> None:
    asyncio.get_running_loop().set_exception_handler(_report_unless_cancelled)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _report_unless_cancelled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # Python 3.11 asks every client's task for its exception, and so reports a cancellation.
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)
