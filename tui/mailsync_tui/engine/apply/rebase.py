"""Taking the present listing of a mailbox as the new base; deletes nothing (DESIGN.md, rule 12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.apply.record import record
from mailsync_tui.engine.detect.observe import Observation
from mailsync_tui.engine.model import Options
from mailsync_tui.engine.plan.planner import PlanDetails
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.mailboxes.base import Listing, MailboxError


def rebase(
    ledger: LedgerWriter,
    account: str,
    look: Callable[[], tuple[Observation, PlanDetails]],
    listing: Listing | MailboxError,
    now: datetime,
) -> int:
    """Make a listing the new base; what is not in it is new again, wherever it is still held.

    Args:
        ledger: Held by this run.
        account: An account's name, or ``consolidated``.
        look: Holds the listings against the ledger as it is when called.
        listing: The present listing of that mailbox.
        now: The present moment.

    Returns:
        The number of the run.

    Raises:
        MailboxError: the listing is not complete: nothing was changed.
        LedgerError: the ledger cannot be written.
    """
    if isinstance(listing, MailboxError):
        raise listing
    if not listing.complete:
        raise MailboxError(listing.error or "it could not be listed completely")
    observation, _ = look()
    snapshot = observation.snapshot
    row = observation.matched.rows.get(account)
    with ledger.transaction():
        number = ledger.begin_run("rebase", (), now)
        if row is not None and account in observation.matched.changed:
            ledger.start_anew(row.id, snapshot.config.mailbox(account).fingerprint)
    observation, details = look()
    record(ledger, observation, details, Options())
    with ledger.transaction():
        ledger.forget_absent(account)
        ledger.unblock(account)
        if account == CONSOLIDATED:
            ledger.unblock_kind("reverse-delete")
        ledger.end_run(number, 0, now)
    return number
