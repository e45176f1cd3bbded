"""Remembering what a person took out of a plan, until it is asked for after all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailsync_tui.engine.model import Line
from mailsync_tui.engine.outcome import LineResult
from mailsync_tui.ledger.writer import LedgerWriter

WHATEVER_ACCOUNT = frozenset({"collect", "forward-delete", "forget"})
"""Declined for the message, from whichever account the line comes next time."""


def taken_back(ledger: LedgerWriter, results: Sequence[LineResult[Line]]) -> None:
    """Lines were done that an undo had held: a person reconsidered, and the undo is over.

    Args:
        ledger: Inside a transaction.
        results: Of a plan in which held lines were ordinary ones.
    """
    for line in (result.line for result in results if result.outcome == "done"):
        if line.message is not None and line.kind != "forward-delete":
            ledger.release_one(line.message, "reverse-delete", line.account, "undone")


def decline(ledger: LedgerWriter, lines: Sequence[Line], now: datetime) -> None:
    """Hold these lines from now on, until their reason is over or a person reconsiders.

    The listing they were made from must have been recorded, so that every copy has its row.
    """
    with ledger.transaction():
        for line in lines:
            message = line.message
            rows = [ledger.copy_at(place.mailbox, place.location) for place in line.copies]
            copies = [copy for copy in rows if copy is not None]
            if copies:
                message = copies[0].message
            if copies and all(copy.late_duplicate for copy in copies):
                for copy in copies:  # the person wants both: it is the mailbox's own from now on
                    ledger.keep(copy.id, ours=False)
                continue
            if message is not None:
                account = "" if line.kind in WHATEVER_ACCOUNT else line.account
                ledger.hold(message, line.kind, account, "declined", now)
