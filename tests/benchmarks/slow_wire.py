"""A wire on which everything takes a while, as over a long distance; it is as wide as can be."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Self


class SlowWire:
    """Hands on what is said to a port of 127.0.0.1, later. Use as a context manager.

    Args:
        target: The server's port.
        round_trip: Seconds from a question to its answer, besides what the server takes.
    """

    def __init__(self, target: int, round_trip: float) -> None:
        self._target, self._delay = target, round_trip / 2
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.start_server(self._wire, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.port = server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _wire(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * self._delay)  # the handshake of TCP
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def later() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    sink.close()
                    return
                sink.write(data)

        handing = asyncio.ensure_future(later())
        data = b"-"
        while data:
            try:
                data = await source.read(1 << 18)
            except OSError:
                data = b""
            queue.put_nowait((time.monotonic() + self._delay, data))
        await handing
