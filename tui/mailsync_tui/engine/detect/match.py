"""The first step: each mailbox's listing held against the places that the ledger has there.

Nothing is contacted. What is listed where the ledger has it is present, whatever its headers say
(DESIGN.md, rule 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, UserConfig
from mailsync_tui.engine.snapshot import CopyState, Presence
from mailsync_tui.ledger.listings import listings
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import FolderRow, MailboxRow
from mailsync_tui.mailboxes.base import (
    FolderListing,
    LeftOut,
    Listing,
    Location,
    MailboxError,
    Role,
    Uid,
)

SAMPLE = 5
"""How many surviving UIDs of a folder are looked at before the rest of it is believed."""


@dataclass(frozen=True, slots=True)
class MatchedMailboxes:
    """Which of the ledger's mailboxes is which of the configuration's."""

    rows: Mapping[str, MailboxRow]
    """By configured name; a mailbox the ledger does not know is left out."""
    changed: frozenset[str]
    """Configured names under which the ledger knew another mailbox."""
    names: Mapping[str, str]
    """The configured name for each of the ledger's names; removed ones are not in it."""

    def name_of(self, ledger_name: str) -> str:
        """The configured name; a removed account gets one that no account can have."""
        return self.names.get(ledger_name, f"{ledger_name} (removed)")


def match_mailboxes(config: UserConfig, ledger: LedgerReader) -> MatchedMailboxes:
    """Match by what the mailbox is; by its name only if that finds nothing."""
    rows = ledger.mailboxes()
    fingerprints = {account.name: account.fingerprint for account in config.external}
    free = {row.fingerprint: row for row in rows.values() if row.name != CONSOLIDATED}
    result: dict[str, MailboxRow] = {}
    for name, fingerprint in fingerprints.items():
        row = rows.get(name)
        if row is None or row.fingerprint != fingerprint:
            row = free.get(fingerprint, row)
        if row is not None:
            result[name] = row
    same = {name for name, row in result.items() if row.fingerprint == fingerprints[name]}
    taken = {result[name].name for name in same}
    changed = set()
    for name in result.keys() - same:
        if result[name].name in taken:  # its mailbox goes by another name now; this one is new
            del result[name]
        else:
            changed.add(name)
    row = rows.get(CONSOLIDATED)
    if row is not None:
        result[CONSOLIDATED] = row
        if row.fingerprint != config.consolidated.fingerprint:
            changed.add(CONSOLIDATED)
    names = {row.name: name for name, row in result.items()}
    return MatchedMailboxes(result, frozenset(changed), names)


@dataclass(frozen=True, slots=True)
class MatchedListing:
    """A listing, what the ledger knew of that mailbox, and what differs."""

    name: str
    complete: bool
    error: str | None
    messages: int | None
    """How many it lists; ``None``: it could not be listed."""
    note: str | None
    """Why its locations are mere positions; ``None``: they are not."""
    changed: bool
    """It is another mailbox than the ledger knew under this name."""
    scan: int = 0
    """The last complete listing that was recorded before."""
    folders: Mapping[str, FolderListing] = field(default_factory=dict)
    before: Mapping[str, FolderRow] = field(default_factory=dict)
    """The folders' cursors at that listing."""
    uids: Mapping[str, frozenset[Uid]] = field(default_factory=dict)
    arrived: Sequence[Location] = ()
    """Where the ledger has no copy, in the mailbox's own order."""
    touched: Set[int] = frozenset()
    """Messages with a copy that is absent, or that is listed although it was not expected."""
    survivors: int = 0
    """Live copies of the ledger that are listed where they were."""
    samples: Mapping[Location, Set[bytes]] = field(default_factory=dict)
    """Some surviving UIDs beside what changed, with the identity keys to be found there."""
    unread: int = 0
    """New locations whose headers could not be read: what is absent stays unknown."""
    left_out: bool = False
    """It was not to be contacted; ``error`` says why."""
    contradicted: Set[str] = frozenset()
    """Folders in which a surviving UID is another message now."""
    version: str | None = None
    """Of the listing; see :class:`~mailsync_tui.mailboxes.base.Listing`."""
    replaced: Set[Location] = frozenset()
    """Where the ledger has a copy, and another message lies now."""

    def presence(self, location: Location) -> Presence:
        """Whether a copy is where the ledger has it."""
        if self.changed or location in self.replaced:
            return Presence.UNKNOWN
        folder = self.folders.get(location.folder)
        same = folder is not None and folder.validity == location.validity
        if same and location.uid in self.uids[location.folder]:
            return Presence.YES
        return Presence.GONE if self.complete and self.note is None else Presence.UNKNOWN

    def left(self, location: Location) -> bool:
        """Whether its folder is as it was and was listed completely, but lacks it now."""
        folder = self.folders.get(location.folder)
        same = folder is not None and folder.validity == location.validity
        return same and self.presence(location) is Presence.GONE

    def doubt(self, location: Location) -> str | None:
        """The guard that does not believe in an absence."""
        folder = self.folders.get(location.folder)
        if folder is None:
            return "folder-gone"
        if folder.validity != location.validity or location.folder in self.contradicted:
            return "uidvalidity"
        if went_backwards(self.before.get(location.folder), folder):
            return "went-backwards"
        return None

    def role(self, folder: str) -> Role:
        """What a folder is for."""
        here = self.folders.get(folder)
        return here.role if here else Role.NORMAL

    def broken(self, error: str | None) -> MatchedListing:
        """The same, if it could not be read on (``None``: it could)."""
        return self if error is None else replace(self, complete=False, error=error)


