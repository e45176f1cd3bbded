"""A POP3 provider that cleans up is no person who deletes, whatever the dates pretend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.engine.model import Accept
from mailsync_tui.errors import OK
from tests.builders import mail
from tests.engine.bench import START, Bench, blocked, kinds
from tests.engine.test_provider import deliver, remove

EXPIRED = [("isp", "forward-delete", "expired", 11)]


def dated(first: int, last: int) -> list[bytes]:
    """One message a day, the oldest first."""
    return [mail(n, date=START + timedelta(days=n - 100)) for n in range(first, last)]


@pytest.fixture
def old(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    deliver(bench, dated(0, 40))
    bench.sync()
    bench.sync()
    return bench


@pytest.mark.vice(21)
def test_all_that_is_oldest_within_a_week_has_expired(old: Bench) -> None:
    remove(old, dated(0, 11))
    plan = old.plan()
    assert blocked(plan) == [("isp", "forward-delete", "expired", 11)]
    assert "older than everything that is left" in plan.blocked[0].detail
    old.sync()
    assert blocked(old.plan()) == [("isp", "forward-delete", "expired", 11)]
    assert old.sync(accepts=(Accept("isp", "expired", 11),)).exit == OK
    assert old.holds("consolidated", dated(0, 1)[0]) == 0


def test_up_to_the_floor_nothing_has_expired(old: Bench) -> None:
    remove(old, dated(0, 10))
    assert kinds(old.plan()) == [("forward-delete", "isp")] * 10


def test_one_that_is_older_is_left(old: Bench) -> None:
    remove(old, dated(1, 15))
    assert kinds(old.plan()) == [("forward-delete", "isp")] * 14


def test_one_that_is_newer_went_too(old: Bench) -> None:
    remove(old, [*dated(0, 12), *dated(39, 40)])
    assert kinds(old.plan()) == [("forward-delete", "isp")] * 13


def test_a_few_every_day_add_up_within_a_week(old: Bench) -> None:
    for day in range(2):
        remove(old, dated(5 * day, 5 * day + 5))
        assert old.sync().exit == OK
        old.wait(24 * 60)
    remove(old, dated(10, 15))
    assert blocked(old.plan()) == [("isp", "forward-delete", "expired", 5)]
    old.wait(8 * 24 * 60)
    assert kinds(old.plan()) == [("forward-delete", "isp")] * 5


def test_what_we_deleted_has_not_expired(old: Bench) -> None:
    remove(old, dated(0, 8), "consolidated")
    old.sync()
    remove(old, dated(8, 16))
    assert kinds(old.plan()) == [("forward-delete", "isp")] * 8


def test_imap_expires_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    deliver(bench, dated(0, 40), "work")
    bench.sync()
    remove(bench, dated(0, 15), "work")
    assert kinds(bench.plan()) == [("forward-delete", "work")] * 15


# What dates are worth


def undated(number: int) -> bytes:
    lines = mail(number).split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.startswith(b"Date:"))


def synced(directory: Path, mails: Sequence[bytes]) -> Bench:
    bench = Bench(directory)
    deliver(bench, mails)
    bench.sync()
    bench.sync()
    return bench


def test_the_oldest_survivor_is_of_the_same_second(tmp_path: Path) -> None:
    same = mail("same", date=START + timedelta(days=10 - 100))
    bench = synced(tmp_path, [same, *dated(0, 40)])
    remove(bench, dated(0, 11))
    assert blocked(bench.plan()) == EXPIRED


@pytest.mark.parametrize("position", [0, 5, 10])
def test_one_that_went_has_no_date(tmp_path: Path, position: int) -> None:
    mails = dated(0, 40)
    mails[position] = undated(position)
    bench = synced(tmp_path, mails)
    remove(bench, mails[:11])
    assert blocked(bench.plan()) == EXPIRED


def test_none_has_a_date(tmp_path: Path) -> None:
    mails = [undated(n) for n in range(40)]
    bench = synced(tmp_path, mails)
    remove(bench, mails[:11])
    assert blocked(bench.plan()) == EXPIRED


def test_one_that_is_left_has_no_date(tmp_path: Path) -> None:
    mails = [*dated(0, 39), undated(39)]
    bench = synced(tmp_path, mails)
    remove(bench, mails[:11])
    assert blocked(bench.plan()) == EXPIRED


@pytest.mark.parametrize("days", [1, 5000])
def test_one_that_went_was_dated_into_the_future(tmp_path: Path, days: int) -> None:
    mails = dated(0, 40)
    mails[3] = mail(3, date=START + timedelta(days=days))
    bench = synced(tmp_path, mails)
    remove(bench, mails[:11])
    assert blocked(bench.plan()) == EXPIRED


def test_those_that_are_left_are_dated_into_the_future(tmp_path: Path) -> None:
    mails = [*dated(0, 11), *(mail(n, date=START + timedelta(days=n)) for n in range(11, 40))]
    bench = synced(tmp_path, mails)
    remove(bench, mails[:11])
    assert blocked(bench.plan()) == EXPIRED


@pytest.mark.parametrize("day", [datetime(1970, 1, 2), START - timedelta(days=95)])
@pytest.mark.parametrize("position", [20, 39])
def test_one_that_is_left_has_a_date_that_is_older(
    tmp_path: Path, day: datetime, position: int
) -> None:
    """It arrived after all that went."""
    mails = dated(0, 40)
    mails[position] = mail(position, date=day)
    bench = synced(tmp_path, mails)
    remove(bench, mails[:11])
    assert blocked(bench.plan()) == EXPIRED


def test_the_order_of_arrival_is_that_of_the_list(tmp_path: Path) -> None:
    """Not that in which the ledger knew the messages: the last ones lay on another account too."""
    bench = Bench(tmp_path)
    mails = dated(0, 40)
    mails[39] = mail(39, date=START - timedelta(days=5000))
    deliver(bench, mails[30:], "work")
    bench.sync()
    deliver(bench, mails)
    bench.sync()
    bench.sync()
    remove(bench, mails[:11])
    assert blocked(bench.plan()) == EXPIRED


def test_the_first_of_a_list_in_no_order_of_time_are_deletions(tmp_path: Path) -> None:
    mails = [mail(n, date=START - timedelta(days=1 + 17 * n % 40)) for n in range(40)]
    bench = synced(tmp_path, mails)
    remove(bench, mails[:11])
    assert kinds(bench.plan()) == [("forward-delete", "isp")] * 11


@pytest.mark.parametrize(("spared", "words"), [(1, "one message"), (3, "3 messages")])
def test_a_few_that_are_older_are_told(old: Bench, spared: int, words: str) -> None:
    """By date and by order: somebody chose what is left, or the provider spares flagged mail."""
    remove(old, dated(spared, 15))
    plan = old.plan()
    assert kinds(plan) == [("forward-delete", "isp")] * (15 - spared)
    for line in plan.lines:
        assert any(f"only {words} can be older" in sentence for sentence in line.evidence)


@pytest.mark.parametrize("gone", [(5, 10), (20, 35)])
def test_any_others_are_not_called_spared(old: Bench, gone: tuple[int, int]) -> None:
    """Too few went, or too many older ones are left."""
    remove(old, dated(*gone))
    plan = old.plan()
    assert kinds(plan) == [("forward-delete", "isp")] * (gone[1] - gone[0])
    assert not any("spared" in sentence for line in plan.lines for sentence in line.evidence)
