"""Applying a plan: what was declined, what holds no more, and the lines in a safe order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.apply.adopt import adopt
from mailsync_tui.engine.apply.collect import collect
from mailsync_tui.engine.apply.delete import BACK, StillHolds, delete
from mailsync_tui.engine.apply.deleting import restore_marks
from mailsync_tui.engine.apply.run import Run, batches, conclude
from mailsync_tui.engine.model import Kind, Line, Place

WHATEVER_ACCOUNT = frozenset({"collect", "forward-delete", "forget"})
"""Declined for the message, from whichever account the line comes next time."""


def apply(
    run: Run[Line],
    lines: Sequence[Line],
    declined: Sequence[Line],
    stale: frozenset[str],
    still_holds: StillHolds,
    unfinished: frozenset[Place],
    *,
    reconsidered: bool,
) -> None:
    """Apply the lines of a plan that a person has let stand; the run has the results.

    First everything is brought to safety, then deletions: forward before what follows from it.
    What was not begun when the run is cancelled has no result.

    Args:
        run: Holding the ledger's lock, with the listing already recorded.
        lines: Lines of the plan that was shown, those that need a missing one left out.
        declined: Lines that the person took out: held from now on.
        stale: The ids of lines that the newer listing does not make any more: not applied.
        still_holds: Asked before each batch of deletions.
        unfinished: Copies of messages of which a deletion that a person marked is left to do.
        reconsidered: What was held is among the lines, as the person asked for it.

    Raises:
        LedgerError: the ledger cannot be written. The next run looks what became of the rest.
    """
    restore_marks(run)
    marked = [line for line in lines if line.kind == "delete"]
    _decline(run, declined, {_message(run, line) for line in marked})
    _skip_stale(run, [line for line in lines if line.id in stale])
    lines = [line for line in lines if line.id not in stale]
    run.begin(lines)
    _keep_on_accounts(run, marked)
    steps: dict[Kind, Callable[[Run[Line], Sequence[Line]], None]] = {
        "collect": collect,
        "adopt": adopt,
        "forget": _forget,
        "forward-delete": partial(delete, still_holds=still_holds),
        "reverse-delete": partial(delete, still_holds=still_holds),
        "delete": partial(delete, still_holds=still_holds),
    }
    for kind, step in steps.items():
        if run.cancelled():
            break
        step(run, [line for line in lines if line.kind == kind])
    folders = run.observation.listed[CONSOLIDATED].folders
    with run.ledger.transaction():
        run.ledger.close_settled([name for name in folders if not run.counts(CONSOLIDATED, name)])
        if reconsidered:
            _release_undone(run)
        _lift(run, marked, unfinished)


def _forget(run: Run[Line], lines: Sequence[Line]) -> None:
    """End messages that are gone from every mailbox."""
    for batch in batches(lines, lambda _: 1):
        if run.cancelled():
            return
        messages = run.messages(line.message for line in batch if line.message is not None)
        with run.ledger.transaction():
            for line in batch:
                row = messages.get(line.message or 0)
                missing = [c.id for c in row.copies if c.state == "missing"] if row else []
                run.ledger.end(missing, run.now())
        conclude(run, batch, "done")


def _release_undone(run: Run[Line]) -> None:
    """Lines were done that an undo had held: the undo is over."""
    for line in (result.line for result in run.results.values() if result.outcome == "done"):
        if line.message is not None and line.kind != "forward-delete":
            run.ledger.release_one(line.message, "reverse-delete", line.account, "undone")


def _keep_on_accounts(run: Run[Line], lines: Sequence[Line]) -> None:
    """What goes from the consolidated mailbox only is kept on the accounts: nothing follows."""
    scopes = {row.message: row.scope for row in run.ledger.read.marked()} if lines else {}
    with run.ledger.transaction():
        for line in lines:
            message = _message(run, line)
            if message is not None and scopes.get(message) == CONSOLIDATED:
                run.ledger.hold(message, "reverse-delete", "", "kept-on", run.now())


def _lift(run: Run[Line], lines: Sequence[Line], unfinished: frozenset[Place]) -> None:
    """Marks whose deletions are done, in every mailbox that they are to be done in."""
    left: dict[int, bool] = {}
    for line in lines:
        message = _message(run, line)
        result = run.results.get(line.id)
        done = result is not None and result.outcome in ("done", "vanished")
        if message is not None:
            more = not done or not unfinished.isdisjoint(line.copies)
            left[message] = left.get(message, False) or more
    run.ledger.lift(message for message, more in left.items() if not more)


def _message(run: Run[Line], line: Line) -> int | None:
    rows = (run.row(place) for place in line.copies)
    return next((row.message for row in rows if row is not None), line.message)


def _decline(run: Run[Line], lines: Sequence[Line], marked: Collection[int | None]) -> None:
    """Hold these lines from now on, until their reason is over or a person reconsiders.

    Args:
        run: The run.
        lines: What was taken out.
        marked: Messages with a deletion by hand that was not: they stay where that was taken out.
    """
    ledger = run.ledger
    with ledger.transaction():
        for line in lines:
            message = line.message
            copies = [row for place in line.copies if (row := run.row(place)) is not None]
            if copies:
                message = copies[0].message
            if copies and all(copy.late_duplicate for copy in copies):
                for copy in copies:  # the person wants both: it is the mailbox's own from now on
                    ledger.clear_late_duplicate(copy.id, ours=False)
                continue
            if line.kind == "delete":
                if message is not None and message in marked:  # deleted elsewhere, and kept here
                    ledger.hold(message, "reverse-delete", line.account, "declined", run.now())
            elif message is not None:
                account = "" if line.kind in WHATEVER_ACCOUNT else line.account
                ledger.hold(message, line.kind, account, "declined", run.now())


def _skip_stale(run: Run[Line], lines: Sequence[Line]) -> None:
    """What was to be brought and is listed no more has vanished, which is no failure."""
    gone: list[Line] = []
    back: list[Line] = []
    for line in lines:
        (gone if _vanished(run, line) else back).append(line)
    conclude(run, gone, "vanished", "it was gone before it was fetched")
    conclude(run, back, "skipped", BACK)


def _vanished(run: Run[Line], line: Line) -> bool:
    listed = run.observation.listed
    if line.kind not in ("collect", "adopt") or line.account not in listed:
        return False
    return listed[line.account].left(line.copies[0].location)
