"""Reading headers and whole messages, many at a time, leaving no trace."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.mailboxes.base import Head, Location, MailboxError, Raw
from mailsync_tui.mailboxes.imap.syntax import (
    GarbledError,
    Token,
    flags_of,
    number,
    parse_date,
    tokens,
    uid_sets,
)
from mailsync_tui.mailboxes.imap.wire import MAX_LITERAL, ImapCommand, RefusedError
from mailsync_tui.message import HEAD_FIELDS

if TYPE_CHECKING:
    from mailsync_tui.mailboxes.imap.session import ImapSession

_HEADS = 500
"""Headers asked for in one command."""
_SIZES = 1000
"""Messages whose sizes are asked for in one command."""
_BODIES = 100
"""Messages asked for in one command ..."""
_OCTETS = 4 * 1024 * 1024
"""... and their octets, unless one message alone is larger."""
_REMEMBERED = 20_000
"""Sizes that are kept for :func:`fetch`: what is fetched has mostly had its header read before."""
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
"""What a FETCH answer says of one message; ``BODY`` for header or text, whatever its section."""


def heads(session: ImapSession, locations: Iterable[Location]) -> Iterator[Head]:
    """Read headers; what is not there (any more) is left out.

    Raises:
        RefusedError: the server does not want to.
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


