"""The machines behind one OPC UA server, as their device files describe them: the one place that builds what reads and what probes them.

In: device files.  Out: a `ServerSession` for the gateway, `Probe`s for ``check-config --connect``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.channels import Channel
from connectors.devices import Emit, Report, ReportRefused, grouped
from connectors.gaps import HistorySink
from connectors.opcua.config import OpcUaDevice
from connectors.opcua.items import SubscribedDevice
from connectors.opcua.probe import probe_machine
from connectors.opcua.session import ServerSession
from connectors.probe import Probe
from domain.clock import Clock


@dataclass(frozen=True, slots=True)
class OpcUaUnit:
    """An OPC UA device, ready to be subscribed."""

    file: Path
    settings: OpcUaDevice
    channels: tuple[Channel, ...]

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self.settings.device.endpoint


def opcua_servers(units: Iterable[OpcUaUnit]) -> list[OpcUaServer]:
    """The machines by what they share a session with: server, security and identity."""

    def session(unit: OpcUaUnit) -> tuple[str, ...]:
        head = unit.settings.device
        return (
            head.endpoint, head.security, head.user_variable, head.password_variable,
            head.certificate, head.private_key, head.server_certificate, str(unit.file.parent),
        )  # fmt: skip

    return [OpcUaServer(tuple(machines)) for machines in grouped(units, session).values()]


@dataclass(frozen=True, slots=True)
class OpcUaServer:
    """Machines that share one session."""

    units: tuple[OpcUaUnit, ...]

    @property
    def ids(self) -> list[str]:
        """The devices' ids."""
        return [unit.settings.device.id for unit in self.units]

    async def run(self, clock: Clock, emit: Emit, report: Report, history: HistorySink, report_refused: ReportRefused) -> None:
        """Keep the machines subscribed until cancelled."""
        devices = [_subscribed(unit) for unit in self.units]
        await ServerSession(devices, clock, emit, report, history, report_refused).run()

    async def probe(self, site: str, clock: Clock, patience_s: float) -> Sequence[Probe]:
        """Subscribe each machine for a moment, all at once."""
        return await asyncio.gather(*(_probe(unit, site, clock, patience_s) for unit in self.units))


def _subscribed(unit: OpcUaUnit) -> SubscribedDevice:
    return SubscribedDevice(unit.settings.device, unit.channels, unit.file.parent)


async def _probe(unit: OpcUaUnit, site: str, clock: Clock, patience_s: float) -> Probe:
    found = await probe_machine(site, _subscribed(unit), clock, patience_s)
    return Probe(unit.settings.device.id, unit.address, unit.channels, unit.settings.units, found)
