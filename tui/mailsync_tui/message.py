"""Where a message lies, and which it is: identity, digest and summary, from the raw bytes.

Raw bytes only: ``email.policy.default`` cuts Message-IDs with commas and colons and raises on some
(DESIGN.md, rule 3), and parsing a message and writing it back changes most real messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b, sha256
from typing import Literal, NamedTuple

from mailsync_tui.text.encoded_words import decode_words, text_of
from mailsync_tui.text.safe import safe_text

HEAD_FIELDS = ("Message-ID", "From", "Date", "Subject")
"""The header fields that an identity and a summary need; asked for by name over IMAP."""

Agreement = Literal["same", "unsure", "unlike"]

Uid = int | str
"""IMAP: the UID. POP3: the UIDL (or a name made from the headers). Maildir: the unique name."""


class Location(NamedTuple):
    """Where one copy of a message lies inside one mailbox."""

    folder: str
    """With ``/`` between levels, whatever the server's delimiter; POP3: ``INBOX``."""
    validity: int
    """IMAP: UIDVALIDITY (RFC 9051, 2.3.1.1); 0 elsewhere."""
    uid: Uid


class Raw(NamedTuple):
    """A message's bytes, exactly as the mailbox gave them."""

    location: Location
    data: bytes
    flags: frozenset[str]
    date: datetime | None


_SHOWN = 1000
"""Characters of a subject or sender that are shown at most."""

_READ = 16_000
"""Characters of a header field that are decoded for showing; a line may have a million."""

_DIGEST_NAMES = (
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"content-type",
    b"content-transfer-encoding",
    b"content-disposition",
)
"""What the author wrote of a header, and what tells how the body is to be read.

Not MIME-Version, which relays add and which says nothing; not Reply-To and Sender, which lists
set; not Bcc, which only the sender's copy has; not what each delivery writes anew (Received,
Return-Path, Delivered-To, X-*, Status).
"""

_SERVER_NAMES = (
    b"status x-status x-keywords x-uid x-uidl x-imap x-imapbase lines content-length received "
    b"return-path delivered-to envelope-to x-original-to"
).split()
"""Fields that servers add to a message they store or deliver."""

# Searched in unfolded lines, each with its line end before it: one pass in C, whatever the header.
_KNOWN_FIELD = re.compile(rb"(?i)\n(%b)[ \t]*:([^\n]*)" % b"|".join(_DIGEST_NAMES))
_NO_FIELD = re.compile(rb"\n(?![^\0- :]+[ \t]*:)([^\n]+)")
_SERVER_FIELD = re.compile(rb"(?i)\n(?:%b)[ \t]*:[^\n]*" % b"|".join(_SERVER_NAMES))

_BLANK = b" \t\r\n\0"
_CHUNK = 1 << 20

