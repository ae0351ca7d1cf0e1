"""A Modbus TCP server of a few lines, written from the specification and from no library: what it serves is given as words."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Manner = int | Literal["silent", "closes"] | None
"""How a request is answered: with an exception, not at all, with the end of the connection, or as it should be."""


@dataclass
class HandServer:
    """Serves `words`: unit -> function -> address -> register. What is not listed is refused with exception 2.

    `exceptions` gives a unit that always answers with that code, `silent` units do not answer, `requests` keeps every request's bytes.
    `manner` says of a unit, function, address and count how that is answered.
    """

    words: Mapping[int, Mapping[int, Mapping[int, int]]]
    exceptions: dict[int, int] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    manner: Callable[[int, int, int, int], Manner] = lambda *_: None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> HandServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.go_away()

    async def go_away(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                header = await reader.readexactly(7)
                transaction, _, length, unit = struct.unpack(">HHHB", header)
                request = await reader.readexactly(length - 1)
                self.requests.append(header + request)
                function, address, count = struct.unpack(">BHH", request)
                manner = self.manner(unit, function, address, count)
                if manner == "closes":
                    break
                if unit in self.silent or manner == "silent":
                    continue
                answer = bytes([function | 0x80, manner]) if isinstance(manner, int) else self._answer(unit, request)
                writer.write(struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, unit: int, request: bytes) -> bytes:
        function, address, count = struct.unpack(">BHH", request)
        if unit in self.exceptions:
            return bytes([function | 0x80, self.exceptions[unit]])
        table = self.words.get(unit, {}).get(function, {})
        found = [table.get(address + offset) for offset in range(count)]
        if None in found:
            return bytes([function | 0x80, 2])
        return bytes([function, 2 * count]) + b"".join(struct.pack(">H", word) for word in found)  # type: ignore[arg-type]


def table(**at: list[int]) -> dict[int, int]:
    """Registers from ``_ADDRESS=[words]`` keywords: ``table(_19026=[0x4348, 0x0000])``."""
    return {int(name[1:]) + offset: word for name, words in at.items() for offset, word in enumerate(words)}
