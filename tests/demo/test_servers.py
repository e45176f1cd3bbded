"""The demo's servers, spoken to as any mail program would."""

from __future__ import annotations

import gc
import imaplib
import poplib
import socket
import sys
import time
from collections import Counter

import pytest

from mailsync_tui.demo.mail.letters import Letter, Writer
from mailsync_tui.demo.scenario import (
    CONSOLIDATED,
    DOWN,
    HIDER,
    ISP,
    OLD,
    RESTORED,
    SWAPPED,
    WORK,
    Change,
    Incident,
    build_scenario,
)
from mailsync_tui.demo.servers.servers import HOST, IMAP, PASSWORDS, POP3, USERS, Servers
from mailsync_tui.errors import DemoUnavailable

TIMEOUT = 30.0


def imap(servers: Servers, name: str) -> imaplib.IMAP4:
    client = imaplib.IMAP4(HOST, servers.ports[name], timeout=TIMEOUT)
    client.login(USERS[name], PASSWORDS[name])
    return client


def pop3_holds(servers: Servers, name: str) -> dict[str, bytes]:
    client = poplib.POP3(HOST, servers.ports[name], timeout=TIMEOUT)
    client.user(servers.users[name])
    client.pass_(PASSWORDS[name])
    lines = client.uidl()[1]
    assert isinstance(lines, list)
    names = [line.decode().split() for line in lines]
    mail = {uidl: b"".join(s + b"\r\n" for s in client.retr(int(n))[1]) for n, uidl in names}
    client.quit()
    return mail


def imap_holds(servers: Servers, name: str, folder: str = "INBOX") -> list[bytes]:
    with imap(servers, name) as client:
        client.select(f'"{folder}"', readonly=True)
        _, answers = client.fetch("1:*", "(BODY.PEEK[])")
        return [answer[1] for answer in answers if isinstance(answer, tuple)]


@pytest.fixture
def letters() -> list[Letter]:
    writer = Writer(7)
    return [writer.letter("private") for _ in range(4)]


def test_pop3_serves_what_was_delivered(letters: list[Letter]) -> None:
    with Servers([Change("deliver", ISP, letter) for letter in letters]) as servers:
        assert list(pop3_holds(servers, ISP).values()) == [letter.data for letter in letters]
        assert pop3_holds(servers, OLD) == {}


def test_imap_serves_what_was_delivered_with_its_dates(letters: list[Letter]) -> None:
    changes = [Change("deliver", WORK, letter) for letter in letters[:2]]
    changes.append(Change("deliver", WORK, letters[2], "Projects/Atlas"))
    with Servers(changes) as servers:
        assert imap_holds(servers, WORK) == [letter.data for letter in letters[:2]]
        assert imap_holds(servers, WORK, "Projects/Atlas") == [letters[2].data]
        with imap(servers, WORK) as client:
            client.select("INBOX", readonly=True)
            _, (answer, *_rest) = client.fetch("1", "(INTERNALDATE)")
            assert isinstance(answer, bytes)
            arrived = imaplib.Internaldate2tuple(answer)
            assert arrived is not None
            assert time.mktime(arrived) == letters[0].date.timestamp()


def test_pymaps_own_demo_mail_does_not_appear() -> None:
    with Servers([]) as servers:
        for name in IMAP:
            with imap(servers, name) as client:
                assert client.list()[1] == [b'(\\HasNoChildren) "/" INBOX']
                assert client.select("INBOX", readonly=True)[1] == [b"0"]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (USERS[WORK], "wrong"),
        (USERS[CONSOLIDATED], PASSWORDS[CONSOLIDATED]),
        ("demouser", "demopass"),
    ],
)
def test_each_imap_server_has_one_log_in(user: str, password: str) -> None:
    with (
        Servers([]) as servers,
        imaplib.IMAP4(HOST, servers.ports[WORK], timeout=TIMEOUT) as client,
        pytest.raises(imaplib.IMAP4.error),
    ):
        client.login(user, password)


