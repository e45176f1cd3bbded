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

from mailsync_tui.demo.imap_server import DemoUnavailable
from mailsync_tui.demo.mail import Letter, Writer
from mailsync_tui.demo.stage import HOST, IMAP, PASSWORDS, POP3, USERS, Stage
from mailsync_tui.demo.story import CONSOLIDATED, ISP, OLD, WORK, Change, tell

TIMEOUT = 30.0


def imap(stage: Stage, name: str) -> imaplib.IMAP4:
    client = imaplib.IMAP4(HOST, stage.ports[name], timeout=TIMEOUT)
    client.login(USERS[name], PASSWORDS[name])
    return client


def pop3_holds(stage: Stage, name: str) -> dict[str, bytes]:
    client = poplib.POP3(HOST, stage.ports[name], timeout=TIMEOUT)
    client.user(USERS[name])
    client.pass_(PASSWORDS[name])
    lines = client.uidl()[1]
    assert isinstance(lines, list)
    names = [line.decode().split() for line in lines]
    mail = {uidl: b"".join(s + b"\r\n" for s in client.retr(int(n))[1]) for n, uidl in names}
    client.quit()
    return mail


def imap_holds(stage: Stage, name: str, folder: str = "INBOX") -> list[bytes]:
    with imap(stage, name) as client:
        client.select(f'"{folder}"', readonly=True)
        _, answers = client.fetch("1:*", "(BODY.PEEK[])")
        return [answer[1] for answer in answers if isinstance(answer, tuple)]


@pytest.fixture
def letters() -> list[Letter]:
    writer = Writer(7)
    return [writer.letter("private") for _ in range(4)]


def test_pop3_serves_what_was_delivered(letters: list[Letter]) -> None:
    with Stage([Change("deliver", ISP, letter) for letter in letters]) as stage:
        assert list(pop3_holds(stage, ISP).values()) == [letter.data for letter in letters]
        assert pop3_holds(stage, OLD) == {}


def test_imap_serves_what_was_delivered_with_its_dates(letters: list[Letter]) -> None:
    changes = [Change("deliver", WORK, letter) for letter in letters[:2]]
    changes.append(Change("deliver", WORK, letters[2], "Projects/Atlas"))
    with Stage(changes) as stage:
        assert imap_holds(stage, WORK) == [letter.data for letter in letters[:2]]
        assert imap_holds(stage, WORK, "Projects/Atlas") == [letters[2].data]
        with imap(stage, WORK) as client:
            client.select("INBOX", readonly=True)
            _, (answer, *_rest) = client.fetch("1", "(INTERNALDATE)")
            assert isinstance(answer, bytes)
            arrived = imaplib.Internaldate2tuple(answer)
            assert arrived is not None
            assert time.mktime(arrived) == letters[0].date.timestamp()


def test_pymaps_own_demo_mail_does_not_appear() -> None:
    with Stage([]) as stage:
        for name in IMAP:
            with imap(stage, name) as client:
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
        Stage([]) as stage,
        imaplib.IMAP4(HOST, stage.ports[WORK], timeout=TIMEOUT) as client,
        pytest.raises(imaplib.IMAP4.error),
    ):
        client.login(user, password)


def test_pop3_uidls_stay_for_what_returns_and_change_for_what_is_new(
    letters: list[Letter],
) -> None:
    first, second = letters[:2]
    with Stage([Change("deliver", ISP, first), Change("deliver", ISP, second)]) as stage:
        before = {data: uidl for uidl, data in pop3_holds(stage, ISP).items()}
        stage.change([Change("remove", ISP, first), Change("remove", ISP, second)])
        assert pop3_holds(stage, ISP) == {}
        stage.change([Change("return", ISP, first), Change("deliver", ISP, second)])
        after = {data: uidl for uidl, data in pop3_holds(stage, ISP).items()}
        assert after[first.data] == before[first.data]
        assert after[second.data] != before[second.data]


def test_imap_mail_is_removed_filed_and_returned(letters: list[Letter]) -> None:
    first, second, third, fourth = letters
    with Stage([Change("deliver", WORK, letter) for letter in letters[:3]]) as stage:
        stage.change(
            [
                Change("remove", WORK, first),
                Change("file", WORK, second, "Projects/Tern"),
                Change("deliver", WORK, fourth),
            ]
        )
        assert imap_holds(stage, WORK) == [third.data, fourth.data]
        assert imap_holds(stage, WORK, "Projects/Tern") == [second.data]


def test_imap_mail_that_returns_has_the_uid_it_had(letters: list[Letter]) -> None:
    first, second = letters[:2]
    with Stage([Change("deliver", WORK, letter) for letter in (first, second)]) as stage:
        stage.change([Change("remove", WORK, first)])
        assert imap_holds(stage, WORK) == [second.data]
        stage.change([Change("return", WORK, first)])
        assert imap_holds(stage, WORK) == [first.data, second.data]
        with imap(stage, WORK) as client:
            client.select("INBOX", readonly=True)
            _, answers = client.fetch("1:*", "(UID FLAGS)")
            assert answers == [b"1 (UID 101 FLAGS ())", b"2 (UID 102 FLAGS ())"]


def test_only_what_was_deleted_can_return(letters: list[Letter]) -> None:
    with (
        Stage([Change("deliver", WORK, letters[0])]) as stage,
        pytest.raises(LookupError),
    ):
        stage.change([Change("return", WORK, letters[0])])


def test_what_is_not_there_cannot_be_removed(letters: list[Letter]) -> None:
    with Stage([]) as stage, pytest.raises(LookupError):
        stage.change([Change("remove", WORK, letters[0])])


def test_the_whole_beginning_is_served() -> None:
    story = tell()
    counts = Counter(change.mailbox for change in story.beginning)
    with Stage(story.beginning) as stage:
        assert {name: len(pop3_holds(stage, name)) for name in POP3} == {
            name: counts[name] for name in POP3
        }
        atlas = imap_holds(stage, WORK, "Projects/Atlas")
        assert len(imap_holds(stage, WORK)) + len(atlas) == counts[WORK]
        with imap(stage, CONSOLIDATED) as client:
            folders = [
                line.decode().split()[-1] for line in client.list()[1] if isinstance(line, bytes)
            ]
            assert sorted(folders) == ["Archive", "Drafts", "INBOX", "Sent"]


def test_a_session_that_waits_is_not_collected_as_garbage() -> None:
    with Stage([]) as stage:
        for name in IMAP:
            with imap(stage, name) as client:
                gc.collect()
                assert client.noop()[0] == "OK"


def test_nothing_listens_afterwards(letters: list[Letter]) -> None:
    with Stage([Change("deliver", ISP, letters[0])]) as stage:
        left = [imap(stage, WORK).socket(), socket.create_connection((HOST, stage.ports[ISP]))]
        ports = dict(stage.ports)
    for port in ports.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, port), timeout=TIMEOUT)
    for connection in left:
        connection.settimeout(TIMEOUT)
        while connection.recv(4096):
            pass
        connection.close()


def test_without_pymap_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymap.imap", None)
    stage = Stage([])
    with pytest.raises(DemoUnavailable, match=r"pip install 'mailsync-tui\[demo\]'"):
        stage.__enter__()
