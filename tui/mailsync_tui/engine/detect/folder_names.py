"""The configuration with folder names in the form that listings have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, UserConfig
from mailsync_tui.engine.detect.listing import Parallel
from mailsync_tui.mailboxes.base import Listing, Mailbox, MailboxError


def resolve_folder_names(
    config: UserConfig,
    mailboxes: Mapping[str, Mailbox],
    listings: Mapping[str, Listing | MailboxError],
    parallel: Parallel,
) -> tuple[UserConfig, dict[str, Listing | MailboxError]]:
    """Bring every folder name into the ``/`` form, where its mailbox was reached.

    Args:
        config: As it was read: either form, the server's own or the one with ``/``.
        mailboxes: They know their names.
        listings: Which of them were reached.
        parallel: Asks them, on their own threads.

    Returns:
        The configuration, and the listings: a mailbox that can no longer be asked for its names,
        and so for which folders are meant, was not reached either.
    """
    tasks = {
        name: _asking(mailboxes[name], folders)
        for name, folders in _names(config).items()
        if not isinstance(listings[name], MailboxError) and mailboxes[name].kind != "pop3"
    }
    answers = parallel(tasks)
    failed = {name: a for name, a in answers.items() if isinstance(a, MailboxError)}
    forms = {name: a for name, a in answers.items() if not isinstance(a, MailboxError)}

    def named(c: MailboxConfig) -> MailboxConfig:
        mine, home = forms.get(c.name, {}), forms.get(CONSOLIDATED, {})
        return replace(
            c,
            folder=mine.get(c.folder, c.folder),
            folders=tuple(mine.get(folder, folder) for folder in c.folders),
            into=home.get(c.into, c.into) if c.into is not None else None,
        )

    protected = config.holds.folders
    everywhere = [mine[folder] for mine in forms.values() for folder in protected]
    now = replace(
        config,
        consolidated=named(config.consolidated),
        external=tuple(map(named, config.external)),
        # In every form that one of them has for it: better too much is protected than too little.
        holds=replace(config.holds, folders=tuple(dict.fromkeys((*protected, *everywhere)))),
    )
    return now, {**listings, **failed}


def _names(config: UserConfig) -> dict[str, set[str]]:
    """The names that the configuration has for folders of each mailbox."""
    names = {c.name: {c.folder, *c.folders, *config.holds.folders} for c in config.mailboxes}
    names[CONSOLIDATED].update(c.into for c in config.external if c.into is not None)
    return names


def _asking(mailbox: Mailbox, folders: set[str]) -> Callable[[], dict[str, str] | MailboxError]:
    def ask() -> dict[str, str] | MailboxError:
        try:
            return {folder: mailbox.resolve(folder) for folder in folders}
        except MailboxError as error:
            return error

    return ask
