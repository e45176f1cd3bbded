"""What becomes of lines and of a run as a whole: outcomes, states, results and exit codes.

Values and predicates: nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Generic, Literal, NamedTuple, TypeVar

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.model import (
    DELETIONS,
    NEEDS_CONFIRMATION,
    Line,
    Plan,
    UndoLine,
)
from mailsync_tui.errors import BLOCKED, INTERRUPTED, OK, PARTLY, SessionError
from mailsync_tui.ledger.journal import NOTHING_LEFT as NOTHING_LEFT
from mailsync_tui.ledger.journal import THERE as THERE
from mailsync_tui.ledger.rows import ActionRow, AwayRow, CopyStory, RunRow, WaitRow

Outcome = Literal["done", "skipped", "failed", "vanished"]
"""What became of a line, or of one of its copies."""

WORST_FIRST = (None, "failed", "skipped", "done", "vanished")
"""Outcomes, the weightiest first: of several copies of a line, one outcome is the line's.

``None``: begun, and no outcome is known. One copy that was done makes the line one that was done.
"""

RunState = Literal["done", "partly", "interrupted", "unfinished", "undone"]

L = TypeVar("L", Line, UndoLine)


class LineResult(NamedTuple, Generic[L]):
    """What became of one line: of a plan, or of a run that was undone."""

    line: L
    outcome: Outcome
    reason: str = ""


def weight(outcome: str | None, reason: str) -> tuple[int, bool]:
    """The place of an outcome in :data:`WORST_FIRST`, to take the worst by ``min``.

    What was put back weighs more than what was there already.
    """
    return WORST_FIRST.index(outcome), reason in (THERE, NOTHING_LEFT)


@dataclass(frozen=True, slots=True)
class PastRun(RunRow):
    """One run of the history, and what became of it."""

    state: RunState
    """Of what it did nothing is left, it did not end, or how it ended.

    ``unfinished``: it was killed, or is at work; ``interrupted``: it was stopped between two
    messages; ``partly``: something was not done, or a part of it was put back since.
    """


def past_run(row: RunRow) -> PastRun:
    """A run of the journal, and what became of it."""
    return PastRun(**asdict(row), state=_state(row))


class Status(NamedTuple):
    """How it stands with one person's mailboxes, as the last sync left it."""

    user: str
    last: PastRun | None
    reached: dict[str, datetime | None]
    """When each mailbox of the configuration was last listed completely."""
    away: tuple[AwayRow, ...]
    waits: tuple[WaitRow, ...]

    @property
    def exit(self) -> int:
        """The exit code that says as much."""
        if self.away:
            return PARTLY
        return BLOCKED if any(row.key[0] == "blocked" for row in self.waits) else OK


class Origin(NamedTuple):
    """What the ledger knows of one message: whence it came, and what became of it."""

    message: int
    since: datetime
    copies: tuple[CopyStory, ...]
    actions: tuple[ActionRow, ...]

    @property
    def quarantine(self) -> list[str]:
        """What its copies are called there, the newest first."""
        names = [row.quarantine for row in reversed(self.actions) if row.quarantine]
        return list(dict.fromkeys(names))


def _state(run: RunRow) -> RunState:
    if run.deleted and run.put_back == run.deleted:
        return "undone"
    if run.ended is None:
        return "unfinished"
    if run.exit == INTERRUPTED:
        return "interrupted"
    return "done" if run.exit in (OK, BLOCKED) and not run.put_back else "partly"


class RunLine(NamedTuple):
    """One line of an earlier run; of one with several copies, the worst outcome counts."""

    id: str
    kind: str
    account: str
    message: int | None
    message_id: str | None
    subject: str
    mailbox: str
    folder: str
    outcome: str | None
    reason: str
    copies: int
    quarantine: str | None
    """What the copy of it is called there."""
    sender: str = ""
    date: str = ""
    """ISO 8601; of the message, where the ledger has it still."""

    @property
    def deleted(self) -> bool:
        """Whether it is a deletion that was done: what an undo puts back."""
        return self.kind in DELETIONS and self.outcome == "done"


