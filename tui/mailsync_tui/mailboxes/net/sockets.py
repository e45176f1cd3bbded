"""Sockets for the mail protocols: connecting, verified TLS, time-outs, and errors in words.

``socket.create_connection`` waits for each address in turn, and neither it nor the resolver can be
called off from another thread; so connecting is done here.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mailsync_tui.errors import short
from mailsync_tui.mailboxes.base import ConnectionLost, Hung, Unreachable

CONNECT_TIMEOUT = 30.0
"""Seconds until a connection (the TLS handshake included) must stand; a failing log-in takes 5."""
READ_TIMEOUT = 120.0
"""Seconds without a single byte until a server counts as gone."""

Endpoint = tuple[str, int]
"""Host and port."""


GREETING_SECONDS = 5.0
"""A server that says nothing for so long may wait for TLS to begin."""
_HANDSHAKE_SECONDS = 10.0
"""For finding out whether it does."""
_COMPARE = "compare it with the server's by another way before you set"

_INTERVAL = 0.1
"""Seconds between two checks whether to give up."""
_HEAD_START = 0.25
"""Seconds until the next address is tried beside one that does not answer (RFC 8305, 5)."""

_Address = tuple[socket.AddressFamily, Any]


def connect(endpoint: Endpoint, timeout: float, cutter: Cutter) -> socket.socket:
    """Connect in plain TCP, without Nagle's delay.

    All addresses of the host are tried, one a little after the other, and the first that answers is
    taken (RFC 8305): of two protocols one may lead nowhere.

    Args:
        endpoint: Where to.
        timeout: Seconds for all of it. The socket keeps it; set the read time-out once greeting and
            handshake are over.
        cutter: Ends the attempt. It does not watch the new socket yet.

    Raises:
        Unreachable: no connection, or it was cut.
    """
    end = time.monotonic() + timeout
    try:
        sock = _first(_interleaved(_look_up(endpoint, end, cutter)), end, cutter)
    except (OSError, UnicodeError) as error:
        raise unreachable(endpoint, error) from error
    sock.settimeout(timeout)
    no_delay(sock)
    return sock


def _look_up(endpoint: Endpoint, end: float, cutter: Cutter) -> Sequence[_Address]:
    """The host's addresses, in the order in which the system prefers them."""
    found: list[_Address] = []
    failures: list[Exception] = []
    done = threading.Event()

    def ask() -> None:
        try:
            for family, _, _, _, address in socket.getaddrinfo(*endpoint, type=socket.SOCK_STREAM):
                found.append((family, address))
        except (OSError, UnicodeError) as error:
            failures.append(error)
        finally:
            done.set()

    # The resolver cannot be called off: what it still waits for must hold nobody up.
    threading.Thread(target=ask, name="name-look-up", daemon=True).start()
    while not done.wait(_INTERVAL):
        _check(end, cutter)
    if failures:
        raise failures[0]
    return found


def _interleaved(addresses: Sequence[_Address]) -> list[_Address]:
    """Those of the family that comes first and the others in turn (RFC 8305, 4)."""
    preferred = [one for one in addresses if one[0] == addresses[0][0]]
    others = [one for one in addresses if one[0] != addresses[0][0]]
    pairs = itertools.zip_longest(preferred, others)
    return [one for pair in pairs for one in pair if one is not None]


def _first(addresses: list[_Address], end: float, cutter: Cutter) -> socket.socket:
    """The first socket that is connected; the others are closed."""
    failure: OSError = OSError(errno.EADDRNOTAVAIL, "the host has no address")
    following = 0.0
    with selectors.DefaultSelector() as waiting:
        try:
            while addresses or waiting.get_map():
                _check(end, cutter)
                if addresses and (time.monotonic() >= following or not waiting.get_map()):
                    following = time.monotonic() + _HEAD_START
                    try:
                        _begin(addresses.pop(0), waiting)
                    except OSError as error:
                        failure = error
                        continue
                for key, _ in waiting.select(_INTERVAL):
                    sock = key.fileobj
                    assert isinstance(sock, socket.socket)
                    waiting.unregister(sock)
                    number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not number:
                        return sock
                    sock.close()
                    failure, following = OSError(number, os.strerror(number)), 0.0
        finally:
            for key in waiting.get_map().values():
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()
    raise failure


def _begin(address: _Address, waiting: selectors.BaseSelector) -> None:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    sock.setblocking(False)
    number = sock.connect_ex(address[1])
    if number not in (0, errno.EINPROGRESS):
        sock.close()
        raise OSError(number, os.strerror(number))
    waiting.register(sock, selectors.EVENT_WRITE)


