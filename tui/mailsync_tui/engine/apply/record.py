"""Recording a listing in the ledger: what arrived, moved, went missing, came back, or ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from mailsync_tui.config.model import CONSOLIDATED, UserConfig
from mailsync_tui.engine.detect.known import ABSENT_MINUTES, rules_fingerprint
from mailsync_tui.engine.detect.observe import Observation
from mailsync_tui.engine.kept import keep, note
from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.engine.plan.guards import STICKY
from mailsync_tui.engine.plan.marks import asked, is_over, scope_of
from mailsync_tui.engine.plan.planner import PlanDetails
from mailsync_tui.engine.plan.status import MessageStatus, late_duplicates
from mailsync_tui.engine.snapshot import Copy, CopyState, Presence
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.journal import undoes
from mailsync_tui.ledger.rows import ActionRow, FolderRow, HoldRow, MarkRow, NewCopy
from mailsync_tui.ledger.uptime import ago
from mailsync_tui.ledger.writer import TOMBSTONE_DAYS, LedgerWriter
from mailsync_tui.mailboxes.base import Location


def record(
    ledger: LedgerWriter, observation: Observation, details: PlanDetails, options: Options
) -> None:
    """Write down what a listing showed, in one transaction.

    Afterwards every location that was listed has its row, so that lines can be applied; nothing
    that the plan says is changed by it.

    Raises:
        LedgerError: the disk is full, or the ledger is damaged.
    """
    with ledger.transaction():
        _Recorder(ledger, observation, details, options).run()


class _Recorder:
    def __init__(
        self, ledger: LedgerWriter, observation: Observation, details: PlanDetails, options: Options
    ) -> None:
        self.ledger = ledger
        self.observation = observation
        self.details = details
        self.options = options
        self.snapshot = observation.snapshot
        self.now = self.snapshot.now
        self.ids: dict[str, int] = {}
        self.arrived: list[NewCopy] = []
        self.put_back: set[tuple[str, Location]] = set()

    def run(self) -> None:
        self._mailboxes()
        self._settle(journal.unsettled(self.ledger.read))
        for location, action in self.observation.answers.items():
            self.ledger.outcome(action, "done", "interrupted; it was stored late", location)
        opened: list[int] = []
        settled: list[int] = []
        numbered: dict[int, MessageStatus] = {}
        fresh = [s.message for s in self.details.statuses if s.message.id is None]
        numbers = iter(
            self.ledger.add_messages([(c.identity, c.summary, c.size) for c in fresh], self.now)
        )
        for index, status in enumerate(self.details.statuses):
            number = status.message.id
            if number is None:
                number = next(numbers)
            self._message(number, status)
            if status.message.mark is not None:
                numbered[number] = status
            # One that may be another's copy puts that in doubt for as long as it is not read.
            unread = status.message.compare
            unsettled = unread or index in self.details.unsettled or not self._plain(status)
            (opened if unsettled else settled).append(number)
        # Last, as a location may be another copy's until that is known to lie elsewhere now.
        self.ledger.add_copies(sorted(self.arrived, key=self._position()), self.now)
        self._marks(numbered)
        self.ledger.set_open(opened, is_open=True)
        self.ledger.set_open(settled, is_open=False)
        self.ledger.drop_childless()
        days = timedelta(days=TOMBSTONE_DAYS)
        self.ledger.purge_tombstones(ago(days, self.now, self.snapshot.jumps))
        self._scans()
        self._blocks()
        self.ledger.set_rules(rules_fingerprint(self.snapshot.config))
        self.ledger.bump()

    def _marks(self, marked: Mapping[int, MessageStatus]) -> None:
        """What a person chose for this run stands, and no mark outlives its message."""
        self.ledger.bind_marks()
        for number, s in marked.items():
            assert s.message.mark is not None
            since, scope = s.message.mark.since, scope_of(s.message.mark, self.options)
            if is_over(s, s.message.mark.scope):
                self.ledger.lift([number])
            elif asked(s.message.mark, self.options) and not is_over(s, scope):
                self.ledger.mark([MarkRow(number, "", None, scope, since or self.now)])
        reached = _reached(self.observation)
        self.ledger.lift_at(
            (row.mailbox, row.location)
            for row in self.ledger.read.marked()
            if row.message is None and row.location is not None and row.mailbox in reached
        )

    def _position(self) -> Callable[[NewCopy], int]:
        """In which order a mailbox lists its arrivals: the ledger's rows keep that order."""
        order = {
            (self.ids[name], location): number
            for name, here in self.observation.listed.items()
            if name in self.ids
            for number, location in enumerate(here.arrived)
        }
        return lambda copy: order.get((copy.mailbox, copy.location), 0)

    # --- mailboxes

    def _mailboxes(self) -> None:
        matched = self.observation.matched
        renamed = {row.name: name for name, row in matched.rows.items() if row.name != name}
        for old in renamed:  # in two steps, as two accounts may have swapped their names
            self.ledger.rename_mailbox(old, f"{old} (renaming)")
        for name in renamed.values():
            taken = self.ledger.read.mailboxes().get(name)
            if taken is not None:
                self.ledger.rename_mailbox(name, f"{name} ({taken.id})")
        for old, name in renamed.items():
            self.ledger.rename_mailbox(f"{old} (renaming)", name)
        config = self.snapshot.config
        for mailbox in config.mailboxes:
            known = self.ledger.read.mailboxes()
            # One that is new and was listed in part was reached, so its mail can be collected.
            partly = mailbox.name in self.observation.listed and mailbox.name not in known
            if self.snapshot.mailboxes[mailbox.name].error is None or partly:
                self.ids[mailbox.name] = self.ledger.put_mailbox(mailbox.name, mailbox.fingerprint)
        for name, row in self.ledger.read.mailboxes().items():
            self.ids.setdefault(name, row.id)

    def _scans(self) -> None:
        reached = _reached(self.observation)
        self.ledger.note_clock(self.now, self.observation.uptime)
        self.ledger.mark_reached((self.ids[name] for name in reached), self.now)
        for name, here in self.observation.listed.items():
            if name in reached:
                folders = {
                    f.name: FolderRow(f.validity, f.uidnext, f.modseq)
                    for f in here.folders.values()
                }
                self.ledger.record_listing(
                    self.ids[name], self.snapshot.scan, folders, here.messages or 0, self.now
                )
                if not self.snapshot.mailboxes[name].fetched_gone:
                    self.ledger.mark_seen(self.ids[name], here.scan)

    def _blocks(self) -> None:
        stopped = set()
        for block in self.details.plan.blocked:
            stopped.add((block.account, block.rule))
            if block.rule in STICKY and block.count:
                self.ledger.block(block.account, block.kind, block.rule, self.now)
        for accept in self.options.accepts:
            for account in self.snapshot.mailboxes:
                meant = accept.account in (account, CONSOLIDATED)
                if meant and (account, accept.rule) not in stopped:
                    self.ledger.unblock(account, accept.rule)

    # --- a run that died

    def _settle(self, open_actions: Iterable[ActionRow]) -> None:
        """Intents without an outcome: look what became of them (DESIGN.md, rule 6)."""
        for action in open_actions:
            name = self.observation.matched.name_of(action.mailbox)
            here = self.observation.listed.get(name)
            if here is None or not self.snapshot.listed_completely(name):
                continue
            there = here.presence(action.location)
            if action.kind in ("collect", "adopt"):  # an adopt may find a message to be stored
                self._settle_collect(action, there)
            elif undoes(action):
                self._settle_undo(action, name, there)
            elif there is Presence.YES:
                self.ledger.outcome(action.id, "failed", "interrupted before it was done")
            else:
                self.ledger.outcome(action.id, "done", "interrupted; it was found done")
                copy = self.ledger.read.copy_at(action.mailbox, action.location)
                if copy is not None:
                    self.ledger.end([copy.id], self.now)
                    if name == CONSOLIDATED:
                        self.ledger.consume_loss([copy.message], self.now)

    def _settle_collect(self, action: ActionRow, there: Presence) -> None:
        arrived = there is Presence.YES or any(
            copy.mailbox == CONSOLIDATED and copy.state is CopyState.NEW
            for status in self.details.statuses
            if status.message.id is not None and status.message.id == action.message
            for copy in status.copies
        )
        if arrived:
            self.ledger.presume(action.id, "done", "interrupted; it was found stored")
        else:
            self.ledger.presume(action.id, "failed", "interrupted before it was stored")

    def _settle_undo(self, action: ActionRow, name: str, there: Presence) -> None:
        """Where no place was known beforehand, what is new in that folder was put back there.

        Each copy there is one that was put back, and no other one.
        """
        new = (
            copy.location
            for status in self.details.statuses
            if action.message is not None and status.message.id == action.message
            for copy in status.on(name)
            if copy.state is CopyState.NEW and copy.location.folder == action.location.folder
            if (name, copy.location) not in self.put_back
        )
        found = action.location if there is Presence.YES else next(new, None)
        if found is None:
            self.ledger.presume(action.id, "failed", "interrupted before it was put back")
        else:
            self.put_back.add((name, found))
            self.ledger.outcome(action.id, "done", "interrupted; it was found put back", found)

    # --- messages

    def _message(self, message: int, s: MessageStatus) -> None:
        for copy in s.copies:
            self._copy(message, s, copy)
        if self.snapshot.listed_completely(CONSOLIDATED):
            late_duplicate = late_duplicates(s, self.snapshot.config.consolidated)
            for copy in s.on(CONSOLIDATED):
                if copy.late_duplicate and copy.id is not None and copy not in late_duplicate:
                    self.ledger.clear_late_duplicate(copy.id, ours=copy.adopted)
        if s.moved:
            self.ledger.drop(c.id for c in s.moved if c.id is not None)
        if s.moved_out is not None:
            self.ledger.hold(message, "collect", s.moved_out, "moved-out", self.now)
            self.ledger.end(_ids(s, CONSOLIDATED), self.now)
        self._holds(message, s)
        self._end_silently(s)

    def _plain(self, s: MessageStatus) -> bool:
        """Whether nothing about a message is unknown or absent."""
        if s.consolidated is Presence.UNKNOWN:  # what is new has no copy there that would say so
            return False
        return not s.message.doubtful and all(
            copy.presence is Presence.YES or copy.state in (CopyState.ENDED, CopyState.DELETING)
            for copy in s.copies
            if copy.mailbox in self.snapshot.mailboxes
        )

    def _copy(self, message: int, s: MessageStatus, copy: Copy) -> None:
        ledger, here = self.ledger, self.snapshot.mailboxes.get(copy.mailbox)
        if here is None or copy.mailbox not in self.ids:
            return
        if copy.relocates is not None:
            ledger.relocate(
                copy.relocates, copy.location, copy.size, copy.held_scan, copy.missing_scan
            )
        elif copy.id is None:
            ours = copy.mailbox == CONSOLIDATED and copy.location in self.observation.answers
            self.arrived.append(
                NewCopy(
                    self.ids[copy.mailbox],
                    copy.location,
                    message,
                    copy.size,
                    0 if ours else self.snapshot.scan,
                    here.scan,
                    copy.adopted,
                    copy.late_duplicate,
                )
            )
        elif copy.presence is Presence.YES:
            if copy.state is CopyState.MISSING:
                ledger.mark_listed_again(copy.id)
            elif copy.state is CopyState.ENDED:
                ledger.list_as_new(copy.id, self.snapshot.scan, here.scan, self.now)
        elif copy.presence is Presence.GONE:
            self._gone(s, copy, copy.id)

    def _gone(self, s: MessageStatus, copy: Copy, row: int) -> None:
        if copy.state is CopyState.DELETING:
            self.ledger.end([row], self.now)
        elif self._still_held(s, copy):
            # One copy less is no loss of the message; but when it went says what was filed.
            self.ledger.mark_missing(row, copy.held_scan, copy.missing_scan, 1, self.now)
            self.ledger.end([row], self.now)
        elif copy.state is CopyState.LIVE:
            if copy.adopted or copy.mailbox in s.awaited:
                self.ledger.mark_missing(row, copy.held_scan, copy.missing_scan, 1, self.now)
            else:
                self.ledger.drop([row])  # never ours: nothing follows from its absence
        elif copy.state is CopyState.MISSING:
            before = self.ledger.read.copy_at(copy.mailbox, copy.location)
            if before is None or before.absent_at is None:
                return
            waited = self.snapshot.passed(before.absent_at)
            # The clock was ahead then: counted from now, or it would not be for years.
            if waited < timedelta(0) or waited >= timedelta(minutes=ABSENT_MINUTES):
                absent = copy.absent if waited >= timedelta(0) else before.absent
                self.ledger.mark_missing(row, copy.held_scan, copy.missing_scan, absent, self.now)

    def _still_held(self, s: MessageStatus, copy: Copy) -> bool:
        if copy.mailbox == CONSOLIDATED:
            return s.consolidated is Presence.YES
        moved = any(c.mailbox == copy.mailbox for c in s.moved)
        return moved or copy.mailbox in s.holders

    def _holds(self, message: int, s: MessageStatus) -> None:
        """Decisions about something that is over are released."""
        for hold in s.message.holds:
            if hold.rule == "undone":
                over = self._put_back_is_gone(s, hold)
            elif hold.rule == "refused":  # what is there may be the part that was kept
                over = any(c.adopted and c.presence is Presence.YES for c in s.on(CONSOLIDATED))
            elif hold.rule == "moved-out" or hold.kind == "collect":
                over = s.consolidated is Presence.YES
            elif hold.kind == "adopt":
                over = not any(
                    c.presence is Presence.YES and not c.adopted for c in s.on(hold.account)
                )
            elif hold.kind == "forward-delete":
                over = s.consolidated is Presence.GONE or (
                    s.consolidated is Presence.YES
                    and not any(
                        c.adopted
                        and c.presence is not Presence.YES
                        and c.state is not CopyState.ENDED
                        for c in s.copies
                        if c.mailbox != CONSOLIDATED
                    )
                )
            else:
                over = (
                    s.consolidated is Presence.YES or s.accounts.get(hold.account) is Presence.GONE
                )
            if over:
                self.ledger.release_one(message, hold.kind, hold.account, hold.rule)

    def _put_back_is_gone(self, s: MessageStatus, hold: HoldRow) -> bool:
        """Whether a mailbox holds nothing more of what was put back there, its trash included."""
        mailbox = CONSOLIDATED if hold.kind == "forward-delete" else hold.account
        return (
            mailbox in self.snapshot.mailboxes
            and self.snapshot.listed_completely(mailbox)
            and not s.message.doubtful
            and s.message.id not in self.observation.restoring
            and not any(copy.presence is Presence.YES for copy in s.on(mailbox))
        )

    def _end_silently(self, s: MessageStatus) -> None:
        """Gone everywhere, and it was we who deleted it: tombstones, without a line."""
        if s.consolidated is not Presence.GONE or s.waiting or s.awaited or s.message.doubtful:
            return
        if not s.left_everywhere:
            return
        lost = [c for c in s.copies if c.lost and c.adopted]
        ours = any(c.state is CopyState.DELETING for c in s.copies)
        if ours or not any(c.mailbox == CONSOLIDATED for c in lost):
            self.ledger.end([c.id for c in lost if c.id is not None], self.now)


