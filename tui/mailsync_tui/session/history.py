"""Earlier runs, from the ledger alone: nothing is contacted, and no session is needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailsync_tui.engine.outcome import PastRun, RunLine, past_run, run_lines
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.lock import LOCK_NAME, Holder, holder_of
from mailsync_tui.ledger.reader import FILE_NAME, LedgerReader, open_ledger


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run without an end."""

    run: PastRun
    open_lines: int
    """Lines with an intent and no outcome."""
    at_work: Holder | None
    """The process that is applying to the ledger now: the run is its, and not dead."""


def past_runs(directory: Path) -> list[PastRun]:
    """All runs, newest first.

    Args:
        directory: Where the person's ledger lies.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    with _ledger(directory) as ledger:
        return [past_run(row) for row in journal.runs(ledger)]


def past_lines(directory: Path, run: int) -> tuple[RunLine, ...]:
    """The lines of one run, in the order in which they were done.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    with _ledger(directory) as ledger:
        return run_lines(journal.actions(ledger, run))


def unfinished(directory: Path) -> Unfinished | None:
    """The run that was killed, or is at work in another process; ``None``: there is none.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    with _ledger(directory) as ledger:
        found = journal.unfinished(ledger)
        if found is None:
            return None
        number, lines = found
        (row,) = [row for row in journal.runs(ledger) if row.id == number]
    return Unfinished(past_run(row), lines, holder_of(directory / LOCK_NAME))


@contextlib.contextmanager
def _ledger(directory: Path) -> Iterator[LedgerReader]:
    with contextlib.closing(open_ledger(directory / FILE_NAME)) as ledger, ledger.snapshot():
        yield ledger
