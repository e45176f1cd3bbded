"""Storing messages, for a collect and for an undo alike: intent, store, proof, outcome.

A server may lose the connection while it stores, and may store what it was sent later on. So what
was lost is looked for a little later, by the mailbox itself over another connection. What is not
there is sent again, with an intent of its own, in smaller parts each time, as one of the messages
may be what the server crashes at (DESIGN.md, rule 11). If it cannot be looked for, the intents stay
open, and the next run looks what became of them (rule 6); see :func:`late_stores`.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from mailsync_tui.config.model import UserConfig
from mailsync_tui.engine.apply.deleting import deleting
from mailsync_tui.engine.apply.run import NOT_TRIED, Run, by
from mailsync_tui.engine.detect.lost_responses import fingerprint
from mailsync_tui.engine.detect.match import match_mailboxes
from mailsync_tui.engine.model import DELETIONS, Line, UndoLine
from mailsync_tui.engine.outcome import cut_short
from mailsync_tui.errors import QuarantineError
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import Intent
from mailsync_tui.mailboxes.base import (
    LATE_SECONDS,
    Location,
    MailboxError,
    NewMessage,
    Raw,
    StoreResult,
)
from mailsync_tui.mailboxes.bisect import bisecting

TAKEN_BACK = "what it kept was deleted again"
LEFT = "what it kept lies there still"

_SMALLER = 4
"""Each attempt halves the parts so many times: 200 messages, then 12, then 1."""


class Outgoing(Protocol):
    """A message that is to be stored for a line."""

    @property
    def line(self) -> Line | UndoLine:
        """The line; of an undo, one of its copies is stored."""

    @property
    def message(self) -> int:
        """The ledger's row of the message."""

    @property
    def data(self) -> bytes:
        """Its bytes, which are stored as they are."""

    @property
    def flags(self) -> frozenset[str]:
        """The flags that it is stored with."""

    @property
    def date(self) -> datetime | None:
        """When it arrived, as its mailbox is to have it."""


Item = TypeVar("Item", bound=Outgoing, contravariant=True)


class Stored(NamedTuple):
    """Where a message was stored, and proved to lie."""

    action: int
    """The journal's."""
    location: Location
    size: int
    """Octets, as the mailbox holds it."""
    found: Raw | None
    """What was read back, if it was."""


class Purpose(Protocol[Item]):
    """What the ledger keeps of stores besides the outcome of each; in the caller's transactions."""

    def intent(self, item: Item) -> Intent:
        """The journal's entry, without where the message is to lie."""

    def begin(self, items: Sequence[Item], actions: Sequence[int]) -> None:
        """Write what belongs to the intents."""

    def doubts(self, answer: StoreResult) -> bool:
        """Whether to read back what lies there: it may be another form of what was sent."""

    def place(self, mailbox: int, items: Sequence[Item], stored: Sequence[Stored]) -> Sequence[str]:
        """Write copies and outcomes of what was stored; a remark for each, which may be empty.

        Args:
            mailbox: The ledger's row of the mailbox.
            items: What was stored.
            stored: Where.
        """


def store(
    run: Run[Any], mailbox: str, folder: str, items: Sequence[Item], purpose: Purpose[Item]
) -> None:
    """Store messages in a folder, and report each; see :class:`Storing`."""
    Storing(run, mailbox, folder, items, purpose).finish()


class Storing(Generic[Item]):
    """Messages on their way into a folder, on the mailbox's own thread.

    What was sent and never answered goes after all others and in smaller parts, at last alone:
    some messages crash a server, and the others of their batch are not to wait for them.

    Raises:
        LedgerError: the ledger cannot be written; from :meth:`finish` too.
    """

    def __init__(
        self,
        run: Run[Any],
        mailbox: str,
        folder: str,
        items: Sequence[Item],
        purpose: Purpose[Item],
    ) -> None:
        self.items = items
        self._run, self._mailbox, self._folder, self._purpose = run, mailbox, folder, purpose
        before = journal.lost_attempts(run.ledger.read, mailbox, {item.message for item in items})
        self._parts: deque[Sequence[Item]] = deque()
        for attempts, some in sorted(by(items, lambda item: before[item.message]).items()):
            self._parts.extend(_split(some, max(1, len(some) >> _SMALLER * attempts)))
        self._begun = self._begin()

    def finish(self) -> None:
        """Wait, write down and report what became of each, and store what is left."""
        while self._begun is not None:
            unsent, lost = _end(self._run, self._mailbox, self._begun, self._purpose)
            self._parts.extendleft([unsent] if unsent else ())
            self._parts.extend(_split(lost, max(1, len(lost) >> _SMALLER)))
            self._begun = self._begin()

    def _begin(self) -> _Part[Item] | None:
        while self._parts:
            items = self._parts.popleft()
            begun = _begin(self._run, self._mailbox, self._folder, items, self._purpose)
            if begun is not None:
                return begun
        return None


