"""Saving attachments: which one, where to, and what went wrong, in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from platformdirs.unix import Unix

from mailsync_tui.reading import Attachment, write_attachment
from mailsync_tui.report.words import size_in_words
from mailsync_tui.text.safe import safe_text

_NAMED = 12
"""Attachments that a question names."""


def suggested_directory() -> str:
    """The person's download directory if there is one, else the current directory."""
    downloads = Path(Unix().user_downloads_dir)
    return str(downloads if downloads.is_dir() else Path.cwd())


def directory_problem(answer: str) -> str:
    """What is wrong with the name of a directory; empty if nothing is."""
    if not answer.strip():
        return "Type the name of a directory, or press Esc."
    try:
        found = _path(answer).is_dir()
    except (OSError, ValueError):
        found = False
    return "" if found else "There is no such directory."


def choices(attachments: Sequence[Attachment]) -> list[str]:
    """The attachments, in sentences of a question."""
    named = [f"{one.number}  {one.name}, {size_in_words(one.size)}" for one in attachments[:_NAMED]]
    more = len(attachments) - _NAMED
    return (
        [*named, f"... to {attachments[-1].number}, as listed in the message"]
        if more > 0
        else named
    )


def number_problem(answer: str, attachments: Sequence[Attachment]) -> str:
    """What is wrong with the number of an attachment; empty if nothing is."""
    if chosen(answer, attachments) is None:
        return f"Type a number from 1 to {len(attachments)}, or press Esc."
    return ""


def chosen(answer: str, attachments: Sequence[Attachment]) -> Attachment | None:
    """The attachment with that number."""
    return next((one for one in attachments if str(one.number) == answer.strip()), None)


def save(raw: bytes, number: int, directory: str) -> tuple[str, str]:
    """Save an attachment under its safe name; nothing is ever overwritten.

    Args:
        raw: The message.
        number: The attachment's.
        directory: As the person typed it.

    Returns:
        Where it lies, and what went wrong: one of them is empty.
    """
    try:
        path = write_attachment(raw, number, _path(directory))
    except (OSError, LookupError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return "", safe_text(f"not saved to {directory}: {reason}", 300)
    return safe_text(str(path), 300), ""


def _path(name: str) -> Path:
    # Not Path.expanduser: that raises RuntimeError for an unknown user.
    return Path(os.path.abspath(os.path.expanduser(name.strip())))  # noqa: PTH100, PTH111
