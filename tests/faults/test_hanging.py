"""A server that says nothing any more when it comes to one message: the connection is made anew,
the message is set aside, and all others are done; the next runs try it last, and rarer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.builders import letter
from tests.faults.desk import Desk, at, bodies, outcomes
from tests.servers.imap_script import ImapScript
from tests.servers.pop3_script import Pop3Script

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mailsync_tui.engine.outcome import Result
    from tests.servers.imap_script import Connection, Folder, Message
    from tests.servers.pop3_script import Session

COUNT = 6
LETTERS = [letter(number) for number in range(COUNT)]
BAD = 2
PATIENCE = 0.5
CAPABILITIES = [ImapScript.capabilities, "IMAP4rev1"]


class HangingImap(ImapScript):
    """Hangs at one message, by one command."""

    hangs_at = ""

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        if self.hangs_at == "FETCH" and message.data == LETTERS[BAD] and "BODY.PEEK[]" in items:
            to.hang()
        super().answer_fetch(to, folder, message, items)

    def do_append(
        self, to: Connection, tag: bytes, arguments: str, literals: Iterable[bytes]
    ) -> None:
        data = list(literals)
        if self.hangs_at == "APPEND" and LETTERS[BAD] in data:
            to.hang()
        super().do_append(to, tag, arguments, data)

    def do_store(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        assert to.folder is not None
        chosen = self.chosen(to.folder, arguments.split(" ")[0])
        if self.hangs_at == "STORE" and any(one.data == LETTERS[BAD] for one in chosen):
            to.hang()
        super().do_store(to, tag, arguments, literals)


class HangingPop3(Pop3Script):
    """Hangs at one message, by one command."""

    hangs_at = ""

    def __init__(self) -> None:
        super().__init__()
        self.mail = {f"u{number}": data for number, data in enumerate(LETTERS)}

    def _look(self, to: Session, verb: str, argument: str) -> None:
        if self.hangs_at == verb and to.mail[int(argument) - 1][1] == LETTERS[BAD]:
            to.hang()

    def do_retr(self, to: Session, argument: str) -> None:
        self._look(to, "RETR", argument)
        super().do_retr(to, argument)

    def do_dele(self, to: Session, argument: str) -> None:
        self._look(to, "DELE", argument)
        super().do_dele(to, argument)


def impatient(desk: Desk) -> Desk:
    desk.patience = PATIENCE
    return desk


def named(result: Result) -> None:
    """One line has failed, and it is that message's."""
    failed = [line for line in result.lines if line.outcome != "done"]
    assert [line.line.message_id for line in failed] == [f"<letter-{BAD}@example.org>"]
    assert "said nothing for 0.5 s at this message" in failed[0].reason


def test_at_a_fetch_over_imap(tmp_path: Path) -> None:
    with HangingImap() as work:
        for data in LETTERS:
            work.inbox.add(data)
        work.hangs_at = "FETCH"
        named(impatient(Desk(tmp_path, at("imap", "work", work.port))).sync())


@pytest.mark.parametrize("capabilities", [Pop3Script.capabilities, ("TOP", "UIDL")])
def test_at_a_fetch_over_pop3(tmp_path: Path, capabilities: tuple[str, ...]) -> None:
    with HangingPop3() as isp:
        isp.capabilities, isp.hangs_at = capabilities, "RETR"
        named(impatient(Desk(tmp_path, at("pop3", "isp", isp.port))).sync())
        assert not isp.sent("DELE")


@pytest.mark.parametrize("capabilities", CAPABILITIES)
def test_at_a_store(tmp_path: Path, capabilities: str) -> None:
    with HangingPop3() as isp, HangingImap() as home:
        home.capabilities, home.hangs_at = capabilities, "APPEND"
        there = at("imap", "consolidated", home.port)
        desk = impatient(Desk(tmp_path, at("pop3", "isp", isp.port), home=there))
        named(desk.sync())
        assert sorted(bodies(home)) == sorted(LETTERS[:BAD] + LETTERS[BAD + 1 :])