@dataclass(frozen=True, slots=True)
class _Part(Generic[Item]):
    """Messages that were sent together."""

    items: Sequence[Item]
    actions: Sequence[int]
    """The journal's, one for each."""
    at: datetime
    answers: Future[Sequence[StoreResult]]


def _split(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _begin(
    run: Run[Any], mailbox: str, folder: str, items: Sequence[Item], purpose: Purpose[Item]
) -> _Part[Item] | None:
    """Write the intents, and send; ``None`` if the mailbox is broken: then it is reported."""
    now = run.now()
    name = f"{now.timestamp():.6f}.{secrets.token_hex(8)}"
    new = [
        NewMessage(item.data, item.flags, item.date, f"{name}_{number}.mailsync-tui")
        for number, item in enumerate(items)
    ]
    late = run.config.mailbox(mailbox).type == "imap"  # an answer may fail to come
    intents = [
        purpose.intent(item)._replace(
            mailbox=mailbox,
            folder=folder,
            validity=0,
            uid=message.name,
            sent=fingerprint(message.data) if late else None,
        )
        for item, message in zip(items, new, strict=True)
    ]
    if mailbox in run.broken:  # nothing is sent, so that no answer is waited for
        why = NOT_TRIED.format(run.broken[mailbox])
        run.write([intent._replace(uid="", sent=None) for intent in intents], "failed", why)
        for item in items:
            run.report(item.line, "failed", why)
        return None
    with run.ledger.transaction():
        actions = run.ledger.intend(run.number, intents, now)
        purpose.begin(items, actions)
    answers = run.submit(mailbox, lambda: run.mailboxes[mailbox].store(new, folder))
    return _Part(items, actions, now, answers)


def _end(
    run: Run[Any], mailbox: str, part: _Part[Item], purpose: Purpose[Item]
) -> tuple[list[Item], list[Item]]:
    """Report what came to its end of what was sent.

    Returns:
        What was not sent, and what was sent and lost: both are to be sent again.
    """
    items, actions, now = part.items, part.actions, part.at
    try:
        answers = part.answers.result()
    except MailboxError as error:  # the intents stay open: the next run looks what became of them
        run.broken[mailbox] = str(error)
        for item in items:
            run.report(item.line, "failed", cut_short(error))
        return [], []
    broke = next((answer.lost for answer in answers if answer.lost), None)
    if broke is None or any(answer.location for answer in answers):
        run.losses.pop(mailbox, None)
    if broke is not None:
        run.lost(mailbox, broke)
    alone = sum(answer.lost is not None and answer.unsure for answer in answers) == 1
    found = _read_back(run, mailbox, [answer for answer in answers if purpose.doubts(answer)])
    placed: list[Item] = []
    stored: list[Stored] = []
    unsent: list[Item] = []
    lost: list[Item] = []
    failed: list[tuple[Item, StoreResult, int, str]] = []
    with run.ledger.transaction():
        row = run.ledger.put_mailbox(mailbox, run.config.mailbox(mailbox).fingerprint)
        for item, answer, action in zip(items, answers, actions, strict=True):
            if answer.location is not None:
                size = answer.size if answer.size is not None else len(item.data)
                placed.append(item)
                stored.append(Stored(action, answer.location, size, found.get(answer.location)))
                continue
            why = answer.error or "it was not stored"
            if answer.refused and isinstance(item.line, Line):
                run.ledger.hold(item.message, "collect", "", "refused", now, why)
            outcome = "failed"
            if answer.lost is not None and not (answer.unsure and alone):
                (lost if answer.unsure else unsent).append(item)
                outcome = journal.SENT_AGAIN
            elif answer.lost is not None:
                why += " at this message"
            if outcome == "failed":
                failed.append((item, answer, action, why))
            (run.ledger.presume if answer.unsure else run.ledger.outcome)(action, outcome, why)
        remarks = purpose.place(row, placed, stored)
    cut = {answer.cut: purpose.intent(item) for item, answer, *_ in failed if answer.cut}
    became = _take_back(run, mailbox, cut) if cut else {}
    for item, answer, action, why in failed:
        if answer.cut is not None:
            why += f"; {became[answer.cut]}"
            with run.ledger.transaction():
                run.ledger.outcome(action, "failed", why)
        if answer.lost is not None:
            run.hung(item.line, item.message, answer.lost)
        run.report(item.line, "failed", why)
    for item, remark in zip(placed, remarks, strict=True):
        run.report(item.line, "done", remark)
    return unsent, lost


def _take_back(
    run: Run[Any], mailbox: str, cut: Mapping[Location, Intent]
) -> Mapping[Location, str]:
    """Delete what a server kept of messages that it said it had stored: of no use, and ours.

    Args:
        run: The run.
        mailbox: Where they lie.
        cut: The locations, each with the intent of the store.

    Returns:
        What became of each, in words.
    """
    became = dict.fromkeys(cut, LEFT)
    if cut:
        run.settle(mailbox)
    try:
        raws = list(bisecting(run.mailboxes[mailbox].fetch, list(cut)))
        names = run.quarantine.put_all([raw.data for raw in raws])
        intents = [
            cut[raw.location]._replace(
                kind=journal.TAKE_BACK, mailbox=mailbox, quarantine=name, **raw.location._asdict()
            )
            for raw, name in zip(raws, names, strict=True)
        ]
        with run.ledger.transaction():
            numbers = run.ledger.intend(run.number, intents, run.now())
        actions = {raw.location: action for raw, action in zip(raws, numbers, strict=True)}
        for answer in deleting(run, mailbox, raws):
            done = answer.outcome in ("done", "gone")
            became[answer.location] = TAKEN_BACK if done else f"{LEFT}: {answer.reason}"
            with run.ledger.transaction():
                outcome = "done" if done else "failed"
                run.ledger.outcome(actions[answer.location], outcome, answer.reason)
    except QuarantineError:
        pass
    except MailboxError as error:  # the intents stay open: the next run looks what became of them
        run.failed(mailbox, error)
    return became


def _read_back(
    run: Run[Any], mailbox: str, answers: Sequence[StoreResult]
) -> Mapping[Location, Raw]:
    """What lies there now: a server may have altered it, and is then known by that form too."""
    wanted = [answer.location for answer in answers if answer.location is not None]
    result: dict[Location, Raw] = {}
    if not wanted:
        return result
    run.settle(mailbox)
    try:
        result.update((r.location, r) for r in bisecting(run.mailboxes[mailbox].fetch, wanted))
    except MailboxError as error:  # stored and proved all the same
        run.failed(mailbox, error)
    return result


def late_stores(ledger: LedgerReader, config: UserConfig, now: datetime) -> float:
    """Seconds to wait before listing, as a server may come to a store that was never answered.

    A listing made before that lacks the message, which would then be stored a second time. What
    comes still later is recognised (:mod:`mailsync_tui.engine.detect.lost_responses`). A Maildir
    stores nothing late.

    Args:
        ledger: Read in one snapshot.
        config: The person's configuration.
        now: The present moment.
    """
    open_stores = [a for a in journal.unsettled(ledger) if a.kind not in DELETIONS]
    if not open_stores:
        return 0.0
    names = match_mailboxes(config, ledger).names
    servers = {c.name for c in (*config.external, config.consolidated) if c.type == "imap"}
    begun = [action.at for action in open_stores if names.get(action.mailbox) in servers]
    if not begun:
        return 0.0
    # Where the clock was set back since, nobody knows how long ago that was.
    age = max(0.0, (now - max(begun)).total_seconds())
    return max(0.0, LATE_SECONDS - age)
