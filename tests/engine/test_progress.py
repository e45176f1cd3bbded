"""How far a mailbox is, as a session reports it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.engine.detect import listing
from mailsync_tui.engine.events import Event, ListingDone, ListingProgress, ReadingProgress
from mailsync_tui.engine.model import Options
from tests.builders import mail
from tests.engine.bench import Bench


def test_four_times_a_second_at_most() -> None:
    events: list[Event] = []
    now = 100.0
    progress = listing.throttled(events.append, ListingProgress, "isp", lambda: now)
    for step in range(101):
        now = 100.0 + step / 100
        progress(step, 100)
    assert events == [ListingProgress("isp", step, 100) for step in (25, 50, 75, 100)]


def test_a_session_reports_listing_and_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "INTERVAL", 0.0)
    bench = Bench(tmp_path)
    for number in range(3):
        bench.deliver("isp", mail(number))
    events: list[Event] = []
    with bench.session() as session:
        session.emit = events.append
        session.plan(Options())
    assert [event for event in events if getattr(event, "mailbox", "") == "isp"] == [
        ListingProgress("isp", 3, 3),
        ListingDone("isp", 3, None),
        *(ReadingProgress("isp", read, 3) for read in (1, 2, 3)),
    ]
