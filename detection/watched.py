"""What each meter of a plant is watched for, and why not for the rest: *nothing abnormal* holds for no more than this.

In: the plant file, and since when each meter is known and live.  Out: one `MeterWatch` a meter. `DetectionStep` watches by the same
answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from detection import creep
from domain.anomalies import AnomalyKind
from domain.plant import Machine, MachineKind, Meter, Plant

LEARNS_CREEP = creep.SHORTEST + timedelta(days=1)
"""A trend needs the first and the last of its days whole."""


WATCHED = (AnomalyKind.ON_WHILE_OFF, AnomalyKind.COUNTER_DISCONTINUITY, AnomalyKind.SILENT_METER, AnomalyKind.CREEP)
"""Kinds of which each meter is watched, or not for a reason."""


class Watching(StrEnum):
    """Whether a meter is watched for a kind, and why not; keys of the page's texts."""

    YES = "yes"
    ONLY_IN_SHUTDOWNS = "only_in_shutdowns"
    """A machine without shifts may run at any time but in a shutdown."""
    VIRTUAL = "virtual"
    """A virtual meter is watched through its parts."""
    NO_COUNTER = "no_counter"
    """Only a counter can jump."""
    NO_MACHINE = "no_machine"
    """No machine names this meter."""
    NO_SHIFTS = "no_shifts"
    """A machine behind the meter names no shifts, and the plant has no shutdowns: nothing says when it should be off."""
    NO_RESTING_HOURS = "no_resting_hours"
    """The plant file has no shifts, so there are no hours of rest to compare."""
    FOLLOWS_OTHERS = "follows_others"
    """A machine behind the meter follows weather, daylight or cars."""

    @property
    def is_on(self) -> bool:
        """Whether this kind can be found at all."""
        return self in (Watching.YES, Watching.ONLY_IN_SHUTDOWNS)


@dataclass(frozen=True, slots=True)
class Watch:
    """One kind of finding on one meter."""

    kind: AnomalyKind
    watching: Watching
    from_utc: datetime | None = None
    """From when on something can be found; in the future while it still learns. None where not watched, or nothing live has come yet."""


@dataclass(frozen=True, slots=True)
class MeterWatch:
    """What one meter is watched for: one `Watch` for each of `WATCHED`, in their order."""

    meter: str
    watches: tuple[Watch, ...]

    def of(self, kind: AnomalyKind) -> Watch:
        """The watch for `kind`."""
        return next(watch for watch in self.watches if watch.kind is kind)


_UNKNOWN: Mapping[str, datetime] = MappingProxyType({})


def watched(
    plant: Plant, known_since: Mapping[str, datetime] = _UNKNOWN, live_since: Mapping[str, datetime] = _UNKNOWN
) -> tuple[MeterWatch, ...]:
    """What every meter of `plant` is watched for, virtual ones last.

    Parameters
    ----------
    known_since
        Start of the first quarter hour of each meter, imported ones included: what is learnt slowly is learnt from them, too.
    live_since
        Start of the first quarter hour that came by way of metering: history never alarms.
    """
    found = []
    for meter in plant.meters:
        live_utc = live_since.get(meter.id)
        learnt_utc = None if live_utc is None else max(live_utc, known_since.get(meter.id, live_utc) + LEARNS_CREEP)
        found.append(
            MeterWatch(
                meter.id,
                tuple(
                    _watch(kind, watching_for(plant, meter, kind), learnt_utc if kind is AnomalyKind.CREEP else live_utc)
                    for kind in WATCHED
                ),
            )
        )
    through_parts = tuple(Watch(kind, Watching.VIRTUAL) for kind in WATCHED)
    return (*found, *(MeterWatch(meter.id, through_parts) for meter in plant.virtual_meters))


def _watch(kind: AnomalyKind, watching: Watching, from_utc: datetime | None) -> Watch:
    return Watch(kind, watching, from_utc if watching.is_on else None)


def watching_for(plant: Plant, meter: Meter, kind: AnomalyKind) -> Watching:
    """Whether `meter` is watched for `kind`, from the plant file alone."""
    machines = machines_of(plant, meter.id)
    match kind:
        case AnomalyKind.SILENT_METER:
            return Watching.YES
        case AnomalyKind.COUNTER_DISCONTINUITY:
            return Watching.YES if meter.counters() else Watching.NO_COUNTER
        case AnomalyKind.ON_WHILE_OFF:
            return _on_while_off(plant, machines)
        case AnomalyKind.CREEP:
            return _creep(plant, machines)
        case _:
            msg = f"{kind}: expected one of {', '.join(WATCHED)}"
            raise ValueError(msg)


def machines_of(plant: Plant, meter: str) -> tuple[Machine, ...]:
    """The machines that `meter` measures."""
    return tuple(machine for machine in plant.machines if machine.meter == meter)


def _on_while_off(plant: Plant, machines: tuple[Machine, ...]) -> Watching:
    if not machines:
        return Watching.NO_MACHINE
    # A machine without shifts may run at any time, and so may a meter that it shares with others.
    if all(machine.shifts for machine in machines):
        return Watching.YES
    if not plant.shutdowns:
        return Watching.NO_SHIFTS
    # The sun shines in a shutdown, too.
    if any(machine.kind is MachineKind.PHOTOVOLTAIC and not machine.shifts for machine in machines):
        return Watching.FOLLOWS_OTHERS
    return Watching.ONLY_IN_SHUTDOWNS


def _creep(plant: Plant, machines: tuple[Machine, ...]) -> Watching:
    if not machines:
        return Watching.NO_MACHINE
    if not plant.shifts:
        return Watching.NO_RESTING_HOURS
    follows = any(machine.kind in creep.FOLLOWS_OTHERS for machine in machines)
    return Watching.FOLLOWS_OTHERS if follows else Watching.YES
