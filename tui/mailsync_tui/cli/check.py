"""``check``: what every mailbox is, and what the configuration says that it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsync_tui.cli import json_form
from mailsync_tui.cli.screen import Screen
from mailsync_tui.errors import Interrupted
from mailsync_tui.report.words import Span, size_in_words
from mailsync_tui.session.check import Checked, check, check_code
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.runs import Command
    from mailsync_tui.session.person import Person


def check_person(command: Command, person: Person) -> int:
    """Check one person's mailboxes, and print what they are."""
    with command.session(person) as (session, progress):
        checked = check(session)
        kept = session.quarantined()
        progress.pause()
        if session.stopped:
            raise Interrupted
    found = check_code(checked)
    if command.json:
        forms = {each.config.name: form(each) for each in checked}
        document = json_form.check(person.name, forms, [], found)
        document["quarantine"] = {"messages": kept[0], "bytes": kept[1]}
        command.settings.output.result(json_form.line(document))
        return found
    screen = Screen(command.settings.output)
    render(screen, person.name, checked)
    screen.line("")
    screen.line(
        ("quarantine", "name"),
        f": {kept[0]:,} deleted messages, {size_in_words(kept[1])}; each is kept for"
        f" {person.config.keep_days} days",
    )
    screen.show()
    return found


def failure(user: str, exit_code: int, text: str) -> dict[str, Any]:
    """The JSON where a person's mailboxes could not be looked at."""
    return {**json_form.check(user, {}, [], exit_code), "error": text}


def form(each: Checked) -> dict[str, Any]:
    """One mailbox as JSON."""
    facts = each.facts
    return {
        "type": each.config.type,
        "protocol": facts.protocol if facts else None,
        "encryption": facts.encryption if facts else None,
        "capabilities": list(facts.capabilities) if facts else [],
        "messages": each.messages if facts else None,
        "folders": [
            {"name": name, "role": str(role), "messages": count}
            for name, role, count in (facts.folders if facts else ())
        ],
        "notes": list(facts.notes) if facts else [],
        "warnings": list(each.warnings),
        "error": each.error,
    }


def render(screen: Screen, user: str, checked: list[Checked]) -> None:
    """The same for a person."""
    screen.line((f"Mailboxes of {user}", "strong"))
    for each in checked:
        screen.line("")
        facts = each.facts
        title: list[Span] = [(each.config.name, "name"), (f" ({each.config.type})", "dim")]
        if facts is not None:
            more = f": {facts.protocol}, {facts.encryption}, {each.messages:,} messages"
            title.append((safe_text(more), ""))
        screen.line(*title)
        if each.error is not None:
            screen.text(f"failed: {safe_text(each.error)}", "gone", 2)
        if facts is not None:
            if facts.capabilities:
                screen.text(safe_text("capabilities: " + " ".join(facts.capabilities)), "", 2)
            screen.table(
                [
                    [(safe_text(name), ""), (str(role), "dim"), (f"{count:,}", "")]
                    for name, role, count in facts.folders
                ],
                indent=4,
            )
            for note in facts.notes:
                screen.text(f"note: {safe_text(note)}", "", 2)
        for warning in each.warnings:
            screen.text(f"warning: {safe_text(warning)}", "note", 2)
