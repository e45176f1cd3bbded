"""Deleting copies that were looked at, written down and kept: the mailbox's part of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from mailsync_tui.engine.apply.run import Run
from mailsync_tui.ledger import journal
from mailsync_tui.mailboxes.base import DeleteRequest, DeleteResult, Location, MailboxError, Raw
from mailsync_tui.mailboxes.bisect import bisecting
from mailsync_tui.message import identity_of_header

FOUND_DONE = "the connection was lost; it was found done"


class _Marks:
    r"""Keeps foreign ``\Deleted`` marks in the ledger while they are lifted."""

    def __init__(self, run: Run[Any], mailbox: str) -> None:
        self.run, self.mailbox = run, mailbox

    def lifted(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        with self.run.ledger.transaction():
            self.run.ledger.add_marks(self.mailbox, folder, validity, uids)

    def restored(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        with self.run.ledger.transaction():
            self.run.ledger.drop_marks(self.mailbox, folder, validity, uids)


def restore_marks(run: Run[Any]) -> None:
    r"""Set foreign ``\Deleted`` marks again that a run which died had lifted (rule 7)."""
    for (mailbox, folder, validity), uids in journal.lifted_marks(run.ledger.read).items():
        if mailbox in run.mailboxes:
            with contextlib.suppress(MailboxError):  # tried again by the next run
                run.mailboxes[mailbox].restore_marks(folder, validity, uids)
                _Marks(run, mailbox).restored(folder, validity, uids)


def deleting(run: Run[Any], mailbox: str, raws: Sequence[Raw]) -> Iterator[DeleteResult]:
    """Delete, with what breaks the connection bisected out.

    Raises:
        MailboxDown, SomeFailed: as :func:`bisecting`; of what has no answer nothing is known.
    """
    requests = {
        raw.location: DeleteRequest(raw.location, identity_of_header(raw.data)) for raw in raws
    }
    begun: set[Location] = set()

    def ask(part: Sequence[Location]) -> Iterator[DeleteResult]:
        again = begun.intersection(part)
        begun.update(part)
        if again:
            restore_marks(run)
        wanted = [requests[at] for at in part]
        for answer in run.mailboxes[mailbox].delete(wanted, _Marks(run, mailbox)):
            ours = answer.outcome == "gone" and answer.location in again
            yield DeleteResult(answer.location, "done", FOUND_DONE) if ours else answer

    return bisecting(ask, list(requests))
