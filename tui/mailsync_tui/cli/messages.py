"""``list`` and ``show``: messages that the ledger knows, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsync_tui.cli import json_form
from mailsync_tui.cli.screen import Screen
from mailsync_tui.cli.settings import accounts_of, nearest
from mailsync_tui.engine.model import Cell
from mailsync_tui.errors import CommandError, UserError
from mailsync_tui.report.words import CELLS, NO_SUBJECT, OUTCOMES, did, local_moment, short_name
from mailsync_tui.text.safe import safe_text
from mailsync_tui.ui.rows.filters import parse
from mailsync_tui.ui.rows.order import Ordered

if TYPE_CHECKING:
    from mailsync_tui.cli.output import Output
    from mailsync_tui.cli.runs import Command
    from mailsync_tui.engine.comparison import Row
    from mailsync_tui.engine.outcome import Origin
    from mailsync_tui.session.person import Person
    from mailsync_tui.session.session import Session

_SUBJECT = 200


def show_list(output: Output, person: Person, mailbox: str, chosen: str, *, as_json: bool) -> int:
    """Print the messages of a mailbox, newest first.

    Args:
        output: Where to.
        person: Whose they are.
        mailbox: An account, or ``consolidated``.
        chosen: A filter, as in the app.
        as_json: Print JSON.

    Raises:
        CommandError: There is no such mailbox.
    """
    names = accounts_of(person)
    if mailbox not in names:
        raise CommandError(f"unknown account {safe_text(mailbox, 64)}{nearest(mailbox, names)}")
    comparison, message_ids = person.messages()
    at = names.index(mailbox)
    rows: list[Row] = [
        row
        for row in Ordered(comparison, "date", parse(chosen)).rows
        if row.cells[at] not in (Cell.ABSENT, Cell.GONE)
    ]
    if as_json:
        forms = [
            {
                "id": str(row.key),
                "message_id": message_ids.get(int(row.key)),
                "date": f"{row.date[:19]}Z" if row.date else None,
                "from": safe_text(row.sender),
                "subject": safe_text(row.subject),
                "size": row.size,
                "mailboxes": {
                    name: CELLS[Cell(cell)].word
                    for name, cell in zip(names, row.cells, strict=True)
                    if cell != Cell.ABSENT
                },
            }
            for row in rows
        ]
        output.result(json_form.line(forms))
        return 0
    screen = Screen(output)
    width = max((len(str(row.key)) for row in rows), default=0)
    for row in rows:
        state = CELLS[Cell(row.cells[at])]
        screen.line(
            (f"{row.key:>{width}} ", "name"),
            (f"{state.sign} ", state.style),
            screen.fit(row.date[:10], 11),
            screen.fit(short_name(safe_text(row.sender, _SUBJECT)), 20) + " ",
            safe_text(row.subject, _SUBJECT) or NO_SUBJECT,
        )
    screen.show()
    return 0


def show_message(
    command: Command, person: Person, message: str, *, raw: bool, headers: bool
) -> int:
    """Print a message, read from where it lies, or from the quarantine.

    Raises:
        CommandError: The ledger has no such message.
        UserError: Nothing holds it that could be read.
    """
    origin = _origin(person, message)
    output = command.settings.output
    with command.session(person) as (session, _):
        data = _read(session, origin)
    if raw:
        output.raw(data)
        return 0
    from mailsync_tui.ui.rows.message import message_lines

    for line in message_lines(data, all_headers=headers, text=not headers):
        output.result(line)
    return 0


def _read(session: Session, origin: Origin) -> bytes:
    from mailsync_tui.session.viewer import Viewer

    failures = []
    for place in Viewer(session).places(origin.message):
        try:
            found = session.connections.read(place.mailbox, place.location).result()
        except UserError as error:
            failures.append(f"{place.mailbox}: {error}")
            continue
        if found is not None:
            return found.data
        failures.append(f"{place.mailbox}: it is not there any more")
    for name in origin.quarantine:
        try:
            return session.quarantined_bytes(name)
        except UserError as error:
            failures.append(f"quarantine: {error}")
    raise UserError(*(failures or ["no mailbox holds it any more, nor does the quarantine"]))


def show_origin(output: Output, person: Person, message: str, *, as_json: bool) -> int:
    """Print where a message was first seen, where it lies or lay, and in which runs; reads only.

    Raises:
        CommandError: The ledger has no such message.
    """
    origin = _origin(person, message)
    if as_json:
        output.result(json_form.line(_form(person, origin)))
        return 0
    screen = Screen(output)
    screen.line((f"Message {origin.message}, first seen {local_moment(origin.since)}", "strong"))
    screen.table(
        [
            [
                (safe_text(copy.mailbox, 64), "name"),
                (safe_text(copy.folder, 100), ""),
                (f"since {local_moment(copy.since)}", ""),
                (f"gone {local_moment(copy.gone)}" if copy.gone else copy.state, "dim"),
            ]
            for copy in origin.copies
        ]
    )
    screen.table(
        [
            [
                (f"run {each.run}", "name"),
                (local_moment(each.at), ""),
                (did(each.kind, each.account, each.outcome), ""),
                (OUTCOMES[each.outcome].word, OUTCOMES[each.outcome].style),
                (safe_text(each.reason, _SUBJECT), "dim"),
            ]
            for each in origin.actions
        ]
    )
    screen.show()
    return 0


def _form(person: Person, origin: Origin) -> dict[str, Any]:
    from mailsync_tui.session.plan_file import VERSION, utc

    return {
        "version": VERSION,
        "user": person.name,
        "id": str(origin.message),
        "since": utc(origin.since),
        "copies": [
            {
                "mailbox": copy.mailbox,
                "folder": copy.folder,
                "state": copy.state,
                "since": utc(copy.since),
                "gone": utc(copy.gone) if copy.gone else None,
            }
            for copy in origin.copies
        ],
        "runs": [
            {
                "run": str(each.run),
                "at": utc(each.at),
                "kind": each.kind,
                "account": each.account,
                "outcome": each.outcome,
                "reason": each.reason,
            }
            for each in origin.actions
        ],
    }


def _origin(person: Person, message: str) -> Origin:
    number = int(message) if message.isascii() and message.isdigit() and len(message) < 16 else -1
    origin = person.origin(number)
    if origin is None:
        raise CommandError(
            f"unknown message {safe_text(message, 40)}: `mailsync-tui list` shows the numbers"
        )
    return origin
