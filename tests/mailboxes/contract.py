"""What every mailbox must do, whatever its kind: subclass, and give the ``harness`` fixture."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.mailboxes.base import (
    DeleteRequest,
    Location,
    LoginRefused,
    Mailbox,
    MailboxError,
    NewMessage,
    Unchanged,
    Unreachable,
)
from mailsync_tui.message import content_digest, identity_of, identity_of_header
from tests.builders import letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECRET = "correct horse"
WRONG = "battery staple"
DATE = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)


NASTY: dict[str, bytes] = {
    "no id": b"From: a@b.c\r\nDate: Thu, 1 Feb 2024 10:00:00 +0000\r\nSubject: x\r\n\r\nbody\r\n",
    "id with commas": b"Message-ID: <a,b:c d@e>\r\nFrom: a@b.c\r\n\r\nbody\r\n",
    "folded id": b"Message-ID:\r\n <folded@example.org>\r\nFrom: a@b.c\r\n\r\nbody\r\n",
    "empty body": b"Message-ID: <empty@example.org>\r\nFrom: a@b.c\r\n\r\n",
    "long line": b"Message-ID: <long@example.org>\r\nFrom: a@b.c\r\n\r\n" + b"x" * 70_000 + b"\r\n",
    "8-bit header": b"Message-ID: <8bit@example.org>\r\nFrom: \xe4\xff <a@b.c>\r\n\r\n\xfc\r\n",
    "dots": b"Message-ID: <dots@example.org>\r\n\r\n.\r\n..\r\n.x\r\n\r\n.\r\n",
    "dot first": b".odd: header\r\nMessage-ID: <first@example.org>\r\n\r\nx\r\n",
    "bare LF": b"Message-ID: <lf@example.org>\nFrom: a@b.c\n\nline\n.\nline\n",
    "no last line end": b"Message-ID: <last@example.org>\r\n\r\nthe end",
}


class Harness(ABC):
    """A mailbox under test, and a way to its mail that does not lead through it."""

    exact = True
    """Bytes come back as they were put in; else line ends may be made CRLF, and one added."""
    keeps_dates = True
    versions = True
    """It shows whether anything has changed."""

    mailbox: Mailbox

    @abstractmethod
    def deliver(self, data: bytes, *flags: str) -> None:
        """Let a message arrive in INBOX."""

    @abstractmethod
    def contents(self, folder: str = "INBOX") -> Sequence[tuple[bytes, frozenset[str]]]:
        """Bytes and flags of all messages there, in no particular order."""

    @abstractmethod
    def elsewhere(self) -> Mailbox:
        """The same kind of mailbox, where there is none (or no server)."""

    def stranger(self) -> Mailbox | None:
        """The same mailbox with the password ``WRONG``; ``None`` where nobody logs in."""
        return None

    def locations(self) -> list[Location]:
        """All messages of INBOX, as listed."""
        return [
            Location(folder.name, folder.validity, uid)
            for folder in self.mailbox.list().folders
            if folder.name == "INBOX"
            for uid in folder.uids
        ]


class Marks:
    """Remembers nothing: no adapter needs it here but IMAP without UIDPLUS."""

    def lifted(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        """Ignored."""

    def restored(self, folder: str, validity: int, uids: Sequence[int]) -> None:
        """Ignored."""


def unused_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def new(*messages: bytes, flags: Iterable[str] = ()) -> list[NewMessage]:
    """Messages to be stored."""
    return [
        NewMessage(data, frozenset(flags), DATE, f"1706932800.{number}.contract")
        for number, data in enumerate(messages)
    ]


def digests(data: Iterable[bytes]) -> list[str]:
    """Content digests, sorted."""
    return sorted(map(content_digest, data))


class MailboxContract:
    """The tests; a subclass overrides the fixture."""

    @pytest.fixture
    def harness(self) -> Harness:
        raise NotImplementedError

    def test_lists_nothing(self, harness: Harness) -> None:
        listing = harness.mailbox.list()
        assert listing.complete
        assert listing.error is None
        assert listing.messages == 0

    def test_lists_all_in_order(self, harness: Harness) -> None:
        for number in range(5):
            harness.deliver(letter(number))
        listing = harness.mailbox.list()
        assert listing.complete
        assert listing.note is None
        assert listing.messages == 5
        order = [
            identity_of(raw.data).subject for raw in harness.mailbox.fetch(harness.locations())
        ]
        assert order == [f"letter {number}" for number in range(5)]

    def test_tells_how_far_a_listing_is(self, harness: Harness) -> None:
        for number in range(4):
            harness.deliver(letter(number))
        calls: list[tuple[int, int | None]] = []
        listing = harness.mailbox.list(lambda listed, total: calls.append((listed, total)))
        assert listing.messages == 4
        assert calls[-1] == (4, 4)
        assert all(0 <= listed <= 4 and total in (4, None) for listed, total in calls)

    def test_what_is_unchanged_is_not_listed_again(self, harness: Harness) -> None:
        for number in range(3):
            harness.deliver(letter(number))
        harness.locations()
        first = harness.mailbox.list()
        if not harness.versions:
            assert first.version is None
            return
        with pytest.raises(Unchanged):
            harness.mailbox.list(unless=first.version)
        assert harness.mailbox.list().version == first.version
        harness.deliver(letter(9))
        second = harness.mailbox.list(unless=first.version)
        assert second.messages == 4
        gone = [DeleteRequest(harness.locations()[0], identity_of(letter(0)))]
        harness.mailbox.delete(gone, Marks())
        third = harness.mailbox.list(unless=second.version)
        assert third.messages == 3
        assert len({None, first.version, second.version, third.version}) == 4

    def test_locations_last(self, harness: Harness) -> None:
        harness.deliver(letter(1))
        before = harness.locations()
        harness.deliver(letter(2))
        assert harness.locations()[0] == before[0]

    def test_reading_changes_nothing(self, harness: Harness) -> None:
        harness.deliver(letter(1))
        harness.deliver(letter(2), *(("\\Flagged",) if harness.mailbox.peeks else ()))
        before = sorted(harness.contents(), key=repr)
        locations = harness.locations()
        assert len(list(harness.mailbox.heads(locations))) == 2
        assert len(list(harness.mailbox.fetch(locations))) == 2
        harness.mailbox.facts()
        harness.mailbox.close()
        assert sorted(harness.contents(), key=repr) == before
        assert harness.locations() == locations

    def test_a_person_reads_one_and_nobody_sees_it(self, harness: Harness) -> None:
        harness.deliver(letter(1, b"line\r\n" * 3000 + b".\r\nthe end\r\n"))
        harness.deliver(letter(2), *(("\\Flagged",) if harness.mailbox.peeks else ()))
        first, second = harness.locations()
        before = sorted(harness.contents(), key=repr)
        fetched = next(iter([*harness.mailbox.fetch([first])]))
        assert harness.mailbox.read(first) == fetched
        found = harness.mailbox.read(second)
        assert found is not None
        assert identity_of(found.data).subject == "letter 2"
        harness.mailbox.close()
        assert sorted(harness.contents(), key=repr) == before
        harness.mailbox.delete([DeleteRequest(first, identity_of(letter(1)))], Marks())
        assert harness.mailbox.read(first) is None

    @pytest.mark.parametrize("name", NASTY)
    def test_bytes_and_identity(self, harness: Harness, name: str) -> None:
        data = NASTY[name]
        harness.deliver(data)
        (location,) = harness.locations()
        (raw,) = harness.mailbox.fetch([location])
        assert raw.location == location
        if harness.exact:
            assert raw.data == data
        else:
            crlf = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            assert raw.data.removesuffix(b"\r\n") == crlf.removesuffix(b"\r\n")
        assert content_digest(raw.data) == content_digest(data)
        (head,) = harness.mailbox.heads([location])
        assert head.location == location
        assert identity_of_header(head.header).key == identity_of(data).key

    def test_no_header_and_no_text(self, harness: Harness) -> None:
        harness.deliver(b"\r\nonly a body\r\n")
        (location,) = harness.locations()
        assert [raw.data for raw in harness.mailbox.fetch([location])] == [b"\r\nonly a body\r\n"]

    def test_fetches_in_the_order_given(self, harness: Harness) -> None:
        for number in range(6):
            harness.deliver(letter(number))
        locations = harness.locations()
        chosen = [locations[4], locations[0], locations[3]]
        assert [raw.location for raw in harness.mailbox.fetch(chosen)] == chosen
        assert {head.location for head in harness.mailbox.heads(chosen)} == set(chosen)

    def test_missing_ones_are_left_out(self, harness: Harness) -> None:
        harness.deliver(letter(1))
        harness.deliver(letter(2))
        first, second = harness.locations()
        harness.mailbox.delete([DeleteRequest(first, None)], Marks())
        assert [head.location for head in harness.mailbox.heads([first, second])] == [second]
        assert [raw.location for raw in harness.mailbox.fetch([first, second])] == [second]
        assert list(harness.mailbox.fetch([])) == []

    def test_stores_and_proves(self, harness: Harness) -> None:
        if not harness.mailbox.can_store:
            with pytest.raises(MailboxError):
                harness.mailbox.store(new(letter(1)), "INBOX")
            assert harness.contents() == []
            return
        stored = harness.mailbox.store(
            new(letter(1), letter(2), flags=["\\Seen", "\\Flagged"]), "INBOX"
        )
        locations = [one.location for one in stored if one.location is not None]
        assert len(locations) == 2
        assert locations == harness.locations()
        raws = list(harness.mailbox.fetch(locations))
        assert [raw.data for raw in raws] == [letter(1), letter(2)]
        assert all({"\\Seen", "\\Flagged"} <= raw.flags for raw in raws)
        assert [raw.date for raw in raws] == [DATE, DATE]

    def test_stores_what_is_nasty(self, harness: Harness) -> None:
        if not harness.mailbox.can_store:
            return
        stored = harness.mailbox.store(new(*NASTY.values()), "INBOX")
        held = [
            data
            for data, outcome in zip(NASTY.values(), stored, strict=True)
            if outcome.location is not None
        ]
        assert digests(data for data, _ in harness.contents()) == digests(held)
        assert len(held) + sum(outcome.error is not None for outcome in stored) == len(NASTY)

    def test_makes_folders(self, harness: Harness) -> None:
        if not harness.mailbox.can_store:
            return
        for _ in range(2):
            (stored,) = harness.mailbox.store(new(letter(1)), "Old mail/Année 2024")
            assert stored.location is not None
            assert stored.location.folder == "Old mail/Année 2024"
            harness.mailbox.delete([DeleteRequest(stored.location, None)], Marks())
        (stored,) = harness.mailbox.store(new(letter(2)), "Old mail/Année 2024")
        listed = {folder.name: folder.uids for folder in harness.mailbox.list().folders}
        assert stored.location is not None
        assert list(listed["Old mail/Année 2024"]) == [stored.location.uid]

    def test_deletes_exactly_these(self, harness: Harness) -> None:
        for number in range(7):
            harness.deliver(letter(number))
        locations = harness.locations()
        requests = [DeleteRequest(locations[n], identity_of(letter(n))) for n in (1, 2, 5)]
        outcomes = harness.mailbox.delete(requests, Marks())
        assert [one.outcome for one in outcomes] == ["done", "done", "done"]
        assert [one.location for one in outcomes] == [one.location for one in requests]
        assert digests(data for data, _ in harness.contents()) == digests(
            letter(number) for number in (0, 3, 4, 6)
        )
        assert harness.locations() == [locations[n] for n in (0, 3, 4, 6)]

    def test_deletes_nothing_else_that_is_marked(self, harness: Harness) -> None:
        if not harness.mailbox.peeks:
            return
        harness.deliver(letter(1), "\\Deleted")
        harness.deliver(letter(2))
        first, second = harness.locations()
        listed = harness.mailbox.list().folders
        assert [folder.marked for folder in listed if folder.name == "INBOX"] == [{first.uid}]
        harness.mailbox.delete([DeleteRequest(second, identity_of(letter(2)))], Marks())
        ((data, flags),) = harness.contents()
        assert content_digest(data) == content_digest(letter(1))
        assert "\\Deleted" in flags

    def test_lists_what_is_flagged(self, harness: Harness) -> None:
        if not harness.mailbox.peeks:
            harness.deliver(letter(1))
            assert [folder.flagged for folder in harness.mailbox.list().folders] == [frozenset()]
            return
        harness.deliver(letter(1), "\\Seen", "\\Flagged")
        harness.deliver(letter(2), "\\Seen")
        first, _ = harness.locations()
        (inbox,) = [f for f in harness.mailbox.list().folders if f.name == "INBOX"]
        assert inbox.flagged == {first.uid}
        assert not inbox.marked
        assert not inbox.drafts

    def test_skips_what_is_another_message(self, harness: Harness) -> None:
        harness.deliver(letter(1))
        harness.deliver(letter(2))
        first, second = harness.locations()
        outcomes = harness.mailbox.delete(
            [
                DeleteRequest(first, identity_of(letter(9))),
                DeleteRequest(second, identity_of(letter(2))),
            ],
            Marks(),
        )
        assert [one.outcome for one in outcomes] == ["skipped", "done"]
        assert outcomes[0].reason
        assert harness.locations() == [first]

    def test_gone_is_no_failure(self, harness: Harness) -> None:
        harness.deliver(letter(1))
        harness.deliver(letter(2))
        first, second = harness.locations()
        requests = [DeleteRequest(first, identity_of(letter(1)))]
        assert [one.outcome for one in harness.mailbox.delete(requests, Marks())] == ["done"]
        assert [one.outcome for one in harness.mailbox.delete(requests, Marks())] == ["gone"]
        assert harness.locations() == [second]

    def test_equal_messages_are_two(self, harness: Harness) -> None:
        harness.deliver(letter(1))
        harness.deliver(letter(1))
        first, second = harness.locations()
        assert first != second
        harness.mailbox.delete([DeleteRequest(first, identity_of(letter(1)))], Marks())
        assert len(harness.contents()) == 1

    def test_a_large_batch(self, harness: Harness) -> None:
        for number in range(300):
            harness.deliver(letter(number, b"x" * (number * 7) + b"\r\n"))
        locations = harness.locations()
        assert len(set(locations)) == 300
        heads = {head.location: head for head in harness.mailbox.heads(locations)}
        assert [identity_of_header(heads[one].header).message_id for one in locations] == [
            f"<letter-{number}@example.org>" for number in range(300)
        ]
        fetched = [identity_of(raw.data) for raw in harness.mailbox.fetch(locations)]
        requests = list(map(DeleteRequest, locations, fetched))[:-1]
        outcomes = harness.mailbox.delete(requests, Marks())
        assert {one.outcome for one in outcomes} == {"done"}
        assert harness.locations() == locations[-1:]

    def test_describes_itself(self, harness: Harness) -> None:
        harness.deliver(letter(1))
        facts = harness.mailbox.facts()
        assert facts.protocol
        assert sum(count for _, _, count in facts.folders) == 1

    def test_what_is_not_there_is_no_empty_mailbox(self, harness: Harness) -> None:
        mailbox = harness.elsewhere()
        location = Location("INBOX", 0, "x")
        for call in (
            mailbox.list,
            lambda: list(mailbox.heads([location])),
            lambda: list(mailbox.fetch([location])),
            lambda: mailbox.read(location),
            lambda: mailbox.delete([DeleteRequest(location, None)], Marks()),
            mailbox.facts,
        ):
            with pytest.raises(MailboxError) as caught:
                call()
            assert str(caught.value)
        mailbox.close()

    def test_a_wrong_password_is_refused_and_not_repeated(self, harness: Harness) -> None:
        stranger = harness.stranger()
        if stranger is None:
            return
        with pytest.raises(LoginRefused) as caught:
            stranger.list()
        assert WRONG not in str(caught.value)
        assert not isinstance(caught.value, Unreachable)
