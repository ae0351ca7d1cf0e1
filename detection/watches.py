"""What the quarter hours of each meter are judged by, under the calendar that the shift changes known to its state make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from detection.creep import CreepWatch
from detection.live.calendars import live_watch
from detection.live.electric import ReactiveTerms
from detection.live.watch import LiveWatch
from detection.on_while_off import OnWhileOff
from detection.staffing import Staffing
from detection.watched import machines_of, watching_for
from domain.anomalies import AnomalyKind
from domain.known_changes import Changes
from domain.plant import Meter, Plant, plant_with_changes


@dataclass(frozen=True, slots=True)
class Watches:
    """The watches over one meter; None where it is not watched for that."""

    off: OnWhileOff | None = None
    creep: CreepWatch | None = None
    live: LiveWatch | None = None

    def at_price(self, price_eur_per_kwh: float | None) -> Watches:
        """The same at a price of energy."""
        return Watches(
            None if self.off is None else replace(self.off, price_eur_per_kwh=price_eur_per_kwh),
            None if self.creep is None else self.creep.at_price(price_eur_per_kwh),
            None if self.live is None else self.live.at_price(price_eur_per_kwh),
        )


class WatchesByMeter:
    """Made once for each meter and calendar: what was worked out of a calendar is kept until the meter's state knows another."""

    def __init__(self, plant: Plant, terms: Callable[[datetime], ReactiveTerms | None]) -> None:
        self._plant = plant
        self._terms = terms
        self._meters = {meter.id: meter for meter in plant.meters}
        self._made: dict[str, tuple[Changes, Watches]] = {}
        self._calendar: tuple[Changes, Plant] = ((), plant)

    def of(self, meter: str, changes: Changes) -> Watches:
        """The watches over `meter`; none over one that the plant file does not have."""
        known = self._meters.get(meter)
        if known is None:
            return Watches()
        held = self._made.get(meter)
        if held is not None and held[0] is changes:
            return held[1]
        watches = held[1] if held is not None and held[0] == changes else self._make(known, changes)
        self._made[meter] = (changes, watches)
        return watches

    def _make(self, meter: Meter, changes: Changes) -> Watches:
        plant = self._under(changes)
        machines = machines_of(plant, meter.id)
        off = creep = None
        if watching_for(plant, meter, AnomalyKind.CREEP).is_on:
            creep = CreepWatch(plant, machines, None)
        if watching_for(plant, meter, AnomalyKind.ON_WHILE_OFF).is_on:
            off = OnWhileOff(machines, Staffing(plant, machines), None)
        return Watches(off, creep, live_watch(plant, meter, self._terms))

    def _under(self, changes: Changes) -> Plant:
        """The plant with `changes`; meters hear of a change one after the other, so the newest calendar is remembered."""
        if self._calendar[0] != changes:
            self._calendar = (changes, plant_with_changes(self._plant, changes) if changes else self._plant)
        return self._calendar[1]
