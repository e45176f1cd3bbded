"""What all tests have in common."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.servers.dovecot import Dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator


settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

_LONG = ("demo", "e2e", "faults", "screenshots")
"""Where the files are that take longest."""
_MEMORY = Path("/dev/shm")
_ROOM = 512 << 20
"""Octets; the whole suite takes about a tenth of it."""


def pytest_configure() -> None:
    """Give signals their meaning: whoever starts the tests under nohup has SIGHUP ignored.

    The program keeps to that, as it must, and so would every process that a test sends one to.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    _write_to_memory()


def _write_to_memory() -> None:
    """Have temporary files in memory, if one can: nothing of a test has to outlive the machine.

    The program flushes every message and every transaction, which takes a busy disk most of the
    time of a test. ``TMPDIR`` says otherwise.
    """
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK | os.X_OK):
        facts = os.statvfs(_MEMORY)
        if facts.f_bavail * facts.f_frsize >= _ROOM and not facts.f_flag & os.ST_NOEXEC:
            os.environ["TMPDIR"] = str(_MEMORY)
            tempfile.tempdir = None  # it may have been looked up before


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left with one of them."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


def pytest_xdist_auto_num_workers() -> int:
    """How many processes test at once: two a core, as one in two waits for a server."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    """One Dovecot for all tests of a process; each has users of its own on it."""
    with Dovecot() as dovecot:
        yield dovecot
