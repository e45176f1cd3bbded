"""Moved is not deleted: filed, archived, renamed; but thrown away is (DESIGN.md, rule 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsync_tui.mailboxes.base import Role
from tests.builders import mail
from tests.engine.bench import Bench, blocked, held, kinds

M, N = mail(1), mail(2)
FORWARD = [("forward-delete", "work")]
REVERSE = [("reverse-delete", "work")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    for data in (M, N):
        bench.deliver("work", data)
    bench.sync()
    return bench


def quiet(bench: Bench) -> bool:
    """Nothing to do, nothing held back, also once it is recorded."""
    for _ in range(2):
        plan = bench.plan()
        if plan.lines or plan.held or plan.blocked or plan.waiting:
            return False
        bench.sync()
    return True


@pytest.mark.parametrize("folder", ["Archive", "Projects/2026", "A new one"])
def test_filed_in_the_consolidated_mailbox(bench: Bench, folder: str) -> None:
    bench.move("consolidated", M, folder)
    assert quiet(bench)
    bench.remove("work", M)
    (line,) = bench.plan().lines
    assert (line.kind, line.target.location.folder) == ("forward-delete", folder)
    bench.sync()
    assert bench.holds("consolidated", M) == 0


@pytest.mark.parametrize("folder", ["Archive", "Projects/2026"])
def test_filed_on_an_account(bench: Bench, folder: str) -> None:
    bench.move("work", M, folder)
    assert quiet(bench)
    bench.remove("work", M, folder)
    assert kinds(bench.plan()) == FORWARD


def test_filed_outside_folders_it_is_never_deleted_there(bench: Bench) -> None:
    bench.move("work", M, "Archive")
    bench.sync()
    bench.remove("consolidated", M)
    assert kinds(bench.plan()) == []
    bench.configure("work", folders=("INBOX", "Arch*"))
    assert kinds(bench.plan()) == REVERSE


def test_moved_out_to_where_nothing_is_collected_from_it_is_held(bench: Bench) -> None:
    bench.deliver("isp", M)
    bench.sync()
    bench.remove("consolidated", M)
    bench.deliver("work", M, "Archive")
    for _ in range(2):
        plan = bench.plan()
        assert (kinds(plan), held(plan)) == ([], [("collect", "work", "moved-out")])
        bench.sync()


def test_filed_several_times_between_two_syncs(bench: Bench) -> None:
    bench.move("work", M, "Archive")
    bench.move("work", M, "Other", "Archive")
    bench.move("work", M, "INBOX", "Other")
    assert quiet(bench)


def test_a_folder_that_was_renamed(bench: Bench) -> None:
    bench.configure("work", folders=("*",))
    bench.deliver("work", mail(3), "Projects")
    bench.sync()
    bench.boxes["work"].folders["Done"] = bench.boxes["work"].folders.pop("Projects")
    assert quiet(bench)
    bench.remove("work", mail(3), "Done")
    assert kinds(bench.plan()) == FORWARD


@pytest.mark.parametrize("restored", [True, False])
def test_thrown_away_on_an_account(bench: Bench, restored: bool) -> None:
    bench.move("work", M, "Trash")
    assert kinds(bench.plan()) == FORWARD
    if restored:
        bench.sync("collect")
        assert kinds(bench.plan()) == FORWARD
        bench.move("work", M, "INBOX", "Trash")
        assert kinds(bench.plan()) in ([], [("adopt", "work")])
        bench.sync()
        assert quiet(bench)
        assert bench.holds("consolidated", M) == 1
    else:
        bench.sync()
        assert bench.holds("consolidated", M) == 0
        assert quiet(bench)
        bench.remove("work", M, "Trash")
        assert quiet(bench)


def test_taken_out_of_an_account_s_trash_after_the_deletion_it_is_collected_again(
    bench: Bench,
) -> None:
    bench.move("work", M, "Trash")
    bench.sync()
    bench.move("work", M, "INBOX", "Trash")
    (line,) = bench.plan().lines
    assert (line.kind, line.account, line.reason) == (
        "collect",
        "work",
        "back on work, where it had been gone",
    )
    bench.sync()
    assert (bench.holds("work", M, "INBOX"), bench.holds("consolidated", M)) == (1, 1)
    assert quiet(bench)


def test_thrown_away_in_the_consolidated_mailbox(bench: Bench) -> None:
    bench.move("consolidated", M, "Trash")
    assert kinds(bench.plan()) == REVERSE
    bench.sync()
    assert bench.holds("work", M) == 0


@pytest.mark.parametrize("mailbox", ["work", "consolidated"])
@pytest.mark.parametrize("means", ["keep", "delete"])
def test_filed_in_junk(bench: Bench, mailbox: str, means: str) -> None:
    bench.configure(mailbox, junk_means=means)
    bench.move(mailbox, M, "Junk")
    if means == "keep":
        assert quiet(bench)
    else:
        assert kinds(bench.plan()) == (FORWARD if mailbox == "work" else REVERSE)


@pytest.fixture
def gmail(tmp_path: Path) -> Bench:
    """An account whose folders are labels: what lies in INBOX lies in All Mail as well."""
    bench = Bench(tmp_path)
    bench.boxes["work"].add_folder("[Gmail]/All Mail", Role.ALL)
    for data in (M, N):
        bench.deliver("work", data)
        bench.deliver("work", data, "[Gmail]/All Mail")
    bench.sync()
    assert [bench.holds("consolidated", data) for data in (M, N)] == [1, 1]
    assert quiet(bench)
    return bench


def test_a_label_taken_away_is_archived(gmail: Bench) -> None:
    gmail.remove("work", M)
    assert quiet(gmail)


def test_archived_and_then_deleted(gmail: Bench) -> None:
    gmail.remove("work", M)
    gmail.sync()
    gmail.remove("work", M, "[Gmail]/All Mail")
    assert kinds(gmail.plan()) == FORWARD


def test_deleted_under_all_its_labels(gmail: Bench) -> None:
    gmail.remove("work", M, "[Gmail]/All Mail")
    gmail.move("work", M, "Trash")
    assert kinds(gmail.plan()) == FORWARD
    gmail.sync()
    assert gmail.holds("consolidated", M) == 0
    assert quiet(gmail)


def test_a_reverse_deletion_names_the_label_only(gmail: Bench) -> None:
    """The server takes it out of All Mail when it is moved to the trash."""
    gmail.remove("consolidated", M)
    (line,) = gmail.plan().lines
    assert [place.location.folder for place in line.copies] == ["INBOX"]


def test_archived_in_a_consolidated_mailbox_of_labels(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.home.add_folder("[Gmail]/All Mail", Role.ALL)
    bench.deliver("work", M)
    bench.deliver("work", N)
    bench.sync()
    for data in (M, N):
        bench.deliver("consolidated", data, "[Gmail]/All Mail")
    assert quiet(bench)
    bench.remove("consolidated", M)
    assert quiet(bench)
    bench.remove("work", M)
    (line,) = bench.plan().lines
    assert line.kind == "forward-delete"
    assert [place.location.folder for place in line.copies] == ["[Gmail]/All Mail"]
    assert blocked(bench.plan()) == []


def test_filed_under_another_label(gmail: Bench) -> None:
    """The new label is followed, and not All Mail, where it lay before."""
    gmail.configure("work", folders=("INBOX", "Projects"))
    gmail.move("work", M, "Projects")
    assert quiet(gmail)
    gmail.remove("consolidated", M)
    (line,) = gmail.plan().lines
    assert [place.location.folder for place in line.copies] == ["Projects"]


def test_another_message_under_all_mail_is_no_label(gmail: Bench) -> None:
    other = mail(1, "quite another text")
    gmail.remove("work", M, "[Gmail]/All Mail")
    gmail.deliver("work", other, "[Gmail]/All Mail")
    gmail.sync()
    gmail.remove("work", M)
    assert kinds(gmail.plan()) == FORWARD
