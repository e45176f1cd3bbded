"""The app with a lot of mail, in a terminal of its own: start, stalls, memory, octets written.

``python -m tests.benchmarks.app --messages 100000``
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from mailsync_tui.config.load import load_config
from tests.benchmarks import big
from tests.e2e.world import environment

_WAIT = 120.0
_QUIET = 0.4
"""So many seconds without output, and the screen is taken as drawn."""

REACH = {
    "first paint with rows, seconds": 0.6,
    "longest stall while it looks, ms": 50,
    "longest stall while it looks again, ms": 50,
    "longest stall while it syncs, ms": 50,
    "memory, MB": 160,
    "cursor move, octets": 1000,
    "page, octets": 6000,
}


_IDLE = """
import json, sys, time
late = []
last = time.monotonic()
while True:
    time.sleep(0.002)
    now = time.monotonic()
    if now - last > 0.01:
        late.append(("late", last, now - last - 0.002))
        open(sys.argv[1], "w").write(json.dumps(late))
    last = now
"""


class Idle:
    """A process that does nothing but beat: how late it is, is the machine's doing."""

    def __init__(self, place: Path) -> None:
        self.file = place / "idle.json"
        self.file.write_text("[]")
        self.process = subprocess.Popen([sys.executable, "-c", _IDLE, str(self.file)])

    def notes(self) -> list[tuple[str, float, float]]:
        """When it was late."""
        with contextlib.suppress(ValueError):
            return [tuple(note) for note in json.loads(self.file.read_text())]
        return []


class Terminal:
    """A terminal of 120 by 40 cells with the app in it."""

    def __init__(self, arguments: list[str], notes: Path) -> None:
        self.begun = time.monotonic()
        self.notes_file = notes
        self.pid, self.fd = pty.fork()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            env = environment() | {"TERM": "xterm-256color"}
            for name in ("NO_COLOR", "COLORTERM", "TEXTUAL_COLOR_SYSTEM"):
                env.pop(name, None)
            os.execve(sys.executable, [sys.executable, *arguments], env)

    def read(self, seconds: float) -> bytes:
        """What it writes next; empty if nothing comes for so long."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return b""
        with contextlib.suppress(OSError):
            return os.read(self.fd, 1 << 16)
        return b""

    def until(self, pattern: bytes) -> float:
        """Read until something is drawn; the moment."""
        seen = b""
        limit = time.monotonic() + _WAIT
        while time.monotonic() < limit:
            seen += self.read(1.0)
            if re.search(pattern, seen):
                return time.monotonic()
        sys.exit(f"{pattern!r} was never drawn; last: {seen[-2000:]!r}")

    def until_noted(self, what: str, times: int = 1) -> None:
        """Read until the app has noted something so often, and its screen is drawn."""
        limit = time.monotonic() + _WAIT
        while time.monotonic() < limit:
            self.read(0.05)
            if sum(note[0].startswith(what) for note in self.notes()) >= times:
                self.quiet()
                return
        sys.exit(f"{what!r} did not happen")

    def quiet(self) -> tuple[int, float]:
        """Read until it writes no more: how many octets, and seconds until the last."""
        begun = last = time.monotonic()
        octets = 0
        while part := self.read(_QUIET):
            octets += len(part)
            last = time.monotonic()
        return octets, last - begun

    def send(self, keys: str) -> tuple[int, float]:
        """Press a key; how many octets follow, and seconds until the last."""
        os.write(self.fd, keys.encode())
        return self.quiet()

    def notes(self) -> list[tuple[str, float, float]]:
        """What the app has noted so far."""
        with contextlib.suppress(OSError, ValueError):
            return [tuple(note) for note in json.loads(self.notes_file.read_text())]
        return []

    def processor(self) -> float:
        """Seconds of a processor's time that it has taken: what a busy machine does not alter."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """The most memory it ever had, MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", status)
        assert found
        return int(found[1]) / 1024

    def end(self) -> None:
        """Leave the app."""
        self.send("q")
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        while self.read(1.0):
            pass
        os.waitpid(self.pid, 0)


