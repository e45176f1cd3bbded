"""When a round of ``--every`` tries a mailbox again that could not be reached.

A server that refuses a log-in again and again locks the account: it is left alone for 15 minutes at
once, any other for a minute. Each failure doubles that, up to an hour. Chance adds up to a quarter,
so that accounts of one server are not tried all at the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from mailsync_tui.ledger.rows import AwayRow
from mailsync_tui.mailboxes.base import LoginRefused, MailboxError

_FIRST, _REFUSED, _LONGEST = 60, 15 * 60, 60 * 60
"""Seconds."""
_JITTER = 0.25


def pause(tries: int, *, refused: bool, chance: float) -> timedelta:
    """How long to wait after so many failures in a row.

    Args:
        tries: At least 1.
        refused: The server was reached, and did not take the user or the secret.
        chance: From 0 to 1.
    """
    first = _REFUSED if refused else _FIRST
    longest = _LONGEST / (1 + _JITTER)
    seconds = min(first * 2.0 ** min(tries - 1, 10), longest)
    return timedelta(seconds=seconds * (1 + _JITTER * chance))


def after(
    before: Mapping[str, AwayRow],
    failed: Mapping[str, MailboxError],
    tried: Collection[str],
    now: datetime,
    chance: Callable[[], float],
) -> dict[str, AwayRow]:
    """What is away after a listing.

    Args:
        before: What was, by name.
        failed: What could not be listed at all now.
        tried: What was to be listed; the others stay as they were.
        now: The moment of it.
        chance: See :func:`pause`.
    """
    rows = {name: row for name, row in before.items() if name not in tried}
    for name, error in failed.items():
        known = before.get(name)
        tries = known.tries + 1 if known else 1
        refused = isinstance(error, LoginRefused)
        until = now + pause(tries, refused=refused, chance=chance())
        rows[name] = AwayRow(name, known.since if known else now, str(error), tries, until, refused)
    return rows


def not_yet(row: AwayRow, now: datetime) -> bool:
    """Whether it is too early to try again; the clock may have been set back since."""
    return timedelta(0) < row.next - now <= timedelta(seconds=_LONGEST)
