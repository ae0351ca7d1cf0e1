"""Vehicles of the plant's fleet at their charge points: they come late, have used more or less, and charge as their batteries take it.

A physics of its own, not the one that plans: the charger loses more than the plant file says, the battery takes less the fuller it is,
the vehicle's electronics draw from it while it stands, and the power ripples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from domain.flexible_loads import ChargePoint, Vehicle
from domain.plant import Plant
from flexibility.charging import Session, usual_sessions
from simulation.noise import Noise, dice

LOST = 0.03
"""Part of the energy drawn that is lost beyond what the plant file says."""
FULL_POWER_TO = 0.75
"""Charge up to which the battery takes full power (part of the capacity)."""
EMPTY_POWER_AT = 0.95
"""Charge at which it takes none any more (part of the capacity)."""
ELECTRONICS_KW = 0.015
"""What the vehicle itself draws from its battery while it stands [kW]."""
STANDBY_KW = 0.05
"""What a charge point's electronics draw; in the site's load as part of all chargers' standby [kW]."""
MOST_LATE_S = 25 * 60
USED_LEAST = 0.7
"""Part of what its trips need that a vehicle uses at least; at most all of it."""
LEAVINGS_KEPT = 40
KEY = "vehicle {}"
"""Name of a vehicle among the machines."""
_DAY_S = 86_400
_HOUR_S = 3600.0
_SMALL_KWH = 0.005
"""Less is missing to nobody: the electronics of a quarter of an hour [kWh]."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A vehicle at its charge point, as it really comes."""

    vehicle: str
    charge_point: str
    from_s: float
    ready_s: float
    """When it leaves [s since 1970]."""
    used_kwh: float
    """What its trip took [kWh]."""
    needed_kwh: float
    top_kwh: float
    """The charge at which its charge point stops [kWh]."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A vehicle that left, and what it lacked for its trip."""

    vehicle: str
    at_utc: datetime
    level_kwh: float
    missing_kwh: float
    """0: it had what it needs [kWh]."""


@dataclass(slots=True)
class Van:
    """What changes of one vehicle."""

    level_kwh: float = -1.0
    """Charge of its battery; below zero: it has not been seen yet [kWh]."""
    until_s: float = 0.0
    """When it leaves; 0: it is on its route."""
    since_s: float = 0.0
    power_kw: float = 0.0
    left: list[list[float]] = field(default_factory=list)
    """Of the last trips: when it left [s since 1970], its charge then, what was missing [kWh]."""


