"""How long the three routes take, beside mbsync and mpop on the same mailboxes in the same run.

``python -m tests.benchmarks.routes --messages 10000 100000``

After every step that changes mail, what lies on both sides is read from the servers' own files and
compared byte by byte with what has to be there: a fast run that is wrong ends the benchmark.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import mailsync_tui
from tests.benchmarks.slow_wire import SlowWire
from tests.e2e.world import HOME, Kind, World, environment
from tests.servers.dovecot import PASSWORD, Dovecot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROUTES: dict[str, tuple[Kind, Kind]] = {
    "POP3 -> Maildir": ("pop3", "maildir"),
    "POP3 -> IMAP": ("pop3", "imap"),
    "IMAP -> IMAP": ("imap", "imap"),
    "IMAP -> Maildir": ("imap", "maildir"),
}
_GUARDS = "[guards]\nmax_delete_share = 1.0\n"

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
    show(name, "sync, no change", timed([*command, "sync", "--yes"]))
    show(name, "sync, no change, again", timed([*command, "sync", "--yes"]))
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


# --- beside others


class Peer(NamedTuple):
    """Another program, and the accounts that it is compared on."""

    name: str
    kind: Kind
    home: Kind
    deletes: bool
    """It follows deletions on the account; the other one keeps what it has."""


PEERS = (
    Peer("mbsync", "imap", "maildir", True),
    Peer("mpop", "pop3", "maildir", False),
    Peer("mbsync", "imap", "imap", True),
)


class Pair:
    """This program and a peer, which gather the mail of one account, each in a home of its own.

    Args:
        server: A started Dovecot.
        directory: For all that both of them write.
        peer: The other program.
        tag: Whose accounts they are: names nobody else has.
        port: Where the account is reached.
    """

    def __init__(
        self, server: Dovecot, directory: Path, peer: Peer, world: World, tag: str, port: int
    ) -> None:
        directory.mkdir(parents=True)
        ours = World(server, directory / "ours", {}, peer.home)
        account = world.user("acct")
        login = f'user = "{account}"\npassword = "{PASSWORD}"\ntls = "none"\n'
        with ours.config_file.open("a") as file:
            file.write(
                f'[guards]\nmax_delete_share = 1.0\n[external.acct]\ntype = "{peer.kind}"\n'
                f'host = "127.0.0.1"\nport = {port}\n{login}'
            )
        state = ("--config", str(ours.config_file), "--state-dir", str(ours.state_root))
        program = [sys.executable, "-m", "mailsync_tui", *state, "sync", "--yes"]
        make = _mbsync if peer.name == "mbsync" else _mpop
        self.commands = {
            "ours": program,
            peer.name: make(server, directory, peer, account, tag, port),
        }

    def run(self, first: str) -> dict[str, tuple[float, float, float]]:
        """One run of each, the one that is named before the other; and what it took."""
        order = sorted(self.commands, key=lambda name: name != first)
        return {name: timed(self.commands[name]) for name in order}


def _mbsync(
    server: Dovecot, directory: Path, peer: Peer, account: str, tag: str, port: int
) -> list[str]:
    def store(name: str, user: str, port: int) -> str:
        return (
            f"IMAPAccount {name}\nHost 127.0.0.1\nPort {port}\nUser {user}\n"
            f"Pass {PASSWORD}\nSSLType None\nAuthMechs LOGIN\n\n"
            f"IMAPStore {name}\nAccount {name}\n\n"
        )

    box = directory / "box"
    box.mkdir()
    near = store("home", f"{tag}-home", server.imap)
    if peer.home == "maildir":
        near = f"MaildirStore home\nInbox {box}/INBOX\n\n"
    file = directory / "mbsyncrc"
    file.write_text(
        f"{store('acct', account, port)}{near}Channel c\nFar :acct:\nNear :home:\nSync All\n"
        f"Create Near\nExpunge Both\nSyncState {directory}/\n"
    )
    return ["mbsync", "-q", "-c", str(file), "c"]


def _mpop(
    server: Dovecot,
    directory: Path,
    peer: Peer,
    account: str,
    tag: str,
    port: int,
) -> list[str]:
    box = directory / "box"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    file = directory / "mpoprc"
    file.write_text(
        f"account default\nhost 127.0.0.1\nport {port}\nuser {account}\n"
        f"password {PASSWORD}\ntls off\nauth user\nkeep on\npipelining on\n"
        f"delivery maildir {box}\nuidls_file {directory}/uidls\n"
    )
    file.chmod(0o600)
    return ["mpop", "-q", "-C", str(file)]


def beside(
    server: Dovecot, directory: Path, peer: Peer, messages: int, size: int, wait: float, times: int
) -> None:
    """Print how long this program and a peer take for the same, in alternation.

    Args:
        server: A started Dovecot.
        directory: Empty.
        peer: The other program.
        messages: How many the account has.
        size: Octets of a message.
        wait: Seconds that a round trip to the account takes.
        times: How often each job is measured.
    """
    if not shutil.which(peer.name):
        return
    world = World(server, directory / "account", {"acct": peer.kind}, "maildir")
    world.deliver("acct", range(messages), size)
    port = server.imap if peer.kind == "imap" else server.pop3
    where = f"{peer.kind} -> {peer.home}, {messages:,}{f', {wait * 1000:.0f} ms' if wait else ''}"
    names = ("ours", peer.name)
    with SlowWire(port, wait) if wait else contextlib.nullcontext() as wire:
        port = wire.port if wire else port
        first, settled, same, gone = [], [], [], []
        for number in range(times):
            tag = f"{directory.name}-{number}"
            pair = Pair(server, directory / str(number), peer, world, tag, port)
            first.append(pair.run(names[number % 2]))
            if number + 1 < times and messages > _OFTEN:
                continue  # what follows is measured on the last pair alone
            settled.append(pair.run(names[number % 2]))
            same += [pair.run(names[n % 2]) for n in range(times if messages > _OFTEN else 1)]
            if peer.deletes:
                count = max(1, messages // 100)
                world.delete("acct", range(number * count, (number + 1) * count))
                gone.append(pair.run(names[number % 2]))
    jobs = {
        "first": first,
        "no change, right after": settled,  # what was stored is listed for the first time
        "no change": same,
        "1 % gone on the account": gone,
    }
    for job, found in jobs.items():
        if found:
            _show_beside(f"{where}: {job}", names, found)


_OFTEN = 10_000
"""Of more messages, only the first collection is made more than once in new homes."""


def _show_beside(
    job: str, names: tuple[str, str], found: Sequence[Mapping[str, tuple[float, float, float]]]
) -> None:
    """Print seconds as min/median/max, the processor's, the memory, and both ratios."""
    print(job)
    wall, processor = [], []
    for name in names:
        seconds, used, memory = zip(*(one[name] for one in found), strict=True)
        wall.append(statistics.median(seconds))
        processor.append(statistics.median(used))
        spread = "/".join(f"{x:.2f}" for x in (min(seconds), wall[-1], max(seconds)))
        spent = "/".join(f"{x:.2f}" for x in (min(used), processor[-1], max(used)))
        print(f"    {name:8} {spread:>20} s {spent:>20} s cpu {max(memory):6.0f} MB")
    cpu = f"{processor[0] / processor[1]:.2f} cpu" if processor[1] else ""
    print(f"    ratio    {wall[0] / wall[1]:.2f} {cpu}", flush=True)


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
    parser.add_argument("--messages", type=int, nargs="+", default=[10_000])
    parser.add_argument("--size", type=int, default=10_000, help="octets of a message")
    parser.add_argument("--route", choices=ROUTES, action="append")
    parser.add_argument("--profile", metavar="PREFIX", help="write cProfile's statistics")
    parser.add_argument("--times", type=int, default=5, help="how often beside others")
    parser.add_argument("--beside", action="store_true", help="measure nothing but beside others")
    options = parser.parse_args()
    with Dovecot() as server, tempfile.TemporaryDirectory() as place:
        compiled(Path(place) / "bytecode")
        directory, size = Path(place), options.size
        for count in options.messages if not options.beside else ():
            for name in options.route or ROUTES:
                route(server, directory / str(count), name, count, size, options.profile)
        _warm(server, directory, "imap", "maildir", "beside-")
        slow = (_FEW, _ROUND_TRIP)
        for number, (count, wait) in enumerate([*((n, 0.0) for n in options.messages), slow]):
            for which, peer in enumerate(PEERS):
                tag = f"b{number}{which}"
                beside(server, directory / tag, peer, count, size, wait, options.times)


_FEW, _ROUND_TRIP = 1000, 0.02
"""Messages on an account that is far away, and how many seconds."""


if __name__ == "__main__":
    main()
