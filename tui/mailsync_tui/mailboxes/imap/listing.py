"""Listing every folder, and proving that each listing is all of it."""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.mailboxes.base import (
    FolderListing,
    Listing,
    MailboxError,
    Progress,
    Role,
    Unchanged,
)
from mailsync_tui.mailboxes.imap.folder_names import INBOX, roles, selectable, within
from mailsync_tui.mailboxes.imap.read import read_items
from mailsync_tui.mailboxes.imap.session import ImapSession, Opened, status_numbers
from mailsync_tui.mailboxes.imap.syntax import flags_of, uid_sets
from mailsync_tui.mailboxes.imap.wire import ImapCommand, RefusedError

if TYPE_CHECKING:
    from mailsync_tui.config.model import MailboxConfig

_ATTEMPTS = 4
"""How often a folder is looked at in which messages come and go meanwhile."""

_FLAGS = ("\\Deleted", "\\Draft", "\\Flagged")
_KEYS = (b"DELETED", b"DRAFT", b"FLAGGED")
_AT_ONCE = 1000
"""Messages whose flags are asked for in one command."""

MOST_FOLDERS = 100_000
"""More are not believed."""

_AHEAD = 16
"""Folders that are asked for before the first answer is read."""


class _Asked(NamedTuple):
    """One folder's questions, sent in one go."""

    folder: str
    examine: ImapCommand
    everything: ImapCommand
    with_flags: tuple[ImapCommand, ...]
    """One for each of :data:`_FLAGS`."""


def folders(
    session: ImapSession, config: MailboxConfig, *, everywhere: bool = False
) -> dict[str, Role]:
    """Every folder below the root that can hold mail, in the server's order, and its role.

    Args:
        session: The connection.
        config: Names the root, and perhaps the trash and junk folders.
        everywhere: Those outside the root too.

    Raises:
        MailboxError: the server does not list them, or says that there is none at all.
    """
    raw = session.list_folders()
    names = session.names
    listed = [(attributes, names.shown(name)) for attributes, name in raw]
    if not listed:
        raise MailboxError("the server lists no folder at all")
    if len(listed) > MOST_FOLDERS:
        raise MailboxError(f"the server lists more than {MOST_FOLDERS} folders")
    trash = names.resolve(config.trash) if config.trash is not None else None
    junk = names.resolve(config.junk) if config.junk is not None else None
    root = names.resolve(config.root) if config.root and not everywhere else ""
    found = roles(((name, attributes) for attributes, name in listed), trash, junk)
    return {
        name: found[name]
        for attributes, name in listed
        if selectable(attributes) and within(name, root)
    }


def listing(
    session: ImapSession, config: MailboxConfig, progress: Progress, unless: str | None
) -> Listing:
    """List all folders, opening each read-only.

    Args:
        session: The connection.
        config: Names the root, and perhaps the trash and junk folders.
        progress: Called after each folder; only the last call says of how many.
        unless: The version of an earlier listing, which is not made once more.

    Raises:
        Unchanged: it would be equal to that one.
        MailboxError: the folders cannot be listed, or the connection ends. A folder that refuses
            is left out, and the listing is then not complete.
    """
    # The inbox is asked for with the list of folders: it is the one that is always there.
    ahead = [INBOX] if not config.root else []
    looks = _send_looks(session, ahead) if unless is not None else {}
    inbox = [*_ask(session, ahead, [])] if session.esearch and not looks else []
    found = folders(session, config)
    if unless is not None and _version_now(session, found, looks) == unless:
        raise Unchanged
    names = {name: number for number, name in enumerate(found)}
    reading = (
        _read_ahead(session, names, inbox) if session.esearch else _read_singly(session, names)
    )
    done: list[FolderListing] = []
    errors: list[str] = []
    count = 0
    for folder, outcome in reading:
        if isinstance(outcome, MailboxError):
            errors.append(f"{folder}: {outcome}")
        else:
            done.append(replace(outcome, role=found[folder]))
            count += len(outcome.uids)
            progress(count, None)
    progress(count, count)
    done.sort(key=lambda one: names[one.name])
    error = "; ".join(errors[:3]) + (f"; and {len(errors) - 3} more" if len(errors) > 3 else "")
    facts = ((f.name, f.role, f.validity, f.uidnext, f.modseq, len(f.uids)) for f in done)
    version = None if errors else _version(session, facts)
    return Listing(tuple(done), not errors, error or None, version=version)


_Fact = tuple[str, Role, int | None, int | None, int | None, int | None]
"""A folder's name, role, UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ and number of messages."""
_STATUS = ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ", "MESSAGES")


def _version(session: ImapSession, facts: Iterable[_Fact]) -> str | None:
    """What all of these are equal by, where HIGHESTMODSEQ tells of every change (RFC 7162).

    They are what a folder said when it was opened: what changes while it is read comes after it.
    """
    known = sorted(facts)
    sure = all(validity and uidnext and modseq for _, _, validity, uidnext, modseq, _ in known)
    if not sure or not session.counts_changes:
        return None
    return hashlib.sha256(repr(known).encode("utf-8", "surrogatepass")).hexdigest()


def _send_looks(session: ImapSession, names: Iterable[str]) -> dict[str, ImapCommand]:
    session.unselect()  # of the folder that is open, STATUS says what this connection knows
    items = " ".join(_STATUS).encode()
    return {
        name: session.wire.send(
            b"STATUS %b (%b)" % (session.argument(name), items), f"looking at {name}"
        )
        for name in names
    }


