"""One mailbox by two doors: recognised by what is listed, and nothing is deleted meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailsync_tui.engine.model import Accept
from mailsync_tui.errors import BLOCKED, OK
from tests.builders import mail
from tests.engine.bench import Bench, blocked, kinds

MAILS = [mail(n) for n in range(5)]
BLOCKS = [
    ("work", "forward-delete", "same-mailbox", 0),
    ("work", "reverse-delete", "same-mailbox", 0),
]
DATE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def bench_of(directory: Path) -> Bench:
    bench = Bench(directory, {"isp": "pop3", "work": "imap", "old": "imap"})
    for name in ("isp", "work", "old"):
        bench.configure(name, distinct=False)
    return bench


def second_door(bench: Bench, account: str, other: str = "consolidated") -> None:
    """From now on an account shows what another mailbox has in its INBOX."""
    bench.boxes[account].folders = {"INBOX": bench.boxes[other].folders["INBOX"]}


@pytest.fixture
def adopted(tmp_path: Path) -> Bench:
    """The account is the INBOX of the consolidated mailbox, as the first sync finds."""
    bench = bench_of(tmp_path)
    for data in MAILS:
        bench.deliver("consolidated", data)
    second_door(bench, "work")
    assert blocked(bench.plan()) == BLOCKS
    assert bench.sync().exit == BLOCKED
    return bench


def test_filed_mail_is_not_deleted(adopted: Bench) -> None:
    adopted.move("consolidated", MAILS[1], "Archive")
    plan = adopted.plan()
    assert kinds(plan) == []
    assert blocked(plan) == [("work", "forward-delete", "same-mailbox", 1)]
    adopted.sync()
    assert adopted.holds("consolidated", MAILS[1], "Archive") == 1


def test_nothing_is_deleted_on_it_either(adopted: Bench) -> None:
    box = adopted.boxes["work"]
    adopted.sync()
    # The consolidated mailbox is looked at without that folder.
    box.folders = {"INBOX": adopted.home.folders.pop("INBOX")}
    adopted.home.add_folder("INBOX")
    adopted.deliver("consolidated", mail("other"))
    plan = adopted.plan()
    assert "reverse-delete" not in {kind for kind, _ in kinds(plan)}


@pytest.mark.parametrize("directions", [(), ("collect",)])
def test_it_sticks_whatever_was_asked_for(tmp_path: Path, directions: tuple[str, ...]) -> None:
    bench = bench_of(tmp_path)
    for data in MAILS:
        bench.deliver("consolidated", data)
    second_door(bench, "work")
    bench.sync(*directions)
    bench.sync()
    bench.move("consolidated", MAILS[1], "Archive")
    assert blocked(bench.plan()) == [("work", "forward-delete", "same-mailbox", 1)]


def test_it_says_which_and_the_ways_out(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    for data in MAILS:
        bench.deliver("consolidated", data)
    second_door(bench, "work")
    (block, _) = bench.plan().blocked
    assert block.cause.startswith("work and consolidated seem to be one mailbox by two doors")
    assert "`--accept-blocked work:same-mailbox`" in block.detail
    assert "`distinct = true` in the section of work" in block.detail


def test_accepted_it_is_over_until_it_is_seen_again(adopted: Bench) -> None:
    adopted.move("consolidated", MAILS[1], "Archive")
    accepts = (Accept("work", "same-mailbox", 1),)
    assert kinds(adopted.plan(accepts=accepts)) == [("forward-delete", "work")]
    assert adopted.sync(accepts=accepts).exit == OK
    adopted.move("consolidated", MAILS[2], "Archive")
    assert kinds(adopted.plan()) == [("forward-delete", "work")]


@pytest.mark.parametrize("section", ["work", "consolidated"])
def test_what_is_distinct_is_not_asked_about(tmp_path: Path, section: str) -> None:
    bench = bench_of(tmp_path)
    bench.configure(section, distinct=True)
    for data in MAILS:
        bench.deliver("consolidated", data)
    second_door(bench, "work")
    assert blocked(bench.plan()) == []


def test_distinct_ends_it(adopted: Bench) -> None:
    adopted.move("consolidated", MAILS[1], "Archive")
    adopted.configure("work", distinct=True)
    assert kinds(adopted.plan()) == [("forward-delete", "work")]


def test_what_we_stored_turns_up_on_an_account(tmp_path: Path) -> None:
    """The door leads to the folder that mail is collected into."""
    bench = bench_of(tmp_path)
    bench.configure("isp", into="Collected")
    bench.home.add_folder("Collected")
    bench.boxes["work"].folders = {"INBOX": bench.home.folders["Collected"]}
    bench.sync()
    for data in MAILS:
        bench.deliver("isp", data)
    assert bench.sync().exit == OK
    assert blocked(bench.plan()) == BLOCKS
    bench.sync()
    bench.move("consolidated", MAILS[1], "Archive", "Collected")
    assert blocked(bench.plan()) == [("work", "forward-delete", "same-mailbox", 1)]


def test_what_comes_to_both_at_once(tmp_path: Path) -> None:
    """Nothing was stored, and each knew the mailbox before: new mail is the same on both."""
    bench = bench_of(tmp_path)
    second_door(bench, "work")
    bench.sync()
    for data in MAILS[:2]:
        bench.deliver("consolidated", data)
    assert blocked(bench.plan()) == []  # too few to say so
    bench.deliver("consolidated", MAILS[2])
    assert blocked(bench.plan()) == BLOCKS


def test_two_accounts_by_two_doors(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    for data in MAILS:
        bench.deliver("work", data)
    second_door(bench, "old", "work")
    both = [(name, kind, rule, n) for name in ("work", "old") for _, kind, rule, n in BLOCKS]
    assert sorted(blocked(bench.plan())) == sorted(both)
    bench.sync()
    bench.move("work", MAILS[1], "Archive")
    bench.boxes["work"].add_folder("Archive")
    plan = bench.plan()
    assert kinds(plan) == []
    assert {entry[2] for entry in blocked(plan)} <= {"same-mailbox"}
    bench.sync()
    assert bench.holds("consolidated", MAILS[1]) == 1


def test_a_second_door_that_is_configured_later(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    for data in MAILS:
        bench.deliver("work", data)
    bench.boxes["old"].unreachable = "not there yet"
    bench.sync()
    bench.boxes["old"].unreachable = None
    second_door(bench, "old", "work")
    assert {entry[:3] for entry in blocked(bench.plan())} == {
        (account, kind, "same-mailbox")
        for account in ("work", "old")
        for kind in ("forward-delete", "reverse-delete")
    }


# --- no false alarms


def lately(bench: Bench, account: str, data: bytes, hours: int = 0) -> None:
    bench.boxes[account].deliver("INBOX", data, date=DATE + timedelta(hours=hours))


def test_a_late_forward_is_none(tmp_path: Path) -> None:
    """Some of what was stored comes to another account too, and looks the same."""
    bench = bench_of(tmp_path)
    bench.sync()
    for data in MAILS:
        bench.deliver("isp", data)
    bench.sync()
    for data in MAILS[:4]:
        lately(bench, "work", data)
    assert blocked(bench.plan()) == []


def test_forwards_of_everything_are_longer_by_a_field(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    bench.sync()
    for data in MAILS:
        bench.deliver("isp", data)
    bench.sync()
    for data in MAILS:
        lately(bench, "work", b"Received: by a forwarder\r\n" + data)
    assert blocked(bench.plan()) == []


def test_a_list_that_two_accounts_get_is_none(tmp_path: Path) -> None:
    """The same sizes, but they did not arrive at the same moments."""
    bench = bench_of(tmp_path)
    for hour, data in enumerate(MAILS):
        lately(bench, "work", data, hour)
        lately(bench, "old", data, hour + 1)
    assert blocked(bench.plan()) == []
    for data in MAILS[:3]:
        lately(bench, "consolidated", data)
    assert blocked(bench.plan()) == []


def test_mail_that_is_only_a_part_of_the_other_mailbox_is_none(tmp_path: Path) -> None:
    """An account whose mail was gathered before, among others'."""
    bench = bench_of(tmp_path)
    for hour, data in enumerate(MAILS):
        lately(bench, "work", data, hour)
        lately(bench, "consolidated", data, hour)
    for n in range(10, 20):
        lately(bench, "consolidated", mail(n))
    assert blocked(bench.plan()) == []


def test_no_body_is_read_for_it(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    for data in MAILS:
        bench.deliver("consolidated", data)
    second_door(bench, "work")
    assert blocked(bench.plan()) == BLOCKS
    assert not any(box.called("fetch") for box in bench.boxes.values())


def test_an_account_whose_mail_got_new_numbers_is_none(tmp_path: Path) -> None:
    """All that was stored came from it, and lies there under other identifiers now."""
    bench = bench_of(tmp_path)
    for data in MAILS:
        bench.deliver("work", data)
    bench.sync()
    bench.boxes["work"].renumber("INBOX")
    assert blocked(bench.plan()) == []
