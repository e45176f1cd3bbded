"""One broken message never stops the rest (DESIGN.md, rule 11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mailsync_tui.mailboxes.base import Location, MailboxError, Raw
from tests.engine.bench import Bench, mail

GOOD, LATER = mail(1), mail(2)


def never_comes_whole(bench: Bench, account: str, data: bytes) -> None:
    """As the IMAP adapter does: the others first, then an error that names it."""
    box = bench.boxes[account]
    bad, fetch = bench.uid_of(account, data), box.fetch

    def broken(locations: Iterable[Location]) -> Iterator[Raw]:
        wanted = list(locations)
        yield from fetch([at for at in wanted if at.uid != bad])
        if any(at.uid == bad for at in wanted):
            raise MailboxError("a message never came whole")

    box.fetch = broken  # type: ignore[method-assign]


def test_it_stops_no_collection_and_no_deletion(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("work", GOOD)
    bench.sync()
    bench.remove("consolidated", GOOD)
    bench.deliver("work", mail("bad"))
    bench.deliver("work", LATER)
    never_comes_whole(bench, "work", mail("bad"))
    outcomes = {line.line.message_id: line.outcome for line in bench.sync().lines}
    assert outcomes == {
        "<mbad@example.org>": "failed",
        "<m1@example.org>": "done",
        "<m2@example.org>": "done",
    }
    assert bench.holds("work", GOOD) == 0
    assert bench.holds("consolidated", LATER) == 1
    assert bench.holds("work", mail("bad")) == 1


def test_of_two_deletions_the_whole_one_is_done(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for data in (GOOD, LATER):
        bench.deliver("work", data)
    bench.sync()
    for data in (GOOD, LATER):
        bench.remove("consolidated", data)
    never_comes_whole(bench, "work", GOOD)
    bench.sync()
    assert (bench.holds("work", GOOD), bench.holds("work", LATER)) == (1, 0)


def test_without_an_id_it_does_not_make_the_listing_unknown(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.deliver("work", GOOD)
    bench.sync()
    bad = mail("bad", message_id=False)
    bench.deliver("work", bad)
    never_comes_whole(bench, "work", bad)
    bench.remove("work", GOOD)
    plan = bench.plan()
    assert plan.mailboxes["work"].complete
    assert {line.kind for line in plan.lines} == {"collect", "forward-delete"}


def test_an_own_copy_that_cannot_be_compared_is_not_doubled(tmp_path: Path) -> None:
    """The consolidated mailbox's own copy has the same headers, and its bytes never come."""
    bench = Bench(tmp_path)
    bench.deliver("work", GOOD)
    bench.sync()
    twin = mail(1, "another text")
    bench.deliver("consolidated", twin)
    bench.sync()
    bench.deliver("isp", twin)
    bench.deliver("isp", LATER)
    never_comes_whole(bench, "consolidated", twin)
    outcomes = {(line.line.kind, line.outcome) for line in bench.sync().lines}
    assert outcomes == {("adopt", "failed"), ("collect", "done")}
    assert bench.holds("consolidated", twin) == 1
