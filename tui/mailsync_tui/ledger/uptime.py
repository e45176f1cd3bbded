"""How much time has passed, where somebody may have set the clock.

A clock that jumps ahead must not make anything older than it is: no copy in the quarantine goes for
it, no message loses its protection. So every sync notes what the clock says, and the uptime, which
nobody sets. Between two syncs no more time has passed than the uptime counts; where the machine was
started anew in between, a sync is proof of a day. By how much more the clock went ahead is a jump:
taken for one, an absence keeps things longer, which harms nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.schema import stamp

_UNPROVED = timedelta(days=1)
"""What the clock alone is believed between two syncs."""
_DRIFT = timedelta(minutes=1)
"""By so much a clock may be corrected without having jumped."""
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""It counts on while the machine sleeps."""


class Uptime(NamedTuple):
    """A reading of the clock that nobody sets."""

    boot: str
    """Which start of the machine it counts from; of this process, where that has no name."""
    seconds: float


class Jump(NamedTuple):
    """The clock was set ahead."""

    at: datetime
    """What it said at the first sync after it, aware."""
    by: timedelta


def machine_uptime() -> Uptime:
    """How long this machine has been running."""
    return Uptime(_boot(), time.clock_gettime(_CLOCK))


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return uuid4().hex


def jumps(ledger: LedgerReader, now: datetime, uptime: Uptime) -> tuple[Jump, ...]:
    """The jumps on record, oldest first, and the one since the last sync if there is one.

    Args:
        ledger: It has what the clock said at earlier syncs.
        now: What the clock says, aware. What it said later than that, it said when it was ahead.
        uptime: The uptime at the same moment.
    """
    found = [
        Jump(datetime.fromisoformat(at), timedelta(seconds=jumped))
        for at, jumped in ledger.db.execute(
            "SELECT at, jumped FROM clock WHERE jumped > 0 AND at <= ? ORDER BY at", (stamp(now),)
        )
    ]
    by = since_last(ledger, now, uptime)[1]
    return (*found, Jump(now, by)) if by else tuple(found)


def since_last(
    ledger: LedgerReader, now: datetime, uptime: Uptime
) -> tuple[datetime | None, timedelta]:
    """What the clock said at the last sync (``None``: at no sync so early), and the jump since."""
    row = ledger.db.execute(
        "SELECT at, boot, uptime FROM clock WHERE at <= ? ORDER BY at DESC LIMIT 1", (stamp(now),)
    ).fetchone()
    if row is None:
        return None, timedelta(0)
    at, boot, counted = datetime.fromisoformat(row[0]), row[1], uptime.seconds - row[2]
    proved = boot == uptime.boot and counted >= 0
    passed = timedelta(seconds=counted) + _DRIFT if proved else _UNPROVED
    return at, max(now - at - passed, timedelta(0))


def passed(since: datetime, now: datetime, jumps: Iterable[Jump]) -> timedelta:
    """How much time has passed; below zero where ``since`` is later than now."""
    return now - since - sum((jump.by for jump in jumps if since < jump.at), timedelta(0))


def ago(duration: timedelta, now: datetime, jumps: Iterable[Jump]) -> datetime:
    """What the clock said when so much time had yet to pass until now.

    Raises:
        OverflowError: no calendar has that moment.
    """
    moment = now - duration
    for jump in sorted(jumps, reverse=True):
        if moment < jump.at:
            moment -= jump.by
    return moment
