"""What an undo needs of the journal: how deleted copies were, and which deletions were undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from mailsync_tui.ledger import history
from mailsync_tui.ledger.decisions import DecisionWriter
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import ActionRow
from mailsync_tui.ledger.schema import moment, stamp
from mailsync_tui.mailboxes.base import Location, Raw

DELETIONS: tuple[Literal["forward-delete", "reverse-delete"], ...] = (
    "forward-delete",
    "reverse-delete",
)
"""The kinds of an action that delete."""
UNDO = "undo-"
"""Begins the kind of an action that undoes a deletion; the deletion's kind follows it."""


class Deletion(NamedTuple):
    """One deleted copy, as the journal has it."""

    action: ActionRow
    flags: frozenset[str] | None
    """``None``: deleted before the ledger kept them."""
    received: datetime | None
    """Its INTERNALDATE or file time, where its mailbox had one."""
    undone: bool


def undoes(action: ActionRow) -> bool:
    """Whether an action puts a deleted copy back."""
    return action.kind.startswith(UNDO)


def note_removed(ledger: DecisionWriter, actions: Sequence[int], raws: Sequence[Raw]) -> None:
    """Write down with the intents how the copies are that are about to be deleted."""
    ledger.db.executemany(
        "INSERT INTO removed VALUES (?, ?, ?)",
        [
            (action, " ".join(sorted(raw.flags)), stamp(raw.date) if raw.date else None)
            for action, raw in zip(actions, raws, strict=True)
        ],
    )


def note_put_back(ledger: DecisionWriter, action: int, deletion: int) -> None:
    """Write down with its intent which deletion an action undoes."""
    ledger.db.execute("INSERT INTO put_back VALUES (?, ?)", (action, deletion))


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
        for action in history.actions(ledger, run)
        if action.kind in DELETIONS and action.outcome in ("done", None)
        for flags, received, undone in [notes[action.id]]
    ]
