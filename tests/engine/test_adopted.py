"""What was in the consolidated mailbox before an account brought it: its deletion says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.mailboxes.base import Unreachable
from tests.builders import mail
from tests.engine.bench import Bench, held, kinds

M, N = mail(1), mail(2)
ADOPTED = "gone from isp; it was in the consolidated mailbox before"
COLLECTED = "gone from isp"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """One message that the consolidated mailbox had before, and one that was collected."""
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap"})
    bench.deliver("consolidated", M)
    for data in (M, N):
        bench.deliver("isp", data)
    assert {line.line.kind for line in bench.sync().lines} == {"adopt", "collect"}
    for data in (M, N):
        bench.remove("isp", data)
    bench.deliver("isp", mail(3))
    return bench


def reasons(bench: Bench) -> list[str]:
    return [line.reason for line in bench.plan("forward", "reverse").lines]


def test_its_deletion_says_so(bench: Bench) -> None:
    assert reasons(bench) == [ADOPTED, COLLECTED]
    bench.sync()
    assert bench.holds("consolidated", M) == bench.holds("consolidated", N) == 0


def test_wherever_it_is_filed_and_whatever_was_collected_too(bench: Bench) -> None:
    bench.move("consolidated", M, "Archive")
    bench.move("consolidated", N, "Archive")
    assert reasons(bench) == [ADOPTED, COLLECTED]
    bench.sync("collect")
    assert reasons(bench) == [ADOPTED, COLLECTED]


def test_what_follows_says_so_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap"})
    for mailbox in ("consolidated", "isp", "work"):
        bench.deliver(mailbox, M)
    bench.sync()
    bench.remove("isp", M)
    because = f"deleted in the consolidated mailbox, because {ADOPTED}"
    assert reasons(bench) == [ADOPTED, because]


def test_it_can_be_held(bench: Bench) -> None:
    bench.guards(adopted="hold")
    for _ in range(2):
        plan = bench.plan("forward")
        assert held(plan) == [("forward-delete", "isp", "hold")]
        assert plan.held[0].hold == 'adopted = "hold"'
        bench.sync()
    assert (bench.holds("consolidated", M), bench.holds("consolidated", N)) == (1, 0)
    plan = bench.plan("forward", reconsider=True)
    assert (kinds(plan), held(plan)) == ([("forward-delete", "isp")], [])
    bench.sync(reconsider=True)
    assert bench.holds("consolidated", M) == 0


def test_declined_it_is_declined(bench: Bench) -> None:
    bench.guards(adopted="hold")
    bench.sync("forward", without=["forward-delete"], reconsider=True)
    assert held(bench.plan()) == [("forward-delete", "isp", "declined")] * 2


def test_what_was_stored_by_a_run_that_lost_its_connection_was_not_there_before(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap"})
    bench.deliver("isp", M)
    bench.deliver("isp", N)

    def fault(step: str, index: int) -> None:
        if step == "stored":
            raise Unreachable("the connection broke")

    bench.home.fault = fault
    bench.sync()
    bench.home.fault = None
    bench.sync()
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    bench.remove("isp", M)
    assert reasons(bench) == [COLLECTED]
