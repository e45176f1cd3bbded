"""Which messages a POP3 session holds, and under what names they can be found in the next one.

Message numbers mean nothing beyond a session, and a UIDL is not always an identity (some servers
give one to several messages, some give the number itself), so that names are made from the headers
where it takes that, and from the whole messages where the server does not give headers alone.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from mailsync_tui.mailboxes.base import ConnectionLost, MailboxError, Progress, Unchanged, unwatched
from mailsync_tui.mailboxes.pop3.wire import LISTING_LIMIT, MESSAGE_LIMIT, Pop3Command, Pop3Wire
from mailsync_tui.message import content_digest, identity_of_header

_FROM_HEADER = "top:"
_FROM_BYTES = "bytes:"
_DIGEST = re.compile(rf"(?:^|:){_FROM_BYTES}([0-9a-f]{{64}})#\d+$", re.ASCII)
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
    digests: dict[int, str]
    """The content digests of those that are named by them: the server has neither a useful UIDL
    nor TOP for them."""
    assumed: bool
    """The digests are an earlier session's, of what had the same number and size there: whoever
    reads such a message compares."""
    positions: Set[int]
    """Those whose names are mere positions: nothing is deleted by such a name."""
    error: str | None
    """Why this is not known to be all; ``None``: it is complete."""
    note: str | None
    """Why messages are named by their positions, as shown to a person."""
    version: str | None = None
    """Of the numbers and UIDLs; ``None`` where these do not name all messages."""

    def agrees(self, number: int, data: bytes) -> bool:
        """Whether what was read under a number is the message that is named so."""
        return self.digests.get(number) in (None, content_digest(data))

    def limit(self, number: int) -> int:
        """How many octets this message may take on the wire."""
        return _limit(self.sizes, number)

    def has_at(self, number: int, size: int | None) -> bool:
        """Whether a message was read whole that had this number and size."""
        return number in self.digests and self.sizes.get(number) == size

    def has_similar(self, name: str) -> bool:
        """Whether a message is listed that may be the one that had this name before.

        Names that had to be made depend on what else is there: of two equal messages the second
        becomes the first, and a UIDL that only one message is left with needs no addition.
        """
        return _stem(name) in set(map(_stem, self.numbers))


def read_uidl(
    wire: Pop3Wire,
    most: int,
    progress: Progress = unwatched,
    *,
    before: UidlListing | None = None,
    broken: Set[tuple[int, int]] = frozenset(),
    unless: str | None = None,
) -> UidlListing:
    """List a session's messages and name them.

    Sends STAT, LIST and UIDL; TOP for what these do not name, and RETR for what TOP does not give.

    Args:
        wire: Logged in.
        most: Octets that are read by RETR at most; if it takes more, names are mere positions.
        progress: Called with how many are named.
        before: What an earlier session listed: what it read by RETR is not read again.
        broken: Numbers and sizes of what is not asked for, as RETR breaks the connection there.
        unless: The version of an earlier listing, which is not made once more.

    Raises:
        Unchanged: it would be equal to that one.
        BrokenAt: the connection broke while a message was read by RETR.
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
    version = hashlib.sha256(f"{count}\n".encode() + uidl_reply.data).hexdigest()
    if version == unless:
        raise Unchanged
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
    bare = [number for number in vague if number not in headers]
    octets = sum(sizes.get(number, 0) for number in bare)
    clear = len(numbers) - len(bare)
    digests: dict[int, str] = {}
    note = None
    if before is not None and bare:
        digests = {n: before.digests[n] for n in bare if before.has_at(n, sizes.get(n))}
        headers |= {n: before.headers[n] for n in digests}
    elif bare and octets > most:
        note = (
            f"it has neither UIDL nor TOP, and a look at all messages would fetch {mega(octets)},"
            f" more than max_listing ({mega(most)}): only what is above the last known count is"
            " collected, and nothing is deleted for it or on it"
        )
    else:
        wanted = [number for number in bare if (number, sizes.get(number, 0)) not in broken]
        for number, data in read_whole(wire, wanted, sizes):
            headers[number] = header_of(data)
            digests[number] = content_digest(data)
            progress(clear + len(digests), len(numbers))
        if len(digests) < len(bare):
            error = error or f"{len(bare) - len(digests)} messages cannot be read"
    progress(len(numbers), len(numbers))
    named = _named(numbers, set(vague), uidls, sizes, headers, digests)
    positions = frozenset(bare) - digests.keys()
    assumed = before is not None
    whole = None if vague or error is not None else version
    return UidlListing(named, sizes, headers, digests, assumed, positions, error, note, whole)


class BrokenAt(ConnectionLost):
    """The connection broke while a message was read by RETR."""

    def __init__(self, error: ConnectionLost, number: int, size: int) -> None:
        super().__init__(str(error))
        self.at = (number, size)


def read_whole(
    wire: Pop3Wire, numbers: Sequence[int], sizes: dict[int, int]
) -> Iterator[tuple[int, bytes]]:
    """Stream messages by RETR; those that the server refuses are left out.

    Raises:
        BrokenAt: the connection broke at one.
        Unreachable: it timed out.
    """
    replies = wire.ask_many([Pop3Command(f"RETR {n}", _limit(sizes, n)) for n in numbers])
    for number in numbers:
        try:
            reply = next(replies)
        except ConnectionLost as error:
            raise BrokenAt(error, number, sizes.get(number, 0)) from error
        if reply.ok:
            yield number, reply.data


def digest_in(name: str) -> str | None:
    """The content digest in a name that was made from a message which was read whole."""
    found = _DIGEST.search(name)
    return found[1] if found else None


def mega(octets: int) -> str:
    """A size as the configuration has it."""
    number = f"{octets / 1e6:,.1f}".removesuffix(".0")
    return f"{number} MB"


def read_headers(
    wire: Pop3Wire, numbers: Sequence[int], sizes: dict[int, int], progress: Progress = unwatched
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
    if name.startswith((_FROM_HEADER, _FROM_BYTES)):
        return name.rpartition("#")[0]
    return name.partition(f":{_FROM_HEADER}")[0].partition(f":{_FROM_BYTES}")[0]


def _named(
    numbers: Iterable[int],
    vague: set[int],
    uidls: dict[int, str],
    sizes: dict[int, int],
    headers: dict[int, bytes],
    digests: dict[int, str],
) -> dict[str, int]:
    names: dict[str, int] = {}
    alike: Counter[str] = Counter()
    for number in numbers:
        name = uidls.get(number, "")
        if number in vague:
            name = f"{name}:" if name else ""
            if number not in headers:
                name += f"#{number}:{sizes.get(number, 0)}"
            else:
                if number in digests:
                    name += f"{_FROM_BYTES}{digests[number]}"
                else:
                    name += f"{_FROM_HEADER}{_mark(headers[number])}"
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
