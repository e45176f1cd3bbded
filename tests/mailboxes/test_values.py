"""What a mailbox says in words is safe to show, whatever the adapter put into it."""

from __future__ import annotations

import pytest

from mailsync_tui.mailboxes.base import (
    DeleteResult,
    Facts,
    Listing,
    MailboxError,
    Role,
    StoreResult,
)
from mailsync_tui.message import Location

HOSTILE = "Work\x1b[2J\u202e\r\n[red]"
SAFE = "Work\ufffd[2J\ufffd [red]"
AT = Location("INBOX", 1, 1)


@pytest.mark.parametrize(
    "shown",
    [
        str(MailboxError(HOSTILE)),
        Listing((), complete=False, error=HOSTILE).error,
        StoreResult(None, HOSTILE).error,
        DeleteResult(AT, "failed", HOSTILE).reason,
        Facts("IMAP4rev1", "none", (), (("INBOX", Role.INBOX, 0),), (HOSTILE,)).notes[0],
    ],
    ids=["MailboxError", "Listing", "StoreResult", "DeleteResult", "Facts"],
)
def test_foreign_text_is_sanitised(shown: str) -> None:
    assert shown == SAFE


def test_no_error_stays_none() -> None:
    assert Listing((), complete=True).error is None
    assert StoreResult(AT).error is None
