"""The demo as one runs it: its servers, a ready configuration, a ledger from earlier syncs.

The servers know the wire only; what needs the program itself to set them up is here.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.demo.scenario.incidents import HELD_SENDER, INVOICES, TRAVEL
from mailsync_tui.demo.scenario.scenario import (
    ACCOUNTS,
    CONSOLIDATED,
    REACHED,
    RENUMBERED,
    RESTORED,
    WORK,
)
from mailsync_tui.demo.scenario.story import tell
from mailsync_tui.demo.servers.servers import HOST, PASSWORDS, POP3, Stage
from mailsync_tui.engine.model import DIRECTIONS, Options
from mailsync_tui.errors import OK
from mailsync_tui.session.person import load_people
from mailsync_tui.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from types import FrameType

    from mailsync_tui.engine.model import Direction, Plan

__all__ = ["Demo", "earlier_sync", "running", "serve", "write_config"]

Clock = Callable[[], datetime]

_EXTRA = {
    WORK: 'folders = ["INBOX", "Projects/*"]\ninto = "Work"\n',
    RENUMBERED: f'folders = ["INBOX", "{TRAVEL}"]\n',
    RESTORED: f'folders = ["INBOX", "{INVOICES}"]\n',
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

    accounts = ACCOUNTS if unreached else REACHED
    story = tell(unreached=unreached)
    with Stage(story.beginning) as stage:
        config = write_config(directory, accounts, stage.ports, stage.users)
        earlier_sync(config, ago(12), ("collect",))
        stage.change(story.cleaning)
        earlier_sync(config, ago(5), DIRECTIONS, story.declined)
        stage.change(story.lagging)
        earlier_sync(config, ago(4), ("collect",))
        stage.change(story.present)
        stage.befall(story.mishaps)
        write_config(directory, accounts, stage.ports, stage.users)
        yield Demo(config, {name: (HOST, stage.ports[name]) for name in (*accounts, CONSOLIDATED)})


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


def earlier_sync(
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
    if result.exit != OK:
        away = [f"{name}: {r.error}" for name, r in result.plan.mailboxes.items() if r.error]
        failed = [r.reason for r in result.lines if r.outcome != "done"]
        blocked = [f"{b.account}: {b.rule}" for b in result.plan.blocked]
        why = "; ".join(dict.fromkeys((*away, *failed, *blocked)))
        raise RuntimeError(f"the demo's earlier sync ended with {result.exit}: {why}")


def write_config(
    directory: Path,
    accounts: Sequence[str],
    ports: Mapping[str, int],
    users: Mapping[str, str],
) -> Path:
    """Write the configuration, also anew, for servers on these ports; only its owner can read it.

    Args:
        directory: Where it goes.
        accounts: The external mailboxes, in order.
        ports: By mailbox name.
        users: By mailbox name, who logs in.
    """
    sections = [f'state_dir = "{directory / "state"}"\n', f'[hold]\nfrom = ["{HELD_SENDER}"]\n']
    for name in (CONSOLIDATED, *accounts):
        section = name if name == CONSOLIDATED else f"external.{name}"
        sections.append(
            f"[{section}]\n"
            f'type = "{"pop3" if name in POP3 else "imap"}"\n'
            f'host = "{HOST}"\n'
            f"port = {ports[name]}\n"
            f'tls = "none"\n'
            f'user = "{users[name]}"\n'
            "distinct = true\n"  # elsewhere POP3 and IMAP of one user on one host are one mailbox
            f'password = "{PASSWORDS[name]}"\n' + _EXTRA.get(name, "")
        )
    path = directory / "config.toml"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(sections))
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
