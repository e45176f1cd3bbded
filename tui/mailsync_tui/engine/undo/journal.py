"""The journal of an undo: its copies' intents, and what became of each of its lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailsync_tui.engine.events import Emit, LineDone
from mailsync_tui.engine.model import UndoLine
from mailsync_tui.engine.outcome import LineResult, Outcome, weight
from mailsync_tui.engine.undo.present import Wanted
from mailsync_tui.ledger import restores
from mailsync_tui.ledger.restores import Deletion
from mailsync_tui.ledger.rows import Intent
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import Location, Raw
from mailsync_tui.message import content_digest, summary_of_header

NO_FLAGS = "without flags: it was deleted before the ledger kept them"
ALTERED = "the server altered it when it stored it"
UNSETTLED = "it is not known yet whether it was deleted: its mailbox was not listed completely"
_NEVER_SET = frozenset({"\\Deleted", "\\Recent"})
"""Put back to be expunged would be no undo; the other one is the server's to set."""


@dataclass(frozen=True, slots=True)
class Item:
    """One deleted copy on its way back."""

    line: UndoLine
    deletion: Deletion
    wanted: Wanted

    @property
    def flags(self) -> frozenset[str]:
        """Those that come back with it."""
        return (self.deletion.flags or frozenset()) - _NEVER_SET

    @property
    def date(self) -> datetime | None:
        """When it had arrived; what its header says where its mailbox had no such date."""
        return self.deletion.received or summary_of_header(self.wanted.data).date


class UndoJournal:
    """Writes the actions of one undo, and tells its lines' outcomes."""

    def __init__(
        self, number: int, ledger: LedgerWriter, emit: Emit, now: Callable[[], datetime]
    ) -> None:
        self.number = number
        self.ledger = ledger
        self.emit = emit
        self.now = now
        self.results: dict[str, LineResult[UndoLine]] = {}
        self._left: Counter[str] = Counter()
        self._told: dict[str, list[tuple[Outcome, str]]] = defaultdict(list)

    def expect(self, line: UndoLine) -> None:
        """A line has come to its end once each of its copies has an outcome."""
        self._left[line.id] = len(line.copies)

    def intend(self, mailbox: str, items: Sequence[tuple[Item, Location, int | None]]) -> list[int]:
        """Write the intents, each with the deletion that it undoes; inside a transaction."""
        intents = [
            _intent(item.line, item.deletion, mailbox, location, message)
            for item, location, message in items
        ]
        actions = self.ledger.intend(self.number, intents, self.now())
        for action, (item, _, _) in zip(actions, items, strict=True):
            restores.note_put_back(self.ledger, action, item.deletion.action.id)
        return actions

    def fail(self, copies: Sequence[tuple[UndoLine, Deletion]], reason: str) -> None:
        """Copies that cannot be put back: nothing was begun."""
        with self.ledger.transaction():
            for line, deletion in copies:
                place = Location(line.folder, 0, "")
                intent = _intent(line, deletion, line.mailbox, place, deletion.action.message)
                for action in self.ledger.intend(self.number, [intent], self.now()):
                    self.ledger.outcome(action, "failed", reason)
        for line, _ in copies:
            self.tell(line, "failed", reason)

    def tell(self, line: UndoLine, outcome: Outcome, reason: str) -> None:
        """Note what became of one copy; with its last one the line has come to its end."""
        self._told[line.id].append((outcome, reason))
        self._left[line.id] -= 1
        if not self._left[line.id]:
            self.finish(line, self._told[line.id])

    def finish(self, line: UndoLine, told: Sequence[tuple[Outcome, str]]) -> None:
        """A line has come to its end: of several copies, the worst counts."""
        outcome, reason = min(told, key=lambda copy: weight(copy[0]))
        self.results[line.id] = LineResult(line, outcome, reason)
        self.emit(LineDone(line.id, line.kind, line.account, outcome, reason))


def _intent(
    line: UndoLine, deletion: Deletion, mailbox: str, location: Location, message: int | None
) -> Intent:
    action = deletion.action
    return Intent(
        line.id,
        restores.UNDO + line.kind,
        action.account,
        message,
        action.message_id,
        action.subject,
        mailbox,
        *location,
        quarantine=action.quarantine,
    )


def remark(item: Item, raw: Raw | None) -> str:
    """What is not as it was before the deletion."""
    remarks = []
    if item.deletion.flags is None:
        remarks.append(NO_FLAGS)
    if raw is not None:
        lost = sorted(item.flags - raw.flags)
        if lost:
            remarks.append(f"the server did not keep its flags {' '.join(lost)}")
        if content_digest(raw.data) != item.wanted.identity.digest:
            remarks.append(ALTERED)
    return "; ".join(remarks)
