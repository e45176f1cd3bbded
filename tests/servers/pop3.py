"""The demo's POP3 server in a thread of its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mailsync_tui.demo.servers.loop_thread import LoopThread
from mailsync_tui.demo.servers.pop3 import Account, Pop3Server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@contextlib.contextmanager
def serving(
    accounts: dict[str, Account], *, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> Iterator[int]:
    """Serve these accounts on 127.0.0.1 and yield the port; everything stops at the end."""
    server = Pop3Server(accounts, tls=tls, implicit=implicit)
    with LoopThread("pop3") as loop:
        try:
            yield loop.run(server.start())
        finally:
            loop.run(server.stop())
