"""Putting back what a run deleted: look, write the intent, store, prove, write the outcome.

The bytes come from the quarantine, which proves them by their hash. What lies there already is
not put back twice. What is put back is remembered as such with the intent, before it is stored, so
that no later run collects or deletes it unasked, whatever happens in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.apply.run import Run, batches, by
from mailsync_tui.engine.apply.store import Stored, store
from mailsync_tui.engine.model import UndoLine
from mailsync_tui.engine.outcome import NOTHING_LEFT, THERE
from mailsync_tui.errors import QuarantineError
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.journal import Deletion
from mailsync_tui.ledger.rows import CopyRow, Intent, NewCopy
from mailsync_tui.mailboxes.base import Location, MailboxDown, MailboxError, Raw, StoreResult
from mailsync_tui.mailboxes.bisect import bisecting
from mailsync_tui.message import Identity, content_digest, identity_of, summary_of_header

NO_FLAGS = "without flags: it was deleted before the ledger kept them"
ALTERED = "the server altered it when it stored it"
UNSETTLED = "it is not known yet whether it was deleted: its mailbox was not listed completely"
EQUAL = "an equal copy was sent and is not there; the next run looks what became of it"
_NEVER_SET = frozenset({"\\Deleted", "\\Recent"})
"""Put back to be expunged would be no undo; the other one is the server's to set."""

Copy = tuple[UndoLine, Deletion]
"""One of the copies that a line deleted."""


@dataclass(frozen=True, slots=True, eq=False)
class _DeletedCopy:
    """One deleted copy on its way back."""

    line: UndoLine
    deletion: Deletion
    data: bytes
    identity: Identity
    """With the digest."""
    message: int
    """The ledger's row; before it is stored, the one that it had when it was deleted, or 0."""

    @property
    def flags(self) -> frozenset[str]:
        """Those that come back with it."""
        return (self.deletion.flags or frozenset()) - _NEVER_SET

    @property
    def date(self) -> datetime | None:
        """When it had arrived; what its header says where its mailbox had no such date."""
        return self.deletion.received or summary_of_header(self.data).date

    def remark(self, found: Raw | None) -> str:
        """What is not as it was before the deletion."""
        remarks = []
        if self.deletion.flags is None:
            remarks.append(NO_FLAGS)
        if found is not None:
            lost = sorted(self.flags - found.flags)
            if lost:
                remarks.append(f"the server did not keep its flags {' '.join(lost)}")
            if content_digest(found.data) != self.identity.digest:
                remarks.append(ALTERED)
        return "; ".join(remarks)


def restore(run: Run[UndoLine], lines: Sequence[UndoLine], open_now: Sequence[UndoLine]) -> None:
    """Put these lines back; the run has the result of each that came to its end.

    First what goes back to where it was; then what POP3 servers do not take back, as it may
    lie in the consolidated mailbox by then.

    Args:
        run: Holding the ledger's lock, with the listing already recorded.
        lines: As they were shown.
        open_now: The undone run's lines after the listing was recorded: an interrupted run's
            deletions are known by now.

    Raises:
        LedgerError: the ledger cannot be written. The next run looks what became of the rest.
    """
    run.begin(lines)
    found = {line.id: line for line in open_now}
    copies: list[Copy] = []
    for shown in lines:
        line = found.get(shown.id)
        if line is None:
            run.write([_intent(shown, copy) for copy in shown.copies], "done", NOTHING_LEFT)
            run.finish(shown, "done", NOTHING_LEFT)
            continue
        copies.extend((line, copy) for copy in line.copies)
    run.expect(line for line, _ in copies)
    undone = {copy.action.run for line in open_now for copy in line.copies}
    restoring = _Restoring(
        run, {at for number in undone for at in journal.placed(run.ledger.read, number)}
    )
    for kind in ("full", "consolidated-only"):
        group = [copy for copy in copies if copy[0].undo == kind]
        for (mailbox, folder), some in by(group, _target).items():
            restoring.put_back(mailbox, folder, some)


def _target(copy: Copy) -> tuple[str, str]:
    line, deletion = copy
    if line.undo == "consolidated-only":
        return line.mailbox, line.folder
    return line.mailbox, deletion.action.location.folder


