"""The secret that a mailbox logs in with, asked for when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsync_tui.config.secrets import resolve
from mailsync_tui.errors import SecretError
from mailsync_tui.mailboxes.base import LoginRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsync_tui.config.model import MailboxConfig
    from mailsync_tui.mailboxes.base import Cancelled


def secret_of(config: MailboxConfig, cancelled: Cancelled) -> Callable[[], str]:
    """What gives a mailbox its password or token.

    Args:
        config: Says where it comes from.
        cancelled: Ends a command that is to print it.

    Returns:
        A function that raises :class:`LoginRefused` where there is none.
    """

    def secret() -> str:
        if config.secret is None:
            raise LoginRefused("no password is configured")
        try:
            return resolve(config.secret, config.name, cancelled=cancelled)
        except SecretError as error:
            raise LoginRefused(str(error)) from error

    return secret
