"""A cable between client and server that a test can cut and repair."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import urlsplit


class Cable:
    """Passes bytes on to an endpoint. While it is cut nobody gets through, and who was connected is thrown out."""

    def __init__(self, endpoint: str) -> None:
        target = urlsplit(endpoint)
        self._host, self._port = target.hostname or "127.0.0.1", target.port or 4840
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self.endpoint = ""

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.endpoint = f"opc.tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.release()
        self.cut()
        self._server.close()
        await self._server.wait_closed()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)

    def cut(self) -> None:
        self._is_cut = True
        for writer in list(self._ends):
            writer.transport.abort()

    def repair(self) -> None:
        self._is_cut = False

    def hold(self) -> None:
        """Let nothing through, and break nothing: a congested network."""
        self._flows.clear()

    def release(self) -> None:
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pass_on(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._ends |= {writer, far_writer}

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while some := await source.read(65_536):
                await self._flows.wait()
                sink.write(some)
                await sink.drain()
        self._ends.discard(sink)
        sink.close()
