"""One person's session: the mailboxes, the ledger, and the engine run over them.

The ledger is written by the calling thread alone, and locked only while lines are applied.

One thing: listing, planning, applying and undoing share what was listed when, and under which state
of the ledger.
"""

from __future__ import annotations

import contextlib
import math
import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mailsync_tui.config.model import CONSOLIDATED, Direction, UserConfig
from mailsync_tui.engine.events import Emit, ListingDone, nobody
from mailsync_tui.engine.kept import KeptPlan, kept_plan
from mailsync_tui.engine.model import DELETIONS, Line, Options, Plan, UndoLine
from mailsync_tui.engine.outcome import (
    Choose,
    Confirm,
    Result,
    UndoResult,
    require_one_reached,
    require_reached,
    sync_code,
    undo_code,
)
from mailsync_tui.errors import (
    INTERRUPTED,
    OK,
    LedgerBusy,
    LedgerError,
    LockError,
    QuarantineError,
    StalePlan,
)
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.lock import LOCK_NAME, RunLock
from mailsync_tui.ledger.reader import (
    FILE_NAME,
    LedgerMark,
    LedgerReader,
    open_ledger,
    sqlite_errors,
)
from mailsync_tui.ledger.rows import AwayRow, MailboxRow, MarkRow, WaitKey, WaitRow
from mailsync_tui.ledger.uptime import Uptime, ago, jumps, machine_uptime
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import LeftOut, Listing, Mailbox, MailboxError
from mailsync_tui.session.backoff import after, not_yet
from mailsync_tui.session.connections import Connections
from mailsync_tui.session.hooks import after_collect, on_attention, run_hook

if TYPE_CHECKING:
    from mailsync_tui.engine.apply.run import Run
    from mailsync_tui.engine.detect.observe import Observation
    from mailsync_tui.engine.plan.planner import PlanDetails
    from mailsync_tui.ledger.quarantine import Quarantine

# The engine is loaded where something has changed.

_CENTURY = 36_500
"""Days; a calendar has no more than some of these."""

FRESH_SECONDS = 60
"""A listing is trusted for so long right before a deletion (DESIGN.md, rule 4)."""


def _clock_time(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M}"


def _now() -> datetime:
    return datetime.now(UTC)


