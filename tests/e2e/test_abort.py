"""A session that is aborted waits for nobody: no server, no password command."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.config.model import MailboxConfig, Secret, UserConfig
from mailsync_tui.engine.model import Options
from mailsync_tui.engine.outcome import everything
from mailsync_tui.errors import SessionError
from mailsync_tui.mailboxes.base import Location, MailboxError
from mailsync_tui.session.session import Session
from tests.servers.script import talking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

LIMIT = 30.0


def person(port: int, tmp_path: Path, password: str) -> UserConfig:
    return UserConfig(
        "default",
        MailboxConfig("consolidated", "maildir", path=tmp_path / "all"),
        (
            MailboxConfig(
                "isp",
                "pop3",
                host="127.0.0.1",
                port=port,
                tls="none",
                user="ann",
                secret=Secret("password_command", password),
            ),
        ),
    )


def aborted(session: Session, waits: Callable[[], object]) -> None:
    """Sync in a thread, abort once it waits, and see it and the session end."""
    ended: list[object] = []

    def run() -> None:
        with session:
            try:
                session.sync(Options(), everything)
            except (MailboxError, SessionError) as error:
                ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    waits()
    session.abort()
    thread.join(LIMIT)
    assert not thread.is_alive()
    assert len(ended) == 1


@pytest.mark.server
def test_while_a_server_is_silent(tmp_path: Path) -> None:
    connected, over = threading.Event(), threading.Event()

    def talk(_: BinaryIO) -> None:
        connected.set()
        over.wait(LIMIT)

    with talking(talk) as port:
        session = Session(person(port, tmp_path, "echo secret"), tmp_path / "state")
        try:
            aborted(session, lambda: connected.wait(LIMIT))
        finally:
            over.set()


@pytest.mark.server
def test_while_a_person_reads_from_a_silent_server(tmp_path: Path) -> None:
    connected, over = threading.Event(), threading.Event()

    def talk(_: BinaryIO) -> None:
        connected.set()
        over.wait(LIMIT)

    with talking(talk) as port:
        session = Session(person(port, tmp_path, "echo secret"), tmp_path / "state")
        try:
            reading = session.connections.read("isp", Location("INBOX", 0, "u1"))
            assert connected.wait(LIMIT)
            session.abort()
            closing = threading.Thread(target=session.close, daemon=True)
            closing.start()
            closing.join(LIMIT / 2)
            assert not closing.is_alive()
            assert isinstance(reading.exception(LIMIT), MailboxError)
        finally:
            over.set()


def test_while_a_password_command_hangs(tmp_path: Path) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    command = f"echo $$ > '{started}'; exec sleep 3600"
    numbers: list[int] = []
    session = Session(person(1, tmp_path, command), tmp_path / "state")
    aborted(session, lambda: numbers.append(int(started.read_text())))
    with pytest.raises(ProcessLookupError):
        os.kill(numbers[0], 0)
