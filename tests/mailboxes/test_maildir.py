"""The Maildir beyond the contract: names, durability, and what other programs do meanwhile."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from mailsync_tui.mailboxes.base import (
    DeleteRequest,
    Location,
    MailboxError,
    Missing,
    NewMessage,
    Role,
    Unreachable,
)
from mailsync_tui.mailboxes.maildir.files import Folder
from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox, create_maildir
from mailsync_tui.message import identity_of
from tests.builders import letter
from tests.mailboxes.contract import Marks, new
from tests.mailboxes.maildir_case import age, folder, inbox, mailbox_at, put


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "Mail"
    create_maildir(path)
    return path


@pytest.fixture
def mailbox(path: Path) -> MaildirMailbox:
    return mailbox_at(path)


@pytest.mark.parametrize("lacks", ["", "new", "cur"])
def test_an_empty_mount_point_is_no_empty_maildir(path: Path, lacks: str) -> None:
    for part in ("cur", "new", "tmp"):
        if part == lacks or not lacks:
            (path / part).rmdir()
    mailbox = mailbox_at(path)
    with pytest.raises(Missing, match="no Maildir"):
        mailbox.list()
    with pytest.raises(Missing):
        mailbox.store(new(letter(1)), "INBOX")
    with pytest.raises(Missing):
        mailbox.store(new(letter(1)), "Work")
    with pytest.raises(Missing):
        mailbox.delete([DeleteRequest(inbox("a"), None)], Marks())
    assert not (path / lacks / "cur").exists()
    assert not (path / ".Work").exists()


def test_a_folder_that_was_half_taken_away_is_unknown(path: Path, mailbox: MaildirMailbox) -> None:
    (folder(path, ".Work") / "new").rmdir()
    listing = mailbox.list()
    assert not listing.complete
    assert listing.error is not None
    assert "Work" in listing.error


def test_other_directories_are_no_folders(path: Path, mailbox: MaildirMailbox) -> None:
    (path / ".git").mkdir()
    (path / "nested").mkdir()
    age(path)
    listing = mailbox.list()
    assert listing.complete
    assert [one.name for one in listing.folders] == ["INBOX"]


@pytest.mark.story("seen between")
def test_reading_is_repeated_until_it_is_steady(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, "new/1.a.x")
    read = os.scandir
    readings = []

    def scandir(where: Path) -> Any:
        if where.name == "cur":
            readings.append(where)
            if len(readings) == 1:
                # Another program takes the message from new to cur, past the reading of both.
                entries = read(where)
                (path / "new/1.a.x").rename(path / "cur/1.b.x:2,S")
                return entries
        return read(where)

    monkeypatch.setattr(os, "scandir", scandir)
    files, steady = Folder(path).steady(lambda _: age(path))
    assert steady
    assert list(files) == ["1.b.x"]
    assert len(readings) > 1


@pytest.mark.story("seen between")
def test_a_folder_that_never_holds_still_is_unknown(
    path: Path, mailbox: MaildirMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, "cur/1.a.x:2,")
    stop_the_clock(monkeypatch)
    monkeypatch.setattr(mailbox, "_pause", lambda _: put_now(path))
    put_now(path)
    listing = mailbox.list()
    assert not listing.complete
    assert listing.error is not None
    assert "kept changing" in listing.error


def stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a second: none ends between a change and the reading."""
    now = (time.time_ns() // 10**9 + 10) * 10**9 + 5 * 10**8
    monkeypatch.setattr(time, "time_ns", lambda: now)


def put_now(path: Path) -> None:
    """Change the folder in this very second."""
    now = time.time_ns()
    os.utime(path / "new", ns=(now, now))


def test_a_change_of_this_second_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch)
    put_now(path)
    waits = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        age(path)

    _, steady = Folder(path).steady(pause)
    assert steady
    assert len(waits) == 1
    assert 0 < waits[0] <= 1.1


def test_marks_and_drafts(path: Path, mailbox: MaildirMailbox) -> None:
    put(path, "cur/1.a.x:2,ST")
    put(path, "cur/2.a.x:2,D")
    put(path, "cur/3.a.x:2,RFPabZ")
    (listed,) = mailbox.list().folders
    assert list(listed.uids) == ["1.a.x", "2.a.x", "3.a.x"]
    assert listed.marked == {"1.a.x"}
    assert listed.drafts == {"2.a.x"}
    (head,) = mailbox.heads([inbox("3.a.x")])
    assert head.flags == {"\\Answered", "\\Flagged", "$Forwarded"}


