"""Notes before a plant runs; they are no faults of its files: what will not be measured, or not as somebody may expect.

In: a fleet without faults, the environment, the disk.  Out: sentences for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from connectors.gateway.fleet import Fleet
from connectors.gateway.sizing import OUTAGE, Stream, disk_bytes, free_bytes
from connectors.modbus.line import ModbusUnit
from domain.channels import IMPORT
from domain.plant import Plant, RegisterKind


def fleet_notes(fleet: Fleet, environment: Mapping[str, str]) -> list[str]:
    """Notes on the devices and on the meters that they measure."""
    return [
        *_grid_connection(fleet.plant),
        *_without_device(fleet),
        *_shared_counters(fleet),
        *_slow_answers(fleet),
        *_absent_secrets(fleet, environment),
    ]


def buffer_text(stream: Stream) -> str:
    """How much disk the gateway's buffer takes at most."""
    limits = stream.limits()
    return (
        f"buffer: {OUTAGE.days} days without a broker are up to {limits.readings:,} readings, {disk_bytes(limits) / 1e6:,.0f} MB on the "
        f"gateway's disk ({stream.readings_per_s:.3g} readings/s)"
    )


def disk_notes(stream: Stream, buffer: Path) -> list[str]:
    """That the disk of `buffer` has not the room, where that is so."""
    needed, free = disk_bytes(stream.limits()), free_bytes(buffer)
    if free >= needed:
        return []
    return [
        f"the buffer may take {needed / 1e6:,.0f} MB, and {buffer.parent} has {free / 1e6:,.0f} MB free: without a broker readings are kept for "
        f"{stream.days_in(free):.1f} days, then the oldest samples of gauges are dropped; make room"
    ]


def _grid_connection(plant: Plant) -> Iterable[str]:
    billing = plant.billing_meter()
    if billing is None:
        roots = ", ".join(meter.id for meter in plant.meters if meter.parent is None) or "none"
        yield (
            f"no meter is the grid connection (without a parent: {roots}): there will be no running quarter hour, no forecast and no advice "
            f"for the site; name it as [site] billing_meter"
        )
    elif not any(r.channel == IMPORT or r.unit in ("W", "kW") for r in billing.registers):
        yield f"meter {billing.id}: neither a counter energy_import nor a power: there will be no running quarter hour"


def _without_device(fleet: Fleet) -> Iterable[str]:
    measured = {channel.meter for unit in fleet.units() for channel in unit.channels}
    for meter in fleet.plant.meters:
        if meter.registers and meter.id not in measured:
            yield f"meter {meter.id}: no device reads it; its quarter hours come from imports only"


def _shared_counters(fleet: Fleet) -> Iterable[str]:
    """Counters that several meters take from one place: most often a device file that was copied and not changed."""
    read: dict[tuple[object, ...], list[str]] = {}
    for unit in fleet.units():
        for channel in unit.channels:
            if channel.kind is RegisterKind.COUNTER:
                place: tuple[object, ...] = (unit.address, channel.source)
                if not isinstance(unit, ModbusUnit):
                    place = (*place, unit.settings.device.namespace_uri)
                read.setdefault(place, []).append(f"{channel.meter}.{channel.channel}")
    for (address, source, *_), names in read.items():
        if len(names) > 1:
            yield f"{' and '.join(names)} are the same counter, {source} at {address}: the same energy is booked for each"


def _slow_answers(fleet: Fleet) -> Iterable[str]:
    for unit in fleet.modbus:
        head = unit.settings.device
        if head.timeout_s > head.poll_s:
            yield (
                f"{unit.file.name}: it is read every {head.poll_s:g} s, and one answer may take timeout_s = {head.timeout_s:g} s: while it is "
                f"silent, it and others at {head.host}:{head.port} are read late"
            )


def _absent_secrets(fleet: Fleet, environment: Mapping[str, str]) -> Iterable[str]:
    for unit in fleet.opcua:
        head = unit.settings.device
        for variable in (head.user_variable, head.password_variable):
            if variable and not environment.get(variable):
                yield f"{unit.file.name}: the environment variable {variable} is not set here; without it the gateway does not connect"
