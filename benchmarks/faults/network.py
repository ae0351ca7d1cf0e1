"""The wire between gateway and broker, ours to cut: a TCP relay in front of the broker's second listener."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from enum import StrEnum


class Wire(StrEnum):
    """How the wire is."""

    WHOLE = "whole"
    SILENT = "silent"
    """Nothing comes through and nobody says so, as with a pulled cable."""
    DEAF = "deaf"
    """The broker hears the gateway, the gateway hears nothing: acknowledgements are lost."""
    REFUSING = "refusing"
    """Connections are reset, new ones too, as by a firewall."""


class Relay:
    """Copies bytes between clients of `port` and the broker at `target_port`, as `wire` lets them pass.

    While the wire is silent or deaf bytes wait in the sockets, as they would in the sender's for a retransmission.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self.wire = Wire.WHOLE
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._pairs: set[asyncio.StreamWriter] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._ready = threading.Event()

    def start(self) -> None:
        """Begin to copy."""
        self._thread.start()
        self._ready.wait(10.0)

    def stop(self) -> None:
        """Close everything."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(10.0)

    def make(self, wire: Wire) -> None:
        """Change the wire; a deafness ends in a reset, so that what was lost in it stays lost."""
        was, self.wire = self.wire, wire

        def change() -> None:
            if wire is Wire.REFUSING or was is Wire.DEAF:
                self._abort_all()
            self._changed.set()
            self._changed = asyncio.Event()

        self._loop.call_soon_threadsafe(change)

    def _abort_all(self) -> None:
        for writer in list(self._pairs):
            _reset(writer)

    def _end(self) -> None:
        self._server.close()
        self._abort_all()
        self._loop.call_later(0.05, self._loop.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._relay, sock=self._listener))
        self._ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._pairs.add(writer)
        upstream: asyncio.StreamWriter | None = None
        try:
            while self.wire is Wire.SILENT:
                await self._changed.wait()
            if self.wire is Wire.REFUSING:
                _reset(writer)
                return
            answers, upstream = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._pairs.add(upstream)
            await asyncio.gather(self._copy(reader, upstream, {Wire.SILENT}), self._copy(answers, writer, {Wire.SILENT, Wire.DEAF}))
        except (OSError, asyncio.IncompleteReadError):
            pass  # either side is gone: so is the connection
        finally:
            for end in (writer, upstream):
                if end is not None:
                    self._pairs.discard(end)
                    end.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stopped_by: set[Wire]) -> None:
        while True:
            data = await reader.read(65_536)
            while self.wire in stopped_by:
                await self._changed.wait()
            if not data:
                raise ConnectionResetError
            writer.write(data)
            with contextlib.suppress(ConnectionError):
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset (RST) instead of in good order."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
