"""Accounts that hold the same mail, runs that delete some of it, and undo."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailsync_tui.engine.outcome import UndoResult
from mailsync_tui.mailboxes.base import Unreachable
from tests.builders import mail
from tests.engine.bench import Bench, held, kinds

K, M, N = mail(3), mail(1), mail(2)
THEN = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
FLAGS = {"\\Seen", "\\Flagged", "$Label1"}


class Killed(BaseException):
    """The process died here."""


def bench_with(directory: Path, *accounts: str, **keys: Any) -> Bench:
    """Accounts that hold the same three messages, collected."""
    bench = Bench(directory, {"isp": "pop3", "work": "imap", "old": "imap"}, **keys)
    for account in accounts or ("work",):
        for data in (M, N, K):
            bench.boxes[account].deliver("INBOX", data, FLAGS, THEN)
    assert bench.sync().exit == 0
    return bench


def undo(bench: Bench, run: str | None, *lines: str) -> UndoResult:
    assert run is not None
    with bench.session() as session:
        found = session.undo(run, frozenset(lines) or None, lambda shown: bool(shown))
    bench.wait()
    return found


def outcomes(found: UndoResult) -> list[tuple[str, str, str]]:
    return [(x.line.kind, x.line.account, x.outcome) for x in found.lines]


def nothing_but(bench: Bench, *expected: tuple[str, str, str]) -> None:
    """The next plan is empty but for what is held; so it is after a sync of everything."""
    for _ in range(2):
        plan = bench.plan()
        assert (kinds(plan), plan.blocked, plan.waiting) == ([], (), ())
        assert held(plan) == list(expected)
        assert bench.sync().exit == 0


def copy(bench: Bench, account: str, data: bytes) -> tuple[str, AbstractSet[str], datetime | None]:
    (found,) = [
        (name, message.flags, message.date)
        for name, folder in bench.boxes[account].folders.items()
        for message in folder.messages.values()
        if message.data == data
    ]
    return found


def forward(bench: Bench, *messages: bytes, account: str = "work") -> str:
    for data in messages or (M,):
        bench.remove(account, data)
    run = bench.sync("forward").run
    assert run
    return run


def reverse(bench: Bench, *messages: bytes) -> str:
    for data in messages or (M,):
        bench.remove("consolidated", data)
    run = bench.sync("reverse").run
    assert run
    return run


def fail(
    step: str, at: int, error: type[BaseException] = Unreachable
) -> Callable[[str, int], None]:
    def fault(operation: str, index: int) -> None:
        if (operation, index) == (step, at):
            raise error("cut")

    return fault


def at_step(at: int, box: Any) -> Callable[[str, int], None]:
    def fault(operation: str, index: int) -> None:
        if len(box.calls) > at:
            raise Killed

    return fault
