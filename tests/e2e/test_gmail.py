"""A server of labels (X-GM-EXT-1): archived is not deleted, and deleting is moving to the trash."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.config.model import CONSOLIDATED, MailboxConfig, Secret, UserConfig
from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.engine.outcome import Result
from mailsync_tui.session.session import Session
from tests.builders import letter
from tests.mailboxes.memory import MemoryMailbox
from tests.servers.imap_script import SECRET, Connection, Folder, ImapScript, Message

ALL, TRASH = "[Gmail]/All Mail", "[Gmail]/Trash"


class Gmail(ImapScript):
    """What lies under a label lies in All Mail too; only the trash takes it out of there."""

    capabilities = f"{ImapScript.capabilities} SPECIAL-USE X-GM-EXT-1"

    def __init__(self) -> None:
        super().__init__()
        self.folders |= {ALL: Folder(), TRASH: Folder()}
        self.attributes = {ALL: "\\All", TRASH: "\\Trash"}

    def arrive(self, data: bytes) -> None:
        self.inbox.add(data)
        self.folders[ALL].add(data)

    def unlabel(self, data: bytes) -> None:
        """Archive: INBOX has it no more."""
        self.inbox.messages = [one for one in self.inbox.messages if one.data != data]

    def throw_away(self, data: bytes) -> None:
        for name, folder in self.folders.items():
            if name != TRASH:
                folder.messages = [one for one in folder.messages if one.data != data]
        self.folders[TRASH].add(data)

    def remove(self, to: Connection, message: Message) -> None:
        """After a MOVE to the trash."""
        super().remove(to, message)
        if any(one.data == message.data for one in self.folders[TRASH].messages):
            everything = self.folders[ALL]
            everything.messages = [m for m in everything.messages if m.data != message.data]


class Desk:
    """The account ``work`` on that server, and a consolidated mailbox in memory."""

    def __init__(self, directory: Path, server: Gmail) -> None:
        self.server = server
        self.directory = directory
        self.now = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
        self.home = MemoryMailbox(CONSOLIDATED, kind="imap")
        work = MailboxConfig(
            "work",
            "imap",
            host="127.0.0.1",
            port=server.port,
            tls="none",
            user="ann",
            secret=Secret("password", SECRET),
        )
        home = MailboxConfig(CONSOLIDATED, "imap", host="home.example", user="ann")
        self.config = UserConfig("default", home, (work,))

    def session(self) -> Session:
        return Session(
            self.config,
            self.directory,
            mailboxes={CONSOLIDATED: self.home},
            clock=lambda: self.now,
        )

    def plan(self) -> Plan:
        with self.session() as session:
            return session.plan(Options())

    def sync(self) -> Result:
        with self.session() as session:
            result = session.sync(Options(), lambda _: frozenset())
        self.now += timedelta(minutes=15)
        return result

    def kinds(self) -> list[str]:
        return [line.kind for line in self.plan().lines]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Gmail() as server:
        desk = Desk(tmp_path, server)
        for number in range(3):
            server.arrive(letter(number))
        assert [line.outcome for line in desk.sync().lines] == ["done"] * 3
        assert desk.home.bytes_in("INBOX") == [letter(number) for number in range(3)]
        assert desk.kinds() == []
        yield desk


@pytest.mark.story("label")
@pytest.mark.vice(20)
def test_archived_is_not_deleted(desk: Desk) -> None:
    desk.server.unlabel(letter(1))
    assert desk.kinds() == []
    desk.sync()
    assert desk.kinds() == []
    assert letter(1) in desk.home.bytes_in("INBOX")


def test_thrown_away_is_deleted(desk: Desk) -> None:
    desk.server.throw_away(letter(1))
    assert desk.kinds() == ["forward-delete"]
    desk.sync()
    assert letter(1) not in desk.home.bytes_in("INBOX")
    assert desk.kinds() == []


def test_archived_and_later_thrown_away(desk: Desk) -> None:
    desk.server.unlabel(letter(1))
    desk.sync()
    desk.server.throw_away(letter(1))
    assert desk.kinds() == ["forward-delete"]


@pytest.mark.vice(20)
def test_a_reverse_deletion_moves_to_the_trash(desk: Desk) -> None:
    uid = next(u for u, m in desk.home.folders["INBOX"].messages.items() if m.data == letter(1))
    desk.home.remove("INBOX", uid)
    assert desk.kinds() == ["reverse-delete"]
    desk.sync()
    assert [one.data for one in desk.server.folders[TRASH].messages] == [letter(1)]
    assert [one.data for one in desk.server.folders[ALL].messages] == [letter(0), letter(2)]
    assert not desk.server.sent("UID EXPUNGE")
    assert desk.kinds() == []
