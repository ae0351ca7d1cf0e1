"""A Modbus server that means harm, against the real client over a real socket: late, wrong, cut, slow, endless or no answers."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random

from benchmarks.fuzz.target import READ, REFUSED, Target, must
from connectors.modbus.client import ModbusConnection, ModbusError
from connectors.modbus.plan import Block

TIMEOUT_S = 0.1
LONGEST_S = 50 * TIMEOUT_S
"""A read must be over by then: connecting and waiting take a time-out each, the rest is for a busy machine."""
_LIE = 0xDEAD


@dataclass(frozen=True, slots=True)
class Script:
    """How the server behaves on one request after the other; the client reads once for each."""

    behaviours: tuple[str, ...]
    count: int
    seed: int


def make(rng: Random) -> Script:
    """Some behaviours in a row, on one connection as far as it holds."""
    return Script(tuple(rng.choices(list(BEHAVIOURS), k=rng.choice((2, 3, 4)))), rng.choice((1, 2, 60, 125)), rng.randrange(2**32))


def _frame(transaction: int, unit: int, body: bytes, length: int | None = None, protocol: int = 0) -> bytes:
    return struct.pack(">HHHB", transaction % 65_536, protocol, len(body) + 1 if length is None else length, unit) + body


@dataclass(slots=True)
class _Request:
    """A request, and what a server may send on it."""

    transaction: int
    unit: int
    function: int
    count: int
    truth: int
    earlier: list[int] = field(default_factory=list)

    def body(self, word: int) -> bytes:
        return bytes([self.function, 2 * self.count]) + struct.pack(">H", word) * self.count

    def right(self) -> bytes:
        return _frame(self.transaction, self.unit, self.body(self.truth))

    def lie(self, **changed: int) -> bytes:
        frame = {"transaction": self.transaction, "unit": self.unit, **changed}
        return _frame(frame["transaction"], frame["unit"], self.body(_LIE), frame.get("length"), frame.get("protocol", 0))


_SILENCE = b""
"""Stands for a pause in which the other side may act."""


async def _right(request: _Request, _: Random) -> AsyncIterator[bytes]:
    yield request.right()


async def _byte_by_byte(request: _Request, _: Random) -> AsyncIterator[bytes]:
    for at in range(len(request.right())):
        yield request.right()[at : at + 1]
        yield _SILENCE


async def _noise(_: _Request, rng: Random) -> AsyncIterator[bytes]:
    yield rng.randbytes(rng.choice((1, 7, 9, 260, 5_000)))


async def _cut_and_silent(request: _Request, rng: Random) -> AsyncIterator[bytes]:
    yield request.right()[: rng.randrange(len(request.right()))]


async def _another_transaction(request: _Request, rng: Random) -> AsyncIterator[bytes]:
    yield request.lie(transaction=rng.choice((request.transaction + 1, request.transaction - 1, 65_535)))


async def _transaction_zero(request: _Request, _: Random) -> AsyncIterator[bytes]:
    yield request.lie(transaction=0)


async def _late_ones_first(request: _Request, _: Random) -> AsyncIterator[bytes]:
    for transaction in request.earlier:
        yield request.lie(transaction=transaction)
    yield request.right()


async def _another_unit(request: _Request, _: Random) -> AsyncIterator[bytes]:
    yield request.lie(unit=request.unit ^ 1)


async def _another_function(request: _Request, rng: Random) -> AsyncIterator[bytes]:
    function = rng.choice((7 - request.function, 1, 23))
    yield _frame(request.transaction, request.unit, bytes([function]) + request.body(_LIE)[1:])


async def _another_length(request: _Request, rng: Random) -> AsyncIterator[bytes]:
    body = request.body(_LIE)
    yield _frame(
        request.transaction, request.unit, rng.choice((body + b"\x00", body[:-1], body[:2], bytes([body[0], 255]) + body[2:]))
    )


async def _a_false_header(request: _Request, rng: Random) -> AsyncIterator[bytes]:
    yield request.lie(length=rng.choice((0, 1, 2, 3, 65_535))) if rng.random() < 0.5 else request.lie(protocol=1)


async def _an_exception(request: _Request, rng: Random) -> AsyncIterator[bytes]:
    yield _frame(request.transaction, request.unit, bytes([request.function | 0x80, rng.choice((1, 2, 4, 6, 11, 0, 77))]))


async def _endless_frames(request: _Request, _: Random) -> AsyncIterator[bytes]:
    while True:
        yield request.lie(transaction=request.transaction + 7) * 20
        yield _SILENCE


async def _endless_noise(_: _Request, rng: Random) -> AsyncIterator[bytes]:
    while True:
        yield rng.randbytes(4_096)
        yield _SILENCE


async def _never(_: _Request, __: Random) -> AsyncIterator[bytes]:
    return
    yield b""


async def _goes_away(request: _Request, rng: Random) -> AsyncIterator[bytes]:
    yield request.right()[: rng.randrange(len(request.right()))]
    raise ConnectionResetError


BEHAVIOURS = {
    "right": _right, "byte by byte": _byte_by_byte, "noise": _noise, "cut and silent": _cut_and_silent, "another transaction": _another_transaction,
    "transaction zero": _transaction_zero, "late ones first": _late_ones_first, "another unit": _another_unit, "another function": _another_function,
    "another length": _another_length, "a false header": _a_false_header, "an exception": _an_exception, "endless frames": _endless_frames,
    "endless noise": _endless_noise, "never": _never, "goes away": _goes_away,
}  # fmt: skip
"""Name -> what the server sends on a request."""


class HostileServer:
    """Follows a script, whatever is requested, over as many connections as the client makes."""

    def __init__(self, script: Script) -> None:
        self._behaviours = list(script.behaviours)
        self._rng = Random(script.seed)
        self._requests = 0
        self._earlier: list[int] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> HostileServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering: asyncio.Task[None] | None = None
        try:
            while True:
                transaction, _, _, unit, function, _, count = struct.unpack(">HHHBBHH", await reader.readexactly(12))
                if answering is not None:
                    answering.cancel()
                request = _Request(transaction, unit, function, count, truth_of(self._requests), list(self._earlier))
                behaviour = self._behaviours[min(self._requests, len(self._behaviours) - 1)]
                self._requests += 1
                self._earlier.append(transaction)
                answering = asyncio.create_task(self._send(BEHAVIOURS[behaviour](request, self._rng), writer))
                self._tasks.add(answering)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if answering is not None:
                answering.cancel()
            writer.close()

    async def _send(self, chunks: AsyncIterator[bytes], writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                async for chunk in chunks:
                    writer.write(chunk)
                    await (asyncio.sleep(0) if chunk is _SILENCE else writer.drain())
            except ConnectionResetError:
                writer.transport.abort()


def truth_of(number: int) -> int:
    """What the registers hold at the request `number` of a script; lies hold something else."""
    return 0x1100 + number


def answer(script: Script) -> str:
    """Read once for each behaviour: nothing but the truth, or a documented error, in time."""
    return asyncio.run(_play(script))


async def _play(script: Script) -> str:
    outcome = REFUSED
    block = Block(3, 19_026, script.count, ())
    async with HostileServer(script) as server:
        connection = ModbusConnection("127.0.0.1", server.port, TIMEOUT_S)
        try:
            for number, behaviour in enumerate(script.behaviours):
                began = time.monotonic()
                try:
                    raw = await connection.read(7, block)
                except ModbusError as error:
                    place = f"unit 7 function 3 registers 19026 to {block.end - 1}"
                    must(place in str(error) or ": no connection; " in str(error), f"says too little: {error}")
                    in_time = "no answer within" not in str(error)  # what an endless server left behind may take the time-out
                    must(
                        behaviour != "right" or not in_time, f"refused the right answer after {script.behaviours[:number]}: {error}"
                    )
                else:
                    must(raw == struct.pack(">H", truth_of(number)) * script.count, f"took {raw[:8].hex()} on {behaviour!r}")
                    outcome = READ
                must(time.monotonic() - began < LONGEST_S, f"{time.monotonic() - began:.1f} s over a read with {behaviour!r}")
        finally:
            connection.close()
    return outcome


TARGET = Target("sockets", 0.001, make, answer, "a hostile Modbus server against the client, on real sockets")
