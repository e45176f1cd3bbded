"""A connection that dies at one message: it is made anew within the run, that message is set aside,
and all others are done, over IMAP and POP3, on either side (DESIGN.md, rule 11)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.builders import letter
from tests.faults.desk import Desk, at, bodies, outcomes
from tests.servers.imap_script import HangupError, ImapScript
from tests.servers.pop3_script import Pop3Script, Session

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mailsync_tui.engine.outcome import Result
    from tests.servers.imap_script import Connection, Folder, Message

COUNT = 15
LETTERS = [letter(number) for number in range(COUNT)]
CAPABILITIES = [ImapScript.capabilities, "IMAP4rev1"]

BAD = pytest.mark.parametrize("bad", [0, 6, COUNT - 1])


def collecting(directory: Path, isp: Pop3Script, home: ImapScript) -> Desk:
    """All letters lie on a POP3 account."""
    isp.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}
    here, there = at("pop3", "isp", isp.port), at("imap", "consolidated", home.port)
    return Desk(directory, here, home=there)


def named(result: Result, bad: int) -> None:
    """One line has failed, and it is that message's."""
    failed = [line for line in result.lines if line.outcome != "done"]
    assert [(line.line.message_id, line.outcome) for line in failed] == [
        (f"<letter-{bad}@example.org>", "failed")
    ]
    assert "closed the connection" in failed[0].reason


class DiesAtAppend(ImapScript):
    """Ends the connection at one message; ``late``: what else it was sent is stored all the same,
    and only the answer is lost."""

    def __init__(self, bad: bytes, *, late: bool = False) -> None:
        super().__init__()
        self.bad, self.late = bad, late

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        data = list(literals)
        if self.bad not in data:
            super().do_append(to, tag, arguments, data)
            return
        for one in data:
            if self.late and one != self.bad:
                self.inbox.add(one)
        raise HangupError


@BAD
@pytest.mark.vice(15)
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("capabilities", CAPABILITIES)
def test_at_a_store_in_the_consolidated_mailbox(
    tmp_path: Path, bad: int, capabilities: str, late: bool
) -> None:
    with Pop3Script() as isp, DiesAtAppend(LETTERS[bad], late=late) as home:
        home.capabilities = capabilities
        isp.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}
        desk = Desk(
            tmp_path, at("pop3", "isp", isp.port), home=at("imap", "consolidated", home.port)
        )
        named(desk.sync(), bad)
        assert Counter(bodies(home)) == Counter(LETTERS) - Counter([LETTERS[bad]])
        assert len(home.sent("LOGIN")) <= 8
        assert desk.rest() == (["collect"], [])
        named(desk.sync(), bad)
        assert len(home.inbox.messages) == COUNT - 1
        assert isp.mail.keys() == {f"u{number}" for number in range(COUNT)}


@pytest.mark.vice(15)
@pytest.mark.parametrize("capabilities", CAPABILITIES)
def test_an_answer_that_is_lost_with_the_connection_is_looked_for(
    tmp_path: Path, capabilities: str
) -> None:
    class Mute(ImapScript):
        """Stores, and ends the first connections without a word."""

        def do_append(
            self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
        ) -> None:
            super().do_append(to, tag, arguments, literals)
            if len(self.sent("APPEND")) < 4:
                to.forget()
                raise HangupError

    with Pop3Script() as isp, Mute() as home:
        home.capabilities = capabilities
        isp.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}
        desk = Desk(
            tmp_path, at("pop3", "isp", isp.port), home=at("imap", "consolidated", home.port)
        )
        assert outcomes(desk.sync()) == {("collect", "done"): COUNT}
        assert sorted(bodies(home)) == sorted(LETTERS)
        assert desk.rest() == ([], [])


