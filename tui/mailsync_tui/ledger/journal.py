"""Reading the journal: runs, their lines, what a killed run left open, what an undo needs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple

from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import ActionRow, LostResponse, RunRow
from mailsync_tui.ledger.schema import moment, stamp
from mailsync_tui.message import Location

_ACTION = (
    "SELECT id, run, line, kind, account, message, message_id, subject, mailbox, folder,"
    " validity, uid, quarantine, at, outcome, reason,"
    " ifnull((SELECT sender FROM message WHERE message.id = action.message), ''),"
    " ifnull((SELECT date FROM message WHERE message.id = action.message), '') FROM action"
)

DELETIONS: tuple[Literal["forward-delete", "reverse-delete", "delete"], ...] = (
    "forward-delete",
    "reverse-delete",
    "delete",
)
"""The kinds of an action that delete."""
UNDO = "undo-"
"""Begins the kind of an action that undoes a deletion; the deletion's kind follows it."""
THERE = "it was there already"
"""Why an undo stored nothing for a line that is done."""
NOTHING_LEFT = "there is nothing left to put back: it was not deleted after all, or it is back"
"""The same, where nothing was looked for."""
THERE_ALREADY = "there-already"
"""What lines that are done for these reasons are counted under."""
TAKE_BACK = "take-back"
"""The kind of an action that deletes what a server kept of a message it said it had stored."""
SENT_AGAIN = "again"
"""The outcome of a store that was lost with its connection: another action stores it."""


class Deletion(NamedTuple):
    """One deleted copy, as the journal has it."""

    action: ActionRow
    flags: frozenset[str] | None
    """``None``: deleted before the ledger kept them."""
    received: datetime | None
    """Its INTERNALDATE or file time, where its mailbox had one."""
    undone: bool


def runs(ledger: LedgerReader) -> list[RunRow]:
    """All runs, newest first."""
    done: dict[int, dict[str, int]] = defaultdict(dict)
    undone: dict[int, int] = defaultdict(int)
    still_open: dict[int, int] = defaultdict(int)
    for run, kind, outcome, count in ledger.db.execute(
        "SELECT run, CASE WHEN there THEN ? ELSE kind END AS what, outcome, count(*) FROM"
        " (SELECT run, kind, outcome, min(reason IN (?, ?)) AS there FROM action WHERE kind != ?"
        " GROUP BY run, line, kind, outcome) GROUP BY run, what, outcome",
        (THERE_ALREADY, THERE, NOTHING_LEFT, TAKE_BACK),
    ):
        if outcome == "done":
            done[run][kind] = count
        elif outcome is None:
            still_open[run] += count
        elif outcome not in ("vanished", SENT_AGAIN):
            undone[run] += count
    deleted = {
        run: (count, put_back)
        for run, count, put_back in ledger.db.execute(
            "SELECT run, count(*), sum(EXISTS"
            " (SELECT 1 FROM put_back JOIN action AS undo ON undo.id = put_back.action"
            " WHERE put_back.deletion = action.id AND undo.outcome = 'done')) FROM action"
            " WHERE kind IN ('forward-delete', 'reverse-delete', 'delete') AND outcome = 'done'"
            " GROUP BY run"
        )
    }
    return [
        RunRow(
            number,
            command,
            tuple(directions.split(",")) if directions else (),
            datetime.fromisoformat(started),
            moment(ended),
            code,
            done[number],
            undone[number],
            still_open[number],
            *deleted.get(number, (0, 0)),
        )
        for number, command, directions, started, ended, code in ledger.db.execute(
            "SELECT id, command, directions, started, ended, exit FROM run ORDER BY id DESC"
        )
    ]


def kept_since(ledger: LedgerReader, since: datetime, now: datetime) -> set[str]:
    """The copies in the quarantine that were put there since then, as far as runs can tell.

    A run began no earlier than those before it, whatever its clock said; so what was put while the
    clock was behind is as young as the run before.

    Args:
        ledger: Its journal is read.
        since: Aware.
        now: What the clock says; runs after that are those of a clock that was ahead.
    """
    rows = ledger.db.execute(
        "SELECT DISTINCT action.quarantine FROM action JOIN (SELECT id, max(started)"
        " OVER (ORDER BY id) AS latest FROM run WHERE started <= ?) AS sure"
        " ON sure.id = action.run WHERE action.quarantine IS NOT NULL AND sure.latest >= ?",
        (stamp(now), stamp(since)),
    )
    return {name for (name,) in rows}


def actions(ledger: LedgerReader, run: int) -> list[ActionRow]:
    """The lines of one run, in the order in which they were done."""
    query = _ACTION + " WHERE run = ? AND outcome IS NOT ? AND kind != ? ORDER BY id"
    rows = ledger.db.execute(query, (run, SENT_AGAIN, TAKE_BACK))
    return [_action(row) for row in rows]