def _check(end: float, cutter: Cutter) -> None:
    cutter.check()
    if time.monotonic() >= end:
        raise TimeoutError


class Trust(NamedTuple):
    """Which certificate is accepted."""

    context: ssl.SSLContext
    fingerprint: str | None = None
    """SHA-256 of the only one, as :func:`_fingerprint` writes it; ``None``: as the context says."""


class OtherCertificateError(OSError):
    """The certificate is not the one that is trusted; its argument is the fingerprint of it."""


def trust(ca_file: Path | None, fingerprint: str | None) -> Trust:
    """What a client accepts: what the system's authorities vouch for, or ``ca_file`` instead.

    Or one certificate alone, whoever vouches for it and whatever name it bears.

    Raises:
        Unreachable: ``ca_file`` cannot be read, or holds no certificate.
    """
    if fingerprint is not None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return Trust(context, fingerprint)
    if ca_file is None:
        return Trust(ssl.create_default_context())
    try:
        return Trust(ssl.create_default_context(cafile=str(ca_file)))
    except OSError as error:
        what = error.strerror or str(error)
        raise Unreachable(f"the ca_file {ca_file} cannot be used: {what}") from error


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
    trusted: Trust,
    endpoint: Endpoint,
    reconnect: Callable[[], socket.socket],
    watch: Callable[[socket.socket], None],
) -> ssl.SSLSocket:
    """Begin TLS on a connected socket, verifying the certificate and the host name.

    Args:
        sock: A plain socket; it is closed if the handshake fails.
        trusted: From :func:`trust`.
        endpoint: Its host is the name that the certificate must bear.
        reconnect: Opens another plain connection that is ready for a handshake (after STARTTLS or
            STLS, where that is the way). Used once, only to read the fingerprint of a certificate
            that was not accepted; nothing is sent over it.
        watch: As in :func:`handshake`.

    Raises:
        Unreachable: the handshake failed; for a certificate with the reason and the fingerprint.
    """
    try:
        return handshake(sock, trusted, endpoint[0], watch)
    except ssl.SSLCertVerificationError as error:
        raise refused_certificate(endpoint, error, reconnect, watch) from error
    except (OSError, ValueError) as error:
        raise unreachable(endpoint, error) from error


def await_greeting(
    sock: socket.socket,
    endpoint: Endpoint,
    reconnect: Callable[[], socket.socket],
    watch: Callable[[socket.socket], None],
) -> None:
    """Wait a little for the first word of a server that is to speak without TLS at first.

    Args:
        sock: A plain socket; it is watched afterwards.
        endpoint: Where it leads.
        reconnect: Opens another plain connection; used once, to see whether that begins with TLS.
        watch: As in :func:`handshake`.

    Raises:
        Unreachable: it begins with TLS. Of one that says nothing at all the caller finds out.
    """
    if (sock.gettimeout() or 0) <= GREETING_SECONDS:
        return
    with selectors.DefaultSelector() as waiting:
        waiting.register(sock, selectors.EVENT_READ)
        if waiting.select(GREETING_SECONDS):
            return

    def soon() -> socket.socket:
        other = reconnect()
        other.settimeout(_HANDSHAKE_SECONDS)
        return other

    begins_with_tls = _fingerprint(soon, watch) is not None
    watch(sock)
    if begins_with_tls:
        where = f"{endpoint[0]}:{endpoint[1]}"
        raise Unreachable(f'{where} begins with TLS at once: tls = "implicit", or another port')


def handshake(
    sock: socket.socket, trusted: Trust, host: str | None, watch: Callable[[socket.socket], None]
) -> ssl.SSLSocket:
    """Begin TLS; both sockets are closed if that fails.

    Args:
        sock: A plain socket, which is of no use afterwards.
        trusted: What is accepted.
        host: The name that the certificate must bear.
        watch: Called with the new socket before the handshake, so that it can be cut meanwhile.

    Raises:
        OSError, ValueError: it failed; :class:`OtherCertificateError` is one.
    """
    try:
        secured = trusted.context.wrap_socket(
            sock, server_hostname=host, do_handshake_on_connect=False
        )
    except BaseException:
        sock.close()
        raise
    try:
        watch(secured)
        secured.do_handshake()
        _require(trusted.fingerprint, secured)
    except BaseException:
        secured.close()
        raise
    return secured


def _require(fingerprint: str | None, sock: ssl.SSLSocket) -> None:
    shown = _digest(sock)
    if fingerprint not in (None, shown):
        raise OtherCertificateError(shown)


