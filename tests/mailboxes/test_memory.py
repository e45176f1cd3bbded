"""What tests can make of the mailbox in memory."""

from __future__ import annotations

import pytest

from mailsync_tui.mailboxes.base import DeleteRequest, Location, Role, Unreachable
from tests.builders import letter
from tests.mailboxes.contract import Marks, new
from tests.mailboxes.memory import MemoryMailbox


def test_a_person_acts_on_it() -> None:
    mailbox = MemoryMailbox("test")
    uid = mailbox.deliver("INBOX", letter(1))
    mailbox.mark_deleted("INBOX", uid)
    assert mailbox.list().folders[0].marked == {uid}
    new_uid = mailbox.move("INBOX", uid, "Work")
    folders = {folder.name: folder for folder in mailbox.list().folders}
    assert list(folders["INBOX"].uids) == []
    assert list(folders["Work"].uids) == [new_uid]
    mailbox.remove("Work", new_uid)
    assert mailbox.list().messages == 0
    mailbox.remove_folder("Work")
    assert [folder.name for folder in mailbox.list().folders] == ["INBOX"]


def test_renumbering_voids_the_old_locations() -> None:
    mailbox = MemoryMailbox("test")
    first, second = mailbox.deliver("INBOX", letter(1)), mailbox.deliver("INBOX", letter(2))
    mailbox.remove("INBOX", first)
    moved = mailbox.renumber("INBOX")
    (folder,) = mailbox.list().folders
    assert folder.validity == 2
    assert list(folder.uids) == [moved[second]]
    assert list(mailbox.fetch([Location("INBOX", 1, second)])) == []


def test_like_pop3_it_renames_without_a_validity() -> None:
    mailbox = MemoryMailbox("test", kind="pop3", peeks=False, can_store=False)
    uid = mailbox.deliver("INBOX", letter(1))
    moved = mailbox.renumber("INBOX")
    assert isinstance(moved[uid], str)
    assert moved[uid] != uid
    assert mailbox.list().folders[0].validity == 0


def test_faults_strike_before_and_after_the_change() -> None:
    mailbox = MemoryMailbox("test")
    for operation, held in (("store", 1), ("stored", 2)):

        def fault(step: str, index: int, operation: str = operation) -> None:
            if (step, index) == (operation, 1):
                raise Unreachable("cut")

        mailbox.fault = fault
        mailbox.folders["INBOX"].messages.clear()
        with pytest.raises(Unreachable):
            mailbox.store(new(letter(1), letter(2)), "INBOX")
        assert len(mailbox.bytes_in("INBOX")) == held


def test_it_counts_what_it_is_asked() -> None:
    mailbox = MemoryMailbox("test")
    uid = mailbox.deliver("INBOX", letter(1))
    location = Location("INBOX", 1, uid)
    mailbox.list()
    list(mailbox.heads([location]))
    assert mailbox.called("fetch") == 0
    list(mailbox.fetch([location]))
    mailbox.delete([DeleteRequest(location, None)], Marks())
    assert [step for step, _ in mailbox.calls] == ["list", "heads", "fetch", "delete", "deleted"]


def test_what_bad_servers_do() -> None:
    mailbox = MemoryMailbox("test")
    mailbox.alter = lambda data: data.replace(b"Hello", b"Hallo")
    mailbox.refuses = lambda data: b"poison" in data
    outcomes = mailbox.store(new(letter(1), letter(2, b"poison")), "INBOX")
    assert [one.location is None for one in outcomes] == [False, True]
    assert b"Hallo" in mailbox.bytes_in("INBOX")[0]
    mailbox.deliver("INBOX", letter(3))
    mailbox.incomplete = "the connection broke"
    listing = mailbox.list()
    assert (listing.complete, listing.messages) == (False, 1)
    assert listing.error == "the connection broke"


def test_deleting_into_a_trash() -> None:
    mailbox = MemoryMailbox("test", trash="Trash")
    uid = mailbox.deliver("INBOX", letter(1))
    mailbox.delete([DeleteRequest(Location("INBOX", 1, uid), None)], Marks())
    assert list(mailbox.bytes_in("Trash")) == [letter(1)]
    assert mailbox.folders["Trash"].role is Role.TRASH


def test_an_abort_ends_the_call_under_way_and_every_later_one() -> None:
    mailbox = MemoryMailbox("test")
    locations = [Location("INBOX", 1, mailbox.deliver("INBOX", letter(n))) for n in range(2)]
    fetched = mailbox.fetch(locations)
    next(fetched)
    mailbox.abort()
    with pytest.raises(Unreachable):
        next(fetched)
    with pytest.raises(Unreachable):
        mailbox.list()
