"""A server that stores after its connection is gone: nothing lost, doubled, or deleted twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync_tui.config.model import Holds
from mailsync_tui.errors import SessionError
from mailsync_tui.mailboxes.base import Unreachable
from tests.builders import mail
from tests.engine.bench import Bench, held, kinds

TRACE = b"Received: from relay.example by isp.example; Mon, 05 Jan 2026 09:00:01 +0000\r\n"
M = TRACE + mail(1)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def broken_store(bench: Bench) -> None:
    """All is sent, and the connection breaks before anything is stored or answered."""

    def fault(step: str, index: int) -> None:
        if step == "store":
            raise Unreachable("the connection broke")

    bench.home.fault = fault
    assert bench.sync().exit == 3
    bench.home.fault = None
    assert bench.holds("consolidated", M) == 0


def stored_twice(bench: Bench) -> None:
    """A broken store, a sync that stores the message, and then the first store's copy."""
    bench.deliver("isp", M)
    broken_store(bench)
    bench.sync()
    bench.home.deliver("INBOX", M)
    assert bench.holds("consolidated", M) == 2


def settled_with_one(bench: Bench) -> None:
    assert kinds(bench.plan()) == []
    assert bench.holds("consolidated", M) == bench.holds("isp", M) == 1
    bench.remove("isp", M)
    bench.sync()
    assert bench.holds("consolidated", M) == 0


@pytest.mark.parametrize("listings", [1, 2])
def test_it_comes_after_so_many_listings(bench: Bench, listings: int) -> None:
    bench.deliver("isp", M)
    broken_store(bench)
    for _ in range(listings):
        bench.sync()
    (first,) = [u for u, m in bench.home.folders["INBOX"].messages.items() if m.data == M]
    late = bench.home.deliver("INBOX", M)
    (line,) = bench.plan().lines
    assert (line.kind, line.account, line.target.location.uid) == ("forward-delete", "isp", late)
    assert [place.location.uid for place in line.copies] == [late]
    assert line.reason.startswith("stored twice")
    assert [(x.line.kind, x.outcome) for x in bench.sync().lines] == [("forward-delete", "done")]
    assert first in bench.home.folders["INBOX"].messages
    settled_with_one(bench)


def test_it_comes_right_before_the_second_store(bench: Bench) -> None:
    bench.deliver("isp", M)
    broken_store(bench)
    came: list[object] = []

    def fault(step: str, index: int) -> None:
        if step == "store" and not came:
            came.append(bench.home.deliver("INBOX", M))

    bench.home.fault = fault
    bench.sync()
    bench.home.fault = None
    assert bench.holds("consolidated", M) == 2
    (line,) = bench.plan().lines
    assert line.target.location.uid == came[0]
    bench.sync()
    settled_with_one(bench)


def test_it_comes_before_anything_is_collected_anew(bench: Bench) -> None:
    bench.deliver("isp", M)
    broken_store(bench)
    bench.sync("forward")
    bench.home.deliver("INBOX", M)
    assert kinds(bench.plan()) == [("adopt", "isp")]
    bench.sync()
    settled_with_one(bench)


def test_another_server_altered_both(bench: Bench) -> None:
    bench.home.alter = lambda data: data + b"\r\n"
    bench.deliver("isp", M)
    broken_store(bench)
    bench.sync()
    bench.home.deliver("INBOX", M + b"\r\n")
    assert kinds(bench.plan()) == [("forward-delete", "isp")]
    bench.sync()
    settled_with_one(bench)


def test_two_stores_without_an_answer_and_both_come(bench: Bench) -> None:
    bench.deliver("isp", M)
    broken_store(bench)
    broken_store(bench)
    bench.sync()
    late = {bench.home.deliver("INBOX", M) for _ in range(2)}
    (line,) = bench.plan().lines
    assert {place.location.uid for place in line.copies} == late
    bench.sync()
    settled_with_one(bench)


def test_one_store_accounts_for_one_copy(bench: Bench) -> None:
    stored_twice(bench)
    bench.sync("collect")
    bench.home.deliver("INBOX", M)  # the person made that
    bench.sync()
    assert bench.holds("consolidated", M) == 2
    assert kinds(bench.plan()) == []


def test_mail_that_came_there_another_way_is_never_touched(bench: Bench) -> None:
    bench.deliver("isp", M)
    broken_store(bench)
    bench.sync()
    own = M.replace(b"isp.example", b"home.example", 1)
    bench.home.deliver("INBOX", own)
    assert kinds(bench.plan()) == []
    bench.remove("isp", M)
    bench.sync()
    assert bench.home.bytes_in("INBOX")[-1] == own


