"""A look at every device, for commissioning: what the gateway would get of it, whether that can be true, and what metering would make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.devices import Channel, RefusedChannel
from connectors.gateway.fleet import Fleet, ModbusUnit, OpcUaUnit
from connectors.modbus.client import ModbusConnection
from connectors.modbus.look import look as look_at_meter
from connectors.modbus.plausible import doubts_of
from connectors.opcua.items import SubscribedDevice
from connectors.opcua.look import Found as OpcUaFound
from connectors.opcua.look import look as look_at_server
from domain.clock import Clock
from domain.readings import Reading

__all__ = ["Look", "doubts_of", "look_at_all"]

TIME_OUTS = 10
"""So many answers of a meter may stay out before the look at it ends."""


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one device.

    Attributes
    ----------
    channels
        What its file names.
    units
        By channel the unit of its values, where it is no register of the plant.
    readings
        In their order, as the gateway would send them.
    refused
        What it does not give while it gives others.
    trouble
        Why not everything came; empty where it did.
    doubts
        What cannot be true, though it came.
    remarks
        What else is worth knowing.
    """

    device: str
    address: str
    channels: tuple[Channel, ...]
    units: Mapping[str, str] = field(default_factory=dict)
    readings: tuple[Reading, ...] = ()
    refused: tuple[RefusedChannel, ...] = ()
    trouble: str = ""
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


async def look_at_all(fleet: Fleet, clock: Clock, patience_s: float = 5.0) -> list[Look]:
    """Read each device twice, all connections at once; takes some seconds, and some time-outs where a device is silent."""
    site = fleet.plant.site.id
    connections: dict[tuple[str, int], list[ModbusUnit]] = {}
    for unit in fleet.modbus:
        connections.setdefault((unit.settings.device.host, unit.settings.device.port), []).append(unit)
    found = await asyncio.gather(
        *(_look_over(units, site, clock, patience_s) for units in connections.values()),
        *(_look_opcua(unit, site, clock, patience_s) for unit in fleet.opcua),
    )
    return sorted((look for looks in found for look in looks), key=lambda look: look.device)


async def _look_over(units: Sequence[ModbusUnit], site: str, clock: Clock, patience_s: float) -> list[Look]:
    """The meters behind one connection, one after the other: some take no second one."""
    head = units[0].settings.device
    timeout_s = max(unit.settings.device.timeout_s for unit in units)
    connection = ModbusConnection(head.host, head.port, timeout_s)
    looks = []
    try:
        for unit in units:
            found = await look_at_meter(
                site,
                unit.channels,
                unit.profile,
                connection,
                unit.settings.device.unit_id,
                clock,
                patience_s + TIME_OUTS * timeout_s,
            )
            units_of = {channel.channel: unit.profile.parts(channel.source)[0].unit for channel in unit.channels}
            device = unit.settings.device.id
            looks.append(
                Look(device, unit.address, unit.channels, units_of, found.readings, found.refused, found.trouble, found.doubts)
            )
    finally:
        connection.close()
    return looks


async def _look_opcua(unit: OpcUaUnit, site: str, clock: Clock, patience_s: float) -> list[Look]:
    device = SubscribedDevice(unit.settings.device, unit.channels, unit.file.parent)
    found = await look_at_server(site, device, clock, patience_s)
    remarks = tuple(_history_remarks(found))
    head = unit.settings.device
    return [
        Look(
            head.id, unit.address, unit.channels, unit.settings.units, found.readings, found.refused, found.trouble, remarks=remarks
        )
    ]


def _history_remarks(found: OpcUaFound) -> Iterable[str]:
    if isinstance(found.keeps_history, str):
        yield f"whether there is history cannot be read ({found.keeps_history})"
    elif found.keeps_history is not None:
        without = sorted(channel for channel, is_kept in found.keeps_history.items() if not is_kept)
        if without:
            yield f"history: the server keeps none of {', '.join(without)}; what a gap hides there stays unknown"
        else:
            yield "history: the server keeps it for every channel; gaps are filled from it"
