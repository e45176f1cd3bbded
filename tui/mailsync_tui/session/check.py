"""What every mailbox is, and what the configuration says that it does not have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig
from mailsync_tui.engine.plan.protected import folder_matches, no_such_folder, unmatched
from mailsync_tui.errors import FAILED, OK, PARTLY
from mailsync_tui.mailboxes.base import Facts, MailboxError
from mailsync_tui.text.safe import safe_text

if TYPE_CHECKING:
    from mailsync_tui.session.session import Session


@dataclass(frozen=True, slots=True)
class Checked:
    """One mailbox after ``check``."""

    config: MailboxConfig
    facts: Facts | None
    """``None``: it was not reached."""
    error: str | None
    warnings: tuple[str, ...]
    partly: bool = False
    """Something that the configuration names is not there, and is not collected."""

    @property
    def messages(self) -> int:
        """How many there are in all folders that count."""
        return sum(count for _, _, count in self.facts.folders) if self.facts else 0


def check_mailboxes(session: Session) -> list[Checked]:
    """Describe all mailboxes that are asked for at once, in the order of the file."""
    configs = [c for c in session.config.mailboxes if c.name not in session.left_out]
    mailboxes = session.connections.mailboxes

    def describing(name: str) -> Callable[[], Facts | str]:
        def describe() -> Facts | str:
            try:
                return mailboxes[name].facts()
            except MailboxError as error:
                return str(error)

        return describe

    found = session.connections.parallel(
        {config.name: describing(config.name) for config in configs}
    )
    checked = []
    for config in configs:
        facts = found[config.name]
        if config.name == CONSOLIDATED and isinstance(facts, str) and session.new_maildir():
            note = f"{safe_text(str(config.path))} is not there yet; the first sync makes it"
            checked.append(Checked(config, None, None, (note,)))
        elif isinstance(facts, str):
            checked.append(Checked(config, None, facts, ()))
        else:
            missing = _missing(session, config, facts)
            warnings = _warnings(session, config, facts, found, missing)
            checked.append(Checked(config, facts, None, warnings, bool(missing)))
    return checked


def check_code(checked: list[Checked]) -> int:
    """The exit code: partly where some failed, failed where nothing could be done."""
    failed = {each.config.name for each in checked if each.error is not None}
    accounts = {each.config.name for each in checked} - {CONSOLIDATED}
    if not failed:
        return PARTLY if any(each.partly for each in checked) else OK
    return FAILED if CONSOLIDATED in failed or accounts <= failed else PARTLY


def _missing(session: Session, config: MailboxConfig, facts: Facts) -> tuple[str, ...]:
    """The patterns of ``folders`` that name no folder."""
    mailbox = session.connections.mailboxes[config.name]
    resolved = {mailbox.resolve(pattern): pattern for pattern in config.folders}
    wanted = replace(config, folders=tuple(resolved))
    names = [name for name, _, _ in facts.folders]
    return tuple(safe_text(resolved[pattern]) for pattern in unmatched(wanted, names))


def _warnings(
    session: Session,
    config: MailboxConfig,
    facts: Facts,
    found: dict[str, Facts | str],
    missing: tuple[str, ...],
) -> tuple[str, ...]:
    """Folders that are named in the configuration and are not there, or lie out of sight."""
    if config.name == CONSOLIDATED:
        return tuple(_target("folder", config.folder, session, facts))
    warnings = []
    warnings += [no_such_folder(pattern) for pattern in missing]
    home = found[CONSOLIDATED]
    if config.into is not None and not isinstance(home, str):
        warnings += _target("into", config.into, session, home)
    return tuple(warnings)


def _target(key: str, folder: str, session: Session, home: Facts) -> list[str]:
    """What is odd about a folder of the consolidated mailbox that is collected into."""
    resolve = session.connections.mailboxes[CONSOLIDATED].resolve
    name, shown = resolve(folder), safe_text(folder)
    root = session.config.consolidated.root
    warnings = []
    if root and not f"{name}/".startswith(f"{resolve(root)}/"):
        warnings.append(f"{key}: {shown} lies outside root ({safe_text(root)})")
    if not any(folder_matches(there, name) for there, _, _ in home.folders):
        warnings.append(f"{key}: {shown} is not there yet; the first sync into it makes it")
    return warnings
