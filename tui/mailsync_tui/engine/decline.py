"""Remembering what a person took out of a plan: it is never done unasked later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailsync_tui.engine.plan import Line
from mailsync_tui.ledger.writer import LedgerWriter

WHATEVER_ACCOUNT = frozenset({"collect", "forward-delete", "forget"})
"""Declined for the message, from whichever account the line comes next time."""


def decline(ledger: LedgerWriter, lines: Sequence[Line], now: datetime) -> None:
    """Hold these lines from now on, until their reason is over or a person reconsiders.

    The listing they were made from must have been recorded, so that every copy has its row.
    """
    with ledger.transaction():
        for line in lines:
            message = line.message
            for place in line.copies:
                copy = ledger.copy_at(place.mailbox, place.location)
                if copy is not None:
                    message = copy.message
                    break
            if message is not None:
                account = "" if line.kind in WHATEVER_ACCOUNT else line.account
                ledger.hold(message, line.kind, account, "declined", now)
