"""What became of a run, and of a line of several copies: the command and the app say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from mailsync_tui.cli import json_form
from mailsync_tui.engine.outcome import PastRun, past_run, run_lines
from mailsync_tui.errors import PARTLY
from mailsync_tui.ledger.rows import ActionRow, RunRow
from mailsync_tui.mailboxes.base import Location
from mailsync_tui.report.run import done_text
from mailsync_tui.ui.rows.history import Runs

AT = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
CODES = (None, 0, 1, 2, 3, 4, 5, 6, 130)
PUT_BACK = ((0, 0), (4, 0), (4, 1), (4, 4))
OUTCOMES = ("done", "skipped", "failed", "vanished", None)


def run(code: int | None, deleted: int, put_back: int) -> PastRun:
    """A run with this exit code (``None``: killed) that deleted some copies."""
    ended = None if code is None else AT
    counts = {"forward-delete": deleted}
    return past_run(
        RunRow(1, "sync", ("forward",), AT, ended, code, counts, 0, 0, deleted, put_back)
    )


def copy(number: int, outcome: str | None) -> ActionRow:
    """The journal's entry for one copy of a line."""
    where = Location("INBOX", 7, number)
    kind = "reverse-delete"
    return ActionRow(
        number, 1, "l", kind, "work", 1, "<a@b>", "", "work", where, None, AT, outcome, "why"
    )


def in_the_app(row: PastRun) -> str:
    """The word of the app's history for a run."""
    return Runs([row]).spans(0, 120)[1][0].split()[1]


@pytest.mark.parametrize(("code", "put_back"), list(product(CODES, PUT_BACK)))
def test_both_say_the_same_of_a_run(code: int | None, put_back: tuple[int, int]) -> None:
    row = run(code, *put_back)
    (found,) = json_form.runs([row])
    shown = in_the_app(row)
    if code is None and shown == "unfinished":  # JSON tells it by ``ended``, which is null
        shown = "interrupted"
    assert found["state"] == shown


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (run(0, 4, 0), "done"),
        (run(4, 4, 0), "done"),
        (run(3, 4, 0), "partly"),
        (run(0, 4, 1), "partly"),
        (run(130, 4, 1), "interrupted"),
        (run(None, 4, 1), "interrupted"),
        (run(0, 4, 4), "undone"),
        (run(None, 4, 4), "undone"),
        (run(0, 0, 0), "done"),
    ],
)
def test_the_state_of_a_run(row: PastRun, state: str) -> None:
    assert json_form.runs([row])[0]["state"] == state


@pytest.mark.parametrize(
    "several", [s for count in (1, 2, 3) for s in product(OUTCOMES, repeat=count)]
)
def test_both_say_the_same_of_a_line(several: Sequence[str | None]) -> None:
    rows = [copy(number, outcome) for number, outcome in enumerate(several)]
    (shown,) = run_lines(rows)
    (found,) = json_form.past_run("ann", run(0, 1, 0), [shown])["lines"]
    assert found["outcome"] == (shown.outcome or "failed")


def test_one_copy_that_was_deleted_makes_the_line_one_that_can_be_undone() -> None:
    (line,) = run_lines([copy(1, "vanished"), copy(2, "done")])
    assert line.deleted


def test_what_is_not_known_or_not_reached_is_no_line_that_was_not_done() -> None:
    killed = replace(run(None, 3, 0), open_lines=2)
    assert "not done" not in done_text(killed)
    assert "of 2 lines the outcome is not known; the next run settles that" in done_text(killed)
    away = run(PARTLY, 3, 0)
    assert done_text(away).endswith("; not every mailbox was reached")
    assert done_text(replace(away, undone_lines=1)).endswith("; 1 line not done")
