"""Modbus TCP: one listener for all meters behind it, each under its unit id, over real sockets.

Registers are packed when they are read; a server that nobody reads costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from domain.errors import LastgangError
from simulation.registers import Measured, MeterKind


class PortTaken(LastgangError):
    """A simulated server cannot listen. Operator: free the port, or name another in the plant's device files."""


@dataclass(frozen=True, slots=True)
class SimulatedMeter:
    """One meter behind a listener: its kind, what it measures now, and whether it answers."""

    kind: MeterKind
    measured: Callable[[], Measured]
    reachable: Callable[[], bool] = lambda: True


class _Registers:
    """What pymodbus asks for values: every meter's table, by unit id."""

    def __init__(self, meters: Mapping[int, SimulatedMeter]) -> None:
        self._meters = meters

    def device_ids(self) -> list[int]:
        return list(self._meters)

    async def async_getValues(self, device_id: int, func_code: int, address: int, count: int = 1) -> list[int] | ExcCodes:
        meter = self._meters.get(device_id)
        if meter is None or not meter.reachable():
            return ExcCodes.GATEWAY_NO_RESPONSE
        found = meter.kind.read(func_code, address, count, meter.measured())
        return ExcCodes(found) if isinstance(found, int) else found

    async def async_setValues(self, device_id: int, func_code: int, address: int, values: Any) -> ExcCodes:
        return ExcCodes.ILLEGAL_FUNCTION


class MeterServer:
    """A listener that can go away and come back, as a network does."""

    def __init__(self, host: str, port: int, meters: Mapping[int, SimulatedMeter]) -> None:
        self.host = host
        self.port = port
        self._registers = _Registers(meters)
        self._server: Any = None

    @property
    def listening(self) -> bool:
        """Whether clients can connect."""
        return self._server is not None

    async def start(self) -> None:
        """Begin to listen; raises `PortTaken`. Port 0 takes a free one; `port` has it."""
        server: Any = ModbusTcpServer(
            [SimDevice(0, [SimData(0, values=0, datatype=DataType.REGISTERS)])], address=(self.host, self.port)
        )
        server.context = self._registers
        try:
            await server.serve_forever(background=True)
        except RuntimeError as error:
            msg = f"Modbus: nobody can listen on {self.host}:{self.port}; free the port or change it in the device files"
            raise PortTaken(msg) from error
        self.port = server.transport.sockets[0].getsockname()[1]
        self._server = server

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.shutdown()