def _version_now(
    session: ImapSession, found: Mapping[str, Role], looks: Mapping[str, ImapCommand]
) -> str | None:
    """The version that a listing of these folders would have, by STATUS; no folder is opened.

    Args:
        session: The connection.
        found: The folders.
        looks: Those that were asked for already.
    """
    facts: list[_Fact] = []
    try:
        rest = _send_looks(session, [name for name in found if name not in looks])
        for name, role in found.items():
            numbers = status_numbers(session.wire.finish(looks.get(name) or rest[name]))
            validity, uidnext, modseq, messages = map(numbers.get, _STATUS)
            facts.append((name, role, validity, uidnext, modseq, messages))
    except MailboxError:
        return None
    return _version(session, facts)


_Outcome = tuple[str, FolderListing | MailboxError]


def _read_ahead(
    session: ImapSession, names: Collection[str], inbox: Sequence[_Asked]
) -> Iterator[_Outcome]:
    """Ask for many folders at once. Every answer of ESEARCH names its question.

    Args:
        session: The connection.
        names: The folders.
        inbox: Asked already; it counts if it is one of these.
    """
    asked = deque(one for one in inbox if one.folder in names)
    rest = iter([name for name in names if name not in {one.folder for one in asked}])
    again: list[str] = []
    asked.extend(_ask(session, itertools.islice(rest, _AHEAD), again))
    opened = None
    while asked:
        first = asked.popleft()
        found = _answered(session, first)
        opened = session.opened if first.examine.status == "OK" else None
        if found is None:
            # Looked at again alone and in the plain form, which shows what is wrong.
            again.append(first.folder)
        else:
            yield first.folder, found
        asked.extend(_ask(session, itertools.islice(rest, 1), again))
    session.opened = opened
    yield from _read_singly(session, again)


def _ask(session: ImapSession, names: Iterable[str], again: list[str]) -> Iterator[_Asked]:
    for folder in names:
        what = f"listing {folder}"
        try:
            examine = session.send_examine(folder, counting=session.counts_changes)
        except MailboxError:
            again.append(folder)
            continue
        everything, *flags = (session.send_search(key, what) for key in (b"ALL", *_KEYS))
        yield _Asked(folder, examine, everything, tuple(flags))


def _answered(session: ImapSession, asked: _Asked) -> FolderListing | None:
    """What the answers say; ``None`` if it is not proved to be everything."""
    try:
        opened = session.examined(asked.examine, asked.folder)
        everything = session.found(asked.everything)
        flags = [session.found(search) for search in asked.with_flags]
    except MailboxError:
        return None
    if not opened.validity or _exists(opened, asked.everything) != len(everything):
        return None
    return _listed(opened, everything, flags)


def _read_singly(session: ImapSession, names: Iterable[str]) -> Iterator[_Outcome]:
    for folder in names:
        try:
            yield folder, _read_folder(session, folder)
        except MailboxError as error:
            yield folder, error


def _read_folder(session: ImapSession, folder: str) -> FolderListing:
    """One question at a time, until nothing changes while they are asked.

    Raises:
        MailboxError: the folder refuses, or never proves complete.
    """
    what = f"listing {folder}"
    exists = uids = 0
    for _ in range(_ATTEMPTS):
        opened = session.examine(folder)
        if not opened.validity:
            raise MailboxError("the server gives no UIDVALIDITY")
        if not opened.exists:
            return _listed(opened, [], [[], [], []])
        command = session.wire.finish(session.send_plain_search(b"ALL", what))
        everything = session.found(command)
        flags = _flags(session, what)
        exists, uids = _exists(opened, command), len(everything)
        if exists == uids:
            return _listed(opened, everything, flags)
    raise MailboxError(f"the server speaks of {exists} messages, but lists {uids}")


def _flags(session: ImapSession, what: str) -> list[list[int]]:
    """The messages with each of the flags that count, in few round trips: most have none."""
    try:
        command = session.send_plain_search(b"OR DELETED OR DRAFT FLAGGED", what)
        some = session.found(command)
    except RefusedError:
        return [session.found(session.send_plain_search(key, what)) for key in _KEYS]
    flags: dict[int, frozenset[str]] = {}
    for uids, line in uid_sets(some, _AT_ONCE):
        command = session.wire.send(b"UID FETCH " + line + b" (UID FLAGS)", what, wanted=uids)
        for uid, items in read_items(session.wire.finish(command).check()).items():
            flags[uid] = flags_of(items.get("FLAGS"))
    return [[uid for uid in some if flag in flags.get(uid, ())] for flag in _FLAGS]


def _exists(opened: Opened, search: ImapCommand) -> int:
    """How many messages there are once a search is answered, by all that was said."""
    exists = opened.exists
    for answer in search.untagged:
        if answer.kind == b"EXISTS" and answer.number is not None:
            exists = answer.number
        elif answer.kind == b"EXPUNGE":
            exists -= 1
    return exists


def _listed(
    opened: Opened, everything: Sequence[int], flags: Sequence[Iterable[int]]
) -> FolderListing:
    present = frozenset(everything)
    marked, drafts, flagged = (present.intersection(uids) for uids in flags)
    return FolderListing(
        opened.folder,
        Role.NORMAL,
        opened.validity,
        tuple(everything),
        marked,
        drafts,
        flagged,
        opened.uidnext,
        opened.modseq,
    )