class Fleet:
    """All vehicles of a plant file. Of `machines` it takes its vans as they are, by `KEY`; new ones where there are none."""

    def __init__(self, plant: Plant, seed: int, machines: dict[str, Any]) -> None:
        self._plant, self._seed = plant, seed
        self._points = {point.id: point for point in plant.flexible.charge_points}
        self._vehicles = plant.flexible.vehicles
        self.vans = {vehicle.id: machines.setdefault(KEY.format(vehicle.id), Van()) for vehicle in self._vehicles}
        self._ripples = {vehicle.id: Noise(seed, f"charging-{vehicle.id}", 45.0) for vehicle in self._vehicles}
        self._stays_of = lru_cache(maxsize=4)(self._stays)

    def step(self, t_s: float, dt_s: float, limit_kw: Callable[[str], float | None]) -> float:
        """What all draw from `t_s` on for `dt_s` [kW].

        Parameters
        ----------
        limit_kw
            By charge point: what the operator lets it draw [kW]; None: as much as it can.
        """
        taken: set[str] = set()
        total_kw = 0.0
        for vehicle in self._vehicles:
            van = self.vans[vehicle.id]
            if van.until_s and t_s >= van.until_s:
                self._leave(vehicle, van)
            stay = self._stay_at(vehicle, t_s)
            if stay is None or stay.charge_point in taken:
                van.power_kw = 0.0
                continue
            taken.add(stay.charge_point)
            if not van.until_s:
                self._plug(vehicle, van, stay)
            van.power_kw = self._charge(vehicle, van, stay, t_s, dt_s, limit_kw(stay.charge_point))
            total_kw += van.power_kw
        return total_kw

    @property
    def charge_points(self) -> tuple[str, ...]:
        """Ids of the charge points."""
        return tuple(self._points)

    def level_kwh(self, charge_point: str) -> float | None:
        """Charge of the vehicle that stands at a charge point [kWh]; None: none does."""
        vans = (self.vans[vehicle.id] for vehicle in self._vehicles if vehicle.charge_point == charge_point)
        return next((van.level_kwh for van in vans if van.until_s), None)

    def shown_kw(self, charge_point: str, t_s: float) -> float:
        """What the charge point's own meter shows: the vehicle, and its electronics, which never draw quite the same [kW]."""
        vehicles = [vehicle.id for vehicle in self._vehicles if vehicle.charge_point == charge_point]
        drawn_kw = sum(self.vans[name].power_kw for name in vehicles)
        return drawn_kw + STANDBY_KW * (1 + 0.05 * sum(self._ripples[name].at(t_s) for name in vehicles[:1]))

    def leavings(self) -> list[Leaving]:
        """The last vehicles that left, in order."""
        found = [
            Leaving(name, datetime.fromtimestamp(at_s, UTC), level_kwh, missing_kwh)
            for name, van in self.vans.items()
            for at_s, level_kwh, missing_kwh in van.left
        ]
        return sorted(found, key=lambda one: (one.at_utc, one.vehicle))

    # -- coming and going ------------------------------------------------------------------------------------------

    def _stay_at(self, vehicle: Vehicle, t_s: float) -> Stay | None:
        stays = self._stays_of(int(t_s // _DAY_S)).get(vehicle.id, ())
        return next((stay for stay in stays if stay.from_s <= t_s < stay.ready_s), None)

    def _stays(self, day: int) -> dict[str, list[Stay]]:
        """Stays that touch a day [days since 1970, UTC], by vehicle."""
        start_utc = datetime.fromtimestamp(day * _DAY_S, UTC)
        found: dict[str, list[Stay]] = {}
        for session in usual_sessions(self._plant, start_utc, start_utc + timedelta(days=1)):
            found.setdefault(session.vehicle, []).append(self._as_it_comes(session))
        return found

    def _as_it_comes(self, session: Session) -> Stay:
        draws = dice(self._seed, "stay", session.vehicle, int(session.ready_utc.timestamp()))
        late_s, share = MOST_LATE_S * draws.random(), USED_LEAST + (1 - USED_LEAST) * draws.random()
        vehicle = next(one for one in self._vehicles if one.id == session.vehicle)
        full_kwh = max(vehicle.most_charge * vehicle.capacity_kwh, session.level_kwh)
        from_s, ready_s = session.from_utc.timestamp(), session.ready_utc.timestamp()
        return Stay(
            session.vehicle, session.charge_point, min(from_s + late_s, ready_s), ready_s,
            share * (full_kwh - session.level_kwh), session.needed_kwh, session.top_kwh,
        )  # fmt: skip

    def _plug(self, vehicle: Vehicle, van: Van, stay: Stay) -> None:
        set_out_kwh = max(vehicle.most_charge * vehicle.capacity_kwh, stay.used_kwh) if van.level_kwh < 0 else van.level_kwh
        van.level_kwh = max(set_out_kwh - stay.used_kwh, 0.0)
        van.until_s, van.since_s = stay.ready_s, stay.from_s

    def _leave(self, vehicle: Vehicle, van: Van) -> None:
        stay = self._stay_at(vehicle, van.until_s - 1)
        needed_kwh = 0.0 if stay is None else min(stay.needed_kwh, vehicle.capacity_kwh)
        missing_kwh = needed_kwh - van.level_kwh
        van.left.append([van.until_s, round(van.level_kwh, 3), round(missing_kwh, 3) if missing_kwh > _SMALL_KWH else 0.0])
        del van.left[:-LEAVINGS_KEPT]
        van.until_s = 0.0

    # -- charging --------------------------------------------------------------------------------------------------

    def _charge(self, vehicle: Vehicle, van: Van, stay: Stay, t_s: float, dt_s: float, limit_kw: float | None) -> float:
        """Power over the step [kW]; the battery's charge goes on by it."""
        hours = dt_s / _HOUR_S
        van.level_kwh = max(van.level_kwh - ELECTRONICS_KW * hours, 0.0)
        point = self._points[stay.charge_point]
        efficiency = point.efficiency * (1 - LOST)
        room_kwh = max(stay.top_kwh - van.level_kwh, 0.0)
        most_kw = self._most_kw(vehicle, van, point) * (1 + 0.01 * self._ripples[vehicle.id].at(t_s))
        wanted_kw = most_kw if limit_kw is None else min(most_kw, limit_kw)
        power_kw = max(min(wanted_kw, room_kwh / efficiency / hours), 0.0)
        van.level_kwh += efficiency * power_kw * hours
        return power_kw

    def _most_kw(self, vehicle: Vehicle, van: Van, point: ChargePoint) -> float:
        charge = van.level_kwh / vehicle.capacity_kwh
        share = min(1.0, max(0.0, (EMPTY_POWER_AT - charge) / (EMPTY_POWER_AT - FULL_POWER_TO)))
        return share * min(point.max_kw, vehicle.max_kw or point.max_kw)
