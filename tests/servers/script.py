"""A server that says and does exactly what a test writes down."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def talking(talk: Callable[[BinaryIO], None]) -> Iterator[int]:
    """Run ``talk`` on an unbuffered file for each connection, one after the other; yield the port.

    A connection that breaks under ``talk`` ends it.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError), connection.makefile("rwb", 0) as file:
                talk(file)  # type: ignore[arg-type]

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        # Closing alone would not wake the thread that waits in accept().
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(30)
