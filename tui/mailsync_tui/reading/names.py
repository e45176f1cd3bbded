"""File names that a sender chose, made safe to show and to write."""

from __future__ import annotations

import re

from mailsync_tui.text.safe import safe_text

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
