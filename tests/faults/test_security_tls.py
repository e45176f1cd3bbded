"""TLS is verified, never stripped, and a certificate that is refused is explained."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import pytest

from mailsync_tui.config.model import MailboxConfig, Secret
from mailsync_tui.mailboxes.base import MailboxError
from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox
from mailsync_tui.mailboxes.net import sockets
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox
from tests.servers.dovecot import Authority, make_authority
from tests.servers.script import talking

SECRET = "correct-horse-battery"
Kind = Literal["imap", "pop3"]
Way = Literal["implicit", "starttls"]

GREETING = {"imap": b"* OK hello\r\n", "pop3": b"+OK hello\r\n"}
CAPABLE = b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n"


@dataclass
class Server:
    """Plain up to the consent to TLS, and then TLS; it never lets anybody in."""

    kind: Kind
    context: ssl.SSLContext | None = None
    implicit: bool = False
    greeting: bytes = b""
    capable: bytes = CAPABLE
    consent: bytes = b"%b OK begin\r\n"
    """What it says to STARTTLS or STLS; ``%b`` is the tag."""
    plain: bytearray = field(default_factory=bytearray)
    """All that it was sent without encryption."""
    secured: bytearray = field(default_factory=bytearray)
    """All that it was sent within TLS."""

    @contextlib.contextmanager
    def running(self) -> Iterator[int]:
        listener = socket.create_server(("127.0.0.1", 0))

        def talk(sock: socket.socket) -> None:
            with contextlib.suppress(OSError), sock:
                self._talk(sock)

        def serve() -> None:
            talking: list[threading.Thread] = []
            with contextlib.suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    talking.append(threading.Thread(target=talk, args=(sock,)))
                    talking[-1].start()
            for one in talking:
                one.join(30)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(30)

    def _talk(self, sock: socket.socket) -> None:
        sock.settimeout(30)
        if not self.implicit:
            sock.sendall(self.greeting or GREETING[self.kind])
            if not self._asked(sock):
                return
        if self.context is None:
            return
        with self.context.wrap_socket(sock, server_side=True) as secured:
            if self.implicit:
                secured.sendall(GREETING[self.kind])
            # It hears one command, and hangs up.
            self.secured += secured.recv(4096)

    def _asked(self, sock: socket.socket) -> bool:
        """Talk in the clear until TLS is asked for and consented to."""
        with sock.makefile("rb", 0) as file:
            while line := file.readline():
                self.plain += line
                tag, _, verb = line.strip().partition(b" ")
                if self.kind == "pop3":
                    verb = tag
                if verb in (b"STARTTLS", b"STLS"):
                    answer = self.consent.replace(b"%b", tag)
                    sock.sendall(answer)
                    if b" OK " in answer[:40] or answer.startswith(b"+OK"):
                        return True
                elif verb == b"CAPABILITY":
                    sock.sendall(self.capable + tag + b" OK done\r\n")
                else:
                    sock.sendall(b"+OK\r\n" if self.kind == "pop3" else tag + b" OK done\r\n")
        return False


def refused(
    kind: Kind,
    port: int,
    tls: Way,
    ca_file: Path | None = None,
    host: str = "127.0.0.1",
    fingerprint: str | None = None,
) -> str:
    """Why a mailbox of that server cannot be listed."""
    config = MailboxConfig(
        "isp",
        kind,
        host=host,
        port=port,
        tls=tls,
        user="ann",
        ca_file=ca_file,
        certificate=fingerprint,
        secret=Secret("password", "x"),
    )
    sort = ImapMailbox if kind == "imap" else Pop3Mailbox
    with pytest.raises(MailboxError) as caught:
        sort(config, lambda: SECRET).list()
    return str(caught.value)


# --- certificates


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("good"))


def bad(kind: str, good: Authority, directory: Path) -> tuple[Path, Path, Path]:
    """The authority that is trusted, and a certificate that is of no use, with its key."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    if kind == "another host":
        return make_authority(directory, "DNS:mail.example.org")
    if kind == "nobody known":
        other = make_authority(directory)
        return good.ca_file, other.certificate, other.key
    if kind == "self-signed":
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", "own.key", "-out", "own.pem",
        )  # fmt: skip
        return good.ca_file, directory / "own.pem", directory / "own.key"
    openssl(
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", "/CN=localhost", "-keyout", "old.key", "-out", "old.csr",
    )  # fmt: skip
    (directory / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(
        "x509", "-req", "-in", "old.csr", "-CA", str(good.ca_file),
        "-CAkey", str(good.ca_file.with_name("ca.key")), "-days", "-1", "-set_serial", "7",
        "-extfile", "names", "-out", "old.pem",
    )  # fmt: skip
    return good.ca_file, directory / "old.pem", directory / "old.key"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("another host", "IP address mismatch, certificate is not valid for '127.0.0.1'"),
        ("nobody known", "unable to get local issuer certificate"),
        ("self-signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
    ],
)
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_a_certificate_that_is_refused_is_explained(
    kind: Kind, tls: Way, wrong: str, said: str, good: Authority, tmp_path: Path
) -> None:
    ca_file, certificate, key = bad(wrong, good, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    consent = b"%b OK begin\r\n" if kind == "imap" else b"+OK begin\r\n"
    server = Server(kind, context, implicit=tls == "implicit", consent=consent)
    with server.running() as port:
        told = refused(kind, port, tls, ca_file)
    fingerprint = digest(certificate)
    assert told.startswith(f"the certificate of 127.0.0.1:{port} is not trusted: ")
    assert said in told
    assert f"(its SHA-256 fingerprint: {fingerprint}); compare it with the server's" in told
    assert "by another way before you set that as fingerprint" in told
    assert told.endswith("name its authority as ca_file") == ("self" in told)
    assert not server.secured
    for verb in (b"LOGIN", b"USER", b"PASS", b"AUTH", SECRET.encode()):
        assert verb not in server.plain


def digest(certificate: Path) -> str:
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return hashlib.sha256(der).digest().hex(":").upper()


@pytest.mark.parametrize("wrong", ["another host", "nobody known", "self-signed", "expired"])
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_a_fingerprint_accepts_one_certificate_alone(
    kind: Kind, tls: Way, wrong: str, good: Authority, tmp_path: Path
) -> None:
    _, certificate, key = bad(wrong, good, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    consent = b"%b OK begin\r\n" if kind == "imap" else b"+OK begin\r\n"
    server = Server(kind, context, implicit=tls == "implicit", consent=consent)
    with server.running() as port:
        told = refused(kind, port, tls, fingerprint=digest(certificate))
        assert "closed the connection" in told, "it was spoken to"
        assert server.secured
        server.secured.clear()
        told = refused(kind, port, tls, good.ca_file, fingerprint=digest(good.certificate))
    assert f"127.0.0.1:{port} is not the one that fingerprint names, and nothing was sent" in told
    assert f"its SHA-256 fingerprint is {digest(certificate)};" in told
    assert not server.secured
    for verb in (b"LOGIN", b"USER", b"PASS", b"AUTH", SECRET.encode()):
        assert verb not in server.plain


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_the_same_server_with_a_good_certificate_is_spoken_to(
    kind: Kind, tls: Way, good: Authority
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(good.certificate, good.key)
    consent = b"%b OK begin\r\n" if kind == "imap" else b"+OK begin\r\n"
    server = Server(kind, context, implicit=tls == "implicit", consent=consent)
    with server.running() as port:
        told = refused(kind, port, tls, good.ca_file)
    assert "closed the connection" in told
    assert server.secured


# --- the wrong port


@pytest.mark.parametrize(
    ("kind", "greeting", "tls", "said"),
    [
        ("imap", b"+OK ready\r\n", "starttls", "does not speak IMAP but POP3: see type and port"),
        ("pop3", b"* OK ready\r\n", "starttls", "does not speak POP3 but IMAP: see type and port"),
        (
            "imap",
            b"* OK ready\r\n",
            "implicit",
            'does not begin with TLS: another port, or tls = "',
        ),
        ("pop3", b"+OK ready\r\n", "implicit", 'does not begin with TLS: another port, or tls = "'),
    ],
)
def test_another_protocol_is_named(
    kind: Kind, greeting: bytes, tls: Way, said: str, good: Authority
) -> None:
    def greet(file: BinaryIO) -> None:
        file.write(greeting)
        file.flush()
        file.read(1)

    with talking(greet) as port:
        assert said in refused(kind, port, tls, good.ca_file)


@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_starttls_on_a_port_for_tls_is_named(
    kind: Kind, good: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "GREETING_SECONDS", 0.05)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(good.certificate, good.key)
    server = Server(kind, context, implicit=True)
    with server.running() as port:
        told = refused(kind, port, "starttls", good.ca_file)
    assert told == f'127.0.0.1:{port} begins with TLS at once: tls = "implicit", or another port'
    assert not server.secured


# --- STARTTLS


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("imap", {"capable": b"* CAPABILITY IMAP4rev1\r\n"}, "does not offer STARTTLS"),
        ("imap", {"consent": b"%b NO not today\r\n"}, "offers STARTTLS, but refuses it"),
        ("imap", {"consent": b"%b BAD what?\r\n"}, "offers STARTTLS, but refuses it"),
        ("imap", {"consent": b"* BYE\r\n"}, ""),
        (
            "imap",
            {"consent": b"%b OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"},
            "sent data between STARTTLS and TLS",
        ),
        ("imap", {"greeting": b"* PREAUTH welcome\r\n"}, "offers STARTTLS, but refuses it"),
        ("pop3", {"consent": b"-ERR not today\r\n"}, "does not offer STARTTLS: not today"),
        ("pop3", {"consent": b"what?\r\n"}, "does not speak POP3"),
        ("pop3", {"consent": b"+OK begin\r\n+OK\r\n"}, "sent data between STLS and TLS"),
    ],
)
def test_starttls_is_never_stripped(
    kind: Kind, words: dict[str, bytes], said: str, good: Authority
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(good.certificate, good.key)
    server = Server(kind, context, **words)  # type: ignore[arg-type]
    with server.running() as port:
        told = refused(kind, port, "starttls", good.ca_file)
    assert said in told
    sent = bytes(server.plain + server.secured).upper()
    for verb in (b"LOGIN", b"USER", b"PASS", b"AUTHENTICATE", SECRET.upper().encode()):
        assert verb not in sent
