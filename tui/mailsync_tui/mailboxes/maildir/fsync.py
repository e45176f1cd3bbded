"""Putting many new files on disk at once."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

THREADS = 8
"""Files that are flushed at a time where each has to be flushed by itself."""

_REPORTS_ERRORS = (5, 8)
"""The first Linux whose syncfs(2) tells that some write failed."""

_LOCAL = frozenset({0xEF53, 0x58465342, 0x9123683E, 0xF2F52010})
"""Linux' numbers of the file systems that syncfs(2) is known to put on disk: ext2 to ext4, XFS,
Btrfs, F2FS. One in user space (FUSE) may take it for nothing."""


def flush(directory: Path, descriptors: Sequence[int]) -> list[OSError | None]:
    """Put files of one directory on disk; for each what went wrong, if anything.

    The whole file system at once where that is sure to work: 200 files cost then as much as one.
    """
    if len(descriptors) > 1 and _flush_all(directory):
        return [None] * len(descriptors)
    share = -(-len(descriptors) // THREADS)
    shares = [descriptors[at : at + share] for at in range(0, len(descriptors), share or 1)]
    if len(shares) < 2:
        return _flush_each(descriptors)
    with ThreadPoolExecutor(len(shares)) as pool:
        return [error for part in pool.map(_flush_each, shares) for error in part]


def _flush_each(descriptors: Sequence[int]) -> list[OSError | None]:
    errors: list[OSError | None] = []
    for descriptor in descriptors:
        try:
            os.fsync(descriptor)
            errors.append(None)
        except OSError as error:
            errors.append(error)
    return errors


def _flush_all(directory: Path) -> bool:
    """Whether the whole file system was put on disk; if not, each file has to be."""
    if _whole is None:
        return False
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _whole(descriptor)
    finally:
        os.close(descriptor)


def _find_whole() -> Callable[[int], bool] | None:
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if sys.platform != "linux" or sys.maxsize < 2**32 or release is None:
        return None
    if tuple(map(int, release.groups())) < _REPORTS_ERRORS:
        return None
    import ctypes  # not where nothing is stored

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        return None

    def whole(descriptor: int) -> bool:
        facts = (ctypes.c_long * 32)()  # struct statfs begins with f_type, a word
        if libc.fstatfs(descriptor, facts) != 0 or facts[0] not in _LOCAL:
            return False
        return bool(libc.syncfs(descriptor) == 0)

    return whole


_whole = _find_whole()
