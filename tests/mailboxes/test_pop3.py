"""POP3 beyond the contract: what servers lack, and what they do wrong."""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.mailboxes.base import (
    DeleteRequest,
    Location,
    MailboxError,
    Unreachable,
)
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox
from mailsync_tui.mailboxes.pop3.wire import Busy
from mailsync_tui.message import identity_of
from tests.builders import letter
from tests.mailboxes.contract import SECRET, Marks
from tests.mailboxes.test_contract_pop3 import QUICK, pop3_at
from tests.servers.dovecot import Authority, make_authority
from tests.servers.pop3 import Account, Vices, serving
from tests.servers.pop3_script import SECRET as SCRIPT_SECRET
from tests.servers.pop3_script import HangupError, Nameless, Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mailsync_tui.config.model import Tls

READING = {"USER", "PASS", "CAPA", "STAT", "LIST", "UIDL", "TOP", "QUIT"}


@pytest.fixture
def account() -> Account:
    return Account(SECRET, {f"u{number}": letter(number) for number in range(6)})


@pytest.fixture
def port(account: Account) -> Iterator[int]:
    with serving({"ann": account}) as port:
        yield port


@pytest.fixture
def mailbox(port: int) -> Pop3Mailbox:
    return pop3_at(port)


def listed(mailbox: Pop3Mailbox) -> list[Location]:
    return [Location("INBOX", 0, uid) for uid in mailbox.list().folders[0].uids]


def verbs(account: Account) -> set[str]:
    return {line.partition(" ")[0] for line in account.log}


def numbers(mailbox: Pop3Mailbox, locations: list[Location]) -> list[str]:
    return [identity_of(raw.data).subject for raw in mailbox.fetch(locations)]


@pytest.mark.parametrize("vices", [Vices(), Vices(no_uidl=True), Vices(positional_uidl=True)])
def test_a_person_reads_by_top_alone(account: Account, mailbox: Pop3Mailbox, vices: Vices) -> None:
    account.vices = vices
    text = b"From: a@b.c\n\n" + b"\n" * 5000 + b".\nthe end\n"
    account.mail["u9"] = text
    found = mailbox.read(listed(mailbox)[-1])
    assert found is not None
    assert found.data == text.replace(b"\n", b"\r\n")
    assert verbs(account) <= READING


def test_without_top_a_person_cannot_read_and_is_told_so(
    account: Account, mailbox: Pop3Mailbox
) -> None:
    account.vices = Vices(no_top=True)
    (*_, last) = listed(mailbox)
    with pytest.raises(MailboxError, match="it can be read once it is collected"):
        mailbox.read(last)
    assert "RETR" not in verbs(account)


@pytest.mark.parametrize(
    "vices", [Vices(), Vices(no_uidl=True), Vices(shared_uidl=True), Vices(positional_uidl=True)]
)
def test_a_preview_leaves_no_trace(account: Account, mailbox: Pop3Mailbox, vices: Vices) -> None:
    account.vices = vices
    assert len(list(mailbox.heads(listed(mailbox)))) == 6
    mailbox.facts()
    assert verbs(account) <= READING


def test_a_session_lasts_for_one_listing(account: Account, mailbox: Pop3Mailbox) -> None:
    mailbox.list()
    assert account.log[-1] == "QUIT"
    assert not account.locked


class Unlocking(list[str]):
    """A log that frees the account's lock when it was asked for often enough."""

    def __init__(self, account: Account, attempts: int) -> None:
        super().__init__()
        self._account = account
        self._attempts = attempts

    def append(self, line: str) -> None:
        super().append(line)
        if self.count("PASS") == self._attempts:
            self._account.locked = False


@pytest.mark.vice(16)
def test_a_locked_mailbox_is_tried_again(account: Account, mailbox: Pop3Mailbox) -> None:
    account.locked = True
    account.log = Unlocking(account, 3)
    assert mailbox.list().messages == 6
    assert account.log.count("PASS") == 3


def test_a_mailbox_that_stays_locked(account: Account, mailbox: Pop3Mailbox) -> None:
    account.locked = True
    with pytest.raises(Busy, match="in use"):
        mailbox.list()
    assert 1 < account.log.count("PASS") < 10


def test_a_listing_that_lacks_a_message_is_not_complete(
    account: Account, mailbox: Pop3Mailbox
) -> None:
    account.vices = Vices(short_uidl=True)
    listing = mailbox.list()
    assert not listing.complete
    assert listing.error
    lost = Location("INBOX", 0, "u5")
    (outcome,) = mailbox.delete([DeleteRequest(lost, None)], Marks())
    assert outcome.outcome == "skipped"


