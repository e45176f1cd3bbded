"""Names in a Maildir: of folders (Maildir++), of files, and the flags in them.

Maildir++ puts each folder beside the others in a directory that begins with a dot, its levels
joined by dots, spelled in IMAP's modified UTF-7 (RFC 3501, 5.1.3), as Courier and Dovecot do.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable

from mailsync_tui.mailboxes.base import Role, Uid

INBOX = "INBOX"

_FLAGS = {
    "D": "\\Draft",
    "F": "\\Flagged",
    "P": "$Forwarded",
    "R": "\\Answered",
    "S": "\\Seen",
    "T": "\\Deleted",
}
_LETTERS = {flag.casefold(): letter for letter, flag in _FLAGS.items()}

_ROLES = {
    "trash": Role.TRASH,
    "deleted": Role.TRASH,
    "deleted items": Role.TRASH,
    "deleted messages": Role.TRASH,
    "junk": Role.JUNK,
    "junk e-mail": Role.JUNK,
    "spam": Role.JUNK,
    "drafts": Role.DRAFTS,
    "sent": Role.SENT,
    "sent items": Role.SENT,
    "sent messages": Role.SENT,
    "all mail": Role.ALL,
}

_ENCODED = re.compile(r"&([^-]*)-")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def role_of(name: str, trash: str | None, junk: str | None) -> Role:
    """What a folder is for, by the configuration or else by its last level's well-known name."""
    if name == INBOX:
        return Role.INBOX
    if name == trash:
        return Role.TRASH
    if name == junk:
        return Role.JUNK
    role = _ROLES.get(name.rpartition("/")[2].casefold(), Role.NORMAL)
    configured = {Role.TRASH: trash, Role.JUNK: junk}
    return Role.NORMAL if configured.get(role) is not None else role


def folder_name(directory: str) -> str:
    """The ``/`` form of a Maildir++ directory's name.

    It can be stored and printed as UTF-8 whatever bytes the directory's name is made of, and
    :func:`directory_name` leads back to it unless those bytes are no modified UTF-7.
    """
    levels = directory.removeprefix(".").split(".")
    return "/".join(_decode(printable(level)) for level in levels)


def directory_name(name: str) -> str:
    """The Maildir++ directory for a folder's ``/`` form; empty for ``INBOX``."""
    if name == INBOX:
        return ""
    directory = "." + ".".join(_encode(level) for level in name.split("/"))
    # What has no name at all is INBOX, as in Maildir.resolve(); never the directory above.
    return "" if directory == ".." else directory


def printable(name: str) -> str:
    """A file system's name as text that can be encoded: stray bytes are spelled out."""
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def unique_name(file: str) -> str:
    """A file's name without its flags: what identifies the message within its folder."""
    return printable(file.partition(":")[0])


def flags_of(file: str) -> frozenset[str]:
    """The flags in a file's name; letters of no fixed meaning are left out."""
    letters = file.rpartition("/")[2].partition(":2,")[2]
    return frozenset(_FLAGS[letter] for letter in letters if letter in _FLAGS)


def flagged(name: str, flags: Iterable[str]) -> str:
    """The path below the folder for a unique name with these flags: in ``new`` or in ``cur``."""
    letters = {_LETTERS[flag.casefold()] for flag in flags if flag.casefold() in _LETTERS}
    return f"cur/{name}:2,{''.join(sorted(letters))}" if letters else f"new/{name}"


def arrival_order(name: Uid) -> tuple[int, str]:
    """Sorts unique names, which begin with the second of delivery, oldest first."""
    text = str(name)
    seconds = text.partition(".")[0]
    return (int(seconds) if seconds.isdecimal() and len(seconds) < 20 else 0, text)


def _decode(level: str) -> str:
    try:
        text = _ENCODED.sub(lambda match: _decode_run(match[1]), level)
        # Only one spelling per name, or two directories would pass for one folder.
        return text if _encode(text) == level else level
    except (ValueError, UnicodeError):
        return level


def _decode_run(run: str) -> str:
    if not run:
        return "&"
    padded = run.replace(",", "/") + "=" * (-len(run) % 4)
    text = binascii.a2b_base64(padded, strict_mode=True).decode("utf-16-be")
    if "/" in text or "\0" in text:
        raise ValueError("no folder name")
    return text


def _encode(level: str) -> str:
    return _UNPRINTABLE.sub(lambda match: _encode_run(match[0]), level.replace("&", "&-"))


def _encode_run(run: str) -> str:
    encoded = binascii.b2a_base64(run.encode("utf-16-be"), newline=False)
    return "&" + encoded.decode("ascii").rstrip("=").replace("/", ",") + "-"
