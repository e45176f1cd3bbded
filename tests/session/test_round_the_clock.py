"""Two people, four accounts each, ``--every`` for hours, while servers go away and come back."""

from __future__ import annotations

import contextlib
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.engine.model import Options
from mailsync_tui.engine.outcome import NotReached, everything
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger
from mailsync_tui.mailboxes.base import LoginRefused, MailboxError, Unreachable
from tests.builders import mail
from tests.engine.bench import Bench

KINDS = {"isp": "pop3", "work": "imap", "old": "imap", "far": "pop3"}
ROUNDS = 200


class Person:
    """One person's mailboxes; of each it is known when it was tried, and how that ended."""

    def __init__(self, directory: Path, chance: random.Random, patch: pytest.MonkeyPatch) -> None:
        self.bench = Bench(directory, KINDS)
        self.chance = chance
        self.fails: dict[str, MailboxError] = {}
        self.failed: dict[str, tuple[datetime, MailboxError]] = {}
        self.delivered: list[tuple[str, bytes]] = []
        self.too_soon: list[tuple[str, timedelta]] = []
        for name, box in self.bench.boxes.items():
            patch.setattr(box, "list", self._listing(name, box.list))

    def _listing(self, name: str, real: object) -> object:
        def listing(*arguments: object, **more: object) -> object:
            if name in self.failed:
                at, why = self.failed.pop(name)
                least = timedelta(minutes=15 if isinstance(why, LoginRefused) else 1)
                if self.bench.now - at < least:
                    self.too_soon.append((name, self.bench.now - at))
            if name in self.fails:
                self.failed[name] = self.bench.now, self.fails[name]
                raise self.fails[name]
            return real(*arguments, **more)  # type: ignore[operator]

        return listing

    def live(self) -> None:
        """Something happens: mail, a deletion, a server that goes away or comes back."""
        if self.chance.random() < 0.3:
            account = self.chance.choice(list(KINDS))
            data = mail(len(self.delivered) + 100)
            self.bench.deliver(account, data)
            self.delivered.append((account, data))
        if self.delivered and self.chance.random() < 0.05:
            account, data = self.chance.choice(self.delivered)
            if self.bench.holds(account, data) and self.bench.holds("consolidated", data):
                self.bench.remove(account, data)
        if self.chance.random() < 0.1:
            name = self.chance.choice(list(self.bench.boxes))
            errors = (Unreachable("no route to host"), LoginRefused("wrong password"))
            if self.fails.pop(name, None) is None:
                self.fails[name] = self.chance.choice(errors)

    def round(self) -> None:
        with (
            contextlib.suppress(NotReached),
            self.bench.session(patient=True) as session,
        ):
            session.sync(Options(("collect",)), everything)
        self.bench.wait(1)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_nothing_deleted_and_nobody_tried_too_often(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    people = [Person(tmp_path / name, chance, monkeypatch) for name in ("ann", "bob")]
    for _ in range(ROUNDS):
        for person in people:
            person.live()
            person.round()
    for person in people:
        bench = person.bench
        assert person.too_soon == []
        person.fails.clear()
        before = {(account, data): bench.holds(account, data) for account, data in person.delivered}
        bench.wait(60)
        person.round()
        person.round()
        assert before == {
            (account, data): bench.holds(account, data) for account, data in person.delivered
        }
        assert all(bench.holds("consolidated", data) == 1 for _, data in person.delivered)
        with contextlib.closing(open_ledger(bench.directory / FILE_NAME)) as ledger:
            runs = journal.runs(ledger)
            assert runs
            assert all(journal.actions(ledger, run.id) for run in runs), "an empty run"
        assert sum(before.values()) < len(before), "somebody deleted something"
