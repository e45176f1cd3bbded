"""Storing messages by APPEND, and proving that each lies where the server says.

Some messages crash a server, when they are stored or when they are asked for afterwards. What was
sent is then looked for over another connection; what was not answered and is not there is said to
be lost, and the caller may send it again, in smaller parts.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mailsync_tui.mailboxes.base import (
    ConnectionLost,
    Head,
    Location,
    MailboxDown,
    MailboxError,
    NewMessage,
    Raw,
    StoreResult,
)
from mailsync_tui.mailboxes.bisect import bisecting
from mailsync_tui.mailboxes.imap.session import ImapSession, status_numbers
from mailsync_tui.mailboxes.imap.syntax import (
    GarbledError,
    expand_set,
    format_date,
    number,
    response_code,
    storable_flags,
)
from mailsync_tui.mailboxes.imap.wire import ImapCommand, RefusedError
from mailsync_tui.message import content_digest, identity_of_header

_TOGETHER = 200
"""Messages of one MULTIAPPEND ..."""
_OCTETS = 16 * 1024 * 1024
"""... and their octets."""
_SMALL_LITERAL = 4096
"""Octets that LITERAL- lets through unasked (RFC 7888)."""

_ADDED = re.compile(
    rb"^(?:X-UID|Status|X-Status|X-Keywords|X-IMAP|X-IMAPbase|Content-Length):.*(?:\n|\Z)",
    re.IGNORECASE | re.MULTILINE,
)
_BARE_LF = re.compile(rb"(?<!\r)\n")


@dataclass(slots=True, eq=False)
class _Item:
    """One message on its way."""

    message: NewMessage
    data: bytes
    """As it is sent."""
    keywords: bool = True
    mended: bool = False
    """Bare line feeds among CRLF were made CRLF."""
    uid: int | None = None
    """As APPENDUID has it."""
    head: Head | None = None
    """What was found of it where it was stored."""
    altered: bool = False
    error: str = ""
    sent: bool = False
    """No answer came to it."""
    accepted: bool = False
    refused: bool = False
    """Accepted, and not there as a whole."""
    cut: Location | None = None
    """Where what the server kept of it lies."""


@dataclass(slots=True)
class _Target:
    """The folder, as it was before anything was put there."""

    folder: str
    validity: int
    uidnext: int
    made: bool = field(default=False)
    """It was made by us; a second [TRYCREATE] means something else (DESIGN.md, vice 13)."""


class Looking(NamedTuple):
    """How a mailbox is looked at, over whatever connection."""

    where: str
    """The server, for a sentence."""
    validity: Callable[[str], int]
    """Opens a folder afresh, read-only."""
    uids: Callable[[str], Sequence[int]]
    """All that a folder lists."""
    heads: Callable[[Iterable[Location]], Iterator[Head]]
    fetch: Callable[[Iterable[Location]], Iterator[Raw]]


class Batch:
    """Messages on their way; what became of each is kept though the connection is lost."""

    def __init__(self, messages: Sequence[NewMessage]) -> None:
        self.items = [_Item(message, _as_sent(message.data)) for message in messages]
        self.target: _Target | None = None
        """``None``: nothing was sent yet."""


def send(session: ImapSession, batch: Batch, folder: str) -> None:
    """Send messages to a folder, which is made if it is missing; :func:`prove` ends it.

    Raises:
        OSError, EOFError: the connection broke; what was stored is then to be found by looking.
        MailboxError: the folder can be neither opened nor made.
    """
    batch.target = _before(session, folder)
    together = _TOGETHER if session.has("MULTIAPPEND") else 1
    for part in _batches(batch.items, together):
        _append(session, batch.target, part)


def prove(look: Looking, batch: Batch, lost: ConnectionLost | None) -> list[StoreResult]:
    """Look for what was sent; one answer for each message.

    Args:
        look: The mailbox.
        batch: After :func:`send`.
        lost: How that ended, where the connection was lost.

    Raises:
        MailboxError: it cannot be looked for.
    """
    assert batch.target is not None
    _prove(look, batch.target, [item for item in batch.items if item.accepted or item.sent])
    return [_result(item, lost) for item in batch.items]


def _result(item: _Item, lost: ConnectionLost | None) -> StoreResult:
    if item.head is not None:
        return StoreResult(item.head.location, size=item.head.size, altered=item.altered)
    if lost is None or item.accepted or (item.error and not item.sent):
        why = item.error or "the server said OK, but the message is not there"
        unsure = item.accepted and not item.refused
        return StoreResult(None, why, unsure=unsure, refused=item.refused, cut=item.cut)
    return StoreResult(None, str(lost), unsure=item.sent, lost=lost)


def _as_sent(data: bytes) -> bytes:
    """The bytes as APPEND takes them: lines that all end in bare LF get CRLF.

    IMAP wants CRLF (RFC 9051, 2.3.4), and a file with LF holds the same message in another form.
    Where any line ends in CRLF, a bare LF is a byte of the message and is left as it is, unless
    the server refuses that (RFC 9051 lets it). imaplib's append would change both, and bare CR.
    """
    return data if b"\r\n" in data else _BARE_LF.sub(b"\r\n", data)


def _batches(items: Sequence[_Item], together: int) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
    octets = 0
    for item in items:
        if batch and (len(batch) >= together or octets + len(item.data) > _OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(item)
        octets += len(item.data)
    if batch:
        yield batch


def _before(session: ImapSession, folder: str) -> _Target:
    """Where the folder's new messages will begin, without opening it; it is made if missing.

    Some servers lose what is appended to the folder that is open (DESIGN.md, vice 2).

    Raises:
        MailboxError: it can be neither read nor made.
    """
    session.unselect()
    made = False
    line = b"STATUS " + session.names.argument(folder) + b" (UIDNEXT UIDVALIDITY)"
    what = f"opening {folder}"
    command = session.wire.finish(session.wire.send(line, what))
    if command.status != "OK":
        create(session, folder)
        made = True
        command = session.wire.call(line, what)
    values = status_numbers(command)
    if "UIDNEXT" not in values or "UIDVALIDITY" not in values:
        opened = session.examine(folder)
        uids = session.search(b"ALL", what) if opened.exists else []
        values = {"UIDVALIDITY": opened.validity, "UIDNEXT": max(uids, default=0) + 1}
        session.unselect()
    return _Target(folder, values["UIDVALIDITY"], values["UIDNEXT"], made)


def create(session: ImapSession, folder: str) -> None:
    """Make a folder, and those above it where the server does not do that itself.

    Raises:
        MailboxError: it cannot be made.
    """
    what = f"making the folder {folder}"
    line = b"CREATE " + session.names.argument(folder)
    command = session.wire.finish(session.wire.send(line, what))
    if command.status != "OK" and command.code != b"ALREADYEXISTS":
        parents = [folder[:end] for end, letter in enumerate(folder) if letter == "/"]
        for parent in parents:
            above = b"CREATE " + session.names.argument(parent)
            session.wire.finish(session.wire.send(above, what))
        command = session.wire.finish(session.wire.send(line, what))
        if command.code != b"ALREADYEXISTS":
            command.check()
    # Unsubscribed it would be invisible in many mail programs; refused, it is there all the same.
    line = b"SUBSCRIBE " + session.names.argument(folder)
    session.wire.finish(session.wire.send(line, what))


def _append(session: ImapSession, target: _Target, batch: list[_Item]) -> None:
    """Send one APPEND; a refused one is halved until what is refused is alone."""
    command = _send(session, target, batch)
    for item in batch:
        item.sent = False
    if command.status == "OK":
        _accept(target, batch, command)
        return
    if command.code == b"TRYCREATE" and not target.made:
        target.made = True
        # It may be there all the same: a locked folder is answered so too.
        with contextlib.suppress(RefusedError):
            create(session, target.folder)
        _append(session, target, batch)
        return
    if len(batch) > 1:
        middle = len(batch) // 2
        _append(session, target, batch[:middle])
        _append(session, target, batch[middle:])
        return
    (item,) = batch
    refusal = str(RefusedError("not stored", command.status, command.text))
    if item.keywords and storable_flags(item.message.flags, keywords=True) != storable_flags(
        item.message.flags, keywords=False
    ):
        item.keywords = False
    elif not item.mended and _BARE_LF.search(item.data):
        item.mended = True
        item.data = _BARE_LF.sub(b"\r\n", item.data)
    else:
        item.error = item.error or refusal
        return
    # The first refusal says more than those of the attempts that follow it.
    item.error = item.error or refusal
    _append(session, target, batch)


def _send(session: ImapSession, target: _Target, batch: list[_Item]) -> ImapCommand:
    wire = session.wire
    # A server that answers early must not find us writing while it waits for us to read.
    wire.finish_all()
    line = b"APPEND " + session.names.argument(target.folder)
    command: ImapCommand | None = None
    for item in batch:
        flags = " ".join(storable_flags(item.message.flags, item.keywords)).encode("ascii")
        date = item.message.date
        line += b" (" + flags + b") " + (format_date(date) + b" " if date is not None else b"")
        asks = not (
            "LITERAL+" in session.capabilities
            or (session.has("LITERAL-") and len(item.data) <= _SMALL_LITERAL)
        )
        line += b"{%d%b}" % (len(item.data), b"" if asks else b"+")
        if command is None:
            command = wire.send(line, f"storing in {target.folder}")
        else:
            wire.write((line + b"\r\n",))
        if asks and not wire.may_continue(command):
            return command
        item.sent = True
        wire.write((item.data,))
        line = b""
    assert command is not None
    wire.write((b"\r\n",))
    return wire.finish(command)


def _accept(target: _Target, batch: list[_Item], command: ImapCommand) -> None:
    for item in batch:
        item.accepted = True
    code, argument = response_code(command.text)
    words = argument.split()
    if code != b"APPENDUID" or len(words) != 2:
        return
    try:
        uids = expand_set(words[1], len(batch))
    except GarbledError:
        return
    if len(uids) == len(batch) and number(words[0]) == target.validity:
        for item, uid in zip(batch, uids, strict=True):
            item.uid = uid


def _prove(look: Looking, target: _Target, items: list[_Item]) -> None:
    """Find each message in the folder, opened afresh: by APPENDUID, else among what is new."""
    if not items:
        return
    if look.validity(target.folder) != target.validity:
        for item in items:
            item.error = "stored, but the folder was made anew meanwhile (UIDVALIDITY)"
        return
    assigned = [item.uid for item in items if item.uid is not None]
    heads = _heads(look, target, assigned)
    for item in items:
        head = heads.pop(item.uid, None) if item.uid is not None else None
        if head is not None and _placed(look, item, head):
            item.head = head
            item.altered = item.altered or head.size != len(item.message.data)
        elif head is not None:
            _cut(look, item, head, by_place=True)
    lost = [item for item in items if item.head is None and not item.refused]
    if not lost:
        return
    found = look.uids(target.folder)  # compared here: see ImapSession.listed
    known = (item.cut or (item.head.location if item.head else None) for item in items)
    taken = {location.uid for location in known if location is not None}
    new = [uid for uid in found if uid >= target.uidnext and uid not in taken]
    heads = _heads(look, target, new)
    unread = set(new).difference(heads)
    _match(look, lost, heads)
    for item in lost:
        if item.accepted and item.head is None and not item.refused:
            item.refused = bool(unread) or item.uid in heads  # better none than one more each time
            if item.refused:
                item.error = f"{look.where} said OK, and cannot show that it keeps this message"


def _heads(look: Looking, target: _Target, uids: Sequence[int]) -> dict[int | str, Head]:
    """The headers of what can be read."""
    heads: dict[int | str, Head] = {}
    try:
        for head in bisecting(
            look.heads, [Location(target.folder, target.validity, uid) for uid in uids]
        ):
            heads[head.location.uid] = head
    except MailboxDown:
        raise
    except MailboxError:  # one breaks the connection whenever it is asked for
        pass
    return heads


def _match(look: Looking, items: list[_Item], heads: dict[int | str, Head]) -> None:
    """Give each message the first new one that is exactly it; none to two."""
    by_key: dict[bytes, list[Head]] = {}
    for head in heads.values():
        by_key.setdefault(identity_of_header(head.header).key, []).append(head)
    for item in items:
        candidates = by_key.get(identity_of_header(item.data).key, [])
        for head in candidates:
            sole = len(candidates) == 1 and head.size == len(item.data)
            if sole or _same(item, _fetched(look, head.location)):
                del heads[head.location.uid]
                candidates.remove(head)
                item.head = head
                item.altered = head.size != len(item.message.data)
                break
    for item in items:
        if item.head is None and item.accepted:
            smaller = [head for head in heads.values() if head.size < len(item.data)]
            cut = next((h for h in smaller if _cut(look, item, h, by_place=False)), None)
            if cut is not None:
                del heads[cut.location.uid]


def _placed(look: Looking, item: _Item, head: Head) -> bool:
    """Whether what lies under the UID that the server gave is this message.

    Servers mend headers, drop NULs, cut or add an end of line (DESIGN.md, vice 14): by the place
    that was given, a message of the same header and nearly the same size is known, or one that
    agrees in two of Message-ID, sender and date, and in the text.
    """
    sent, kept = identity_of_header(item.data), identity_of_header(head.header)
    octets = len(item.data)
    if sent.key == kept.key:
        near = abs(head.size - octets) <= octets // 50
        if near and head.size >= octets:
            return True
        raw = _fetched(look, head.location)
        if near and (raw is None or not _is_cut(item.data, raw.data)):
            return True
        return _same(item, raw)
    item.altered = True
    agree = (sent.message_id == kept.message_id, sent.sender == kept.sender, sent.date == kept.date)
    return sum(agree) > 1 and _same(item, _fetched(look, head.location))


def _cut(look: Looking, item: _Item, head: Head, *, by_place: bool) -> bool:
    """Whether what lies there may be the beginning of this message: then it is refused.

    Ours to take back is only what has its header fields and is byte for byte a beginning of it;
    without a Message-ID, only under the UID that the server gave.
    """
    raw = _fetched(look, head.location)
    if raw is None:
        return False
    sent, kept = identity_of_header(item.data), identity_of_header(raw.data)
    begins = _begins(_plain(item.data), _plain(raw.data)) and _plain(raw.data) != b""
    if not begins and (sent.key != kept.key or not _is_cut(item.data, raw.data)):
        return False
    if begins and sent.key == kept.key and (by_place or sent.message_id is not None):
        item.cut = head.location
    item.refused = True
    item.error = f"{look.where} said OK, and keeps {len(raw.data):,} of {len(item.data):,} bytes"
    return True


def _is_cut(sent: bytes, kept: bytes) -> bool:
    """Whether the end is missing of what was sent, as where a server reads to the first NUL."""
    return _begins(_plain(sent), _plain(kept)) or _begins(_body(sent), _body(kept))


def _begins(whole: bytes, part: bytes) -> bool:
    return part != whole and whole.startswith(part)


def _same(item: _Item, raw: Raw | None) -> bool:
    """Whether these bytes are those that were sent: by the content digest, or the text."""
    if raw is None:
        return False
    body = _body(item.data)
    return content_digest(item.data) == content_digest(raw.data) or (
        body != b"" and body == _body(raw.data)
    )


def _fetched(look: Looking, location: Location) -> Raw | None:
    """A message's bytes, if they can be read."""
    try:
        return next(iter([*bisecting(look.fetch, [location])]), None)
    except MailboxDown:
        raise
    except MailboxError:  # it breaks the connection, or never comes whole
        return None


def _plain(data: bytes) -> bytes:
    """A message without what servers change in it (DESIGN.md, vices 5 and 14)."""
    return _ADDED.sub(b"", data.translate(None, b"\r\0")).rstrip()


def _body(data: bytes) -> bytes:
    return _plain(data).partition(b"\n\n")[2].strip()
