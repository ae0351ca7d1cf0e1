"""One Modbus TCP connection. It can read, and nothing else: no write function is called anywhere in Lastgang."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException
from pymodbus.pdu import DecodePDU, ModbusPDU

from connectors.modbus.answers import DeviceBusy, DeviceRefuses, ModbusError, NoAnswer, Unreachable, registers_in
from connectors.modbus.plan import Block

__all__ = ["DeviceBusy", "DeviceRefuses", "ModbusConnection", "ModbusError", "NoAnswer", "Unreachable", "WholeAnswers"]

# The library logs every lost connection by itself; ours are logged once, with the device's name.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

MOST_BYTES = 65_536
"""What may come after one request: a whole answer has 260 bytes, late answers to earlier requests come before it."""


class WholeAnswer(ModbusPDU):
    """An answer as it came, from its function code on."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self.function_code = raw[0]
        self.raw = raw


def answer_of(pdu: ModbusPDU) -> bytes:
    """The bytes of an answer; none of one that the library has made itself."""
    return pdu.raw if isinstance(pdu, WholeAnswer) else b""


class WholeAnswers(DecodePDU):
    """Hands over every answer as it came: `registers_in` looks at each byte, where the library's decoder is forgiving."""

    def __init__(self) -> None:
        super().__init__(is_server=False)

    def decode(self, frame: bytes) -> ModbusPDU:
        """The answer of a frame."""
        return WholeAnswer(frame)


class ModbusConnection:
    """A connection to one host and port, shared by the unit ids behind it; requests go one after the other.

    Connects at the first read, and again after the connection was lost.
    """

    def __init__(self, host: str, port: int, timeout_s: float = 1.0) -> None:
        self.host, self.port, self._timeout_s = host, port, timeout_s
        self._turn = asyncio.Lock()
        self._client: AsyncModbusTcpClient | None = None
        self._transaction = 0
        self._bytes_come = 0
        """Since the last request."""

    @property
    def connected(self) -> bool:
        """Whether the socket is open."""
        return self._client is not None and self._client.connected

    async def read(self, unit_id: int, block: Block) -> bytes:
        """The bytes of the block's registers.

        Raises
        ------
        NoAnswer, Unreachable, DeviceBusy, DeviceRefuses
            Naming host, unit, function and address.
        """
        where = f"{self.host}:{self.port} unit {unit_id} function {block.function} registers {block.address} to {block.end - 1}"
        async with self._turn:
            client = await self._open()
            self._transaction += 1
            self._bytes_come = 0
            read = client.read_holding_registers if block.function == 3 else client.read_input_registers
            try:
                answer = await read(block.address, count=block.count, device_id=unit_id)
            except (ConnectionError, ConnectionException) as error:
                self.close()
                raise Unreachable(where, f"no answer, {error}") from error
            except (TimeoutError, ModbusException, OSError) as error:
                if client.ctx.recv_buffer:
                    self.close()  # half an answer: whatever comes next would begin in its middle
                raise NoAnswer(where, f"no answer within {self._timeout_s:g} s") from error
            if answer.transaction_id != client.ctx.request_transaction_id:
                # The library lets 0 pass; it may be the late answer to any request before.
                self.close()
                what = f"transaction {answer.transaction_id} answered, {client.ctx.request_transaction_id} was requested"
                raise NoAnswer(where, what)
        return registers_in(answer_of(answer), block.function, block.count, where)

    async def _open(self) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        self.close()
        client = AsyncModbusTcpClient(
            self.host,
            framer=FramerType.SOCKET,
            port=self.port,
            timeout=self._timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_connect=self._on_connection,
        )
        client.ctx.framer.decoder = WholeAnswers()
        self._bound(client)
        self._client = client
        if not await client.connect():
            self.close()
            msg = f"{self.host}:{self.port}"
            raise Unreachable(msg, "no connection; is the device or its gateway on, is the port right?")
        # Numbers go on over connections: some gateways answer requests of the old one on the new one.
        client.ctx.next_tid = self._transaction % 65_000
        return client

    def _bound(self, client: AsyncModbusTcpClient) -> None:
        """Disconnect a peer that sends without end: the library would read it for ever."""
        take = client.ctx.datagram_received

        def take_some(data: bytes, addr: tuple[Any, ...] | None) -> None:
            self._bytes_come += len(data)
            if self._bytes_come <= MOST_BYTES:
                take(data, addr)
            elif self._client is client:
                self._fail_waiting(client, f"more than {MOST_BYTES:,} bytes came on one request; is it a Modbus TCP device?")
                self.close()

        client.ctx.datagram_received = take_some  # type: ignore[method-assign]

    def _on_connection(self, is_open: bool) -> None:
        # A request that waits for its answer when the socket closes would wait for its time-out.
        if self._client is not None and not is_open:
            self._fail_waiting(self._client, "the connection was closed by the other side")

    def _fail_waiting(self, client: AsyncModbusTcpClient, why: str) -> None:
        waiting = client.ctx.response_future
        if not waiting.done():
            waiting.set_exception(ConnectionResetError(why))
            waiting.exception()  # nobody may be waiting any more

    def close(self) -> None:
        """Let go of the socket."""
        if self._client is not None:
            self._client.close()
            self._client = None
