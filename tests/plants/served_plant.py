"""A plant folder whose devices answer on loopback: real Modbus servers for every device file, a load that can be worked out by hand, and
the plant's clock, which all share.

The plants beside this file are written as their owners would write them; what is changed for a test is the devices' addresses and the
stack's ports.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from connectors.modbus.config import ModbusDevice
from deploy.ports import free_port
from domain.clock import StartableClock, epoch_ms
from domain.toml_files import load_toml
from simulation.modbus_server import MeterServer, SimulatedMeter
from simulation.registers import KINDS, Measured

START_UTC = datetime(2026, 10, 6, 7, 42, tzinfo=UTC)
"""A Tuesday morning in Europe, noon in India; not on a quarter hour."""
BUILT_UTC = START_UTC - timedelta(days=20)
PICKED_PORTS = """\
[kafka]
port = 0
controller_port = 0
[flink]
rest_port = 0
rpc_port = 0
[console]
port = 0
"""
_BLOCK_MS = 300_000
_QUARTER_BLOCKS = 3
UWH_PER_KW_MS = 1e9 / 3_600_000


class Measuring(Protocol):
    """Whatever says what a meter measures."""

    def measured(self, at_ms: int) -> Measured:
        """Registers at an instant."""
        ...


@dataclass(frozen=True, slots=True)
class Load:
    """What a meter measures: a power that is half as high again in the middle third of every quarter hour, so that a quarter hour holds
    7/24 kWh for each kW, and where it begins and ends the power is even."""

    import_kw: float = 0.0
    export_kw: float = 0.0
    reactive_kvar: float = 0.0

    def energy_kwh(self, power: float) -> float:
        """A quarter hour's energy by hand: 5 min at `power`, 5 min at 1.5 `power`, 5 min at `power`."""
        return power * (5 + 1.5 * 5 + 5) / 60

    def measured(self, at_ms: int) -> Measured:
        """Registers at an instant."""
        factor, whole_ms = _shape(at_ms)

        def counted(power: float) -> int:
            return round(power * whole_ms * UWH_PER_KW_MS)

        return Measured(
            power_kw=(self.import_kw - self.export_kw) * factor,
            reactive_kvar=self.reactive_kvar * factor,
            import_uwh=counted(self.import_kw),
            export_uwh=counted(self.export_kw),
            reactive_uvarh=counted(self.reactive_kvar),
        )


def _shape(at_ms: int) -> tuple[float, float]:
    """The power's factor at an instant, and its integral since the meter was built [ms]."""
    since_ms = epoch_ms(BUILT_UTC)
    block, into_ms = divmod(at_ms - since_ms, _BLOCK_MS)
    quarters, third = divmod(block, _QUARTER_BLOCKS)
    factors = (1.0, 1.5, 1.0)
    whole = quarters * sum(factors) + sum(factors[:third])
    return factors[third], whole * _BLOCK_MS + factors[third] * into_ms


class ServedPlant:
    """A copy of a plant folder whose devices answer; a context manager.

    Parameters
    ----------
    plant_dir
        The copy: its device files are rewritten to where the servers listen.
    clock_file
        The plant's clock stands at `start_utc` until it is started.
    loads
        Meter -> what it measures.
    """

    def __init__(
        self, plant_dir: Path, clock_file: Path, loads: Mapping[str, Measuring], speed: float, start_utc: datetime = START_UTC
    ) -> None:
        self.plant_dir = plant_dir
        self.clock_file = clock_file
        self.loads = dict(loads)
        StartableClock.hold(clock_file, start_utc, speed)
        self._clock = StartableClock(clock_file)
        self._servers = self._to_loopback()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="devices", daemon=True)
        self._thread.start()

    @classmethod
    def copied(
        cls, template: Path, folder: Path, loads: Mapping[str, Measuring], speed: float = 60.0, start_utc: datetime = START_UTC,
        name: str = "plant",
    ) -> ServedPlant:  # fmt: skip
        """A copy of `template` in `folder`, with ports that are picked at every start."""
        shutil.copytree(template, folder / name)
        (folder / name / "stack.toml").write_text(PICKED_PORTS)
        return cls(folder / name, folder / "clock", loads, speed, start_utc)

    def _to_loopback(self) -> list[MeterServer]:
        """Give each address of the device files a free port on loopback; the servers that listen there."""
        ports: dict[str, int] = defaultdict(free_port)
        behind: dict[int, dict[int, SimulatedMeter]] = defaultdict(dict)
        for file in sorted((self.plant_dir / "devices").glob("*.toml")):
            head = load_toml(file, ModbusDevice).device
            port = ports[head.host]
            moved = re.sub(rf'(?m)^host = "{re.escape(head.host)}"', f'host = "127.0.0.1"\nport = {port}', file.read_text())
            file.write_text(moved)
            behind[port][head.unit_id] = SimulatedMeter(KINDS[head.profile], self._measuring(head.meter))
        return [MeterServer("127.0.0.1", port, meters) for port, meters in behind.items()]

    def _measuring(self, meter: str) -> Callable[[], Measured]:
        load = self.loads[meter]
        return lambda: load.measured(epoch_ms(self._clock.now_utc()))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def start_time(self) -> None:
        """Let the plant's clock run from now on."""
        StartableClock.start(self.clock_file)

    def now_utc(self) -> datetime:
        """The plant's time."""
        return self._clock.now_utc()

    def __enter__(self) -> ServedPlant:
        for server in self._servers:
            self._do(server.start())
        return self

    def __exit__(self, *exc: object) -> None:
        for server in self._servers:
            self._do(server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
