"""How much time has passed, by what syncs noted of the clock and of the uptime."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.ledger.uptime import Jump, Uptime, ago, jumps, machine_uptime, passed
from mailsync_tui.ledger.writer import LedgerWriter

T = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
MINUTE, HOUR, DAY, YEARS = (
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=15 * 365),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(tmp_path / "ledger.sqlite3")
    yield writer
    writer.close()


def note(ledger: LedgerWriter, at: datetime, up: timedelta, boot: str = "first") -> None:
    with ledger.transaction():
        ledger.note_clock(at, Uptime(boot, up.total_seconds()))


def seen(
    ledger: LedgerWriter, at: datetime, up: timedelta, boot: str = "first"
) -> tuple[Jump, ...]:
    return jumps(ledger.read, at, Uptime(boot, up.total_seconds()))


def test_while_the_machine_runs_only_what_it_counts_has_passed(ledger: LedgerWriter) -> None:
    note(ledger, T, DAY)
    assert seen(ledger, T + 9 * DAY, 10 * DAY) == ()  # it slept, or nobody synced
    assert seen(ledger, T + HOUR, DAY + HOUR - 30 * timedelta(seconds=1)) == ()  # the clock drifts
    (jump,) = seen(ledger, T + YEARS, DAY + HOUR)
    assert jump == Jump(T + YEARS, YEARS - HOUR - MINUTE)


def test_once_it_was_started_anew_a_sync_is_proof_of_a_day(ledger: LedgerWriter) -> None:
    note(ledger, T, 9 * DAY)
    assert seen(ledger, T + DAY, MINUTE, "second") == ()
    assert seen(ledger, T + 8 * DAY, MINUTE, "second") == (Jump(T + 8 * DAY, 7 * DAY),)
    assert seen(ledger, T + 8 * DAY, MINUTE, "first") == (Jump(T + 8 * DAY, 7 * DAY),)


def test_a_jump_stays_on_record_while_the_clock_stays_ahead(ledger: LedgerWriter) -> None:
    note(ledger, T, DAY)
    note(ledger, T + YEARS, DAY)
    note(ledger, T + YEARS, DAY)
    note(ledger, T + YEARS + DAY, 2 * DAY)
    (jump,) = seen(ledger, T + YEARS + 2 * DAY, 3 * DAY)
    now = T + YEARS + 2 * DAY
    assert passed(T - HOUR, now, [jump]) == 2 * DAY + HOUR + MINUTE
    assert passed(T + YEARS + HOUR, now, [jump]) == 2 * DAY - HOUR
    assert passed(T + DAY, now, [jump]) == DAY + MINUTE  # a Date that is right
    assert ago(2 * DAY + HOUR + MINUTE, now, [jump]) == T - HOUR
    assert ago(HOUR, now, [jump]) == now - HOUR


def test_once_the_clock_is_right_again_nothing_has_jumped(ledger: LedgerWriter) -> None:
    note(ledger, T, DAY)
    note(ledger, T + YEARS, DAY)
    assert seen(ledger, T + HOUR, DAY + HOUR) == ()
    note(ledger, T + HOUR, DAY + HOUR)
    note(ledger, T - YEARS, MINUTE, "a clock without a battery")
    note(ledger, T - YEARS + HOUR, HOUR, "a clock without a battery")
    assert seen(ledger, T + 2 * HOUR, HOUR + MINUTE, "a clock without a battery") == ()


def test_no_more_is_kept_than_tells_something(ledger: LedgerWriter) -> None:
    for hour in range(100):
        note(ledger, T + hour * HOUR, hour * HOUR)
    for day in range(1, 9):
        note(ledger, T + (5 + day) * DAY, HOUR, f"started on day {day}")
    note(ledger, T + YEARS, 2 * HOUR, "started on day 8")
    note(ledger, T + YEARS + HOUR, 3 * HOUR, "started on day 8")
    (rows,) = ledger.db.execute("SELECT count(*) FROM clock").fetchone()
    assert rows == 5  # two jumps, the last before each, and the last of all


def test_the_uptime_goes_on() -> None:
    before = machine_uptime()
    after = machine_uptime()
    assert (after.boot, after.seconds >= before.seconds) == (before.boot, True)
