"""Applying lines of a plan, in the one order in which nothing can be lost."""

from __future__ import annotations

from collections.abc import Sequence

from mailsync_tui.engine.apply.adopt import adopt, forget
from mailsync_tui.engine.apply.collect import collect
from mailsync_tui.engine.apply.delete import delete
from mailsync_tui.engine.apply.run import Run
from mailsync_tui.engine.model import Line
from mailsync_tui.engine.outcome import LineResult

STEPS = (
    ("collect", collect),
    ("adopt", adopt),
    ("forget", forget),
    ("forward-delete", delete),
    ("reverse-delete", delete),
)
"""First everything is brought to safety, then deletions: forward before what follows from it."""


def apply(run: Run, lines: Sequence[Line]) -> list[LineResult[Line]]:
    """Apply these lines; the answer has one result for each that was begun.

    Args:
        run: The run, holding the ledger's lock, with the listing already recorded.
        lines: Lines of the plan that was shown, those that need a missing one left out.

    Raises:
        LedgerError: the ledger cannot be written. What was begun is settled by the next run.
    """
    run.begin(lines)
    for kind, step in STEPS:
        if run.cancelled():
            break
        step(run, [line for line in lines if line.kind == kind])
    return [run.results[line.id] for line in lines if line.id in run.results]
