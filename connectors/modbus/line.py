"""The meters behind one host and port, as their device files describe them: the one place that builds what reads and what probes them.

In: device files with their profiles.  Out: a `Poller` for the gateway, `Probe`s for ``check-config --connect``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.channels import Channel
from connectors.devices import Emit, Report, ReportRefused, grouped
from connectors.gaps import HistorySink
from connectors.modbus.client import ModbusConnection
from connectors.modbus.config import ModbusDevice
from connectors.modbus.poller import PolledDevice, Poller
from connectors.modbus.probe import probe_meter
from connectors.modbus.profile import Profile
from connectors.probe import Probe
from domain.clock import Clock

PROBE_TIME_OUTS = 10
"""Number of missing answers of a meter after which its probe ends."""


@dataclass(frozen=True, slots=True)
class ModbusUnit:
    """A Modbus device, ready to be polled."""

    file: Path
    settings: ModbusDevice
    profile: Profile
    channels: tuple[Channel, ...]

    @property
    def address(self) -> str:
        """Where it is, for people."""
        head = self.settings.device
        return f"{head.host}:{head.port} unit {head.unit_id}"


def modbus_lines(units: Iterable[ModbusUnit]) -> list[ModbusLine]:
    """The meters by what they share a connection with."""
    by_address = grouped(units, lambda unit: (unit.settings.device.host, unit.settings.device.port))
    return [ModbusLine(tuple(meters)) for meters in by_address.values()]


@dataclass(frozen=True, slots=True)
class ModbusLine:
    """Meters that share one connection: some gateways and meters take no second one."""

    units: tuple[ModbusUnit, ...]

    @property
    def ids(self) -> list[str]:
        """The devices' ids."""
        return [unit.settings.device.id for unit in self.units]

    @property
    def _timeout_s(self) -> float:
        return max(unit.settings.device.timeout_s for unit in self.units)

    def _connection(self) -> ModbusConnection:
        head = self.units[0].settings.device
        return ModbusConnection(head.host, head.port, self._timeout_s)

    async def run(self, clock: Clock, emit: Emit, report: Report, history: HistorySink, report_refused: ReportRefused) -> None:
        """Poll the meters until cancelled."""
        devices = [_polled(unit) for unit in self.units]
        await Poller(self._connection(), devices, clock, emit, report, history, report_refused).run()

    async def probe(self, site: str, clock: Clock, patience_s: float) -> Sequence[Probe]:
        """Read each meter twice, one after the other."""
        connection = self._connection()
        try:
            return [await self._probe(unit, connection, site, clock, patience_s) for unit in self.units]
        finally:
            connection.close()

    async def _probe(self, unit: ModbusUnit, connection: ModbusConnection, site: str, clock: Clock, patience_s: float) -> Probe:
        head = unit.settings.device
        longest_s = patience_s + PROBE_TIME_OUTS * self._timeout_s
        found = await probe_meter(site, unit.channels, unit.profile, connection, head.unit_id, clock, longest_s)
        units = {channel.channel: unit.profile.parts(channel.source)[0].unit for channel in unit.channels}
        return Probe(head.id, unit.address, unit.channels, units, found)


def _polled(unit: ModbusUnit) -> PolledDevice:
    head = unit.settings.device
    return PolledDevice(
        head.id,
        head.unit_id,
        unit.profile,
        unit.channels,
        history=head.history,
        history_days=head.history_days,
        history_pause_s=head.history_pause_s,
        stalled_after_s=head.stalled_after_s,
    )
