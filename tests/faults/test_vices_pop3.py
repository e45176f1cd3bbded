"""Vices of POP3 servers: nothing is lost, doubled or deleted, and all comes in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from mailsync_tui.engine.model import Options
from mailsync_tui.errors import BLOCKED, OK, SessionError
from tests.builders import letter
from tests.faults.desk import START, Desk, at, outcomes
from tests.servers.imap_script import ImapScript
from tests.servers.pop3_script import HangupError, Nameless, Pop3Script, Session

COUNT = 30
LETTERS = [letter(number) for number in range(COUNT)]


Server = TypeVar("Server", bound=Pop3Script)


def filled(server: Server, count: int = COUNT) -> Server:
    server.mail = {f"u{number}": data for number, data in enumerate(LETTERS[:count])}
    return server


def desk_at(directory: Path, server: Pop3Script) -> Desk:
    return Desk(directory, at("pop3", "isp", server.port))


def home(desk: Desk) -> list[bytes]:
    return sorted(desk.home.bytes_in("INBOX"))


class Lagging(Pop3Script):
    """Answers QUIT, and carries the deletions out some sessions later."""

    lag = 2

    def __init__(self) -> None:
        super().__init__()
        self.due: dict[str, int] = {}

    def do_quit(self, to: Session, argument: str) -> None:
        for number in to.deleted:
            self.due.setdefault(to.mail[number - 1][0], self.sessions + self.lag)
        to.deleted.clear()
        super().do_quit(to, argument)

    def listed(self) -> list[tuple[str, bytes]]:
        for name in [name for name, when in self.due.items() if self.sessions > when]:
            self.mail.pop(name, None)
        return super().listed()


@pytest.mark.story("quit lags")
@pytest.mark.vice(3)
def test_what_is_still_listed_after_quit_did_not_fail_and_is_not_collected_again(
    tmp_path: Path,
) -> None:
    with filled(Lagging()) as server:
        desk = desk_at(tmp_path, server)
        desk.sync()
        for data in LETTERS[:3]:
            desk.remove(data)
        done = desk.sync()
        assert outcomes(done) == {("reverse-delete", "done"): 3}
        assert len(server.mail) == COUNT
        lines = desk.plan().lines  # still listed: it is asked for again, and never collected
        assert {line.kind for line in lines} == {"reverse-delete"}
        assert all("still lists it" in line.reason for line in lines)
        for _ in range(2):
            desk.plan()
        assert desk.rest() == ([], [])
        assert sorted(server.mail.values()) == home(desk) == sorted(LETTERS[3:])


class Alike(Pop3Script):
    """All messages have one UIDL, or the UIDL is the number."""

    form = "one"

    def uidl(self, number: int, name: str) -> str:
        return self.form.format(number)


@pytest.mark.story("shared UIDL")
@pytest.mark.story("position as UIDL")
@pytest.mark.vice(4)
@pytest.mark.parametrize("form", ["one", "{}"], ids=["shared", "position"])
def test_by_their_headers_messages_are_told_apart_and_only_the_right_one_goes(
    tmp_path: Path, form: str
) -> None:
    with filled(Alike(), 20) as server:
        server.form = form
        desk = desk_at(tmp_path, server)
        assert outcomes(desk.sync()) == {("collect", "done"): 20}
        # One goes on each side, and new mail takes the numbers of what went.
        del server.mail["u0"]
        server.mail["new"] = letter(99)
        desk.remove(LETTERS[7])
        assert sorted(desk.rest()[0]) == ["collect", "forward-delete", "reverse-delete"]
        desk.sync()
        left = sorted([*LETTERS[1:7], *LETTERS[8:20], letter(99)])
        assert sorted(server.mail.values()) == home(desk) == left
        assert desk.rest() == ([], [])


@pytest.mark.vice(4)
def test_a_message_that_takes_the_number_of_another_is_not_deleted_for_it(tmp_path: Path) -> None:
    """Between the listing and the deletion another session deleted the first message."""
    with filled(Pop3Script(), 5) as server:
        desk = desk_at(tmp_path, server)
        desk.sync()
        desk.remove(LETTERS[1])

        def choose(plan: object) -> frozenset[str]:
            del server.mail["u0"]
            return frozenset()

        with desk.session() as session:
            session.sync(Options(), choose)
        assert server.sent("DELE") == ["DELE 1"]
        assert list(server.mail.values()) == LETTERS[2:5]


@pytest.mark.story("position as UIDL")
@pytest.mark.vice(4)
def test_with_neither_uidl_nor_top_new_mail_of_the_same_size_is_collected(tmp_path: Path) -> None:
    """What takes the number of a message that went, and has its size, is another message."""
    with filled(Nameless(), 9) as server:
        desk = desk_at(tmp_path, server)
        assert outcomes(desk.sync()) == {("collect", "done"): 9}
        assert desk.rest() == ([], [])
        assert len(LETTERS[9]) == len(LETTERS[5])
        server.mail["u5"] = LETTERS[9]
        assert outcomes(desk.sync()) == {("collect", "done"): 1, ("forward-delete", "done"): 1}
        assert home(desk) == sorted(server.mail.values())
        assert desk.rest() == ([], [])


@pytest.mark.vice(4)
def test_with_neither_uidl_nor_top_deletions_go_both_ways(tmp_path: Path) -> None:
    same = letter(0).replace(b"Message-ID: <letter-0@example.org>\r\n", b"")
    with filled(Nameless(), 9) as server:
        server.mail |= {"twin": LETTERS[2], "one": same, "two": same}
        desk = desk_at(tmp_path, server)
        desk.sync()
        assert home(desk) == sorted({*server.mail.values()})
        desk.sync()
        assert desk.rest() == ([], [])
        desk.remove(LETTERS[4])
        desk.remove(LETTERS[2])  # both copies go
        del server.mail["u0"]
        server.mail["new"] = LETTERS[20]
        done = outcomes(desk.sync())
        assert done == {
            ("collect", "done"): 1,
            ("forward-delete", "done"): 1,
            ("reverse-delete", "done"): 2,
        }
        left = [*LETTERS[1:2], LETTERS[3], *LETTERS[5:9], same, same, LETTERS[20]]
        assert sorted(server.mail.values()) == sorted(left)
        assert desk.rest() == ([], [])
        # One copy less is no loss of the message.
        del server.mail["one"]
        assert desk.rest() == ([], [])
        desk.sync()
        del server.mail["two"]
        assert outcomes(desk.sync()) == {("forward-delete", "done"): 1}
        assert home(desk) == sorted({*left} - {same})


@pytest.mark.vice(4)
def test_above_max_listing_new_is_what_lies_above_the_last_count(tmp_path: Path) -> None:
    with filled(Nameless(), 9) as server:
        limit = sum(map(len, server.mail.values()))
        account = at("pop3", "isp", server.port, max_listing=limit)
        desk = Desk(tmp_path, account)
        desk.sync()
        desk.sync()
        assert desk.plan().mailboxes["isp"].note is None
        server.mail["new"] = LETTERS[9]
        del server.lines[:]
        plan = desk.plan()
        assert "only what is above the last known count" in str(plan.mailboxes["isp"].note)
        assert [line.kind for line in plan.lines] == ["collect"]
        assert not server.sent("RETR")
        assert outcomes(desk.sync()) == {("collect", "done"): 1}
        assert server.sent("RETR") == ["RETR 10"]
        desk.sync()
        assert desk.rest() == ([], [])
        # Nothing there is gone, and nothing is deleted there.
        del server.mail["u3"]
        desk.remove(LETTERS[4])
        server.mail |= {"a": LETTERS[21], "b": LETTERS[22]}
        assert set(outcomes(desk.sync())) == {("collect", "done")}
        assert len(server.mail) == 11
        assert LETTERS[22] in home(desk)
        assert LETTERS[3] in home(desk)
        # Once it is small enough all is seen again, whatever it was called meanwhile.
        for name in ("u0", "u1", "u2"):
            del server.mail[name]
        desk.sync()
        assert desk.plan().mailboxes["isp"].note is None
        desk.sync()
        assert LETTERS[21] in home(desk)
        assert home(desk) == sorted(server.mail.values())
        assert desk.rest() == ([], [])


@pytest.mark.vice(4)
def test_a_ledger_that_named_messages_by_their_positions_is_read_on(tmp_path: Path) -> None:
    with filled(Nameless(), 20) as server:
        desk = Desk(tmp_path, at("pop3", "isp", server.port, max_listing=0))
        assert outcomes(desk.sync()) == {("collect", "done"): 20}
        desk.sync()
        assert desk.rest() == ([], [])
        desk.config = replace(desk.config, external=(at("pop3", "isp", server.port),))
        assert desk.rest() == ([], [])
        del server.mail["u3"]
        server.mail["new"] = LETTERS[25]
        assert outcomes(desk.sync()) == {("collect", "done"): 1}
        # All names changed at once, and one message went meanwhile: a person decides.
        assert desk.rest() == ([], [("isp", "all-changed", 1)])
        assert home(desk) == sorted([*server.mail.values(), LETTERS[3]])


class Adorning(Pop3Script):
    """Adds fields of its own, other ones every time, quotes, and serves bare line feeds."""

    def served(self, name: str, data: bytes) -> bytes:
        header, _, body = data.partition(b"\r\n\r\n")
        extra = f"\r\nX-UIDL: {self.sessions}\r\nStatus: RO\r\nX-UID: {self.sessions}".encode()
        body = body.replace(b"\r\nFrom ", b"\r\n>From ").replace(b"\r\n", b"\n")
        return header + extra + b"\r\n\r\n" + body + b"\r\n\r\n"


@pytest.mark.vice(5)
def test_what_servers_add_makes_no_other_message_of_it(tmp_path: Path) -> None:
    letters = [letter(n, b"Dear Bob,\r\nFrom now on\r\n  it is so.\r\n") for n in range(5)]
    with Adorning() as server, ImapScript() as work:
        server.mail = {f"u{number}": data for number, data in enumerate(letters)}
        for data in letters:
            work.inbox.add(data)
        other = at("imap", "work", work.port, distinct=True)  # both have the same mail, and no more
        desk = Desk(tmp_path, at("pop3", "isp", server.port), other)
        desk.sync()
        desk.sync()
        assert len(desk.home.bytes_in("INBOX")) == 5
        assert desk.rest() == ([], [])
        # The copy that is deleted is compared with what was read before: it still is the message.
        desk.remove(desk.home.bytes_in("INBOX")[2])
        assert outcomes(desk.sync()) == {("reverse-delete", "done"): 2}
        assert [*server.mail.values()] == [one.data for one in work.inbox.messages]
        assert [*server.mail.values()] == [*letters[:2], *letters[3:]]


class Crashing(Pop3Script):
    """Dies of a poison message, or refuses it, at one command."""

    at = "RETR"
    refuses = False

    def do_retr(self, to: Session, argument: str) -> None:
        if not self.dies(to, argument, "RETR"):
            super().do_retr(to, argument)

    def do_top(self, to: Session, argument: str) -> None:
        if not self.dies(to, argument.split()[0], "TOP"):
            super().do_top(to, argument)

    def dies(self, to: Session, argument: str, verb: str) -> bool:
        if self.at not in (verb, "both") or b"poison" not in to.mail[int(argument) - 1][1]:
            return False
        if not self.refuses:
            raise HangupError
        to.say("-ERR it is poison")
        return True


@pytest.mark.story("poison")
@pytest.mark.vice(15)
@pytest.mark.parametrize("where", ["RETR", "TOP", "both"])
@pytest.mark.parametrize("refuses", [True, False])
def test_a_poison_on_pop3_stops_no_other(tmp_path: Path, where: str, refuses: bool) -> None:
    with filled(Crashing()) as server:
        server.at, server.refuses = where, refuses
        server.mail["u7"] = letter(7, b"poison\r\n")
        desk = desk_at(tmp_path, server)
        comes = where == "TOP"  # only its header does not
        first = desk.sync()
        assert outcomes(first)["collect", "done"] == COUNT - 1 + comes
        for _ in range(2):
            again = outcomes(desk.sync())
            assert again == ({} if comes else {("collect", "failed"): 1})
        assert len(server.mail) == COUNT
        assert not server.sent("DELE")


class Contested(Pop3Script):
    """Cuts the connection because another session deletes, once; or is locked."""

    cut = False
    locked = 0

    def do_retr(self, to: Session, argument: str) -> None:
        if self.cut and argument == "12":
            self.cut = False
            self.mail.pop("u20")
            raise HangupError
        super().do_retr(to, argument)

    def do_pass(self, to: Session, argument: str) -> None:
        if self.locked:
            self.locked -= 1
            to.say("-ERR [IN-USE] another session has it")
        else:
            super().do_pass(to, argument)


@pytest.mark.vice(16)
def test_cut_by_another_session_the_rest_is_collected_all_the_same(tmp_path: Path) -> None:
    with filled(Contested()) as server:
        server.cut = True
        desk = desk_at(tmp_path, server)
        done = desk.sync()
        assert outcomes(done) == {("collect", "done"): COUNT - 1, ("collect", "vanished"): 1}
        assert done.exit == OK
        assert sorted(server.mail.values()) == home(desk)


@pytest.mark.vice(16)
def test_locked_for_long_it_is_unknown_and_nothing_is_deleted(tmp_path: Path) -> None:
    with filled(Contested()) as server:
        desk = desk_at(tmp_path, server)
        desk.sync()
        server.locked = 1000
        with pytest.raises(SessionError, match="in use"):
            desk.sync()
        server.locked = 2
        plan = desk.plan()
        assert plan.mailboxes["isp"].complete
        assert plan.lines == ()


@pytest.mark.vice(16)
def test_nothing_is_sent_after_pass_before_it_is_answered(tmp_path: Path) -> None:
    class Refusing(Pop3Script):
        def do_pass(self, to: Session, argument: str) -> None:
            to.say("-ERR [AUTH] no")

    with filled(Refusing()) as server:
        with pytest.raises(SessionError, match="AUTH"):
            desk_at(tmp_path, server).sync()
        assert [line.split()[0] for line in server.lines] in (
            ["USER", "PASS"],
            ["USER", "PASS", "QUIT"],
        )


@pytest.mark.vice(16)
def test_without_capa_there_may_be_uidl_and_top(tmp_path: Path) -> None:
    class Plain(Pop3Script):
        def do_capa(self, to: Session, argument: str) -> None:
            to.say("-ERR unknown command")

    with filled(Plain()) as server:
        desk = desk_at(tmp_path, server)
        assert outcomes(desk.sync()) == {("collect", "done"): COUNT}
        assert server.sent("UIDL")
        assert server.sent("TOP")
        desk.remove(LETTERS[3])
        assert outcomes(desk.sync()) == {("reverse-delete", "done"): 1}
        assert "u3" not in server.mail


@pytest.mark.story("long line")
@pytest.mark.vice(18)
def test_a_line_of_a_hundred_thousand_octets_is_collected_as_it_is(tmp_path: Path) -> None:
    long = [letter(n, b"x" * size + b"\r\n") for n, size in enumerate((2047, 2048, 100_000))]
    head = letter(3).replace(b"Subject: ", b"X-Long: " + b"y" * 5000 + b"\r\nSubject: ")
    with Pop3Script() as server:
        server.mail = {f"u{n}": data for n, data in enumerate([*long, head, letter(4)])}
        desk = desk_at(tmp_path, server)
        assert outcomes(desk.sync()) == {("collect", "done"): 5}
        assert home(desk) == sorted(server.mail.values())
        assert desk.rest() == ([], [])


class Provider(Pop3Script):
    """Hides what was fetched, or lists only the newest."""

    hides = False
    most: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.hidden: set[str] = set()
        self.fetched: set[str] = set()

    def listed(self) -> list[tuple[str, bytes]]:
        self.hidden |= self.fetched if self.hides else set()
        shown = [(name, data) for name, data in self.mail.items() if name not in self.hidden]
        return shown if self.most is None else shown[-self.most :]

    def do_retr(self, to: Session, argument: str) -> None:
        self.fetched.add(to.mail[int(argument) - 1][0])
        super().do_retr(to, argument)


@pytest.mark.vice(20)
def test_what_is_hidden_once_it_was_fetched_is_not_deleted(tmp_path: Path) -> None:
    with filled(Provider()) as server:
        server.hides = True
        desk = desk_at(tmp_path, server)
        desk.sync()
        assert desk.rest() == ([], [("isp", "hidden", COUNT)])
        assert desk.sync().exit == BLOCKED
        assert home(desk) == sorted(LETTERS)


@pytest.mark.vice(20)
def test_what_lies_beyond_the_end_of_a_short_list_is_not_deleted(tmp_path: Path) -> None:
    """About 250 at a time: new mail pushes old mail out of the list."""
    with Provider() as server:
        server.most = 250
        server.mail = {f"u{number}": letter(number) for number in range(250)}
        desk = desk_at(tmp_path, server)
        desk.sync()
        desk.sync()
        server.mail |= {f"u{number}": letter(number) for number in range(250, 270)}
        kinds, blocked = desk.rest()
        assert set(kinds) == {"collect"}
        assert blocked in ([("isp", "hidden", 20)], [("isp", "expired", 20)])
        desk.sync()
        assert len(home(desk)) == 270


@pytest.mark.vice(21)
@pytest.mark.parametrize("nights", [1, 4])
def test_what_a_provider_cleans_up_is_not_deleted(tmp_path: Path, nights: int) -> None:
    """All at once, or a few every night."""
    with Pop3Script() as server:
        server.mail = {f"u{n}": dated(n) for n in range(40)}
        desk = desk_at(tmp_path, server)
        desk.sync()
        desk.sync()
        step = 20 // nights
        gone = 0
        for night in range(nights):
            for number in range(night * step, night * step + step):
                del server.mail[f"u{number}"]
            result = desk.sync()
            gone += outcomes(result)["forward-delete", "done"]
            desk.now += timedelta(days=1)
        assert result.exit == BLOCKED
        assert {block.rule for block in result.plan.blocked} == {"expired"}
        assert gone <= 10  # up to the floor, a few may be a person's
        assert "clean up old mail" in result.plan.blocked[0].detail
        assert len(home(desk)) == 40 - gone


def dated(number: int) -> bytes:
    """One a day, the oldest first."""
    date = (START - timedelta(days=100 - number)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return letter(number).replace(b"Thu, 1 Feb 2024 10:00:%02d +0000" % number, date.encode())
