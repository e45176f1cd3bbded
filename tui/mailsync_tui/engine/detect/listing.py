"""Listing one mailbox, and telling how far that is and how it ended."""

from __future__ import annotations

from mailsync_tui.engine.detect.throttle import throttled
from mailsync_tui.engine.events import Emit, ListingDone, ListingProgress
from mailsync_tui.mailboxes.base import Listing, Mailbox, MailboxError


def list_one(name: str, mailbox: Mailbox, emit: Emit, *, new: bool) -> Listing | MailboxError:
    """List a mailbox; why it could not be listed is an answer too.

    Args:
        name: The mailbox's name.
        mailbox: The mailbox.
        emit: Told :class:`~mailsync_tui.engine.events.ListingProgress` and ``ListingDone``.
        new: It is yet to be made: not looked at, and empty.
    """
    try:
        progress = throttled(emit, ListingProgress, name)
        found = Listing((), complete=True) if new else mailbox.list(progress)
    except MailboxError as error:
        emit(ListingDone(name, None, str(error)))
        return error
    emit(ListingDone(name, found.messages, found.error))
    return found
