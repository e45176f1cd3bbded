"""A Message-ID that somebody forged neither suppresses nor deletes anybody else's message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import mail
from tests.engine.bench import Bench

GENUINE = mail(1, body="genuine")
FORGERIES = {
    "all but the text": mail(1, body="forged"),
    "the id alone": (
        GENUINE.replace(b"ann@", b"eve@").replace(b"2026", b"2025").replace(b"genuine", b"forged")
    ),
}


@pytest.fixture(params=list(FORGERIES.values()), ids=list(FORGERIES))
def forged(request: pytest.FixtureRequest) -> bytes:
    data: bytes = request.param
    assert data != GENUINE
    return data


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap", "far": "imap"})
    bench.guards(max_delete_floor=100)
    return bench


def everywhere(bench: Bench, *accounts: str) -> None:
    """The genuine message is where it was, and in the consolidated mailbox, once."""
    for account in (*accounts, "consolidated"):
        assert bench.holds(account, GENUINE) == 1, account


@pytest.mark.parametrize("first", ["genuine", "forged", "both"])
@pytest.mark.parametrize(("at", "forged_at"), [("isp", "isp"), ("isp", "work"), ("work", "isp")])
class TestOnAccounts:
    def collected(self, bench: Bench, forged: bytes, first: str, at: str, forged_at: str) -> None:
        order = [(at, GENUINE), (forged_at, forged)]
        for account, data in order if first != "forged" else order[::-1]:
            bench.deliver(account, data)
            if first != "both":
                bench.sync()
        bench.sync()
        everywhere(bench, at)
        assert bench.holds("consolidated", forged) == 1

    def test_gone_from_the_account(
        self, bench: Bench, forged: bytes, first: str, at: str, forged_at: str
    ) -> None:
        self.collected(bench, forged, first, at, forged_at)
        bench.remove(forged_at, forged)
        for _ in range(2):
            bench.sync()
        everywhere(bench, at)
        assert bench.holds("consolidated", forged) == 0

    def test_gone_from_the_consolidated_mailbox(
        self, bench: Bench, forged: bytes, first: str, at: str, forged_at: str
    ) -> None:
        self.collected(bench, forged, first, at, forged_at)
        bench.remove("consolidated", forged)
        for _ in range(2):
            bench.sync()
        everywhere(bench, at)
        assert bench.holds(forged_at, forged) == 0


def test_forged_in_the_consolidated_mailbox_itself(bench: Bench, forged: bytes) -> None:
    bench.deliver("consolidated", forged)
    bench.deliver("isp", GENUINE)
    for _ in range(2):
        bench.sync()
    everywhere(bench, "isp")
    bench.remove("consolidated", forged)
    for _ in range(2):
        bench.sync()
    everywhere(bench, "isp")


def test_the_genuine_one_is_the_consolidated_mailboxes_own(bench: Bench, forged: bytes) -> None:
    bench.deliver("consolidated", GENUINE)
    bench.deliver("isp", forged)
    for _ in range(2):
        bench.sync()
    everywhere(bench)
    bench.remove("isp", forged)
    for _ in range(2):
        bench.sync()
    everywhere(bench)


def test_forged_after_the_genuine_one_was_deleted(bench: Bench, forged: bytes) -> None:
    bench.deliver("isp", GENUINE)
    bench.sync()
    bench.remove("isp", GENUINE)
    bench.sync()
    assert bench.holds("consolidated", GENUINE) == 0
    bench.deliver("work", forged)
    bench.sync()
    bench.deliver("far", GENUINE)
    for _ in range(2):
        bench.sync(reconsider=True)
    # Each is mail of its own: that the other was deleted is no reason to suppress it.
    assert bench.holds("far", GENUINE) == bench.holds("work", forged) == 1
    assert bench.holds("consolidated", GENUINE) == bench.holds("consolidated", forged) == 1


def test_a_forgery_is_not_taken_for_what_moved_away(bench: Bench, forged: bytes) -> None:
    bench.deliver("isp", GENUINE)
    bench.sync()
    bench.deliver("work", forged)
    bench.remove("isp", GENUINE)
    for _ in range(3):
        bench.sync()
    assert bench.holds("consolidated", forged) == bench.holds("work", forged) == 1
    bench.remove("work", forged)
    for _ in range(2):
        bench.sync()
    assert bench.holds("consolidated", forged) == 0


@pytest.mark.parametrize(("at", "collected"), [("isp", True), ("far", False)])
def test_the_genuine_one_comes_again_beside_a_forgery(
    bench: Bench, forged: bytes, at: str, collected: bool
) -> None:
    bench.deliver("isp", GENUINE)
    bench.sync()
    bench.deliver("work", forged)
    for _ in range(2):
        bench.sync()
    bench.remove("isp", GENUINE)
    bench.sync()
    assert bench.holds("consolidated", GENUINE) == 0
    bench.deliver(at, GENUINE)
    for _ in range(2):  # the first one compares the bytes
        bench.sync()
    plan = bench.plan()
    assert bench.holds(at, GENUINE) == bench.holds("consolidated", forged) == 1
    # Back where it had been, it is collected; elsewhere it is a late copy, and shown as that.
    assert bench.holds("consolidated", GENUINE) == collected
    assert [(h.account, h.rule) for h in plan.held] == [(at, "late-copy")] * (not collected)
    assert not plan.lines
