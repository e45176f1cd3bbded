"""Directories and files that are one person's alone: they hold mail."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path


def make_private_dir(path: Path) -> bool:
    """Make a directory 0700, and whatever lacks above it, durably.

    Args:
        path: The directory; one that exists is left as it is.

    Returns:
        Whether it was made.

    Raises:
        OSError: It cannot be made, or something else is there.
    """
    if path.is_dir():
        return False
    if not path.parent.is_dir():
        make_private_dir(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_dir(path.parent)
    return True


def mending(path: Path) -> str | None:
    """The command that takes a file or directory away from others; ``None``: they have no access.

    Raises:
        OSError: It cannot be looked at.
    """
    mode = path.stat().st_mode
    if not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return None
    return f"chmod {700 if stat.S_ISDIR(mode) else 600} {shlex.quote(str(path))}"


def sync_dir(path: Path) -> None:
    """Put a directory's entries on disk, so that a rename in it outlives a power cut.

    Raises:
        OSError: The disk refuses.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
