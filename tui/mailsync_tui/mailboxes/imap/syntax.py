"""The grammar of IMAP answers and arguments (RFC 9051, 9), without any connection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone

from mailsync_tui.mailboxes.base import MailboxError

SET_LIMIT = 7000
"""Octets of a UID set: with the rest of its command well below the 8 kB that all servers take."""

_DIGITS = 19
"""Of the largest number."""

Token = bytes | None | list["Token"]
"""An atom, string or literal; ``NIL``; a parenthesised list."""

_TOKEN = re.compile(
    rb"\s*(?:"
    rb"([()])"
    rb'|"([^"\\]*(?:\\.[^"\\]*)*)"'
    # A section is part of its atom, blanks and all: BODY[HEADER.FIELDS (FROM)].
    rb'|([^\s()"\[]+(?:\[[^\]]{0,999}\][^\s()"\[]*|\[[^\s()"\[]*)*|\[[^\s()"]*)'
    rb")",
    re.DOTALL,
)
_PAREN, _QUOTED = 1, 2
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_CODE = re.compile(rb"\[([^\s\]]+)(?: ([^\]]*))?\]")
_KEYWORD = re.compile(r"[!#-$&'+\-./0-9:;<=>?@A-Z^_`a-z|}~\[]+")
_SYSTEM_FLAGS = {"\\seen": "\\Seen", "\\answered": "\\Answered", "\\flagged": "\\Flagged"}
_SYSTEM_FLAGS |= {"\\draft": "\\Draft"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    rb"\s*(\d{1,2})-(\w{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})", re.ASCII
)
_MONTH_NUMBERS = {name.lower().encode(): number for number, name in enumerate(_MONTHS, 1)}


class GarbledError(ValueError):
    """What came is not IMAP."""


def tokens(parts: Sequence[bytes], start: int = 0) -> list[Token]:
    """Parse an answer into nested lists.

    Args:
        parts: Text and literals in turn, as the wire reads them.
        start: Where to begin in the first text.

    Raises:
        GarbledError: unbalanced, or not to be read.
    """
    top: list[Token] = []
    stack = [top]
    current = top
    for index, part in enumerate(parts):
        if index % 2:
            current.append(part)
            continue
        position = start if index == 0 else 0
        for match in _TOKEN.finditer(part, position):
            if match.start() != position:
                break
            position = match.end()
            kind = match.lastindex
            if kind == _QUOTED:
                quoted = match[2]
                current.append(_ESCAPE.sub(rb"\1", quoted) if b"\\" in quoted else quoted)
            elif kind != _PAREN:
                atom = match[3]
                current.append(None if atom in (b"NIL", b"nil") else atom)
            elif match[1] == b"(":
                inner: list[Token] = []
                current.append(inner)
                stack.append(inner)
                current = inner
            else:
                stack.pop()
                if not stack:
                    raise GarbledError("an answer that cannot be read")
                current = stack[-1]
        if part[position:].strip():
            raise GarbledError("an answer that cannot be read")
    if len(stack) != 1:
        raise GarbledError("an answer that ends too early")
    return top


def response_code(text: bytes) -> tuple[bytes, bytes]:
    """The code in brackets at the start of a status text, and its argument; empty if none."""
    match = _CODE.match(text)
    if match is None:
        return b"", b""
    return match[1].upper(), match[2] or b""


def number(text: Token) -> int | None:
    """A number as far as IMAP has them, 63 bits (RFC 9051, 9); ``None`` if it is none."""
    if not isinstance(text, bytes) or len(text) > _DIGITS or not text.isdigit():
        return None
    return value if (value := int(text)) < 2**63 else None


def expand_set(text: bytes, limit: int) -> list[int]:
    """The numbers of a sequence set, in the order in which it names them.

    Args:
        text: Such as ``1:3,7``.
        limit: More numbers than this are not believed.

    Raises:
        GarbledError: no set, or too large a one.
    """
    numbers: list[int] = []
    for piece in text.split(b","):
        first, colon, last = piece.partition(b":")
        try:
            low = int(first)
            high = int(last) if colon else low
        except ValueError:
            raise GarbledError("a set of numbers that cannot be read") from None
        if low > high:
            low, high = high, low
        if high - low >= limit - len(numbers):
            raise GarbledError("a set of more messages than there are")
        numbers.extend(range(low, high + 1))
    return numbers


def uid_sets(uids: Iterable[int], most: int) -> Iterator[tuple[list[int], bytes]]:
    """Cut UIDs into commands: at most ``most`` each, and a short enough set.

    Yields:
        The UIDs in the order given, and the set that names exactly these.
    """
    batch: list[int] = []
    # An upper bound of the set's length: every number and a comma; runs only make it shorter.
    length = 0
    for uid in uids:
        width = len(str(uid)) + 1
        if batch and (len(batch) >= most or length + width > SET_LIMIT):
            yield batch, uid_set(batch)
            batch, length = [], 0
        batch.append(uid)
        length += width
    if batch:
        yield batch, uid_set(batch)


def uid_set(uids: Iterable[int]) -> bytes:
    """The shortest set that names exactly these UIDs."""
    runs: list[str] = []
    first = last = 0
    for uid in sorted(set(uids)):
        if first and uid == last + 1:
            last = uid
            continue
        if first:
            runs.append(str(first) if first == last else f"{first}:{last}")
        first = last = uid
    if first:
        runs.append(str(first) if first == last else f"{first}:{last}")
    return ",".join(runs).encode("ascii")


def quoted(text: bytes) -> bytes:
    """A quoted string.

    Raises:
        MailboxError: the text holds what no quoted string can.
    """
    # Octets above 127 are no IMAP4rev1, but some servers list such names, and take them back.
    if any(octet in b"\r\n\0" for octet in text):
        raise MailboxError("a folder name with characters that IMAP cannot carry")
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def parse_date(text: Token) -> datetime | None:
    """An INTERNALDATE as an aware time, or ``None`` if it is none."""
    match = _DATE.match(text) if isinstance(text, bytes) else None
    month = _MONTH_NUMBERS.get(match[2].lower()) if match else None
    if match is None or month is None:
        return None
    offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
    if match[7] == b"-":
        offset = -offset
    try:
        return datetime(
            int(match[3]),
            month,
            int(match[1]),
            int(match[4]),
            int(match[5]),
            int(match[6]),
            tzinfo=timezone(offset) if offset else UTC,
        )
    except ValueError:
        return None


def format_date(date: datetime) -> bytes:
    """An aware time as the date-time argument of APPEND, quotes included."""
    offset = date.utcoffset() or timedelta()
    if offset.seconds % 60:
        date, offset = date.astimezone(UTC), timedelta()
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    return (
        f'"{date.day:2d}-{_MONTHS[date.month - 1]}-{date.year:04d} '
        f'{date.hour:02d}:{date.minute:02d}:{date.second:02d} {sign}{hours:02d}{minutes:02d}"'
    ).encode("ascii")


def flags_of(value: Token) -> frozenset[str]:
    r"""The flags of a FETCH answer, without ``\Recent``, system flags in their usual case."""
    if not isinstance(value, list):
        return frozenset()
    names = (flag.decode("ascii", "replace") for flag in value if isinstance(flag, bytes))
    return frozenset(
        _SYSTEM_FLAGS.get(name.lower(), "\\Deleted" if name.lower() == "\\deleted" else name)
        for name in names
        if name.lower() != "\\recent"
    )


def storable_flags(flags: Iterable[str], keywords: bool) -> list[str]:
    r"""Those that may be given with APPEND: never ``\Recent`` or ``\Deleted``; sorted.

    Args:
        flags: As they were read.
        keywords: Keep keywords too, as far as they are atoms.
    """
    chosen: set[str] = set()
    for flag in flags:
        if flag.startswith("\\"):
            known = _SYSTEM_FLAGS.get(flag.lower())
            if known:
                chosen.add(known)
        elif keywords and _KEYWORD.fullmatch(flag):
            chosen.add(flag)
    return sorted(chosen)
