"""Whose shifts say when people work in what a meter measures, and the watch over it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from detection.channels import phase_channels, reactive_channel
from detection.live.electric import ReactiveTerms
from detection.live.watch import KINDS, LiveWatch
from detection.staffing import Staffing
from detection.watched import machines_of, watching_for
from domain.anomalies import AnomalyKind
from domain.plant import Machine, Meter, Plant

MOST_OF_RATED = 1.1
"""Of what the machines behind a meter are rated for: no fault of the data up to here."""
_ENERGY = (
    AnomalyKind.LEFT_ON, AnomalyKind.UNPLANNED_WORK, AnomalyKind.BASE_LOAD_STEP, AnomalyKind.AIR_LEAK, AnomalyKind.EARLY_START,
    AnomalyKind.LATE_STOP,
)  # fmt: skip


def live_watch(plant: Plant, meter: Meter, terms: Callable[[datetime], ReactiveTerms | None]) -> LiveWatch:
    """The watch over `meter` of `plant`, as its calendar is now."""
    machines = machines_of(plant, meter.id)
    kinds = frozenset(kind for kind in KINDS if watching_for(plant, meter, kind).is_on)
    shifts = shifts_of(plant, meter) if kinds.intersection(_ENERGY) else ()
    pattern = None
    if shifts and meter.parent is None and AnomalyKind.UNPLANNED_WORK in kinds and plant.shift_changes:
        pattern = _staffing(plant.model_copy(update={"shift_changes": ()}), meter, shifts)
    return LiveWatch(
        zone=plant.site.zone,
        machines=tuple(machine.id for machine in machines),
        kinds=kinds,
        staffing=_staffing(plant, meter, shifts) if shifts else None,
        pattern=pattern,
        possible_kw=MOST_OF_RATED * sum(machine.rated_kw for machine in machines),
        phase_channels=phase_channels(meter),
        reactive_channel=reactive_channel(meter),
        terms=terms if meter == plant.billing_meter() else _no_terms,
    )


def _no_terms(at_utc: datetime) -> None:
    """Reactive energy costs at the billing meter alone."""


def shifts_of(plant: Plant, meter: Meter) -> tuple[str, ...]:
    """The shifts in which somebody works behind `meter`: those of its machines, else of the machines below it in the tree, else all of the plant."""
    below = [machine for one in _below(plant, meter.id) for machine in machines_of(plant, one)]
    named = {shift for machine in below for shift in machine.shifts}
    if any(not machine.shifts for machine in machines_of(plant, meter.id)):
        named = set()
    return tuple(shift.id for shift in plant.shifts if not named or shift.id in named)


def _below(plant: Plant, meter: str) -> list[str]:
    """The meter and all below it."""
    found = [meter]
    for one in found:
        found += [child.id for child in plant.meters if child.parent == one and child.id not in found]
    return found


def _staffing(plant: Plant, meter: Meter, shifts: tuple[str, ...]) -> Staffing:
    everyone = Machine(id=meter.id, meter=meter.id, rated_kw=meter.max_power_kw, shifts=shifts)
    return Staffing(plant, (everyone,))
