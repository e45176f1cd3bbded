"""The program on a terminal of its own, as a person has it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cli.place import Place, environment

LIMIT = 60.0
"""Seconds after which a test gives up; nothing is measured by it."""


class Terminal:
    """One program and what it wrote so far."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.master = master
        self.seen = b""

    def until(self, text: bytes) -> None:
        """Read until the program has written this."""
        while text not in self.seen:
            assert self._read(), f"it ended without writing {text!r}: {self.seen!r}"

    def answer(self, text: bytes) -> None:
        os.write(self.master, text)

    def end(self) -> int:
        """Read to the end, and wait for the exit code."""
        while self._read():
            pass
        return self.process.wait(LIMIT)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.master], [], [], LIMIT)
        assert ready, f"nothing more came: {self.seen!r}"
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux: nobody has the other end any more
            return False
        self.seen += data
        return bool(data)


def _take_terminal() -> None:
    """It is the terminal's own session: Ctrl+C there is a signal, and so is its loss."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def terminal(
    place: Place, *args: str, controlling: bool = True, **variables: str
) -> Iterator[Terminal]:
    """Run the program on a terminal.

    Args:
        place: Its configuration.
        args: The command and its options.
        controlling: It is sent SIGHUP when the terminal is lost.
        variables: More of its environment.
    """
    place.age()
    master, slave = pty.openpty()
    settings = {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40", **variables}
    with subprocess.Popen(
        place.command(*args),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_take_terminal if controlling else None,
        env={**environment(), **settings},
    ) as process:
        os.close(slave)
        shown = Terminal(process, master)
        try:
            yield shown
        finally:
            process.kill()
            os.close(shown.master)
