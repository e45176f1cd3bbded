"""``check``: what every mailbox is, and what the configuration says that it does not have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailsync_tui.cli import json_form as jsonform
from mailsync_tui.cli.screen import Screen, Span
from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.plan.protected import folder_matches
from mailsync_tui.errors import FAILED, OK, PARTLY, Interrupted
from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.cli.runs import Command
    from mailsync_tui.config.model import MailboxConfig, UserConfig
    from mailsync_tui.mailboxes.base import Facts
    from mailsync_tui.session.session import Session


@dataclass(frozen=True, slots=True)
class Checked:
    """One mailbox after ``check``."""

    config: MailboxConfig
    facts: Facts | None
    """``None``: it was not reached."""
    error: str | None
    warnings: tuple[str, ...]


def run(command: Command, person: UserConfig) -> int:
    """Check one person's mailboxes, and print what they are."""
    with command.session(person) as (session, progress):
        checked = look(session)
        kept = session.quarantined()
        progress.pause()
        if session.stopped:
            raise Interrupted
    found = code(checked)
    if command.json:
        forms = {each.config.name: form(each) for each in checked}
        document = jsonform.check(person.name, forms, [], found)
        document["quarantine"] = {"messages": kept[0], "bytes": kept[1]}
        command.settings.output.result(jsonform.line(document))
        return found
    screen = Screen(command.settings.output)
    render(screen, person.name, checked)
    screen.line("")
    screen.line(
        ("quarantine", "cyan"),
        f": {kept[0]:,} deleted messages, {kept[1] / 1000:,.0f} kB; each is kept for"
        f" {person.keep_days} days",
    )
    screen.show()
    return found


def failure(user: str, exit_code: int, text: str) -> dict[str, Any]:
    """The JSON where a person's mailboxes could not be looked at."""
    return {**jsonform.check(user, {}, [], exit_code), "error": text}


def look(session: Session) -> list[Checked]:
    """Describe all mailboxes at once, the accounts in the order of the file."""
    configs = session.config.mailboxes

    def describing(name: str) -> Callable[[], Facts | str]:
        def describe() -> Facts | str:
            try:
                return session.mailboxes[name].facts()
            except MailboxError as error:
                return str(error)

        return describe

    found = session.parallel({config.name: describing(config.name) for config in configs})
    checked = []
    for config in configs:
        facts = found[config.name]
        if config.name == CONSOLIDATED and isinstance(facts, str) and session.new_maildir():
            note = f"{safe_text(str(config.path))} is not there yet; the first sync makes it"
            checked.append(Checked(config, None, None, (note,)))
        elif isinstance(facts, str):
            checked.append(Checked(config, None, facts, ()))
        else:
            checked.append(Checked(config, facts, None, _warnings(session, config, facts, found)))
    return checked


def code(checked: list[Checked]) -> int:
    """The exit code: partly where some failed, failed where nothing could be done."""
    failed = {each.config.name for each in checked if each.error is not None}
    accounts = {each.config.name for each in checked} - {CONSOLIDATED}
    if not failed:
        return OK
    return FAILED if CONSOLIDATED in failed or accounts <= failed else PARTLY


def form(each: Checked) -> dict[str, Any]:
    """One mailbox as JSON."""
    facts = each.facts
    return {
        "type": each.config.type,
        "protocol": facts.protocol if facts else None,
        "encryption": facts.encryption if facts else None,
        "capabilities": list(facts.capabilities) if facts else [],
        "messages": _messages(facts) if facts else None,
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
    screen.line((f"Mailboxes of {user}", "bold"))
    for each in checked:
        screen.line("")
        facts = each.facts
        title: list[Span] = [(each.config.name, "cyan"), (f" ({each.config.type})", "dim")]
        if facts is not None:
            told = f": {facts.protocol}, {facts.encryption}, {_messages(facts):,} messages"
            title.append((safe_text(told), ""))
        screen.line(*title)
        if each.error is not None:
            screen.text(f"failed: {safe_text(each.error)}", "red", 2)
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
            screen.text(f"warning: {safe_text(warning)}", "yellow", 2)


def _messages(facts: Facts) -> int:
    return sum(count for _, _, count in facts.folders)


def _warnings(
    session: Session, config: MailboxConfig, facts: Facts, found: dict[str, Facts | str]
) -> tuple[str, ...]:
    """Folders that are named in the configuration and are not there, or lie out of sight."""
    if config.name == CONSOLIDATED:
        return tuple(_target("folder", config.folder, session, facts))
    warnings = []
    if config.type != "pop3":
        names = [name for name, _, _ in facts.folders]
        for pattern in config.folders:
            resolved = session.mailboxes[config.name].resolve(pattern)
            if not any(folder_matches(name, resolved) for name in names):
                warnings.append(f"folders: {safe_text(pattern)} names no folder that is there")
    home = found[CONSOLIDATED]
    if config.into is not None and not isinstance(home, str):
        warnings += _target("into", config.into, session, home)
    return tuple(warnings)


def _target(key: str, folder: str, session: Session, home: Facts) -> list[str]:
    """What is odd about a folder of the consolidated mailbox that is collected into."""
    resolve = session.mailboxes[CONSOLIDATED].resolve
    name, shown = resolve(folder), safe_text(folder)
    root = session.config.consolidated.root
    warnings = []
    if root and not f"{name}/".startswith(f"{resolve(root)}/"):
        warnings.append(f"{key}: {shown} lies outside root ({safe_text(root)})")
    if not any(folder_matches(there, name) for there, _, _ in home.folders):
        warnings.append(f"{key}: {shown} is not there yet; the first sync into it makes it")
    return warnings