def stall(notes: list[tuple[str, float, float]], since: float, until: float) -> float:
    """The longest stall of the event loop, in milliseconds."""
    late = [
        seconds for what, at, seconds in notes if what == "late" and since <= at + seconds <= until
    ]
    return max(late, default=0.0) * 1000


def show(what: str, figure: float) -> None:
    """Print one figure, and what it is to be."""
    bound = REACH.get(what)
    verdict = "" if bound is None else f"  (reach {bound}{'' if figure <= bound else ': MISSED'})"
    print(f"{what:44} {figure:10.2f}{verdict}", flush=True)


def measure(place: Path, config: Path, messages: int) -> None:
    """One run of the app."""
    notes = place / "notes.json"
    notes.unlink(missing_ok=True)
    arguments = ["-m", "tests.benchmarks.app_child", str(config), str(messages), str(notes)]
    idle = Idle(place)
    app = Terminal(arguments, notes)

    whiles: list[tuple[str, float, float]] = []

    try:
        painted = app.until(big.SUBJECT.encode())
        show("first paint with rows, seconds", painted - app.begun)
        show("  of that on a processor, seconds", app.processor())
        app.until_noted("looked")
        looked = time.monotonic()
        show("whole list compared, seconds", looked - _QUIET - app.begun)
        whiles.append(("it looks", painted, looked))
        show("memory after the look, MB", app.memory())
        moves = [app.send("\x1b[B")[0] for _ in range(5)]
        show("cursor move, octets", max(moves))
        show("page, octets", max(app.send("\x1b[6~")[0] for _ in range(5)))
        show("to the end, octets", app.send("G")[0])
        app.send("g")
        app.send("/")
        for letter in "tax":
            octets, seconds = app.send(letter)
            show(f"filter, letter {letter}: octets", octets)
            show(f"filter, letter {letter}: ms", seconds * 1000)
        octets, seconds = app.send("\x1b")
        show("filter ended: ms", seconds * 1000)
        for order in ("thread", "changes", "date"):
            octets, seconds = app.send("o")
            show(f"order by {order}: octets", octets)
            show(f"order by {order}: ms", seconds * 1000)
        begun = time.monotonic()
        time.sleep(1)
        os.write(app.fd, b"\x1b[15~")
        app.until_noted("looked", 2)
        again = time.monotonic()
        whiles.append(("idle, typed, sorted", looked, begun))
        whiles.append(("it looks again", begun, again))
        os.write(app.fd, b"\x1b[23~")
        app.until_noted("applied")
        os.write(app.fd, b"\x1b[15~")
        app.until_noted("looked", 3)
        done = next(note[0] for note in app.notes() if note[0].startswith("applied"))
        print(done)
        whiles.append(("it syncs", again, time.monotonic()))
        show("memory, MB", app.memory())
        os.write(app.fd, b"\x1b[15~")  # notes are written when it has looked
        app.until_noted("looked", 4)
        for when, since, until in whiles:
            show(f"longest stall while {when}, ms", stall(app.notes(), since, until))
            show("  of a process that does nothing, ms", stall(idle.notes(), since, until))
    finally:
        app.end()
        idle.process.kill()
        idle.process.wait()


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--place", type=Path, help="keep the ledger here for the next run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = options.place or Path(temporary)
        place.mkdir(exist_ok=True)
        config = place / "config.toml"
        config.write_text(big.configuration(place / "state"))
        config.chmod(0o600)
        ledger = place / "state" / "default" / "ledger.sqlite3"
        saved = place / f"{options.messages}.sqlite3"
        if not saved.exists():
            (person,) = load_config(config).users
            part = place / "part.sqlite3"
            part.unlink(missing_ok=True)
            big.fill(part, person, options.messages)
            part.rename(saved)
        ledger.parent.mkdir(parents=True, exist_ok=True)
        ledger.write_bytes(saved.read_bytes())
        ledger.chmod(0o600)
        measure(place, config, options.messages)


if __name__ == "__main__":
    main()
