"""Vices that cost time: round trips of 40 ms, and log-ins that fail slowly."""

from __future__ import annotations

import socket
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.mailboxes.imap import connection as imap_connection
from mailsync_tui.mailboxes.net import sockets
from mailsync_tui.mailboxes.pop3 import mailbox as pop3
from tests.builders import letter
from tests.faults.desk import Desk, at, outcomes
from tests.servers.imap_script import ImapScript
from tests.servers.pop3_script import Pop3Script, Session

if TYPE_CHECKING:
    from tests.servers.imap_script import Connection

COUNT = 300
LETTERS = [letter(number) for number in range(COUNT)]


@pytest.mark.vice(1)
def test_nothing_is_kept_back_to_be_sent_together() -> None:
    with (
        ImapScript() as server,
        sockets.connect(("127.0.0.1", server.port), 30, sockets.Cutter()) as sock,
    ):
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


class Waiting(Pop3Script):
    """Gives no message before it was asked for twenty, or for all that are left."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[int] = []
        self.left = COUNT

    def do_retr(self, to: Session, argument: str) -> None:
        self.wanted.append(int(argument))
        if len(self.wanted) == min(20, self.left):
            for number in self.wanted:
                super().do_retr(to, str(number))
            self.left -= len(self.wanted)
            self.wanted.clear()


@pytest.mark.vice(1)
def test_pop3_is_asked_for_many_before_the_first_answer(tmp_path: Path) -> None:
    with Waiting() as server:
        server.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}
        desk = Desk(tmp_path, at("pop3", "isp", server.port))
        assert outcomes(desk.sync()) == {("collect", "done"): COUNT}
        # Each once: it did not have to begin again one by one.
        assert len(server.sent("RETR")) == COUNT


@pytest.mark.vice(1)
def test_imap_is_asked_for_many_at_once(tmp_path: Path) -> None:
    with ImapScript() as work, ImapScript() as home:
        for data in LETTERS:
            work.inbox.add(data)
        desk = Desk(
            tmp_path,
            at("imap", "work", work.port),
            home=at("imap", "consolidated", home.port),
        )
        assert outcomes(desk.sync()) == {("collect", "done"): COUNT}
        assert len(work.lines) + len(home.lines) < COUNT / 4


@pytest.mark.vice(17)
def test_a_log_in_that_takes_five_seconds_to_fail_is_waited_for() -> None:
    for timing in (imap_connection.ImapTiming(), pop3.Pop3Timing()):
        assert timing.connect > 10
        assert timing.read > 10


@pytest.mark.vice(17)
def test_a_log_in_that_takes_its_time_to_fail_holds_no_other_account_up(tmp_path: Path) -> None:
    """It is refused only once the other account was listed."""

    listed = Event()

    class Slow(ImapScript):
        def do_login(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
            assert listed.wait(30)
            to.say(tag + b" NO [AUTHENTICATIONFAILED] no")

    class Quick(Pop3Script):
        def do_quit(self, to: Session, argument: str) -> None:
            listed.set()
            super().do_quit(to, argument)

    with Slow() as slow, Quick() as quick:
        quick.mail = {"u1": LETTERS[1]}
        # The slow one comes first.
        desk = Desk(tmp_path, at("imap", "work", slow.port), at("pop3", "isp", quick.port))
        done = desk.sync()
        assert outcomes(done) == {("collect", "done"): 1}
        assert "AUTHENTICATIONFAILED" in str(done.plan.mailboxes["work"].error)
