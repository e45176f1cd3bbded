"""``history``: earlier runs, read from the ledger alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsync_tui.cli import json_form, render
from mailsync_tui.cli.screen import Screen
from mailsync_tui.cli.settings import nearest
from mailsync_tui.errors import OK, CommandError
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.output import Output
    from mailsync_tui.session.person import Person


def show_history(output: Output, person: Person, *, as_json: bool) -> int:
    """All runs, newest first."""
    runs = person.runs()
    if as_json:
        output.result(json_form.line(json_form.runs(runs)))
        return OK
    screen = Screen(output)
    render.history(screen, runs)
    screen.show()
    return OK


def show_run(output: Output, person: Person, run: str, *, as_json: bool) -> int:
    """One run, line by line.

    Raises:
        CommandError: There is no such run.
    """
    runs = {str(each.id): each for each in person.runs()}
    if run not in runs:
        known = nearest(run, runs) if runs else "; there is none yet"
        raise CommandError(f"unknown run {safe_text(run, 40)}{known}")
    found = runs[run]
    lines = person.run_lines(found.id)
    if as_json:
        output.result(json_form.line(json_form.past_run(person.name, found, lines)))
        return OK
    screen = Screen(output)
    render.past_run(screen, found, lines)
    screen.show()
    return OK
