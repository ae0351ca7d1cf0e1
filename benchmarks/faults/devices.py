"""Modbus servers on a thread of their own that remember every answer: what was served is what must be on the topic."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
import time
from dataclasses import dataclass

from benchmarks.faults.plant import Source
from domain.clock import Clock, epoch_ms
from domain.intervals import QUARTER_MS

COUNTER_ADDRESS, POWER_ADDRESS = 801, 65


@dataclass(frozen=True, slots=True)
class Served:
    """One answer: the counter's value names the instant, because it rises with every millisecond or two."""

    meter: str
    value_wh: float
    plant_ms: int
    real_s: float
    """Monotonic clock of this process."""


class DeviceServers:
    """One listener a port, several meters behind each; the power is published beside the counter, which alone is accounted for."""

    def __init__(self, sources: list[list[Source]], clock: Clock, ports: list[int]) -> None:
        self.served: list[Served] = []
        """Only ever appended to."""
        self._sources, self._clock, self._ports = sources, clock, ports
        self._cache: dict[str, dict[int, tuple[int, int]]] = {}
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)

    def start(self) -> None:
        """Return when all listen."""
        self._thread.start()
        if not self._listening.wait(10.0):
            msg = "the simulated meters do not listen"
            raise RuntimeError(msg)

    def stop(self) -> None:
        """Close every connection."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(10.0)

    def _end(self) -> None:
        for server in self._servers:
            server.close()
        for writer in self._connections:
            writer.transport.abort()
        self._loop.call_later(0.05, self._loop.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._listening.set()
        self._loop.run_forever()
        self._loop.close()

    async def _listen(self) -> None:
        for sources, port in zip(self._sources, self._ports, strict=True):

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sources: list[Source] = sources) -> None:
                await self._serve(reader, writer, sources)

            self._servers.append(await asyncio.start_server(serve, "127.0.0.1", port))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sources: list[Source]) -> None:
        self._connections.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                function, address, count = struct.unpack(">BHH", await reader.readexactly(length - 1))
                words = self._answer(sources[unit - 1], address, count)
                writer.write(struct.pack(">HHHBBB", transaction, 0, 3 + len(words), unit, function, len(words)) + words)
                await writer.drain()
        self._connections.discard(writer)
        writer.close()

    def _answer(self, source: Source, address: int, count: int) -> bytes:
        now_ms = epoch_ms(self._clock.now_utc())
        words = bytearray(2 * count)
        if address <= COUNTER_ADDRESS < address + count:
            value = source.counter_wh(now_ms, self._cache.setdefault(source.meter, {}))
            start = 2 * (COUNTER_ADDRESS - address)
            words[start : start + 8] = struct.pack(">d", value)
            self.served.append(Served(source.meter, value, now_ms, time.monotonic()))
        if address <= POWER_ADDRESS < address + count:
            start = 2 * (POWER_ADDRESS - address)
            words[start : start + 4] = struct.pack(">f", 1000.0 * source.power_kw(now_ms // QUARTER_MS))
        return bytes(words)
