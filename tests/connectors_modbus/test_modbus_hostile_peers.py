"""Peers that send garbage, or without end: a clear error each, bounded memory, and the next device is read."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hand_modbus_server import HandServer, table
from recording_modbus import run

from connectors.modbus.client import MOST_BYTES, ModbusConnection, NoAnswer
from connectors.modbus.plan import Block

BLOCK = Block(3, 19026, 2, ())
Send = Callable[[asyncio.StreamWriter, int], None]


@asynccontextmanager
async def peer(send: Send, *, without_end: bool) -> AsyncIterator[tuple[int, list[int]]]:
    """A server that answers each request with what `send` writes; the port, and how many bytes each connection was sent."""
    sent: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append(0)
        place = len(sent) - 1
        try:
            while True:
                (transaction,) = struct.unpack(">H", (await reader.readexactly(12))[:2])
                send(writer, transaction)
                while without_end:
                    send(writer, transaction)
                    await writer.drain()
                    sent[place] += 1
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], sent
    finally:
        server.close()


def garbage(writer: asyncio.StreamWriter, _: int) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n" * 40)


def frames_of_another_request(writer: asyncio.StreamWriter, transaction: int) -> None:
    writer.write((struct.pack(">HHHBBB", (transaction + 7) % 65_536, 0, 253, 1, 3, 250) + bytes(250)) * 8)


def a_frame_of_64_kilobytes(writer: asyncio.StreamWriter, transaction: int) -> None:
    writer.write(struct.pack(">HHHB", transaction, 0, 65_535, 1) + bytes(2_000))


def one_byte(writer: asyncio.StreamWriter, transaction: int) -> None:
    writer.write(struct.pack(">H", transaction)[:1])


@pytest.mark.parametrize("send", [garbage, frames_of_another_request, a_frame_of_64_kilobytes])
def test_a_peer_that_sends_without_end_is_let_go_with_a_clear_error(send: Send) -> None:
    async def main() -> None:
        async with peer(send, without_end=True) as (port, sent):
            connection = ModbusConnection("127.0.0.1", port, timeout_s=20.0)
            with pytest.raises(NoAnswer, match=rf"more than {MOST_BYTES:,} bytes came on one request; is it a Modbus TCP device"):
                await connection.read(1, BLOCK)
            assert not connection.connected
            with pytest.raises(NoAnswer, match="more than"):
                await connection.read(1, BLOCK)
            assert len(sent) == 2
            connection.close()

    run(main)


@pytest.mark.parametrize("send", [garbage, frames_of_another_request, a_frame_of_64_kilobytes, one_byte])
def test_an_answer_that_is_none_or_never_ends_is_over_after_the_time_out(send: Send) -> None:
    async def main() -> None:
        async with peer(send, without_end=False) as (port, _):
            connection = ModbusConnection("127.0.0.1", port, timeout_s=0.1)
            with pytest.raises(NoAnswer, match=r"no answer within 0.1 s"):
                await connection.read(1, BLOCK)
            connection.close()

    run(main)


def test_what_comes_unrequested_between_two_reads_does_not_keep_the_gateway_busy() -> None:
    async def main() -> None:
        async with HandServer({1: {3: table(_19026=[0x4348, 0])}}) as server:
            connection = ModbusConnection("127.0.0.1", server.port)
            assert await connection.read(1, BLOCK) == bytes.fromhex("43480000")
            (writer,) = server._writers
            with pytest.raises(ConnectionError):
                while True:
                    writer.write(bytes(4_096))
                    await writer.drain()
                    await asyncio.sleep(0)
            assert not connection.connected
            assert await connection.read(1, BLOCK) == bytes.fromhex("43480000")
            connection.close()

    run(main)
