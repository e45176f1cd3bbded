"""``demo --serve`` as a process: what it prints, what it leaves, and how it ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mailsync_tui
from mailsync_tui.config.load import load_config
from mailsync_tui.demo.scenario import CONSOLIDATED, EVERYDAY, REACHED
from mailsync_tui.demo.servers.servers import POP3

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE_ROOT = Path(mailsync_tui.__file__).parents[1]
TIMEOUT = 60.0
PROGRAM = """
from functools import partial
from mailsync_tui.demo.run import serve
serve(partial(print, flush=True))
"""


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process, and the lines it printed once it was ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, [process.stdout.readline().strip() for _ in range(len(REACHED) + 2)]
    finally:
        process.terminate()
        try:
            process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def printed() -> Iterator[list[str]]:
    """The lines of one that goes on serving."""
    with serving() as (_process, lines):
        yield lines


def test_it_prints_the_configuration_and_a_line_for_each_server(printed: list[str]) -> None:
    assert printed[0].startswith("config=")
    words = dict(line.split("=", 1) for line in printed)
    config = load_config(Path(words.pop("config")))
    (person,) = config.users
    mailboxes = (person.consolidated, *person.external)
    assert words == {m.name: f"{m.host}:{m.port}" for m in mailboxes}
    assert [m.name for m in person.external] == list(REACHED)
    assert [m.type for m in person.external[: len(EVERYDAY)]] == ["pop3", "imap", "pop3"]
    assert {m.name for m in person.external if m.type == "pop3"} == set(POP3)
    assert person.consolidated.name == CONSOLIDATED


def test_only_its_owner_can_read_what_it_wrote(printed: list[str]) -> None:
    path = Path(printed[0].removeprefix("config="))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    state_dir = load_config(path).state_dir
    assert state_dir is not None
    assert state_dir.parent == path.parent


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_nothing(number: signal.Signals) -> None:
    with serving() as (process, lines):
        path = Path(lines[0].removeprefix("config="))
        process.send_signal(number)
        assert process.wait(TIMEOUT) == 0
        assert not path.parent.exists()
