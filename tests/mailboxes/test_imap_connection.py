"""Connecting over IMAP: TLS, log-in, time-outs, and connections that break."""

from __future__ import annotations

import base64
import hashlib
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from mailsync_tui.config.model import MailboxConfig, Secret
from mailsync_tui.mailboxes.base import LoginRefused, MailboxError, Unreachable
from mailsync_tui.mailboxes.imap.connection import ImapTiming
from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox
from tests.builders import letter
from tests.mailboxes.contract import unused_port
from tests.mailboxes.imap_case import mailbox_at, places, served
from tests.servers.dovecot import PASSWORD, Authority, Dovecot, make_authority
from tests.servers.imap_script import SECRET, HangupError, ImapScript

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.imap_script import Connection

OLD = "IMAP4rev1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(authority: Authority) -> Iterator[Dovecot]:
    with Dovecot(tls=authority) as server:
        yield server


class LowerCase(ImapScript):
    """Words of the protocol in small letters; the case of keywords means nothing (RFC 3501, 9)."""

    capabilities = "imap4rev1 uidplus namespace"
    greeting = b"* ok [capability imap4rev1 namespace] hello\r\n"

    def do_capability(self, to: Connection, tag: bytes, *_: object) -> None:
        to.say(b"* capability " + self.capabilities.encode())
        to.say(tag + b" ok done")

    def do_login(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        if SECRET in arguments:
            to.say(tag + b" ok [capability imap4rev1 uidplus namespace] in")
        else:
            to.say(tag + b" no [authenticationfailed] Wrong password")

    def do_namespace(self, to: Connection, tag: bytes, *_: object) -> None:
        to.say(b'* namespace (("Mine/" "/")) nil nil')
        to.say(tag + b" ok done")


def test_words_in_small_letters_are_understood() -> None:
    with LowerCase() as server, mailbox_at(server.port, SECRET) as mailbox:
        server.inbox.add(letter(1))
        assert mailbox.list().complete
        assert "UIDPLUS" in mailbox.facts().capabilities


def test_a_refusal_in_small_letters_is_one() -> None:
    with (
        LowerCase() as server,
        mailbox_at(server.port, "another") as mailbox,
        pytest.raises(LoginRefused, match="Wrong password"),
    ):
        mailbox.facts()


# TLS


@pytest.mark.server
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_tls(secure: Dovecot, authority: Authority, tls: str) -> None:
    port = secure.imaps if tls == "implicit" else secure.imap
    with mailbox_at(port, PASSWORD, tls=tls, ca_file=authority.ca_file) as mailbox:
        assert mailbox.list().complete
        assert mailbox.facts().encryption == "TLS 1.3 (verified)"


@pytest.mark.server
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_certificate_of_nobody_known_is_refused(
    secure: Dovecot, authority: Authority, tls: str
) -> None:
    port = secure.imaps if tls == "implicit" else secure.imap
    der = ssl.PEM_cert_to_DER_cert(authority.certificate.read_text())
    fingerprint = hashlib.sha256(der).digest().hex(":").upper()
    with mailbox_at(port, PASSWORD, tls=tls) as mailbox:
        with pytest.raises(Unreachable, match=f"127.0.0.1:{port} is not trusted.*") as caught:
            mailbox.list()
        assert fingerprint in str(caught.value)
    with mailbox_at(port, PASSWORD, tls=tls, certificate=fingerprint) as mailbox:
        assert mailbox.list().complete
        assert mailbox.facts().encryption == "TLS 1.3 (pinned by fingerprint)"


@pytest.mark.server
def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    other = make_authority(tmp_path, "DNS:mail.example.org")
    with (
        Dovecot(tls=other) as server,
        mailbox_at(server.imaps, PASSWORD, tls="implicit", ca_file=other.ca_file) as mailbox,
        pytest.raises(Unreachable, match="is not trusted: IP address mismatch"),
    ):
        mailbox.list()


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    for name in ("missing", "empty"):
        (tmp_path / "empty").touch()
        with (
            mailbox_at(unused_port(), tls="implicit", ca_file=tmp_path / name) as mailbox,
            pytest.raises(Unreachable, match=f"ca_file .*{name} cannot be used"),
        ):
            mailbox.list()


def test_starttls_that_is_not_offered_is_an_error_and_nothing_is_sent() -> None:
    server = ImapScript()
    with (
        served(server, tls="starttls") as mailbox,
        pytest.raises(Unreachable, match="does not offer STARTTLS"),
    ):
        mailbox.list()
    assert not server.sent("LOGIN")


class FalseStart(ImapScript):
    capabilities = "IMAP4rev1 STARTTLS"

    def do_starttls(self, to: Connection, tag: bytes, *_: object) -> None:
        to.say(tag + b" NO not today")


def test_starttls_that_is_refused_is_an_error() -> None:
    server = FalseStart()
    with (
        served(server, tls="starttls") as mailbox,
        pytest.raises(Unreachable, match="refuses it"),
    ):
        mailbox.list()
    assert not server.sent("LOGIN")


def test_tls_where_none_is_spoken() -> None:
    server = ImapScript()
    with served(server, tls="implicit") as mailbox, pytest.raises(Unreachable):
        mailbox.list()


# Logging in


def test_a_refused_log_in_is_told_in_words_without_the_secret() -> None:
    class Explaining(ImapScript):
        def do_login(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
            to.say(tag + b" NO [AUTHENTICATIONFAILED] \x1b]0;x\x07 not " + arguments.encode())

    with served(Explaining()) as mailbox, pytest.raises(LoginRefused) as caught:
        mailbox.list()
    said = str(caught.value)
    assert "[AUTHENTICATIONFAILED]" in said
    assert SECRET not in said
    assert "\x1b" not in said
    seen: BaseException | None = caught.value
    while seen is not None:
        assert SECRET not in repr(seen)
        seen = seen.__cause__


def test_the_secret_is_asked_only_when_there_is_a_server() -> None:
    def secret() -> str:
        pytest.fail("asked")

    config = MailboxConfig("a", "imap", host="127.0.0.1", port=unused_port(), tls="none", user="u")
    with pytest.raises(Unreachable, match="refuses the connection"):
        ImapMailbox(config, secret).list()


def test_log_in_disabled() -> None:
    server = ImapScript()
    server.capabilities = "IMAP4rev1 LOGINDISABLED"
    with served(server) as mailbox, pytest.raises(MailboxError, match="LOGINDISABLED"):
        mailbox.list()
    assert not server.sent("LOGIN")


class Sasl(ImapScript):
    def __init__(self) -> None:
        super().__init__()
        self.given = b""

    def do_authenticate(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        to.say(b"+ ")
        self.given = to.line()
        to.ok(tag)


def test_a_token_is_given_by_xoauth2() -> None:
    server = Sasl()
    with served(server, source="token_command") as mailbox:
        assert mailbox.list().complete
    assert server.sent("AUTHENTICATE") == ["AUTHENTICATE XOAUTH2"]
    assert _decoded(server.given) == f"user=ann\1auth=Bearer {SECRET}\1\1"


class Refusing(Sasl):
    """Tells why in a challenge, and refuses once that is answered."""

    challenge = b'{"status":"401","schemes":"Bearer","scope":"https://mail.example/ \\u001b[1m%b"}'

    def do_authenticate(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
        to.say(b"+ ")
        self.given = to.line()
        to.say(b"+ " + base64.b64encode(self.challenge % SECRET.encode()))
        self.answer = to.line()
        to.say(tag + b" NO [AUTHENTICATIONFAILED] SASL authentication failed")


def test_why_a_token_is_refused_is_told() -> None:
    server = Refusing()
    with served(server, source="token_command") as mailbox, pytest.raises(LoginRefused) as caught:
        mailbox.list()
    assert server.answer == b"\r\n"
    said = str(caught.value)
    assert "[AUTHENTICATIONFAILED] SASL authentication failed; status 401, scope https" in said
    assert said.endswith("…, schemes Bearer")
    assert SECRET not in said
    assert "\x1b" not in said
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("challenge", [b"a", b"\xff\xff\xff\xff\xff", b""])
def test_a_challenge_that_is_none(challenge: bytes) -> None:
    class Odd(Refusing):
        def do_authenticate(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
            for _ in range(2):
                to.say(b"+ " + challenge)
                to.line()
            to.say(tag + b" NO no")

    with served(Odd(), source="token_command") as mailbox, pytest.raises(LoginRefused) as caught:
        mailbox.list()
    assert SECRET not in str(caught.value)


def test_each_log_in_has_a_token_of_its_own() -> None:
    class Remembering(Sasl):
        def __init__(self) -> None:
            super().__init__()
            self.tokens: list[bytes] = []

        def do_authenticate(self, to: Connection, tag: bytes, arguments: str, rest: object) -> None:
            super().do_authenticate(to, tag, arguments, rest)
            self.tokens.append(base64.b64decode(self.given))

    numbers = iter(range(9))
    with Remembering() as server:
        config = MailboxConfig(
            "a",
            "imap",
            host="127.0.0.1",
            port=server.port,
            tls="none",
            user="u",
            secret=Secret("token_command", "x"),
        )
        mailbox = ImapMailbox(config, lambda: f"token{next(numbers)}")
        for _ in range(2):
            assert mailbox.list().complete
            mailbox.close()
    assert server.tokens == [b"user=u\1auth=Bearer token%d\1\1" % n for n in range(2)]


def test_letters_that_login_cannot_carry_go_by_plain() -> None:
    server = Sasl()
    server.capabilities = "IMAP4rev1 AUTH=PLAIN"
    with server, mailbox_at(server.port, "Schlüssel") as mailbox:
        assert mailbox.list().complete
    assert _decoded(server.given) == "\0ann\0Schlüssel"
    server = Sasl()
    with server, mailbox_at(server.port, "Schlüssel") as mailbox, pytest.raises(LoginRefused):
        mailbox.list()


def test_a_user_with_blanks_and_quotes() -> None:
    server = ImapScript()
    with served(server, user='an"n b\\') as mailbox:
        mailbox.list()
    assert server.sent("LOGIN") == [f'LOGIN "an\\"n b\\\\" "{SECRET}"']


def _decoded(line: bytes) -> str:
    return base64.b64decode(line).decode()


@pytest.mark.vice(12)
def test_capabilities_are_those_after_the_log_in() -> None:
    class Growing(ImapScript):
        capabilities = OLD

        def do_login(self, to: Connection, tag: bytes, arguments: str, _: object) -> None:
            self.capabilities = ImapScript.capabilities
            to.ok(tag)

    with served(Growing()) as mailbox:
        assert "UIDPLUS" in mailbox.facts().capabilities


# Connections that break


def test_a_server_that_sends_clients_away() -> None:
    server = ImapScript()
    server.greeting = b"* BYE too many of you\r\n"
    with served(server) as mailbox, pytest.raises(Unreachable, match="too many of you"):
        mailbox.list()


def test_a_server_that_is_none() -> None:
    server = ImapScript()
    server.greeting = b"220 mail ESMTP\r\n"
    with served(server) as mailbox, pytest.raises(Unreachable):
        mailbox.list()


class Silent(ImapScript):
    """Stops answering at the command that is named."""

    stops_at = ""

    def __init__(self) -> None:
        super().__init__()
        self.silent = threading.Event()

    def do_noop(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        self.pause(to, "NOOP")
        to.ok(tag)

    def do_examine(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        self.pause(to, "EXAMINE")
        super().do_examine(to, tag, arguments, literals)

    def do_login(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        self.pause(to, "LOGIN")
        super().do_login(to, tag, arguments, literals)

    def pause(self, to: Connection, where: str) -> None:
        if where == self.stops_at:
            self.silent.set()
            # Until the client gives up.
            while to.line():
                pass
            raise HangupError


@pytest.mark.parametrize("where", ["LOGIN", "EXAMINE"])
def test_a_stalling_server_times_out(where: str) -> None:
    server = Silent()
    server.stops_at = where
    with server, mailbox_at(server.port, timing=ImapTiming(connect=5, read=0.1)) as mailbox:
        with pytest.raises(Unreachable, match="did not answer in time"):
            mailbox.list()
        server.stops_at = ""
        assert mailbox.list().complete


@pytest.mark.parametrize("where", ["LOGIN", "EXAMINE"])
def test_abort_ends_a_blocked_call(where: str) -> None:
    server = Silent()
    server.stops_at = where
    with served(server) as mailbox:
        outcome: list[Exception] = []

        def call() -> None:
            try:
                mailbox.list()
            except MailboxError as error:
                outcome.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        assert server.silent.wait(30)
        mailbox.abort()
        thread.join(30)
        assert not thread.is_alive()
        (ended,) = outcome
        assert isinstance(ended, Unreachable)
        server.stops_at = ""
        with pytest.raises(Unreachable, match="by this program"):
            mailbox.list()


class Restless(ImapScript):
    """Ends every connection after one listing."""

    def do_list(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
        super().do_list(to, tag, arguments, literals)  # the last of what is asked at once
        to.say(b"* BYE enough for today")
        raise HangupError


def test_broken_between_two_calls_it_is_made_anew() -> None:
    server = Restless()
    server.inbox.add(letter(1))
    with served(server) as mailbox:
        for _ in range(3):
            assert mailbox.list().complete
        assert len(list(mailbox.heads(places([1])))) == 1
    assert len(server.sent("LOGIN")) == 4


def test_rested_too_long_it_is_tried_first() -> None:
    server = ImapScript()
    with server, mailbox_at(server.port, timing=ImapTiming(idle=-1)) as mailbox:
        mailbox.list()
        mailbox.list()
    assert len(server.sent("NOOP")) == 1
    assert len(server.sent("LOGIN")) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (X)] {99999999999}\r\n",
        b"zz OK what?\r\n",
        b"\r\n",
    ],
    ids=["enormous literal", "unknown tag", "empty line"],
)
def test_what_is_no_imap_ends_the_connection(said: bytes) -> None:
    class Mad(ImapScript):
        def do_fetch(self, to: Connection, tag: bytes, arguments: str, literals: object) -> None:
            to.say(said, end=b"")
            to.ok(tag)

    server = Mad()
    server.inbox.add(letter(1))
    with served(server) as mailbox:
        mailbox.list()
        with pytest.raises(Unreachable):
            list(mailbox.heads(places([1])))
        assert mailbox.list().complete


def test_closing_twice_and_without_a_connection() -> None:
    with served(ImapScript()) as mailbox:
        mailbox.close()
        mailbox.list()
        mailbox.close()
        mailbox.close()
        assert mailbox.list().complete
