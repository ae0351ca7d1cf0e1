"""Vehicles at charge points: when they stand there, what they need by when, and the limits that keep their batteries' life.

The physics of charging: the battery gains efficiency * P * dt, and nothing leaves it while the vehicle stands; the power is at most that of
charge point and vehicle, and, under IEC 61851-1, either 0 or at least that of 6 A.
A quarter hour's mean below that is made by charging for a part of it.
Cells age faster while they stand nearly full: Wikner and Thiringer, "Extending Battery Lifetime by Avoiding High SOC", Applied Sciences
8(10), 2018, measured 44 to 130 % more life at 50 % charge; so a vehicle is charged to `most_charge` only, unless its trip needs more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from domain.calendars import clock_span, is_holiday, is_shutdown
from domain.flexible_loads import ChargePoint, Trip, Vehicle
from domain.plant import Plant

HOUR = timedelta(hours=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Session:
    """A vehicle at its charge point, from one trip to the next."""

    vehicle: str
    charge_point: str
    from_utc: datetime
    """When it is plugged in."""
    ready_utc: datetime
    """By when it must be charged."""
    level_kwh: float
    """Charge when it is plugged in [kWh]."""
    needed_kwh: float
    """Charge that it must have at `ready_utc`; above `capacity_kwh` it cannot get there [kWh]."""
    capacity_kwh: float
    """Usable capacity [kWh]."""
    max_kw: float
    """Highest charging power of charge point and vehicle, as drawn from the grid [kW]."""
    efficiency: float
    """Part of the energy drawn that gets into the battery."""
    most_charge: float = 1.0
    """Charge that is not exceeded unless the trip needs more (part of the capacity)."""
    gentle_kw: float | None = None
    """Power that is not exceeded unless the time is too short; None: `max_kw` [kW]."""

    @property
    def top_kwh(self) -> float:
        """The charge that is not exceeded: that for the battery's life, or what the trip needs, or what it has already [kWh]."""
        return max(min(self.needed_kwh, self.capacity_kwh), self.most_charge * self.capacity_kwh, self.level_kwh)

    @property
    def missing_kwh(self) -> float:
        """What still has to be drawn from the grid for the trip [kWh]."""
        return max(min(self.needed_kwh, self.top_kwh) - self.level_kwh, 0.0) / self.efficiency

    def limit_kw(self, hours: float) -> float:
        """The power that is not exceeded when `hours` of charging are left: the gentle one, or what the time makes necessary [kW]."""
        if self.gentle_kw is None or hours <= 0:
            return self.max_kw
        return min(max(self.gentle_kw, self.missing_kwh / hours), self.max_kw)

    def latest_start_utc(self, at_utc: datetime) -> datetime:
        """The last instant from which it still gets ready in time with full power; not before `at_utc` or its arrival."""
        latest = self.ready_utc - timedelta(hours=self.missing_kwh / self.max_kw)
        return max(latest, at_utc, self.from_utc)

    def with_level(self, level_kwh: float, at_utc: datetime) -> Session:
        """The rest of the session, from a known charge on."""
        return replace(self, level_kwh=level_kwh, from_utc=max(self.from_utc, at_utc))


def usual_sessions(
    plant: Plant, from_utc: datetime, to_utc: datetime, levels_kwh: Mapping[str, float] | None = None
) -> list[Session]:
    """The sessions that the usual trips make, of those that end after `from_utc` and begin before `to_utc`.

    A vehicle comes back with what its trip left it: it set out with `most_charge` or what the trip needed, whichever is more. One whose
    charge is known (`levels_kwh`, by vehicle, at `from_utc`) goes on from there in the session that runs then.

    Returns
    -------
    list of Session
        In order of vehicle and time. The session of a charge point where another vehicle still stands begins when that one leaves.
    """
    known = levels_kwh or {}
    points = {point.id: point for point in plant.flexible.charge_points}
    found = []
    for vehicle in plant.flexible.vehicles:
        for session in _sessions_of(vehicle, points[vehicle.charge_point], plant, from_utc, to_utc):
            runs = session.from_utc <= from_utc < session.ready_utc
            found.append(session.with_level(known[vehicle.id], from_utc) if runs and vehicle.id in known else session)
    return one_at_a_time(found)


def one_at_a_time(sessions: list[Session]) -> list[Session]:
    """The sessions with one vehicle at a charge point at a time: who comes later waits until the place is free.

    A vehicle whose place does not get free before it leaves keeps a session without time: what it misses is then reported.
    """
    free: dict[str, datetime] = {}
    begins: dict[int, Session] = {}
    for index, session in sorted(enumerate(sessions), key=lambda pair: (pair[1].from_utc, pair[1].vehicle)):
        start = min(max(session.from_utc, free.get(session.charge_point, session.from_utc)), session.ready_utc)
        free[session.charge_point] = max(free.get(session.charge_point, session.ready_utc), session.ready_utc)
        begins[index] = replace(session, from_utc=start)
    return [begins[index] for index in range(len(sessions))]


def _sessions_of(vehicle: Vehicle, point: ChargePoint, plant: Plant, from_utc: datetime, to_utc: datetime) -> Iterator[Session]:
    zone = plant.site.zone
    first, last = from_utc.astimezone(zone).date() - timedelta(days=8), to_utc.astimezone(zone).date() + timedelta(days=8)
    driven = sorted(_driven(vehicle, plant, first, last), key=lambda one: one[0])
    for (_, back, before), (leaves, _, trip) in pairwise(driven):
        ready = leaves - timedelta(minutes=trip.ready_min)
        if ready > from_utc and back < to_utc:
            usual_kwh = max(vehicle.most_charge * vehicle.capacity_kwh, before.needs_kwh)
            yield Session(
                vehicle.id, point.id, min(back, ready), ready, max(usual_kwh - before.needs_kwh, 0.0), trip.needs_kwh, vehicle.capacity_kwh,
                min(point.max_kw, vehicle.max_kw or math.inf), point.efficiency, vehicle.most_charge, vehicle.gentle_kw,
            )  # fmt: skip


def _driven(vehicle: Vehicle, plant: Plant, first: date, last: date) -> Iterator[tuple[datetime, datetime, Trip]]:
    """When it leaves, when it is back, and the trip; of trips on the same day in any order."""
    for days in range((last - first).days + 1):
        day = first + timedelta(days=days)
        if vehicle.from_day is not None and day < vehicle.from_day:
            continue
        rests = is_holiday(day, plant.site) or is_shutdown(day, plant)
        for trip in vehicle.trips:
            if _WEEKDAYS[day.weekday()] in trip.days and not (rests and trip.not_on_holidays):
                yield (*clock_span(trip.leaves, trip.returns, day, plant.site.zone), trip)
