"""POP3 beyond the contract: what servers lack, and what they do wrong."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.config.model import MailboxConfig
from mailsync_tui.demo.servers.pop3 import Account, Vices
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
from tests.servers.pop3 import serving

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
    assert mailbox.list().identifies
    assert list(mailbox.heads(locations)) == []
    mailbox.delete([DeleteRequest(locations[0], identity_of(letter(0)))], Marks())
    assert list(account.mail) == ["u1", "u2", "u3", "u4", "u5"]


def test_without_uidl_and_top_nothing_is_deleted(account: Account, mailbox: Pop3Mailbox) -> None:
    account.vices = Vices(no_top=True, no_uidl=True)
    listing = mailbox.list()
    assert listing.complete
    assert not listing.identifies
    locations = listed(mailbox)
    assert len(numbers(mailbox, locations)) == 6
    outcomes = mailbox.delete([DeleteRequest(one, None) for one in locations], Marks())
    assert {one.outcome for one in outcomes} == {"skipped"}
    assert len(account.mail) == 6
    assert "DELE" not in verbs(account)
    assert any("neither UIDL nor TOP" in note for note in mailbox.facts().notes)


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


def tls_mailbox(port: int, tls: Tls, ca_file: Path | None) -> Pop3Mailbox:
    config = MailboxConfig(
        "test", "pop3", host="localhost", port=port, tls=tls, user="ann", ca_file=ca_file
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
