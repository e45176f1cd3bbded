"""What a person has marked for deletion, in a snapshot; reads only the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mailsync_tui.engine.detect.assemble import message_state
from mailsync_tui.engine.detect.known import shown
from mailsync_tui.engine.model import Place
from mailsync_tui.engine.plan.marks import named
from mailsync_tui.engine.snapshot import Mark, MessageState
from mailsync_tui.ledger.reader import LedgerReader

if TYPE_CHECKING:
    from mailsync_tui.engine.detect.observe import Observation


def with_messages(
    observation: Observation, ledger: LedgerReader, ids: Iterable[int]
) -> Observation:
    """An observation with these messages of the ledger too: settled ones are not in it.

    Args:
        observation: The listings held against the ledger.
        ledger: The same one, read in one snapshot.
        ids: The messages.
    """
    snapshot = observation.snapshot
    rows = ledger.messages(set(ids).difference(m.id for m in snapshot.messages if m.id))
    settled = [
        message_state(
            row,
            tuple(
                shown(
                    row.copies,
                    observation.matched,
                    observation.listed,
                    snapshot.scan,
                    snapshot.now,
                    snapshot.jumps,
                    observation.interrupted,
                )
            ),
        )
        for row in rows.values()
    ]
    return _with(observation, (*snapshot.messages, *settled)) if settled else observation


def with_marks(
    observation: Observation, ledger: LedgerReader, names: Sequence[str] = ()
) -> Observation:
    """An observation with the marks as they are now.

    Args:
        observation: The listings held against the ledger.
        ledger: The same one, read in one snapshot.
        names: Messages that are marked for one plan (:attr:`.Options.marks`).
    """
    rows = ledger.marked()
    ids = {row.message for row in rows if row.message is not None}
    observation = with_messages(
        observation, ledger, ids.union(ledger.named([*names, *(f"<{name}>" for name in names)]))
    )
    marks: dict[int | Place | None, Mark] = {}
    for row in rows:
        mark = Mark(row.scope, row.since)
        if row.message is not None:
            marks[row.message] = mark
        elif row.location is not None:
            marks[Place(row.mailbox, row.location)] = mark
    messages = observation.snapshot.messages
    chosen = {id(found[0]) for name in names if len(found := named(name, messages)) == 1}

    def mark_of(message: MessageState) -> Mark | None:
        if id(message) in chosen:
            return Mark("", None)
        places = (Place(copy.mailbox, copy.location) for copy in message.copies)
        keys = (message.id,) if message.id is not None else places
        return next((marks[key] for key in keys if key in marks), None)

    if not marks and not chosen and all(message.mark is None for message in messages):
        return observation
    marked = zip(messages, map(mark_of, messages), strict=True)
    return _with(
        observation, tuple(m if mark == m.mark else replace(m, mark=mark) for m, mark in marked)
    )


def _with(observation: Observation, messages: tuple[MessageState, ...]) -> Observation:
    return replace(observation, snapshot=replace(observation.snapshot, messages=messages))
