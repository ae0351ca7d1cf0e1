"""The running plant: a factory on the plant's clock, and what its meters and machine controls show at this instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.channels import EXPORT, IMPORT
from domain.clock import Clock
from domain.errors import Fault, InputFaults
from domain.toml_files import read_toml
from simulation.factory import Factory
from simulation.layout import GROUPS, MAIN, METERS
from simulation.noise import Noise
from simulation.reactive import uncompensated_kvar
from simulation.registers import KINDS, Measured


@dataclass(frozen=True, slots=True)
class ServedMeter:
    """A Modbus meter of the plant folder that the simulation has to serve."""

    meter: str
    host: str
    port: int
    unit_id: int
    profile: str


@dataclass(frozen=True, slots=True)
class ServedMachine:
    """A machine control of the plant folder that the simulation has to serve over OPC UA."""

    meter: str
    endpoint: str
    namespace_uri: str


def served_devices(folder: Path) -> tuple[list[ServedMeter], list[ServedMachine]]:
    """The devices of a plant folder whose meters are simulated.

    Raises
    ------
    InputFaults
        For every device that cannot be simulated.
    """
    meters: list[ServedMeter] = []
    machines: list[ServedMachine] = []
    faults: list[Fault] = []
    for path in sorted((folder / "devices").glob("*.toml")):
        device: dict[str, Any] = read_toml(path)[1].get("device", {})
        meter = device.get("meter", "")
        if meter not in METERS:
            faults.append(Fault(str(path), None, "device.meter", repr(meter), f"one of {', '.join(METERS)}"))
        elif device.get("protocol") == "opcua":
            machines.append(ServedMachine(meter, device["endpoint"], device["namespace_uri"]))
        elif device.get("profile") not in KINDS:
            faults.append(Fault(str(path), None, "device.profile", repr(device.get("profile")), f"one of {', '.join(KINDS)}"))
        else:
            meters.append(ServedMeter(meter, device["host"], device["port"], device["unit_id"], device["profile"]))
    if faults:
        raise InputFaults(faults)
    return meters, machines


class LivePlant:
    """A factory that follows a clock. Asking it for anything first brings it to the present."""

    def __init__(self, factory: Factory, clock: Clock) -> None:
        self.factory = factory
        self.clock = clock
        self._grid = Noise(0, "grid", 60.0)

    def now_s(self) -> float:
        """The plant's present [s since 1970], and the factory brought there. Before the stored state time stands still."""
        now = self.clock.now_utc().timestamp()
        self.factory.advance_to(now)
        return max(now, float(self.factory.t_s))

    def measured(self, meter: str) -> Measured:
        """What `meter` measures now."""
        now = self.now_s()
        factory = self.factory
        load_share = min(1.0, abs(factory.power_kw[MAIN]) / 1000)
        return Measured(
            power_kw=factory.power_kw[meter],
            reactive_kvar=reactive_kvar(factory, meter),
            import_uwh=self._register(meter, IMPORT, now),
            export_uwh=self._register(meter, EXPORT, now),
            reactive_uvarh=self._register(meter, "reactive_import", now),
            frequency_hz=50.0 + 0.02 * self._grid.at(now),
            voltage_v=233.5 - 4.0 * load_share + 0.6 * self._grid.at(now + 40),
        )

    def _register(self, meter: str, channel: str, now_s: float) -> int:
        return self.factory.register_uwh(meter, channel, now_s) if (meter, channel) in self.factory.counters.energy_uwh else 0

    def unreachable(self, meter: str, now_s: float) -> bool:
        """Whether the network to `meter` is down."""
        outages = self.factory.surprises.outages
        return any(meter in outage.meters and outage.from_s <= now_s < outage.to_s for outage in outages)


def reactive_kvar(factory: Factory, meter: str) -> float:
    """Reactive power behind `meter`; the main meter sees it after the compensation."""
    if meter == MAIN:
        return factory.reactive_kvar
    return uncompensated_kvar(factory.power_kw, GROUPS.get(meter, (meter,)))


def set_register_starts(factory: Factory, starts: Mapping[tuple[str, str], int]) -> None:
    """Let the registers begin where meters of their age would stand."""
    factory.counters.register_base_uwh = {key: starts.get(key, 0) for key in factory.counters.energy_uwh}
