"""A server that keeps a part of a message and says OK: the part is taken back, the message stays
where it is, and nobody tries it again unasked (GNU Mailutils' imap4d reads up to the first NUL)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.builders import letter
from tests.faults.desk import Desk, at, bodies, outcomes
from tests.servers.imap_script import HangupError, ImapScript
from tests.servers.pop3_script import Pop3Script

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.servers.imap_script import Connection, Folder, Message

LONG = b"A line of a long letter.\r\n" * 400
CUT = {
    "text": letter(3, b"one\r\n\0two\r\n"),
    "near the end": letter(3, LONG + b"\0the end\r\n"),
    "header": letter(3).replace(b"Subject: l", b"Subject: \0l"),
    "no text": letter(3, b"\0text\r\n"),
}
OTHERS = [letter(0), letter(1, b"a NUL\0"), letter(2)]
"""Nothing but a NUL is missing of the second one."""


class Cutting(ImapScript):
    """Keeps what stands before the first NUL."""

    healed = False
    stubborn = False
    """It deletes nothing."""

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        kept = [one if self.healed else one.partition(b"\0")[0] for one in literals]
        super().do_append(to, tag, arguments, kept)

    def do_expunge(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        if self.stubborn:
            to.say(tag + b" NO not today")
        else:
            super().do_expunge(to, tag, arguments, literals)


def desk_at(directory: Path, isp: Pop3Script, home: ImapScript) -> Desk:
    there = at("imap", "consolidated", home.port)
    return Desk(directory, at("pop3", "isp", isp.port), home=there)


@pytest.mark.vice(15)
@pytest.mark.parametrize("data", CUT.values(), ids=CUT)
@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, "IMAP4rev1"])
def test_what_is_cut_is_taken_back_and_not_tried_again(
    tmp_path: Path, data: bytes, capabilities: str
) -> None:
    with Pop3Script() as isp, Cutting() as home:
        home.capabilities = capabilities
        isp.mail = {f"u{number}": one for number, one in enumerate([*OTHERS, data])}
        desk = desk_at(tmp_path, isp, home)
        result = desk.sync()
        assert outcomes(result) == {("collect", "done"): 3, ("collect", "failed"): 1}
        reason = next(line.reason for line in result.lines if line.outcome == "failed")
        kept = len(data.partition(b"\0")[0])
        assert reason == (
            f"127.0.0.1:{home.port} said OK, and keeps {kept:,} of {len(data):,} bytes; "
            "what it kept was deleted again"
        )
        assert len(home.inbox.messages) == 3
        # It is kept first, like all that is deleted.
        with desk.session() as session:
            assert session.quarantined()[0] == 1
        appended = len(home.sent("APPEND"))
        for _ in range(3):
            assert not desk.sync().lines
        (held,) = desk.plan().held
        assert (held.kind, held.account, held.rule) == ("collect", "isp", "refused")
        assert held.reason is not None and str(home.port) in held.reason
        assert len(home.sent("APPEND")) == appended
        # Brought back, it is tried once more.
        for healed, outcome in ((False, "failed"), (True, "done")):
            home.healed = healed
            assert outcomes(desk.sync(reconsider=True)) == {("collect", outcome): 1}
            assert len(home.inbox.messages) == 3 + healed
        assert desk.rest() == ([], [])
        assert not desk.plan().held
        assert len(isp.mail) == 4
        assert not isp.sent("DELE")


@pytest.mark.vice(15)
def test_where_the_part_cannot_be_taken_back_there_is_one_and_no_more(tmp_path: Path) -> None:
    with Pop3Script() as isp, Cutting() as home:
        isp.mail = {"u0": letter(0), "u1": CUT["text"]}
        desk = desk_at(tmp_path, isp, home)
        home.stubborn = True
        (failed,) = (line for line in desk.sync().lines if line.outcome == "failed")
        assert failed.reason.endswith("what it kept lies there still: deleting in INBOX: not today")
        for _ in range(4):
            desk.sync()
        assert sorted(bodies(home)) == sorted([letter(0), CUT["text"].partition(b"\0")[0]])
        assert len(isp.mail) == 2


@pytest.mark.vice(15)
def test_an_undo_takes_back_what_was_cut(tmp_path: Path) -> None:
    with Cutting() as work:
        for data in (CUT["text"], *OTHERS):
            work.inbox.add(data)
        desk = Desk(tmp_path, at("imap", "work", work.port), max_delete_share=1.0)
        desk.sync()
        desk.remove(CUT["text"])
        run = desk.sync().run
        assert run is not None
        assert bodies(work) == OTHERS
        for _ in range(2):
            with desk.session() as session:
                (line,) = session.undo(run, None, lambda shown: True).lines
            assert (line.outcome, line.reason.split("; ")[-1]) == (
                "failed",
                "what it kept was deleted again",
            )
            assert bodies(work) == OTHERS
            desk.now += timedelta(minutes=15)


@pytest.mark.vice(15)
@pytest.mark.parametrize("capabilities", [ImapScript.capabilities, "IMAP4rev1"])
def test_what_breaks_the_server_once_it_is_stored_is_stored_once(
    tmp_path: Path, capabilities: str
) -> None:
    class Choking(ImapScript):
        """Takes a message, and dies whenever it is asked for it."""

        def answer_fetch(
            self, to: Connection, folder: Folder, message: Message, items: str
        ) -> None:
            if b"letter-2@" in message.data:
                raise HangupError
            super().answer_fetch(to, folder, message, items)

    with Pop3Script() as isp, Choking() as home:
        home.capabilities = capabilities
        isp.mail = {f"u{number}": letter(number) for number in range(5)}
        desk = desk_at(tmp_path, isp, home)
        result = desk.sync()
        assert outcomes(result) == {("collect", "done"): 4, ("collect", "failed"): 1}
        for _ in range(3):
            desk.sync()
        assert sorted(bodies(home)) == [letter(number) for number in range(5)]
        assert len(isp.mail) == 5


@pytest.mark.vice(15)
def test_a_part_that_an_earlier_run_left_does_not_grow_to_more(tmp_path: Path) -> None:
    """That run was killed before it could take it back: nobody knows any more whose it is."""
    part = CUT["text"].partition(b"\0")[0]
    with Pop3Script() as isp, Cutting() as home:
        isp.mail = {"u0": letter(0), "u1": CUT["text"]}
        home.inbox.add(part)
        desk = desk_at(tmp_path, isp, home)
        for _ in range(4):
            desk.sync()
        assert sorted(bodies(home)) == sorted([letter(0), part])
        assert [line.rule for line in desk.plan().held] == ["refused"]
        assert len(isp.mail) == 2


FOREIGN = (
    b"From: Eve <eve@example.org>\r\nDate: Thu, 1 Feb 2024 10:00:03 +0000\r\n"
    b"Message-ID: <other@example.org>\r\nSubject: no text\r\n\r\n",
    b"\r\n",
    b"From",
    b"From: Ann <ann@example.org>\r\n",
    b"To: bob@example.org\r\n\r\nHello.\r\n",
)


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize(
    ("headless", "said"),
    [(False, b""), (True, b""), (False, b"[APPENDUID 7 1] ")],
)
def test_what_others_put_there_meanwhile_is_no_part_of_it(
    tmp_path: Path, foreign: bytes, said: bytes, headless: bool
) -> None:
    """The server loses ours, and somebody else's message comes in its stead."""

    class Losing(ImapScript):
        def do_append(self, to: Connection, tag: bytes, *_: object) -> None:
            self.inbox.add(foreign)
            to.say(tag + b" OK " + said + b"done")

    data = letter(3, b"text\r\n" * 20)
    if headless:
        data = b"To: bob@example.org\r\n\r\nHello. " + b"text\r\n" * 20
    with Pop3Script() as isp, Losing() as home:
        home.capabilities = ImapScript.capabilities if said else "IMAP4rev1"
        isp.mail = {"u0": data}
        desk = desk_at(tmp_path, isp, home)
        assert outcomes(desk.sync(directions=("collect",))) == {("collect", "failed"): 1}
        assert bodies(home) == [foreign]
        assert not home.sent("UID STORE")
