"""``status``: reads the ledger, and contacts nobody."""

from __future__ import annotations

from functools import partial
from typing import Any

from mailsync_tui.cli import json_form
from mailsync_tui.cli.output import guarded
from mailsync_tui.cli.screen import Screen
from mailsync_tui.cli.settings import Settings
from mailsync_tui.engine.outcome import Status
from mailsync_tui.errors import worst_exit_code
from mailsync_tui.report.run import at_work_text, unfinished_text
from mailsync_tui.report.status import status_page, status_row
from mailsync_tui.session.person import Person


def show(settings: Settings, people: tuple[Person, ...], *, as_json: bool) -> int:
    """Print how it stands: a page for one person, a table for several."""
    screen = Screen(settings.output)
    rows = []

    def one(person: Person) -> int:
        status = person.status()
        unfinished = person.unfinished()
        if as_json:
            document = _form(status)
            document["at_work"] = unfinished is not None and unfinished.at_work is not None
            settings.output.result(json_form.line(document))
        elif len(people) > 1:
            rows.append(status_row(status))
        else:
            text = None
            if unfinished is not None and unfinished.at_work is not None:
                text = at_work_text(unfinished.run, unfinished.at_work.pid)
            elif unfinished is not None:
                text = unfinished_text(unfinished.run, unfinished.open_lines)
            screen.page(status_page(status, text))
        return status.exit

    codes = []
    for person in people:
        name = person.name if len(people) > 1 else None
        code, text = guarded(settings.output, partial(one, person), name)
        codes.append(code)
        if text and as_json:
            failed = {"user": person.name, "exit": code, "error": text}
            settings.output.result(json_form.line(failed))
    screen.table(rows, indent=0)
    screen.show()
    return worst_exit_code(codes)


def _form(status: Status) -> dict[str, Any]:
    from mailsync_tui.session.plan_file import VERSION, utc

    return {
        "version": VERSION,
        "user": status.user,
        "run": json_form.runs([status.last])[0] if status.last else None,
        "reached": {name: utc(at) if at else None for name, at in status.reached.items()},
        "away": [
            {
                "mailbox": row.name,
                "since": utc(row.since),
                "error": row.error,
                "tries": row.tries,
                "refused": row.refused,
                "next": utc(row.next),
            }
            for row in status.away
        ],
        "waits": [
            {
                **dict(zip(("state", "account", "kind", "rule"), row.key, strict=True)),
                "lines": row.lines,
                "since": utc(row.since),
            }
            for row in status.waits
            if row.key[0] != "refused"
        ],
        "exit": status.exit,
    }