def run_lines(rows: Iterable[ActionRow]) -> tuple[RunLine, ...]:
    """The lines of a run, from the journal's entries of each copy, in their order."""
    lines: dict[str, list[ActionRow]] = {}
    for row in rows:
        lines.setdefault(row.line, []).append(row)
    return tuple(
        RunLine(
            row.line,
            row.kind,
            row.account.partition(",")[0],
            row.message,
            row.message_id,
            row.subject,
            row.mailbox,
            row.location.folder,
            row.outcome,
            row.reason,
            len(several),
            row.quarantine,
            row.sender,
            row.date,
        )
        for several in lines.values()
        for row in (min(several, key=lambda row: weight(row.outcome, row.reason)),)
    )


class Result(NamedTuple):
    """What a run did."""

    user: str
    run: str | None
    """``None`` when there was nothing to do."""
    plan: Plan
    lines: tuple[LineResult[Line], ...]
    exit: int


class UndoResult(NamedTuple):
    """What an undo did."""

    user: str
    run: str | None
    """Its own number; ``None`` when nothing was left to undo, or the person said no."""
    plan: Plan | None
    """All that was to be said when it began; ``None`` where nothing was contacted."""
    lines: tuple[LineResult[UndoLine], ...]
    exit: int


Confirm = Callable[[tuple[UndoLine, ...]], bool]
"""Shown what would be put back, says whether it is to be done."""

Choose = Callable[[Plan], "frozenset[str] | None"]
"""Shown a plan, gives the lines that are taken out; ``None``: the person said no."""


def everything(plan: Plan) -> frozenset[str] | None:
    """Take the whole plan (``--yes``)."""
    del plan
    return frozenset()


def asks(plan: Plan) -> tuple[Line, ...]:
    """The lines a person is asked about."""
    return tuple(line for line in plan.lines if line.kind in NEEDS_CONFIRMATION)


class NotReached(SessionError):
    """Too little was reached; the text names each.

    Attributes:
        plan: Names every mailbox, and why it was not reached.
    """

    def __init__(self, text: str, plan: Plan) -> None:
        super().__init__(text)
        self.plan = plan


def require_reached(plan: Plan) -> None:
    """Stop where nothing can be done: the consolidated mailbox, or every account, is away.

    Raises:
        NotReached: it is so.
    """
    away = {name: report.error for name, report in plan.mailboxes.items() if report.error}
    unlisted = {n for n, report in plan.mailboxes.items() if report.error and not report.complete}
    asked = {n for n, report in plan.mailboxes.items() if not report.left_out} - {CONSOLIDATED}
    if CONSOLIDATED in unlisted or (asked and asked <= unlisted):
        why = "; ".join(f"{name}: {away[name]}" for name in sorted(unlisted))
        raise NotReached(f"nothing was changed, as too little was reached. {why}", plan)


def require_one_reached(plan: Plan, mailboxes: set[str]) -> None:
    """Stop an undo where none of the mailboxes that it is about can be used.

    Raises:
        NotReached: it is so.
    """
    away = {n: r.error for n, r in plan.mailboxes.items() if n in mailboxes and r.error}
    if away and mailboxes <= set(away):
        why = "; ".join(f"{name}: {error}" for name, error in sorted(away.items()))
        raise NotReached(f"nothing was put back, as nothing was reached. {why}", plan)


def plan_code(plan: Plan) -> int:
    """The exit code of ``plan``."""
    try:
        require_reached(plan)
    except SessionError as error:
        return error.exit_code
    return PARTLY if _missed(plan) else OK


def _missed(plan: Plan) -> bool:
    """Whether something that the configuration names was not listed."""
    return any(
        (not report.complete and not report.left_out) or report.unmatched
        for report in plan.mailboxes.values()
    )


def cut_short(error: Exception) -> str:
    """Why a line failed of which something was begun: it may be done, and may not."""
    return f"{error}; the next run looks what became of it"


def undo_code(results: Iterable[LineResult[UndoLine]], *, stopped: bool) -> int:
    """The exit code of an undo."""
    if stopped:
        return INTERRUPTED
    return PARTLY if any(result.outcome != "done" for result in results) else OK


def sync_code(plan: Plan, results: Iterable[LineResult[Line]], *, stopped: bool) -> int:
    """The exit code of a run that applied lines."""
    if stopped:
        return INTERRUPTED
    if _missed(plan) or any(result.outcome in ("skipped", "failed") for result in results):
        return PARTLY
    asked = (plan.options.asked(each.kind) for each in plan.blocked)
    return BLOCKED if any(asked) else OK
