"""A connection that dies at one message: it is made anew within the run, that message is set aside,
and all others are done, over IMAP and POP3, on either side (DESIGN.md, rule 11)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.builders import letter
from tests.faults.desk import Desk, at, bodies, outcomes
from tests.servers.imap_script import HangupError, ImapScript
from tests.servers.pop3_script import Pop3Script

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mailsync_tui.engine.outcome import Result
    from tests.servers.imap_script import Connection

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
