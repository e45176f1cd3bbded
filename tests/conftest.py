"""What all tests have in common."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.servers.dovecot import Dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure() -> None:
    """Give signals their meaning: whoever starts the tests under nohup has SIGHUP ignored.

    The program keeps to that, as it must, and so would every process that a test sends one to.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def pytest_xdist_auto_num_workers() -> int:
    """How many processes test at once: half of their time most wait for a server or the disk."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    """One Dovecot for all tests of a process; each has users of its own on it."""
    with Dovecot() as dovecot:
        yield dovecot