def test_a_refused_quit_means_that_nothing_was_deleted(
    account: Account, mailbox: Pop3Mailbox
) -> None:
    account.vices = Vices(quit_fails=True)
    requests = [DeleteRequest(location, None) for location in listed(mailbox)]
    with pytest.raises(Unreachable, match="did not carry"):
        mailbox.delete(requests, Marks())
    assert len(account.mail) == 6


def test_wherever_the_connection_is_cut_the_answer_is_the_truth(
    account: Account, mailbox: Pop3Mailbox
) -> None:
    requests = [DeleteRequest(location, None) for location in listed(mailbox)][:3]
    cuts = 0
    for octets in range(0, 5000, 37):
        account.vices = Vices(drop_after=octets)
        before = dict(account.mail)
        try:
            outcomes = mailbox.delete(requests, Marks())
        except Unreachable:
            cuts += 1
            assert account.mail == before
        else:
            assert [one.outcome for one in outcomes] == ["done"] * 3
            assert list(account.mail) == ["u3", "u4", "u5"]
            break
    assert cuts
    assert len(account.mail) == 3


def test_a_message_that_was_cut_short_is_not_handed_on(
    account: Account, mailbox: Pop3Mailbox
) -> None:
    account.mail["big"] = letter(7, b"x" * 40 + b"\r\n" + b"y" * 50_000 + b"\r\n")
    locations = listed(mailbox)
    account.vices = Vices(drop_after=20_000)
    seen: list[bytes] = []
    with pytest.raises(Unreachable):
        seen.extend(raw.data for raw in mailbox.fetch(locations))
    assert seen == [letter(number) for number in range(6)]


@pytest.mark.vice(16)
def test_a_server_that_cannot_pipeline_is_asked_one_by_one(account: Account, port: int) -> None:
    account.vices = Vices(drops_pipelined=True)
    config = MailboxConfig("test", "pop3", host="127.0.0.1", port=port, tls="none", user="ann")
    mailbox = Pop3Mailbox(config, lambda: SECRET, QUICK._replace(stall=0.05))
    locations = listed(mailbox)
    assert numbers(mailbox, locations) == [f"letter {number}" for number in range(6)]
    assert len(list(mailbox.heads(locations))) == 6
    outcomes = mailbox.delete([DeleteRequest(one, None) for one in locations[:2]], Marks())
    assert [one.outcome for one in outcomes] == ["done", "done"]
    assert list(account.mail) == ["u2", "u3", "u4", "u5"]


def test_without_top_the_uidl_alone_counts(account: Account, mailbox: Pop3Mailbox) -> None:
    account.vices = Vices(no_top=True)
    locations = listed(mailbox)
    assert mailbox.list().note is None
    assert list(mailbox.heads(locations)) == []
    mailbox.delete([DeleteRequest(locations[0], identity_of(letter(0)))], Marks())
    assert list(account.mail) == ["u1", "u2", "u3", "u4", "u5"]


WITHOUT_NAMES = Vices(no_top=True, no_uidl=True)


def retrieved(account: Account) -> list[int]:
    return [int(line.split()[1]) for line in account.log if line.startswith("RETR")]


def limited(port: int, most: int) -> Pop3Mailbox:
    config = MailboxConfig(
        "test", "pop3", host="127.0.0.1", port=port, tls="none", user="ann", max_listing=most
    )
    return Pop3Mailbox(config, lambda: SECRET, QUICK)


@pytest.mark.parametrize("vices", [WITHOUT_NAMES, Vices(positional_uidl=True, no_top=True)])
def test_without_uidl_and_top_a_listing_reads_all_and_nothing_else_does(
    account: Account, mailbox: Pop3Mailbox, vices: Vices
) -> None:
    account.vices = vices
    locations = listed(mailbox)
    assert retrieved(account) == [1, 2, 3, 4, 5, 6]
    account.log.clear()
    assert len(list(mailbox.heads(locations))) == 6
    assert "RETR" not in verbs(account)
    assert numbers(mailbox, locations[3:5]) == ["letter 3", "letter 4"]
    read = mailbox.read(locations[5])
    assert read is not None
    assert read.data == letter(5)
    assert retrieved(account) == [4, 5, 6]


