"""Stories of mail that other programs lost because it was not seen for a while.

Each is played over a whole session, and ends with all the mail where it was, and with a plan that
says why in words that anybody understands, and what to do.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.engine.model import Accept, Plan
from mailsync_tui.errors import BLOCKED, OK, SessionError
from mailsync_tui.mailboxes.maildir.mailbox import create_maildir
from tests.builders import letter, mail
from tests.engine.bench import START, Bench, blocked, kinds
from tests.faults.desk import Desk, at
from tests.mailboxes.maildir_case import age

COUNT = 64
MAILS = [mail(number) for number in range(COUNT)]


def known(directory: Path, mails: Sequence[bytes] = MAILS, **guards: Any) -> Bench:
    """An account whose mail was gathered, and that was listed again since."""
    bench = Bench(directory, **guards)
    for data in mails:
        bench.deliver("work", data)
    for _ in range(2):
        assert bench.sync().exit == OK
    return bench


def all_there(bench: Bench, *accounts: str) -> None:
    for account in (*accounts, "consolidated"):
        held = [
            one.data
            for box in bench.boxes[account].folders.values()
            for one in box.messages.values()
        ]
        assert sorted(data for data in held if data in MAILS) == sorted(MAILS)


def says(plan: Plan, rule: str, *words: str) -> None:
    """One block, which explains itself."""
    assert {block.rule for block in plan.blocked} == {rule}
    for word in words:
        assert word in plan.blocked[0].detail
    assert not {"forward-delete", "reverse-delete"} & {line.kind for line in plan.lines}


# --- nothing is seen of it


@pytest.mark.story("disk not mounted")
@pytest.mark.parametrize("left", ["nothing", "an empty directory"])
@pytest.mark.parametrize("away", ["old", "consolidated"])
def test_a_disk_that_is_not_mounted(tmp_path: Path, away: str, left: str) -> None:
    paths = {name: tmp_path / name for name in ("old", "consolidated")}
    for path in paths.values():
        create_maildir(path)
    for number in range(40):
        (paths["old"] / "cur" / f"{number}.letter:2,S").write_bytes(letter(number))
    for path in paths.values():
        age(path)
    desk = Desk(
        tmp_path / "state",
        at("maildir", "old", 0, path=paths["old"]),
        home=at("maildir", "consolidated", 0, path=paths["consolidated"]),
    )
    assert desk.sync().exit == OK
    age(paths["consolidated"])
    paths[away].rename(tmp_path / "unplugged")
    if left != "nothing":
        paths[away].mkdir()
    before = sorted(file.name for path in tmp_path.glob("*/cur/*") for file in (path,))
    for _ in range(3):
        with pytest.raises(SessionError) as caught:
            desk.sync()
        assert caught.value.exit_code == 1
        assert f"{away}: " in str(caught.value)
        assert str(paths[away]) in str(caught.value)  # which disk to look for
    assert sorted(file.name for file in tmp_path.glob("*/cur/*")) == before
    assert not list(paths[away].glob("*"))  # it is not made anew where a disk belongs
    # Mounted again, all is as it was.
    shutil.rmtree(paths[away], ignore_errors=True)
    (tmp_path / "unplugged").rename(paths[away])
    assert desk.rest() == ([], [])


@pytest.mark.story("side empty")
@pytest.mark.parametrize("away", ["work", "consolidated"])
def test_a_side_that_lists_nothing_at_all(tmp_path: Path, away: str) -> None:
    bench = known(tmp_path)
    messages = bench.boxes[away].folders["INBOX"].messages
    kept = dict(messages)
    messages.clear()
    says(bench.plan(), "side-empty", f"{away} lists nothing at all", f"mailsync-tui rebase {away}")
    for _ in range(3):
        assert bench.sync().exit == BLOCKED
    messages.update(kept)
    all_there(bench, "work")
    assert kinds(bench.plan()) == []


@pytest.mark.story("renumbered")
@pytest.mark.parametrize("lost", [0, 1])
def test_a_server_that_renumbered_its_messages(tmp_path: Path, lost: int) -> None:
    """190 of 191 are found again; the one that is not is nobody's deletion."""
    mails = [mail(number) for number in range(191)]
    bench = known(tmp_path, mails)
    bench.boxes["work"].renumber("INBOX")
    for data in mails[:lost]:
        bench.remove("work", data)
    plan = bench.plan()
    if lost:
        assert plan.blocked[0].count == 1
        says(
            plan,
            "uidvalidity",
            "the server of work has given its messages new numbers",
            "--accept-blocked work:uidvalidity",
            "mailsync-tui rebase work",
        )
    for _ in range(3):
        assert bench.sync().exit == (BLOCKED if lost else OK)
    assert set(mails) <= set(bench.home.bytes_in("INBOX"))
    assert bench.boxes["work"].bytes_in("INBOX") == mails[lost:]


