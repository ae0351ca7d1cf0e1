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
from detection.channels import phase_channels, reactive_channel
from detection.site.machines import SERVES_OTHERS
from domain.anomalies import AnomalyKind
from domain.channels import IMPORT
from domain.plant import Machine, MachineKind, Meter, Plant
from domain.set_points import SetPointKind
from production.meters import machine_meters

LEARNS_CREEP = creep.SHORTEST + timedelta(days=1)
"""A trend needs the first and the last of its days whole."""


WATCHED = (
    AnomalyKind.ON_WHILE_OFF, AnomalyKind.COUNTER_DISCONTINUITY, AnomalyKind.SILENT_METER, AnomalyKind.CREEP,
    AnomalyKind.STUCK, AnomalyKind.SPIKE, AnomalyKind.UNIT_JUMP, AnomalyKind.PHASE_DROP,
    AnomalyKind.LEFT_ON, AnomalyKind.UNPLANNED_WORK, AnomalyKind.BASE_LOAD_STEP, AnomalyKind.AIR_LEAK,
    AnomalyKind.EARLY_START, AnomalyKind.LATE_STOP, AnomalyKind.POOR_POWER_FACTOR, AnomalyKind.PHASE_IMBALANCE,
    AnomalyKind.IDLE_IN_SHIFT, AnomalyKind.STANDBY, AnomalyKind.SIMULTANEOUS_STARTS, AnomalyKind.HEATING_AGAINST_COOLING,
    AnomalyKind.PRESSURE_HIGH,
    AnomalyKind.MACHINE_UNUSUAL, AnomalyKind.LIMIT_AHEAD, AnomalyKind.ENERGY_PER_PART,
)  # fmt: skip
"""Kinds of which each meter is watched, or not for a reason."""

LEARNS: Mapping[AnomalyKind, timedelta] = MappingProxyType(
    {
        AnomalyKind.CREEP: LEARNS_CREEP,
        AnomalyKind.STUCK: timedelta(days=2),
        AnomalyKind.SPIKE: timedelta(days=4),
        AnomalyKind.UNIT_JUMP: timedelta(days=4),
        AnomalyKind.PHASE_DROP: timedelta(hours=6),
        AnomalyKind.LEFT_ON: timedelta(days=8),
        AnomalyKind.UNPLANNED_WORK: timedelta(days=8),
        AnomalyKind.BASE_LOAD_STEP: timedelta(days=8),
        AnomalyKind.AIR_LEAK: timedelta(days=8),
        AnomalyKind.EARLY_START: timedelta(days=8),
        AnomalyKind.LATE_STOP: timedelta(days=8),
        AnomalyKind.IDLE_IN_SHIFT: timedelta(days=14),
        AnomalyKind.STANDBY: timedelta(days=14),
        AnomalyKind.SIMULTANEOUS_STARTS: timedelta(days=1),
        AnomalyKind.HEATING_AGAINST_COOLING: timedelta(days=3),
    }
)
"""How much of a meter has to be known before something can be found; others find from the first live quarter hour on. Base loads take six days with hours of rest, and the days until levels are known."""

