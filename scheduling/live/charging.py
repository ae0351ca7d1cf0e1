"""Vehicles in a planning problem: when they usually stand at their charge points, with what charge, and what of it the forecast knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from domain.flexible_loads import Vehicle
from domain.plant import Plant
from flexibility.charging import Session, usual_sessions
from scheduling.live.horizon import Horizon

LEARNED = timedelta(days=28)
"""After so long the forecast has learned what a new vehicle usually draws."""
COMES_LATE = timedelta(minutes=30)
"""A vehicle that stands there already is taken to have come so much later than usual, so that no charge is counted that is not there."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def stays_of(plant: Plant, horizon: Horizon) -> tuple[dict[str, Any], ...]:
    """The next usual stay of each vehicle that touches `horizon`, as `scheduling.planner.problem.Stay` has it; later ones are planned before they come."""
    vehicles = {vehicle.id: vehicle for vehicle in plant.flexible.vehicles}
    first: dict[str, Session] = {}
    for one in sorted(usual_sessions(plant, horizon.start_utc, horizon.end_utc), key=lambda one: one.from_utc):
        if one.from_utc < one.ready_utc:
            first.setdefault(one.vehicle, one)
    return tuple(
        _stay(_as_it_stands(one, horizon.start_utc), vehicles[name], plant, horizon) for name, one in sorted(first.items())
    )


def _as_it_stands(session: Session, at_utc: datetime) -> Session:
    """A session that runs, with what its vehicle has charged since it came, as far as that is sure."""
    if session.from_utc >= at_utc:
        return session
    charging_h = max((at_utc - session.from_utc - COMES_LATE) / HOUR, 0.0)
    charged_kwh = session.efficiency * session.limit_kw((session.ready_utc - session.from_utc) / HOUR) * charging_h
    level_kwh = min(session.level_kwh + charged_kwh, max(session.needed_kwh, session.level_kwh), session.top_kwh)
    return replace(session, from_utc=at_utc, level_kwh=level_kwh)


def _stay(session: Session, vehicle: Vehicle, plant: Plant, horizon: Horizon) -> dict[str, Any]:
    return {
        "load": session.charge_point, "vehicle": session.vehicle, "from_min": (session.from_utc - horizon.start_utc) / MINUTE,
        "ready_min": (session.ready_utc - horizon.start_utc) / MINUTE, "level_kwh": session.level_kwh, "needed_kwh": session.needed_kwh,
        "capacity_kwh": session.capacity_kwh, "max_kw": session.max_kw, "efficiency": session.efficiency,
        "most_charge": session.most_charge, "gentle_kw": session.gentle_kw, "in_base_load": known_part(vehicle, plant, horizon.start_utc),
    }  # fmt: skip


def known_part(vehicle: Vehicle, plant: Plant, at_utc: datetime) -> float:
    """Which part of a vehicle's usual charging the forecast has in it: what was measured in the last weeks is learned, the rest is not."""
    if vehicle.from_day is None:
        return 1.0
    driven = at_utc.astimezone(plant.site.zone).date() - vehicle.from_day
    return min(max(driven / LEARNED, 0.0), 1.0)
