"""How long the three routes take, beside mbsync and mpop on the same mailboxes in the same run.

``python -m tests.benchmarks.routes --messages 10000``

After every step that changes mail, what lies on both sides is read from the servers' own files and
compared byte by byte with what has to be there: a fast run that is wrong ends the benchmark.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import mailsync_tui
from tests.e2e.world import HOME, Kind, World, environment
from tests.servers.dovecot import PASSWORD, Dovecot

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUTES: dict[str, tuple[Kind, Kind]] = {
    "POP3 -> Maildir": ("pop3", "maildir"),
    "POP3 -> IMAP": ("pop3", "imap"),
    "IMAP -> IMAP": ("imap", "imap"),
    "IMAP -> Maildir": ("imap", "maildir"),
}
_GUARDS = "[guards]\nmax_delete_share = 1.0\n"
DELETED = 100

BYTECODE: dict[str, str] = {}
"""What makes the program start as an installed one does, which is compiled already."""


def timed(command: Sequence[str], *, codes: Sequence[int] = (0,)) -> tuple[float, float, float]:
    """Run a command; its wall seconds, the processor's seconds, and its peak of memory in MB."""
    peak = 0
    # Not a pipe for its errors, which nobody would empty meanwhile.
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=environment() | BYTECODE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        # Not ru_maxrss: that of a child begins with its parent's.
        ended = 0
        while not ended:
            peak = max(peak, _high_water(process.pid))
            time.sleep(0.005)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    if process.returncode not in codes:
        sys.exit(f"{command[0]} ended with {process.returncode}:\n{said[-2000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, peak / 1024


def _high_water(pid: int) -> int:
    """The most memory that a process ever had, in kB."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def show(what: str, job: str, figures: tuple[float, float, float]) -> None:
    """Print one measurement: where others use the machine too, the processor's seconds hold."""
    wall, processor, memory = figures
    print(f"{what:18} {job:28} {wall:8.2f} s {processor:8.2f} s cpu {memory:7.0f} MB", flush=True)


class Sides:
    """What has to lie on both sides of a route.

    Args:
        world: One account and a consolidated mailbox.
        name: The route's name.
        messages: How many were delivered.
    """

    def __init__(self, world: World, name: str, messages: int) -> None:
        self.world, self.name = world, name
        self.account, self.home = set(range(messages)), set[int]()
        self._next = 0

    def check(self, after: str) -> None:
        """Compare both sides, each message byte by byte, with what has to be there."""
        for side, expected in (("acct", self.account), (HOME, self.home)):
            found = self.world.held(side)
            assert found == dict.fromkeys(expected, 1), f"{self.name}, {after}: {side} is wrong"
        counts = f"{len(self.account)} on the account, {len(self.home)} in the consolidated mailbox"
        print(f"{self.name:18} right after {after}: {counts}, all bytes compared", flush=True)

    def some(self, count: int) -> set[int]:
        """So many messages that lie on both sides, spread over the mailbox."""
        both = sorted(self.account & self.home)
        step = max(1, len(both) // count)
        self._next += 1
        return set(both[self._next % step :: step][:count])

    def delete(self, side: str, numbers: set[int]) -> None:
        """Somebody deletes messages on one side."""
        self.world.delete(side, numbers)
        if side == HOME:
            self.home -= numbers
        else:
            self.account -= numbers


def route(
    server: Dovecot, directory: Path, name: str, messages: int, size: int, trace: str | None
) -> None:
    """Measure this program on one route, and look that it does what it should."""
    kind, home = ROUTES[name]
    tag = name.replace(" -> ", "-").lower() + "-"
    world = World(server, directory / tag, {"acct": kind}, home, extra=_GUARDS)
    world.deliver("acct", range(messages), size)
    command = [
        *(sys.executable, *(("-m", "cProfile", "-o", f"{trace}.{tag}pstats") if trace else ())),
        *("-m", "mailsync_tui", "--config", str(world.config_file)),
        *("--state-dir", str(world.state_root)),
    ]
    _warm(server, directory, kind, home, tag)
    sides = Sides(world, name, messages)
    show(name, "first collection", timed([*command, "sync", "--yes"]))
    sides.home |= sides.account
    sides.check("the first collection")
    show(name, "plan, no change", timed([*command, "plan"]))
    show(name, "plan, no change, again", timed([*command, "plan"]))
    count = max(1, messages // 100)
    gone = sides.some(count)
    sides.delete("acct", gone)
    show(name, "1 % gone on account", timed([*command, "sync", "--yes"]))
    sides.home -= gone
    sides.check("1 % was deleted on the account")
    gone = sides.some(count)
    sides.delete(HOME, gone)
    show(name, "1 % gone in consolidated", timed([*command, "sync", "--yes"]))
    sides.account -= gone
    sides.check("1 % was deleted in the consolidated mailbox")
    there, here = sides.some(count), sides.some(count)
    sides.delete("acct", there)
    sides.delete(HOME, here - there)
    show(name, "plan, 1 % gone on each side", timed([*command, "plan"]))
    sides.check("1 % was deleted on each side, and a plan made")
    show(name, "forward", timed([*command, "sync", "--yes", "--forward"]))
    sides.home -= there
    sides.check("forward")
    show(name, "reverse", timed([*command, "sync", "--yes", "--reverse"]))
    sides.account -= here
    sides.check("reverse")
    there, here = sides.some(count), sides.some(count)
    sides.delete("acct", there)
    sides.delete(HOME, here - there)
    show(name, "both", timed([*command, "sync", "--yes", "--forward", "--reverse"]))
    sides.home -= there
    sides.account -= here
    sides.check("both")
    plan = world.plan()
    assert not plan.lines, f"{len(plan.lines)} lines are left"


def _warm(server: Dovecot, directory: Path, kind: Kind, home: Kind, tag: str) -> None:
    """Collect one message elsewhere: the first run compiles what it loads of other libraries."""
    warm = World(server, directory / f"{tag}warm", {"acct": kind}, home)
    warm.deliver("acct", range(1), 1000)
    place = ("--config", str(warm.config_file), "--state-dir", str(warm.state_root))
    timed([sys.executable, "-m", "mailsync_tui", *place, "sync", "--yes"])


def mbsync(server: Dovecot, directory: Path, messages: int, size: int, home: Kind) -> None:
    """Measure mbsync from IMAP into a Maildir or another IMAP account."""
    world = World(server, directory / f"mb{home}", {"acct": "imap"}, home)
    world.deliver("acct", range(messages), size)

    def account(name: str) -> str:
        return (
            f"IMAPAccount {name}\nHost 127.0.0.1\nPort {server.imap}\nUser mb{home}-{name}\n"
            f"Pass {PASSWORD}\nSSLType None\nAuthMechs LOGIN\n\n"
            f"IMAPStore {name}\nAccount {name}\n\n"
        )

    box = world.directory / "box"
    box.mkdir()
    near = account(HOME) if home == "imap" else f"MaildirStore home\nInbox {box}/INBOX\n\n"
    file = world.directory / "mbsyncrc"
    file.write_text(
        f"{account('acct')}{near}Channel c\nFar :acct:\nNear :home:\nSync All\n"
        f"Create Near\nExpunge Both\nSyncState {world.directory}/\n"
    )
    command = ["mbsync", "-q", "-c", str(file), "c"]
    name = f"mbsync -> {home}"
    show(name, "first collection", timed(command))
    show(name, "no change", timed(command))
    world.delete("acct", range(0, messages, max(2, messages // DELETED)))
    show(name, "1 % gone on account", timed(command))


def mpop(server: Dovecot, directory: Path, messages: int, size: int) -> None:
    """Measure mpop from POP3 into a Maildir."""
    world = World(server, directory / "mpop", {"acct": "pop3"}, "maildir")
    world.deliver("acct", range(messages), size)
    box = world.directory / "box"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    file = world.directory / "mpoprc"
    file.write_text(
        f"account default\nhost 127.0.0.1\nport {server.pop3}\nuser mpop-acct\n"
        f"password {PASSWORD}\ntls off\nauth user\nkeep on\npipelining on\n"
        f"delivery maildir {box}\nuidls_file {world.directory}/uidls\n"
    )
    file.chmod(0o600)
    command = ["mpop", "-q", "-C", str(file)]
    show("mpop", "first collection", timed(command))
    show("mpop", "no change", timed(command))


def compiled(cache: Path) -> None:
    """Compile the program into a directory of its own, and let what is measured use that."""
    BYTECODE.update(PYTHONPYCACHEPREFIX=str(cache), PYTHONDONTWRITEBYTECODE="")
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", str(Path(mailsync_tui.__file__).parent)],
        env=os.environ | BYTECODE,
        check=True,
    )


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=10_000, help="octets of a message")
    parser.add_argument("--route", choices=ROUTES, action="append")
    parser.add_argument("--profile", metavar="PREFIX", help="write cProfile's statistics")
    options = parser.parse_args()
    with Dovecot() as server, tempfile.TemporaryDirectory() as place:
        compiled(Path(place) / "bytecode")
        directory, count, size = Path(place), options.messages, options.size
        for name in options.route or ROUTES:
            route(server, directory, name, count, size, options.profile)
        if shutil.which("mbsync"):
            mbsync(server, directory, count, size, "maildir")
            mbsync(server, directory, count, size, "imap")
        if shutil.which("mpop"):
            mpop(server, directory, count, size)


if __name__ == "__main__":
    main()
