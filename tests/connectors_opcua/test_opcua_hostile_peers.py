"""Servers that send without end are disconnected at once, and named as what they are."""

from __future__ import annotations

import asyncio
import os
import struct

import pytest
from recording_opcua import Received, head, session

from connectors.opcua.bounds import MOST_CHUNK_BYTES

ACKNOWLEDGE = b"ACKF" + struct.pack("<I5I", 28, 0, 65_535, 65_535, 0, 0)
HUGE = struct.pack("<I", 0xFFFF_FFF0)
READ_AT_ONCE = 1 << 18
"""What the event loop takes from a socket in one go."""


@pytest.mark.parametrize(
    "begins",
    [[b"ACKF" + HUGE], [ACKNOWLEDGE, b"OPNF" + HUGE], [b"ERRF" + HUGE]],
    ids=["acknowledge", "channel", "error"],
)
def test_a_message_of_four_gigabytes_is_not_waited_for(begins: list[bytes]) -> None:
    async def main() -> None:
        sent = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            try:
                for beginning in begins:
                    assert await reader.read(1_000)
                    writer.write(beginning)
                while True:
                    writer.write(bytes(65_536))
                    await writer.drain()
                    sent += 65_536
            except ConnectionError:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        received = Received()
        endpoint = f"opc.tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with session(head(endpoint, timeout_s=20.0), received):
            await received.until(lambda: bool(received.states))
        server.close()
        assert received.states[0] == "lost"
        assert "bytes came and no whole message; is it an OPC UA server?" in received.reasons[0]
        count = int(received.reasons[0].split(":")[1].split("bytes")[0].replace(",", ""))
        assert MOST_CHUNK_BYTES < count <= MOST_CHUNK_BYTES + READ_AT_ONCE

    asyncio.run(asyncio.wait_for(main(), 60))


def test_noise_is_no_server() -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    writer.write(os.urandom(65_536))
                    await writer.drain()
            except ConnectionError:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        received = Received()
        endpoint = f"opc.tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with session(head(endpoint, timeout_s=20.0), received):
            await received.until(lambda: bool(received.states))
        server.close()
        assert received.states[0] in ("lost", "refused")

    asyncio.run(asyncio.wait_for(main(), 60))
