"""A person's mailboxes in memory, driven by a test: accounts, a consolidated one, and a clock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mailsync_tui.config.model import CONSOLIDATED, Guards, MailboxConfig, UserConfig
from mailsync_tui.engine.kept import kept_plan
from mailsync_tui.engine.model import Options, Plan
from mailsync_tui.engine.outcome import Result
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger
from mailsync_tui.ledger.uptime import Uptime
from mailsync_tui.mailboxes.base import Role
from mailsync_tui.session.session import Session
from tests.builders import mail
from tests.mailboxes.memory import MemoryMailbox

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


class Bench:
    """Accounts in memory; each is of kind ``imap`` or ``pop3``."""

    def __init__(self, directory: Path, kinds: dict[str, str] | None = None, **guards: Any) -> None:
        kinds = kinds or {"isp": "pop3", "work": "imap"}
        self.directory = directory
        self.now = START
        self.chance = 0.0
        self.marked = False
        """Whether plans have what a person marked for deletion."""
        self.jumped = timedelta(0)
        """By how much the clock was set ahead."""
        self.boot = "first"
        """Which start of the machine it is."""
        external = tuple(
            MailboxConfig(name=name, type=kind, host=f"{name}.example", user="ann")  # type: ignore[arg-type]
            for name, kind in kinds.items()
        )
        consolidated = MailboxConfig(
            name=CONSOLIDATED, type="imap", host="home.example", user="ann"
        )
        self.config = UserConfig("default", consolidated, external, Guards(**guards))
        self.boxes: dict[str, MemoryMailbox] = {}
        for name, kind in {**kinds, CONSOLIDATED: "imap"}.items():
            pop = kind == "pop3"
            box = MemoryMailbox(
                name, kind="pop3" if pop else "imap", peeks=not pop, can_store=not pop
            )
            if not pop:
                box.add_folder("Archive", Role.NORMAL)
                box.add_folder("Trash", Role.TRASH)
                box.add_folder("Junk", Role.JUNK)
                box.add_folder("Drafts", Role.DRAFTS)
                box.add_folder("Sent", Role.SENT)
            self.boxes[name] = box
        self.home.deliver("INBOX", mail("ballast"))  # an empty one would be a guard's business

    @property
    def home(self) -> MemoryMailbox:
        """The consolidated mailbox."""
        return self.boxes[CONSOLIDATED]

    def configure(self, account: str, **changes: Any) -> None:
        """Change keys of one mailbox's configuration."""
        if account == CONSOLIDATED:
            changed = replace(self.config.consolidated, **changes)
            self.config = replace(self.config, consolidated=changed)
            return
        external = tuple(
            replace(c, **changes) if c.name == account else c for c in self.config.external
        )
        self.config = replace(self.config, external=external)

    def guards(self, **changes: Any) -> None:
        """Change the guards."""
        self.config = replace(self.config, guards=replace(self.config.guards, **changes))

    def session(self, *only: str, patient: bool = False) -> Session:
        """A session over these mailboxes; of the accounts only those that are named, if any is."""
        boxes = {c.name: self.boxes[c.name] for c in self.config.mailboxes}
        return Session(
            self.config,
            self.directory,
            mailboxes=boxes,
            only=only,
            patient=patient,
            chance=lambda: self.chance,
            clock=lambda: self.now,
            uptime=self.uptime,
        )

    def uptime(self) -> Uptime:
        """What the machine says that runs all this."""
        return Uptime(self.boot, (self.now - self.jumped).timestamp())

    def set_clock(self, by: timedelta) -> None:
        """Somebody sets the clock ahead, or back."""
        self.now += by
        self.jumped += by

    def wait(self, minutes: float = 15) -> None:
        """Let time pass."""
        self.now += timedelta(minutes=minutes)

    def plan(self, *directions: str, only: Iterable[str] = (), **options: Any) -> Plan:
        """Make a plan; all directions unless some are named.

        One that was kept is the one that would be made in full.
        """
        if directions:
            options["directions"] = directions
        options.setdefault("marked", self.marked)
        with self.session(*only) as session:
            found = session.plan(Options(**options))
        if self.keeps(found.options) and not only:
            full = self.plan_in_full(found.options)
            assert (found, found.waits) == (full, full.waits)
        return found

    def keeps(self, options: Options) -> bool:
        """Whether a plan is kept for these options."""
        with contextlib.closing(open_ledger(self.directory / FILE_NAME)) as ledger:
            return kept_plan(ledger, self.config, options) is not None

    def plan_in_full(self, options: Options) -> Plan:
        """The plan that is made of listings and ledger, whatever plan is kept."""
        with (
            self.session() as session,
            contextlib.closing(open_ledger(self.directory / FILE_NAME)) as ledger,
        ):
            return session.observe(ledger, session.list_all(), options)[1].plan

    def sync(
        self,
        *directions: str,
        without: Iterable[str] = (),
        only: Iterable[str] = (),
        **options: Any,
    ) -> Result:
        """Sync, taking out the lines whose kind or id is in ``without``; then let time pass."""
        if directions:
            options["directions"] = directions
        options.setdefault("marked", self.marked)
        taken = set(without)

        def choose(plan: Plan) -> frozenset[str]:
            return frozenset(n.id for n in plan.lines if {n.id, n.kind} & taken)

        with self.session(*only) as session:
            result = session.sync(Options(**options), choose)
        if self.keeps(result.plan.options) and not only:
            assert replace(result.plan, created=self.now) == self.plan_in_full(result.plan.options)
        self.wait()
        return result

    def deliver(self, account: str, data: bytes, folder: str = "INBOX") -> Any:
        """Mail arrives."""
        return self.boxes[account].deliver(folder, data)

    def uid_of(self, account: str, data: bytes, folder: str = "INBOX") -> Any:
        """The uid of the first copy of a message in a folder."""
        from mailsync_tui.message import content_digest

        held = self.boxes[account].folders[folder]
        return next(
            uid
            for uid, message in held.messages.items()
            if content_digest(message.data) == content_digest(data)
        )

    def remove(self, account: str, data: bytes, folder: str = "INBOX") -> None:
        """The person deletes a copy of a message."""
        self.boxes[account].remove(folder, self.uid_of(account, data, folder))

    def move(self, account: str, data: bytes, target: str, folder: str = "INBOX") -> None:
        """The person files a message."""
        self.boxes[account].move(folder, self.uid_of(account, data, folder), target)

    def holds(self, account: str, data: bytes, folder: str | None = None) -> int:
        """How many copies of a message a mailbox holds."""
        from mailsync_tui.message import content_digest

        box = self.boxes[account]
        names = [folder] if folder else list(box.folders)
        return sum(
            content_digest(m.data) == content_digest(data)
            for name in names
            for m in box.folders[name].messages.values()
        )


def kinds(plan: Plan) -> list[tuple[str, str]]:
    """The kinds and accounts of a plan's lines."""
    return [(line.kind, line.account) for line in plan.lines]


def held(plan: Plan) -> list[tuple[str, str, str]]:
    """Kind, account and rule of what a plan holds."""
    return [(line.kind, line.account, line.rule) for line in plan.held]


def blocked(plan: Plan) -> list[tuple[str, str, str, int]]:
    """Account, kind, rule and count of what guards stopped."""
    return [(b.account, b.kind, b.rule, b.count) for b in plan.blocked]
