r"""Deleting over IMAP: exactly these, whatever else is marked ``\Deleted``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailsync_tui.mailboxes.base import DeleteRequest, MailboxError, Unreachable
from mailsync_tui.message import identity_of
from tests.builders import letter
from tests.mailboxes.imap_case import Marks, mailbox_at, places, served
from tests.servers.imap_script import Folder, ImapScript

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.servers.imap_script import Connection

CAPABLE = ImapScript.capabilities
NO_UIDPLUS = CAPABLE.replace("UIDPLUS", "")


def filled(server: ImapScript, count: int = 6) -> ImapScript:
    for number in range(1, count + 1):
        server.inbox.add(letter(number))
    return server


def doom(uids: Iterable[int], folder: str = "INBOX", validity: int = 7) -> list[DeleteRequest]:
    return [
        DeleteRequest(place, identity_of(letter(int(place.uid))))
        for place in places(list(uids), folder, validity)
    ]


def test_uid_expunge_leaves_foreign_marks_alone() -> None:
    server = filled(ImapScript())
    server.inbox.messages[0].flags.add("\\Deleted")
    marks = Marks()
    with served(server) as mailbox:
        outcomes = mailbox.delete(doom([4, 2]), marks)
    assert [(one.location.uid, one.outcome) for one in outcomes] == [(4, "done"), (2, "done")]
    assert server.inbox.uids == [1, 3, 5, 6]
    assert server.inbox.messages[0].flags == {"\\Deleted"}
    assert server.sent("UID EXPUNGE") == ["UID EXPUNGE 2,4"]
    assert not server.sent("EXPUNGE")
    assert not server.sent("CLOSE")
    assert marks.said == []


@pytest.mark.vice(6)
def test_without_uidplus_foreign_marks_are_lifted_and_set_again() -> None:
    server = filled(ImapScript())
    server.capabilities = NO_UIDPLUS
    server.inbox.messages[0].flags.add("\\Deleted")
    server.inbox.messages[5].flags.add("\\Deleted")
    marks = Marks()
    with served(server) as mailbox:
        outcomes = mailbox.delete(doom([4, 2]), marks)
    assert {one.outcome for one in outcomes} == {"done"}
    assert server.inbox.uids == [1, 3, 5, 6]
    assert [sorted(one.flags) for one in server.inbox.messages] == [
        ["\\Deleted"], [], [], ["\\Deleted"],
    ]  # fmt: skip
    assert marks.said == [("lifted", "INBOX", 7, [1, 6]), ("restored", "INBOX", 7, [1, 6])]


class Rival(ImapScript):
    """Another session marks a message right after ours were marked."""

    capabilities = NO_UIDPLUS

    def do_store(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        super().do_store(to, tag, arguments, literals)
        if "+FLAGS" in arguments:
            self.inbox.messages[2].flags.add("\\Deleted")


@pytest.mark.vice(6)
def test_without_uidplus_nothing_is_expunged_beside_a_rival() -> None:
    server = filled(Rival())
    server.inbox.messages[0].flags.add("\\Deleted")
    marks = Marks()
    with served(server) as mailbox:
        (outcome,) = mailbox.delete(doom([5]), marks)
    assert outcome.outcome == "skipped"
    assert "somebody else" in outcome.reason
    assert server.inbox.uids == [1, 2, 3, 4, 5, 6]
    assert [one.uid for one in server.inbox.messages if one.flags] == [1, 3]
    assert not server.sent("EXPUNGE")
    assert [said[0] for said in marks.said] == ["lifted", "restored"]


class Dying(ImapScript):
    capabilities = NO_UIDPLUS

    def do_expunge(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        raise OSError


def test_marks_that_stayed_lifted_are_set_by_the_next_run() -> None:
    server = filled(Dying())
    server.inbox.messages[0].flags.add("\\Deleted")
    marks = Marks()
    with served(server) as mailbox:
        with pytest.raises(Unreachable):
            mailbox.delete(doom([5]), marks)
        assert marks.said == [("lifted", "INBOX", 7, [1])]
        assert server.inbox.messages[0].flags == set()
        mailbox.restore_marks("INBOX", 8, [1])
        assert server.inbox.messages[0].flags == set()
        mailbox.restore_marks("INBOX", 7, [1])
        assert server.inbox.messages[0].flags == {"\\Deleted"}
    assert server.inbox.uids == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("capabilities", [CAPABLE, NO_UIDPLUS])
def test_what_is_not_the_right_message_is_skipped(capabilities: str) -> None:
    server = filled(ImapScript())
    server.capabilities = capabilities
    server.inbox.messages[2].data = letter(77)
    server.inbox.messages[3].flags.add("\\Draft")
    with served(server) as mailbox:
        outcomes = mailbox.delete(
            [*doom([1, 3, 4, 9]), DeleteRequest(places([6])[0], None)], Marks()
        )
        other = mailbox.delete(doom([1], validity=8), Marks())
    assert [one.outcome for one in outcomes] == ["done", "skipped", "skipped", "gone", "done"]
    assert outcomes[1].reason == "another message is there now"
    assert outcomes[2].reason == "it is a draft"
    assert [one.outcome for one in other] == ["skipped"]
    assert server.inbox.uids == [2, 3, 4, 5]


class Unreadable(ImapScript):
    def do_fetch(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        to.ok(tag)


def test_a_header_that_cannot_be_read_is_not_gone() -> None:
    server = filled(Unreadable())
    with served(server) as mailbox:
        outcomes = mailbox.delete(doom([1, 9]), Marks())
    assert [one.outcome for one in outcomes] == ["failed", "gone"]
    assert len(server.inbox.messages) == 6


class Refusing(ImapScript):
    def do_expunge(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        to.say(tag + b" NO not yours")


@pytest.mark.parametrize("capabilities", [CAPABLE, NO_UIDPLUS])
def test_a_refused_expunge_takes_the_marks_back(capabilities: str) -> None:
    server = filled(Refusing())
    server.capabilities = capabilities
    server.inbox.messages[0].flags.add("\\Deleted")
    marks = Marks()
    with served(server) as mailbox:
        (outcome,) = mailbox.delete(doom([5]), marks)
    assert (outcome.outcome, outcome.reason) == ("failed", "deleting in INBOX: not yours")
    assert [one.uid for one in server.inbox.messages if one.flags] == [1]
    assert [said[0] for said in marks.said] in ([], ["lifted", "restored"])


class Pretending(ImapScript):
    def do_expunge(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        to.ok(tag)


def test_ok_is_no_proof() -> None:
    with served(filled(Pretending())) as mailbox:
        (outcome,) = mailbox.delete(doom([5]), Marks())
    assert (outcome.outcome, outcome.reason) == ("failed", "it is still there")


class ReadOnly(ImapScript):
    def do_select(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        self.open(to, tag, arguments, b"READ-ONLY")


def test_read_only() -> None:
    with served(filled(ReadOnly())) as mailbox:
        (outcome,) = mailbox.delete(doom([5]), Marks())
    assert (outcome.outcome, outcome.reason) == ("failed", "the folder opens read-only")


def test_one_folder_that_is_missing_does_not_stop_the_other() -> None:
    server = filled(ImapScript())
    with served(server) as mailbox:
        outcomes = mailbox.delete([*doom([1], "Gone"), *doom([2])], Marks())
    assert [one.outcome for one in outcomes] == ["failed", "done"]


@pytest.mark.parametrize("gone", ["", "MOVE", "UIDPLUS"])
def test_to_the_trash(gone: str) -> None:
    class Copying(ImapScript):
        def do_copy(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
            assert to.folder is not None
            numbers, _, name = arguments.partition(" ")
            for message in self.chosen(to.folder, numbers):
                self.folders[name.strip('"')].add(message.data)
            to.ok(tag)

    server = filled(Copying())
    server.capabilities = CAPABLE.replace("MOVE", "").replace(gone, "") if gone else CAPABLE
    server.folders["Bin"] = Folder()
    with served(server, delete="trash") as mailbox:
        outcomes = mailbox.delete(doom([2, 3]), Marks())
        assert {one.outcome for one in outcomes} == {"done"}
        assert server.inbox.uids == [1, 4, 5, 6]
        assert [one.data for one in server.folders["Bin"].messages] == [letter(2), letter(3)]
        in_trash = DeleteRequest(places([1], "Bin")[0], identity_of(letter(2)))
        assert [one.outcome for one in mailbox.delete([in_trash], Marks())] == ["done"]
    assert server.folders["Bin"].uids == [2]


@pytest.mark.vice(20)
def test_gmail_always_moves_to_the_trash() -> None:
    server = filled(ImapScript())
    server.capabilities = CAPABLE + " X-GM-EXT-1"
    server.folders["[Gmail]/Papierkorb"] = Folder()
    server.attributes["[Gmail]/Papierkorb"] = "\\Trash"
    with served(server) as mailbox:
        assert [one.outcome for one in mailbox.delete(doom([2]), Marks())] == ["done"]
    assert len(server.folders["[Gmail]/Papierkorb"].messages) == 1
    del server.folders["[Gmail]/Papierkorb"]
    with served(server) as mailbox:
        (outcome,) = mailbox.delete(doom([3]), Marks())
    assert outcome.outcome == "failed"
    assert 3 in server.inbox.uids


def test_a_missing_trash_is_made() -> None:
    server = filled(ImapScript())
    with served(server, delete="trash", trash="Old/Trash") as mailbox:
        assert [one.outcome for one in mailbox.delete(doom([2]), Marks())] == ["done"]
    assert len(server.folders["Old/Trash"].messages) == 1


@pytest.mark.vice(6)
@pytest.mark.parametrize("capabilities", [CAPABLE, NO_UIDPLUS])
def test_cut_anywhere_only_ours_is_ever_missing(capabilities: str) -> None:
    def fresh() -> ImapScript:
        server = filled(ImapScript())
        server.capabilities = capabilities
        server.inbox.messages[0].flags.add("\\Deleted")
        return server

    server = fresh()
    with served(server) as mailbox:
        mailbox.delete(doom([2, 4]), Marks())
        whole = server.octets
    for at in range(0, whole, 7):
        server, marks = fresh(), Marks()
        server.cut_after = at
        with server, mailbox_at(server.port) as mailbox:
            with pytest.raises(MailboxError):
                mailbox.delete(doom([2, 4]), marks)
            assert {1, 3, 5, 6}.issubset(server.inbox.uids)
            open_ends = [said for said in marks.said if said[0] == "lifted"][
                sum(said[0] == "restored" for said in marks.said) :
            ]
            server.cut_after = None
            for _, folder, validity, uids in open_ends:
                mailbox.restore_marks(folder, validity, uids)
        assert "\\Deleted" in server.inbox.messages[0].flags