class Session:
    """One person's mailboxes and ledger. Use as a context manager."""

    def __init__(
        self,
        config: UserConfig,
        directory: Path,
        *,
        emit: Emit = nobody,
        mailboxes: Mapping[str, Mailbox] | None = None,
        only: Collection[str] = (),
        patient: bool = False,
        clock: Callable[[], datetime] | None = None,
        chance: Callable[[], float] = random.random,
        uptime: Callable[[], Uptime] | None = None,
    ) -> None:
        """Prepare; nothing is contacted and nothing is made yet.

        Args:
            config: The person's configuration.
            directory: Where the person's ledger, lock and quarantine lie.
            emit: Called with what happens, from this session's threads.
            mailboxes: Used instead of opening those of the configuration (tests).
            only: Of the accounts, only these are contacted; none named: all.
            patient: What keeps failing is not tried each time; see :mod:`.backoff`.
            clock: The present moment, aware, instead of the machine's clock.
            chance: A number from 0 to 1.
            uptime: How long the machine has been running by now; nobody sets a clock that is given.
        """
        self.config = config
        self.directory = directory
        self.ledger_path = directory / FILE_NAME
        self.emit = emit
        self.left_out = {c.name for c in config.external if only and c.name not in only}
        self.patient = patient
        self.chance = chance
        self.clock = clock or _now
        self.uptime = uptime or (machine_uptime if clock is None else self._clock_as_uptime)
        self.connections = Connections(config, mailboxes or {})
        self._stop = threading.Event()
        self._listed_at: tuple[datetime, float] | None = None
        self.complaints: list[str] = []
        """What went wrong beside the runs: a hook that failed."""
        self._away: dict[str, AwayRow] = {}
        """What is away, as of the last listing."""
        self._fresh: list[WaitRow] = []
        """What waits for the person since the present sync."""
        self._mark: LedgerMark | None = None
        """The ledger's, before the mailboxes were listed: what is written later, by another run,
        is of mail that the listing may lack, though nobody deleted it."""

    def _clock_as_uptime(self) -> Uptime:
        return Uptime("given", self.clock().timestamp())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        self.connections.close()

    # --- stopping

    def stop(self) -> None:
        """From a signal handler or another thread: finish the current message, begin no other."""
        self._stop.set()

    def resume(self) -> None:
        """After a run that was stopped has ended: the next one may begin."""
        self._stop.clear()

    def abort(self) -> None:
        """From another thread: stop, and wait for nothing any more; see :meth:`Connections.abort`.

        Not while lines are applied: there :meth:`stop` lets the current message be finished.
        """
        self.stop()
        self.connections.abort()

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stop.is_set()

    # --- listing

    def list_all(
        self, meanwhile: Callable[[dict[str, Listing | MailboxError]], None] | None = None
    ) -> dict[str, Listing | MailboxError]:
        """List all mailboxes at once, each on its own thread.

        Args:
            meanwhile: Given what is there after a while, if some mailboxes are slower than that.
        """
        from mailsync_tui.engine.apply.store import late_stores

        with self._reading() as ledger:
            late = late_stores(ledger, self.config, self.clock())
            away, known = ledger.away(), ledger.mailboxes()
        if late:
            self._stop.wait(late)
        self._mark = self._read_mark()
        self._listed_at = self.clock(), time.monotonic()
        new = CONSOLIDATED if self.new_maildir() else None
        without = self._without(away, known)
        found = self.connections.list_all(self.emit, new, meanwhile, without)
        return self._tried(found, without, away)

    def _tried(
        self,
        found: dict[str, Listing | MailboxError],
        without: Mapping[str, MailboxError],
        away: Mapping[str, AwayRow],
    ) -> dict[str, Listing | MailboxError]:
        """Listings, with when those that failed are tried again."""
        tried = found.keys() - without.keys()
        failed = {n: e for n in tried if isinstance(e := found[n], MailboxError)}
        configured = {name: row for name, row in away.items() if name in found}
        self._away = after(configured, failed, tried, self.clock(), self.chance)
        for name, error in failed.items():
            if self.patient:
                until = _clock_time(self._away[name].next)
                found[name] = type(error)(f"{error}; not tried again before {until}")
        return found

    def _without(
        self, away: Mapping[str, AwayRow], known: Mapping[str, MailboxRow]
    ) -> dict[str, MailboxError]:
        """What is not to be contacted now, and why."""
        without: dict[str, MailboxError] = {
            name: LeftOut("not named on the command line") for name in self.left_out
        }
        if not self.patient:
            return without
        for name, row in away.items():
            if name not in without and not_yet(row, self.clock()):
                until = _clock_time(row.next)
                without[name] = MailboxError(f"{row.error}; not tried again before {until}")
        for each in self.config.external:
            listed = known[each.name].reached if each.name in known else None
            if each.every is None or listed is None or each.name in away:
                continue
            # A round begins a little earlier or later than so long after the last one.
            if timedelta(0) <= self.clock() - listed < each.every * 0.95:
                not_due = LeftOut(f"not due before {_clock_time(listed + each.every)}")
                without.setdefault(each.name, not_due)
        if CONSOLIDATED in without:  # no account is of use then
            idle = LeftOut("nothing can be done without the consolidated mailbox")
            without = {**{each.name: idle for each in self.config.external}, **without}
        return without

    def _note_waits(self, plan: Plan, command: str) -> None:
        """Write down what could not be reached, and what waits for a person.

        Where another run holds the ledger, the next sync does it.
        """
        with self._reading() as ledger:
            away, before = ledger.away(), ledger.waits()
        waits = self._waits(plan, before)
        made = self.patient or self.ledger_path.exists()
        if self.stopped or (away, before) == (self._away, waits) or not made:
            return
        with contextlib.suppress(LedgerBusy, LockError, LedgerError):
            lock = RunLock(self.directory / LOCK_NAME, command).acquire(timeout=0)
            with (
                lock,
                contextlib.closing(LedgerWriter(self.ledger_path)) as writer,
                writer.transaction(),
            ):
                writer.set_away(self._away.values())
                writer.set_waits(waits.values())
            self._fresh = [
                row
                for key, row in waits.items()
                if key not in before or row.lines > before[key].lines
            ]

    def _waits(self, plan: Plan, before: Mapping[WaitKey, WaitRow]) -> dict[WaitKey, WaitRow]:
        """What waits for a person; of a mailbox that was not looked at, what did before."""
        unseen = {name for name, report in plan.mailboxes.items() if not report.complete}
        if CONSOLIDATED in unseen:
            unseen.update(plan.mailboxes)
        counts: dict[WaitKey, int] = {
            row.key: row.lines
            for row in before.values()
            if row.key[1] in unseen and row.key[0] != "refused"
        }
        counts.update(plan.waits)
        counts.update((("refused", n, "", ""), 1) for n, row in self._away.items() if row.refused)
        now = self.clock()
        return {
            key: WaitRow(key, count, before[key].since if key in before else now)
            for key, count in counts.items()
        }

    def _collected(self, found: Result) -> Result:
        """Run what is to be run after mail was collected."""
        self._hook("after_collect", self.config.after_collect, after_collect(found))
        return found

    def _hook(self, key: str, command: str | None, variables: dict[str, str]) -> None:
        if command is not None and variables:
            variables = {"MAILSYNC_USER": self.config.name, **variables}
            complaint = run_hook(key, command, variables, lambda: self.stopped)
            self.complaints += [complaint] if complaint is not None else []

    def age(self) -> float:
        """Seconds since the last listing: no less than have gone by, whatever was done to a clock.

        The monotonic one stands still while the machine sleeps, and the other may be set back;
        then nobody knows, and the listing is as old as can be.
        """
        assert self._listed_at is not None
        at, ticks = self._listed_at
        gone_by = (self.clock() - at).total_seconds()
        return max(gone_by, time.monotonic() - ticks) if gone_by >= 0 else math.inf

    def _read_mark(self) -> LedgerMark:
        with self._reading() as ledger:
            return ledger.mark

    def new_maildir(self) -> Path | None:
        """A consolidated Maildir that is not there yet and that the ledger never knew.

        It counts as empty until a run makes it; one that the ledger knew is never made anew
        (DESIGN.md, rule 1).
        """
        config = self.config.consolidated
        if config.type != "maildir" or config.path is None or config.path.exists():
            return None
        with self._reading() as ledger:
            return None if CONSOLIDATED in ledger.mailboxes() else config.path

    # --- planning

    def plan(self, options: Options) -> Plan:
        """List everything and make a plan; changes nothing anywhere.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        found = self._list_changed(options)
        if isinstance(found, KeptPlan):
            return found.plan
        return self._make_plan(options, found)[1].plan

    def _list_changed(self, options: Options) -> KeptPlan | dict[str, Listing | MailboxError]:
        """The plan that is kept, if nothing has changed since it was made; else list all."""
        with self._reading() as ledger:
            kept = kept_plan(ledger, self.config, options)
            away = ledger.away()
            without = self._without(away, ledger.mailboxes())
        if kept is None or away or without:
            return self.list_all()
        self._away = {}
        self._mark = kept.mark
        self._listed_at = self.clock(), time.monotonic()
        listings = self.connections.list_changed(self.emit, kept.versions)
        if listings is not None:
            return self._tried(listings, {}, {})
        if self._read_mark() != kept.mark:
            return self.list_all()
        for name, report in kept.plan.mailboxes.items():
            self.emit(ListingDone(name, report.messages, None))
        return kept._replace(plan=replace(kept.plan, created=self._listed_at[0]))

    def _make_plan(
        self, options: Options, listings: Mapping[str, Listing | MailboxError]
    ) -> tuple[Observation, PlanDetails]:
        if self._read_mark() != self._mark:  # it lacks what another run has stored meanwhile
            listings = self.list_all()
        with contextlib.closing(open_ledger(self.ledger_path)) as ledger:
            observation, details = self.observe(ledger, listings, options)
        if options.marks or options.scope:
            from mailsync_tui.engine.plan.marks import require_marked

            require_marked(observation.snapshot, options)
        return observation, details

    def observe(
        self, ledger: LedgerReader, listings: Mapping[str, Listing | MailboxError], options: Options
    ) -> tuple[Observation, PlanDetails]:
        """Hold listings against the ledger, and make a plan of it.

        Raises:
            LedgerError: the ledger is damaged.
        """
        from mailsync_tui.engine.detect.folder_names import resolve_folder_names
        from mailsync_tui.engine.detect.marked import with_marks
        from mailsync_tui.engine.detect.observe import observe
        from mailsync_tui.engine.plan.planner import make_plan

        mailboxes = self.connections.mailboxes
        config, reached = resolve_folder_names(
            self.config, mailboxes, listings, self.connections.parallel
        )
        observation = observe(
            config,
            ledger,
            reached,
            mailboxes,
            self.clock(),
            self.uptime(),
            self.connections.parallel,
            self.emit,
            self._mark,
        )
        with ledger.snapshot():
            observation = with_marks(observation, ledger, options.marks)
        return observation, make_plan(observation.snapshot, options)

    # --- marking

    def mark(self, rows: Sequence[MarkRow], *, lift: bool = False) -> None:
        """Mark messages for deletion; a later plan has lines for them.

        Args:
            rows: The messages.
            lift: Lift their marks instead.

        Raises:
            LedgerBusy: a run is at work.
            UserError: the ledger cannot be used.
        """
        with (
            RunLock(self.directory / LOCK_NAME, "mark").acquire(timeout=0),
            contextlib.closing(LedgerWriter(self.ledger_path)) as ledger,
            ledger.transaction(),
        ):
            if lift:
                ledger.lift(row.message for row in rows if row.message is not None)
                ledger.lift_at((row.mailbox, row.location) for row in rows if row.location)
            else:
                ledger.mark(rows)

    # --- applying

    def sync(self, options: Options, choose: Choose, command: str = "sync") -> Result:
        """Plan, let the person choose, apply.

        Raises:
            UserError: nothing could be done; the text says why.
        """
        try:
            return self._collected(self._sync(options, choose, command))
        finally:
            fresh, self._fresh = self._fresh, []
            if fresh:
                self._hook("on_attention", self.config.on_attention, on_attention(fresh))

    def _sync(self, options: Options, choose: Choose, command: str) -> Result:
        while True:
            found = self._list_changed(options)
            if isinstance(found, KeptPlan):
                self._note_waits(found.plan, command)
                found.note_reached(self.directory, self.ledger_path, command, self.uptime())
                return self._nothing_done(found.plan)
            from mailsync_tui.engine.apply.record import note_listing, nothing_new

            observation, details = self._make_plan(options, found)
            plan = details.plan
            settled = not plan.lines and nothing_new(observation, details)
            self._note_waits(plan, command)
            note_listing(
                self.directory,
                self.ledger_path,
                self.config,
                observation,
                command,
                settled=plan if settled else None,
            )
            require_reached(plan)
            if settled:
                return self._nothing_done(plan)
            taken_out = choose(plan) if plan.lines else frozenset()
            if taken_out is None:
                return Result(plan.user, None, plan, (), OK)
            if self.stopped:
                return Result(plan.user, None, plan, (), INTERRUPTED)
            with self._writing(command) as ledger:
                if ledger.read.mark == observation.mark:
                    return self._run(ledger, observation, details, taken_out, command, fresh=False)
            # another run has applied something meanwhile: plan anew

    def _nothing_done(self, plan: Plan) -> Result:
        return Result(plan.user, None, plan, (), sync_code(plan, (), stopped=self.stopped))

    def apply(self, saved: Plan, left: frozenset[str], command: str = "apply") -> Result:
        """Apply a saved plan, looking at every line of it again first.

        Args:
            saved: The plan as it was made.
            left: The lines that are still in the file; the others are declined.
            command: The command's name for the history.

        Raises:
            StalePlan: the ledger has changed since it was made.
            UserError: nothing could be done.
        """
        with self._writing(command) as ledger:
            mine = ledger.read.id if ledger.read.serial else None
            if ledger.read.serial != saved.serial or (saved.ledger_id not in (None, mine)):
                raise StalePlan(
                    "the plan is stale: the ledger has changed since it was made; nothing was done"
                )
            observation, details = self.observe(ledger.read, self.list_all(), saved.options)
            require_reached(details.plan)
            taken_out = frozenset(line.id for line in saved.lines) - left
            shown = replace(details.plan, lines=saved.lines)
            found = self._run(
                ledger, observation, details, taken_out, command, fresh=True, shown=shown
            )
        return self._collected(found)

    def apply_shown(
        self,
        observation: Observation,
        details: PlanDetails,
        shown: Plan,
        taken_out: frozenset[str],
        command: str,
    ) -> Result:
        """Apply the plan that was shown, from the listings it was made from.

        Listings older than a minute are made anew, and each line is held against them.

        Raises:
            StalePlan: another run has changed the ledger since.
            UserError: nothing could be done.
        """
        with self._writing(command) as ledger:
            if ledger.read.mark != observation.mark:
                raise StalePlan(
                    "another run has changed the ledger since this plan was made; nothing was done"
                )
            found = self._run(
                ledger, observation, details, taken_out, command, fresh=False, shown=shown
            )
        return self._collected(found)

    def rebase(self, account: str, command: str = "rebase") -> Result:
        """Take the present listing of a mailbox as the new base; deletes nothing.

        Raises:
            SessionError: it was not listed completely.
        """
        from mailsync_tui.engine.apply.rebase import rebase as take_as_base

        with self._writing(command) as ledger:
            listings = self.list_all()
            options = Options()
            run = take_as_base(
                ledger,
                account,
                lambda: self.observe(ledger.read, listings, options),
                listings[account],
                self.clock(),
            )
            plan = self.observe(ledger.read, listings, options)[1].plan
            return Result(plan.user, str(run), plan, (), OK)

    # --- undoing

    def undoable(self, run: str) -> tuple[UndoLine, ...]:
        """What an undo of a run would put back, and where; reads the ledger and nothing else.

        Args:
            run: Its number, as the history shows it.

        Raises:
            UnknownRun: there is no such run.
            UserError: the ledger or the quarantine cannot be used.
        """
        with self._reading() as ledger:
            return self._undoable(ledger, run, None)

    def undo(
        self, run: str, lines: frozenset[str] | None, confirm: Confirm, command: str = "undo"
    ) -> UndoResult:
        """Put back what a run deleted, from the quarantine.

        What is there already is not put back twice. What a forward deletion took is the
        consolidated mailbox's own mail from then on; what a reverse deletion took is held on its
        account. The undo is a run with a journal of its own; killed, it may be repeated.

        Args:
            run: Its number.
            lines: Only these lines of it, by id; ``None``: all.
            confirm: Shown what would be put back, says whether it is to be done.
            command: The command's name for the history.

        Raises:
            UnknownRun: there is no such run or line.
            UserError: nothing was reached, or the ledger or the quarantine cannot be used.
        """
        from mailsync_tui.engine.apply.record import record
        from mailsync_tui.engine.apply.run import carry_out
        from mailsync_tui.engine.undo.lines import undoable
        from mailsync_tui.engine.undo.restore import restore

        with self._reading() as reader:
            shown = self._undoable(reader, run, lines)
        if not shown or not confirm(shown):
            return UndoResult(self.config.name, None, None, (), OK)
        with self._writing(command) as ledger:
            observation, details = self.observe(ledger.read, self.list_all(), Options())
            require_one_reached(details.plan, {line.mailbox for line in shown})
            if self.stopped:
                return UndoResult(self.config.name, None, None, (), INTERRUPTED)
            undo: Run[UndoLine] = self._begin(command, (), ledger, observation)
            record(ledger, observation, details, Options())
            results, code = carry_out(
                undo,
                shown,
                lambda: restore(
                    undo, shown, undoable(undo.config, ledger.read, undo.quarantine, run)
                ),
                lambda: undo_code(undo.results.values(), stopped=self.stopped),
            )
            plan = details.plan
            return UndoResult(plan.user, str(undo.number), plan, results, code)

    def _undoable(
        self, ledger: LedgerReader, run: str, lines: frozenset[str] | None
    ) -> tuple[UndoLine, ...]:
        from mailsync_tui.engine.undo.lines import chosen, undoable

        offered = undoable(self.config, ledger, self._quarantine(), run)
        return chosen(offered, lines, journal.actions(ledger, int(run)))

    def quarantined(self) -> tuple[int, int]:
        """How many messages the quarantine keeps, and the octets they take; nothing is read.

        Raises:
            QuarantineError: it cannot be looked at.
        """
        return self._quarantine().size()

    def quarantined_bytes(self, name: str) -> bytes:
        """The bytes of one message in the quarantine.

        Args:
            name: What the journal calls the copy.

        Raises:
            QuarantineError: it is not there any more, or is damaged.
        """
        return self._quarantine().get(name)

    def _quarantine(self) -> Quarantine:
        from mailsync_tui.ledger.quarantine import Quarantine

        return Quarantine(self.directory / "quarantine")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[LedgerReader]:
        with contextlib.closing(open_ledger(self.ledger_path)) as ledger, ledger.snapshot():
            yield ledger

    @contextlib.contextmanager
    def _writing(self, command: str) -> Iterator[LedgerWriter]:
        lock = RunLock(self.directory / LOCK_NAME, command)
        held = lock.acquire(cancelled=lambda: self.stopped)
        with held, contextlib.closing(LedgerWriter(self.ledger_path)) as ledger, sqlite_errors():
            yield ledger

    def _run(
        self,
        ledger: LedgerWriter,
        observation: Observation,
        details: PlanDetails,
        taken_out: frozenset[str],
        command: str,
        *,
        fresh: bool,
        shown: Plan | None = None,
    ) -> Result:
        from mailsync_tui.engine.apply.record import record
        from mailsync_tui.engine.apply.run import carry_out
        from mailsync_tui.engine.apply.steps import apply

        plan = shown or details.plan
        if not fresh and self.age() > FRESH_SECONDS:
            observation, details = self.observe(ledger.read, self.list_all(), plan.options)
            require_reached(details.plan)
        valid = {line.id for line in details.plan.lines}
        chosen = plan.without(set(taken_out))
        deletions = [line for line in chosen if line.kind in DELETIONS]
        if deletions:
            octets = sum(line.size * len(line.copies) for line in deletions)
            self._quarantine().require_space(octets)
        absent = self.new_maildir()
        if absent is not None:
            from mailsync_tui.mailboxes.maildir.mailbox import create_maildir

            create_maildir(absent)
        if not plan.lines and journal.settled(ledger.read):  # a listing alone is no run
            record(ledger, observation, details, plan.options)
            self._tidy(ledger, self._quarantine())
            code = sync_code(details.plan, (), stopped=self.stopped)
            return Result(plan.user, None, details.plan, (), code)
        run: Run[Line] = self._begin(command, plan.options.directions, ledger, observation)
        record(ledger, observation, details, plan.options)
        work = partial(
            apply,
            run,
            chosen,
            declined=[line for line in plan.lines if line.id in taken_out],
            stale=frozenset(line.id for line in chosen) - valid,
            still_holds=lambda: self._still_holds(ledger, plan.options),
            unfinished=details.unfinished,
            reconsidered=plan.options.reconsider,
        )
        results, code = carry_out(
            run,
            chosen,
            work,
            lambda: sync_code(details.plan, run.results.values(), stopped=self.stopped),
        )
        self._tidy(ledger, run.quarantine)
        return Result(plan.user, str(run.number), details.plan, results, code)

    def _begin(
        self,
        command: str,
        directions: Sequence[Direction],
        ledger: LedgerWriter,
        observation: Observation,
    ) -> Run[Any]:
        from mailsync_tui.engine.apply.run import Run

        with ledger.transaction():
            number = ledger.begin_run(command, directions, self.clock())
        return Run(
            number,
            directions,
            observation,
            ledger,
            self._quarantine(),
            self.connections.mailboxes,
            submit=self.connections.submit,
            emit=self.emit,
            cancelled=lambda: self.stopped,
            now=self.clock,
        )

    def _still_holds(self, ledger: LedgerWriter, options: Options) -> frozenset[str] | None:
        if self.age() <= FRESH_SECONDS:
            return None
        details = self.observe(ledger.read, self.list_all(), options)[1]
        return frozenset(line.id for line in details.plan.lines)

    def _tidy(self, ledger: LedgerWriter, quarantine: Quarantine) -> None:
        """Old copies go, but never while the journal has an action without an outcome.

        Where that fails, the next run does it: a copy too many harms nobody.
        """
        with contextlib.suppress(QuarantineError, LedgerError), sqlite_errors():
            if journal.unsettled(ledger.read):
                return
            now, days = self.clock(), timedelta(days=min(self.config.keep_days, _CENTURY))
            since = ago(days, now, jumps(ledger.read, now, self.uptime()))
            quarantine.clean(since, now, journal.kept_since(ledger.read, since, now))
