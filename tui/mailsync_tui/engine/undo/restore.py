"""Putting back what a run deleted: look, write the intent, store, prove, write the outcome.

The bytes come from the quarantine, which proves them by their hash. What lies there already is
not put back twice. What is put back is remembered as such with the intent, before it is stored, so
that no later run collects or deletes it unasked, whatever happens in between.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.apply.run import BATCH_BYTES, BATCH_MESSAGES, by
from mailsync_tui.engine.detect.detect import Observation
from mailsync_tui.engine.events import Applying, Emit
from mailsync_tui.engine.model import UndoLine
from mailsync_tui.engine.outcome import NOTHING_LEFT, THERE, LineResult, Outcome
from mailsync_tui.engine.undo.journal import (
    UNSETTLED,
    Item,
    UndoJournal,
    remark,
)
from mailsync_tui.engine.undo.present import Wanted, counted, find_present
from mailsync_tui.errors import QuarantineError
from mailsync_tui.ledger import history, restores
from mailsync_tui.ledger.quarantine import Quarantine
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.restores import Deletion
from mailsync_tui.ledger.rows import CopyRow, NewCopy
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import (
    Cancelled,
    Location,
    Mailbox,
    MailboxDown,
    MailboxError,
    NewMessage,
    Raw,
    StoreResult,
)
from mailsync_tui.message import identity_of, summary_of_header

SETTLE_SECONDS = 5.0
"""How long after a store whose answer never came a server may still be at it."""


def settling(ledger: LedgerReader, now: datetime) -> float:
    """Seconds to wait for servers that may still be storing what a killed undo had sent them.

    Listed before that, a message would be put back a second time.
    """
    begun = [action.at for action in history.unsettled(ledger) if restores.undoes(action)]
    if not begun:
        return 0.0
    # Where the clock was set back since, nobody knows how long ago that was.
    age = max(0.0, (now - max(begun)).total_seconds())
    return max(0.0, SETTLE_SECONDS - age)


class Restoring:
    """One run that undoes another; the listing has been recorded, and the lock is held."""

    def __init__(
        self,
        number: int,
        ledger: LedgerWriter,
        quarantine: Quarantine,
        mailboxes: Mapping[str, Mailbox],
        observation: Observation,
        *,
        emit: Emit,
        cancelled: Cancelled,
        now: Callable[[], datetime],
    ) -> None:
        """Prepare.

        Args:
            number: Of this run.
            ledger: Held by this run.
            quarantine: Has the bytes.
            mailboxes: By name.
            observation: The listing that was recorded.
            emit: Told how it goes.
            cancelled: Asked before each batch.
            now: The present moment, aware.
        """
        self.journal = UndoJournal(number, ledger, emit, now)
        self.ledger = ledger
        self.quarantine = quarantine
        self.mailboxes = mailboxes
        self.snapshot = observation.snapshot
        self.listed = observation.listed
        self.emit = emit
        self.cancelled = cancelled
        self.now = now
        self._broken: dict[str, str] = {}
        self._claimed: set[tuple[str, Location]] = set()
        """Copies that are one of the deleted ones, back already: they are no other one."""

    def run(
        self, lines: Sequence[UndoLine], settled: Sequence[UndoLine]
    ) -> list[LineResult[UndoLine]]:
        """Put these lines back; the answer has one result for each that came to its end.

        First what goes back to where it was; then what POP3 servers do not take back, as it may
        lie in the consolidated mailbox by then.

        Args:
            lines: As they were shown.
            settled: The same run's lines after the listing was recorded: an interrupted run's
                deletions are told by now.

        Raises:
            LedgerError: the ledger cannot be written. What was begun is settled by the next run.
        """
        self.emit(Applying(len(lines)))
        for number in {copy.action.run for line in settled for copy in line.copies}:
            self._claimed |= restores.placed(self.ledger, number)
        now_open = {line.id: line for line in settled}
        copies: list[tuple[UndoLine, Deletion]] = []
        for shown in lines:
            line = now_open.get(shown.id)
            if line is None:
                self.journal.finish(shown, [("done", NOTHING_LEFT)])
                continue
            self.journal.expect(line)
            copies.extend((line, copy) for copy in line.copies)
        for kind in ("full", "consolidated-only"):
            group = [(line, copy) for line, copy in copies if line.undo == kind]
            for (mailbox, folder), some in by(group, _target).items():
                self._group(mailbox, folder, some)
        return [self.journal.results[line.id] for line in lines if line.id in self.journal.results]

    # --- one folder

    def _group(
        self, mailbox: str, folder: str, copies: Sequence[tuple[UndoLine, Deletion]]
    ) -> None:
        for batch in self._read(mailbox, copies):
            if self.cancelled():
                return
            later: Sequence[Item] = batch
            while later:
                later = self._batch(mailbox, folder, later)

    def _read(
        self, mailbox: str, copies: Iterable[tuple[UndoLine, Deletion]]
    ) -> Iterator[list[Item]]:
        """The copies with their bytes, in batches; what cannot be put back gets its outcome."""
        batch: list[Item] = []
        size = 0
        for line, deletion in copies:
            if self.cancelled():
                return
            problem, data = self._bytes(mailbox, line, deletion)
            if problem:
                self.journal.fail([(line, deletion)], problem)
                continue
            wanted = Wanted(data, identity_of(data), deletion.action)
            batch.append(Item(line, deletion, wanted))
            size += len(data)
            if len(batch) >= BATCH_MESSAGES or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _bytes(self, mailbox: str, line: UndoLine, deletion: Deletion) -> tuple[str, bytes]:
        """Why a copy cannot be put back, or its bytes."""
        if line.problem:
            return line.problem, b""
        if deletion.action.outcome is None:
            return UNSETTLED, b""
        if mailbox in self._broken:
            return self._broken[mailbox], b""
        if not self.snapshot.listed_completely(mailbox):
            error = self.snapshot.mailboxes[mailbox].error
            return error or f"{mailbox} was not listed completely, so it may be there already", b""
        try:
            return "", self.quarantine.get(deletion.action.quarantine or "")
        except QuarantineError as error:
            return str(error), b""

    def _batch(self, mailbox: str, folder: str, batch: Sequence[Item]) -> list[Item]:
        """Put one batch back; gives the items that have to wait for another one of it."""
        if mailbox in self._broken:
            self.journal.fail([(i.line, i.deletion) for i in batch], self._broken[mailbox])
            return []
        try:
            present = find_present(
                self.ledger,
                self.mailboxes[mailbox],
                [item.wanted for item in batch],
                lambda name: counted(mailbox, name, self.snapshot, self.listed),
            )
        except MailboxError as error:
            self._down(mailbox, error)
            self.journal.fail([(i.line, i.deletion) for i in batch], str(error))
            return []
        there: list[tuple[Item, CopyRow]] = []
        new: list[Item] = []
        later: list[Item] = []
        seen: set[tuple[bytes, str | None]] = set()
        for item in batch:
            key = (item.wanted.identity.key, item.wanted.identity.digest)
            copy = self._claim(item, mailbox, folder, present[item.wanted])
            if copy is not None:
                there.append((item, copy))
            elif item.line.undo == "consolidated-only" and key in seen:
                later.append(item)  # two POP3 accounts held it: one copy is enough
            else:
                seen.add(key)
                new.append(item)
        self._already(mailbox, there)
        if new:
            self._store(mailbox, folder, new)
        return later

    def _claim(
        self, item: Item, mailbox: str, folder: str, present: Sequence[CopyRow]
    ) -> CopyRow | None:
        """The copy that is this one, back already: each copy can be one deleted copy alone.

        In its folder, or in another one if it came there after the deletion. What could not go
        back to its POP3 server is in the consolidated mailbox by any copy there.
        """
        if item.line.undo == "consolidated-only":
            return next(iter(present), None)
        deleted_at = item.deletion.action.at
        for copy in sorted(present, key=lambda copy: copy.location.folder != folder):
            back = copy.location.folder == folder or copy.since > deleted_at
            if back and (mailbox, copy.location) not in self._claimed:
                self._claimed.add((mailbox, copy.location))
                return copy
        return None

    def _already(self, mailbox: str, there: Sequence[tuple[Item, CopyRow]]) -> None:
        messages = self.ledger.messages(copy.message for _, copy in there)
        with self.ledger.transaction():
            actions = self.journal.intend(
                mailbox, [(item, copy.location, copy.message) for item, copy in there]
            )
            for (item, copy), action in zip(there, actions, strict=True):
                both = mailbox == CONSOLIDATED or any(
                    c.mailbox == CONSOLIDATED and c.state == "live" and self._counted(c)
                    for c in messages[copy.message].copies
                )
                if not (copy.adopted and copy.state == "live" and both):
                    self._hold(item, copy.message)
                self.ledger.outcome(action, "done", THERE)
        for item, _ in there:
            self.journal.tell(item.line, "done", THERE)

    def _counted(self, copy: CopyRow) -> bool:
        return counted(copy.mailbox, copy.location.folder, self.snapshot, self.listed)

    # --- storing

    def _store(self, mailbox: str, folder: str, items: Sequence[Item]) -> None:
        now = self.now()
        new = [
            NewMessage(
                item.wanted.data,
                item.flags,
                item.date,
                f"{now.timestamp():.6f}.{secrets.token_hex(8)}.mailsync-tui",
            )
            for item in items
        ]
        with self.ledger.transaction():
            rows = [self._message(item) for item in items]
            places = [Location(folder, 0, message.name) for message in new]
            actions = self.journal.intend(mailbox, list(zip(items, places, rows, strict=True)))
            for item, row in zip(items, rows, strict=True):
                self._hold(item, row)
        try:
            answers = self.mailboxes[mailbox].store(new, folder)
        except MailboxError as error:  # the intents stay open: the next run looks
            self._broken[mailbox] = str(error)
            for item in items:
                self.journal.tell(
                    item.line, "failed", f"{error}; the next run looks what became of it"
                )
            return
        kept = self._read_back(mailbox, answers)
        config = next(c for c in self.snapshot.config.mailboxes if c.name == mailbox)
        told: list[tuple[Outcome, str]] = []
        with self.ledger.transaction():
            number = self.ledger.put_mailbox(mailbox, config.fingerprint)
            for item, row, answer, action in zip(items, rows, answers, actions, strict=True):
                if answer.location is None:
                    told.append(("failed", answer.error or "it was not stored"))
                    self.ledger.outcome(action, *told[-1])
                    continue
                self._claimed.add((mailbox, answer.location))
                raw = kept.get(answer.location)
                size = len(raw.data if raw else item.wanted.data)
                self.ledger.add_copies(
                    [NewCopy(number, answer.location, row, size, 0, 0)], self.now()
                )
                if raw is not None:
                    self.ledger.add_identity(row, identity_of(raw.data))
                told.append(("done", remark(item, raw)))
                self.ledger.outcome(action, *told[-1], location=answer.location)
        for item, (outcome, reason) in zip(items, told, strict=True):
            self.journal.tell(item.line, outcome, reason)

    def _read_back(self, mailbox: str, answers: Sequence[StoreResult]) -> dict[Location, Raw]:
        """What lies there now: a server may have altered it, and is then known by that form too."""
        stored = [answer.location for answer in answers if answer.location is not None]
        result: dict[Location, Raw] = {}
        try:
            result.update((raw.location, raw) for raw in self.mailboxes[mailbox].fetch(stored))
        except MailboxError as error:  # stored and proved all the same; told with the next batch
            self._down(mailbox, error)
        return result

    def _message(self, item: Item) -> int:
        """The ledger's row of a message, made anew where it has none any more."""
        wanted = item.wanted
        known = self.ledger.candidates([wanted.identity.key])[wanted.identity.key]
        rows = self.ledger.messages(known)
        alike = [n for n, row in rows.items() if wanted.identity.digest in row.digests]
        if item.deletion.action.message in alike:
            return item.deletion.action.message or alike[0]
        if alike:
            return alike[0]
        summary = summary_of_header(wanted.data)
        return self.ledger.add_message(wanted.identity, summary, len(wanted.data), self.now())

    def _hold(self, item: Item, message: int) -> None:
        """Own mail of the consolidated mailbox from now on, or kept on its account."""
        if item.line.mailbox == CONSOLIDATED:
            self.ledger.hold(message, "forward-delete", "", "undone", self.now())
        else:
            self.ledger.hold(message, "reverse-delete", item.line.mailbox, "undone", self.now())

    def _down(self, mailbox: str, error: MailboxError) -> None:
        if isinstance(error, MailboxDown):
            self._broken[mailbox] = str(error)


def _target(copy: tuple[UndoLine, Deletion]) -> tuple[str, str]:
    line, deletion = copy
    if line.undo == "consolidated-only":
        return line.mailbox, line.folder
    return line.mailbox, deletion.action.location.folder