def test_flags_may_change_between_listing_and_reading(path: Path, mailbox: MaildirMailbox) -> None:
    file = put(path, "new/1.a.x")
    mailbox.list()
    file = file.rename(path / "cur/1.a.x:2,")
    assert [raw.flags for raw in mailbox.fetch([inbox("1.a.x")])] == [set()]
    file.rename(path / "cur/1.a.x:2,S")
    assert [head.flags for head in mailbox.heads([inbox("1.a.x")])] == [{"\\Seen"}]
    (path / "cur/1.a.x:2,S").rename(path / "cur/1.a.x:2,FS")
    (outcome,) = mailbox.delete([DeleteRequest(inbox("1.a.x"), identity_of(letter(1)))], Marks())
    assert outcome.outcome == "done"
    assert list((path / "cur").iterdir()) == []


def test_one_name_twice(path: Path, mailbox: MaildirMailbox) -> None:
    put(path, "new/1.a.x")
    put(path, "cur/1.a.x:2,S")
    assert mailbox.list().messages == 1
    assert len(list(mailbox.fetch([inbox("1.a.x")]))) == 1
    put(path, "cur/1.a.x:2,S", letter(1, b"another text\r\n"))
    requests = [DeleteRequest(inbox("1.a.x"), identity_of(letter(1)))]
    assert mailbox.delete(requests, Marks())[0].outcome == "skipped"
    put(path, "cur/1.a.x:2,S")
    assert mailbox.delete(requests, Marks())[0].outcome == "done"
    assert mailbox.list().messages == 0


def test_nothing_outside_the_root(path: Path) -> None:
    for directory in (".Ann", ".Ann.Work", ".Anna", ".Bob"):
        put(folder(path, directory), "cur/1.a.x:2,")
    mailbox = mailbox_at(path, root="Ann")
    listing = mailbox.list()
    assert {one.name for one in listing.folders} == {"Ann", "Ann/Work"}
    assert list(mailbox.fetch([Location("Bob", 0, "1.a.x")])) == []
    (outcome,) = mailbox.delete([DeleteRequest(Location("Bob", 0, "1.a.x"), None)], Marks())
    assert outcome.outcome == "skipped"
    with pytest.raises(MailboxError, match="outside"):
        mailbox.store(new(letter(1)), "Bob")


def test_what_is_stored_is_private_dated_and_where_it_belongs(
    path: Path, mailbox: MaildirMailbox
) -> None:
    mailbox.store(new(letter(1)), "INBOX")
    (seen,) = mailbox.store(new(letter(2), flags=["\\seen", "keyword", "\\Draft"]), "Work/Sub")
    (file,) = (path / "new").iterdir()
    assert file.name == "1706932800.0.contract"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_mtime == 1706933106
    assert (path / ".Work.Sub/maildirfolder").exists()
    assert [one.name for one in (path / ".Work.Sub/cur").iterdir()] == [
        "1706932800.0.contract:2,DS"
    ]
    assert seen.location == Location("Work/Sub", 0, "1706932800.0.contract")


