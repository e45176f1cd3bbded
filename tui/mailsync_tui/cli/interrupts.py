"""SIGINT, SIGTERM and SIGHUP: finish the current message, begin no other, end with 130."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Self

from mailsync_tui.engine.events import Applying, Event
from mailsync_tui.errors import INTERRUPTED, Interrupted

if TYPE_CHECKING:
    from mailsync_tui.cli.output import Output
    from mailsync_tui.session.session import Session

_ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN = 0.2
"""Seconds between two looks whether it has ended, or now applies."""
_PATIENCE = 5
"""So many looks: some waiting cannot be cut (for a file system that hangs), and while nothing is
applied there is nothing to finish."""
_LAST = 3
"""The signal that ends the process on the spot; the journal settles what was under way."""


class Interrupts:
    """Turns signals into a stop of the session that is at work. Use as a context manager.

    The handler may run between any two steps of the main thread, also while that holds a lock: it
    sets the session's flag, once, and writes to a pipe. A thread cuts connections and wakes.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._tidy: Callable[[], None] = _nothing
        self._count = 0
        self._asking = False
        self._applying = False
        self._session: Session | None = None
        self._woken = threading.Event()
        self._released = threading.Event()

    @property
    def happened(self) -> bool:
        """Whether a signal came."""
        return self._count > 0

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe()
        self._watcher = threading.Thread(target=self._watch, name="interrupts", daemon=True)
        self._watcher.start()
        self._before = {
            number: signal.signal(number, self._handle)
            for number in _ASKED
            # nohup means what it says.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
        }
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._released.set()
        os.close(self._write)
        self._watcher.join()
        os.close(self._read)

    @contextmanager
    def guarding(self, session: Session, tidy: Callable[[], None]) -> Iterator[None]:
        """While this is entered, a signal stops that session.

        Args:
            session: What is at work.
            tidy: Called if the process must end at once: leaves the terminal as it was.
        """
        self._released.clear()
        self._tidy = tidy
        self._applying = False
        self._session = session
        if self.happened:
            session.stop()
        try:
            yield
        finally:
            self._session = None
            self._released.set()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While this is entered, a signal raises KeyboardInterrupt: nothing is under way."""
        self._asking = True
        try:
            if self.happened:
                raise KeyboardInterrupt
            yield
        finally:
            self._asking = False

    def watch(self, event: Event) -> None:
        """From now on a message may be under way, which is to be finished."""
        if isinstance(event, Applying):
            self._applying = True

    def sleep(self, seconds: float) -> None:
        """Wait, unless a signal comes."""
        self._woken.wait(seconds)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self._count >= _LAST:
            os._exit(INTERRUPTED)
        session = self._session
        if self._count == 1 and session is not None:
            session.stop()
        os.write(self._write, b"!")
        if self._asking:
            raise KeyboardInterrupt

    def _watch(self) -> None:
        while os.read(self._read, 1):
            self._woken.set()
            session = self._session
            if session is None:
                continue
            tries = 0
            while self._session is session:
                if not self._applying or self._count > 1:
                    session.abort()
                if self._released.wait(_AGAIN):
                    break
                tries += 1
                if tries >= _PATIENCE and not self._applying:
                    self._tidy()
                    self._output.error(str(Interrupted()))
                    os._exit(INTERRUPTED)


def _nothing() -> None:
    """Nothing has to be tidied."""
