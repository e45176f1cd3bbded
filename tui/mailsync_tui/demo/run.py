"""The demo as one runs it: its servers, a ready configuration, a ledger from earlier syncs.

The servers know the wire only; what needs the program itself to set them up is here.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NamedTuple

import tomli_w

from mailsync_tui.demo.scenario import (
    ACCOUNTS,
    CONSOLIDATED,
    HELD_SENDER,
    REACHED,
    RENUMBERED,
    RESTORED,
    TRAVEL,
    WORK,
    build_scenario,
)
from mailsync_tui.demo.servers.servers import HOST, PASSWORDS, POP3, Servers
from mailsync_tui.engine.model import DIRECTIONS, Direction, Options, Plan
from mailsync_tui.errors import OK
from mailsync_tui.session.person import load_people
from mailsync_tui.session.session import Session

Clock = Callable[[], datetime]

_EXTRA: dict[str, dict[str, object]] = {
    WORK: {"folders": ["INBOX", "Projects/*"], "into": "Work"},
    RENUMBERED: {"folders": ["INBOX", TRAVEL]},
    RESTORED: {"folders": ["*"]},
}


class Demo(NamedTuple):
    """A demo that is running."""

    config: Path
    """The configuration file, ready for any command."""
    servers: dict[str, tuple[str, int]]
    """Host and port of each mailbox's server, by the mailbox's name."""


@contextmanager
def running(
    directory: Path, clock: Clock = lambda: datetime.now(UTC), *, unreached: bool = True
) -> Iterator[Demo]:
    """Run the demo until the block is left.

    Args:
        directory: An empty private directory; configuration and state go there and stay there.
        clock: The present moment, aware; the earlier syncs were some days before it.
        unreached: Whether one of the accounts is not reached.

    Raises:
        DemoUnavailable: pymap is not installed.
    """

    def ago(days: int) -> Clock:
        return lambda: clock() - timedelta(days=days)

    names = (*(ACCOUNTS if unreached else REACHED), CONSOLIDATED)
    scenario = build_scenario(unreached=unreached)
    with Servers(scenario.beginning) as servers:
        config = _write_config(directory, names, servers)
        _earlier_sync(config, ago(12), ("collect",))
        servers.change(scenario.cleaning)
        _earlier_sync(config, ago(5), DIRECTIONS, scenario.declined)
        servers.change(scenario.lagging)
        _earlier_sync(config, ago(4), ("collect",))
        servers.change(scenario.present)
        servers.apply_incidents(scenario.incidents)
        _write_config(directory, names, servers)
        yield Demo(config, {name: (HOST, servers.ports[name]) for name in names})


def serve(say: Callable[[str], None]) -> None:
    """Run the demo in a temporary directory until SIGINT, SIGTERM or SIGHUP comes.

    All its accounts are reached: whoever tries the commands on it finds no exit code that an
    account which is always away would settle before anything else.

    To be called from the main thread.

    Args:
        say: Called with each line that a reader waits for: ``config=PATH``, then one
            ``NAME=HOST:PORT`` for each mailbox's server. It must flush.

    Raises:
        DemoUnavailable: pymap is not installed.
    """
    with (
        _ending_signals() as ended,
        TemporaryDirectory(prefix="mailsync-demo-") as directory,
        running(Path(directory), unreached=False) as demo,
    ):
        say(f"config={demo.config}")
        for name, (host, port) in demo.servers.items():
            say(f"{name}={host}:{port}")
        ended.wait()


def _earlier_sync(
    path: Path,
    clock: Clock,
    directions: tuple[Direction, ...],
    declined: Collection[tuple[str, str, str | None]] = (),
) -> None:
    """Sync once, as the person did before, and leave what that writes in the ledger.

    Args:
        path: The configuration file.
        clock: When it was, as the ledger has it.
        directions: What was asked for.
        declined: Account, kind and Message-ID of the lines that were taken out before applying.

    Raises:
        RuntimeError: something of it was not done, so that the demo would not be what it promises.
    """
    (person,) = load_people(path)

    def take_out(plan: Plan) -> frozenset[str]:
        return frozenset(
            line.id for line in plan.lines if (line.account, line.kind, line.message_id) in declined
        )

    with Session(person.config, person.directory, clock=clock) as session:
        result = session.sync(Options(directions), take_out)
    if result.exit != OK:  # a folder that the configuration names may come only later
        away = [f"{name}: {r.error}" for name, r in result.plan.mailboxes.items() if r.error]
        failed = [r.reason for r in result.lines if r.outcome != "done"]
        blocked = [f"{b.account}: {b.rule}" for b in result.plan.blocked]
        why = "; ".join(dict.fromkeys((*away, *failed, *blocked)))
        if why:
            raise RuntimeError(f"the demo's earlier sync ended with {result.exit}: {why}")


def _write_config(directory: Path, names: Sequence[str], servers: Servers) -> Path:
    """Write the configuration, also anew; only its owner can read it.

    Args:
        directory: Where it goes.
        names: Of all mailboxes, the external ones in order.
        servers: What they are on, and who logs in.
    """
    sections = {
        name: {
            "type": "pop3" if name in POP3 else "imap",
            "host": HOST,
            "port": servers.ports[name],
            "tls": "none",
            "user": servers.users[name],
            "password": PASSWORDS[name],
            **_EXTRA.get(name, {}),
        }
        for name in names
    }
    tables = {
        "state_dir": str(directory / "state"),
        "hold": {"from": [HELD_SENDER]},
        CONSOLIDATED: sections.pop(CONSOLIDATED),
        "external": sections,
    }
    path = directory / "config.toml"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        tomli_w.dump(tables, file)
    return path


@contextmanager
def _ending_signals() -> Iterator[threading.Event]:
    """An event that is set by the first signal that asks the program to end."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in asked}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
