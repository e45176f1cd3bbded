"""Connecting and logging in to an IMAP server: TLS, STARTTLS, LOGIN, PLAIN and XOAUTH2."""

from __future__ import annotations

import binascii
import imaplib
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import imapclient

from mailsync_tui.errors import short
from mailsync_tui.mailboxes.base import (
    LATE_SECONDS,
    ConnectionLost,
    LoginRefused,
    MailboxError,
    Unreachable,
)
from mailsync_tui.mailboxes.imap.wire import MAX_LINE, POP3_GREETING, Imap4
from mailsync_tui.mailboxes.net import sockets
from mailsync_tui.mailboxes.net.credentials import Exchange, Redaction

if TYPE_CHECKING:
    import socket

    from mailsync_tui.config.model import MailboxConfig


@dataclass(frozen=True, slots=True)
class ImapTiming:
    """How long the network may take, in seconds."""

    connect: float = sockets.CONNECT_TIMEOUT
    read: float = sockets.READ_TIMEOUT
    message: float = sockets.READ_TIMEOUT
    """As ``read``, once it is messages that were asked for, or are on their way."""
    idle: float = 60.0
    """A connection that rested longer than this is tried before it is used."""
    late: float = LATE_SECONDS
    """Until what was sent over a connection that broke is looked for."""


@dataclass(slots=True)
class LoggedIn:
    """An open connection whose user is known to the server."""

    imap: Imap4
    capabilities: frozenset[str]
    """In upper case, as given after the log-in."""
    encryption: str
    """``TLS 1.3 (verified)`` or ``none``."""


class _Client(imapclient.IMAPClient):  # type: ignore[misc]  # imapclient has no types
    """imapclient on such a connection."""

    def __init__(
        self, opened: Callable[[], socket.socket], host: str, timing: ImapTiming, *, tls: bool
    ) -> None:
        self._opened = opened
        timeout = imapclient.SocketTimeout(timing.connect, timing.read)
        super().__init__(host, ssl=tls, timeout=timeout)
        # imapclient sets 5, and every line then passes through repr(): four times slower.
        self._imap.debug = 0

    def _create_IMAP4(self) -> Imap4:  # noqa: N802 - imapclient's name
        return Imap4(self._opened, self.host)

    @property
    def imap(self) -> Imap4:
        """The side of the connection that imaplib knows."""
        imap: Imap4 = self._imap
        return imap


def log_in(
    config: MailboxConfig, secret: Callable[[], str], timing: ImapTiming, cutter: sockets.Cutter
) -> LoggedIn:
    """Connect, secure the connection as configured, and log in.

    Args:
        config: An IMAP mailbox.
        secret: Gives the password, or the token for XOAUTH2; asked once the server was reached.
        timing: Time-outs.
        cutter: Watches every socket as soon as it is there.

    Raises:
        Unreachable: no connection, no TLS, or it broke.
        LoginRefused: the server does not take the user or the secret.
        MailboxError: the server is of no use otherwise.
    """
    endpoint = (config.host, config.port)
    opened: list[socket.socket] = []

    def seen(sock: socket.socket) -> None:
        opened.append(sock)
        cutter.watch(sock)

    def plain() -> socket.socket:
        sock = sockets.connect(endpoint, timing.connect, cutter)
        seen(sock)
        return sock

    try:
        client = _connect(config, timing, plain, seen)
        _authenticate(client, config, secret)
        return _describe(client)
    except BaseException as error:
        for sock in opened:
            sockets.cut(sock)
            # close() would wait for imaplib's file, which may be out of reach by now. A socket that
            # TLS has taken over has no descriptor any more.
            descriptor = sock.detach()
            if descriptor >= 0:
                os.close(descriptor)
        if isinstance(error, OSError | EOFError | imaplib.IMAP4.error):
            raise broken(endpoint, error) from error
        raise


def _connect(
    config: MailboxConfig,
    timing: ImapTiming,
    plain: Callable[[], socket.socket],
    watch: Callable[[socket.socket], None],
) -> _Client:
    endpoint = (config.host, config.port)
    trusted = None if config.tls == "none" else sockets.trust(config.ca_file, config.certificate)

    def implicit() -> socket.socket:
        assert trusted is not None
        return sockets.secure(plain(), trusted, endpoint, plain, watch)

    def greeted() -> socket.socket:
        sock = plain()
        sockets.await_greeting(sock, endpoint, plain, watch)
        return sock

    if config.tls == "implicit":
        return _Client(implicit, config.host, timing, tls=True)
    client = _Client(greeted, config.host, timing, tls=False)
    if trusted is not None:
        if not client.has_capability("STARTTLS"):
            raise Unreachable(
                f"{config.host}:{config.port} does not offer STARTTLS; nothing was sent unencrypted"
            )
        _start_tls(client, trusted, endpoint, plain, watch)
    return client


class InjectedError(Exception):
    """Somebody said more between the consent to STARTTLS and TLS."""


