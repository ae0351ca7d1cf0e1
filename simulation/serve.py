"""All servers of a simulated plant, kept in step with the clock until they are stopped."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial

from simulation.live import LivePlant, ServedMachine, ServedMeter
from simulation.modbus_server import MeterServer, SimulatedMeter
from simulation.opcua_server import STEP_S, MachineServer
from simulation.registers import KINDS


class PlantServers:
    """Every listener that a plant folder names."""

    def __init__(self, live: LivePlant, meters: list[ServedMeter], machines: list[ServedMachine]) -> None:
        self._live = live
        listeners: dict[tuple[str, int], dict[int, ServedMeter]] = defaultdict(dict)
        for meter in meters:
            listeners[meter.host, meter.port][meter.unit_id] = meter
        self._meter_servers = [
            (
                MeterServer(host, port, {unit: self._simulated(meter) for unit, meter in units.items()}),
                [m.meter for m in units.values()],
            )
            for (host, port), units in listeners.items()
        ]
        endpoints: dict[tuple[str, str], list[str]] = defaultdict(list)
        for machine in machines:
            endpoints[machine.endpoint, machine.namespace_uri].append(machine.meter)
        self._machine_servers = [MachineServer(endpoint, uri, names, live) for (endpoint, uri), names in endpoints.items()]

    def _simulated(self, meter: ServedMeter) -> SimulatedMeter:
        return SimulatedMeter(
            KINDS[meter.profile], partial(self._live.measured, meter.meter), partial(self._reachable, meter.meter)
        )

    def _reachable(self, meter: str) -> bool:
        return not self._live.unreachable(meter, self._live.now_s())

    async def start(self) -> None:
        """Listen everywhere, or nowhere: what is open is closed again where one port is taken."""
        try:
            for server, _ in self._meter_servers:
                await server.start()
            for machine_server in self._machine_servers:
                await machine_server.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close everything."""
        for server, _ in self._meter_servers:
            await server.stop()
        for machine_server in self._machine_servers:
            await machine_server.stop()

    async def update(self, at_s: int) -> None:
        """Bring nodes and listeners to the plant's instant `at_s`. A listener closes while none of its meters can be reached."""
        for server, meters in self._meter_servers:
            cut = all(self._live.unreachable(meter, at_s) for meter in meters)
            if cut and server.listening:
                await server.stop()
            elif not cut and not server.listening:
                await server.start()
        for machine_server in self._machine_servers:
            await machine_server.update()


async def keep_step(
    live: LivePlant, each_step: Callable[[int], Awaitable[None]], stopped: asyncio.Event, until_s: float | None = None
) -> None:
    """Call `each_step` at every tenth plant second until `stopped` is set or the plant's clock passes `until_s`.

    Where the computer was too slow, steps in between are left out: the factory itself never skips a tick.
    """
    while not stopped.is_set():
        now = live.now_s()
        if until_s is not None and now >= until_s:
            return
        await each_step(int(now) // STEP_S * STEP_S)
        ahead = (int(now) // STEP_S + 1) * STEP_S - live.clock.now_utc().timestamp()
        wait = max(0.0, ahead) / live.clock.speed
        try:
            await asyncio.wait_for(stopped.wait(), wait)
        except TimeoutError:
            continue
