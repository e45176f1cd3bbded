"""Which adapter serves which kind of mailbox; each is loaded only when it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsync_tui.config.model import MailboxConfig
    from mailsync_tui.mailboxes.base import Mailbox


def open_mailbox(
    config: MailboxConfig, secret: Callable[[], str], message_timeout: float
) -> Mailbox:
    """Make the mailbox that a configuration describes; nothing is contacted yet.

    Args:
        config: One external mailbox, or the consolidated one.
        secret: Gives the password or token when it is needed; never called for a Maildir.
        message_timeout: Seconds without a byte until a server hangs at a message.
    """
    match config.type:
        case "imap":
            from mailsync_tui.mailboxes.imap.connection import ImapTiming
            from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox

            return ImapMailbox(config, secret, ImapTiming(message=message_timeout))
        case "pop3":
            from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox, Pop3Timing

            return Pop3Mailbox(config, secret, Pop3Timing(message=message_timeout))
        case "maildir":
            from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox

            return MaildirMailbox(config)