class _Watched:
    """What imapclient asks of a TLS context, with a handshake that can be cut."""

    def __init__(
        self, trusted: sockets.Trust, watch: Callable[[socket.socket], None], imap: Imap4
    ) -> None:
        self._trusted = trusted
        self._watch = watch
        self._imap = imap

    def wrap_socket(self, sock: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        """Begin TLS.

        Raises:
            InjectedError: something was said that nobody is to say before TLS has begun.
        """
        if self._imap.has_news():
            raise InjectedError
        return sockets.handshake(sock, self._trusted, server_hostname, self._watch)


def _start_tls(
    client: _Client,
    trusted: sockets.Trust,
    endpoint: sockets.Endpoint,
    plain: Callable[[], socket.socket],
    watch: Callable[[socket.socket], None],
) -> None:
    def reconnect() -> socket.socket:
        sock = plain()
        with sock.makefile("rwb") as file:
            file.readline(MAX_LINE)
            file.write(b"a STARTTLS\r\n")
            file.flush()
            while (line := file.readline(MAX_LINE)) and not line.startswith(b"a "):
                pass
        return sock

    try:
        client.starttls(_Watched(trusted, watch, client.imap))
    except InjectedError:
        where = f"{endpoint[0]}:{endpoint[1]}"
        raise Unreachable(f"{where} sent data between STARTTLS and TLS") from None
    except ssl.SSLCertVerificationError as error:
        raise sockets.refused_certificate(endpoint, error, reconnect, watch) from error
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        where = f"{endpoint[0]}:{endpoint[1]}"
        raise Unreachable(f"{where} offers STARTTLS, but refuses it") from error
    # What was said before the encryption began may have come from anyone.
    client.imap.untagged_responses.clear()


def _authenticate(client: _Client, config: MailboxConfig, secret: Callable[[], str]) -> None:
    if client.imap.state == "AUTH":
        return
    token = config.secret is not None and config.secret.source == "token_command"
    plain = client.has_capability("AUTH=PLAIN")
    if not token and not plain and client.has_capability("LOGINDISABLED"):
        raise MailboxError(f"{config.host} takes no password over this connection (LOGINDISABLED)")
    value = secret()
    redact = Redaction(config.user, value)
    exchange = Exchange(config.user, value)
    try:
        if token:
            # Not imapclient's: it answers the challenge that says what is wrong by the token.
            client.imap.authenticate("XOAUTH2", exchange.answer)
        elif plain and (client.has_capability("LOGINDISABLED") or not _simple(config.user, value)):
            client.plain_login(config.user, value)
        elif _simple(config.user, value):
            # imaplib quotes the password, but not the user.
            user = config.user.replace("\\", "\\\\").replace('"', '\\"')
            client.login(f'"{user}"', value)
        else:
            raise LoginRefused(
                f"{config.host} cannot be given this user or secret: "
                "it has characters for which the server has no way"
            )
    except imaplib.IMAP4.error as error:
        # imapclient takes the end of a connection for a refusal.
        for one in (error, error.__context__):
            if isinstance(one, imaplib.IMAP4.abort):
                raise broken((config.host, config.port), one, redact) from None
        said = "; ".join(filter(None, (_words(error, redact), exchange.refusal)))
        # "from None": the library's exception holds what the server said, whatever it is.
        raise LoginRefused(f"{config.host} does not let {config.user} in: {said}") from None
    except binascii.Error:
        raise LoginRefused(
            f"{config.host} answers the log-in of {config.user} by what is no base64"
        ) from None


def _describe(client: _Client) -> LoggedIn:
    # Those given before the log-in were about another state (DESIGN.md, vice 12).
    client._cached_capabilities = None
    try:
        names = client.capabilities()
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, ValueError) as error:
        raise MailboxError(f"the server does not describe itself: {_words(error)}") from error
    capabilities = frozenset(name.decode("ascii", "replace").upper() for name in names)
    encryption = sockets.describe_tls(client.imap.sock)
    client.imap.log_in_is_over()
    return LoggedIn(client.imap, capabilities, encryption)


def _simple(*texts: str) -> bool:
    return all(text.isascii() and text.isprintable() for text in texts)


def broken(
    endpoint: sockets.Endpoint, error: Exception, redact: Callable[[str], str] = str
) -> Unreachable:
    """The sentence for what ended a connection.

    Args:
        endpoint: Where it went.
        error: An ``OSError`` or ``EOFError``, an imaplib error (its aborts are nearly always the
            end of a connection), or :class:`GarbledError`.
        redact: Takes a secret out of what was said.
    """
    if isinstance(error, OSError | EOFError):
        return sockets.unreachable(endpoint, error)
    said = _words(error, redact)
    if said == POP3_GREETING:
        return Unreachable(f"{endpoint[0]}:{endpoint[1]} {said.removeprefix('it ')}")
    if "EOF" in said or "socket error" in said:
        return sockets.unreachable(endpoint, EOFError())
    return ConnectionLost(f"{endpoint[0]}:{endpoint[1]} ended the connection: {said}")


def _words(error: Exception, redact: Callable[[str], str] = str) -> str:
    """What a server said, without imaplib's ``b'…'`` around it, and without the secret."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    text = redact(text)
    if text[:2] in ("b'", 'b"') and text[-1:] == text[1]:
        text = text[2:-1]
    return short(text.strip(), 200)
