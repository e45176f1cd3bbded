"""Which messages a POP3 session holds, and under what names they can be found in the next one.

Message numbers mean nothing beyond a session, and a UIDL is not always an identity (some servers
give one to several messages, some give the number itself), so that names are made from the headers
where it takes that.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsync_tui.mailboxes.base import MailboxError, unwatched
from mailsync_tui.mailboxes.pop3.wire import LISTING_LIMIT, MESSAGE_LIMIT, Pop3Command
from mailsync_tui.message import identity_of_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailsync_tui.mailboxes.base import Progress
    from mailsync_tui.mailboxes.pop3.wire import Pop3Wire

_FROM_HEADER = "top:"
_PROBES = 3
"""So many refusals of TOP, and no success, mean that the server does not have it."""
MOST_MESSAGES = 1_000_000
"""A listing with more lines is not believed."""
_KEPT_HEADER = 1 << 18
"""Octets of a header that are kept: identity and summary need far less."""
_SLACK = 1 << 20
"""Octets by which an answer may be longer than twice the size that LIST gave."""


@dataclass(frozen=True, slots=True)
class UidlListing:
    """The messages of one session."""

    numbers: dict[str, int]
    """Name that lasts to number in this session, in the server's order."""
    sizes: dict[int, int]
    """Octets, as LIST gives them."""
    headers: dict[int, bytes]
    """The headers that had to be read in order to name the messages."""
    error: str | None
    """Why this is not known to be all; ``None``: it is complete."""
    identifies: bool
    """False: some names are mere positions, as there is neither a useful UIDL nor TOP."""

    def limit(self, number: int) -> int:
        """How many octets this message may take on the wire."""
        return _limit(self.sizes, number)

    def has_similar(self, name: str) -> bool:
        """Whether a message is listed that may be the one that had this name before.

        Names that were made from headers depend on what else is there: of two equal messages the
        second becomes the first, and a UIDL that only one message is left with needs no addition.
        """
        return _stem(name) in set(map(_stem, self.numbers))


def read_uidl(wire: Pop3Wire, progress: Progress = unwatched) -> UidlListing:
    """List a session's messages and name them. Sends only STAT, LIST, UIDL and TOP.

    Args:
        wire: Logged in.
        progress: Called with how many are named, by UIDL and then by TOP.

    Raises:
        Unreachable: the connection broke or timed out.
        MailboxError: the server claims more than can be.
    """
    count = ""

    def listed_so_far(lines: int) -> None:
        if _is_number(count):
            progress(min(lines, int(count)), int(count))

    replies = wire.ask_many(
        [
            Pop3Command("STAT"),
            Pop3Command("LIST", LISTING_LIMIT),
            Pop3Command("UIDL", LISTING_LIMIT, listed_so_far),
        ]
    )
    stat = next(replies)
    count = stat.text.split(" ")[0] if stat.ok else ""
    sizes_reply, uidl_reply = replies
    sizes = {
        number: int(size) if _is_number(size) else 0
        for number, size in _table(sizes_reply.data).items()
    }
    uidls = _table(uidl_reply.data) if uidl_reply.ok else {}
    numbers = sorted(sizes.keys() | uidls.keys())
    error = None
    for verb, listed in (("LIST", len(sizes)), ("UIDL", len(uidls))):
        if count != str(listed) and (verb == "LIST" or uidl_reply.ok):
            error = f"STAT gives {count or 'no count of'} messages, {verb} of {listed}"

    if all(uidls.get(number) == str(number) for number in numbers):
        uidls = {}
    seen = Counter(uidls.values())
    vague = [number for number in numbers if not uidls.get(number) or seen[uidls[number]] > 1]
    clear = len(numbers) - len(vague)
    headers = read_headers(wire, vague, sizes, lambda read, _: progress(clear + read, len(numbers)))
    unread = len(vague) - len(headers)
    if headers and unread:
        error = error or f"the headers of {unread} messages cannot be read"
    progress(len(numbers), len(numbers))
    return UidlListing(
        _named(numbers, set(vague), uidls, sizes, headers),
        sizes,
        headers,
        error,
        identifies=not vague or bool(headers),
    )


def read_headers(
    wire: Pop3Wire,
    numbers: Sequence[int],
    sizes: dict[int, int],
    progress: Progress = unwatched,
) -> dict[int, bytes]:
    """Read headers by TOP; those that the server refuses are left out.

    Raises:
        Unreachable: the connection broke or timed out.
        MailboxError: the server claims more than can be.
    """
    headers: dict[int, bytes] = {}
    room = MESSAGE_LIMIT
    for some in (numbers[:_PROBES], numbers[_PROBES:]):
        commands = [Pop3Command(f"TOP {number} 0", _limit(sizes, number)) for number in some]
        for number, reply in zip(some, wire.ask_many(commands), strict=True):
            if reply.ok:
                headers[number] = header_of(reply.data)
                room -= len(headers[number])
                if room < 0:
                    raise MailboxError("the headers of all messages are too large to be kept")
                progress(len(headers), len(numbers))
        if not headers:
            break
    return headers


def header_of(data: bytes) -> bytes:
    """The header lines and the empty line after them, of an answer to TOP; not all of a huge one.

    Args:
        data: The answer; a body may follow.
    """
    if data.startswith((b"\r\n", b"\n")):
        return data[: data.index(b"\n") + 1]
    ends = [end + len(mark) for mark in (b"\n\r\n", b"\n\n") if (end := data.find(mark)) >= 0]
    return data[: min([*ends, _KEPT_HEADER])]


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) < 16


def _limit(sizes: dict[int, int], number: int) -> int:
    return min(2 * sizes.get(number, 0) + _SLACK, MESSAGE_LIMIT)


def _table(data: bytes) -> dict[int, str]:
    """The lines of a LIST or UIDL; one that makes no sense is missed when they are counted.

    Raises:
        MailboxError: there are too many.
    """
    if data.count(b"\n") > MOST_MESSAGES:
        raise MailboxError(f"the server lists more than {MOST_MESSAGES} messages")
    table: dict[int, str] = {}
    for line in data.splitlines():
        number, _, rest = line.strip().partition(b" ")
        if number.isdigit() and len(number) < 10:
            table[int(number)] = rest.strip().decode("ascii", "backslashreplace")
    return table


def _stem(name: str) -> str:
    """A name without what depends on other messages."""
    if name.startswith(_FROM_HEADER):
        return name.rpartition("#")[0]
    return name.partition(f":{_FROM_HEADER}")[0]


def _named(
    numbers: Iterable[int],
    vague: set[int],
    uidls: dict[int, str],
    sizes: dict[int, int],
    headers: dict[int, bytes],
) -> dict[str, int]:
    names: dict[str, int] = {}
    alike: Counter[str] = Counter()
    for number in numbers:
        name = uidls.get(number, "")
        if number in vague:
            name = f"{name}:" if name else ""
            header = headers.get(number)
            if header is None:
                name += f"#{number}:{sizes.get(number, 0)}"
            else:
                name += f"{_FROM_HEADER}{_mark(header)}"
                alike[name] += 1
                name += f"#{alike[name]}"
        names[name] = number
    return names


def _mark(header: bytes) -> str:
    """A short name for what a header says of the message's identity."""
    identity = identity_of_header(header)
    fields = (identity.message_id or "", identity.sender, identity.date, identity.subject)
    text = "\0".join(fields).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()
