"""What all tests have in common."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Give signals their meaning: whoever starts the tests under nohup has SIGHUP ignored.

    The program keeps to that, as it must, and so would every process that a test sends one to.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