def test_pop3_uidls_stay_for_what_returns_and_change_for_what_is_new(
    letters: list[Letter],
) -> None:
    first, second = letters[:2]
    with Servers([Change("deliver", ISP, first), Change("deliver", ISP, second)]) as servers:
        before = {data: uidl for uidl, data in pop3_holds(servers, ISP).items()}
        servers.change([Change("remove", ISP, first), Change("remove", ISP, second)])
        assert pop3_holds(servers, ISP) == {}
        servers.change([Change("return", ISP, first), Change("deliver", ISP, second)])
        after = {data: uidl for uidl, data in pop3_holds(servers, ISP).items()}
        assert after[first.data] == before[first.data]
        assert after[second.data] != before[second.data]


def test_imap_mail_is_removed_filed_and_returned(letters: list[Letter]) -> None:
    first, second, third, fourth = letters
    with Servers([Change("deliver", WORK, letter) for letter in letters[:3]]) as servers:
        servers.change(
            [
                Change("remove", WORK, first),
                Change("file", WORK, second, "Projects/Tern"),
                Change("deliver", WORK, fourth),
            ]
        )
        assert imap_holds(servers, WORK) == [third.data, fourth.data]
        assert imap_holds(servers, WORK, "Projects/Tern") == [second.data]


def test_imap_mail_that_returns_has_the_uid_it_had(letters: list[Letter]) -> None:
    first, second = letters[:2]
    with Servers([Change("deliver", WORK, letter) for letter in (first, second)]) as servers:
        servers.change([Change("remove", WORK, first)])
        assert imap_holds(servers, WORK) == [second.data]
        servers.change([Change("return", WORK, first)])
        assert imap_holds(servers, WORK) == [first.data, second.data]
        with imap(servers, WORK) as client:
            client.select("INBOX", readonly=True)
            _, answers = client.fetch("1:*", "(UID FLAGS)")
            assert answers == [b"1 (UID 101 FLAGS ())", b"2 (UID 102 FLAGS ())"]


def test_only_what_was_deleted_can_return(letters: list[Letter]) -> None:
    with (
        Servers([Change("deliver", WORK, letters[0])]) as servers,
        pytest.raises(LookupError),
    ):
        servers.change([Change("return", WORK, letters[0])])


def test_what_is_not_there_cannot_be_removed(letters: list[Letter]) -> None:
    with Servers([]) as servers, pytest.raises(LookupError):
        servers.change([Change("remove", WORK, letters[0])])


def status(servers: Servers, name: str, folder: str = "INBOX") -> tuple[int, int]:
    """UIDVALIDITY and UIDNEXT."""
    with imap(servers, name) as client:
        (answer,) = client.status(f'"{folder}"', "(UIDVALIDITY UIDNEXT)")[1]
        assert isinstance(answer, bytes)
        validity, uidnext = (int(word.strip(b"()")) for word in answer.split()[2::2])
        return validity, uidnext


def test_a_renumbered_folder_holds_the_same_mail_under_other_numbers(
    letters: list[Letter],
) -> None:
    first, second, third = letters[:3]
    changes = [Change("deliver", WORK, letter, "Travel") for letter in (first, second)]
    with Servers([*changes, Change("deliver", WORK, third)]) as servers:
        inbox, before = status(servers, WORK), status(servers, WORK, "Travel")
        servers.apply_incidents([Incident("renumber", WORK, "Travel")])
        validity, uidnext = status(servers, WORK, "Travel")
        assert validity > before[0]
        assert uidnext == 3
        assert imap_holds(servers, WORK, "Travel") == [first.data, second.data]
        assert status(servers, WORK) == inbox


def test_a_rewound_folder_gives_out_the_same_uids_again(letters: list[Letter]) -> None:
    first, second, third = letters[:3]
    with Servers([Change("deliver", RESTORED, letter) for letter in (first, second)]) as servers:
        before = status(servers, RESTORED)
        servers.change([Change("remove", RESTORED, second)])
        assert status(servers, RESTORED) == before
        servers.apply_incidents([Incident("rewind", RESTORED)])
        assert status(servers, RESTORED) == (before[0], before[1] - 1)
        servers.change([Change("deliver", RESTORED, third)])
        assert imap_holds(servers, RESTORED) == [first.data, third.data]


