"""One person's mailboxes: each with a connection and a thread of its own, all listed at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, UserConfig
from mailsync_tui.engine.detect.listing import list_one
from mailsync_tui.engine.events import Emit, nobody
from mailsync_tui.ledger import history
from mailsync_tui.ledger.reader import FILE_NAME, LedgerMark, open_ledger
from mailsync_tui.mailboxes.base import Listing, Location, Mailbox, MailboxError, Raw
from mailsync_tui.mailboxes.net.secret import secret_of
from mailsync_tui.mailboxes.registry import open_mailbox

T = TypeVar("T")

SETTLE_SECONDS = 5
"""How long after a store whose answer never came a server may still be at it."""

MEANWHILE_SECONDS = 1.5
"""After so long, what is listed already is shown without the mailboxes that are slower."""


class Connections:
    """Opens a person's mailboxes and lists them. Use as a context manager."""

    def __init__(
        self,
        config: UserConfig,
        directory: Path,
        *,
        emit: Emit = nobody,
        mailboxes: Mapping[str, Mailbox] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; nothing is contacted and nothing is made yet.

        Args:
            config: The person's configuration.
            directory: Where the person's ledger, lock and quarantine lie.
            emit: Told what happens, from this session's threads.
            mailboxes: Used instead of opening those of the configuration (tests).
            clock: The present moment, aware.
        """
        self.config = config
        self.directory = directory
        self.emit = emit
        self.clock = clock
        self._stop = threading.Event()
        self._aborted = threading.Event()
        self._configs = {c.name: c for c in config.mailboxes}
        self._given = dict(mailboxes or {})
        self.mailboxes: dict[str, Mailbox] = dict(self._given)
        for name, c in self._configs.items():
            if name not in self.mailboxes:
                self.mailboxes[name] = self._open(c)
        self._threads = {
            name: ThreadPoolExecutor(1, thread_name_prefix=f"mailbox-{name}")
            for name in self._configs
        }
        self._readers: dict[str, Mailbox] = {}
        self._reading: dict[str, ThreadPoolExecutor] = {}
        self._listed_at: tuple[datetime, float] | None = None
        self._mark: LedgerMark | None = None
        """The ledger's, before the mailboxes were listed: what is written later, by another run,
        is of mail that the listing may lack, though nobody deleted it."""

    def _open(self, config: MailboxConfig) -> Mailbox:
        return open_mailbox(config, secret_of(config, self._aborted.is_set))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        for threads, mailboxes in (
            (self._reading, self._readers),
            (self._threads, self.mailboxes),
        ):
            for name, thread in threads.items():
                thread.submit(mailboxes[name].close)
                thread.shutdown(wait=True)

    def stop(self) -> None:
        """From a signal handler or another thread: finish the current message, begin no other."""
        self._stop.set()

    def resume(self) -> None:
        """After a run that was stopped has ended: the next one may begin."""
        self._stop.clear()

    def abort(self) -> None:
        """From another thread: stop, and wait for no server and no password command any more.

        What is under way fails with :class:`MailboxError`, and :meth:`close` returns at once. Not
        for a session that applies: there :meth:`stop` lets the current message be finished.
        """
        self._stop.set()
        self._aborted.set()
        for mailbox in (*self._readers.values(), *self.mailboxes.values()):
            mailbox.abort()

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stop.is_set()

    @property
    def ledger_path(self) -> Path:
        """The person's ledger."""
        return self.directory / FILE_NAME

    def list_all(
        self, meanwhile: Callable[[dict[str, Listing | MailboxError]], None] | None = None
    ) -> dict[str, Listing | MailboxError]:
        """List all mailboxes at once, each on its own thread.

        Args:
            meanwhile: Given what is there after a while, if some mailboxes are slower than that.
        """
        self._let_stores_settle()
        self._mark = self._read_mark()
        self._listed_at = self.clock(), time.monotonic()
        new = CONSOLIDATED if self.new_maildir() else None
        futures = {
            name: thread.submit(list_one, name, self.mailboxes[name], self.emit, new=name == new)
            for name, thread in self._threads.items()
        }
        if meanwhile is not None:
            _, late = wait(futures.values(), timeout=MEANWHILE_SECONDS)
            if late and len(late) < len(futures):
                away = MailboxError("still being listed")
                meanwhile({n: away if f in late else f.result() for n, f in futures.items()})
        return {name: future.result() for name, future in futures.items()}

    def age(self) -> float:
        """Seconds since the last listing: no less than have gone by, whatever was done to a clock.

        The monotonic one stands still while the machine sleeps, and the other may be set back;
        then nobody knows, and the listing is as old as can be.
        """
        assert self._listed_at is not None
        at, ticks = self._listed_at
        gone_by = (self.clock() - at).total_seconds()
        return max(gone_by, time.monotonic() - ticks) if gone_by >= 0 else math.inf

    def _let_stores_settle(self) -> None:
        """Wait a little after a run that died while storing on a server.

        What it had sent is stored by the server after its death; a listing made before that lacks
        the message. What comes still later is recognised
        (:mod:`mailsync_tui.engine.detect.lost_responses`).
        """
        if self.config.consolidated.type != "imap":
            return
        ledger = open_ledger(self.ledger_path)
        try:
            with ledger.snapshot():
                begun = [a.at for a in history.unsettled(ledger) if a.kind in ("collect", "adopt")]
        finally:
            ledger.close()
        if begun:
            # Where the clock was set back since, nobody knows how long ago that was.
            age = max(0.0, (self.clock() - max(begun)).total_seconds())
            if age < SETTLE_SECONDS:
                self._stop.wait(SETTLE_SECONDS - age)

    def _read_mark(self) -> LedgerMark:
        ledger = open_ledger(self.ledger_path)
        try:
            with ledger.snapshot():
                return ledger.mark
        finally:
            ledger.close()

    def parallel(self, tasks: Mapping[str, Callable[[], T]]) -> dict[str, T]:
        """Run one task per mailbox, each on that mailbox's own thread."""
        futures = {name: self._threads[name].submit(task) for name, task in tasks.items()}
        return {name: future.result() for name, future in futures.items()}

    def read(self, name: str, location: Location) -> Future[Raw | None]:
        """Begin to read a message for a person's eyes; see :meth:`Mailbox.read`.

        It is read on a thread and a connection of its own, so that it neither waits for a listing
        or a run nor comes between the commands of one. This call itself does not block.
        """
        if name not in self._readers:
            self._readers[name] = self._given.get(name) or self._open(self._configs[name])
            self._reading[name] = ThreadPoolExecutor(1, thread_name_prefix=f"reading-{name}")
            if self._aborted.is_set():
                self._readers[name].abort()
        return self._reading[name].submit(self._readers[name].read, location)

    def new_maildir(self) -> Path | None:
        """A consolidated Maildir that is not there yet and that the ledger never knew.

        It counts as empty until a run makes it; one that the ledger knew is never made anew
        (DESIGN.md, rule 1).
        """
        config = self.config.consolidated
        if config.type != "maildir" or config.path is None or config.path.exists():
            return None
        ledger = open_ledger(self.ledger_path)
        try:
            with ledger.snapshot():
                return None if CONSOLIDATED in ledger.mailboxes() else config.path
        finally:
            ledger.close()
