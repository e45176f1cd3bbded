"""A wire between a client and a server that can be listened to, and cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Literal, Self

_PATIENCE = 30.0

SPAN = 40
"""Octets that are lost or changed."""

How = Literal["cut", "stall", "truncate", "garble"]


class Proxy:
    """Hands on what is said on 127.0.0.1 until each connection is cut.

    Args:
        target: The port of the server.
        cut_after: So many octets of the server's are handed on per connection; ``None``: all.
        how: What happens then: the wire is ``cut``; it ``stall``s, open and silent; ``SPAN`` octets
            are lost (``truncate``) or changed (``garble``), and all that follows comes through.
        poison: A wire is cut wherever this is said on it, by whom ever.
    """

    def __init__(
        self,
        target: int,
        cut_after: int | None = None,
        how: How = "cut",
        poison: bytes | None = None,
    ) -> None:
        self._target = target
        self._poison = poison
        self.cut_after = cut_after
        self.how: How = how
        self.said: list[bytearray] = []
        """What the server said in each connection, as far as it was handed on."""
        self.heard: list[bytearray] = []
        """What the client said in each connection."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._open:
                _shut(sock)
        for thread in list(self._threads):
            thread.join(_PATIENCE)

    def commands(self) -> list[str]:
        """The first word of every line that a client said, in capitals."""
        lines = b"\r\n".join(self.heard).split(b"\r\n")
        return [line.split()[0].decode(errors="replace").upper() for line in lines if line.split()]

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), _PATIENCE)
            except OSError:
                client.close()
                continue
            for sock in (client, server):
                sock.settimeout(None)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            self._start(self._wire, client, server)

    def _wire(self, client: socket.socket, server: socket.socket) -> None:
        said, heard = bytearray(), bytearray()
        self.said.append(said)
        self.heard.append(heard)
        back = threading.Thread(
            target=_pump, args=(client, server, heard, None, "cut", self._poison)
        )
        back.start()
        _pump(server, client, said, self.cut_after, self.how, self._poison)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()


def _pump(
    source: socket.socket,
    sink: socket.socket,
    log: bytearray,
    limit: int | None,
    how: How,
    poison: bytes | None,
) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            start = len(log)
            log += data
            if poison is not None and poison in log[max(0, start - len(poison)) :]:
                break
            if limit is None or start + len(data) <= limit:
                sink.sendall(data)
                continue
            if how in ("truncate", "garble"):
                sink.sendall(_spoiled(data, limit - start, how))
                continue
            del log[limit:]
            if start < limit:
                sink.sendall(data[: limit - start])
            if how == "cut":
                break
            # Silent: read on, so that the server does not notice, until either end gives up.
    # Both ways end when one does: a half-open wire is not what is tried here.
    for sock in (source, sink):
        _shut(sock)


def _spoiled(data: bytes, at: int, how: How) -> bytes:
    """The data with the octets lost or changed that begin at this offset (which may lie before)."""
    first, last = max(at, 0), max(at + SPAN, 0)
    changed = b"" if how == "truncate" else bytes(b ^ 1 for b in data[first:last])
    return data[:first] + changed + data[last:]


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
