"""Reading over IMAP from servers that answer in their own ways."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeVar

import pytest

from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.message import identity_of, identity_of_header
from tests.builders import letter
from tests.mailboxes.imap_case import places, served
from tests.servers.imap_script import Folder, ImapScript, Message

if TYPE_CHECKING:
    from mailsync_tui.mailboxes.base import Uid
    from tests.servers.imap_script import Connection

Server = TypeVar("Server", bound=ImapScript)


def filled(server: Server, count: int = 3) -> Server:
    for number in range(1, count + 1):
        server.inbox.add(letter(number), "\\Seen", "\\Recent", "$Work")
    return server


class OtherForms(ImapScript):
    """Lower case, quoted keys, one message in two answers, and news in between."""

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        size = len(message.data)
        number = folder.messages.index(message) + 1
        to.say(b"* %d EXPUNGE" % (len(folder.messages) + 5))
        to.say(b"* %d fetch (flags (\\SEEN \\recent) uid %d)" % (number, message.uid))
        to.say(b"* OK still {3}")
        to.say(b"* %d FETCH (FLAGS (\\Answered))" % number)
        if "HEADER" in items:
            header = message.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            to.say(
                b'* %d Fetch (rfc822.size %d body[header.fields ("Message-ID" "From" "Date" '
                b'"Subject")] {%d}\r\n%b internaldate "1-Jan-2024 10:00:00 -0330" UID %d)'
                % (number, size, len(header), header, message.uid)
            )
        else:
            to.say(
                b"* %d FETCH (BODY[]<0> {%d}\r\n%b UID %d RFC822.SIZE %d)"
                % (number, size, message.data, message.uid, size)
            )
        to.say(b"* 4 EXISTS")


@pytest.mark.vice(10)
def test_other_forms_of_the_same_answers() -> None:
    with served(filled(OtherForms())) as mailbox:
        heads = list(mailbox.heads(places([3, 1, 2])))
        raws = list(mailbox.fetch(places([3, 1, 2])))
    assert [identity_of_header(head.header).message_id for head in heads] == [
        f"<letter-{number}@example.org>" for number in (3, 1, 2)
    ]
    assert [head.size for head in heads] == [len(letter(3))] * 3
    assert {head.flags for head in heads} == {frozenset({"\\Seen"})}
    assert {str(head.date) for head in heads} == {"2024-01-01 10:00:00-03:30"}
    assert [raw.data for raw in raws] == [letter(3), letter(1), letter(2)]


def test_flags_and_dates() -> None:
    with served(filled(ImapScript(), 1)) as mailbox:
        (head,) = mailbox.heads(places([1]))
        (raw,) = mailbox.fetch(places([1]))
    assert head.flags == raw.flags == {"\\Seen", "$Work"}
    assert str(head.date) == str(raw.date) == "2024-02-03 04:05:06+00:00"


class Parallel(ImapScript):
    """Works at two FETCH commands at once, and ends the later one first, as Dovecot may."""

    later: tuple[bytes, str] | None = None

    def do_fetch(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        assert to.folder is not None
        if len(self.sent("UID FETCH")) % 2:
            self.later = (tag, arguments)
            return
        assert self.later is not None
        (first, earlier), self.later = self.later, None
        commands = [part.partition(" ") for part in (arguments, earlier)]
        chosen = [self.chosen(to.folder, numbers) for numbers, _, _ in commands]
        for pair in itertools.zip_longest(*chosen):
            for message, (_, _, items) in zip(pair, commands, strict=True):
                if message is not None:
                    self.answer_fetch(to, to.folder, message, items)
        to.ok(tag)
        to.ok(first)


def test_answers_to_two_commands_at_once() -> None:
    with served(filled(Parallel(), 1000)) as mailbox:
        heads = list(mailbox.heads(places(range(1, 1001))))
        assert [head.location.uid for head in heads] == list(range(1, 1001))
        raws = [identity_of(raw.data).subject for raw in mailbox.fetch(places(range(1, 1001)))]
    assert raws == [f"letter {number}" for number in range(1, 1001)]


class Stale(ImapScript):
    """Another session has expunged message 2, and this server answers for it all the same."""

    answer = b""

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        if message.uid != 2:
            super().answer_fetch(to, folder, message, items)
        elif self.answer:
            to.say(self.answer)

    def found(self, folder: Folder, criteria: str) -> list[int]:
        return [uid for uid in super().found(folder, criteria) if uid != 2]


@pytest.mark.vice(8)
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"* 2 FETCH (UID 2)",
        b"* 2 FETCH (UID 2 RFC822.SIZE 190 BODY[] NIL)",
        b'* 2 FETCH (UID 2 RFC822.SIZE 190 BODY[] "")',
        b"* 2 FETCH (UID 2 RFC822.SIZE 190 BODY[] {3}\r\nFro)",
    ],
    ids=["nothing", "no items", "NIL", "empty", "a part"],
)
def test_what_is_gone_is_left_out(answer: bytes) -> None:
    server = filled(Stale())
    server.answer = answer
    with served(server) as mailbox:
        raws = list(mailbox.fetch(places([1, 2, 3])))
    assert [raw.data for raw in raws] == [letter(1), letter(3)]


class Cutting(ImapScript):
    """Gives too little of message 2, though it is there."""

    times = 100
    guesses = 0

    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        if message.uid != 2 or "BODY.PEEK[]" not in items or not self.times:
            super().answer_fetch(to, folder, message, items)
            return
        if "<" in items:
            at = int(items.partition("<")[2].partition(".")[0])
            rest = b"" if self.guesses else message.data[at : at + 1]
            to.say(b'* 2 FETCH (UID 2 BODY[]<%d> "%b")' % (at, rest))
            return
        self.times -= 1
        data = message.data if self.guesses else message.data[:-2]
        size = len(message.data) + self.guesses
        to.say(b"* 2 FETCH (UID 2 RFC822.SIZE %d BODY[] {%d}\r\n%b)" % (size, len(data), data))


def test_cut_once_it_is_fetched_again() -> None:
    server = filled(Cutting())
    server.times = 1
    with served(server) as mailbox:
        raws = list(mailbox.fetch(places([1, 2, 3])))
    assert [raw.data for raw in raws] == [letter(1), letter(2), letter(3)]


@pytest.mark.vice(8)
def test_always_cut_it_is_named_after_all_others_came() -> None:
    with served(filled(Cutting())) as mailbox:
        reading = mailbox.fetch(places([1, 2, 3]))
        assert [next(reading).data, next(reading).data] == [letter(1), letter(3)]
        size = len(letter(2))
        with pytest.raises(
            MailboxError, match=f"reading message 2 in INBOX: {size - 2} of {size} bytes came"
        ):
            next(reading)


@pytest.mark.vice(8)
@pytest.mark.parametrize("guesses", [7, -7])
def test_a_wrong_size_is_no_reason_to_leave_it_out(guesses: int) -> None:
    server = filled(Cutting())
    server.guesses = guesses
    with served(server) as mailbox:
        raws = list(mailbox.fetch(places([1, 2, 3])))
    assert [raw.data for raw in raws] == [letter(1), letter(2), letter(3)]


class Poisoned(ImapScript):
    """Refuses every FETCH that names message 2, having answered for some of the others."""

    def do_fetch(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        assert to.folder is not None
        numbers, _, items = arguments.partition(" ")
        for message in self.chosen(to.folder, numbers):
            if message.uid == 2 and items != "(UID RFC822.SIZE)":
                to.say(tag + b" NO it is broken")
                return
            self.answer_fetch(to, to.folder, message, items)
        to.ok(tag)


@pytest.mark.vice(15)
def test_one_that_the_server_cannot_read_does_not_stop_the_rest() -> None:
    with served(filled(Poisoned(), 6)) as mailbox:
        heads = list(mailbox.heads(places(range(1, 7))))
        assert sorted(int(head.location.uid) for head in heads) == [1, 3, 4, 5, 6]
        raws: list[Uid] = []
        with pytest.raises(MailboxError, match="it is broken"):
            raws.extend(raw.location.uid for raw in mailbox.fetch(places(range(1, 7))))
        assert raws == [1, 3, 4, 5, 6]


class WholeInstead(ImapScript):
    def answer_fetch(self, to: Connection, folder: Folder, message: Message, items: str) -> None:
        to.say(
            b"* 1 FETCH (UID %d RFC822.SIZE %d BODY[HEADER.FIELDS (X)] {%d}\r\n%b)"
            % (message.uid, len(message.data), len(message.data), message.data)
        )


@pytest.mark.vice(10)
def test_a_whole_message_instead_of_its_header_is_not_kept() -> None:
    server = WholeInstead()
    server.inbox.add(letter(1, b"x" * 1_000_000))
    with served(server) as mailbox:
        (head,) = mailbox.heads(places([1]))
    assert len(head.header) < 1000
    assert identity_of_header(head.header).message_id == "<letter-1@example.org>"


def test_another_uidvalidity_means_that_they_are_not_there() -> None:
    with served(filled(ImapScript())) as mailbox:
        assert list(mailbox.heads(places([1, 2], validity=8))) == []
        assert list(mailbox.fetch(places([1, 2], validity=8))) == []


def test_a_missing_folder_is_an_error() -> None:
    with served(ImapScript()) as mailbox:
        with pytest.raises(MailboxError, match="opening Gone: no such folder"):
            list(mailbox.heads(places([1], "Gone")))
        assert mailbox.list().complete


def test_large_ones_come_alone_and_the_order_stays() -> None:
    server = ImapScript()
    bodies = [b"x" * size + b"\r\n" for size in (10, 6_000_000, 20, 3_000_000, 3_000_000, 30)]
    for number, body in enumerate(bodies, 1):
        server.inbox.add(letter(number, body))
    with served(server) as mailbox:
        raws = [len(raw.data) for raw in mailbox.fetch(places([1, 2, 3, 4, 5, 6]))]
    assert raws == [len(letter(1)) - 8 + len(body) for body in bodies]
    asked = [line.split()[2] for line in server.sent("UID FETCH") if "BODY" in line]
    assert asked == ["1", "2", "3:4", "5:6"]


@pytest.mark.vice(11)
def test_no_command_is_too_long() -> None:
    server = ImapScript()
    server.inbox.uidnext = 1_000_000_000
    for number in range(1500):
        server.inbox.add(letter(number))
        server.inbox.uidnext += 1
    with served(server) as mailbox:
        assert len(list(mailbox.heads(places(server.inbox.uids)))) == 1500
        assert len(list(mailbox.fetch(places(server.inbox.uids)))) == 1500
    assert max(map(len, server.lines)) < 8000


def test_other_calls_between_two_messages() -> None:
    server = filled(ImapScript(), 250)
    server.folders["Work"] = Folder()
    server.folders["Work"].add(letter(1))
    with served(server) as mailbox:
        seen = 0
        for raw in mailbox.fetch(places(range(1, 251))):
            seen += 1
            assert raw.data == letter(seen)
            if not seen % 60:
                assert len(list(mailbox.heads(places([1], "Work")))) == 1
                assert mailbox.list().messages == 251
    assert seen == 250


def test_left_in_the_middle() -> None:
    with served(filled(ImapScript(), 250)) as mailbox:
        for _ in zip(range(3), mailbox.fetch(places(range(1, 251))), strict=False):
            pass
        assert mailbox.list().messages == 250
