"""``demo --serve``: the servers, a ready configuration, and a ledger from earlier syncs."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.demo.stage import HOST, PASSWORDS, POP3, USERS, Stage
from mailsync_tui.demo.story import ACCOUNTS, CONSOLIDATED, WORK, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from mailsync_tui.config.model import Direction

_EXTRA = {
    WORK: 'folders = ["INBOX", "Projects/*"]\ninto = "Work"\n',
}


class Demo(NamedTuple):
    """A demo that is running."""

    config: Path
    """The configuration file, ready for any command."""
    servers: dict[str, tuple[str, int]]
    """Host and port of each mailbox's server, by the mailbox's name."""


@contextmanager
def running(directory: Path) -> Iterator[Demo]:
    """Run the demo until the block is left.

    Args:
        directory: An empty private directory; configuration and state go there and stay there.

    Raises:
        DemoUnavailable: pymap is not installed.
    """
    story = tell()
    with Stage(story.beginning) as stage:
        config = write_config(directory, stage.ports)
        earlier_sync(config, ("collect",), ())
        stage.change(story.cleaning)
        earlier_sync(config, ("collect", "forward", "reverse"), story.declined)
        stage.change(story.lagging)
        earlier_sync(config, ("collect",), ())
        stage.change(story.present)
        yield Demo(config, {name: (HOST, port) for name, port in stage.ports.items()})


def serve(say: Callable[[str], None]) -> None:
    """Run the demo in a temporary directory until SIGINT, SIGTERM or SIGHUP comes.

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
        running(Path(directory)) as demo,
    ):
        say(f"config={demo.config}")
        for name, (host, port) in demo.servers.items():
            say(f"{name}={host}:{port}")
        ended.wait()


def earlier_sync(
    config: Path,
    directions: Sequence[Direction],
    declined: Sequence[tuple[str, str, str | None]],
) -> None:
    """Sync once, as the person did before, and leave what that writes in the ledger.

    Args:
        config: The configuration file.
        directions: What was asked for.
        declined: Account, kind and Message-ID of the lines that were taken out before applying.
    """


def write_config(directory: Path, ports: dict[str, int]) -> Path:
    """Write the configuration for servers on these ports; only its owner can read it."""
    sections = [f'state_dir = "{directory / "state"}"\n']
    for name in (CONSOLIDATED, *ACCOUNTS):
        section = name if name == CONSOLIDATED else f"external.{name}"
        sections.append(
            f"[{section}]\n"
            f'type = "{"pop3" if name in POP3 else "imap"}"\n'
            f'host = "{HOST}"\n'
            f"port = {ports[name]}\n"
            f'tls = "none"\n'
            f'user = "{USERS[name]}"\n'
            f'password = "{PASSWORDS[name]}"\n' + _EXTRA.get(name, "")
        )
    path = directory / "config.toml"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
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