def test_without_uidl_and_top_the_bytes_are_the_name(account: Account, port: int) -> None:
    """What comes to the number of another one, of its size, is another message."""
    account.vices = WITHOUT_NAMES
    mailbox = pop3_at(port)
    before = listed(mailbox)
    account.mail["u3"] = letter(8)
    assert len(letter(8)) == len(letter(3))
    after = listed(pop3_at(port))
    assert [one for one in after if one in before] == [*before[:3], *before[4:]]
    # The mailbox that has listed before finds out as well, by the bytes that come.
    assert numbers(mailbox, before) == ["letter 0", "letter 1", "letter 2", "letter 4", "letter 5"]
    account.mail["u4"] = letter(9)
    requests = [DeleteRequest(one, None) for one in before[2:6]]
    outcomes = [one.outcome for one in mailbox.delete(requests, Marks())]
    assert outcomes == ["done", "gone", "gone", "done"]
    assert list(account.mail) == ["u0", "u1", "u3", "u4"]


def test_without_uidl_and_top_a_message_goes_by_its_bytes_wherever_it_is(
    account: Account, mailbox: Pop3Mailbox
) -> None:
    account.vices = WITHOUT_NAMES
    account.mail["twin"] = letter(2)
    before = listed(mailbox)
    assert len(set(before)) == 7
    del account.mail["u0"]
    account.mail["new"] = letter(7)
    requests = [DeleteRequest(before[4], identity_of(letter(4)))]
    assert [one.outcome for one in mailbox.delete(requests, Marks())] == ["done"]
    assert list(account.mail) == ["u1", "u2", "u3", "u5", "twin", "new"]
    outcomes = mailbox.delete([DeleteRequest(before[0], None), requests[0]], Marks())
    assert [one.outcome for one in outcomes] == ["gone", "gone"]
    wrong = DeleteRequest(before[5], identity_of(letter(0)))
    assert [one.outcome for one in mailbox.delete([wrong], Marks())] == ["skipped"]
    assert len(account.mail) == 6


def test_above_max_listing_nothing_is_read_and_nothing_deleted(account: Account, port: int) -> None:
    account.vices = WITHOUT_NAMES
    size = sum(map(len, account.mail.values()))
    assert limited(port, size).list().note is None
    mailbox = limited(port, size - 1)
    account.log.clear()
    listing = mailbox.list()
    assert listing.complete
    assert "max_listing" in str(listing.note)
    locations = listed(mailbox)
    assert list(mailbox.heads(locations)) == []
    outcomes = mailbox.delete([DeleteRequest(one, None) for one in locations], Marks())
    assert {one.outcome for one in outcomes} == {"skipped"}
    gone = DeleteRequest(Location("INBOX", 0, "#9:100"), None)
    assert [one.outcome for one in mailbox.delete([gone], Marks())] == ["skipped"]
    assert verbs(account) <= READING
    assert len(numbers(mailbox, locations)) == 6


@pytest.mark.parametrize("most", [0, 200_000_000])
def test_check_says_what_a_listing_costs_and_does_not_pay(
    account: Account, port: int, most: int
) -> None:
    account.vices = WITHOUT_NAMES
    account.mail["big"] = letter(1, b"x" * 2_500_000)
    (note,) = limited(port, most).facts().notes
    assert "fetches all messages, 2.5 MB" in note
    assert f"max_listing ({most // 10**6} MB)" in note
    assert verbs(account) <= READING


class Touchy(Nameless):
    """Hangs up, or refuses, when it is asked for a poison message."""

    refuses = False

    def do_retr(self, to: Session, argument: str) -> None:
        if b"poison" not in to.mail[int(argument) - 1][1]:
            super().do_retr(to, argument)
        elif self.refuses:
            to.say("-ERR no")
        else:
            raise HangupError


@pytest.mark.parametrize("refuses", [True, False])
def test_what_cannot_be_read_whole_hides_no_other(refuses: bool) -> None:
    with Touchy() as server:
        server.refuses = refuses
        server.mail = {f"u{n}": letter(n, b"poison\r\n" * (n in (1, 4))) for n in range(6)}
        mailbox = pop3_at(server.port, SCRIPT_SECRET)
        listing = mailbox.list()
        assert listing.messages == 6
        assert listing.error == "2 messages cannot be read"
        locations = listed(mailbox)
        good = [one for number, one in enumerate(locations) if number not in (1, 4)]
        assert [head.location for head in mailbox.heads(locations)] == good
        assert len(numbers(mailbox, good)) == 4
        requests = [DeleteRequest(one, None) for one in locations[:2]]
        outcomes = [one.outcome for one in mailbox.delete(requests, Marks())]
        assert outcomes == ["done", "skipped"]
        assert "u0" not in server.mail


def test_bytes_that_differ_each_time_are_no_name() -> None:
    class Changing(Touchy):
        served_so_far = 0

        def served(self, name: str, data: bytes) -> bytes:
            self.served_so_far += 1
            return data + b"%d\r\n" % self.served_so_far

    with Changing() as server:
        server.mail = {"u0": letter(0)}
        mailbox = pop3_at(server.port, SCRIPT_SECRET)
        (location,) = listed(mailbox)
        assert list(mailbox.fetch([location])) == []
        mailbox.delete([DeleteRequest(one, None) for one in listed(mailbox)], Marks())
        assert not server.sent("DELE")


