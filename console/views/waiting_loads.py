"""Loads that can wait: their bands, what could be held now, and what they are to do by advice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.views.scene import Scene
from domain.flexible_loads import Battery, ChargePoint, Compressor, FlexibleLoad, ThermalLoad
from domain.recommendations import Action, LoadPlace, RecommendationStatus

MOST_LOADS = 30
"""Rows of the table."""
MOST_SPANS = 4
_LIVE = (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED, RecommendationStatus.CARRIED_OUT)


@dataclass(frozen=True, slots=True)
class WaitingLoad:
    """One load."""

    load: str
    label: str
    band: tuple[float, float, str]
    """Lower edge, upper edge and unit; of a charge point 0 and its power [kW]."""
    vehicles: tuple[str, ...]
    """Names of the vehicles of a charge point."""
    can_wait_kw: float | None
    """What could be held now [kW]; None: nothing, or not known."""
    can_wait_until_utc: datetime | None
    plan: tuple[LoadPlace, ...]
    """When it is to draw by advice that is open or accepted, from now on."""
    is_accepted: bool


@dataclass(frozen=True, slots=True)
class WaitingLoadsView:
    """The panel."""

    now_utc: datetime
    loads: tuple[WaitingLoad, ...]
    left_out: int


def waiting_loads_view(scene: Scene) -> WaitingLoadsView:
    """All loads of the plant file that can wait."""
    governing = scene.live.governing
    could = {one.load: one for one in governing.can_wait} if governing is not None else {}
    plans: dict[str, tuple[tuple[LoadPlace, ...], bool]] = {}
    for advice in scene.recommendations():
        if advice.action is not Action.SHIFT_LOAD or advice.status not in _LIVE:
            continue
        for name in {place.load for place in advice.after.loads}:
            ahead = tuple(place for place in advice.after.loads if place.load == name and place.end_utc > scene.now_utc)
            if ahead:
                plans[name] = ahead[:MOST_SPANS], advice.status is not RecommendationStatus.OPEN
    vehicles = scene.plant.flexible.vehicles
    loads = scene.plant.flexible.loads()
    found = []
    for load in loads[:MOST_LOADS]:
        plan, is_accepted = plans.get(load.id, ((), False))
        names = tuple(one.label for one in vehicles if one.charge_point == load.id)
        waits = could.get(load.id)
        kw, until_utc = (None, None) if waits is None else (waits.kw, waits.until_utc)
        found.append(WaitingLoad(load.id, load.label, band_of(load), names, kw, until_utc, plan, is_accepted))
    return WaitingLoadsView(scene.now_utc, tuple(found), max(len(loads) - MOST_LOADS, 0))


def band_of(load: FlexibleLoad) -> tuple[float, float, str]:
    """Between what its level may be, and in which unit; of a charge point what it draws."""
    match load:
        case Compressor():
            return load.lower_bar, load.upper_bar, "bar"
        case ThermalLoad():
            return load.lower_c, load.upper_c, "°C"
        case Battery():
            return load.lowest_charge * load.capacity_kwh, load.highest_charge * load.capacity_kwh, "kWh"
        case ChargePoint():
            return 0.0, load.max_kw, "kW"
        case _:
            return 0.0, 0.0, ""
