"""Is a message in a mailbox already? Compared exactly, by the bytes of what lies there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mailsync_tui.engine.detect.match import MatchedListing
from mailsync_tui.engine.plan.moves import role_counts
from mailsync_tui.engine.snapshot import Snapshot
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import ActionRow, CopyRow
from mailsync_tui.mailboxes.base import Location, Mailbox
from mailsync_tui.message import Identity, content_digest


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A message that is looked for."""

    data: bytes
    identity: Identity
    """With the digest."""
    deleted: ActionRow
    """The action that deleted it."""


def counted(
    mailbox: str, folder: str, snapshot: Snapshot, listed: Mapping[str, MatchedListing]
) -> bool:
    """Whether mail in a folder is there: not in trash, in junk by ``junk_means``."""
    configs = snapshot.config.mailboxes
    config = next((c for c in configs if c.name == mailbox), None)
    return config is not None and role_counts(listed[mailbox].role(folder), config)


def find_present(
    ledger: LedgerReader,
    mailbox: Mailbox,
    wanted: Sequence[Wanted],
    counts: Callable[[str], bool],
) -> dict[Wanted, list[CopyRow]]:
    """The copies of each message that a mailbox holds.

    Args:
        ledger: With a complete listing of that mailbox recorded: every location has its row.
        mailbox: Its bytes are read and compared; equal headers prove nothing.
        wanted: What to look for.
        counts: Whether mail in a folder is there.

    Raises:
        MailboxError: something that may be one of the messages could not be read.
    """
    candidates = ledger.candidates({each.identity.key for each in wanted})
    rows = ledger.messages(number for some in candidates.values() for number in some)
    possible: dict[Wanted, list[CopyRow]] = {
        each: [
            copy
            for number in candidates[each.identity.key]
            for copy in rows[number].copies
            if copy.mailbox == mailbox.name
            # One that we deleted and that is listed all the same is there.
            and copy.state in ("live", "deleting")
            and counts(copy.location.folder)
        ]
        for each in wanted
    }
    locations = list({copy.location: None for some in possible.values() for copy in some})
    digests: dict[Location, str] = {}
    if locations:
        digests.update((r.location, content_digest(r.data)) for r in mailbox.fetch(locations))

    def same(each: Wanted, copy: CopyRow) -> bool:
        digest = digests.get(copy.location)
        if digest is None:
            return False
        forms = rows[copy.message].digests  # a server may have altered what was stored there
        return digest == each.identity.digest or {digest, each.identity.digest} <= forms

    return {each: [c for c in some if same(each, c)] for each, some in possible.items()}
