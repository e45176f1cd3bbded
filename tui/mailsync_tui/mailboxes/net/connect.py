"""Making a TCP connection: the name look-up, several addresses, and a way to be cut short.

``socket.create_connection`` waits for each address in turn, and neither it nor the resolver can be
called off from another thread.
"""

from __future__ import annotations

import errno
import itertools
import os
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from mailsync_tui.mailboxes.net import sockets as net

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOK = 0.1
"""Seconds between two looks whether to give up."""
_HEAD_START = 0.25
"""Seconds until the next address is tried beside one that does not answer (RFC 8305, 5)."""

_Address = tuple[socket.AddressFamily, Any]


def dial(endpoint: net.Endpoint, timeout: float, cutter: net.Cutter) -> socket.socket:
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
        raise net.unreachable(endpoint, error) from error
    sock.settimeout(timeout)
    net.no_delay(sock)
    return sock


def _look_up(endpoint: net.Endpoint, end: float, cutter: net.Cutter) -> Sequence[_Address]:
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
    while not done.wait(_LOOK):
        _go_on(end, cutter)
    if failures:
        raise failures[0]
    return found


def _interleaved(addresses: Sequence[_Address]) -> list[_Address]:
    """Those of the family that comes first and the others in turn (RFC 8305, 4)."""
    preferred = [one for one in addresses if one[0] == addresses[0][0]]
    others = [one for one in addresses if one[0] != addresses[0][0]]
    pairs = itertools.zip_longest(preferred, others)
    return [one for pair in pairs for one in pair if one is not None]


def _first(addresses: list[_Address], end: float, cutter: net.Cutter) -> socket.socket:
    """The first socket that is connected; the others are closed."""
    failure: OSError = OSError(errno.EADDRNOTAVAIL, "the host has no address")
    following = 0.0
    with selectors.DefaultSelector() as waiting:
        try:
            while addresses or waiting.get_map():
                _go_on(end, cutter)
                if addresses and (time.monotonic() >= following or not waiting.get_map()):
                    following = time.monotonic() + _HEAD_START
                    try:
                        _begin(addresses.pop(0), waiting)
                    except OSError as error:
                        failure = error
                        continue
                for key, _ in waiting.select(_LOOK):
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


def _go_on(end: float, cutter: net.Cutter) -> None:
    cutter.check()
    if time.monotonic() >= end:
        raise TimeoutError