def went_backwards(before: FolderRow | None, now: FolderListing) -> bool:
    """Whether a counter that only grows has fallen since the last listing."""
    if before is None or before.validity != now.validity:
        return False
    counters = ((before.uidnext, now.uidnext), (before.modseq, now.modseq))
    return any(was is not None and is_now is not None and is_now < was for was, is_now in counters)


def match_listing(
    config: MailboxConfig,
    listing: Listing | MailboxError,
    matched: MatchedMailboxes,
    ledger: LedgerReader,
) -> MatchedListing:
    """Hold one listing against the ledger's places; nothing is contacted."""
    changed = config.name in matched.changed
    if isinstance(listing, MailboxError):
        left_out = isinstance(listing, LeftOut)
        error = str(listing)
        here = MatchedListing(config.name, False, error, None, None, changed, left_out=left_out)
    else:
        here = MatchedListing(
            config.name,
            listing.complete,
            listing.error,
            listing.messages,
            listing.note,
            changed,
            folders={f.name: f for f in listing.folders},
            uids={f.name: frozenset(f.uids) for f in listing.folders},
            version=listing.version,
        )
    row = matched.rows.get(config.name)
    if changed:
        return here
    places = ledger.places(row.id) if row is not None else {}
    before = ledger.folders(row.id) if row is not None else {}
    touched: set[int] = set()
    samples: list[Location] = []
    survivors = 0
    for (name, validity), uids in places.items():
        listed = here.uids.get(name, frozenset())
        if name not in here.folders or here.folders[name].validity != validity:
            listed = frozenset()
        absent = 0
        alive: list[Uid] = []
        for uid, (message, state) in uids.items():
            if uid in listed:
                if state == CopyState.LIVE:
                    alive.append(uid)
                    continue
                touched.add(message)
            elif state in (CopyState.LIVE, CopyState.DELETING):
                touched.add(message)
                absent += state == CopyState.LIVE
        survivors += len(alive)
        # A folder that was made anew may have the same UIDs again.
        changed_here = absent > 0 or not listed <= uids.keys()
        suspect = changed_here or (alive and went_backwards(before.get(name), here.folders[name]))
        if suspect and alive and isinstance(alive[0], int):
            samples.extend(Location(name, validity, uid) for uid in _spread(alive))
    # Of mere positions only those count that nothing had before.
    seen = 0
    if row is not None and here.note is not None:
        seen = next((scan.messages for scan in reversed(listings(ledger, row.id))), 0)
    expected: dict[Location, Set[bytes]] = {}
    if samples and here.complete:
        messages = {at: places[at.folder, at.validity][at.uid][0] for at in samples}
        keys = ledger.keys(messages.values())
        expected = {at: keys.get(message, frozenset()) for at, message in messages.items()}
    return replace(
        here,
        scan=row.scan if row is not None else 0,
        before=before,
        arrived=[
            Location(folder.name, folder.validity, uid)
            for folder in here.folders.values()
            for known in (places.get((folder.name, folder.validity), {}),)
            for uid in folder.uids[seen:]
            if uid not in known
        ],
        touched=touched,
        survivors=survivors,
        samples=expected,
    )


def survivors(
    here: MatchedListing, folders: Set[str], row: MailboxRow, ledger: LedgerReader
) -> dict[Location, Set[bytes]]:
    """All that is listed in some folders where the ledger has it, with the identity keys there."""
    messages = {
        Location(name, validity, uid): message
        for (name, validity), uids in ledger.places(row.id).items()
        if name in folders and here.folders[name].validity == validity
        for uid, (message, state) in uids.items()
        if state == CopyState.LIVE and uid in here.uids[name]
    }
    keys = ledger.keys(messages.values())
    return {at: keys.get(message, frozenset()) for at, message in messages.items()}


def _spread(uids: list[Uid]) -> list[Uid]:
    step = max(1, (len(uids) - 1) // (SAMPLE - 1))
    return uids[::step][: SAMPLE - 1] + uids[-1:]
