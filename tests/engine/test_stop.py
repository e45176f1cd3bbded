"""Interrupted: the current message is finished, the rest is not started."""

from __future__ import annotations

from pathlib import Path

from mailsync_tui.engine.events import Event, LineDone
from mailsync_tui.engine.model import Options
from mailsync_tui.engine.outcome import everything
from mailsync_tui.errors import INTERRUPTED
from tests.builders import mail
from tests.engine.bench import Bench, kinds


def _stopped_after_one(bench: Bench) -> tuple[int, list[str]]:
    session = bench.session()

    def stop(event: Event) -> None:
        if isinstance(event, LineDone):
            session.stop()

    session.emit = stop
    with session:
        result = session.sync(Options(), everything)
    return result.exit, [line.line.account for line in result.lines]


def test_no_other_account_is_fetched_from(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("isp", mail(1))
    bench.deliver("work", mail(2))
    assert _stopped_after_one(bench) == (INTERRUPTED, ["isp"])
    assert bench.boxes["work"].called("fetch") == 0
    assert kinds(bench.plan()) == [("collect", "work")]


def test_what_was_not_started_is_not_told_as_skipped(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for account in ("isp", "work"):
        bench.deliver(account, mail(1))
    bench.sync()
    bench.remove("isp", mail(1))
    assert _stopped_after_one(bench) == (INTERRUPTED, ["isp"])
    assert bench.holds("work", mail(1)) == 1
    assert kinds(bench.plan()) == [("reverse-delete", "work")]