_MBOX_LINES = re.compile(rb"(?:>*From [^\r\n]{1,300}?\d:\d\d[^\r\n]*(?:\r*\n|\r)){1,9}")
_EMPTY_LINE = re.compile(rb"\n\r*\n")
_EMPTY_LINE_OF_CR = re.compile(rb"\r\r")
_LINE_ENDS = re.compile(rb"[\r\n]+")
_QUOTED_FROM = re.compile(rb"([\r\n])>+From(?= |\Z)")  # the blank after it may have been cut


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one message from another."""

    message_id: str | None
    """The raw header value, whole, unfolded, outer white space cut, case kept; ``None`` if absent
    or empty (``<>`` names nothing either)."""
    sender: str
    """The address of From, case-folded; the whole normalised value where there is no address."""
    date: str
    """The raw Date value with white space collapsed."""
    subject: str
    """The raw Subject value with white space collapsed; counts only without a Message-ID."""
    digest: str | None = None
    """The content digest, where the bytes were read."""
    _key: bytes = field(default=b"", init=False, repr=False, compare=False)
    """The key, once it was asked for: it is asked for again and again."""

    @property
    def key(self) -> bytes:
        """16 bytes; equal for all messages that may be the same as far as headers tell.

        With a Message-ID: from id, sender and date. Without: from sender, date and subject.
        """
        if self._key:
            return self._key
        if self.message_id is None:
            person, parts = b"mailsync no id", (self.sender, self.date, self.subject)
        else:
            person, parts = b"mailsync id", (self.message_id, self.sender, self.date)
        # Values read from a header hold no NUL, so the parts cannot run into each other.
        data = "\0".join(parts).encode("utf-8", "surrogatepass")
        key = blake2b(data, digest_size=16, person=person).digest()
        object.__setattr__(self, "_key", key)
        return key

    def agreement(self, other: Identity) -> Agreement:
        """Whether both are the same message, as far as is known.

        Returns:
            ``same``: key and digests agree; ``unsure``: the key agrees and a digest is lacking;
            ``unlike``: the keys differ, or the digests do.
        """
        if self.key != other.key:
            return "unlike"
        if self.digest is None or other.digest is None:
            return "unsure"
        return "same" if self.digest == other.digest else "unlike"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a person is shown of a message: decoded, sanitised, never markup."""

    subject: str
    sender: str
    date: datetime | None
    """Aware, UTC; ``None`` if the header cannot be read."""


def identity_of_header(header: bytes) -> Identity:
    """The identity without a digest, from raw header lines. Never raises.

    Args:
        header: all of the header, or the lines of :data:`HEAD_FIELDS`; a body may follow.
    """
    return _identity(_read_header(_split(header)[0])[0], None)


def identity_of(data: bytes) -> Identity:
    """The identity with the digest, from a whole message. Never raises."""
    header, start = _split(data)
    fields, oddities = _read_header(header)
    return _identity(fields, _digest(data, start, fields, oddities))


def content_digest(data: bytes) -> str:
    """The content digest of a whole message: 64 hexadecimal digits. Never raises.

    It is the same for all copies of a message, whichever server stored them: line ends, added
    server fields, ``>From`` quoting, NULs and blanks at the end do not count.
    """
    header, start = _split(data)
    return _digest(data, start, *_read_header(header))


def summary_of_header(header: bytes) -> Summary:
    """What is shown of a message, from raw header lines. Never raises."""
    return _summary(_read_header(_split(header)[0])[0])


def read_header(header: bytes) -> tuple[Identity, Summary]:
    """Both :func:`identity_of_header` and :func:`summary_of_header`, in one reading."""
    fields = _read_header(_split(header)[0])[0]
    return _identity(fields, None), _summary(fields)


def _summary(fields: dict[bytes, bytes]) -> Summary:
    return Summary(
        subject=safe_text(decode_words(_value(fields, b"subject")[:_READ]).strip(), _SHOWN),
        sender=safe_text(_shown_sender(_value(fields, b"from")[:_READ]), _SHOWN),
        date=_parse_date(_value(fields, b"date")),
    )


# Header and body


def _split(data: bytes) -> tuple[bytes, int]:
    """The header without an mbox ``From`` line before it, and where the rest begins.

    The header ends at the first empty line. Servers see no line end in a bare CR (RFC 5322, 2.3),
    so two of these end it only where no LF does.
    """
    begin = 0
    if data.startswith((b"From ", b">")) and (mbox := _MBOX_LINES.match(data)):
        begin = mbox.end()
    if data.startswith((b"\n", b"\r"), begin):
        return b"", begin
    empty = _EMPTY_LINE.search(data, begin) or _EMPTY_LINE_OF_CR.search(data, begin)
    if empty is None:
        return data[begin:], len(data)
    return data[begin : empty.start() + 1], empty.end() - 1


