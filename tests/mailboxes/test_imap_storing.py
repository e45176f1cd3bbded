"""Storing over IMAP: stored is only what was found there afterwards."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from mailsync_tui.mailboxes.base import Location, MailboxError, NewMessage, Unreachable
from tests.builders import letter
from tests.mailboxes.contract import new
from tests.mailboxes.imap_case import mailbox_at, served
from tests.servers.imap_script import Folder, HangupError, ImapScript, WithoutKeywords

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.servers.imap_script import Connection

CAPABLE = ImapScript.capabilities
OLD = "IMAP4rev1"


@pytest.mark.parametrize("gone", ["", "UIDPLUS", "MULTIAPPEND", "LITERAL+", "UNSELECT", "ESEARCH"])
def test_stored_in_order_and_proved(gone: str) -> None:
    server = ImapScript()
    server.capabilities = CAPABLE.replace(gone, "") if gone else OLD
    server.inbox.add(letter(5))
    with served(server) as mailbox:
        mailbox.list()
        stored = mailbox.store(new(*map(letter, range(10)), letter(5)), "INBOX")
    assert [one.location for one in stored] == [Location("INBOX", 7, uid) for uid in range(2, 13)]
    assert [one.data for one in server.inbox.messages[1:11]] == [letter(n) for n in range(10)]


@pytest.mark.vice(2)
@pytest.mark.parametrize("gone", ["", "UNSELECT"])
def test_never_into_the_folder_that_is_open(gone: str) -> None:
    class Losing(ImapScript):
        """An mbox server: what is appended to the open folder is lost."""

        def do_append(
            self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
        ) -> None:
            if to.folder is self.inbox:
                to.ok(tag)
            else:
                super().do_append(to, tag, arguments, literals)

    server = Losing()
    server.capabilities = CAPABLE.replace("UNSELECT", "") if gone else CAPABLE
    server.inbox.add(letter(9))
    with served(server) as mailbox:
        assert len(list(mailbox.heads([Location("INBOX", 7, 1)]))) == 1
        (stored,) = mailbox.store(new(letter(1)), "INBOX")
    assert stored.location == Location("INBOX", 7, 2)
    assert not server.sent("CLOSE")


class Lost(ImapScript):
    """Says OK, and keeps nothing of every second message."""

    code = b""

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        data = list(literals)
        for number, one in enumerate(data):
            if number % 2 == 0:
                self.inbox.add(one)
        to.say(tag + b" OK " + self.code + b"done")


@pytest.mark.vice(2)
@pytest.mark.parametrize(
    "code", [b"", b"[APPENDUID 7 1:4] ", b"[APPENDUID 7 900:903] ", b"[APPENDUID 6 1:4] "]
)
def test_ok_is_no_proof(code: bytes) -> None:
    server = Lost()
    server.code = code
    with served(server) as mailbox:
        stored = mailbox.store(new(*map(letter, range(4))), "INBOX")
    assert [one.location and one.location.uid for one in stored] == [1, None, 2, None]
    assert {one.error for one in stored} == {
        None,
        "the server said OK, but the message is not there",
    }


@pytest.mark.vice(11)
def test_an_older_equal_message_is_no_proof() -> None:
    class Deaf(ImapScript):
        def do_append(self, to: Connection, tag: bytes, *_: object) -> None:
            to.ok(tag)

    server = Deaf()
    server.capabilities = OLD
    server.inbox.add(letter(1))
    with served(server) as mailbox:
        (stored,) = mailbox.store(new(letter(1)), "INBOX")
    assert stored.location is None


def test_messages_of_one_header_are_stored_twice() -> None:
    server = ImapScript()
    server.capabilities = OLD
    other = letter(1, b"another body\r\n")
    with served(server) as mailbox:
        stored = mailbox.store(new(letter(1), other, letter(1)), "INBOX")
    held = {message.uid: message.data for message in server.inbox.messages}
    locations = [one.location for one in stored if one.location is not None]
    assert [held[int(one.uid)] for one in locations] == [letter(1), other, letter(1)]
    assert len(set(locations)) == 3


class Choosy(ImapScript):
    """Refuses a whole APPEND for one message that it does not like."""

    asked = 0

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        self.asked += 1
        data = list(literals)
        if any(b"poison" in one for one in data):
            to.say(tag + b" NO \x1b[2Jit is poison")
        else:
            super().do_append(to, tag, arguments, data)


@pytest.mark.vice(15)
@pytest.mark.parametrize("capabilities", [CAPABLE, CAPABLE.replace("LITERAL+", ""), OLD])
def test_the_poison_is_held_back_alone(capabilities: str) -> None:
    server = Choosy()
    server.capabilities = capabilities
    messages = [letter(number) for number in range(20)]
    messages[13] = letter(13, b"poison\r\n")
    with served(server) as mailbox:
        stored = mailbox.store(new(*messages), "INBOX")
    assert [number for number, one in enumerate(stored) if one.location is None] == [13]
    assert stored[13].error == "not stored: \ufffd[2Jit is poison"
    assert len(server.inbox.messages) == 19
    if capabilities != OLD:
        assert server.asked < 15


def test_refused_before_the_literal_was_sent() -> None:
    server = ImapScript()
    server.capabilities = CAPABLE.replace("LITERAL+", "")
    server.too_large = 1000
    with served(server) as mailbox:
        stored = mailbox.store(new(letter(1), letter(2, b"x" * 2000), letter(3)), "INBOX")
    assert [one.location is not None for one in stored] == [True, False, True]
    assert stored[1].error == "not stored: [TOOBIG] too large"


@pytest.mark.vice(14)
def test_refused_keywords_are_left_out() -> None:
    server = WithoutKeywords()
    with served(server) as mailbox:
        flags = frozenset({"\\Seen", "\\Deleted", "\\Recent", "$Work", "not an(atom"})
        (stored,) = mailbox.store([NewMessage(letter(1), flags, None, "x")], "INBOX")
    assert stored.location is not None
    assert server.inbox.messages[0].flags == {"\\Seen"}


def test_flags_and_date_as_given() -> None:
    server = ImapScript()
    flags = frozenset({"\\SEEN", "\\Deleted", "\\Recent", "$Work", "\\Flagged"})
    date = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
    with served(server) as mailbox:
        mailbox.store([NewMessage(letter(1), flags, date, "x")], "INBOX")
    (line,) = server.sent("APPEND")
    assert '" 3-Feb-2024 04:05:06 +0000"' in line
    assert re.findall(r"\(([^)]*)\)", line) == ["$Work \\Flagged \\Seen"]


class BareLf(ImapScript):
    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        data = list(literals)
        if any(re.search(rb"(?<!\r)\n", one) for one in data):
            to.say(tag + b" NO message contains bare newlines")
        else:
            super().do_append(to, tag, arguments, data)


@pytest.mark.vice(5)
def test_line_ends() -> None:
    only_lf = letter(1).replace(b"\r\n", b"\n")
    mixed = letter(2, b"a\nb\r\n\rc\r\n")
    server = ImapScript()
    with served(server) as mailbox:
        stored = mailbox.store(new(only_lf, mixed), "INBOX")
    assert all(one.location is not None for one in stored)
    assert [one.data for one in server.inbox.messages] == [letter(1), mixed]
    server = BareLf()
    with served(server) as mailbox:
        stored = mailbox.store(new(only_lf, mixed), "INBOX")
    assert all(one.location is not None for one in stored)
    assert server.inbox.messages[1].data == letter(2, b"a\r\nb\r\n\rc\r\n")


class Mending(ImapScript):
    """Stores something else than what was sent."""

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        mended = [self.mend(one) for one in literals]
        super().do_append(to, tag, arguments, mended)

    def mend(self, data: bytes) -> bytes:
        return data.replace(b"Ann", b"=?x?=").replace(b"<letter", b"<rewritten").replace(b"\0", b"")


@pytest.mark.vice(14)
def test_what_the_server_altered_is_known_by_its_place() -> None:
    with served(Mending()) as mailbox:
        stored = mailbox.store(new(letter(1), letter(2, b"a\0b\r\n")), "INBOX")
    assert [one.location and one.location.uid for one in stored] == [1, 2]


def test_something_else_at_that_place_is_no_proof() -> None:
    class Mad(Mending):
        def mend(self, data: bytes) -> bytes:
            return letter(99, b"something else\r\n")

    with served(Mad()) as mailbox:
        (stored,) = mailbox.store(new(letter(1)), "INBOX")
    assert stored.location is None


@pytest.mark.vice(19)
def test_a_missing_folder_is_made_with_its_parents_and_subscribed() -> None:
    class Strict(ImapScript):
        """A child of a missing parent is an error (DESIGN.md, vice 19)."""

        def do_create(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
            parent, _, _ = arguments.strip('"').rpartition("/")
            if parent and parent not in self.folders:
                to.say(tag + b" NO make its parent first")
            else:
                super().do_create(to, tag, arguments, literals)

    server = Strict()
    with served(server) as mailbox:
        (stored,) = mailbox.store(new(letter(1)), "Work/Old/2024")
    assert stored.location == Location("Work/Old/2024", 7, 1)
    assert list(server.folders) == ["INBOX", "Work", "Work/Old", "Work/Old/2024"]
    assert server.sent("SUBSCRIBE") == ['SUBSCRIBE "Work/Old/2024"']


@pytest.mark.vice(13)
def test_trycreate_is_believed_once() -> None:
    class Trying(ImapScript):
        def do_append(
            self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
        ) -> None:
            to.say(tag + b" NO [TRYCREATE] locked")

        def do_create(self, to: Connection, tag: bytes, *_: object) -> None:
            to.say(tag + b" NO it exists")

    server = Trying()
    server.folders["Work"] = Folder()
    with served(server) as mailbox:
        (stored,) = mailbox.store(new(letter(1)), "Work")
    assert stored.error == "not stored: [TRYCREATE] locked"
    assert len(server.sent("APPEND")) == 2


def test_a_folder_that_cannot_be_made_is_an_error() -> None:
    class Closed(ImapScript):
        def do_create(self, to: Connection, tag: bytes, *_: object) -> None:
            to.say(tag + b" NO not allowed")

    with (
        served(Closed()) as mailbox,
        pytest.raises(MailboxError, match="making the folder Work: not allowed"),
    ):
        mailbox.store(new(letter(1)), "Work")


class CutOnce(ImapScript):
    """Cuts one connection after so many octets, and none after it."""

    def cut_once(self, after: int) -> None:
        self.cut_after, self.logins = after, 0

    def do_login(self, to: Connection, tag: bytes, *rest: Any) -> None:
        self.logins += 1
        if self.logins > 1:
            self.cut_after = None
        super().do_login(to, tag, *rest)

    logins = 0


@pytest.mark.parametrize("capabilities", [CAPABLE, OLD])
def test_where_the_connection_breaks_is_found_out_what_was_stored(capabilities: str) -> None:
    server = CutOnce()
    server.capabilities = capabilities
    with server:
        with mailbox_at(server.port) as mailbox:
            mailbox.resolve("INBOX")
            begin = server.octets
            mailbox.store(new(letter(1), letter(2)), "INBOX")
            whole = server.octets
        for at in range(begin, whole, 3):
            server.inbox.messages.clear()
            server.cut_once(at)
            letters = [letter(1), letter(2)]
            try:
                with mailbox_at(server.port) as mailbox:
                    results = mailbox.store(new(*letters), "INBOX")
            except Unreachable:  # before anything was sent
                assert not server.inbox.messages
                continue
            assert [one.location is not None for one in results] == [
                data in [message.data for message in server.inbox.messages] for data in letters
            ]
            assert all(one.location or one.lost for one in results)


def test_refused_once_and_lost_at_the_second_attempt_it_may_yet_turn_up() -> None:
    class Dying(WithoutKeywords):
        def do_append(
            self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
        ) -> None:
            if "$Work" not in arguments:
                raise HangupError
            super().do_append(to, tag, arguments, literals)

    with served(Dying()) as mailbox:
        message = NewMessage(letter(1), frozenset({"$Work"}), None, "a name")
        (stored,) = mailbox.store([message], "INBOX")
    assert stored.lost is not None
    assert stored.unsure
