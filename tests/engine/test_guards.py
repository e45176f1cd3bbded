"""Guards: each rule that blocks, that it sticks, and the ways out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync_tui.engine.model import Accept
from mailsync_tui.engine.plan import guards
from mailsync_tui.errors import BLOCKED, OK
from tests.builders import mail
from tests.engine.bench import Bench, blocked, kinds

MAILS = [mail(n) for n in range(30)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    for data in MAILS:
        bench.deliver("work", data)
    assert bench.sync().exit == OK
    return bench


def remove(bench: Bench, account: str, count: int) -> None:
    for data in MAILS[:count]:
        bench.remove(account, data)


def test_fewer_than_the_floor_are_deletions(bench: Bench) -> None:
    remove(bench, "work", 10)
    assert kinds(bench.plan()) == [("forward-delete", "work")] * 10


def test_more_than_the_share_in_a_day_is_blocked(bench: Bench) -> None:
    remove(bench, "work", 16)
    plan = bench.plan()
    assert kinds(plan) == []
    assert blocked(plan) == [("work", "forward-delete", "max-delete", 16)]
    assert bench.sync().exit == BLOCKED
    assert all(bench.holds("consolidated", data) for data in MAILS)


@pytest.mark.parametrize("scans", [1, 3])
def test_while_something_is_blocked_no_empty_run_is_written(bench: Bench, scans: int) -> None:
    bench.guards(absent_scans=scans)
    remove(bench, "work", 16)
    before = bench.plan().serial
    for _ in range(scans):  # the block, and each listing that counts, are written down
        assert bench.sync().run is None
    saved = bench.plan()
    assert saved.serial == before + scans
    assert blocked(saved) == [("work", "forward-delete", "max-delete", 16)]
    for _ in range(3):
        result = bench.sync()
        assert (result.run, result.exit) == (None, BLOCKED)
    assert bench.plan().serial == saved.serial
    bench.deliver("work", mail(99))
    assert [line.line.kind for line in bench.sync().lines] == ["collect"]
    accepts = (Accept("work", "max-delete"),)
    assert len(bench.sync(accepts=accepts).lines) == 16


def test_what_is_blocked_and_was_not_asked_for_is_reported_and_no_failure(bench: Bench) -> None:
    remove(bench, "work", 16)
    bench.configure("isp", user="somebody-else")
    reported = [
        ("work", "forward-delete", "max-delete", 16),
        ("isp", "forward-delete", "changed", 0),
        ("isp", "reverse-delete", "changed", 0),
    ]
    for direction, code in (("collect", OK), ("reverse", BLOCKED), ("forward", BLOCKED)):
        result = bench.sync(direction)
        assert (result.exit, blocked(result.plan)) == (code, reported)
    bench.configure("isp", user="ann")
    for direction, code in (("collect", OK), ("reverse", OK), ("forward", BLOCKED)):
        result = bench.sync(direction)
        assert (result.exit, blocked(result.plan)) == (code, reported[:1])


def test_deletions_of_the_last_day_count(bench: Bench) -> None:
    for data in MAILS[:9]:
        bench.remove("work", data)
    bench.sync()
    for data in MAILS[9:18]:
        bench.remove("work", data)
    assert blocked(bench.plan()) == [("work", "forward-delete", "max-delete", 9)]
    bench.wait(24 * 60)
    assert kinds(bench.plan()) == [("forward-delete", "work")] * 9


def test_a_block_sticks_until_it_is_accepted_once(bench: Bench) -> None:
    remove(bench, "work", 16)
    bench.sync()
    for data in MAILS[:14]:
        bench.deliver("work", data)
    assert {line.line.kind for line in bench.sync().lines} == {"adopt"}
    assert blocked(bench.plan()) == [("work", "forward-delete", "max-delete", 2)]
    few = (Accept("work", "max-delete", 1),)
    assert blocked(bench.plan(accepts=few)) == [("work", "forward-delete", "max-delete", 2)]
    accepts = (Accept("work", "max-delete", 2),)
    assert kinds(bench.plan(accepts=accepts)) == [("forward-delete", "work")] * 2
    assert bench.sync(accepts=accepts).exit == OK
    bench.remove("work", MAILS[20])
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_an_account_that_lists_nothing_is_blocked(bench: Bench) -> None:
    remove(bench, "work", 30)
    assert blocked(bench.plan()) == [("work", "forward-delete", "side-empty", 30)]
    accepts = (Accept("work", "side-empty"),)
    assert kinds(bench.plan(accepts=accepts)) == [("forward-delete", "work")] * 30


def test_an_empty_consolidated_mailbox_blocks_every_account(bench: Bench) -> None:
    bench.home.folders["INBOX"].messages.clear()
    assert blocked(bench.plan()) == [("work", "reverse-delete", "side-empty", 30)]


def test_renumbered_and_all_found_again_is_nothing(bench: Bench) -> None:
    bench.boxes["work"].renumber("INBOX")
    plan = bench.plan()
    assert (kinds(plan), blocked(plan)) == ([], [])
    bench.sync()
    bench.remove("work", MAILS[0])
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_renumbered_with_some_not_found_again_is_blocked(bench: Bench) -> None:
    remove(bench, "work", 3)
    bench.boxes["work"].renumber("INBOX")
    assert blocked(bench.plan()) == [("work", "forward-delete", "uidvalidity", 3)]
    bench.sync()
    assert blocked(bench.plan()) == [("work", "forward-delete", "uidvalidity", 3)]


@pytest.mark.vice(7)
def test_a_folder_made_anew_under_the_same_validity_is_not_believed(bench: Bench) -> None:
    folder = bench.boxes["work"].folders["INBOX"]
    folder.messages.clear()
    folder.uidnext = 1
    for n in range(100, 120):
        bench.deliver("work", mail(n))
    assert blocked(bench.plan()) == [("work", "forward-delete", "uidvalidity", 10)]


@pytest.mark.vice(7)
@pytest.mark.parametrize("hint", ["new mail", "one is missing", "UIDNEXT fell", "MODSEQ fell"])
def test_new_mail_under_uids_that_were_known_is_collected(bench: Bench, hint: str) -> None:
    """A folder made anew has the UIDVALIDITY and all the UIDs that it had."""
    folder = bench.boxes["work"].folders["INBOX"]
    for n, message in enumerate(folder.messages.values()):
        if n not in (4, 11):  # these were put in again, and got the number that they had
            message.data = mail(100 + n)
    if hint == "new mail":
        bench.deliver("work", mail(200))
    elif hint == "one is missing":
        bench.remove("work", mail(129))
    elif hint == "UIDNEXT fell":
        folder.uidnext -= 1
    else:
        folder.modseq -= 1
    plan = bench.plan()
    new = 28 + (hint == "new mail") - (hint == "one is missing")
    assert kinds(plan) == [("collect", "work")] * new
    bench.sync()
    assert all(bench.holds("consolidated", data) == 1 for data in MAILS)
    there = [message.data for message in folder.messages.values()]
    assert all(bench.holds("consolidated", data) == 1 for data in there)
    for _ in range(2):
        plan = bench.plan()
        assert {kind for kind, _ in kinds(plan)} <= {"collect"}  # nothing is deleted for it
        bench.sync()
    # The new copies are known like any others.
    bench.remove("work", there[0])
    assert ("forward-delete", "work") in kinds(bench.plan(accepts=(Accept("work", "uidvalidity"),)))


def test_a_folder_in_which_nothing_changed_is_not_looked_at(bench: Bench) -> None:
    before = bench.boxes["work"].called("heads")
    bench.plan()
    assert bench.boxes["work"].called("heads") == before
    bench.deliver("work", mail(200))
    bench.plan()
    assert bench.boxes["work"].called("heads") == before + 5 + 1


def test_counters_that_fell_are_blocked(bench: Bench) -> None:
    remove(bench, "work", 2)
    bench.boxes["work"].folders["INBOX"].uidnext -= 5
    assert blocked(bench.plan()) == [("work", "forward-delete", "went-backwards", 2)]


def test_a_missing_folder_is_blocked_and_ends_when_it_is_back(bench: Bench) -> None:
    folder = bench.boxes["work"].folders.pop("INBOX")
    bench.deliver("work", mail("other"), "Archive")
    plan = bench.plan(accepts=(Accept("work", "folder-gone"),))
    assert blocked(plan) == [("work", "forward-delete", "folder-gone", 30)]
    bench.sync()
    bench.boxes["work"].folders["INBOX"] = folder
    plan = bench.plan()
    assert (kinds(plan), blocked(plan)) == ([], [])


def test_another_mailbox_under_the_same_name_deletes_nothing_until_rebase(bench: Bench) -> None:
    bench.configure("work", user="somebody-else")
    bench.boxes["work"].folders["INBOX"].messages.clear()
    assert [b[:3] for b in blocked(bench.plan())] == [
        ("work", "forward-delete", "changed"),
        ("work", "reverse-delete", "changed"),
    ]
    bench.sync()
    assert all(bench.holds("consolidated", data) for data in MAILS)
    with bench.session() as session:
        session.rebase("work")
    plan = bench.plan()
    assert (kinds(plan), blocked(plan)) == ([], [])
    assert all(bench.holds("consolidated", data) for data in MAILS)


def test_a_rebase_of_the_consolidated_mailbox_makes_what_it_lacks_new_again(bench: Bench) -> None:
    bench.home.folders["INBOX"].messages.clear()
    bench.sync()
    with bench.session() as session:
        session.rebase("consolidated")
    assert kinds(bench.plan()) == [("collect", "work")] * 30
    bench.sync()
    assert all(bench.holds("consolidated", data) == 1 for data in MAILS)
    assert kinds(bench.plan()) == []


def test_a_renamed_account_keeps_its_rows(bench: Bench) -> None:
    external = tuple(
        replace(c, name="office") if c.name == "work" else c for c in bench.config.external
    )
    bench.config = replace(bench.config, external=external)
    bench.boxes["office"] = bench.boxes["work"]
    bench.boxes["office"].name = "office"
    plan = bench.plan()
    assert (kinds(plan), blocked(plan)) == ([], [])
    bench.remove("office", MAILS[0])
    assert kinds(bench.plan()) == [("forward-delete", "office")]


def test_an_account_taken_out_of_the_configuration_is_unknown(bench: Bench) -> None:
    external = tuple(c for c in bench.config.external if c.name != "work")
    bench.config = replace(bench.config, external=external)
    assert kinds(bench.plan()) == []
    for data in MAILS[:3]:
        bench.remove("consolidated", data)
    assert kinds(bench.plan()) == []


def test_absences_are_counted_by_listings_ten_minutes_apart(tmp_path: Path) -> None:
    bench = Bench(tmp_path, absent_scans=3)
    for data in MAILS[:3]:
        bench.deliver("work", data)
    bench.sync()
    bench.remove("work", MAILS[0])
    waits = [("work", "forward-delete", "not missing for long enough (absent_scans)")]

    def waiting() -> list[tuple[str, str, str]]:
        plan = bench.plan()
        assert kinds(plan) == []
        return [(w.account, w.kind, w.detail) for w in plan.waiting]

    assert waiting() == waits
    bench.sync()
    bench.wait(-10)
    assert waiting() == waits
    bench.sync()  # too soon: it counts for none
    assert waiting() == waits
    bench.sync()
    assert kinds(bench.plan()) == [("forward-delete", "work")]


def test_an_incomplete_listing_counts_for_no_absence(tmp_path: Path) -> None:
    bench = Bench(tmp_path, absent_scans=2)
    for data in MAILS[:3]:
        bench.deliver("work", data)
    bench.sync()
    bench.remove("work", MAILS[0])
    bench.sync()
    bench.boxes["work"].incomplete = "the connection broke"
    bench.sync()
    bench.boxes["work"].incomplete = None
    bench.boxes["work"].unreachable = "no route to host"
    assert kinds(bench.plan()) == []
    bench.boxes["work"].unreachable = None
    assert kinds(bench.plan()) == [("forward-delete", "work")]


@pytest.mark.parametrize("kind", ["forward-delete", "reverse-delete"])
@pytest.mark.parametrize("rule", guards.RULES)
def test_every_rule_says_what_it_saw_and_the_way_out(rule: str, kind: str) -> None:
    seen = guards.cause("isp", kind, rule)  # type: ignore[arg-type]
    text = guards.detail("isp", kind, rule, seen)  # type: ignore[arg-type]
    assert text.startswith(f"{seen}; ")
    assert "`" not in seen
    mailbox = "isp" if kind == "forward-delete" else "consolidated"
    if rule in guards.UNACCEPTABLE:
        assert "--accept-blocked" not in text
        assert "mailsync-tui rebase" in text
    else:
        assert f"`--accept-blocked isp:{rule}`" in text
        rebase = rule not in ("max-delete", "unreached", "same-mailbox")
        assert (f"`mailsync-tui rebase {mailbox}`" in text) == rebase
    assert ("out of `allow` of isp" in text) == (rule in ("hidden", "expired"))