class _Restoring:
    """Puts copies back, and keeps in the ledger what they are from then on."""

    def __init__(self, run: Run[UndoLine], claimed: set[tuple[str, Location]]) -> None:
        self.run = run
        self._claimed = claimed
        """Copies that are one of the deleted ones, back already: they are no other one."""
        self._not_stored: set[tuple[str, bytes, str | None]] = set()
        """What was sent to a mailbox and is not known to be there: it may come late."""

    def put_back(self, mailbox: str, folder: str, copies: Sequence[Copy]) -> None:
        """Put copies back into one folder."""
        for batch in batches(self._read(mailbox, copies), lambda item: len(item.data)):
            if self.run.cancelled():
                return
            later: Sequence[_DeletedCopy] = batch
            while later:
                later = self._batch(mailbox, folder, later)

    # --- looking

    def _read(self, mailbox: str, copies: Sequence[Copy]) -> Iterator[_DeletedCopy]:
        """The copies with their bytes; what cannot be put back is reported as failed."""
        for line, deletion in copies:
            if self.run.cancelled():
                return
            problem, data = self._bytes(mailbox, line, deletion)
            if problem:
                self._fail([(line, deletion)], problem)
            else:
                message = deletion.action.message or 0
                yield _DeletedCopy(line, deletion, data, identity_of(data), message)

    def _bytes(self, mailbox: str, line: UndoLine, deletion: Deletion) -> tuple[str, bytes]:
        """Why a copy cannot be put back, or its bytes."""
        if line.problem:
            return line.problem, b""
        if deletion.action.outcome is None:
            return UNSETTLED, b""
        if mailbox in self.run.broken:
            return self.run.broken[mailbox], b""
        snapshot = self.run.observation.snapshot
        if not snapshot.listed_completely(mailbox):
            error = snapshot.mailboxes[mailbox].error
            return error or f"{mailbox} was not listed completely, so it may be there already", b""
        try:
            return "", self.run.quarantine.get(deletion.action.quarantine or "")
        except QuarantineError as error:
            return str(error), b""

    def _batch(
        self, mailbox: str, folder: str, batch: Sequence[_DeletedCopy]
    ) -> list[_DeletedCopy]:
        """Put one batch back; gives the items that have to wait for another one of it."""
        try:
            present, unread = self._present(mailbox, batch)
        except MailboxError as error:
            self.run.failed(mailbox, error)
            self._fail([(item.line, item.deletion) for item in batch], str(error))
            return []
        there: list[tuple[_DeletedCopy, CopyRow]] = []
        new: list[_DeletedCopy] = []
        later: list[_DeletedCopy] = []
        seen: set[tuple[str, bytes, str | None]] = set()
        for item in batch:
            key = _key(mailbox, item)
            copy = self._claim(item, mailbox, folder, present[item])
            if copy is not None:
                there.append((item, copy))
            elif item in unread:  # it may be there already: better none than two
                self._fail([(item.line, item.deletion)], unread[item])
            elif item.line.undo == "consolidated-only" and key in self._not_stored:
                self._fail([(item.line, item.deletion)], EQUAL)
            elif item.line.undo == "consolidated-only" and key in seen:
                later.append(item)  # two POP3 accounts held it: one copy is enough
            else:
                seen.add(key)
                new.append(item)
        self._already(mailbox, there)
        self._store(mailbox, folder, new)
        return later

    def _present(
        self, mailbox: str, items: Sequence[_DeletedCopy]
    ) -> tuple[dict[_DeletedCopy, list[CopyRow]], dict[_DeletedCopy, str]]:
        """The copies of each message that a mailbox holds, compared by their bytes.

        Returns:
            Beside them, why it is not known of a message whether there are more.

        Raises:
            MailboxDown: nothing can be read there.
        """
        ledger = self.run.ledger
        candidates = ledger.read.candidates({item.identity.key for item in items})
        rows = ledger.read.messages(number for some in candidates.values() for number in some)
        possible = {
            item: [
                copy
                for number in candidates[item.identity.key]
                for copy in rows[number].copies
                if copy.mailbox == mailbox
                # One that we deleted and that is listed all the same is there.
                and copy.state in ("live", "deleting")
                and self.run.counts(mailbox, copy.location.folder)
            ]
            for item in items
        }
        locations = list({copy.location: None for some in possible.values() for copy in some})
        digests: dict[Location, str] = {}
        failure = ""
        try:
            for raw in bisecting(self.run.mailbox(mailbox).fetch, locations) if locations else ():
                digests[raw.location] = content_digest(raw.data)
        except MailboxDown:
            raise
        except MailboxError as error:  # one of them never comes whole
            failure = str(error)

        def same(item: _DeletedCopy, copy: CopyRow) -> bool:
            digest = digests.get(copy.location)
            forms = rows[copy.message].digests  # a server may have altered what was stored there
            return digest is not None and (
                digest == item.identity.digest or {digest, item.identity.digest} <= forms
            )

        present = {item: [c for c in some if same(item, c)] for item, some in possible.items()}
        unread = {
            item: failure
            for item, some in possible.items()
            if failure and any(copy.location not in digests for copy in some)
        }
        return present, unread

    def _claim(
        self, item: _DeletedCopy, mailbox: str, folder: str, present: Sequence[CopyRow]
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

    # --- writing

    def _fail(self, copies: Sequence[Copy], reason: str) -> None:
        """Copies that cannot be put back: nothing was begun."""
        self.run.write([_intent(*copy) for copy in copies], "failed", reason)
        for line, _ in copies:
            self.run.report(line, "failed", reason)

    def _already(self, mailbox: str, there: Sequence[tuple[_DeletedCopy, CopyRow]]) -> None:
        ledger = self.run.ledger
        messages = ledger.read.messages(copy.message for _, copy in there)
        with ledger.transaction():
            items = [replace(item, message=copy.message) for item, copy in there]
            intents = [
                self.intent(item)._replace(mailbox=mailbox, **copy.location._asdict())
                for item, (_, copy) in zip(items, there, strict=True)
            ]
            actions = ledger.intend(self.run.number, intents, self.run.now())
            self._note(items, actions)
            for item, (_, copy) in zip(items, there, strict=True):
                both = mailbox == CONSOLIDATED or self.run.there(messages[copy.message])
                if not (copy.adopted and copy.state == "live" and both):
                    self._hold(item)
            ledger.outcomes(actions, "done", THERE)
        for item in items:
            self.run.report(item.line, "done", THERE)

    def _store(self, mailbox: str, folder: str, items: Sequence[_DeletedCopy]) -> None:
        with self.run.ledger.transaction():
            items = [replace(item, message=self._message(item)) for item in items]
        self._not_stored |= {_key(mailbox, item) for item in items}
        store(self.run, mailbox, folder, items, self)

    def _message(self, item: _DeletedCopy) -> int:
        """The ledger's row of a message, made anew where it has none any more."""
        ledger, identity = self.run.ledger, item.identity
        rows = ledger.read.messages(ledger.read.candidates([identity.key])[identity.key])
        alike = [n for n, row in rows.items() if identity.digest in row.digests]
        if item.message in alike:
            return item.message
        if alike:
            return alike[0]
        summary = summary_of_header(item.data)
        return ledger.add_message(identity, summary, len(item.data), self.run.now())

    def _note(self, items: Sequence[_DeletedCopy], actions: Sequence[int]) -> None:
        for item, action in zip(items, actions, strict=True):
            self.run.ledger.note_put_back(action, item.deletion.action.id)

    def _hold(self, item: _DeletedCopy) -> None:
        """Own mail of the consolidated mailbox from now on, or kept on its account."""
        hold, now, mailbox = self.run.ledger.hold, self.run.now(), item.line.mailbox
        self.run.ledger.lift([item.message])  # what was left of it elsewhere stays
        if mailbox == CONSOLIDATED:
            self.run.ledger.release_one(item.message, "reverse-delete", "", "kept-on")
            hold(item.message, "forward-delete", "", "undone", now)
        else:
            hold(item.message, "reverse-delete", mailbox, "undone", now)

    # --- what the ledger keeps of a store

    def intent(self, item: _DeletedCopy) -> Intent:
        """The journal's entry for one copy."""
        return _intent(item.line, item.deletion)._replace(message=item.message)

    def begin(self, items: Sequence[_DeletedCopy], actions: Sequence[int]) -> None:
        """What is put back is held, from before it is stored."""
        self._note(items, actions)
        for item in items:
            self._hold(item)

    def doubts(self, answer: StoreResult) -> bool:
        """All is read back: its flags are compared too."""
        return answer.location is not None

    def place(
        self, mailbox: int, items: Sequence[_DeletedCopy], stored: Sequence[Stored]
    ) -> list[str]:
        """A copy of its own, which is not what we placed."""
        ledger, remarks = self.run.ledger, []
        for item, (action, location, size, found) in zip(items, stored, strict=True):
            self._claimed.add((item.line.mailbox, location))
            self._not_stored.discard(_key(item.line.mailbox, item))
            size = len(found.data) if found else size
            copy = NewCopy(mailbox, location, item.message, size, 0, 0)
            ledger.add_copies([copy], self.run.now())
            if found is not None:
                ledger.add_identity(item.message, identity_of(found.data))
            remarks.append(item.remark(found))
            ledger.outcome(action, "done", remarks[-1], location)
        return remarks


def _key(mailbox: str, item: _DeletedCopy) -> tuple[str, bytes, str | None]:
    return mailbox, item.identity.key, item.identity.digest


def _intent(line: UndoLine, deletion: Deletion) -> Intent:
    """The journal's entry for one copy; where it is to lie, as far as that is known at once."""
    action = deletion.action
    return Intent(
        line.id,
        journal.UNDO + line.kind,
        action.account,
        action.message,
        action.message_id,
        action.subject,
        line.mailbox,
        *Location(line.folder, 0, ""),
        quarantine=action.quarantine,
    )