def test_a_dropped_folder_is_not_listed(letters: list[Letter]) -> None:
    with Servers([Change("deliver", RESTORED, letters[0], "Invoices")]) as servers:
        servers.apply_incidents([Incident("drop", RESTORED, "Invoices")])
        with imap(servers, RESTORED) as client:
            assert client.list()[1] == [b'(\\HasNoChildren) "/" INBOX']


def test_a_swapped_account_is_somebody_elses_and_the_first_one_stays(
    letters: list[Letter],
) -> None:
    first, second = letters[:2]
    with Servers([Change("deliver", SWAPPED, first)]) as servers:
        user = servers.users[SWAPPED]
        servers.apply_incidents([Incident("swap", SWAPPED, letters=(second,))])
        assert servers.users[SWAPPED] != user
        assert list(pop3_holds(servers, SWAPPED).values()) == [second.data]
        servers.users[SWAPPED] = user
        assert list(pop3_holds(servers, SWAPPED).values()) == [first.data]


def test_a_server_that_refuses_the_password_serves_nothing(letters: list[Letter]) -> None:
    with Servers([Change("deliver", DOWN, letters[0])]) as servers:
        servers.apply_incidents([Incident("refuse", DOWN)])
        with pytest.raises(imaplib.IMAP4.error):
            imap(servers, DOWN)


def test_what_was_retrieved_is_hidden_from_the_next_session(letters: list[Letter]) -> None:
    first, second = letters[:2]
    with Servers([Change("deliver", HIDER, first)]) as servers:
        assert list(pop3_holds(servers, HIDER).values()) == [first.data]
        servers.change([Change("deliver", HIDER, second)])
        assert list(pop3_holds(servers, HIDER).values()) == [second.data]
        assert len(servers.pop3[HIDER].mail) == 2


def test_what_was_only_looked_at_stays_listed(letters: list[Letter]) -> None:
    with Servers([Change("deliver", HIDER, letters[0])]) as servers:
        for _ in range(2):
            client = poplib.POP3(HOST, servers.ports[HIDER], timeout=TIMEOUT)
            client.user(servers.users[HIDER])
            client.pass_(PASSWORDS[HIDER])
            assert client.stat()[0] == 1
            client.top(1, 0)
            client.quit()


def test_the_whole_beginning_is_served() -> None:
    scenario = build_scenario()
    counts = Counter(change.mailbox for change in scenario.beginning)
    with Servers(scenario.beginning) as servers:
        assert {name: len(pop3_holds(servers, name)) for name in POP3} == {
            name: counts[name] for name in POP3
        }
        atlas = imap_holds(servers, WORK, "Projects/Atlas")
        assert len(imap_holds(servers, WORK)) + len(atlas) == counts[WORK]
        with imap(servers, CONSOLIDATED) as client:
            folders = [
                line.decode().split()[-1] for line in client.list()[1] if isinstance(line, bytes)
            ]
            assert sorted(folders) == ["Archive", "Drafts", "INBOX", "Sent"]


def test_a_session_that_waits_is_not_collected_as_garbage() -> None:
    with Servers([]) as servers:
        for name in IMAP:
            with imap(servers, name) as client:
                gc.collect()
                assert client.noop()[0] == "OK"


def test_nothing_listens_afterwards(letters: list[Letter]) -> None:
    with Servers([Change("deliver", ISP, letters[0])]) as servers:
        left = [imap(servers, WORK).socket(), socket.create_connection((HOST, servers.ports[ISP]))]
        ports = dict(servers.ports)
    for port in ports.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, port), timeout=TIMEOUT)
    for connection in left:
        connection.settimeout(TIMEOUT)
        while connection.recv(4096):
            pass
        connection.close()


def test_without_pymap_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mailsync_tui.demo.servers.imap", raising=False)
    monkeypatch.setitem(sys.modules, "pymap.imap", None)
    servers = Servers([])
    with pytest.raises(DemoUnavailable, match=r"pip install 'mailsync-tui\[demo\]'"):
        servers.__enter__()
