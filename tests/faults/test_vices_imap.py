"""Vices of IMAP servers: nothing is lost, doubled or deleted, and all comes in the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.engine.model import Options
from mailsync_tui.engine.outcome import everything
from mailsync_tui.errors import BLOCKED
from tests.builders import letter
from tests.faults.desk import Desk, at, bodies, outcomes
from tests.mailboxes.imap_case import places, served
from tests.servers.imap_script import Folder, HangupError, ImapScript, Message

if TYPE_CHECKING:
    from tests.servers.imap_script import Connection

COUNT = 20
LETTERS = [letter(number) for number in range(COUNT)]
NO_UIDPLUS = ImapScript.capabilities.replace("UIDPLUS ", "")


def fill(server: ImapScript, count: int = COUNT) -> None:
    for data in LETTERS[:count]:
        server.inbox.add(data)


def drop(server: ImapScript, *numbers: int) -> None:
    """The person deletes messages with another program."""
    gone = [LETTERS[number] for number in numbers]
    server.inbox.messages = [one for one in server.inbox.messages if one.data not in gone]


def desk_at(directory: Path, server: ImapScript) -> Desk:
    return Desk(directory, at("imap", "work", server.port))


class Dying(ImapScript):
    capabilities = NO_UIDPLUS
    dies = False

    gone = False
    """It lets nobody in any more."""

    def do_expunge(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        if self.dies:
            raise HangupError
        super().do_expunge(to, tag, arguments, literals)

    def do_login(self, to: Connection, tag: bytes, *rest: Any) -> None:
        if self.gone and self.sent("EXPUNGE"):
            raise HangupError
        super().do_login(to, tag, *rest)


@pytest.mark.story("expunged with ours")
@pytest.mark.vice(6)
@pytest.mark.parametrize("dies", ["", "at it", "for good"])
def test_what_others_marked_stays_marked_and_there(tmp_path: Path, dies: str) -> None:
    with Dying() as server:
        fill(server)
        desk = desk_at(tmp_path, server)
        desk.sync()
        for number in (3, 4):
            server.inbox.messages[number].flags.add("\\Deleted")
        desk.remove(LETTERS[7])
        server.dies, server.gone = bool(dies), dies == "for good"
        desk.sync()
        if dies:
            # It died with the marks lifted: they are set again as soon as it is there.
            marks = [bool(one.flags) for one in server.inbox.messages[3:5]]
            assert marks == [not server.gone] * 2
            server.dies = server.gone = False
            desk.sync()
        assert bodies(server) == [*LETTERS[:7], *LETTERS[8:]]
        marked = [one.data for one in server.inbox.messages if "\\Deleted" in one.flags]
        assert marked == LETTERS[3:5]
        assert not server.sent("CLOSE")


@pytest.mark.vice(7)
@pytest.mark.parametrize(("before", "after"), [(900, 901), (900, 3), (1, 7)])
def test_a_validity_that_rises_or_falls_deletes_and_doubles_nothing(
    tmp_path: Path, before: int, after: int
) -> None:
    with ImapScript() as server:
        server.folders["INBOX"] = Folder(validity=before, uidnext=10)
        fill(server)
        desk = desk_at(tmp_path, server)
        desk.sync()
        server.folders["INBOX"] = Folder(validity=after)
        fill(server)
        for _ in range(2):
            assert desk.rest() == ([], [])
            desk.sync()
        assert desk.home.bytes_in("INBOX") == LETTERS == bodies(server)
        # Each is known again: what has the UID that another had is not taken for that one.
        drop(server, 12)
        desk.remove(LETTERS[15])
        desk.sync()
        left = [*LETTERS[:12], *LETTERS[13:15], *LETTERS[16:]]
        assert desk.home.bytes_in("INBOX") == left == bodies(server)


@pytest.mark.vice(7)
@pytest.mark.parametrize("validity", [1, 7])
@pytest.mark.parametrize("count", [COUNT - 8, COUNT, COUNT + 8])
def test_a_folder_made_anew_under_the_same_validity_is_another_folder(
    tmp_path: Path, validity: int, count: int
) -> None:
    """Its messages have the UIDs of the old ones, which nobody deleted one by one."""
    with ImapScript() as server:
        server.folders["INBOX"] = Folder(validity=validity)
        fill(server)
        desk = desk_at(tmp_path, server)
        desk.sync()
        server.folders["INBOX"] = Folder(validity=validity)
        others = [letter(number) for number in range(100, 100 + count)]
        for data in others:
            server.inbox.add(data)
        # One of the old ones is deleted; what has its UID now is not that message.
        desk.remove(LETTERS[5])
        for _ in range(3):
            result = desk.sync()
            assert not any(n.kind == "forward-delete" for n in result.plan.lines)
        if count < COUNT:
            assert [(b.rule, b.count) for b in result.plan.blocked] == [("uidvalidity", 8)]
        home = desk.home.bytes_in("INBOX")
        assert {*LETTERS[:5], *LETTERS[6:]} <= set(home)
        if count != COUNT:  # if nothing else differs, nothing shows it without reading all
            assert set(others) <= set(home)
        assert len(home) == len(set(home))
        assert bodies(server) == others


class Stale(ImapScript):
    """Another session has expunged message 2; this one still lists it and answers for it."""

    stale = False
    answer = b""

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        if not (self.stale and message.uid == 2 and "BODY.PEEK[]" in items):
            super().answer_fetch(to, folder, message, items)
        elif self.answer:
            to.say(self.answer)


ANSWERS = {
    "nothing": b"",
    "empty": b'* 2 FETCH (UID 2 RFC822.SIZE 190 BODY[] "")',
    "a part": b"* 2 FETCH (UID 2 RFC822.SIZE 190 BODY[] {3}\r\nFro)",
}


@pytest.mark.vice(8)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_what_does_not_come_whole_is_not_stored(tmp_path: Path, answer: bytes) -> None:
    with Stale() as server:
        fill(server, 5)
        server.stale, server.answer = True, answer
        desk = desk_at(tmp_path, server)
        assert outcomes(desk.sync())["collect", "done"] == 4
        drop(server, 1)
        desk.sync()
        assert desk.rest() == ([], [])
        assert desk.home.bytes_in("INBOX") == bodies(server)


@pytest.mark.vice(8)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_what_does_not_come_whole_is_not_deleted(tmp_path: Path, answer: bytes) -> None:
    """There would be no copy of it in the quarantine."""
    with Stale() as server:
        fill(server, 5)
        desk = desk_at(tmp_path, server)
        desk.sync()
        desk.remove(LETTERS[1])
        desk.remove(LETTERS[3])
        server.stale, server.answer = True, answer
        assert outcomes(desk.sync())["reverse-delete", "done"] == 1
        assert bodies(server) == [*LETTERS[:3], LETTERS[4]]
        assert server.sent("UID EXPUNGE") == ["UID EXPUNGE 4"]


@pytest.mark.vice(9)
def test_nobody_waits_to_be_told(tmp_path: Path) -> None:
    """The server never says anything unasked; one session sees every change all the same."""
    with ImapScript() as server:
        fill(server, 5)
        desk = desk_at(tmp_path, server)
        with desk.session() as session:
            session.sync(Options(), everything)
            drop(server, 1)
            server.inbox.add(letter(99))
            lines = session.plan(Options()).lines
        assert sorted(line.kind for line in lines) == ["collect", "forward-delete"]
        assert len(server.sent("LOGIN")) == 1
        assert not server.sent("IDLE")


class Chatty(ImapScript):
    """Tells of what others do wherever it may, and of a move in an untagged answer alone."""

    def do_move(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        to.say(b"* OK [COPYUID 7 1 1] moved")
        super().do_move(to, tag, arguments, literals)

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        to.say(b"* %d EXISTS" % len(folder.messages))
        to.say(b"* 0 RECENT")
        super().answer_fetch(to, folder, message, items)
        number = folder.messages.index(message) + 1
        to.say(b"* %d FETCH (FLAGS (\\Seen) UID %d)" % (number, message.uid))
        to.say(b"* OK [HIGHESTMODSEQ 99] news")


@pytest.mark.vice(10)
def test_answers_that_nobody_asked_for_confuse_nothing(tmp_path: Path) -> None:
    with Chatty() as server:
        fill(server)
        server.folders["Trash"] = Folder()
        desk = Desk(tmp_path, at("imap", "work", server.port, delete="trash"))
        desk.sync()
        assert desk.rest() == ([], [])
        desk.remove(LETTERS[3])
        assert outcomes(desk.sync()) == {("reverse-delete", "done"): 1}
        assert bodies(server, "Trash") == [LETTERS[3]]
        assert bodies(server) == [*LETTERS[:3], *LETTERS[4:]]


class Narrow(ImapScript):
    """Drops the connection at a line above 8,192 octets."""

    def do_fetch(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        self.measure()
        super().do_fetch(to, tag, arguments, literals)

    def do_expunge(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        self.measure()
        super().do_expunge(to, tag, arguments, literals)

    def do_store(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        self.measure()
        super().do_store(to, tag, arguments, literals)

    def measure(self) -> None:
        if len(self.lines[-1]) > 8192:
            raise HangupError


@pytest.mark.vice(11)
def test_many_scattered_uids_make_no_line_too_long(tmp_path: Path) -> None:
    with Narrow() as server:
        server.capabilities = "IMAP4rev1"
        server.inbox.uidnext = 1_000_000_000
        letters = [letter(number) for number in range(1000)]
        for data in letters:
            server.inbox.add(data, "\\Flagged")
            server.inbox.uidnext += 1
        desk = Desk(
            tmp_path, at("imap", "work", server.port), max_delete_floor=1000, max_delete_share=1.0
        )
        assert outcomes(desk.sync()) == {("collect", "done"): 1000}
        for data in letters[:900]:
            desk.remove(data)
        assert outcomes(desk.sync()) == {("reverse-delete", "done"): 900}
        assert bodies(server) == letters[900:]


class Boasting(ImapScript):
    """Offers much, after the log-in alone, and does nothing of it; its MODSEQ never changes."""

    capabilities = "IMAP4rev1 NAMESPACE"

    def do_login(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        self.capabilities = f"{ImapScript.capabilities} CONDSTORE QRESYNC ENABLE SPECIAL-USE"
        super().do_login(to, tag, arguments, literals)

    def unable(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        to.say(tag + b" BAD what is that?")

    do_namespace = unable  # type: ignore[assignment]
    do_unselect = unable  # type: ignore[assignment]
    do_move = unable  # type: ignore[assignment]
    do_subscribe = unable

    def do_enable(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        to.say(b"* ENABLED")
        to.ok(tag)

    def do_search(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        if arguments.startswith("RETURN"):
            to.say(tag + b" NO unsupported")
        else:
            super().do_search(to, tag, arguments, literals)

    def open(self, to: Connection, tag: bytes, arguments: str, mode: bytes) -> None:
        to.say(b"* OK [HIGHESTMODSEQ 1] of old")
        super().open(to, tag, arguments, mode)


@pytest.mark.vice(12)
def test_what_a_server_boasts_of_is_not_relied_on(tmp_path: Path) -> None:
    with Boasting() as server:
        fill(server)
        desk = desk_at(tmp_path, server)
        assert outcomes(desk.sync()) == {("collect", "done"): COUNT}
        drop(server, 3)
        desk.remove(LETTERS[7])
        assert outcomes(desk.sync()) == {
            ("forward-delete", "done"): 1,
            ("reverse-delete", "done"): 1,
        }
        left = [data for data in LETTERS if data not in (LETTERS[3], LETTERS[7])]
        assert bodies(server) == desk.home.bytes_in("INBOX") == left
        assert desk.rest() == ([], [])


@pytest.mark.vice(12)
def test_an_expunge_that_is_offered_and_not_understood_deletes_nothing_else(
    tmp_path: Path,
) -> None:
    class Unable(Boasting):
        def do_expunge(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
            self.unable(to, tag, arguments, literals)

    with Unable() as server:
        fill(server)
        desk = desk_at(tmp_path, server)
        desk.sync()
        server.inbox.messages[2].flags.add("\\Deleted")
        desk.remove(LETTERS[7])
        assert outcomes(desk.sync()) == {("reverse-delete", "failed"): 1}
        assert bodies(server) == LETTERS
        assert [one.uid for one in server.inbox.messages if one.flags] == [3]


class Broken(ImapScript):
    """Dies of a poison message, or of its header too."""

    header_too = False

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        whole = "BODY.PEEK[]" in items
        if b"poison" in message.data and (whole or (self.header_too and "HEADER" in items)):
            raise HangupError
        super().answer_fetch(to, folder, message, items)


@pytest.mark.story("poison")
@pytest.mark.vice(15)
@pytest.mark.parametrize("header_too", [False, True])
def test_a_poison_on_an_account_stops_no_other_and_is_named(
    tmp_path: Path, header_too: bool
) -> None:
    poison = letter(7, b"poison\r\n")
    others = [data for data in LETTERS if data != letter(7)]
    with Broken() as server:
        server.header_too = header_too
        for data in LETTERS:
            server.inbox.add(poison if data == letter(7) else data)
        desk = desk_at(tmp_path, server)
        assert outcomes(desk.sync())["collect", "done"] == COUNT - 1
        for _ in range(2):
            done = desk.sync()
            (line,) = done.lines
            assert (line.line.kind, line.outcome) == ("collect", "failed")
            assert line.line.target.location.folder == "INBOX"
            assert "closed the connection at this message" in line.reason
        assert sorted(desk.home.bytes_in("INBOX")) == sorted(others)
        desk.remove(LETTERS[2])
        desk.sync()
        assert LETTERS[2] not in bodies(server)
        assert poison in bodies(server)


class Limited(ImapScript):
    """Shows no more than so many messages of a folder, the newest."""

    most = 1000

    def exists(self, folder: Folder) -> int:
        return min(self.most, super().exists(folder))

    def found(self, folder: Folder, criteria: str) -> list[int]:
        shown = set(folder.uids[-self.most :])
        return [uid for uid in super().found(folder, criteria) if uid in shown]


@pytest.mark.vice(20)
def test_what_a_size_limit_hides_is_not_deleted(tmp_path: Path) -> None:
    with Limited() as server:
        fill(server, 12)
        for number in range(100, 200):
            server.inbox.add(letter(number))
        desk = desk_at(tmp_path, server)
        desk.sync()
        server.most = 100
        assert desk.rest() == ([], [("work", "hidden", 12)])
        assert desk.sync().exit == BLOCKED
        assert len(desk.home.bytes_in("INBOX")) == 112
        server.most = 1000
        desk.sync()
        assert desk.rest() == ([], [])


class Mailutils(ImapScript):
    """GNU Mailutils' imap4d 3.15, where it is asked for UIDs."""

    capabilities = "IMAP4rev1 UIDPLUS NAMESPACE UNSELECT"

    def found(self, folder: Folder, criteria: str) -> list[int]:
        if not criteria.startswith("UID "):
            return super().found(folder, criteria)
        uids = folder.uids
        found: list[int] = []
        for piece in criteria[4:].split(","):
            low, _, high = piece.partition(":")
            if "*" not in piece:
                found += [
                    uids[n - 1] for n in range(int(low), int(high or low) + 1) if n <= len(uids)
                ]
        return found

    def do_fetch(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        assert to.folder is not None
        if not self.chosen(to.folder, arguments.split()[0]):
            to.say(tag + b" BAD nothing found")
            return
        super().do_fetch(to, tag, arguments, literals)

    @property
    def uidplus(self) -> bool:
        return False


@pytest.mark.vice(22)
def test_uids_that_are_read_as_numbers(tmp_path: Path) -> None:
    with Mailutils() as server, Mailutils() as home:
        fill(server)
        for number in (1, 2):
            home.inbox.add(letter(100 + number))
        home.inbox.messages.pop()  # UIDs are not numbers there, nor in the account
        drop(server, 0)
        desk = Desk(
            tmp_path,
            at("imap", "work", server.port),
            home=at("imap", CONSOLIDATED, home.port, user="bob"),
        )
        own = bodies(home)
        assert set(outcomes(desk.sync())) == {("collect", "done")}
        assert bodies(home) == [*own, *LETTERS[1:]]
        drop(server, 3, 4)
        assert outcomes(desk.sync()) == {("forward-delete", "done"): 2}
        assert bodies(home) == [*own, *LETTERS[1:3], *LETTERS[5:]]
        drop(home, 9)
        assert outcomes(desk.sync()) == {("reverse-delete", "done"): 1}
        assert bodies(server) == [*LETTERS[1:3], *LETTERS[5:9], *LETTERS[10:]]
        assert not outcomes(desk.sync())


@pytest.mark.vice(22)
def test_a_fetch_of_nothing_that_is_bad() -> None:
    with Mailutils() as server, served(server) as mailbox:
        fill(server, 3)
        listed = places(server.inbox.uids)
        assert len(list(mailbox.heads(listed))) == 3
        server.inbox.messages.clear()
        assert list(mailbox.heads(listed)) == []
        assert list(mailbox.fetch(listed)) == []