COMES_AND_GOES = (MachineKind.CHARGER, MachineKind.LIGHTING, MachineKind.PHOTOVOLTAIC)
"""What they draw for a day is no more than there are cars, or light."""
MUST_WARM_UP = (MachineKind.FURNACE,)


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

    REPORTED_BY_OTHER = "reported_by_other"
    """Another kind of finding says it of this meter: *on without a shift*, or *compressed air leaks*."""
    ANY_TIME = "any_time"
    """A machine behind the meter names no shifts: it may work at any time."""
    NO_COMPRESSOR = "no_compressor"
    """Only a compressor loses air."""
    NO_PHASES = "no_phases"
    """The plant file has no counters of its three phases."""
    NO_REACTIVE = "no_reactive"
    """The plant file has no counter of its reactive energy beside that of its energy."""
    NO_HEALTH_CHANNELS = "no_health_channels"
    """The plant file names no channels that show the health of a machine behind the meter."""
    NO_PARTS = "no_parts"
    """No control of a machine that has the meter to itself counts good parts."""
    WARMS_UP = "warms_up"
    """A furnace has to be warm when its shift begins."""
    SHARED = "shared"
    """No machine is measured by this meter alone."""
    NO_JOBS = "no_jobs"
    """The machine serves others: no jobs run on it."""
    NOT_BILLED = "not_billed"
    """Only at the billing meter starts make a peak that is billed."""
    NO_PRESSURE = "no_pressure"
    """The plant file names no pressure among the set points of its machine."""
    NO_HEATING_AND_COOLING = "no_heating_and_cooling"
    """Found at the meter of a machine that cools rooms, where another one heats them."""

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
        known_utc = None if live_utc is None else known_since.get(meter.id, live_utc)
        watches = []
        for kind in WATCHED:
            from_utc = live_utc
            if live_utc is not None and known_utc is not None and kind in LEARNS:
                from_utc = max(live_utc, known_utc + LEARNS[kind])
            watches.append(_watch(kind, watching_for(plant, meter, kind), from_utc))
        found.append(MeterWatch(meter.id, tuple(watches)))
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
        case AnomalyKind.STUCK | AnomalyKind.SPIKE | AnomalyKind.UNIT_JUMP:
            return Watching.YES if meter.energy_channel() is not None else Watching.NO_COUNTER
        case AnomalyKind.PHASE_DROP | AnomalyKind.PHASE_IMBALANCE:
            return Watching.YES if phase_channels(meter) else Watching.NO_PHASES
        case AnomalyKind.POOR_POWER_FACTOR:
            return Watching.YES if reactive_channel(meter) else Watching.NO_REACTIVE
        case AnomalyKind.LEFT_ON | AnomalyKind.UNPLANNED_WORK:
            return _whole_areas(plant, meter, machines, kind)
        case AnomalyKind.BASE_LOAD_STEP | AnomalyKind.AIR_LEAK:
            return _base_load(plant, meter, machines, kind)
        case AnomalyKind.EARLY_START | AnomalyKind.LATE_STOP:
            return _ends_of_the_day(machines, kind)
        case AnomalyKind.IDLE_IN_SHIFT | AnomalyKind.STANDBY:
            return _single_machine(plant, machines, kind)
        case AnomalyKind.SIMULTANEOUS_STARTS:
            return _starts(plant, meter)
        case AnomalyKind.HEATING_AGAINST_COOLING:
            return _against(plant, machines)
        case AnomalyKind.PRESSURE_HIGH:
            has_one = any(point.kind is SetPointKind.PRESSURE for machine in machines for point in machine.set_points)
            return Watching.YES if has_one else Watching.NO_PRESSURE
        case AnomalyKind.MACHINE_UNUSUAL | AnomalyKind.LIMIT_AHEAD:
            return Watching.YES if any(machine.health for machine in machines) else Watching.NO_HEALTH_CHANNELS
        case AnomalyKind.ENERGY_PER_PART:
            counts = len(machines) == 1 and machines[0].control is not None and machines[0].control.counts_good is not None
            return Watching.YES if counts else Watching.NO_PARTS
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


def _at_rest(plant: Plant, meter: Meter, machines: tuple[Machine, ...]) -> Watching:
    """Whether there are hours in which this meter rests, by what the plant file says."""
    if not plant.shifts:
        return Watching.NO_RESTING_HOURS
    follows = meter.energy_channel() != IMPORT and bool(machines)
    follows |= any(machine.kind in COMES_AND_GOES or machine.kind is MachineKind.CHILLER for machine in machines)
    return Watching.FOLLOWS_OTHERS if follows else Watching.YES


def _whole_areas(plant: Plant, meter: Meter, machines: tuple[Machine, ...], kind: AnomalyKind) -> Watching:
    if machines and _on_while_off(plant, machines) is Watching.YES:
        return Watching.REPORTED_BY_OTHER
    if machines and kind is AnomalyKind.UNPLANNED_WORK:
        return Watching.ANY_TIME
    return _at_rest(plant, meter, machines)


def _base_load(plant: Plant, meter: Meter, machines: tuple[Machine, ...], kind: AnomalyKind) -> Watching:
    has_compressor = any(machine.kind is MachineKind.COMPRESSOR for machine in machines)
    if kind is AnomalyKind.AIR_LEAK and not has_compressor:
        return Watching.NO_COMPRESSOR
    if kind is AnomalyKind.BASE_LOAD_STEP and has_compressor:
        return Watching.REPORTED_BY_OTHER
    return _at_rest(plant, meter, machines)


def _ends_of_the_day(machines: tuple[Machine, ...], kind: AnomalyKind) -> Watching:
    if not machines:
        return Watching.NO_MACHINE
    if not all(machine.shifts for machine in machines):
        return Watching.NO_SHIFTS
    if kind is AnomalyKind.EARLY_START and any(machine.kind in MUST_WARM_UP for machine in machines):
        return Watching.WARMS_UP
    return Watching.YES


def _single_machine(plant: Plant, machines: tuple[Machine, ...], kind: AnomalyKind) -> Watching:
    """Of a machine that one meter measures alone."""
    if not machines:
        return Watching.NO_MACHINE
    if machines[0].id not in machine_meters(plant).own:
        return Watching.SHARED
    if not machines[0].shifts:
        return Watching.ANY_TIME
    return Watching.NO_JOBS if kind is AnomalyKind.IDLE_IN_SHIFT and machines[0].kind in SERVES_OTHERS else Watching.YES


def _starts(plant: Plant, meter: Meter) -> Watching:
    billing = plant.billing_meter()
    if billing is None or meter.id != billing.id:
        return Watching.NOT_BILLED
    return Watching.YES if len(machine_meters(plant).own) > 1 else Watching.NO_MACHINE


def _against(plant: Plant, machines: tuple[Machine, ...]) -> Watching:
    own = machine_meters(plant).own
    heats = any(machine.kind is MachineKind.HEATING and machine.id in own for machine in plant.machines)
    cools = any(machine.kind is MachineKind.COOLING and machine.id in own for machine in machines)
    return Watching.YES if heats and cools else Watching.NO_HEATING_AND_COOLING