def test_a_server_that_drops_each_connection_is_left_alone(tmp_path: Path) -> None:
    class Dropping(ImapScript):
        def do_append(self, *_: object) -> None:
            raise HangupError

    with Pop3Script() as isp, Dropping() as home:
        isp.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}
        desk = Desk(
            tmp_path, at("pop3", "isp", isp.port), home=at("imap", "consolidated", home.port)
        )
        result = desk.sync()
        assert outcomes(result) == {("collect", "failed"): COUNT}
        assert sum(line.reason.startswith("not tried: ") for line in result.lines) == COUNT - 5
        assert len(home.sent("APPEND")) == 6
        assert len(home.sent("LOGIN")) <= 8


class DiesAtFetch(ImapScript):
    """Ends the connection when it comes to one message's text, or to its header too."""

    def __init__(self, bad: bytes, *, header_too: bool) -> None:
        super().__init__()
        self.bad, self.header_too = bad, header_too

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        if message.data == self.bad and ("BODY.PEEK[]" in items or self.header_too):
            raise HangupError
        super().answer_fetch(to, folder, message, items)


@BAD
@pytest.mark.vice(15)
@pytest.mark.parametrize("header_too", [False, True])
def test_at_a_fetch_from_an_imap_account(tmp_path: Path, bad: int, header_too: bool) -> None:
    with DiesAtFetch(LETTERS[bad], header_too=header_too) as work:
        for data in LETTERS:
            work.inbox.add(data)
        desk = Desk(tmp_path, at("imap", "work", work.port))
        result = desk.sync()
        assert outcomes(result) == {("collect", "done"): COUNT - 1, ("collect", "failed"): 1}
        assert len(desk.home.bytes_in("INBOX")) == COUNT - 1
        # What came before it shows which one it is.
        assert len(work.sent("LOGIN")) <= (8 if header_too else 4) + 5 * (bad == 0)


class Pop3Dying(Pop3Script):
    """Ends the connection when it comes to one message by one command."""

    def __init__(self, bad: int, verb: str) -> None:
        super().__init__()
        self.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}
        self.bad, self.verb = LETTERS[bad], verb

    def _dies(self, to: Session, verb: str, argument: str) -> None:
        if self.verb == verb and to.mail[int(argument.split()[0]) - 1][1] == self.bad:
            raise HangupError

    def do_retr(self, to: Session, argument: str) -> None:
        self._dies(to, "RETR", argument)
        super().do_retr(to, argument)

    def do_dele(self, to: Session, argument: str) -> None:
        self._dies(to, "DELE", argument)
        super().do_dele(to, argument)


@BAD
@pytest.mark.vice(15)
@pytest.mark.parametrize("pipelining", [False, True])
def test_at_a_fetch_from_a_pop3_account(tmp_path: Path, bad: int, pipelining: bool) -> None:
    with Pop3Dying(bad, "RETR") as isp:
        isp.capabilities = ("TOP", "UIDL", "PIPELINING")[: 3 if pipelining else 2]
        desk = Desk(tmp_path, at("pop3", "isp", isp.port))
        named(desk.sync(), bad)
        assert len(desk.home.bytes_in("INBOX")) == COUNT - 1
        assert isp.sessions <= 12
        assert len(isp.mail) == COUNT


@BAD
@pytest.mark.vice(15)
@pytest.mark.parametrize("pipelining", [False, True])
def test_at_a_deletion_on_a_pop3_account(tmp_path: Path, bad: int, pipelining: bool) -> None:
    with Pop3Dying(bad, "DELE") as isp:
        isp.capabilities = ("TOP", "UIDL", "PIPELINING")[: 3 if pipelining else 2]
        desk = Desk(tmp_path, at("pop3", "isp", isp.port), max_delete_share=1.0)
        isp.mail["last"] = letter(99)
        desk.sync()
        for data in LETTERS:
            desk.remove(data)
        isp.sessions = 0
        result = desk.sync()
        named(result, bad)
        assert isp.mail == {f"u{bad}": LETTERS[bad], "last": letter(99)}
        assert isp.sessions <= 16
        assert result.run
        with desk.session() as session:
            assert len(session.undoable(result.run)) == COUNT


