"""One mailbox's listing held against the places the ledger has there."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, UserConfig
from mailsync_tui.engine.detect.arrivals import Arrival, Arrivals
from mailsync_tui.engine.snapshot import Copy, Presence, State
from mailsync_tui.ledger.reader import LedgerReader
from mailsync_tui.ledger.rows import FolderRow, MailboxRow
from mailsync_tui.mailboxes.base import (
    FolderListing,
    Listing,
    Location,
    Mailbox,
    MailboxError,
    Role,
    Uid,
)
from mailsync_tui.message import identity_of_header

SAMPLE = 5
"""How many surviving UIDs are looked at before what vanished beside them is believed."""


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
    result: dict[str, MailboxRow] = {}
    changed = set()
    free = {row.fingerprint: row for row in rows.values() if row.name != CONSOLIDATED}
    for account in config.external:
        row = rows.get(account.name)
        if row is None or row.fingerprint != account.fingerprint:
            row = free.get(account.fingerprint, row)
        if row is None:
            continue
        result[account.name] = row
    taken = {row.name for name, row in result.items() if row.fingerprint == _print(config, name)}
    for name, row in list(result.items()):
        if row.fingerprint == _print(config, name):
            continue
        if row.name in taken:  # its mailbox goes by another name now; this one is new
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


def _print(config: UserConfig, name: str) -> str:
    return config.mailbox(name).fingerprint


@dataclass(slots=True)
class MatchedListing:
    """A listing, what the ledger knew of that mailbox, and what differs."""

    NO_ROLE = Role.NORMAL

    name: str
    complete: bool
    error: str | None
    messages: int | None
    identifies: bool
    changed: bool
    scan: int
    folders: dict[str, FolderListing]
    before: dict[str, FolderRow]
    uids: dict[str, frozenset[Uid]]
    arrived: list[Location] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    """Messages with a copy that is absent, or that is listed although it was not expected."""
    survivors: int = 0
    renumbered: int = 0
    unread: int = 0
    samples: dict[Location, Set[bytes]] = field(default_factory=dict)
    """Some surviving UIDs beside what vanished, with the identity keys to be found there."""
    contradicted: Set[str] = frozenset()
    """Folders in which a surviving UID is another message now."""

    def presence(self, location: Location) -> Presence:
        """Whether a copy is where the ledger has it."""
        if self.changed:
            return Presence.UNKNOWN
        folder = self.folders.get(location.folder)
        same = folder is not None and folder.validity == location.validity
        if same and location.uid in self.uids[location.folder]:
            return Presence.YES
        whole = self.complete and self.identifies
        return Presence.GONE if whole else Presence.UNKNOWN

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
        before = self.before.get(location.folder)
        if before is not None and before.validity == folder.validity:
            for was, is_now in ((before.uidnext, folder.uidnext), (before.modseq, folder.modseq)):
                if was is not None and is_now is not None and is_now < was:
                    return "went-backwards"
        return None

    def folder(self, location: Location) -> FolderListing | None:
        """The folder a location lies in."""
        return self.folders.get(location.folder)

    def role(self, folder: str) -> Role:
        """What a folder is for."""
        here = self.folders.get(folder)
        return here.role if here else self.NO_ROLE

    def note_arrivals(self, read: Arrivals) -> None:
        """Take in what could not be read."""
        self.unread += read.unread
        if read.error is not None:
            self.complete = False
            self.error = read.error

    def note_contradicted(self, found: frozenset[str] | MailboxError) -> None:
        """Take in what the samples showed, or why they could not be looked at."""
        if isinstance(found, MailboxError):
            self.complete = False
            self.error = str(found)
        else:
            self.contradicted = found

    def count_found(self, arrival: Arrival, copies: list[Copy]) -> None:
        """Count a message that is found again in the same folder under another identifier."""
        self.renumbered += any(
            c.mailbox == self.name
            and c.presence is Presence.GONE
            and c.location.folder == arrival.location.folder
            for c in copies
        )


def compare(
    config: MailboxConfig,
    listing: Listing | MailboxError,
    matched: MatchedMailboxes,
    ledger: LedgerReader,
) -> MatchedListing:
    """Hold one listing against the ledger's places; nothing is contacted."""
    row = matched.rows.get(config.name)
    changed = config.name in matched.changed
    if isinstance(listing, MailboxError):
        folders: tuple[FolderListing, ...] = ()
        here = MatchedListing(config.name, False, str(listing), None, True, changed, 0, {}, {}, {})
    else:
        folders = listing.folders
        here = MatchedListing(
            config.name,
            listing.complete,
            listing.error,
            listing.messages,
            listing.identifies,
            changed,
            0,
            {f.name: f for f in folders},
            {},
            {f.name: frozenset(f.uids) for f in folders},
        )
    if changed:
        return here
    places = {}
    if row is not None:
        here.scan = row.scan
        here.before = ledger.folders(row.id)
        places = ledger.places(row.id)
    for folder in folders:
        known = places.get((folder.name, folder.validity), {})
        here.arrived.extend(
            Location(folder.name, folder.validity, uid) for uid in folder.uids if uid not in known
        )
    samples: list[Location] = []
    for (name, validity), uids in places.items():
        listed = here.uids.get(name, frozenset())
        if name not in here.folders or here.folders[name].validity != validity:
            listed = frozenset()
        absent = 0
        alive: list[Uid] = []
        for uid, (message, state) in uids.items():
            if uid in listed:
                if state == State.LIVE:
                    alive.append(uid)
                    continue
                here.touched.add(message)
            elif state in (State.LIVE, State.DELETING):
                here.touched.add(message)
                absent += state == State.LIVE
        here.survivors += len(alive)
        if absent and alive and isinstance(alive[0], int):
            samples.extend(Location(name, validity, uid) for uid in _spread(alive))
    if samples and here.complete:
        messages = {at: places[at.folder, at.validity][at.uid][0] for at in samples}
        keys = ledger.keys(messages.values())
        here.samples = {at: keys.get(message, frozenset()) for at, message in messages.items()}
    return here


def _spread(uids: list[Uid]) -> list[Uid]:
    step = max(1, (len(uids) - 1) // (SAMPLE - 1))
    return uids[::step][: SAMPLE - 1] + uids[-1:]


def contradicted(
    mailbox: Mailbox, samples: Mapping[Location, Set[bytes]]
) -> frozenset[str] | MailboxError:
    """Folders made anew with the UIDVALIDITY they had: are their UIDs still the same messages?

    Args:
        mailbox: Asked for the headers; on its own thread.
        samples: Where to look, and the identity keys that are to be found there.
    """
    found = set()
    try:
        for head in mailbox.heads(list(samples)):
            expected = samples[head.location]
            if expected and identity_of_header(head.header).key not in expected:
                found.add(head.location.folder)
    except MailboxError as error:
        return error
    return frozenset(found)
