"""One message that breaks the connection does not keep the others from coming."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from mailsync_tui.mailboxes.base import (
    ConnectionLost,
    Location,
    MailboxDown,
    MailboxError,
    Raw,
    Unreachable,
)
from mailsync_tui.mailboxes.bisect import MOST_LOSSES, bisecting

WANTED = [Location("INBOX", 7, uid) for uid in range(1, 101)]


class Server:
    """Gives messages in parts, each once it is whole, and crashes at some."""

    def __init__(self, *poison: int, part: int = 10) -> None:
        self.poison, self.part = set(poison), part
        self.asked: list[list[int | str]] = []

    def fetch(self, wanted: Sequence[Location]) -> Iterator[Raw]:
        self.asked.append([one.uid for one in wanted])
        for start in range(0, len(wanted), self.part):
            part = wanted[start : start + self.part]
            if any(one.uid in self.poison for one in part):
                raise ConnectionLost("it closed the connection")
            for one in part:
                yield Raw(one, b"", frozenset(), None)


@pytest.mark.vice(15)
@pytest.mark.parametrize("part", [1, 10, 1000])
@pytest.mark.parametrize("poison", [(1,), (100,), (37, 38), (3, 50, 99)])
def test_all_others_come_in_order_and_it_is_named(poison: tuple[int, ...], part: int) -> None:
    server = Server(*poison, part=part)
    came: list[int | str] = []
    with pytest.raises(MailboxError, match="at this message") as caught:
        came.extend(raw.location.uid for raw in bisecting(server.fetch, WANTED))
    assert not isinstance(caught.value, MailboxDown)
    assert came == [uid for uid in range(1, 101) if uid not in poison]


def test_where_nothing_breaks_it_is_asked_once() -> None:
    server = Server()
    assert len(list(bisecting(server.fetch, WANTED))) == 100
    assert len(server.asked) == 1


def test_a_server_that_breaks_at_everything_is_down() -> None:
    server = Server(*range(1, 101))
    with pytest.raises(ConnectionLost):
        list(bisecting(server.fetch, WANTED))
    assert len(server.asked) < 10


def test_a_wire_that_breaks_again_and_again_has_an_end() -> None:
    def fetch(wanted: Sequence[Location]) -> Iterator[Raw]:
        yield Raw(wanted[0], b"", frozenset(), None)
        raise ConnectionLost("it closed the connection")

    came: list[object] = []
    with pytest.raises(ConnectionLost):
        came.extend(bisecting(fetch, WANTED))
    assert len(came) == MOST_LOSSES + 1


def test_no_answer_in_time_is_not_tried_again() -> None:
    asked: list[object] = []

    def fetch(wanted: Sequence[Location]) -> Iterator[Raw]:
        asked.append(wanted)
        raise Unreachable("it did not answer in time")
        yield

    with pytest.raises(Unreachable):
        list(bisecting(fetch, WANTED))
    assert len(asked) == 1


def test_one_that_never_comes_whole_is_told_after_the_others() -> None:
    def fetch(wanted: Sequence[Location]) -> Iterator[Raw]:
        yield from Server(50).fetch([one for one in wanted if one.uid != 20])
        if any(one.uid == 20 for one in wanted):
            raise MailboxError("20 never comes whole")

    came: list[object] = []
    with pytest.raises(MailboxError, match="20 never comes whole"):
        came.extend(raw.location.uid for raw in bisecting(fetch, WANTED))
    assert came == [uid for uid in range(1, 101) if uid not in (20, 50)]