@pytest.mark.parametrize("capabilities", CAPABILITIES)
def test_at_a_deletion_over_imap(tmp_path: Path, capabilities: str) -> None:
    with HangingImap() as work:
        work.capabilities = capabilities
        for data in [*LETTERS, letter(99)]:
            work.inbox.add(data)
        desk = impatient(Desk(tmp_path, at("imap", "work", work.port), max_delete_share=1.0))
        desk.sync()
        for data in LETTERS:
            desk.remove(data)
        work.hangs_at = "STORE"
        named(desk.sync())
        assert bodies(work) == [LETTERS[BAD], letter(99)]


@pytest.mark.parametrize("capabilities", [Pop3Script.capabilities, ("TOP", "UIDL")])
def test_at_a_deletion_over_pop3(tmp_path: Path, capabilities: tuple[str, ...]) -> None:
    with HangingPop3() as isp:
        isp.capabilities = capabilities
        isp.mail["last"] = letter(99)
        desk = impatient(Desk(tmp_path, at("pop3", "isp", isp.port), max_delete_share=1.0))
        desk.sync()
        for data in LETTERS:
            desk.remove(data)
        isp.hangs_at = "DELE"
        named(desk.sync())
        assert isp.mail == {f"u{BAD}": LETTERS[BAD], "last": letter(99)}


def asked_for_it(isp: Pop3Script) -> bool:
    return f"RETR {BAD + 1}" in isp.lines


def test_it_is_tried_last_and_rarer_and_the_plan_says_so(tmp_path: Path) -> None:
    with HangingPop3() as isp:
        isp.capabilities, isp.hangs_at = ("TOP", "UIDL"), "RETR"
        desk = impatient(Desk(tmp_path, at("pop3", "isp", isp.port)))
        tried = []
        for number in range(9):
            isp.mail[f"new{number}"] = letter(100 + number)
            isp.lines.clear()
            assert outcomes(desk.sync())["collect", "done"] == (COUNT if number == 0 else 1)
            tried.append(asked_for_it(isp))
            if tried[-1] and number:  # what is new does not wait for it
                retrieved = [line for line in isp.lines if line.startswith("RETR")]
                assert retrieved[0] == f"RETR {COUNT + number + 1}"
        assert tried == [number in (0, 1, 3, 7) for number in range(9)]
        (held,) = desk.plan().held
        assert (held.kind, held.account, held.rule) == ("collect", "isp", "hung")
        assert held.reason == (
            f"new on isp; 127.0.0.1:{isp.port} said nothing for 0.5 s at this message, "
            "so it is left out of 6 syncs, for a day at most"
        )
        # A day is the longest.
        desk.now += timedelta(days=1)
        (line,) = desk.plan().lines
        assert line.reason.endswith("at this message, so it is tried last")
        isp.hangs_at = ""
        assert outcomes(desk.sync()) == {("collect", "done"): 1}
        assert desk.rest() == ([], [])
        assert not desk.plan().held


def test_brought_back_it_is_tried_at_once(tmp_path: Path) -> None:
    with HangingPop3() as isp:
        isp.capabilities, isp.hangs_at = ("TOP", "UIDL"), "RETR"
        desk = impatient(Desk(tmp_path, at("pop3", "isp", isp.port)))
        for _ in range(2):
            desk.sync()
        assert not desk.plan().lines
        isp.hangs_at = ""
        assert outcomes(desk.sync(reconsider=True)) == {("collect", "done"): 1}
        assert not desk.plan().held


def test_a_server_that_hangs_at_everything_is_left_alone_and_all_is_tried_again(
    tmp_path: Path,
) -> None:
    """Nobody knows which message it was: what was not tried alone does not sit out anything."""

    class Hanging(HangingPop3):
        def do_retr(self, to: Session, argument: str) -> None:
            if self.hangs_at:
                to.hang()
            super().do_retr(to, argument)

    with Hanging() as isp:
        isp.capabilities, isp.hangs_at = ("TOP", "UIDL"), "RETR"
        desk = impatient(Desk(tmp_path, at("pop3", "isp", isp.port)))
        assert outcomes(desk.sync()) == {("collect", "failed"): COUNT}
        assert len(isp.sent("RETR")) <= 6
        isp.hangs_at = ""
        assert outcomes(desk.sync()) == {("collect", "done"): COUNT}