@pytest.mark.story("made anew")
def test_a_folder_that_was_made_anew(tmp_path: Path) -> None:
    """Fewer messages lie there than before, under UIDs that others had."""
    bench = known(tmp_path)
    folder = bench.boxes["work"].folders["INBOX"]
    folder.messages.clear()
    folder.uidnext = 1
    others = [mail(f"other {number}") for number in range(40)]
    for data in others:
        bench.deliver("work", data)
    says(bench.plan(), "uidvalidity", "new numbers", "mailsync-tui rebase work")
    bench.sync()
    all_there(bench)
    # Taken as the new base, its own mail is collected, and none is deleted.
    with bench.session() as session:
        session.rebase("work")
    bench.sync()
    all_there(bench)
    assert sorted(bench.boxes["work"].bytes_in("INBOX")) == sorted(others)


@pytest.mark.story("hidden after fetching")
def test_a_webmail_that_hides_what_was_fetched(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.boxes["isp"].hides = True
    for data in MAILS:
        bench.deliver("isp", data)
    assert bench.sync().exit == OK
    says(
        bench.plan(),
        "hidden",
        "some providers hide over POP3 what was fetched, and the mail may still be there",
        "--accept-blocked isp:hidden",
        'leave "forward" out of `allow` of isp',
    )
    for _ in range(3):
        assert bench.sync().exit == BLOCKED
    all_there(bench, "isp")
    # The way out for good.
    bench.configure("isp", allow=("collect", "reverse"))
    assert (kinds(bench.plan()), blocked(bench.plan())) == ([], [])


@pytest.mark.story("listing cut")
def test_a_listing_that_is_cut(tmp_path: Path) -> None:
    most = 50
    bench = known(tmp_path)
    messages = bench.boxes["work"].folders["INBOX"].messages
    beyond = dict(list(messages.items())[most:])
    for uid in beyond:
        del messages[uid]
    says(
        bench.plan(),
        "hidden",
        f"work lists exactly {most} messages, and more were known",
        "some servers cut a listing at a round number",
    )
    bench.sync()
    messages.update(beyond)
    all_there(bench, "work")


@pytest.mark.story("provider cleans up")
def test_a_provider_that_deletes_old_mail(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    dated = [mail(n, date=START - timedelta(days=100 - n)) for n in range(60)]
    for data in dated:
        bench.deliver("isp", data)
    for _ in range(2):
        bench.sync()
    for data in dated[:20]:
        bench.remove("isp", data)
    says(bench.plan(), "expired", "some providers clean up old mail, though nobody deleted it")
    for _ in range(3):
        assert bench.sync().exit == BLOCKED
    assert all(bench.holds("consolidated", data) == 1 for data in dated)


@pytest.mark.story("backup restored")
def test_a_server_that_was_restored_from_a_backup(tmp_path: Path) -> None:
    bench = known(tmp_path)
    folder = bench.boxes["work"].folders["INBOX"]
    for data in MAILS[-5:]:
        bench.remove("work", data)
    folder.uidnext -= 5
    says(
        bench.plan(),
        "went-backwards",
        "work looks restored from a backup",
        "what came after the backup is missing",
        "mailsync-tui rebase work",
    )
    for _ in range(3):
        assert bench.sync().exit == BLOCKED
    all_there(bench)


@pytest.mark.story("not reached")
@pytest.mark.parametrize("how", ["unreachable", "incomplete"])
@pytest.mark.parametrize("away", ["work", "consolidated"])
def test_a_mailbox_that_is_not_reached_is_not_empty(tmp_path: Path, away: str, how: str) -> None:
    """So few that no guard would stop their deletion."""
    mails = MAILS[:8]
    bench = known(tmp_path, mails)
    bench.deliver("isp", mail("new"))
    setattr(bench.boxes[away], how, "the log-in was refused")
    for _ in range(3):
        plan = bench.plan()
        assert plan.mailboxes[away].error == "the log-in was refused"
        assert not {"forward-delete", "reverse-delete", "forget"} & {n.kind for n in plan.lines}
        assert blocked(plan) == []
        if away == "consolidated":
            with pytest.raises(SessionError, match="consolidated: the log-in was refused"):
                bench.sync()
        else:
            bench.sync()
    setattr(bench.boxes[away], how, None)
    for box in (bench.boxes["work"], bench.home):
        assert set(mails) <= set(box.bytes_in("INBOX"))
    assert kinds(bench.plan()) == ([("collect", "isp")] if away == "consolidated" else [])


@pytest.mark.story("folder gone")
def test_a_folder_that_is_missing_for_a_day(tmp_path: Path) -> None:
    bench = known(tmp_path)
    folder = bench.boxes["work"].folders.pop("INBOX")
    bench.deliver("work", mail("another"), "Archive")
    accepted = (Accept("work", "folder-gone"),)
    says(
        bench.plan(accepts=accepted),
        "folder-gone",
        "a folder of work is missing; this ends when it is back",
        "mailsync-tui rebase work",
    )
    bench.sync(accepts=accepted)
    bench.wait(24 * 60)
    bench.boxes["work"].folders["INBOX"] = folder
    assert (kinds(bench.plan()), blocked(bench.plan())) == ([], [])
    all_there(bench, "work")


@pytest.mark.story("mailbox swapped")
def test_an_account_with_another_host(tmp_path: Path) -> None:
    bench = known(tmp_path)
    bench.configure("work", host="new.example")
    bench.boxes["work"].folders["INBOX"].messages.clear()
    accepted = (Accept("work", "changed"), Accept("work", "side-empty"))
    says(
        bench.plan(accepts=accepted),
        "changed",
        "work is another one than that in the ledger",
        "nothing is deleted until `mailsync-tui rebase work`",
    )
    for _ in range(3):
        bench.sync(accepts=accepted)
    all_there(bench)
    with bench.session() as session:
        session.rebase("work")
    bench.sync()
    all_there(bench)


@pytest.mark.story("account taken out")
def test_an_account_that_was_taken_out_of_the_configuration(tmp_path: Path) -> None:
    """What it holds is unknown: with ``copies = "all"`` the last copy may be there."""
    bench = known(tmp_path, copies="all")
    bench.deliver("isp", MAILS[0])
    bench.sync()
    whole = bench.config
    bench.config = replace(whole, external=tuple(a for a in whole.external if a.name != "work"))
    bench.remove("isp", MAILS[0])
    for _ in range(3):
        assert (kinds(bench.plan()), blocked(bench.plan())) == ([], [])
        bench.sync()
    bench.config = whole
    assert (kinds(bench.plan()), blocked(bench.plan())) == ([], [])
    all_there(bench, "work")


@pytest.mark.story("many deletions")
def test_a_mistake_that_deletes_most_of_a_mailbox(tmp_path: Path) -> None:
    """A filter gone wild in one mail program: the other side does not follow."""
    bench = known(tmp_path)
    gone = MAILS[:50]
    for data in gone:
        bench.remove("work", data)
    says(
        bench.plan(),
        "max-delete",
        "these are more deletions in 24 hours than",
        "--accept-blocked work:max-delete",
    )
    for _ in range(3):
        assert bench.sync().exit == BLOCKED
    all_there(bench)
    # It was meant after all: once, and up to so many.
    accepted = (Accept("work", "max-delete", len(gone)),)
    assert bench.sync(accepts=accepted).exit == OK
    assert not any(bench.holds("consolidated", data) for data in gone)
