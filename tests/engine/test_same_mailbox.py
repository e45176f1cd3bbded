"""One mailbox by two doors: recognised by what happens to both, and nothing is deleted for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync_tui.engine.model import Accept
from mailsync_tui.errors import BLOCKED, OK
from tests.builders import mail
from tests.engine.bench import Bench, blocked, kinds

MAILS = [mail(n) for n in range(5)]
BLOCK = [("work", "forward-delete", "same-mailbox", 1)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, {"isp": "pop3", "work": "imap", "old": "imap"})


def second_door(bench: Bench, account: str, other: str = "consolidated") -> None:
    """From now on an account shows what another mailbox has in its INBOX."""
    bench.boxes[account].folders = {"INBOX": bench.boxes[other].folders["INBOX"]}


def deliver(bench: Bench, *accounts: str, number: int = 5) -> None:
    for data in MAILS[:number]:
        for account in accounts:
            bench.deliver(account, data)


@pytest.mark.parametrize("number", [1, 5])
@pytest.mark.parametrize("account", ["isp", "work"])
def test_filed_mail_is_not_deleted(bench: Bench, account: str, number: int) -> None:
    """An account that is the INBOX of the consolidated mailbox: all in it is adopted."""
    second_door(bench, account)
    deliver(bench, "consolidated", number=number)
    assert bench.sync().exit == OK
    bench.move("consolidated", MAILS[0], "Archive")
    for _ in range(2):
        plan = bench.plan()
        assert kinds(plan) == []
        assert blocked(plan) == [(account, "forward-delete", "same-mailbox", 1)]
        assert bench.sync().exit == BLOCKED
    assert bench.holds("consolidated", MAILS[0], "Archive") == 1


@pytest.mark.parametrize("recorded", [False, True])
def test_mail_that_was_copied_and_then_taken_out_of_the_inbox(bench: Bench, recorded: bool) -> None:
    """So do mail programs that cannot MOVE."""
    second_door(bench, "work")
    deliver(bench, "consolidated")
    bench.sync()
    bench.deliver("consolidated", MAILS[0], "Archive")
    if recorded:
        bench.sync()
    bench.remove("consolidated", MAILS[0])
    for _ in range(3):
        bench.sync()
    assert bench.holds("consolidated", MAILS[0], "Archive") == 1


def test_one_of_two_places_is_cleared(bench: Bench) -> None:
    second_door(bench, "work")
    deliver(bench, "consolidated")
    bench.deliver("consolidated", MAILS[0], "Archive")
    bench.sync()
    bench.remove("consolidated", MAILS[0])
    for _ in range(3):
        bench.sync()
    assert bench.holds("consolidated", MAILS[0], "Archive") == 1


@pytest.mark.parametrize("first", ["work", "consolidated"])
def test_it_is_filed_between_the_listings_of_the_two(bench: Bench, first: str) -> None:
    second_door(bench, "work")
    deliver(bench, "consolidated")
    bench.sync()
    inbox = bench.home.folders["INBOX"]
    before = replace(inbox, messages=dict(inbox.messages))
    bench.move("consolidated", MAILS[0], "Archive")
    archive = bench.home.folders["Archive"]
    if first == "work":
        bench.boxes["work"].folders = {"INBOX": before}
    else:
        bench.home.folders |= {"INBOX": before, "Archive": replace(archive, messages={})}
    bench.deliver("isp", mail("so that it is recorded"))
    bench.sync("collect")  # what it would delete is not there any more
    bench.home.folders |= {"INBOX": inbox, "Archive": archive}
    second_door(bench, "work")
    assert blocked(bench.plan()) == BLOCK
    for _ in range(2):
        bench.sync()
    assert bench.holds("consolidated", MAILS[0], "Archive") == 1


def test_what_we_stored_turns_up_on_an_account(bench: Bench) -> None:
    """The door leads to the folder that mail is collected into."""
    bench.configure("isp", into="Collected")
    bench.home.add_folder("Collected")
    bench.boxes["work"].folders = {"INBOX": bench.home.folders["Collected"]}
    bench.sync()
    deliver(bench, "isp")
    for _ in range(2):
        assert bench.sync().exit == OK
    bench.move("consolidated", MAILS[1], "Archive", "Collected")
    assert blocked(bench.plan()) == BLOCK


@pytest.mark.parametrize("stored", [False, True])
def test_a_view_from_which_mail_goes_when_it_is_read(bench: Bench, stored: bool) -> None:
    """It goes from there, and nothing is filed."""
    second_door(bench, "work")
    bench.sync()
    deliver(bench, "isp" if stored else "consolidated")
    for _ in range(2):
        assert bench.sync().exit == OK
    inbox = bench.home.folders["INBOX"]
    view = replace(inbox, messages=dict(inbox.messages))
    bench.boxes["work"].folders = {"INBOX": view}
    bench.remove("work", MAILS[2])
    assert kinds(bench.plan()) == []
    assert blocked(bench.plan()) == BLOCK
    bench.sync()
    assert bench.holds("consolidated", MAILS[2]) == 1


def test_two_accounts_by_two_doors(bench: Bench) -> None:
    second_door(bench, "isp", "work")
    deliver(bench, "work")
    assert bench.sync().exit == OK
    bench.move("work", MAILS[1], "Archive")
    plan = bench.plan()
    assert kinds(plan) == []
    assert blocked(plan) == [("isp", "forward-delete", "same-mailbox", 1)]
    assert plan.blocked[0].cause.startswith("isp seems to be work by another door")
    bench.sync()
    assert bench.holds("consolidated", MAILS[1]) == bench.holds("work", MAILS[1]) == 1


def test_everything_of_that_account_is_blocked(bench: Bench) -> None:
    second_door(bench, "work")
    deliver(bench, "consolidated")
    bench.sync()
    bench.move("consolidated", MAILS[0], "Archive")
    bench.home.deliver("Archive", MAILS[1])
    bench.remove("consolidated", MAILS[1])
    assert blocked(bench.plan()) == [(*BLOCK[0][:3], 2)]


def test_accepted_it_is_asked_again_the_next_time(bench: Bench) -> None:
    second_door(bench, "work")
    deliver(bench, "consolidated")
    bench.sync()
    bench.move("consolidated", MAILS[1], "Archive")
    bench.sync()
    accepts = (Accept("work", "same-mailbox", 1),)
    assert kinds(bench.plan(accepts=accepts)) == [("forward-delete", "work")]
    assert bench.sync(accepts=accepts).exit == OK
    bench.move("consolidated", MAILS[2], "Archive")
    assert blocked(bench.plan()) == BLOCK


@pytest.mark.parametrize("section", ["work", "consolidated"])
def test_distinct_ends_it(bench: Bench, section: str) -> None:
    second_door(bench, "work")
    deliver(bench, "consolidated")
    bench.sync()
    bench.move("consolidated", MAILS[1], "Archive")
    bench.sync()
    bench.configure(section, distinct=True)
    assert blocked(bench.plan()) == []
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_it_says_which_and_the_ways_out(bench: Bench) -> None:
    second_door(bench, "work")
    deliver(bench, "consolidated")
    bench.sync()
    bench.move("consolidated", MAILS[1], "Archive")
    (block,) = bench.plan().blocked
    assert block.cause.startswith("work seems to be the consolidated mailbox by another door")
    assert "`--accept-blocked work:same-mailbox`" in block.detail
    assert "`distinct = true`" in block.detail


# --- no false alarms


@pytest.mark.parametrize("others", [("work", "consolidated"), ("work", "old", "isp")])
def test_equal_mail_alone_is_nothing(bench: Bench, others: tuple[str, ...]) -> None:
    """A mailbox that was copied, and mail that several accounts get in the same second."""
    deliver(bench, *others)
    assert bench.sync().exit == OK
    bench.remove("work", MAILS[0])
    bench.move("consolidated", MAILS[1], "Archive")
    assert blocked(bench.plan()) == []
    assert ("forward-delete", "work") in kinds(bench.plan())


def test_what_was_collected_is_no_door(bench: Bench) -> None:
    """Filed in the consolidated mailbox and deleted on its account, at the same time."""
    deliver(bench, "work")
    bench.sync()
    bench.remove("work", MAILS[0])
    bench.move("consolidated", MAILS[0], "Archive")
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_of_some_that_was_there_before(bench: Bench) -> None:
    """The same of one message that was in the consolidated mailbox, among others that were not."""
    deliver(bench, "work")
    deliver(bench, "consolidated", number=1)
    bench.sync()
    bench.remove("work", MAILS[0])
    bench.move("consolidated", MAILS[0], "Archive")
    assert kinds(bench.plan()) == [("forward-delete", "work")]


@pytest.mark.parametrize("idle", [1, 2])
def test_first_filed_and_then_deleted_is_a_deletion(bench: Bench, idle: int) -> None:
    deliver(bench, "work", "consolidated")
    bench.sync()
    bench.move("consolidated", MAILS[0], "Archive")
    for _ in range(1 + idle):  # nothing to note, but the account was seen with it
        bench.sync()
    bench.remove("work", MAILS[0])
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_deleted_and_come_back_elsewhere_is_not_filed(bench: Bench) -> None:
    deliver(bench, "work", "old")
    bench.sync()
    bench.remove("old", MAILS[0])
    bench.remove("work", MAILS[0])
    bench.sync("collect")
    bench.deliver("old", MAILS[0])
    assert {entry[2] for entry in blocked(bench.plan())} <= {"max-delete"}


def test_a_list_to_which_both_are_subscribed_differs_in_size(bench: Bench) -> None:
    bench.sync()
    for data in MAILS:
        bench.deliver("consolidated", data)
        bench.deliver("work", b"Received: for the other one\r\n" + data)
    bench.sync()
    bench.remove("work", b"Received: for the other one\r\n" + MAILS[0])
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_mail_of_which_some_was_collected_did_not_arrive_at_both(bench: Bench) -> None:
    bench.sync()
    deliver(bench, "work", "consolidated", number=4)
    bench.deliver("work", MAILS[4])
    bench.sync()
    bench.remove("work", MAILS[0])
    assert kinds(bench.plan()) == [("forward-delete", "work")]
