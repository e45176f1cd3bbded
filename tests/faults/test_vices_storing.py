"""Vices of the server that holds the consolidated mailbox: nothing is lost, doubled or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders import letter
from tests.faults.desk import Desk, at, bodies, outcomes
from tests.servers.imap_script import Folder, HangupError, ImapScript, WithoutKeywords
from tests.servers.pop3_script import Pop3Script

if TYPE_CHECKING:
    from tests.servers.imap_script import Connection

COUNT = 6
LETTERS = [letter(number) for number in range(COUNT)]
ONE_BY_ONE = "IMAP4rev1"


@pytest.fixture
def isp() -> Iterator[Pop3Script]:
    with Pop3Script() as server:
        server.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}
        yield server


def desk_at(directory: Path, isp: Pop3Script, home: ImapScript, **settings: object) -> Desk:
    return Desk(
        directory,
        at("pop3", "isp", isp.port, **settings),
        home=at("imap", "consolidated", home.port),
    )


def settled(desk: Desk, isp: Pop3Script, home: ImapScript, folder: str = "INBOX") -> None:
    """All lies on both sides, once, and there is nothing left to do."""
    assert sorted(bodies(home, folder)) == sorted(isp.mail.values()) == sorted(LETTERS)
    assert desk.rest() == ([], [])
    assert not isp.sent("DELE")


class Losing(ImapScript):
    """Answers OK, and keeps one message of three."""

    def __init__(self) -> None:
        super().__init__()
        self.healed = False
        self.appended = 0

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        if self.healed:
            super().do_append(to, tag, arguments, literals)
            return
        for data in literals:
            self.appended += 1
            if self.appended % 3 == 1:
                self.inbox.add(data)
        to.ok(tag)


@pytest.mark.story("append lost")
@pytest.mark.vice(2)
@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, ONE_BY_ONE])
def test_what_was_lost_is_collected_again_and_never_deleted_at_its_source(
    tmp_path: Path, isp: Pop3Script, capabilities: str
) -> None:
    with Losing() as home:
        home.capabilities = capabilities
        desk = desk_at(tmp_path, isp, home)
        done = desk.sync()
        assert outcomes(done) == {("collect", "done"): 2, ("collect", "failed"): 4}
        assert {line.reason for line in done.lines} == {
            "",
            "the server said OK, but the message is not there",
        }
        assert desk.rest() == (["collect"] * 4, [])
        home.healed = True
        assert outcomes(desk.sync()) == {("collect", "done"): 4}
        settled(desk, isp, home)


class Unwilling(ImapScript):
    """Says [TRYCREATE] whatever the reason; a missing folder is BAD."""

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        data = list(literals)
        if any(b"disliked" in one for one in data):
            to.say(tag + b" NO [TRYCREATE] it is disliked")
        else:
            super().do_append(to, tag, arguments, data)

    def do_status(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        if arguments.split(" (")[0].strip('"') in self.folders:
            super().do_status(to, tag, arguments, literals)
        else:
            to.say(tag + b" BAD no such folder")


@pytest.mark.vice(13)
def test_a_message_that_is_disliked_is_held_back_alone_and_the_folder_is_made(
    tmp_path: Path, isp: Pop3Script
) -> None:
    isp.mail["u2"] = letter(2, b"disliked\r\n")
    with Unwilling() as home:
        desk = desk_at(tmp_path, isp, home, into="Work/Old")
        for _ in range(2):
            done = desk.sync()
            (failed,) = [line for line in done.lines if line.outcome == "failed"]
            assert failed.line.message_id == "<letter-2@example.org>"
            assert failed.reason == "not stored: [TRYCREATE] it is disliked"
        assert len(home.folders["Work/Old"].messages) == COUNT - 1
        assert len(isp.mail) == COUNT
        assert not isp.sent("DELE")


class Altering(ImapScript):
    """Cuts a last bare CR, mends what is 8-bit in a header, drops NULs, and keeps no flag."""

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        mended = [self.mended(one) for one in literals]
        super().do_append(to, tag, arguments, mended)
        for message in self.inbox.messages:
            message.flags.clear()

    def mended(self, data: bytes) -> bytes:
        header, end, body = data.partition(b"\r\n\r\n")
        header = header.replace(b"\xe4", b"=?utf-8?q?=C3=A4?=")
        return (header + end + body.replace(b"\0", b"")).removesuffix(b"\r")


@pytest.mark.vice(14)
@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, ONE_BY_ONE])
def test_what_the_server_made_of_a_message_is_that_message(
    tmp_path: Path, isp: Pop3Script, capabilities: str
) -> None:
    isp.mail = {
        "cr": letter(0, b"a last bare CR\r"),
        "8bit": letter(1).replace(b"Ann", b"\xe4nn"),
        "nul": letter(2, b"a NUL\0 in the text\r\n"),
        "plain": letter(3),
    }
    with Altering() as home:
        home.capabilities = capabilities
        desk = desk_at(tmp_path, isp, home)
        for _ in range(3):
            desk.sync()
        assert len(home.inbox.messages) == 4
        assert desk.rest() == ([], [])
        assert len(isp.mail) == 4
        # Known by its place, each is also deleted when it is gone from the account.
        isp.mail.clear()
        isp.mail["new"] = letter(9)
        assert outcomes(desk.sync())["forward-delete", "done"] == 4
        assert [one.data for one in home.inbox.messages] == [letter(9)]


class Renaming(ImapScript):
    """Gives the newest message another UID in the next session."""

    def do_logout(self, to: Connection, tag: bytes, *rest: object) -> None:
        newest = self.inbox.messages[-1]
        newest.uid = self.inbox.uidnext
        self.inbox.uidnext += 1
        super().do_logout(to, tag, *rest)


@pytest.mark.vice(14)
def test_a_uid_that_changes_overnight_is_no_deletion(tmp_path: Path, isp: Pop3Script) -> None:
    with Renaming() as home:
        desk = desk_at(tmp_path, isp, home)
        for _ in range(4):
            result = desk.sync()
            assert not {"forward-delete", "reverse-delete"} & {n.line.kind for n in result.lines}
        assert not result.plan.blocked
        assert home.inbox.messages[-1].uid > COUNT + 3
        assert desk.rest() == ([], [])
        assert sorted(bodies(home)) == sorted(LETTERS)
        assert len(isp.mail) == COUNT


@pytest.mark.vice(14)
def test_keywords_that_are_refused_hold_no_message_back(tmp_path: Path) -> None:
    with ImapScript() as work, WithoutKeywords() as home:
        for number, data in enumerate(LETTERS):
            work.inbox.add(data, "\\Seen", *(["$Work"] if number % 2 else []))
        desk = Desk(
            tmp_path,
            at("imap", "work", work.port),
            home=at("imap", "consolidated", home.port),
        )
        assert outcomes(desk.sync()) == {("collect", "done"): COUNT}
        assert all(message.flags == {"\\Seen"} for message in home.inbox.messages)
        assert desk.rest() == ([], [])


POISON = (
    letter(3, b"poison\0\r\n"),
    b"poison without a header",
    b"Message-ID: <poison@example.org>\r\n\r\n",
)


class Crashing(ImapScript):
    """Dies of a poison message."""

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        data = list(literals)
        if any(b"poison" in one for one in data):
            self.die(to, tag)
        else:
            super().do_append(to, tag, arguments, data)

    def die(self, to: Connection, tag: bytes) -> None:
        raise HangupError


class Refusing(Crashing):
    def die(self, to: Connection, tag: bytes) -> None:
        to.say(tag + b" NO it is poison")


@pytest.mark.story("poison")
@pytest.mark.vice(15)
@pytest.mark.parametrize("poison", POISON, ids=["NUL", "no header", "empty"])
@pytest.mark.parametrize("server", [Crashing, Refusing])
@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, ONE_BY_ONE])
def test_poison_stops_no_other_and_stays_at_its_source(
    tmp_path: Path, isp: Pop3Script, poison: bytes, server: type[Crashing], capabilities: str
) -> None:
    isp.mail["u3"] = poison
    others = [data for data in LETTERS if data != letter(3)]
    with server() as home:
        home.capabilities = capabilities
        desk = desk_at(tmp_path, isp, home)
        for _ in range(3):
            done = desk.sync()
        (failed,) = done.lines
        assert (failed.line.kind, failed.outcome) == ("collect", "failed")
        assert sorted(bodies(home)) == sorted(others)
        assert isp.mail["u3"] == poison
        assert not isp.sent("DELE")
        # New mail does not wait for it either.
        isp.mail["new"] = letter(9)
        assert outcomes(desk.sync()) == {("collect", "done"): 1, ("collect", "failed"): 1}


@pytest.mark.story("poison")
@pytest.mark.vice(15)
@pytest.mark.parametrize("server", [Crashing, Refusing])
@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, ONE_BY_ONE])
def test_poison_stops_no_other_on_its_way_back(
    tmp_path: Path, server: type[Crashing], capabilities: str
) -> None:
    mails = [letter(0, b"poison\r\n"), *LETTERS[1:]]
    with server() as work:
        work.capabilities = capabilities
        for data in mails:
            work.inbox.add(data)
        desk = Desk(tmp_path, at("imap", "work", work.port), max_delete_share=1.0)
        desk.sync()
        for data in mails[: COUNT - 1]:  # an empty mailbox would be a guard's business
            desk.remove(data)
        run = desk.sync().run
        assert bodies(work) == mails[COUNT - 1 :]
        assert run is not None
        for _ in range(3):
            with desk.session() as session:
                done = session.undo(run, None, lambda shown: True)
            desk.now += timedelta(minutes=15)
        (failed,) = done.lines
        assert (failed.line.message_id, failed.outcome) == ("<letter-0@example.org>", "failed")
        assert sorted(bodies(work)) == sorted(mails[1:])
        with desk.session() as session:
            assert session.quarantined()[0] == COUNT - 1


@pytest.mark.vice(19)
def test_a_prefix_another_delimiter_and_parents_that_must_be_made(
    tmp_path: Path, isp: Pop3Script
) -> None:
    class Strict(ImapScript):
        delimiter = "."
        namespace = b'(("INBOX." ".")) NIL NIL'

        def do_create(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
            parent = arguments.strip('"').rpartition(".")[0]
            if parent in self.folders:
                super().do_create(to, tag, arguments, literals)
            else:
                to.say(tag + b" NO make its parent first")

    with Strict() as home:
        home.folders["INBOX.Archive"] = Folder()
        desk = desk_at(tmp_path, isp, home, into="Work/Old")
        assert outcomes(desk.sync()) == {("collect", "done"): COUNT}
        settled(desk, isp, home, "INBOX.Work.Old")
