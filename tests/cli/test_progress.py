from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mailsync_tui.cli.output import Output
from mailsync_tui.cli.progress import BarProgress, LineProgress
from mailsync_tui.engine.events import (
    Applying,
    LineDone,
    ListingDone,
    ListingProgress,
    ReadingProgress,
)

DONE = LineDone("id", "collect", "old", "done", "")


def test_every_mailbox_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    listen = LineProgress(Output())
    listen(ListingDone("old", 7, None))
    listen(ListingDone("work", None, "no \x1b[2Jroute"))
    listen(ListingDone("isp", 3, "cut off"))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "old: listed 7 messages",
        "work: not reached: no \ufffd[2Jroute",
        "isp: listed 3 messages, not complete: cut off",
    ]


def test_applying_is_reported_every_five_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = 100.0
    listen = LineProgress(Output(), lambda: now)
    listen(Applying(4))
    for now in (100.0, 104.9, 105.0, 109.0):  # noqa: B007 - the clock reads it
        listen(DONE)
    assert capsys.readouterr().err.splitlines() == ["applied 3 of 4 lines"]


def test_a_long_listing_is_reported_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    listen = LineProgress(Output(), lambda: now)
    for now in (100.0, 104.9, 105.0, 109.9):
        listen(ListingProgress("isp", int(now * 10), 9400))
        listen(ListingProgress("work", int(now * 30), None))
    for now in (110.0, 114.9):
        listen(ReadingProgress("isp", int(now), 900))
    assert capsys.readouterr().err.splitlines() == [
        "isp: listing 1,050 of 9,400",
        "work: listing 3,150",
        "isp: reading headers 110 of 900",
    ]


def test_a_bar_counts_mailboxes_and_not_what_is_said_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rich.progress import Progress

    seen: list[tuple[str, float]] = []
    monkeypatch.setattr(
        Progress,
        "stop",
        lambda bar: seen.extend((task.description, task.completed) for task in bar.tasks),
    )
    monkeypatch.setattr(Progress, "start", lambda _: None)
    listen = BarProgress(2)
    for event in (
        ListingProgress("isp", 5, 9),
        ListingDone("isp", 9, None),
        ReadingProgress("isp", 1, 9),
    ):
        listen(event)
    listen.pause()
    assert seen == [("isp: reading headers 1 of 9", 1)]


def test_events_may_come_from_many_threads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = 100.0
    listen = LineProgress(Output(), lambda: now)
    listen(Applying(4001))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(listen, [DONE] * 4000))
    now += 5
    listen(DONE)
    assert capsys.readouterr().err.splitlines() == ["applied 4001 of 4001 lines"]
