"""Listing over IMAP: complete, or said not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailsync_tui.mailboxes.base import MailboxError, Role, Unreachable
from tests.builders import letter
from tests.mailboxes.imap_case import mailbox_at, places, served
from tests.servers.imap_script import Folder, ImapScript

if TYPE_CHECKING:
    from tests.servers.imap_script import Connection

OLD = "IMAP4rev1"


def filled(server: ImapScript, count: int = 3) -> ImapScript:
    for number in range(count):
        server.inbox.add(letter(number))
    return server


@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, OLD])
def test_all_folders_and_what_is_marked(capabilities: str) -> None:
    server = filled(ImapScript())
    server.capabilities = capabilities
    server.folders |= {f"Folder {number}": Folder(validity=number) for number in range(1, 50)}
    server.folders["Folder 30"].add(letter(1), "\\Deleted")
    server.folders["Folder 30"].add(letter(2), "\\Draft")
    server.folders["Folder 30"].add(letter(3), "\\Flagged", "\\Draft")
    with served(server) as mailbox:
        listing = mailbox.list()
    assert listing.complete
    assert [folder.name for folder in listing.folders] == list(server.folders)
    found = {folder.name: folder for folder in listing.folders}
    assert found["INBOX"].uids == (1, 2, 3)
    assert found["INBOX"].uidnext == 4
    assert (found["Folder 30"].validity, found["Folder 30"].uids) == (30, (1, 2, 3))
    assert found["Folder 30"].marked == {1}
    assert found["Folder 30"].drafts == {2, 3}
    assert found["Folder 30"].flagged == {3}
    assert not server.sent("SELECT")


def test_flags_take_no_more_round_trips_than_two() -> None:
    """Where answers do not name their question, one search shows that there is nothing to ask."""
    server = filled(ImapScript())
    server.capabilities = OLD
    with served(server) as mailbox:
        mailbox.list()
        assert len(server.sent("UID")) == 2
        server.inbox.add(letter(9), "\\Flagged")
        (inbox,) = mailbox.list().folders
        assert inbox.flagged == {4}
        assert len(server.sent("UID")) == 5


class NoOr(ImapScript):
    capabilities = OLD

    def do_search(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        if arguments.startswith("OR"):
            to.say(tag + b" BAD what is OR?")
        else:
            super().do_search(to, tag, arguments, literals)


@pytest.mark.vice(12)
def test_a_server_without_or_is_asked_for_each_flag() -> None:
    server = filled(NoOr())
    server.inbox.add(letter(9), "\\Flagged")
    server.inbox.add(letter(10), "\\Draft")
    with served(server) as mailbox:
        listing = mailbox.list()
    assert listing.complete
    (inbox,) = listing.folders
    assert inbox.flagged == {4}
    assert inbox.drafts == {5}


class Liar(ImapScript):
    def exists(self, folder: Folder) -> int:
        return len(folder.messages) + 1


@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, OLD])
def test_exists_that_does_not_agree_is_not_complete(capabilities: str) -> None:
    server = filled(Liar())
    server.capabilities = capabilities
    with served(server) as mailbox:
        listing = mailbox.list()
    assert not listing.complete
    assert listing.error == "INBOX: the server speaks of 4 messages, but lists 3"


class Busy(ImapScript):
    """A message arrives between EXAMINE and the search, twice."""

    arrivals = 2

    def found(self, folder: Folder, criteria: str) -> list[int]:
        if criteria == "ALL" and self.arrivals:
            self.arrivals -= 1
            folder.add(letter(10 + self.arrivals))
        return super().found(folder, criteria)


@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, OLD])
def test_a_message_that_arrives_meanwhile_is_listed_too(capabilities: str) -> None:
    server = filled(Busy())
    server.capabilities = capabilities
    with served(server) as mailbox:
        listing = mailbox.list()
    assert listing.complete
    assert [folder.uids for folder in listing.folders] == [(1, 2, 3, 4, 5)]


class WithoutValidity(ImapScript):
    def open(self, to: Connection, tag: bytes, arguments: str, mode: bytes) -> None:
        to.folder = self.inbox
        to.say(b"* 0 EXISTS")
        to.say(b"* OK [NOUIDVALIDITY] none")
        to.ok(tag)


@pytest.mark.vice(7)
def test_without_uidvalidity_is_not_complete() -> None:
    with served(WithoutValidity()) as mailbox:
        listing = mailbox.list()
    assert not listing.complete
    assert listing.error == "INBOX: the server gives no UIDVALIDITY"


class Locked(ImapScript):
    def open(self, to: Connection, tag: bytes, arguments: str, mode: bytes) -> None:
        if "Locked" in arguments:
            # As on servers that do not leave the folder that was open before.
            to.say(tag + b" NO \x1b[31mno {3}")
        else:
            super().open(to, tag, arguments, mode)


@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, OLD])
def test_a_folder_that_refuses_is_named_and_the_rest_is_listed(capabilities: str) -> None:
    server = filled(Locked())
    server.capabilities = capabilities
    server.folders |= {"Locked": Folder(), "Work": Folder()}
    with served(server) as mailbox:
        listing = mailbox.list()
    assert not listing.complete
    assert listing.error == "Locked: opening Locked: \ufffd[31mno {3}"
    assert {folder.name: len(folder.uids) for folder in listing.folders} == {"INBOX": 3, "Work": 0}


class MessageNumbers(ImapScript):
    """Answers ESEARCH, but not with UIDs."""

    def do_search(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        if arguments.startswith("RETURN"):
            to.say(b'* ESEARCH (TAG "%b") ALL 1:3' % tag)
            to.ok(tag)
        else:
            super().do_search(to, tag, arguments, literals)


@pytest.mark.vice(10)
def test_message_numbers_never_pass_for_uids() -> None:
    server = MessageNumbers()
    server.inbox.uidnext = 100
    filled(server)
    with served(server) as mailbox:
        listing = mailbox.list()
    assert listing.complete
    assert [folder.uids for folder in listing.folders] == [(100, 101, 102)]


class Grown(ImapScript):
    def open(self, to: Connection, tag: bytes, arguments: str, mode: bytes) -> None:
        to.folder = Folder()
        to.say(b"* 200000 EXISTS")
        to.say(b"* OK [UIDVALIDITY 7]")
        to.ok(tag)

    def do_search(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        found = range(1_000_000, 1_200_000) if arguments == "ALL" else []
        to.say(b"* SEARCH" + b"".join(b" %d" % uid for uid in found))
        to.ok(tag)


@pytest.mark.vice(18)
def test_a_line_above_a_megabyte() -> None:
    server = Grown()
    server.capabilities = OLD
    with served(server) as mailbox:
        listing = mailbox.list()
    assert listing.complete
    assert listing.messages == 200_000


class NoFolders(ImapScript):
    def do_list(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        to.ok(tag)


def test_no_folder_at_all_is_not_believed() -> None:
    with served(NoFolders()) as mailbox, pytest.raises(MailboxError, match="no folder at all"):
        mailbox.list()


def test_a_root_that_is_not_there_is_an_empty_listing() -> None:
    with served(filled(ImapScript()), root="ann") as mailbox:
        listing = mailbox.list()
    assert listing.complete
    assert listing.folders == ()


def test_cut_anywhere_it_is_never_complete() -> None:
    server = filled(ImapScript())
    server.folders["Work"] = Folder()
    with server:
        with mailbox_at(server.port) as mailbox:
            assert mailbox.list().complete
            whole = server.octets
        for at in range(0, whole, 3):
            server.cut_after = at
            with mailbox_at(server.port) as mailbox, pytest.raises(Unreachable):
                mailbox.list()


def test_roles_by_special_use_name_and_configuration() -> None:
    server = ImapScript()
    server.folders |= {
        name: Folder()
        for name in ("Bin", "Trash", "Trash/Old", "Spam", "Sent Items", "Work/Drafts", "Drafts")
    }
    server.attributes["Bin"] = "\\Trash"
    with served(server) as mailbox:
        roles = {folder.name: folder.role for folder in mailbox.list().folders}
    assert roles == {
        "INBOX": Role.INBOX,
        "Bin": Role.TRASH,
        # The server names another one.
        "Trash": Role.NORMAL,
        "Trash/Old": Role.NORMAL,
        "Spam": Role.JUNK,
        "Sent Items": Role.SENT,
        "Work/Drafts": Role.NORMAL,
        "Drafts": Role.DRAFTS,
    }
    with served(server, trash="Trash", junk="Work/Drafts") as mailbox:
        roles = {folder.name: folder.role for folder in mailbox.list().folders}
    assert roles["Trash"] == roles["Trash/Old"] == Role.TRASH
    assert roles["Bin"] == roles["Spam"] == Role.NORMAL
    assert roles["Work/Drafts"] == Role.JUNK


def test_only_below_the_root_and_only_what_holds_mail() -> None:
    server = ImapScript()
    server.folders |= {name: Folder() for name in ("ann", "ann/Work", "ann/None", "anna", "bob")}
    server.attributes["ann/None"] = "\\NoSelect"
    with served(server, root="ann") as mailbox:
        assert [folder.name for folder in mailbox.list().folders] == ["ann", "ann/Work"]


@pytest.mark.vice(19)
def test_prefix_and_delimiter_are_not_shown() -> None:
    server = ImapScript()
    server.delimiter = "."
    server.namespace = b'(("INBOX." ".")) NIL (("shared." "."))'
    server.folders |= {
        name: Folder()
        for name in ("INBOX.Work", "INBOX.Work.&AMk-t&AOk-", "INBOX.a/b", "shared.All", "Odd")
    }
    server.folders["INBOX.Work.&AMk-t&AOk-"].add(letter(1))
    with served(server) as mailbox:
        listing = mailbox.list()
        assert listing.complete
        names = [folder.name for folder in listing.folders]
        assert names == ["INBOX", "Work", "Work/Été", "a∕b", "shared/All", "/Odd"]
        assert len(list(mailbox.heads(places([1], names[2])))) == 1
        for given, shown in {
            "Work/Été": "Work/Été",
            "INBOX/Work": "Work",
            "INBOX.Work": "Work",
            "inbox": "INBOX",
            "shared.All": "shared/All",
            "/Odd": "/Odd",
            "New/One": "New/One",
        }.items():
            assert mailbox.resolve(given) == shown


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b'(("INBOX." "." "X-PARAM" ("FLAG1" "FLAG2"))) NIL NIL', id="extension"),
        pytest.param(b'(({6}\r\nINBOX. ".")) NIL NIL', id="literal"),
        pytest.param(b'(("INBOX." ".")("#mh/" "/")) nil (("" NIL))', id="several"),
    ],
)
def test_other_forms_of_a_namespace(said: bytes) -> None:
    server = ImapScript()
    server.delimiter, server.namespace = ".", said
    server.folders["INBOX.Work"] = Folder()
    with served(server) as mailbox:
        assert mailbox.resolve("INBOX.Work") == "Work"


@pytest.mark.parametrize("said", [b"", b"7 8 9", b"((7)) NIL NIL", b"(((", b"((()))"])
def test_a_namespace_that_is_none_is_an_error(said: bytes) -> None:
    server = ImapScript()
    server.namespace = said
    with served(server) as mailbox, pytest.raises(MailboxError):
        mailbox.facts()


@pytest.mark.vice(19)
def test_the_delimiter_is_asked_for_where_no_namespace_tells_it() -> None:
    server = ImapScript()
    server.capabilities = OLD
    server.delimiter = "."
    server.folders["Work.Old"] = Folder()
    with served(server) as mailbox:
        assert mailbox.resolve("Work.Old") == "Work/Old"
        assert [folder.name for folder in mailbox.list().folders] == ["INBOX", "Work/Old"]


def test_facts() -> None:
    server = filled(ImapScript())
    server.capabilities = "IMAP4rev1 MOVE X-GM-EXT-1"
    server.folders["[Gmail]/All Mail"] = Folder()
    with served(server) as mailbox:
        facts = mailbox.facts()
    assert facts.protocol == "IMAP4rev1"
    assert facts.encryption == "none"
    assert facts.capabilities == ("MOVE", "X-GM-EXT-1")
    assert facts.folders == (("INBOX", Role.INBOX, 3), ("[Gmail]/All Mail", Role.ALL, 0))
    assert len(facts.notes) == 2
    assert not server.sent("EXAMINE")
