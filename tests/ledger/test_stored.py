"""A ledger that an earlier version made opens, and goes on from where it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.builders import mail
from tests.engine.bench import Bench, kinds

STORED = Path(__file__).with_name("ledger_of_0_1.sql")
"""Six messages on work, three of them on isp too; one was deleted on work, and then in all."""


def test_a_ledger_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"isp": "pop3", "work": "imap", "old": "imap"})
    for n in range(1, 7):
        bench.deliver("work", mail(n))
    for n in range(3, 6):
        bench.deliver("isp", mail(n))
    bench.sync()  # puts the messages where the stored ledger has them
    bench.remove("work", mail(1))
    bench.sync()
    path = tmp_path / "ledger.sqlite3"
    path.unlink()
    ledger = sqlite3.connect(path)
    ledger.executescript(STORED.read_text())
    ledger.close()
    path.chmod(0o600)
    bench.wait()
    assert bench.plan().lines == ()
    bench.remove("work", mail(2))
    bench.deliver("old", mail(7))
    plan = bench.plan()
    assert plan.serial > 0
    assert kinds(plan) == [("collect", "old"), ("forward-delete", "work")]
    assert bench.sync().exit == 0
    assert bench.plan().lines == ()