@pytest.mark.vice(4)
@pytest.mark.parametrize("vices", [Vices(no_uidl=True), Vices(positional_uidl=True)])
def test_a_position_is_no_name(account: Account, mailbox: Pop3Mailbox, vices: Vices) -> None:
    account.vices = vices
    before = listed(mailbox)
    del account.mail["u0"]
    account.mail["new"] = letter(9)
    assert listed(mailbox)[:-1] == before[1:]
    assert listed(mailbox)[-1] not in before
    outcomes = mailbox.delete(
        [DeleteRequest(before[3], identity_of(letter(3))), DeleteRequest(before[0], None)], Marks()
    )
    assert [one.outcome for one in outcomes] == ["done", "gone"]
    assert "u3" not in account.mail


@pytest.mark.vice(4)
def test_messages_that_share_a_uidl_are_told_apart(account: Account, mailbox: Pop3Mailbox) -> None:
    account.vices = Vices(shared_uidl=True)
    locations = listed(mailbox)
    assert len(set(locations)) == 6
    assert numbers(mailbox, locations[2:4]) == ["letter 2", "letter 3"]
    requests = [DeleteRequest(locations[n], identity_of(letter(n))) for n in range(1, 6)]
    assert {one.outcome for one in mailbox.delete(requests, Marks())} == {"done"}
    assert list(account.mail) == ["u0"]
    # Alone with its UIDL it now has a shorter name; that is no proof that it is gone.
    (outcome,) = mailbox.delete([DeleteRequest(locations[0], None)], Marks())
    assert outcome.outcome == "skipped"
    assert list(account.mail) == ["u0"]


@pytest.mark.vice(4)
def test_the_second_of_two_equal_messages_is_not_called_gone(
    account: Account, mailbox: Pop3Mailbox
) -> None:
    account.vices = Vices(no_uidl=True)
    account.mail = {"a": letter(1), "b": letter(1)}
    first, second = listed(mailbox)
    assert [one.outcome for one in mailbox.delete([DeleteRequest(first, None)], Marks())] == [
        "done"
    ]
    assert [one.outcome for one in mailbox.delete([DeleteRequest(second, None)], Marks())] == [
        "skipped"
    ]
    assert len(account.mail) == 1


@pytest.mark.vice(3)
def test_a_server_that_unlinks_late(account: Account, mailbox: Pop3Mailbox) -> None:
    account.vices = Vices(lag=1)
    first, *rest = listed(mailbox)
    (outcome,) = mailbox.delete([DeleteRequest(first, None)], Marks())
    assert outcome.outcome == "done"
    assert listed(mailbox) == [first, *rest]
    assert listed(mailbox) == rest


def test_starttls_is_never_left_out(account: Account, port: int) -> None:
    config = MailboxConfig("test", "pop3", host="127.0.0.1", port=port, tls="starttls", user="ann")
    with pytest.raises(MailboxError, match="does not offer STARTTLS"):
        Pop3Mailbox(config, lambda: SECRET, QUICK).list()
    assert "PASS" not in verbs(account)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tls"))


def tls_mailbox(
    port: int, tls: Tls, ca_file: Path | None, certificate: str | None = None
) -> Pop3Mailbox:
    config = MailboxConfig(
        "test",
        "pop3",
        host="localhost",
        port=port,
        tls=tls,
        user="ann",
        ca_file=ca_file,
        certificate=certificate,
    )
    return Pop3Mailbox(config, lambda: SECRET, QUICK)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_tls_is_verified(account: Account, authority: Authority, tls: Tls) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.certificate, authority.key)
    with serving({"ann": account}, tls=context, implicit=tls == "implicit") as port:
        mailbox = tls_mailbox(port, tls, authority.ca_file)
        assert len(numbers(mailbox, listed(mailbox))) == 6
        assert mailbox.facts().encryption.startswith("TLS 1.")
        account.log.clear()
        with pytest.raises(Unreachable, match=r"not trusted.*SHA-256"):
            tls_mailbox(port, tls, None).list()
        assert account.log == []
        der = ssl.PEM_cert_to_DER_cert(authority.certificate.read_text())
        pinned = tls_mailbox(port, tls, None, hashlib.sha256(der).digest().hex(":").upper())
        assert len(numbers(pinned, listed(pinned))) == 6
        assert pinned.facts().encryption.endswith("(pinned by fingerprint)")