def _ids(s: MessageStatus, mailbox: str) -> list[int]:
    return [c.id for c in s.on(mailbox) if c.id is not None and c.lost]


def note_listing(
    directory: Path,
    path: Path,
    config: UserConfig,
    observation: Observation,
    command: str,
    *,
    settled: Plan | None,
) -> None:
    """Write down when which mailboxes were reached; and that what was fetched is still listed.

    No plan depends on it but one that would find a mailbox away, or mail gone, so the ledger's
    serial stays; where another run holds the ledger, or it cannot be written, the next listing
    notes it.

    Args:
        directory: Where the lock lies.
        path: The ledger.
        config: The person's, as it was read.
        observation: A listing.
        command: Told to who waits for the lock meanwhile.
        settled: The plan, if that has no lines and the listing shows just what the ledger has, so
            that nobody records it: it is kept.
    """
    rows = observation.matched.rows
    reached = [rows[name].id for name in _reached(observation) if name in rows]
    mailboxes = observation.snapshot.mailboxes
    left_out = [row.id for name, row in rows.items() if mailboxes[name].left_out]

    def write(ledger: LedgerWriter) -> None:
        ledger.note_clock(observation.snapshot.now, observation.uptime)
        ledger.count_sync()
        ledger.mark_reached(reached, observation.snapshot.now)
        ledger.mark_left_out(left_out, observation.snapshot.now)
        if settled is not None:
            for name in _unseen(observation):
                ledger.mark_seen(rows[name].id, rows[name].scan)
            keep(ledger, config, observation, settled)

    if rows:
        note(directory, path, command, observation.snapshot.serial, write)


