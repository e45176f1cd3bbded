"""One person's session: the mailboxes, the ledger, and the engine run over them.

One connection and one thread per mailbox; the ledger is written by the calling thread alone, and
locked only while lines are applied.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from mailsync_tui.config.errors import SecretError
from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, UserConfig
from mailsync_tui.config.secrets import resolve
from mailsync_tui.engine.apply import apply
from mailsync_tui.engine.applying import Run
from mailsync_tui.engine.decline import decline
from mailsync_tui.engine.deleting import restore_marks
from mailsync_tui.engine.events import Emit, Listed, nobody
from mailsync_tui.engine.naming import resolved
from mailsync_tui.engine.observe import Observation, observe
from mailsync_tui.engine.plan import Options, Plan
from mailsync_tui.engine.planner import Considered, consider
from mailsync_tui.engine.rebase import rebase
from mailsync_tui.engine.record import note_seen, nothing_new, record
from mailsync_tui.engine.standing import role_counts
from mailsync_tui.ledger import history
from mailsync_tui.ledger.ledger import LedgerReader, open_ledger
from mailsync_tui.ledger.lock import RunLock
from mailsync_tui.ledger.private import make_private_dir
from mailsync_tui.ledger.quarantine import Quarantine, QuarantineError
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import Listing, LoginRefused, Mailbox, MailboxError
from mailsync_tui.mailboxes.registry import open_mailbox
from mailsync_tui.outcome import (
    INTERRUPTED,
    OK,
    STALE,
    Choose,
    Result,
    SessionError,
    require_reached,
    sync_code,
)

T = TypeVar("T")

FRESH_SECONDS = 60
"""A listing is trusted for so long right before a deletion (DESIGN.md, rule 4)."""

SETTLE_SECONDS = 5
"""How long after a store whose answer never came a server may still be at it."""


class Session:
    """One person's mailboxes and ledger. Use as a context manager."""

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
        configs = (*config.external, config.consolidated)
        self.mailboxes: dict[str, Mailbox] = dict(mailboxes or {})
        for c in configs:
            if c.name not in self.mailboxes:
                self.mailboxes[c.name] = open_mailbox(c, _secret_of(c))
        self._threads = {
            c.name: ThreadPoolExecutor(1, thread_name_prefix=f"mailbox-{c.name}") for c in configs
        }
        self._listed_at: datetime | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        for name, thread in self._threads.items():
            thread.submit(self.mailboxes[name].close)
            thread.shutdown(wait=True)

    def stop(self) -> None:
        """From a signal handler or another thread: finish the current message, begin no other."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stop.is_set()

    @property
    def ledger_path(self) -> Path:
        """The person's ledger."""
        return self.directory / "ledger.sqlite3"

    # --- planning

    def plan(self, options: Options) -> Plan:
        """List everything and make a plan; changes nothing anywhere.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        return self._consider(options)[1].plan

    def _consider(self, options: Options) -> tuple[Observation, Considered]:
        listings = self.list_all()
        with contextlib.closing(open_ledger(self.ledger_path)) as ledger:
            return self._observe(ledger, listings, options)

    def _observe(
        self,
        ledger: LedgerReader,
        listings: Mapping[str, Listing | MailboxError],
        options: Options,
    ) -> tuple[Observation, Considered]:
        observation = observe(
            resolved(self.config, self.mailboxes, listings),
            ledger,
            listings,
            self.mailboxes,
            self.clock(),
            self.parallel,
        )
        return observation, consider(observation.world, options)

    def list_all(self) -> dict[str, Listing | MailboxError]:
        """List all mailboxes at once, each on its own thread."""
        self._let_stores_settle()
        self._listed_at = self.clock()
        absent = self._new_maildir()

        def listing(name: str) -> Callable[[], Listing | MailboxError]:
            def run() -> Listing | MailboxError:
                if name == CONSOLIDATED and absent is not None:
                    return Listing((), complete=True)
                try:
                    found = self.mailboxes[name].list()
                except MailboxError as error:
                    self.emit(Listed(name, None, str(error)))
                    return error
                self.emit(Listed(name, found.messages, found.error))
                return found

            return run

        return self.parallel({name: listing(name) for name in self._threads})

    def _let_stores_settle(self) -> None:
        """Wait a little after a run that died while storing on a server.

        What it had sent is stored by the server after its death; a listing made before that would
        lack the message, and it would be collected a second time.
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
            age = (self.clock() - max(begun)).total_seconds()
            if 0 <= age < SETTLE_SECONDS:
                self._stop.wait(SETTLE_SECONDS - age)

    def parallel(self, tasks: Mapping[str, Callable[[], T]]) -> dict[str, T]:
        """Run one task per mailbox, each on that mailbox's own thread."""
        futures = {name: self._threads[name].submit(task) for name, task in tasks.items()}
        return {name: future.result() for name, future in futures.items()}

    def _new_maildir(self) -> Path | None:
        """A consolidated Maildir that is not there yet and that the ledger never knew.

        It counts as empty until a run makes it; one that the ledger knew is never made anew
        (DESIGN.md, rule 1).
        """
        config = self.config.consolidated
        if config.type != "maildir" or config.path is None or config.path.exists():
            return None
        ledger = open_ledger(self.ledger_path)
        try:
            return None if CONSOLIDATED in ledger.mailboxes() else config.path
        finally:
            ledger.close()

    # --- applying

    def sync(self, options: Options, choose: Choose, command: str = "sync") -> Result:
        """Plan, let the person choose, apply.

        Raises:
            SessionError: nothing could be done (with the exit code).
            LedgerError, LedgerBusy, LockError, QuarantineError: as their texts say.
        """
        observation, considered = self._consider(options)
        plan = considered.plan
        require_reached(plan)
        while True:
            if not plan.lines and nothing_new(observation, considered):
                note_seen(self.directory, self.ledger_path, observation, command)
                return Result(plan.user, None, plan, (), sync_code(plan, (), stopped=self.stopped))
            taken_out = choose(plan) if plan.lines else frozenset()
            if taken_out is None:
                return Result(plan.user, None, plan, (), OK)
            if self.stopped:
                return Result(plan.user, None, plan, (), INTERRUPTED)
            with self._writing(command) as ledger:
                if ledger.serial == plan.serial:
                    return self._run(
                        ledger, observation, considered, taken_out, command, fresh=False
                    )
            # another run has applied something meanwhile
            observation, considered = self._consider(options)
            plan = considered.plan
            require_reached(plan)

    def apply(self, saved: Plan, left: frozenset[str], command: str = "apply") -> Result:
        """Apply a saved plan, looking at every line of it again first.

        Args:
            saved: The plan as it was made.
            left: The lines that are still in the file; the others are declined.
            command: The command's name for the history.

        Raises:
            SessionError: the plan is stale (5), or nothing could be done.
        """
        with self._writing(command) as ledger:
            mine = ledger.id if ledger.serial else None
            if ledger.serial != saved.serial or (saved.ledger_id not in (None, mine)):
                raise SessionError(
                    "the plan is stale: the ledger has changed since it was made; nothing was done",
                    STALE,
                )
            observation, considered = self._observe(ledger, self.list_all(), saved.options)
            require_reached(considered.plan)
            taken_out = frozenset(line.id for line in saved.lines) - left
            shown = replace(considered, plan=replace(considered.plan, lines=saved.lines))
            return self._run(
                ledger, observation, considered, taken_out, command, fresh=True, shown=shown.plan
            )

    def rebase(self, account: str, command: str = "rebase") -> Result:
        """Take the present listing of a mailbox as the new base; deletes nothing.

        Raises:
            SessionError: it was not listed completely.
        """
        with self._writing(command) as ledger:
            listings = self.list_all()
            options = Options()
            run = rebase(
                ledger,
                account,
                lambda: self._observe(ledger, listings, options),
                listings[account],
                self.clock(),
            )
            plan = self._observe(ledger, listings, options)[1].plan
            return Result(plan.user, str(run), plan, (), OK)

    @contextlib.contextmanager
    def _writing(self, command: str) -> Iterator[LedgerWriter]:
        make_private_dir(self.directory)
        lock = RunLock(self.directory / "lock", command)
        held = lock.acquire(cancelled=lambda: self.stopped)
        with held, contextlib.closing(LedgerWriter(self.ledger_path)) as ledger:
            yield ledger

    def _run(
        self,
        ledger: LedgerWriter,
        observation: Observation,
        considered: Considered,
        taken_out: frozenset[str],
        command: str,
        *,
        fresh: bool,
        shown: Plan | None = None,
    ) -> Result:
        plan = shown or considered.plan
        if not fresh and self._age() > FRESH_SECONDS:
            observation, considered = self._observe(ledger, self.list_all(), plan.options)
            require_reached(considered.plan)
        valid = {line.id for line in considered.plan.lines}
        chosen = plan.without(set(taken_out))
        quarantine = Quarantine(self.directory / "quarantine")
        doomed = [line for line in chosen if line.kind in ("forward-delete", "reverse-delete")]
        if doomed:
            quarantine.require_space(sum(line.size * len(line.copies) for line in doomed))
        absent = self._new_maildir()
        if absent is not None:
            from mailsync_tui.mailboxes.maildir import create_maildir

            create_maildir(absent)
        with ledger.transaction():
            number = ledger.begin_run(command, plan.options.directions, self.clock())
        record(ledger, observation, considered, plan.options)
        home = observation.listed[CONSOLIDATED]
        run = Run(
            number=number,
            config=observation.world.config,
            options=plan.options,
            ledger=ledger,
            quarantine=quarantine,
            mailboxes=self.mailboxes,
            emit=self.emit,
            cancelled=lambda: self.stopped,
            now=self.clock,
            counted=lambda folder: role_counts(home.role(folder), self.config.consolidated),
            still_holds=lambda: self._still_holds(ledger, plan.options),
        )
        restore_marks(run)
        decline(ledger, [line for line in plan.lines if line.id in taken_out], self.clock())
        run.journal_all(
            [line for line in chosen if line.id not in valid],
            "skipped",
            "back since the preview, or the reason holds no more",
        )
        results = apply(run, [line for line in chosen if line.id in valid])
        code = sync_code(considered.plan, tuple(run.results.values()), stopped=self.stopped)
        with ledger.transaction():
            ledger.settle([name for name in home.folders if not run.counted(name)])
            ledger.end_run(number, code, self.clock())
        self._tidy(ledger, quarantine)
        done = {result.line.id: result for result in results} | run.results
        lines = tuple(done[line.id] for line in chosen if line.id in done)
        return Result(plan.user, str(number), considered.plan, lines, code)

    def _age(self) -> float:
        assert self._listed_at is not None
        return (self.clock() - self._listed_at).total_seconds()

    def _still_holds(self, ledger: LedgerWriter, options: Options) -> frozenset[str] | None:
        if self._age() <= FRESH_SECONDS:
            return None
        considered = self._observe(ledger, self.list_all(), options)[1]
        return frozenset(line.id for line in considered.plan.lines)

    def _tidy(self, ledger: LedgerWriter, quarantine: Quarantine) -> None:
        """Old copies go, but never while the journal has an action without an outcome."""
        if history.unsettled(ledger):
            return
        with contextlib.suppress(QuarantineError):  # a copy too many harms nobody
            quarantine.clean(self.config.keep_days, self.clock(), ())


def _secret_of(config: MailboxConfig) -> Callable[[], str]:
    def secret() -> str:
        if config.secret is None:
            raise LoginRefused("no password is configured")
        try:
            return resolve(config.secret, config.name)
        except SecretError as error:
            raise LoginRefused(str(error)) from error

    return secret
