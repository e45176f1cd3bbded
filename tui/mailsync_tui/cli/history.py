"""``history``: earlier runs, read from the ledger alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mailsync_tui.cli import json_form, render
from mailsync_tui.cli.screen import Screen
from mailsync_tui.cli.settings import nearest
from mailsync_tui.errors import OK, CommandError
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import open_ledger
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.output import Output

_LEDGER = "ledger.sqlite3"


def show_history(output: Output, directory: Path, *, as_json: bool) -> int:
    """All runs, newest first."""
    ledger = open_ledger(directory / _LEDGER)
    try:
        with ledger.snapshot():
            runs = json_form.runs(journal.runs(ledger))
    finally:
        ledger.close()
    if as_json:
        output.result(json_form.line(runs))
        return OK
    screen = Screen(output)
    render.history(screen, runs)
    screen.show()
    return OK


def show_run(output: Output, directory: Path, user: str, run: str, *, as_json: bool) -> int:
    """One run, line by line.

    Raises:
        CommandError: There is no such run.
    """
    ledger = open_ledger(directory / _LEDGER)
    try:
        with ledger.snapshot():
            rows = {str(row.id): row for row in journal.runs(ledger)}
            if run not in rows:
                known = nearest(run, rows) if rows else "; there is none yet"
                raise CommandError(f"unknown run {safe_text(run, 40)}{known}")
            lines = json_form.actions(journal.actions(ledger, rows[run].id))
    finally:
        ledger.close()
    if as_json:
        output.result(json_form.line(json_form.past_run(user, rows[run], lines)))
        return OK
    screen = Screen(output)
    render.past_run(screen, json_form.runs([rows[run]])[0], lines)
    screen.show()
    return OK
