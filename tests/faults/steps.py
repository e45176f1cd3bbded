"""Kills a run after a step of one's choice: a call to a mailbox, a write to disk, a commit.

A step is everything that another process, or the next run, could see: each message that a mailbox
lists, reads, stores or deletes (before and after the change), each ledger transaction (before it,
before its COMMIT, after it) and each copy that is put into the quarantine.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from mailsync_tui.errors import QuarantineError
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.quarantine import Quarantine
from mailsync_tui.ledger.reader import open_ledger
from mailsync_tui.ledger.writer import LedgerWriter
from mailsync_tui.message import content_digest
from tests.engine.bench import Bench, blocked, held, kinds
from tests.faults.scenarios import Play, Scenario


class Killed(BaseException):
    """The process is gone at this step."""


class Steps:
    """Counts steps, and kills at one of them."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.taken: list[str] = []
        self._kill_at = kill_at
        self.dead = False

    def step(self, what: str) -> None:
        """One step begins; a dead process takes none."""
        if self.dead or len(self.taken) == self._kill_at:
            self.dead = True
            raise Killed(what)
        self.taken.append(what)

    @contextlib.contextmanager
    def watching(self, bench: Bench) -> Iterator[None]:
        """While this is entered, steps are counted."""
        transaction, put_all = LedgerWriter.transaction, Quarantine.put_all
        steps = self

        @contextlib.contextmanager
        def counted(ledger: LedgerWriter, **how: bool) -> Iterator[None]:
            steps.step("begin")
            with transaction(ledger, **how):
                yield
                steps.step("commit")
            steps.step("committed")

        def kept(quarantine: Quarantine, items: Any) -> list[str]:
            steps.step("keep")
            names = put_all(quarantine, items)
            steps.step("kept")
            return names

        for name, box in bench.boxes.items():
            box.fault = lambda operation, _, name=name: steps.step(f"{operation} {name}")
        try:
            with (
                patch.object(LedgerWriter, "transaction", counted),
                patch.object(Quarantine, "put_all", kept),
            ):
                yield
        finally:
            for box in bench.boxes.values():
                box.fault = None


def contents(bench: Bench) -> dict[str, Counter[tuple[str, str, frozenset[str]]]]:
    """What every mailbox holds: folder, digest and flags of each message, however numbered."""
    return {
        name: Counter(
            (folder, content_digest(message.data), message.flags)
            for folder, held_ in box.folders.items()
            for message in held_.messages.values()
        )
        for name, box in bench.boxes.items()
    }


def disturbed(scenario: Scenario, bench: Play, kill_at: int | None = None) -> Steps:
    """Play what is disturbed, up to a step."""
    steps = Steps(kill_at)
    with steps.watching(bench), contextlib.suppress(Killed):
        scenario.play(bench)
    if steps.dead:
        bench.wait()
    return steps


def after(scenario: Scenario, bench: Play) -> tuple[object, list[object], object]:
    """What is compared: what the mailboxes hold, and what a next plan says."""
    plan = bench.plan(*scenario.options.get("directions", ()))
    return contents(bench), [*kinds(plan)], (held(plan), blocked(plan))


def without_a_copy(bench: Play) -> list[str]:
    """What was deleted, and is not in the quarantine, byte by byte."""
    quarantine = Quarantine(bench.directory / "quarantine")
    missing = []
    ledger = open_ledger(bench.directory / "ledger.sqlite3")
    try:
        for run in journal.runs(ledger):
            for action in journal.actions(ledger, run.id):
                if action.kind in ("forward-delete", "reverse-delete") and action.quarantine:
                    try:
                        quarantine.get(action.quarantine)
                    except QuarantineError as error:
                        missing.append(str(error))
    finally:
        ledger.close()
    return missing
