"""Sockets for the mail protocols: verified TLS, time-outs, and errors in one clear sentence."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
from typing import TYPE_CHECKING

from mailsync_tui.mailboxes.base import Unreachable
from mailsync_tui.safetext import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONNECT_TIMEOUT = 30.0
"""Seconds until a connection (the TLS handshake included) must stand; a failing log-in takes 5."""
READ_TIMEOUT = 120.0
"""Seconds without a single byte until a server counts as gone."""

Endpoint = tuple[str, int]
"""Host and port."""


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A verifying client context: the system's authorities, or ``ca_file`` instead of them.

    Raises:
        Unreachable: ``ca_file`` cannot be read, or holds no certificate.
    """
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:
        what = error.strerror or str(error)
        raise Unreachable(
            f"the ca_file {safe_text(str(ca_file))} cannot be used: {safe_text(what)}"
        ) from error


def dial(endpoint: Endpoint, timeout: float = CONNECT_TIMEOUT) -> socket.socket:
    """Connect in plain TCP, without Nagle's delay.

    The socket keeps ``timeout``; set the read time-out once greeting and handshake are over.

    Raises:
        Unreachable: no connection.
    """
    try:
        sock = socket.create_connection(endpoint, timeout)
    except (OSError, UnicodeError) as error:
        raise unreachable(endpoint, error) from error
    no_delay(sock)
    return sock


def no_delay(sock: socket.socket) -> None:
    """Send at once: Nagle and delayed ACKs cost 40 ms a round trip, and no library sets this."""
    # Not a TCP socket (a test's socket pair): nothing to set.
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def quick_ack(sock: socket.socket) -> None:
    """Acknowledge at once (Linux; must be repeated after each send), for servers that use Nagle."""
    option: int | None = getattr(socket, "TCP_QUICKACK", None)
    if option is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, option, 1)


def secure(
    sock: socket.socket,
    context: ssl.SSLContext,
    endpoint: Endpoint,
    redial: Callable[[], socket.socket],
) -> ssl.SSLSocket:
    """Begin TLS on a connected socket, verifying the certificate and the host name.

    Args:
        sock: A plain socket; it is closed if the handshake fails.
        context: From :func:`tls_context`.
        endpoint: Its host is the name that the certificate must bear.
        redial: Opens another plain connection that is ready for a handshake (after STARTTLS or
            STLS, where that is the way). Used once, only to read the fingerprint of a certificate
            that was not accepted; nothing is sent over it.

    Raises:
        Unreachable: the handshake failed; for a certificate with the reason and the fingerprint.
    """
    try:
        return context.wrap_socket(sock, server_hostname=endpoint[0])
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise refused_certificate(endpoint, error, redial) from error
    except (OSError, ValueError) as error:
        sock.close()
        raise unreachable(endpoint, error) from error


def refused_certificate(
    endpoint: Endpoint, error: ssl.SSLCertVerificationError, redial: Callable[[], socket.socket]
) -> Unreachable:
    """The sentence for a certificate that was not accepted, with its fingerprint.

    Args:
        endpoint: Where it was shown.
        error: Why it was not accepted.
        redial: As in :func:`secure`.
    """
    return unreachable(endpoint, error, _fingerprint(redial))


def unreachable(
    endpoint: Endpoint, error: Exception, fingerprint: str | None = None
) -> Unreachable:
    """One clear sentence for what went wrong on a connection.

    Args:
        endpoint: Where the connection went or was to go.
        error: An ``OSError`` (time-outs and ``ssl.SSLError`` are such), or what a protocol library
            raises when a connection ends.
        fingerprint: Of a certificate that was refused, where it could be read.
    """
    where = f"{safe_text(endpoint[0])}:{endpoint[1]}"
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = safe_text(error.verify_message or "it cannot be verified")
        mark = f" (its SHA-256 fingerprint: {fingerprint})" if fingerprint else ""
        return Unreachable(f"the certificate of {where} is not trusted: {reason}{mark}")
    if isinstance(error, TimeoutError):
        return Unreachable(f"{where} did not answer in time")
    if isinstance(error, socket.gaierror):
        return Unreachable(f"the host name {safe_text(endpoint[0])} cannot be resolved")
    if isinstance(error, ssl.SSLZeroReturnError | ssl.SSLEOFError | EOFError):
        return Unreachable(f"{where} closed the connection")
    if isinstance(error, ssl.SSLError):
        reason = safe_text((error.reason or str(error)).replace("_", " ").lower())
        return Unreachable(f"no TLS with {where}: {reason}")
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"{where} refuses the connection")
    if isinstance(error, ConnectionError):
        return Unreachable(f"{where} closed the connection")
    if isinstance(error, OSError):
        reason = safe_text(error.strerror or str(error), 200)
        return Unreachable(f"no connection to {where}: {reason}")
    return Unreachable(f"the connection to {where} failed: {safe_text(str(error), 200)}")


def describe_tls(sock: socket.socket) -> str:
    """How a connection is encrypted, as ``check`` prints it: ``TLS 1.3 (verified)`` or ``none``."""
    if not isinstance(sock, ssl.SSLSocket):
        return "none"
    version = (sock.version() or "TLS").replace("TLSv", "TLS ")
    return f"{version} (verified)"


def cut(sock: socket.socket | None) -> None:
    """Shut a socket down from any thread, so that a call blocked on it ends at once."""
    if sock is None:
        return
    # The plain method: an SSLSocket's own would drop its TLS state under the blocked thread's feet.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _fingerprint(redial: Callable[[], socket.socket]) -> str | None:
    """The SHA-256 fingerprint of the certificate that the other side shows, or ``None``."""
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    try:
        with redial() as plain, anyone.wrap_socket(plain) as sock:
            certificate = sock.getpeercert(binary_form=True)
    except (OSError, ValueError, Unreachable):
        return None
    return hashlib.sha256(certificate).digest().hex(":").upper() if certificate else None
