"""One Modbus TCP connection. It can read, and nothing else: no write function is called anywhere in Lastgang."""

from __future__ import annotations

import asyncio
import logging

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from connectors.modbus.plan import Block
from domain.errors import LastgangError

# The library tells every lost connection by itself; ours are told once, with the device's name.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

EXCEPTIONS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure",
    5: "acknowledged, not ready", 6: "busy", 8: "memory parity error", 10: "gateway path unavailable",
    11: "gateway target did not respond",
}  # fmt: skip
_BUSY = frozenset({5, 6})
_UNREACHABLE = frozenset({4, 8, 10, 11})


class ModbusError(LastgangError):
    """A read that gave no registers."""


class NoAnswer(ModbusError):
    """Nothing came back: the connection is lost, or the device behind it is. Retrying is safe."""


class DeviceBusy(ModbusError):
    """The device asks to be asked again later."""


class DeviceRefuses(ModbusError):
    """The device answers, and will not give these registers. Operator: is this the right profile, the right unit id?"""


class ModbusConnection:
    """A connection to one host and port, shared by the unit ids behind it; requests go one after the other.

    Connects when first asked to read, and anew after it was lost.
    """

    def __init__(self, host: str, port: int, timeout_s: float = 1.0) -> None:
        self.host, self.port, self._timeout_s = host, port, timeout_s
        self._turn = asyncio.Lock()
        self._client: AsyncModbusTcpClient | None = None

    @property
    def connected(self) -> bool:
        """Whether the socket is open."""
        return self._client is not None and self._client.connected

    async def read(self, unit_id: int, block: Block) -> bytes:
        """The bytes of the block's registers.

        Raises
        ------
        NoAnswer, DeviceBusy, DeviceRefuses
            Naming host, unit, function and address.
        """
        async with self._turn:
            client = await self._open()
            ask = client.read_holding_registers if block.function == 3 else client.read_input_registers
            try:
                answer = await ask(block.address, count=block.count, device_id=unit_id)
            except (TimeoutError, ModbusException, OSError) as error:
                msg = f"{self._where(unit_id, block)}: no answer within {self._timeout_s} s ({error})"
                raise NoAnswer(msg) from error
        return self._registers(unit_id, block, answer)

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
        self._client = client
        if not await client.connect():
            self.close()
            msg = f"{self.host}:{self.port}: no connection; is the device or its gateway on, is the port right?"
            raise NoAnswer(msg)
        return client

    def _on_connection(self, is_open: bool) -> None:
        # A request that waits for its answer when the socket closes would wait for its time-out.
        waiting = self._client.ctx.response_future if self._client is not None and not is_open else None
        if waiting is not None and not waiting.done():
            waiting.set_exception(ConnectionResetError("the connection was closed"))
            waiting.exception()  # nobody may be waiting any more

    def _where(self, unit_id: int, block: Block) -> str:
        return f"{self.host}:{self.port} unit {unit_id} function {block.function} registers {block.address} to {block.end - 1}"

    def _registers(self, unit_id: int, block: Block, answer: ModbusPDU) -> bytes:
        if answer.isError():
            code = int(answer.exception_code)
            msg = f"{self._where(unit_id, block)}: exception {code:02d}, {EXCEPTIONS.get(code, 'unknown')}"
            if code in _BUSY:
                raise DeviceBusy(msg)
            raise NoAnswer(msg) if code in _UNREACHABLE else DeviceRefuses(msg)
        if len(answer.registers) != block.count:
            msg = f"{self._where(unit_id, block)}: {len(answer.registers)} registers came, {block.count} were asked for"
            raise NoAnswer(msg)
        return b"".join(word.to_bytes(2, "big") for word in answer.registers)

    def close(self) -> None:
        """Let go of the socket."""
        if self._client is not None:
            self._client.close()
            self._client = None