def refused_certificate(
    endpoint: Endpoint,
    error: ssl.SSLCertVerificationError,
    reconnect: Callable[[], socket.socket],
    watch: Callable[[socket.socket], None],
) -> Unreachable:
    """The sentence for a certificate that was not accepted, with its fingerprint.

    Args:
        endpoint: Where it was shown.
        error: Why it was not accepted.
        reconnect: As in :func:`secure`.
        watch: As in :func:`handshake`.
    """
    return unreachable(endpoint, error, _fingerprint(reconnect, watch))


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
    where = f"{endpoint[0]}:{endpoint[1]}"
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message or "it cannot be verified"
        text = f"the certificate of {where} is not trusted: {reason}"
        if fingerprint:
            text += f" (its SHA-256 fingerprint: {fingerprint}); {_COMPARE} that as fingerprint"
        own = "; or, if it is your own, name its authority as ca_file" if "self" in reason else ""
        return Unreachable(text + own)
    if isinstance(error, OtherCertificateError):
        return Unreachable(
            f"the certificate of {where} is not the one that fingerprint names, and nothing was "
            f"sent: its SHA-256 fingerprint is {error}; it may have been renewed, or somebody is in"
            f" between: {_COMPARE} the new one"
        )
    if isinstance(error, TimeoutError):
        return Unreachable(f"{where} did not answer in time")
    if isinstance(error, socket.gaierror):
        return Unreachable(f"the host name {endpoint[0]} cannot be resolved")
    if isinstance(error, ssl.SSLZeroReturnError | ssl.SSLEOFError | EOFError):
        return ConnectionLost(f"{where} closed the connection")
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return Unreachable(f'{where} does not begin with TLS: another port, or tls = "starttls"')
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).replace("_", " ").lower()
        return Unreachable(f"no TLS with {where}: {reason}")
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"{where} refuses the connection")
    if isinstance(error, ConnectionError):
        return ConnectionLost(f"{where} closed the connection")
    if isinstance(error, OSError):
        reason = short(error.strerror or str(error), 200)
        return Unreachable(f"no connection to {where}: {reason}")
    return Unreachable(f"the connection to {where} failed: {short(str(error), 200)}")


def hung(endpoint: Endpoint, seconds: float) -> Hung:
    """The sentence for a server that says nothing any more when it is asked for messages."""
    return Hung(f"{endpoint[0]}:{endpoint[1]} said nothing for {seconds:g} s")


def describe_tls(sock: socket.socket) -> str:
    """How a connection is encrypted, as ``check`` prints it: ``TLS 1.3 (verified)`` or ``none``."""
    if not isinstance(sock, ssl.SSLSocket):
        return "none"
    version = (sock.version() or "TLS").replace("TLSv", "TLS ")
    how = "pinned by fingerprint" if sock.context.verify_mode == ssl.CERT_NONE else "verified"
    return f"{version} ({how})"


def cut(sock: socket.socket | None) -> None:
    """Shut a socket down from any thread, so that a call blocked on it ends at once."""
    if sock is None:
        return
    # The plain method: an SSLSocket's own would drop its TLS state under the blocked thread's feet.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Cutter:
    """Ends whatever a mailbox waits for on the network, from another thread and for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None
        self._asked = threading.Event()

    def watch(self, sock: socket.socket) -> None:
        """This is the socket in use from now on."""
        with self._lock:
            self._sock = sock
            if self._asked.is_set():
                cut(sock)

    def cut(self) -> None:
        """Cut it, and whatever comes after it."""
        with self._lock:
            self._asked.set()
            cut(self._sock)

    def check(self) -> None:
        """Go on.

        Raises:
            Unreachable: it was cut.
        """
        if self._asked.is_set():
            raise Unreachable("the connection was cut by this program")

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Unreachable: it was cut.
        """
        self._asked.wait(seconds)
        self.check()


def _fingerprint(
    reconnect: Callable[[], socket.socket], watch: Callable[[socket.socket], None]
) -> str | None:
    """The SHA-256 fingerprint of the certificate that the other side shows, or ``None``."""
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    try:
        with handshake(reconnect(), Trust(anyone), None, watch) as sock:
            return _digest(sock)
    except (OSError, ValueError, Unreachable):
        return None


def _digest(sock: ssl.SSLSocket) -> str:
    certificate = sock.getpeercert(binary_form=True) or b""
    return hashlib.sha256(certificate).digest().hex(":").upper()
