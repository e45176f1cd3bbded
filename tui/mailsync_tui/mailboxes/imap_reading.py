"""Reading headers and whole messages, many at a time, leaving no trace."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsync_tui.mailboxes.base import Head, Location, MailboxError, Raw
from mailsync_tui.mailboxes.imap_syntax import (
    Garbled,
    Token,
    flags_of,
    parse_date,
    tokens,
    uid_sets,
)
from mailsync_tui.mailboxes.imap_wire import Refused
from mailsync_tui.message import HEAD_FIELDS
from mailsync_tui.safetext import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mailsync_tui.mailboxes.imap_session import Session
    from mailsync_tui.mailboxes.imap_wire import Command

_HEADS = 500
"""Headers asked for in one command."""
_SIZES = 1000
"""Messages whose sizes are asked for in one command."""
_BODIES = 100
"""Messages asked for in one command ..."""
_OCTETS = 4 * 1024 * 1024
"""... and their octets, unless one message alone is larger."""
_LONGEST_HEADER = 64 * 1024 * 1024
"""Octets of an answer to a question for headers; some servers send the whole message."""
_KEPT_HEADER = 256 * 1024
"""Octets of header lines that are kept: identity and summary need far less."""

_HEAD_ITEMS = (
    b"(UID RFC822.SIZE FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS ("
    + " ".join(HEAD_FIELDS).upper().encode("ascii")
    + b")])"
)
_BODY_ITEMS = b"(UID RFC822.SIZE FLAGS INTERNALDATE BODY.PEEK[])"

Items = dict[str, Token]
"""What a FETCH answer tells of one message; ``BODY`` for header or text, whatever its section."""


def heads(session: Session, locations: Iterable[Location]) -> Iterator[Head]:
    """Read headers; what is not there (any more) is left out.

    Raises:
        Refused: the server does not want to.
    """
    ahead: _Batch | None = None
    for folder, validity, uids in _runs(locations, _HEADS):
        for batch, line in uid_sets(uids, _HEADS):
            following = _begin(session, folder, validity, batch, line, _HEAD_ITEMS)
            if ahead is not None:
                yield from _read_heads(session, ahead)
            ahead = following
    if ahead is not None:
        yield from _read_heads(session, ahead)


def fetch(session: Session, locations: Iterable[Location]) -> Iterator[Raw]:
    """Stream whole messages in the order given; what is not there (any more) is left out.

    Raises:
        Refused: the server does not want to.
        MailboxError: after the last of the others, when one never came as a whole; it is named.
    """
    broken: list[str] = []
    ahead: _Batch | None = None
    for folder, validity, uids in _runs(locations, _SIZES):
        for batch in _by_size(uids, _sizes(session, folder, validity, uids)):
            ((_, line),) = uid_sets(batch, _BODIES)
            following = _begin(session, folder, validity, batch, line, _BODY_ITEMS)
            if ahead is not None:
                yield from _read_bodies(session, ahead, broken)
            ahead = following
    if ahead is not None:
        yield from _read_bodies(session, ahead, broken)
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise MailboxError(f"{broken[0]}{more}")


def read_items(command: Command) -> dict[int, Items]:
    """What the answers to one UID FETCH tell of each message, by its UID.

    Other untagged data may lie between them, one message may be told of in several answers, and
    keys may come quoted, in any case, and with any section (SERVERS.md, 10).
    """
    found: dict[int, Items] = {}
    for answer in command.untagged:
        if answer.kind != b"FETCH":
            continue
        try:
            items = _items(tokens(answer.parts, answer.start))
        except Garbled:
            # The frame was right, so only this message is not to be read.
            continue
        uid = items.get("UID")
        if isinstance(uid, bytes) and uid.isdigit():
            found.setdefault(int(uid), {}).update(items)
    return found


@dataclass(frozen=True, slots=True)
class _Batch:
    folder: str
    validity: int
    uids: list[int]
    """In the order in which they are wanted."""
    command: Command


def _runs(locations: Iterable[Location], most: int) -> Iterator[tuple[str, int, list[int]]]:
    """Neighbours in one folder, at most so many at a time."""
    for (folder, validity), group in itertools.groupby(locations, key=lambda one: one[:2]):
        uids = (one.uid for one in group)
        while run := [uid for uid in itertools.islice(uids, most) if isinstance(uid, int)]:
            yield folder, validity, run


def _begin(
    session: Session, folder: str, validity: int, uids: list[int], line: bytes, items: bytes
) -> _Batch | None:
    """Send one FETCH, the folder open; ``None`` if these UIDs mean nothing there any more."""
    if session.ensure_open(folder).validity != validity:
        return None
    command = session.wire.send(
        b"UID FETCH " + line + b" " + items,
        f"reading {safe_text(folder)}",
        max_literal=_LONGEST_HEADER if items is _HEAD_ITEMS else None,
    )
    return _Batch(folder, validity, uids, command)


def _read_heads(session: Session, batch: _Batch) -> Iterator[Head]:
    found = read_items(session.wire.finish(batch.command).check())
    for uid in batch.uids:
        items = found.get(uid, {})
        header, size = items.get("BODY"), _size(items)
        if isinstance(header, bytes) and size is not None:
            yield Head(
                Location(batch.folder, batch.validity, uid),
                _header_only(header),
                size,
                flags_of(items.get("FLAGS")),
                parse_date(items.get("INTERNALDATE")),
            )


def _sizes(session: Session, folder: str, validity: int, uids: list[int]) -> dict[int, int]:
    commands = [
        batch.command
        for part, line in uid_sets(uids, _SIZES)
        if (batch := _begin(session, folder, validity, part, line, b"(UID RFC822.SIZE)"))
    ]
    sizes: dict[int, int] = {}
    for command in commands:
        for uid, items in read_items(session.wire.finish(command).check()).items():
            sizes[uid] = _size(items) or 0
    return sizes


def _by_size(uids: list[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    batch: list[int] = []
    octets = 0
    for uid in uids:
        if uid not in sizes:
            continue
        if batch and (len(batch) >= _BODIES or octets + sizes[uid] > _OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(uid)
        octets += sizes[uid]
    if batch:
        yield batch


def _read_bodies(session: Session, batch: _Batch, broken: list[str]) -> Iterator[Raw]:
    command = session.wire.finish(batch.command).check()
    found = read_items(command)
    # The bytes belong to whoever takes them: two batches at a time would be twice the memory.
    command.untagged.clear()
    for uid in batch.uids:
        items = found.pop(uid, {})
        if not _whole(items):
            try:
                items = _once_more(session, batch, uid)
            except Refused as error:
                broken.append(str(error))
                continue
            if items is None:
                continue
            ...