def fetch(session: ImapSession, locations: Iterable[Location]) -> Iterator[Raw]:
    """Stream whole messages in the order given; what is not there (any more) is left out.

    Raises:
        RefusedError: the server does not want to.
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


def read_items(command: ImapCommand) -> dict[int, Items]:
    """What the answers to one UID FETCH say of each message, by its UID.

    Other untagged data may lie between them, one message may stand in several answers, and
    keys may come quoted, in any case, and with any section (DESIGN.md, vice 10).
    """
    found: dict[int, Items] = {}
    for answer in command.untagged:
        if answer.kind != b"FETCH":
            continue
        try:
            items = _items(tokens(answer.parts, answer.start))
        except GarbledError:
            # The frame was right, so only this message is not to be read.
            continue
        uid = number(items.get("UID"))
        if uid is not None:
            found.setdefault(uid, {}).update(items)
    return found


class _Batch(NamedTuple):
    folder: str
    validity: int
    uids: list[int]
    """In the order in which they are wanted."""
    command: ImapCommand


def _runs(locations: Iterable[Location], most: int) -> Iterator[tuple[str, int, list[int]]]:
    """Neighbours in one folder, at most so many at a time."""
    for (folder, validity), group in itertools.groupby(locations, key=lambda one: one[:2]):
        uids = (one.uid for one in group)
        while run := [uid for uid in itertools.islice(uids, most) if isinstance(uid, int)]:
            yield folder, validity, run


def _begin(
    session: ImapSession, folder: str, validity: int, uids: list[int], line: bytes, items: bytes
) -> _Batch | None:
    """Send one FETCH, the folder open; ``None`` if these UIDs mean nothing there any more."""
    if session.ensure_open(folder).validity != validity:
        return None
    command = session.wire.send(
        b"UID FETCH " + line + b" " + items,
        f"reading {folder}",
        wanted=uids,
        max_literal=_LONGEST_HEADER if items is _HEAD_ITEMS else MAX_LITERAL,
        kept=_KEPT_HEADER if items is _HEAD_ITEMS else None,
    )
    return _Batch(folder, validity, uids, command)


def _read_heads(session: ImapSession, batch: _Batch) -> Iterator[Head]:
    try:
        found = _received(session, batch, _HEAD_ITEMS)
    except (OSError, EOFError):  # what came before the connection broke shows where it did
        yield from _heads(session, batch, read_items(batch.command))
        raise
    yield from _heads(session, batch, found)


def _heads(session: ImapSession, batch: _Batch, found: dict[int, Items]) -> Iterator[Head]:
    sizes = session.sizes.setdefault((batch.folder, batch.validity), {})
    if len(sizes) > _REMEMBERED:
        sizes.clear()
    for uid in batch.uids:
        items = found.get(uid, {})
        header, size = items.get("BODY"), _size(items)
        if isinstance(header, bytes) and size is not None:
            sizes[uid] = size
            yield Head(
                Location(batch.folder, batch.validity, uid),
                _header_only(header),
                size,
                flags_of(items.get("FLAGS")),
                parse_date(items.get("INTERNALDATE")),
            )


def _received(session: ImapSession, batch: _Batch, wanted: bytes) -> dict[int, Items]:
    """What a batch's command brought; where it was refused, its parts are asked for again.

    One message that a server cannot read spoils the command for all; alone it is left out.
    """
    command = session.wire.finish(batch.command)
    found = read_items(command)
    if command.status == "BAD" and _any_left(session, batch):
        command.check()
    missing = [uid for uid in batch.uids if uid not in found]
    if command.status in ("OK", "BAD") or len(batch.uids) == 1 or not missing:
        return found
    middle = (len(missing) + 1) // 2
    for part in (missing[:middle], missing[middle:]):
        for uids, line in uid_sets(part, len(batch.uids)):
            again = _begin(session, batch.folder, batch.validity, uids, line, wanted)
            if again is not None:
                found |= _received(session, again, wanted)
    return found


def _any_left(session: ImapSession, batch: _Batch) -> bool:
    """Whether any message of a batch is listed: one server calls a FETCH of none BAD (vice 22)."""
    if session.ensure_open(batch.folder).validity != batch.validity:
        return False
    return bool(session.listed(batch.uids, f"reading {batch.folder}"))


def _sizes(session: ImapSession, folder: str, validity: int, uids: list[int]) -> dict[int, int]:
    """What is known of the sizes, or asked for now; who is not in the answer is not there."""
    known = session.sizes.pop((folder, validity), {})
    sizes = {uid: known.pop(uid) for uid in uids if uid in known}
    if known:
        session.sizes[folder, validity] = known
    wanted = b"(UID RFC822.SIZE)"
    for part, line in uid_sets((uid for uid in uids if uid not in sizes), _SIZES):
        batch = _begin(session, folder, validity, part, line, wanted)
        if batch is not None:
            found = _received(session, batch, wanted)
            sizes |= {uid: _size(items) or 0 for uid, items in found.items()}
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


def _read_bodies(session: ImapSession, batch: _Batch, broken: list[str]) -> Iterator[Raw]:
    try:
        command = session.wire.finish(batch.command)
    except (OSError, EOFError):  # what came before the connection broke shows where it did
        found = read_items(batch.command)
        for uid in batch.uids:
            if _whole(items := found.get(uid, {})):
                yield _raw(batch, uid, items)
        raise
    if command.status == "BAD" and _any_left(session, batch):
        command.check()
    found = read_items(command)
    # Nothing but ``found`` holds the bytes now, and it lets go of each as it is passed on.
    command.untagged.clear()
    doubtful = [uid for uid in batch.uids if not _whole(found.get(uid, {}))]
    there = _still_there(session, batch, doubtful) if doubtful else set()
    for uid in batch.uids:
        items = found.pop(uid, {})
        if not _whole(items):
            if uid not in there:
                continue
            try:
                items = _read_alone(session, batch, uid)
            except RefusedError as error:
                broken.append(str(error))
                continue
        yield _raw(batch, uid, items)


def _raw(batch: _Batch, uid: int, items: Items) -> Raw:
    data = items["BODY"]
    assert isinstance(data, bytes)
    return Raw(
        Location(batch.folder, batch.validity, uid),
        data,
        flags_of(items.get("FLAGS")),
        parse_date(items.get("INTERNALDATE")),
    )


def _still_there(session: ImapSession, batch: _Batch, uids: list[int]) -> set[int]:
    """Those that are listed once the folder is opened afresh.

    For what another session expunged, a server may answer nothing, or with an empty body
    (DESIGN.md, vice 8).
    """
    if session.examine(batch.folder).validity != batch.validity:
        return set()
    return session.listed(uids, f"reading {batch.folder}")


def _read_alone(session: ImapSession, batch: _Batch, uid: int) -> Items:
    """A message of which not all came, or nothing: once more, and alone.

    Some servers (Exchange) merely guess RFC822.SIZE: then the bytes are believed, if there is
    none behind the last of them.

    Raises:
        RefusedError: it does not come as a whole.
    """
    what = f"reading message {uid} in {batch.folder}"
    again = _begin(session, batch.folder, batch.validity, [uid], b"%d" % uid, _BODY_ITEMS)
    if again is None:
        raise RefusedError(what, "OK", b"the folder was made anew")
    items = read_items(session.wire.finish(again.command).check()).get(uid, {})
    if _whole(items):
        return items
    data, size = items.get("BODY"), _size(items) or 0
    if not isinstance(data, bytes) or not data:
        raise RefusedError(what, "OK", b"the server gives no text of it")
    if len(data) < size:
        line = b"UID FETCH %d BODY.PEEK[]<%d.1>" % (uid, len(data))
        command = session.wire.send(line, what, wanted=[uid], max_literal=MAX_LITERAL)
        rest = session.wire.finish(command).check()
        if read_items(rest).get(uid, {}).get("BODY"):
            raise RefusedError(what, "OK", b"%d of %d bytes came" % (len(data), size))
    return items


def _whole(items: Items) -> bool:
    data = items.get("BODY")
    return isinstance(data, bytes) and len(data) == _size(items)


def _size(items: Items) -> int | None:
    return number(items.get("RFC822.SIZE"))


def _header_only(header: bytes) -> bytes:
    """The header, where a server sent the whole message instead."""
    if len(header) <= _KEPT_HEADER // 16:
        return header
    ends = [end for end in (header.find(b"\r\n\r\n"), header.find(b"\n\n")) if end >= 0]
    return header[: min([*ends, _KEPT_HEADER])]


def _items(answer: list[Token]) -> Items:
    items: Items = {}
    listed = answer[0] if answer and isinstance(answer[0], list) else []
    for key, value in zip(listed[::2], listed[1::2], strict=False):
        if isinstance(key, bytes):
            name = key.upper().decode("ascii", "replace")
            items["BODY" if name.startswith(_TEXTS) else name] = value
    return items


_TEXTS = ("BODY[", "RFC822.HEADER")