def _reached(observation: Observation) -> list[str]:
    """The mailboxes that were listed completely."""
    return [name for name in observation.listed if observation.snapshot.listed_completely(name)]


def _unseen(observation: Observation) -> Iterable[str]:
    """POP3 accounts of which no complete listing since the last recorded one is noted."""
    for name, state in observation.snapshot.mailboxes.items():
        row = observation.matched.rows.get(name)
        unseen = row is not None and row.seen_scan < row.scan
        if unseen and state.type == "pop3" and observation.snapshot.listed_completely(name):
            yield name


def nothing_new(observation: Observation, details: PlanDetails) -> bool:
    """Whether a listing shows just what the ledger has: then there is nothing to record.

    What is missing, and on record as missing for long enough, is nothing new, nor is a block that
    sticks already: while a person is waited for, no run is written, and a saved plan stays good.
    """
    snapshot = observation.snapshot
    if any(
        name not in observation.matched.rows and state.error is None
        for name, state in snapshot.mailboxes.items()
    ):
        return False
    if observation.interrupted or observation.restoring or details.plan.options.accepts:
        return False
    sticking = {(block.account, block.kind, block.rule) for block in snapshot.blocks}
    if any(
        block.count
        and block.rule in STICKY
        and (block.account, block.kind, block.rule) not in sticking
        for block in details.plan.blocked
    ):
        return False
    enough = snapshot.config.guards.absent_scans
    return all(
        message.id is not None
        and all(
            (copy.state is CopyState.LIVE and copy.presence is Presence.YES)
            or (copy.state is CopyState.ENDED and copy.presence is not Presence.YES)
            or copy.presence is Presence.UNKNOWN
            or (
                copy.state is CopyState.MISSING
                and copy.presence is Presence.GONE
                and (enough == 1 or copy.absent > enough)
            )
            for copy in message.copies
        )
        for message in snapshot.messages
    )
