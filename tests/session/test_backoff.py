"""What cannot be reached is tried ever less by ``--every``; a person's command tries at once."""

from __future__ import annotations

import contextlib
import itertools
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.engine.model import Options
from mailsync_tui.engine.outcome import NotReached, Result, everything
from mailsync_tui.errors import PARTLY
from mailsync_tui.mailboxes.base import LoginRefused, MailboxError, Unreachable
from mailsync_tui.session.backoff import pause
from tests.builders import mail
from tests.engine.bench import Bench, blocked

MINUTE = timedelta(minutes=1)
COLLECT = Options(("collect",))


class Line:
    """The bench, with a record of when each mailbox was tried, and what fails there."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.tried: dict[str, list[datetime]] = {name: [] for name in bench.boxes}
        self.fails: dict[str, MailboxError] = {}
        for name, box in bench.boxes.items():
            monkeypatch.setattr(box, "list", self._listing(name, box.list))

    def _listing(self, name: str, real: object) -> object:
        def listing(progress: object, unless: object) -> object:
            self.tried[name].append(self.bench.now)
            if name in self.fails:
                raise self.fails[name]
            return real(progress, unless)  # type: ignore[operator]

        return listing

    def round(self) -> Result:
        with self.bench.session(patient=True) as session:
            return session.sync(COLLECT, everything)

    def rounds(self, minutes: int) -> None:
        """One a minute, each in a session of its own, as if the program had been started anew."""
        for _ in range(minutes):
            with contextlib.suppress(NotReached):
                self.round()
            self.bench.wait(1)

    def gaps(self, name: str) -> list[int]:
        """Minutes between two tries."""
        times = self.tried[name]
        return [round((b - a) / MINUTE) for a, b in itertools.pairwise(times)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.deliver("isp", mail(1))
    bench.sync()
    return bench


@pytest.fixture
def line(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(bench, monkeypatch)


def test_each_failure_doubles_the_pause_up_to_an_hour(line: Line) -> None:
    line.fails["work"] = Unreachable("no route to host")
    line.rounds(60 * 6)
    assert line.gaps("work") == [1, 2, 4, 8, 16, 32, 48, 48, 48, 48, 48, 48]
    assert len(line.tried["isp"]) == 60 * 6, "the others are not held up"


def test_after_a_refused_log_in_it_is_a_quarter_of_an_hour_at_once(line: Line) -> None:
    line.fails["work"] = LoginRefused("wrong password")
    line.rounds(60 * 4)
    assert line.gaps("work") == [15, 30, 48, 48, 48, 48]


def test_chance_adds_up_to_a_quarter_and_never_passes_the_hour() -> None:
    for refused in (False, True):
        for tries in (1, 3, 7, 100):
            least, most = (pause(tries, refused=refused, chance=c) for c in (0.0, 1.0))
            assert most == least * 1.25 <= timedelta(hours=1)
    assert pause(1, refused=True, chance=0.0) == timedelta(minutes=15)


def test_once_it_is_reached_the_next_failure_begins_anew(line: Line) -> None:
    line.fails["work"] = Unreachable("no route to host")
    line.rounds(20)
    del line.fails["work"]
    line.rounds(30)
    line.tried["work"].clear()
    line.fails["work"] = Unreachable("no route to host")
    line.rounds(10)
    assert line.gaps("work") == [1, 2, 4]


def test_a_command_run_by_hand_tries_at_once_and_what_it_finds_counts(line: Line) -> None:
    line.fails["work"] = LoginRefused("wrong password")
    line.round()
    line.bench.wait(1)
    assert line.bench.sync().plan.mailboxes["work"].error == "wrong password"
    assert len(line.tried["work"]) == 2
    del line.fails["work"]
    line.bench.sync()
    line.round()
    assert len({*line.tried["work"]}) == 4


def test_the_round_says_when_it_is_tried_again(line: Line) -> None:
    line.fails["work"] = LoginRefused("wrong password")
    found = line.round()
    until = (line.bench.now + 15 * MINUTE).astimezone()
    said = f"wrong password; not tried again before {until:%H:%M}"
    assert (found.exit, found.plan.mailboxes["work"].error) == (PARTLY, said)
    line.bench.wait(5)
    found = line.round()
    assert (found.exit, found.plan.mailboxes["work"].error) == (PARTLY, said)


def test_without_the_consolidated_mailbox_nobody_is_troubled(line: Line) -> None:
    line.fails["consolidated"] = LoginRefused("wrong password")
    line.rounds(10)
    assert {name: len(times) for name, times in line.tried.items()} == {
        "isp": 1,
        "work": 1,
        "consolidated": 1,
    }


def test_it_is_kept_before_the_first_run_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(Bench(tmp_path), monkeypatch)
    for account in ("isp", "work"):
        line.fails[account] = LoginRefused("wrong password")
    line.rounds(10)
    assert len(line.tried["isp"]) == len(line.tried["work"]) == 1
    assert line.bench.plan().ledger_id is None, "no run has written it yet"


def test_a_clock_that_was_set_back_holds_up_nothing(line: Line) -> None:
    line.fails["work"] = Unreachable("no route to host")
    line.round()
    line.bench.now -= timedelta(days=30)
    line.round()
    assert len(line.tried["work"]) == 2


def test_an_account_is_contacted_as_often_as_it_wants(line: Line) -> None:
    line.bench.configure("isp", every=timedelta(minutes=15))
    line.rounds(46)
    assert line.gaps("isp") == [15, 15, 15]
    assert line.gaps("work") == [1] * 45
    found = line.round()
    assert found.exit == 0
    assert (found.plan.mailboxes["isp"].left_out or "").startswith("not due before ")
    line.bench.sync()
    assert line.tried["isp"][-1] < line.bench.now, "a command run by hand waits for nothing"
    assert len({*line.tried["isp"]}) == 5


def test_what_fails_is_tried_by_its_pause_alone(line: Line) -> None:
    line.bench.configure("work", every=timedelta(minutes=15))
    line.fails["work"] = Unreachable("no route to host")
    line.bench.wait(15)
    line.rounds(8)
    assert line.gaps("work") == [1, 2, 4]


def test_the_days_of_what_is_away_go_on_while_it_is_left_out(line: Line) -> None:
    """It is known to be away: leaving it out hides nothing."""
    bench = line.bench
    line.fails["work"] = Unreachable("no route to host")
    bench.remove("isp", mail(1))
    bench.sync()
    bench.wait(60 * 24 * 8)
    bench.sync(only=["isp"])
    assert blocked(bench.plan()) == []
