"""A connection and a thread for each mailbox of one person: all are listed at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from mailsync_tui.config.model import MailboxConfig, UserConfig
from mailsync_tui.engine.detect.listing import list_one
from mailsync_tui.engine.events import Emit
from mailsync_tui.mailboxes.base import Listing, Location, Mailbox, MailboxError, Raw
from mailsync_tui.mailboxes.net.credentials import secret_of
from mailsync_tui.mailboxes.registry import open_mailbox

T = TypeVar("T")

MEANWHILE_SECONDS = 1.5
"""After so long, what is listed already is shown without the mailboxes that are slower."""


class Connections:
    """The mailboxes of one person, each of which is used by its own thread alone."""

    def __init__(self, config: UserConfig, mailboxes: Mapping[str, Mailbox]) -> None:
        """Prepare; nothing is contacted yet.

        Args:
            config: The person's configuration.
            mailboxes: Used instead of opening those of the configuration (tests).
        """
        self._configs = {each.name: each for each in config.mailboxes}
        self._given = mailboxes
        self._timeout = config.message_timeout.total_seconds()
        self._aborted = threading.Event()
        self.mailboxes = {name: self._open(each) for name, each in self._configs.items()}
        self._threads = {
            name: ThreadPoolExecutor(1, thread_name_prefix=f"mailbox-{name}")
            for name in self._configs
        }
        self._readers: dict[str, Mailbox] = {}
        self._reading: dict[str, ThreadPoolExecutor] = {}

    def _open(self, config: MailboxConfig) -> Mailbox:
        given = self._given.get(config.name)
        secret = secret_of(config, self._aborted.is_set)
        return given or open_mailbox(config, secret, self._timeout)

    def close(self) -> None:
        """End all connections."""
        for threads, mailboxes in ((self._reading, self._readers), (self._threads, self.mailboxes)):
            for name, thread in threads.items():
                thread.submit(mailboxes[name].close)
            for thread in threads.values():
                thread.shutdown(wait=True)

    def abort(self) -> None:
        """From another thread: wait for no server and no password command any more.

        What is under way fails with :class:`MailboxError`, and :meth:`close` returns at once.
        """
        self._aborted.set()
        for mailbox in (*self._readers.values(), *self.mailboxes.values()):
            mailbox.abort()

    def submit(self, name: str, task: Callable[[], T]) -> Future[T]:
        """Begin a task on the thread of a mailbox."""
        return self._threads[name].submit(task)

    def parallel(self, tasks: Mapping[str, Callable[[], T]]) -> dict[str, T]:
        """Run one task per mailbox, each on that mailbox's own thread."""
        futures = {name: self.submit(name, task) for name, task in tasks.items()}
        return {name: future.result() for name, future in futures.items()}

    def list_all(
        self,
        emit: Emit,
        new: str | None,
        meanwhile: Callable[[dict[str, Listing | MailboxError]], None] | None,
        without: Mapping[str, MailboxError],
    ) -> dict[str, Listing | MailboxError]:
        """List all mailboxes at once.

        Args:
            emit: Called with what happens, from the mailboxes' threads.
            new: The mailbox that is not there yet and counts as empty.
            meanwhile: Given what is there after a while, if some mailboxes are slower than that.
            without: Mailboxes that are not to be contacted, and why.
        """
        futures = {
            name: thread.submit(self._list_one, name, emit, new=name == new)
            for name, thread in self._threads.items()
            if name not in without
        }
        if meanwhile is not None:
            _, late = wait(futures.values(), timeout=MEANWHILE_SECONDS)
            if late and len(late) < len(futures):
                away = MailboxError("still being listed")
                meanwhile({n: away if f in late else f.result() for n, f in futures.items()})
        return {
            name: without[name] if name in without else futures[name].result()
            for name in self._configs
        }

    def list_changed(
        self, emit: Emit, versions: Mapping[str, str]
    ) -> dict[str, Listing | MailboxError] | None:
        """List all mailboxes at once, unless every one of them has the version it had.

        Args:
            emit: Called with what happens, from the mailboxes' threads.
            versions: Of an earlier listing of each.
        """
        found = self.parallel(
            {
                name: partial(list_one, name, mailbox, emit, unless=versions.get(name))
                for name, mailbox in self.mailboxes.items()
            }
        )
        same = [name for name, listing in found.items() if listing is None]
        if len(same) == len(found):
            return None
        rest = self.parallel({name: partial(self._list_one, name, emit) for name in same})
        return {name: listing or rest[name] for name, listing in found.items()}

    def _list_one(self, name: str, emit: Emit, *, new: bool = False) -> Listing | MailboxError:
        found = list_one(name, self.mailboxes[name], emit, new=new)
        assert found is not None  # no version was named
        return found

    def read(self, name: str, location: Location) -> Future[Raw | None]:
        """Begin to read a message for a person's eyes; see :meth:`Mailbox.read`.

        It is read on a thread and a connection of its own, so that it neither waits for a listing
        or a run nor comes between the commands of one. This call itself does not block.
        """
        if name not in self._readers:
            self._readers[name] = self._open(self._configs[name])
            self._reading[name] = ThreadPoolExecutor(1, thread_name_prefix=f"reading-{name}")
            if self._aborted.is_set():
                self._readers[name].abort()
        return self._reading[name].submit(self._readers[name].read, location)
