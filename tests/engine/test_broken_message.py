"""One broken message never stops the rest (DESIGN.md, rule 11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from mailsync_tui.engine.outcome import run_lines
from mailsync_tui.ledger import journal
from mailsync_tui.ledger.reader import FILE_NAME, open_ledger
from mailsync_tui.mailboxes.base import (
    ConnectionLost,
    Location,
    MailboxError,
    NewMessage,
    Raw,
    StoreResult,
)
from tests.builders import mail
from tests.engine.bench import Bench
from tests.engine.undoing import undo

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
    other = mail(1, "another text")
    bench.deliver("consolidated", other)
    bench.sync()
    bench.deliver("isp", other)
    bench.deliver("isp", LATER)
    never_comes_whole(bench, "consolidated", other)
    outcomes = {(line.line.kind, line.outcome) for line in bench.sync().lines}
    assert outcomes == {("adopt", "failed"), ("collect", "done")}
    assert bench.holds("consolidated", other) == 1


class Crashing:
    """With a poison message in it, the connection is lost, and nothing of the batch is stored."""

    def __init__(
        self, bench: Bench, poison: Iterable[bytes], mailbox: str = "consolidated"
    ) -> None:
        self._poison = set(poison)
        self._store = bench.boxes[mailbox].store
        self.sizes: list[int] = []
        bench.boxes[mailbox].store = self.store  # type: ignore[method-assign]

    def store(self, messages: Sequence[NewMessage], folder: str) -> Sequence[StoreResult]:
        self.sizes.append(len(messages))
        if self._poison.intersection(message.data for message in messages):
            lost = ConnectionLost("it closed the connection")
            return [StoreResult(None, str(lost), unsure=True, lost=lost)] * len(messages)
        return self._store(messages, folder)


def test_what_crashes_the_store_is_found_in_the_same_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    mails = [mail(n) for n in range(96)]
    poison = mails[77]
    for data in mails:
        bench.deliver("work", data)
    crashing = Crashing(bench, [poison])
    result = bench.sync()
    assert crashing.sizes == [96, *[6] * 16, *[1] * 6]
    assert [(x.line.message_id, x.reason) for x in result.lines if x.outcome != "done"] == [
        ("<m77@example.org>", "it closed the connection at this message")
    ]
    assert sum(bench.holds("consolidated", data) for data in mails) == 95
    assert result.run
    with closing(open_ledger(bench.directory / FILE_NAME)) as ledger:
        past = run_lines(journal.actions(ledger, int(result.run)))
    assert [(x.message_id, x.outcome) for x in past if x.outcome != "done"] == [
        ("<m77@example.org>", "failed")
    ]
    # From now on it goes alone, and after all others.
    crashing.sizes.clear()
    for number in range(5):
        bench.deliver("work", mail(f"new{number}"))
    bench.sync()
    assert crashing.sizes == [5, 1]
    assert bench.holds("consolidated", mail("new4")) == 1
    assert bench.holds("work", poison) == 1


def test_a_mailbox_that_crashes_at_every_store_is_left_alone_after_six(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    mails = [mail(n) for n in range(40)]
    for data in mails:
        bench.deliver("work", data)
    crashing = Crashing(bench, mails)
    for _ in range(3):
        crashing.sizes.clear()
        lines = bench.sync().lines
        assert {line.outcome for line in lines} == {"failed"}
        assert len(crashing.sizes) == 6
        assert lines[-1].reason == "not tried: it closed the connection"


def test_several_that_crash_the_store_keep_no_other_waiting_for_ever(tmp_path: Path) -> None:
    """What was not sent because of them goes before them the next time."""
    bench = Bench(tmp_path)
    mails = [mail(n) for n in range(16)]
    poison = mails[2:10]
    for data in mails:
        bench.deliver("work", data)
    Crashing(bench, poison)
    for _ in range(2):
        bench.sync()
    held = [data for data in mails if bench.holds("consolidated", data)]
    assert held == [*mails[:2], *mails[10:]]


def deleted(bench: Bench, count: int) -> tuple[list[bytes], str]:
    """Messages that a run deleted on ``work``, and the run."""
    mails = [mail(n) for n in range(count)]
    for data in mails:
        bench.deliver("work", data)
    bench.guards(max_delete_share=1)
    bench.sync()
    for data in mails:
        bench.remove("consolidated", data)
    run = bench.sync("reverse").run
    assert run
    assert not any(bench.holds("work", data) for data in mails)
    return mails, run


def test_what_crashes_the_store_of_an_undo_is_found_in_the_same_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    mails, run = deleted(bench, 96)
    crashing = Crashing(bench, [mails[77]], "work")
    found = undo(bench, run)
    assert crashing.sizes == [96, *[6] * 16, *[1] * 6]
    assert [(x.line.message_id, x.outcome) for x in found.lines if x.outcome != "done"] == [
        ("<m77@example.org>", "failed")
    ]
    assert sum(bench.holds("work", data) for data in mails) == 95
    # One that a sync has settled meanwhile is known to be the one that crashes it all the same.
    bench.sync()
    crashing.sizes.clear()
    assert [x.outcome for x in undo(bench, run).lines] == ["failed"]
    assert crashing.sizes == [1]


def test_an_undo_leaves_a_mailbox_alone_that_crashes_at_every_store(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    mails, run = deleted(bench, 40)
    crashing = Crashing(bench, mails, "work")
    for _ in range(3):
        crashing.sizes.clear()
        assert {x.outcome for x in undo(bench, run).lines} == {"failed"}
        assert len(crashing.sizes) == 6


def test_an_equal_copy_of_what_was_lost_is_not_stored_beside_it(tmp_path: Path) -> None:
    """Two POP3 accounts held it: what the server may be storing yet is not stored once more."""
    bench = Bench(tmp_path, {"isp": "pop3", "other": "pop3", "work": "imap"})
    for account in ("isp", "other", "work"):
        bench.deliver(account, GOOD)
    bench.sync()
    bench.remove("consolidated", GOOD)
    bench.configure("isp", into="Archive")
    run = bench.sync("reverse").run
    store = bench.home.store
    lost: list[NewMessage] = []

    def late(messages: Sequence[NewMessage], folder: str) -> Sequence[StoreResult]:
        lost.extend(messages)
        raise ConnectionLost("it closed the connection")

    bench.home.store = late  # type: ignore[method-assign]
    found = undo(bench, run)
    assert [(x.line.account, x.outcome) for x in found.lines] == [
        ("isp", "failed"),
        ("other", "failed"),
        ("work", "done"),
    ]
    assert len(lost) == 1
    store(lost, "Archive")  # the server comes to it at last
    bench.home.store = store  # type: ignore[method-assign]
    assert {x.outcome for x in undo(bench, run).lines} == {"done"}
    assert bench.holds("consolidated", GOOD) == 1


def test_an_undo_goes_on_where_one_copy_cannot_be_compared(tmp_path: Path) -> None:
    """One of them may be there already, and its bytes never come."""
    bench = Bench(tmp_path)
    mails, run = deleted(bench, 2)
    bench.deliver("work", mails[0])
    never_comes_whole(bench, "work", mails[0])
    found = undo(bench, run)
    assert [(x.line.message_id, x.outcome) for x in found.lines] == [
        ("<m0@example.org>", "failed"),
        ("<m1@example.org>", "done"),
    ]
    assert "never came whole" in found.lines[0].reason
    assert (bench.holds("work", mails[0]), bench.holds("work", mails[1])) == (1, 1)
