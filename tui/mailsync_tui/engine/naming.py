"""The configuration with folder names in the form that listings have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, UserConfig
from mailsync_tui.mailboxes.base import Listing, Mailbox, MailboxError


def resolved(
    config: UserConfig,
    mailboxes: Mapping[str, Mailbox],
    listings: Mapping[str, Listing | MailboxError],
) -> UserConfig:
    """Bring every folder name into the ``/`` form, where its mailbox was reached.

    Args:
        config: As it was read: either form, the server's own or the one with ``/``.
        mailboxes: They know their names.
        listings: Which of them were reached.
    """

    def named(c: MailboxConfig) -> MailboxConfig:
        if isinstance(listings[c.name], MailboxError) or c.type == "pop3":
            return c
        name = mailboxes[c.name].resolve
        return replace(c, folder=name(c.folder), folders=tuple(map(name, c.folders)))

    home = listings[CONSOLIDATED]
    external = tuple(
        replace(c, into=mailboxes[CONSOLIDATED].resolve(c.into))
        if c.into is not None and not isinstance(home, MailboxError)
        else c
        for c in map(named, config.external)
    )
    protected = config.holds.folders
    forms = [
        mailboxes[name].resolve(folder)
        for name, listing in listings.items()
        for folder in protected
        if isinstance(listing, Listing) and mailboxes[name].kind != "pop3"
    ]
    return replace(
        config,
        consolidated=named(config.consolidated),
        external=external,
        # In every form that one of them has for it: better too much is protected than too little.
        holds=replace(config.holds, folders=tuple(dict.fromkeys((*protected, *forms)))),
    )