def about(ledger: LedgerReader, message: int) -> list[ActionRow]:
    """What was done about one message, in all runs."""
    query = _ACTION + " WHERE message = ? AND outcome IS NOT ? AND kind != ? ORDER BY id"
    rows = ledger.db.execute(query, (message, SENT_AGAIN, TAKE_BACK))
    return [_action(row) for row in rows]


def unsettled(ledger: LedgerReader) -> list[ActionRow]:
    """Actions with an intent and no outcome: a run was killed there."""
    return [_action(row) for row in ledger.db.execute(_ACTION + " WHERE outcome IS NULL")]


def unfinished(ledger: LedgerReader) -> tuple[int, int] | None:
    """The newest run without an end, and how many lines are without an outcome.

    A run that a later one has settled is none; ``None``: every run has ended or was settled.
    """
    newest = ledger.db.execute("SELECT id, ended FROM run ORDER BY id DESC LIMIT 1").fetchone()
    lines, last = ledger.db.execute(
        "SELECT count(DISTINCT line), max(run) FROM action WHERE outcome IS NULL"
    ).fetchone()
    if newest is not None and newest[1] is None:
        return newest[0], lines
    return (last, lines) if lines else None


def settled(ledger: LedgerReader) -> bool:
    """Whether no earlier run left anything to do."""
    return unfinished(ledger) is None and not lifted_marks(ledger)


def lost_responses(ledger: LedgerReader, messages: Iterable[int]) -> list[LostResponse]:
    """The stores of these messages that no answer came to, oldest first."""
    return [
        LostResponse(*row)
        for message in sorted(messages)
        for row in ledger.db.execute(
            "SELECT id, message, folder, sent FROM action"
            " WHERE message = ? AND sent IS NOT NULL AND kind NOT LIKE 'undo-%' ORDER BY id",
            (message,),
        )
    ]


def lost_attempts(ledger: LedgerReader, mailbox: str, messages: Iterable[int]) -> Counter[int]:
    """How often each of these messages was sent to a mailbox, by whatever run, and no answer came.

    Args:
        ledger: Its journal is read.
        mailbox: The mailbox's name.
        messages: The messages' rows.
    """
    return Counter(
        message
        for message in messages
        for _ in ledger.db.execute(
            "SELECT id FROM action WHERE message = ? AND sent IS NOT NULL AND mailbox = ?",
            (message, mailbox),
        )
    )


def lifted_marks(ledger: LedgerReader) -> dict[tuple[str, str, int], list[int]]:
    r"""Foreign ``\Deleted`` marks to set again: by mailbox, folder and UIDVALIDITY."""
    result: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for mailbox, folder, validity, uid in ledger.db.execute(
        "SELECT mailbox, folder, validity, uid FROM mark"
    ):
        result[mailbox, folder, validity].append(uid)
    return result


def undoes(action: ActionRow) -> bool:
    """Whether an action puts a deleted copy back."""
    return action.kind.startswith(UNDO)


def placed(ledger: LedgerReader, run: int) -> set[tuple[str, Location]]:
    """Where copies that a run deleted have been put back."""
    rows = ledger.db.execute(
        "SELECT undo.mailbox, undo.folder, undo.validity, undo.uid FROM put_back"
        " JOIN action AS undo ON undo.id = put_back.action"
        " JOIN action AS deletion ON deletion.id = put_back.deletion"
        " WHERE deletion.run = ? AND undo.outcome = 'done'",
        (run,),
    )
    return {(mailbox, Location(*where)) for mailbox, *where in rows}


def deletions(ledger: LedgerReader, run: int) -> list[Deletion]:
    """The copies that a run deleted, or may have deleted when it was killed, in its order."""
    notes = {
        action: (frozenset(flags.split()) if flags is not None else None, moment(received), undone)
        for action, flags, received, undone in ledger.db.execute(
            "SELECT action.id, removed.flags, removed.received, EXISTS"
            " (SELECT 1 FROM put_back JOIN action AS undo ON undo.id = put_back.action"
            " WHERE put_back.deletion = action.id AND undo.outcome = 'done')"
            " FROM action LEFT JOIN removed ON removed.action = action.id WHERE action.run = ?",
            (run,),
        )
    }
    return [
        Deletion(action, flags, received, bool(undone))
        for action in actions(ledger, run)
        if action.kind in DELETIONS and action.outcome in ("done", None)
        for flags, received, undone in [notes[action.id]]
    ]


def _action(row: tuple[Any, ...]) -> ActionRow:
    before, location, (quarantine, at, *rest) = row[:9], row[9:12], row[12:]
    return ActionRow._make(
        (*before, Location(*location), quarantine, datetime.fromisoformat(at), *rest)
    )