def test_in_another_folder_it_is_the_persons_own(bench: Bench) -> None:
    bench.deliver("isp", M)
    broken_store(bench)
    bench.sync()
    bench.home.deliver("Archive", M)
    assert kinds(bench.plan()) == []


def test_a_loss_in_the_same_listing_may_be_a_move(bench: Bench) -> None:
    """Somebody may have moved it there: so one copy of the message stays."""
    stored_twice(bench)
    bench.remove("isp", M)
    (line,) = bench.plan().lines
    assert (line.reason.startswith("stored twice"), len(line.copies)) == (True, 1)
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    assert kinds(bench.plan()) == []


def test_one_deletion_reaches_both(bench: Bench) -> None:
    stored_twice(bench)
    bench.sync("collect")
    bench.remove("isp", M)
    (line,) = bench.plan().lines
    assert (line.reason, len(line.copies)) == ("gone from isp", 2)
    bench.sync()
    assert bench.holds("consolidated", M) == 0
    assert kinds(bench.plan()) == []


@pytest.mark.parametrize("which", [0, 1])
def test_the_person_deletes_one_of_them(bench: Bench, which: int) -> None:
    stored_twice(bench)
    bench.sync("collect")
    uids = [u for u, m in bench.home.folders["INBOX"].messages.items() if m.data == M]
    bench.home.remove("INBOX", uids[which])
    bench.sync()
    settled_with_one(bench)


def test_the_person_deletes_both(bench: Bench) -> None:
    stored_twice(bench)
    bench.sync("collect")
    for _ in range(2):
        bench.remove("consolidated", M)
    assert kinds(bench.plan()) == [("reverse-delete", "isp")]


def test_the_person_files_one_of_them(bench: Bench) -> None:
    stored_twice(bench)
    bench.sync("collect")
    late = [u for u, m in bench.home.folders["INBOX"].messages.items() if m.data == M][-1]
    bench.home.move("INBOX", late, "Archive")
    bench.sync()
    assert kinds(bench.plan()) == []
    assert bench.holds("consolidated", M) == 2


def test_taken_out_it_is_the_persons_own(bench: Bench) -> None:
    stored_twice(bench)
    bench.sync(without=["forward-delete"])
    assert not bench.plan().held
    assert not bench.plan().lines
    bench.remove("isp", M)
    (line,) = bench.plan().lines
    assert (line.reason, len(line.copies)) == ("gone from isp", 1)
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    assert kinds(bench.plan()) == []


def test_it_is_held_where_the_configuration_protects_it(bench: Bench) -> None:
    stored_twice(bench)
    late = [u for u, m in bench.home.folders["INBOX"].messages.items() if m.data == M][-1]
    bench.home.flag("INBOX", late, "\\Flagged")
    bench.config = replace(bench.config, holds=Holds(flagged=True))
    plan = bench.plan()
    assert (kinds(plan), held(plan)) == ([], [("forward-delete", "isp", "hold")])
    assert bench.sync().exit == 0
    assert bench.holds("consolidated", M) == 2


def test_the_last_copy_stays_if_the_other_goes_meanwhile(bench: Bench) -> None:
    stored_twice(bench)
    first = bench.uid_of("consolidated", M)
    bench.sync("collect")

    def fault(step: str, index: int) -> None:
        if step == "fetch" and first in bench.home.folders["INBOX"].messages:
            bench.home.remove("INBOX", first)

    bench.home.fault = fault
    (result,) = bench.sync().lines
    bench.home.fault = None
    assert (result.outcome, result.reason) == ("skipped", "it is the only copy now")
    settled_with_one(bench)


def test_unread_now_it_is_recognised_later(bench: Bench) -> None:
    stored_twice(bench)

    def fault(step: str, index: int) -> None:
        if step == "fetch":
            raise Unreachable("the connection broke")

    bench.home.fault = fault
    with pytest.raises(SessionError):
        bench.sync()
    bench.home.fault = None
    assert kinds(bench.plan()) == [("forward-delete", "isp")]
    bench.sync()
    settled_with_one(bench)


def test_a_loss_of_the_message_is_not_spent_on_it(bench: Bench) -> None:
    """What the account lost counts for the message, not for one copy too many."""
    bench.guards(absent_scans=2)
    stored_twice(bench)
    bench.sync("collect")
    bench.remove("isp", M)
    assert kinds(bench.plan()) == [("forward-delete", "isp")]
    bench.sync()
    assert bench.holds("consolidated", M) == 1
    bench.sync()
    assert bench.holds("consolidated", M) == 0
