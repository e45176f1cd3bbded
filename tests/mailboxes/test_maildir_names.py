"""Names in a Maildir: folders in either spelling, roles, and what hostile programs name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailsync_tui.mailboxes.base import DeleteRequest, Location, Role
from mailsync_tui.mailboxes.maildir.mailbox import MaildirMailbox, create_maildir
from mailsync_tui.mailboxes.maildir.names import directory_name, folder_name
from tests.builders import letter
from tests.mailboxes.contract import Marks
from tests.mailboxes.maildir_case import age, folder, inbox, mailbox_at, put


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "Mail"
    create_maildir(path)
    return path


@pytest.fixture
def mailbox(path: Path) -> MaildirMailbox:
    return mailbox_at(path)


@pytest.mark.parametrize(
    "name", [b"1.\xff\xfe.x", b"2.\x1b[31m.x", b"3.\xe2\x80\xae.x", b"4 [x].x"]
)
def test_hostile_file_names(path: Path, mailbox: MaildirMailbox, name: bytes) -> None:
    put(path, f"cur/{os.fsdecode(name)}:2,S")
    (listed,) = mailbox.list().folders
    (uid,) = listed.uids
    str(uid).encode()
    assert [raw.data for raw in mailbox.fetch([inbox(str(uid))])] == [letter(1)]
    assert mailbox.delete([DeleteRequest(inbox(str(uid)), None)], Marks())[0].outcome == "done"


@pytest.mark.parametrize(
    "name", [b".\xff\xfe", b".\x1b[31m", b".a..b", b".&broken", b".&AC8-", b"."]
)
def test_hostile_folder_names(path: Path, mailbox: MaildirMailbox, name: bytes) -> None:
    directory = path / os.fsdecode(name)
    if name != b".":
        create_maildir(directory)
    put(directory, "cur/1.a.x:2,S")
    age(path)
    listing = mailbox.list()
    assert listing.complete
    listed = listing.folders[-1]
    listed.name.encode()
    location = Location(listed.name, 0, "1.a.x")
    assert [raw.data for raw in mailbox.fetch([location])] == [letter(1)]


def test_two_directories_are_never_one_folder(path: Path, mailbox: MaildirMailbox) -> None:
    for directory in (".&APY-l", ".öl", ".ol"):
        folder(path, directory)
    names = [one.name for one in mailbox.list().folders]
    assert len(set(names)) == 4


@pytest.mark.parametrize("name", ["Work", "Work/Sub", "Année", "R&D", "日本/語", "a b"])
def test_folder_names_lead_there_and_back(name: str) -> None:
    directory = directory_name(name)
    assert directory.isascii()
    assert folder_name(directory) == name


def test_folder_names_in_either_form(mailbox: MaildirMailbox) -> None:
    for given, meant in [
        ("Work/Sub", "Work/Sub"),
        (".Work.Sub", "Work/Sub"),
        ("Work.Sub", "Work/Sub"),
        ("&AMk-t&AOk-", "Été"),
        ("inbox", "INBOX"),
        ("../../etc/cron", "etc/cron"),
        ("", "INBOX"),
    ]:
        assert mailbox.resolve(given) == meant


def test_roles(path: Path) -> None:
    for directory in (".Sent", ".Junk", ".Trash", ".Bin", ".Work.Drafts", ".Work"):
        folder(path, directory)
    mailbox = mailbox_at(path, trash=".Bin")
    roles = {one.name: one.role for one in mailbox.list().folders}
    assert roles == {
        "INBOX": Role.INBOX,
        "Sent": Role.SENT,
        "Junk": Role.JUNK,
        "Trash": Role.NORMAL,
        "Bin": Role.TRASH,
        "Work/Drafts": Role.DRAFTS,
        "Work": Role.NORMAL,
    }
