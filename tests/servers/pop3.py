"""The demo's POP3 server in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from mailsync_tui.demo.servers.pop3 import Account, Pop3Server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@contextlib.contextmanager
def serving(
    accounts: dict[str, Account], *, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> Iterator[int]:
    """Serve these accounts on 127.0.0.1 and yield the port; everything stops at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = Pop3Server(accounts, tls=tls, implicit=implicit)

    async def stop() -> None:
        await server.stop()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    try:
        yield asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
