"""Which meter tells what a machine draws: its own, or one that it shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.plant import Machine, Plant


@dataclass(frozen=True, slots=True)
class MachineMeters:
    """The meters of a plant as far as jobs go."""

    own: Mapping[str, str]
    """Machine -> the meter that measures it alone."""
    shared: Mapping[str, tuple[str, ...]]
    """Meter -> the machines that it measures with others, or with a load that is no machine's; those without an own meter."""
    below: Mapping[str, frozenset[str]]
    """Shared meter -> every machine whose energy it counts, be it by a meter below."""
    channels: Mapping[str, str]
    """Meter -> the channel of its energy. A meter without one is not listed, nor are its machines anywhere."""


def machine_meters(plant: Plant) -> MachineMeters:
    """What `plant` says.

    A machine has a meter of its own where no other machine names it, no meter lies below it, and it is not the billed one: at the grid
    connection there is always more than one machine.
    """
    billing = plant.billing_meter()
    parents = {meter.parent for meter in plant.meters}
    named = [machine.meter for machine in plant.machines]
    channels = {
        meter.id: channel for meter in plant.meters if meter.id in named and (channel := meter.energy_channel()) is not None
    }
    own: dict[str, str] = {}
    shared: dict[str, tuple[str, ...]] = {}
    for machine in plant.machines:
        if machine.meter not in channels:
            continue
        is_billed = billing is not None and machine.meter == billing.id
        if named.count(machine.meter) == 1 and machine.meter not in parents and not is_billed:
            own[machine.id] = machine.meter
        else:
            shared[machine.meter] = (*shared.get(machine.meter, ()), machine.id)
    below = {meter: frozenset(one.id for one in plant.machines if _counts(plant, meter, one)) for meter in shared}
    return MachineMeters(own, shared, below, channels)


def _counts(plant: Plant, meter: str, machine: Machine) -> bool:
    """Whether `meter` counts the energy of `machine`."""
    parents = {one.id: one.parent for one in plant.meters}
    at: str | None = machine.meter
    while at is not None and at != meter:
        at = parents.get(at)
    return at is not None
