"""The attachments of a message: listed with a safe name and their size, and saved."""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from mailsync_tui.reading.fields import parameter_text
from mailsync_tui.reading.mime import Part, Tree, parse
from mailsync_tui.reading.selection import select
from mailsync_tui.reading.transfer import ENCODED, Decoder
from mailsync_tui.text.safe import safe_text

ATTACHMENTS_LISTED = 1000
"""Attachments of one message that are listed, and can be saved, at most."""

_NAMES_TRIED = 1000

NAME_BYTES = 120
"""The longest name in UTF-8; file systems take 255 bytes, and some encrypting ones 143."""

_EXTENSION_BYTES = 20

# Path separators of any system, what shells and other systems read a meaning into, and the mark
# that stands for what must not be shown.
_UNSAFE = re.compile(r"[/\\:*?\"<>|`$\ufffd]")
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|clock\$)(?=\.|\Z| )")
_OUTER_FRONT = " .-~"
_OUTER_BACK = " ."

_EXTENSIONS = {
    "application/gzip": ".gz",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/ms-tnef": ".dat",
    "application/pdf": ".pdf",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-mime": ".p7m",
    "application/x-pkcs7-signature": ".p7s",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/webp": ".webp",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/vcard": ".vcf",
    "video/mp4": ".mp4",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message that can be saved as a file."""

    number: int
    """From 1, in the order of the message."""
    name: str
    """Safe to show and as a file name; made up where the message gives none."""
    type: str
    """The media type as it was declared, in lower case; it proves nothing."""
    size: int
    """Bytes after decoding."""
    charset: str
    """The charset that was declared, sanitised; empty if there is none."""


def attachment_of(tree: Tree, part: Part, number: int) -> Attachment:
    """Describe one attachment; what is encoded is decoded to learn its size."""
    if part.encoding in ENCODED:
        pieces = Decoder(part.encoding).decode(tree.data, part.start, part.end)
        size = sum(len(piece) for piece in pieces)
    else:
        size = part.end - part.start  # messages within messages would be counted again and again
    return Attachment(
        number=number,
        name=_name_of(part, number),
        type=part.type,
        size=size,
        charset=safe_text(part.charset, 40),
    )


def write_attachment(raw: bytes, number: int, directory: Path) -> Path:
    """Save one attachment of a message as a new file that only its owner can read (0600).

    No file is ever overwritten and no symbolic link followed: where the name is taken, `` (2)``
    and so on is put before its extension. What could not be written whole is removed.

    Args:
        raw: the message.
        number: the number that the attachment was listed with.
        directory: an existing directory; not one in which everyone may replace files.

    Returns:
        the path of the new file.

    Raises:
        LookupError: the message has no such attachment.
        OSError: the directory is missing, not to be trusted or full.
    """
    tree = parse(raw)
    parts = select(tree).attachments[:ATTACHMENTS_LISTED]
    if not 1 <= number <= len(parts):
        raise LookupError(f"the message has no attachment {number}")
    part = parts[number - 1]
    # The directory is opened once, so that the file lands in the one that was looked at.
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        mode = os.fstat(place).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise PermissionError(
                errno.EPERM, "everyone may replace files in this directory", str(directory)
            )
        name, file = _new_file(place, _name_of(part, number), directory)
        try:
            with open(file, "wb") as stream:  # noqa: PTH123 - a descriptor has no path
                for piece in Decoder(part.encoding).decode(tree.data, part.start, part.end):
                    stream.write(piece)
        except BaseException:
            os.unlink(name, dir_fd=place)
            raise
    finally:
        os.close(place)
    return directory / name


def _name_of(part: Part, number: int) -> str:
    default = default_name(number, part.type)
    return safe_name(parameter_text(part.filename), default) if part.filename else default


def _new_file(place: int, name: str, directory: Path) -> tuple[str, int]:
    """The name and the descriptor of a file that was not there before."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    for attempt in range(1, _NAMES_TRIED + 1):
        free = name if attempt == 1 else fitted(name, f" ({attempt})")
        try:
            return free, os.open(free, flags, 0o600, dir_fd=place)
        except FileExistsError:
            continue
    raise FileExistsError(errno.EEXIST, "too many files have this name", str(directory / name))


# The names that a sender chose


def default_name(number: int, type_: str) -> str:
    """The name of a part that has none.

    Args:
        number: its number among the attachments.
        type_: its media type, in lower case.
    """
    return f"part-{number}{_EXTENSIONS.get(type_, '.bin')}"


def safe_name(name: str, default: str) -> str:
    """A name that denotes a new file in whatever directory it is put, and nothing else.

    No path separator, control or invisible character, no leading dot, dash or tilde, no trailing
    dot or blank, no device name of another system, at most :data:`NAME_BYTES` bytes with the
    extension kept. Only the last component of a path counts.

    Args:
        name: what the sender wrote, decoded.
        default: taken where nothing of it remains; safe itself.
    """
    parts = [part for part in re.split(r"[/\\]", name[-4000:]) if part.strip(" .")]
    text = safe_text(parts[-1]) if parts else ""
    text = " ".join(_UNSAFE.sub("_", text).split())
    text = _trimmed(text)
    if not text.strip("_ ."):
        return default
    if _RESERVED.match(text):
        text = f"_{text}"
    return fitted(text, "")


def fitted(name: str, suffix: str) -> str:
    """A safe name with a suffix before its extension, within :data:`NAME_BYTES` bytes."""
    stem, extension = _split(name)
    room = NAME_BYTES - len((suffix + extension).encode())
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(_OUTER_BACK)
    return f"{stem or '_'}{suffix}{extension}"


def _trimmed(text: str) -> str:
    return text.lstrip(_OUTER_FRONT).rstrip(_OUTER_BACK)


def _split(name: str) -> tuple[str, str]:
    """The stem and the extension with its dot; the latter is empty where it is none."""
    stem, dot, extension = name.rpartition(".")
    if not stem or not extension.isalnum() or len(extension.encode()) > _EXTENSION_BYTES:
        return name, ""
    return stem, dot + extension
