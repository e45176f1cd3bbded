"""The state machine's undo: what was put back is where it was, once, and stays there."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from mailsync_tui.engine.outcome import NOTHING_LEFT, THERE, UndoResult
from mailsync_tui.errors import SessionError
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import open_ledger

if TYPE_CHECKING:
    from tests.engine.bench import Bench

STORES = ("work", "old", "consolidated")


class Undoing:
    """Mixed into the machine, which knows the mail and where it lies."""

    bench: Bench
    all: list[Any]
    kept: set[tuple[int, str]]
    """Where an undo put a message back, until a person takes it away."""
    undone: set[int]
    _sync: Any
    _break: Any
    _find: Any
    _copies: Any
    _anything_away: Any
    _check_survival: Any
    _check_second_plan: Any

    @rule(
        which=st.integers(0, 5),
        line=st.none() | st.integers(0, 3),
        settled=st.booleans(),
        fault=st.none()
        | st.tuples(
            st.sampled_from(STORES),
            st.sampled_from(["heads", "fetch", "store", "stored"]),
            st.integers(0, 4),
        ),
    )
    def undo(self, which: int, line: int | None, settled: bool, fault: Any) -> None:
        for _ in range(2 * settled):
            self._sync((), [])
        with self.bench.session() as session:
            ledger = open_ledger(session.ledger_path)
            runs = [str(run.id) for run in journal.runs(ledger) if run.deleted > run.put_back]
            ledger.close()
            if not runs:
                return
            run = runs[which % len(runs)]
            offered = session.undoable(run)
        ids = None if line is None else frozenset({offered[line % len(offered)].id})
        idle = not self._anything_away() and not self.bench.plan().lines
        if fault:
            self._break(*fault)
        before = {index: self._copies(m) for index, m in enumerate(self.all)}
        result = self._undo(run, ids)
        for box in self.bench.boxes.values():
            box.fault = None
        if result is not None:
            self._check_undone(result, before)
        self._check_survival()
        if result is not None and result.exit == 0:
            again = self._undo(run, ids)
            assert again is not None
            assert again.run is None, "(f) there is something left to undo"
            if idle:
                self._check_second_plan()

    def _check_undone(self, result: UndoResult, before: dict[int, Counter[str]]) -> None:
        numbers = {sha256(m.data).hexdigest(): index for index, m in enumerate(self.all)}
        direct: Counter[tuple[int, str]] = Counter()
        instead: set[int] = set()
        for found in result.lines:
            for deleted in found.line.copies:
                assert deleted.action.quarantine
                index = numbers[deleted.action.quarantine]
                self.undone.add(index)
                if found.line.undo == "full":
                    direct[index, found.line.mailbox] += 1
                else:
                    instead.add(index)
                if found.outcome == "done" and found.reason != NOTHING_LEFT:
                    assert self._find(self.all[index], found.line.mailbox), (
                        f"(f) not put back on {found.line.mailbox}: {self.all[index].data!r}"
                    )
                    if found.reason != THERE:
                        self.kept.add((index, found.line.mailbox))
        for index, message in enumerate(self.all):
            for mailbox, count in self._copies(message).items():
                most = before[index][mailbox] + direct[index, mailbox]
                if index in instead and mailbox == "consolidated":
                    most = max(most, 1)
                assert count <= most, f"(f) put back twice on {mailbox}: {message.data!r}"

    def _check_kept(self) -> None:
        for index, mailbox in self.kept:
            assert self._find(self.all[index], mailbox), (
                f"(f) put back by an undo, and gone from {mailbox}: {self.all[index].data!r}"
            )

    def _undo(self, run: str, ids: frozenset[str] | None) -> UndoResult | None:
        try:
            with self.bench.session() as session:
                return session.undo(run, ids, lambda shown: True)
        except SessionError:
            return None
        finally:
            self.bench.wait()

    def _taken_away(self, message: Any, mailbox: str) -> None:
        self.kept.discard((self.all.index(message), mailbox))