def test_nothing_is_visible_before_it_is_on_disk(
    path: Path, mailbox: MaildirMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def note(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def move(file: Path, target: Path) -> Path:
        assert str(file) in flushed
        assert str(path / "new") not in flushed
        return rename(file, target)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(Path, "rename", move)
    mailbox.store(new(letter(1), letter(2)), "INBOX")
    assert flushed[-1] == str(path / "new")
    assert len(list((path / "new").iterdir())) == 2


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever says "poison" does not fit on the disk."""
    write = os.write

    def limited(descriptor: int, data: memoryview) -> int:
        if b"poison" in bytes(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", limited)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk(path: Path, mailbox: MaildirMailbox) -> None:
    first, second = mailbox.store(new(letter(1, b"poison"), letter(2)), "INBOX")
    assert first.location is None
    assert first.error is not None
    assert "No space left" in first.error
    assert second.location is not None
    with pytest.raises(MailboxError, match="no space"):
        mailbox.store(new(letter(3, b"poison")), "INBOX")
    assert len(list((path / "new").iterdir())) == 1
    assert list((path / "tmp").iterdir()) == []


def test_what_a_dead_run_left_in_tmp_is_no_obstacle(path: Path, mailbox: MaildirMailbox) -> None:
    (path / "tmp/1706932800.0.contract").write_bytes(b"half")
    (stored,) = mailbox.store(new(letter(1)), "INBOX")
    assert stored.location is not None
    assert [raw.data for raw in mailbox.fetch([stored.location])] == [letter(1)]


def test_a_batch_of_nothing(path: Path, mailbox: MaildirMailbox) -> None:
    assert list(mailbox.store([], "INBOX")) == []
    assert list(mailbox.delete([], Marks())) == []


def test_deleting_by_moving_to_the_trash(path: Path) -> None:
    mailbox = mailbox_at(path, delete="trash")
    put(path, "cur/1.a.x:2,S")
    put(path, "new/2.a.x", letter(2))
    requests = [
        DeleteRequest(inbox("1.a.x"), None),
        DeleteRequest(inbox("2.a.x"), identity_of(letter(2))),
    ]
    assert {one.outcome for one in mailbox.delete(requests, Marks())} == {"done"}
    assert (path / ".Trash/cur/1.a.x:2,S").read_bytes() == letter(1)
    assert (path / ".Trash/new/2.a.x").read_bytes() == letter(2)
    put(path, "cur/1.a.x:2,S", letter(3))
    mailbox.delete([DeleteRequest(inbox("1.a.x"), None)], Marks())
    assert len(list((path / ".Trash/cur").iterdir())) == 2
    assert (path / ".Trash/cur/1.a.x:2,S").read_bytes() == letter(1)


def test_what_is_no_plain_file_does_not_block(path: Path, mailbox: MaildirMailbox) -> None:
    os.mkfifo(path / "cur/1.pipe.x:2,")
    (path / "cur/2.link.x:2,").symlink_to(path / "nowhere")
    (path / "cur/3.directory.x:2,").mkdir()
    put(path, "cur/4.a.x:2,")
    (listed,) = mailbox.list().folders
    # Listed under its name: present, whatever it holds.
    assert list(listed.uids) == ["1.pipe.x", "2.link.x", "4.a.x"]
    locations = [inbox(str(uid)) for uid in listed.uids]
    assert [head.location for head in mailbox.heads(locations)] == [inbox("4.a.x")]
    assert [raw.location for raw in mailbox.fetch(locations)] == [inbox("4.a.x")]
    outcomes = mailbox.delete([DeleteRequest(locations[0], identity_of(letter(1)))], Marks())
    assert outcomes[0].outcome == "failed"
    assert (path / "cur/1.pipe.x:2,").exists()


def test_only_the_header_is_read(path: Path, mailbox: MaildirMailbox) -> None:
    header = b"Message-ID: <a@b>\nX-Long: " + b"x" * 20_000 + b"\n\n"
    put(path, "cur/1.a.x:2,", header + b"body\n" * 100_000)
    put(path, "cur/2.a.x:2,", b"Subject: no end")
    put(path, "cur/3.a.x:2,", b"\r\nbody")
    put(path, "cur/4.a.x:2,", b"")
    heads = list(mailbox.heads(inbox(f"{number}.a.x") for number in range(1, 5)))
    assert [head.header for head in heads] == [header, b"Subject: no end", b"\r\n", b""]
    assert heads[0].size == len(header) + 500_000


def test_an_abort_ends_the_call_under_way_and_every_later_one(
    path: Path, mailbox: MaildirMailbox
) -> None:
    put(path, "cur/1.a.x:2,")
    put(path, "cur/2.a.x:2,")
    fetched = mailbox.fetch([inbox("1.a.x"), inbox("2.a.x")])
    next(fetched)
    mailbox.abort()
    with pytest.raises(Unreachable):
        next(fetched)
    with pytest.raises(Unreachable):
        mailbox.list()


def test_a_new_maildir(tmp_path: Path) -> None:
    create_maildir(tmp_path / "a/b/Mail")
    assert mailbox_at(tmp_path / "a/b/Mail").facts().folders == (("INBOX", Role.INBOX, 0),)
    (tmp_path / "file").touch()
    with pytest.raises(MailboxError):
        create_maildir(tmp_path / "file/Mail")


def test_messages_have_names_of_their_own(mailbox: MaildirMailbox) -> None:
    message = NewMessage(letter(1), frozenset(), None, "17.unique.x")
    (stored,) = mailbox.store([message], "INBOX")
    assert stored.location == inbox("17.unique.x")