class DiesAtDelete(ImapScript):
    """Ends the connection when one message is marked, or expunged; others of the command are done
    before, or after it."""

    def __init__(self, bad: bytes, verb: str, *, before: bool) -> None:
        super().__init__()
        self.bad, self.verb, self.before = bad, verb, before

    def do_store(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        assert to.folder is not None
        chosen = self.chosen(to.folder, arguments.split(" ")[0])
        if self.verb == "STORE" and any(one.data == self.bad for one in chosen):
            raise HangupError
        super().do_store(to, tag, arguments, literals)

    def do_expunge(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        assert to.folder is not None
        chosen = self.chosen(to.folder, arguments) if arguments else list(to.folder.messages)
        marked = [one for one in chosen if "\\Deleted" in one.flags]
        if self.verb == "EXPUNGE" and any(one.data == self.bad for one in marked):
            for one in marked:
                if self.before and one.data != self.bad:
                    to.folder.messages.remove(one)
            raise HangupError
        super().do_expunge(to, tag, arguments, literals)


@BAD
@pytest.mark.vice(15)
@pytest.mark.parametrize(
    ("verb", "before"), [("STORE", False), ("EXPUNGE", False), ("EXPUNGE", True)]
)
@pytest.mark.parametrize("capabilities", CAPABILITIES)
@pytest.mark.parametrize("side", ["work", "consolidated"])
def test_at_a_deletion_over_imap(
    tmp_path: Path, bad: int, verb: str, before: bool, capabilities: str, side: str
) -> None:
    with DiesAtDelete(LETTERS[bad], verb, before=before) as server, ImapScript() as other:
        server.capabilities = capabilities
        ports = (server.port, other.port) if side == "work" else (other.port, server.port)
        desk = Desk(
            tmp_path,
            at("imap", "work", ports[0]),
            home=at("imap", "consolidated", ports[1]),
            max_delete_share=1.0,
        )
        source = server if side == "work" else other
        for data in [*LETTERS, letter(98), letter(99)]:
            source.inbox.add(data)
        desk.sync()
        other.inbox.messages[:] = other.inbox.messages[COUNT:]
        marked = next(one for one in server.inbox.messages if one.data == letter(98))
        marked.flags.add("\\Deleted")  # somebody else's mark
        server.lines.clear()
        result = desk.sync()
        named(result, bad)
        assert sorted(bodies(server)) == sorted([LETTERS[bad], letter(98), letter(99)])
        assert marked.flags == {"\\Deleted"}
        assert len(server.sent("LOGIN")) <= 12
        assert result.run
        with desk.session() as session:
            assert len(session.undoable(result.run)) == COUNT
            assert session.quarantined()[0] == COUNT


@pytest.mark.parametrize("verb", ["STORE", "EXPUNGE"])
def test_a_server_that_drops_each_deletion_is_left_alone(tmp_path: Path, verb: str) -> None:
    class Dropping(DiesAtDelete):
        def do_store(self, *_: object) -> None:
            raise HangupError

    with Dropping(b"", verb, before=False) as work:
        for data in [*LETTERS, letter(99)]:
            work.inbox.add(data)
        desk = Desk(tmp_path, at("imap", "work", work.port), max_delete_share=1.0)
        desk.sync()
        for data in LETTERS:
            desk.remove(data)
        work.lines.clear()
        assert outcomes(desk.sync()) == {("reverse-delete", "failed"): COUNT}
        assert len(work.sent("LOGIN")) <= 9
        assert len(work.inbox.messages) == COUNT + 1


def test_what_was_not_tried_at_an_account_that_drops_each_connection_is_named(
    tmp_path: Path,
) -> None:
    class Dropping(Pop3Script):
        def do_retr(self, *_: object) -> None:
            raise HangupError

    with Dropping() as isp:
        isp.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}
        result = Desk(tmp_path, at("pop3", "isp", isp.port)).sync()
        assert outcomes(result) == {("collect", "failed"): COUNT}
        assert any(line.reason.startswith("not tried: 127.0.0.1") for line in result.lines)
        assert isp.sessions <= 12
