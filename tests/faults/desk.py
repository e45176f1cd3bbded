"""A person with accounts on servers of ours, who syncs again and again: the adapters are the real
ones, and so is all that lies above them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailsync_tui.config.model import CONSOLIDATED, Guards, MailboxConfig, Secret, UserConfig
from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.engine.outcome import Result, everything
from mailsync_tui.mailboxes.imap import connection as imap_connection
from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox
from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox
from mailsync_tui.mailboxes.pop3 import mailbox as pop3
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox
from mailsync_tui.session.session import Session
from tests.mailboxes.memory import MemoryMailbox
from tests.servers.imap_script import SECRET, ImapScript

if TYPE_CHECKING:
    from pathlib import Path

    from mailsync_tui.config.model import MailboxType
    from mailsync_tui.mailboxes.base import Mailbox

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
_SECONDS = 30.0
"""A server that says nothing for so long is given up; no test waits for it unless it fails."""


def at(kind: MailboxType, name: str, port: int, **settings: Any) -> MailboxConfig:
    """An account on a port of 127.0.0.1."""
    secret = Secret("password", SECRET)
    given: dict[str, Any] = {"host": "127.0.0.1", "tls": "none", "user": "ann", "secret": secret}
    given |= settings
    return MailboxConfig(name, kind, port=port, **given)


class Desk:
    """One person's accounts and a consolidated mailbox.

    Args:
        directory: For the state.
        accounts: Where they are; see :func:`at`.
        home: The consolidated mailbox, if it is to lie on a server or a disk; in memory else.
        guards: Their keys.
    """

    def __init__(
        self,
        directory: Path,
        *accounts: MailboxConfig,
        home: MailboxConfig | None = None,
        **guards: Any,
    ) -> None:
        self.directory = directory
        self.now = START
        self.patience = _SECONDS
        """Of the adapters, with a server that was asked for messages."""
        self.home = MemoryMailbox(CONSOLIDATED, kind="imap")
        self._given: dict[str, Mailbox] = {} if home else {CONSOLIDATED: self.home}
        memory = MailboxConfig(CONSOLIDATED, "imap", host="home.example", user="ann")
        self.config = UserConfig("default", home or memory, accounts, Guards(**guards))

    def session(self) -> Session:
        """A session with connections of its own."""
        boxes = dict(self._given)
        for config in self.config.mailboxes:
            if config.name not in boxes:
                boxes[config.name] = _mailbox(config, self.patience)
        return Session(self.config, self.directory, mailboxes=boxes, clock=lambda: self.now)

    def plan(self, **options: Any) -> Plan:
        """A plan of all directions, unless options say else."""
        with self.session() as session:
            return session.plan(Options(**options))

    def sync(self, **options: Any) -> Result:
        """Apply everything; then let time pass."""
        with self.session() as session:
            result = session.sync(Options(**options), everything)
        self.now += timedelta(minutes=15)
        return result

    def rest(self) -> tuple[list[str], list[tuple[str, str, int]]]:
        """What a plan still has: the kinds of its lines, and what is blocked."""
        plan = self.plan()
        return [n.kind for n in plan.lines], [(b.account, b.rule, b.count) for b in plan.blocked]

    def remove(self, data: bytes) -> None:
        """The person deletes a message in the consolidated mailbox in memory."""
        messages = self.home.folders["INBOX"].messages
        self.home.remove("INBOX", next(u for u, one in messages.items() if one.data == data))


def _mailbox(config: MailboxConfig, patience: float) -> Mailbox:
    def secret() -> str:
        return SECRET

    if config.type == "pop3":
        quick = pop3.Pop3Timing(_SECONDS, _SECONDS, patience, patience, lock=0.01)
        return Pop3Mailbox(config, secret, quick)
    if config.type == "imap":
        timing = imap_connection.ImapTiming(_SECONDS, _SECONDS, patience, late=0.0)
        return ImapMailbox(config, secret, timing)
    return MaildirMailbox(config)


def outcomes(result: Result) -> Counter[tuple[str, str]]:
    """How many lines of each kind ended how."""
    return Counter((line.line.kind, line.outcome) for line in result.lines)


def bodies(server: ImapScript, folder: str = "INBOX") -> list[bytes]:
    """What lies in a folder of a server of ours."""
    return [message.data for message in server.folders[folder].messages]