def _read_header(header: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """The first occurrence of every known field, and the lines that are no field at all.

    Where there is no known field, the latter are all lines but those that servers add: it may
    well be text without a header, and then they are all that tells two such messages apart.
    """
    if b"\r" in header:
        header = header.replace(b"\r\n", b"\n")
        if b"\r" in header:
            header = _LINE_ENDS.sub(b"\n", header)
    # RFC 5322, 2.2.3: a line that begins with white space continues the field before it.
    lines = b"\n" + header.replace(b"\n ", b" ").replace(b"\n\t", b" ")
    fields: dict[bytes, bytes] = {}
    for name, value in _KNOWN_FIELD.findall(lines):
        fields.setdefault(name.lower(), value)
    if not fields:
        return fields, _SERVER_FIELD.sub(b"", lines)
    return fields, b"".join(_NO_FIELD.findall(lines))


def _digest(data: bytes, start: int, fields: dict[bytes, bytes], oddities: bytes) -> str:
    """Hash the chosen fields and the body from ``start``, without a copy of a large body."""
    parts = [name + b":" + fields.get(name, b"").translate(None, _BLANK) for name in _DIGEST_NAMES]
    parts.append(oddities.translate(None, _BLANK))
    state = sha256(b"\n".join(parts) + b"\n")
    end = _end_of_text(data, start)
    if data.find(b">From", start, end) >= 0:
        data = _QUOTED_FROM.sub(rb"\1From", data[start:end])
        start, end = 0, len(data)
    # Line ends are left out rather than made alike: CR CR LF, which real mail has, is one line
    # end to one server and two to another. What remains still tells unlike bodies apart.
    for at in range(start, end, _CHUNK):
        state.update(data[at : min(at + _CHUNK, end)].translate(None, b"\r\n\0"))
    return state.hexdigest()


def _end_of_text(data: bytes, start: int) -> int:
    """Where the body ends when the blanks behind it are cut, without copying the body."""
    end = len(data)
    while end > start:
        tail = data[max(start, end - _CHUNK // 16) : end]
        kept = len(tail.rstrip(_BLANK))
        end -= len(tail) - kept
        if kept:
            break
    return end


# Values


def _value(fields: dict[bytes, bytes], name: bytes) -> str:
    """A field as text, white space collapsed; NULs, which servers drop, are left out."""
    return text_of(b" ".join(fields.get(name, b"").replace(b"\0", b"").split()))


def _identity(fields: dict[bytes, bytes], digest: str | None) -> Identity:
    message_id = _value(fields, b"message-id")
    sender = _value(fields, b"from")
    return Identity(
        message_id=None if message_id in ("", "<>") else message_id,
        sender=(_split_sender(sender)[1] or sender).casefold(),
        date=_value(fields, b"date"),
        subject=_value(fields, b"subject"),
        digest=digest,
    )


def _split_sender(value: str) -> tuple[str, str]:
    """What stands before the last ``<…>``, and what in it; the latter is empty without one."""
    close = value.rfind(">")
    begin = value.rfind("<", 0, close) if close > 0 else -1
    if begin < 0:
        return value, ""
    return value[:begin].strip(), value[begin + 1 : close].strip()


def _shown_sender(value: str) -> str:
    # The address is taken before anything is decoded: an encoded name may hold another one.
    name, address = _split_sender(value)
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    name = decode_words(name).strip()
    if not address:
        return name
    return f"{name} <{address}>" if name else address


# A year that email.utils takes for another one: it reads 0001 and 1 as 2001 (RFC 5322, 4.3)
_NO_YEAR = re.compile(r"\d[ -]+[A-Za-z]{3,9}[ -]+(?:\d|0\d\d+)(?!\S)|(?:^| )0\d{3}$")


def _parse_date(value: str) -> datetime | None:
    value = value[:200]
    if not value or _NO_YEAR.search(value):
        return None
    try:
        date = parsedate_to_datetime(value)
        if date.tzinfo is None:
            return date.replace(tzinfo=UTC)
        return date.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
