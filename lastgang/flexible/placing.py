"""Flexible loads of a plant in a load profile of a file: prices of the tariff in, the plan and what it saves by two bills out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from billing.demand_prices import demand_components
from billing.energy_prices import energy_price_eur_per_kwh
from billing.runs import saving_of_runs
from billing.tariff import Tariff
from domain.errors import InputFaults, fault
from domain.instants import instant_text
from domain.plant import Plant
from flexibility.charging import usual_sessions
from flexibility.horizon import QUARTER, Horizon, PeakPrice
from flexibility.physics import store_of
from flexibility.planning import FlexiblePlan, left_alone, plan_flexible
from quarters.numbers import slot_of
from quarters.periods import known_peak_kw
from quarters.profiles.load import read_profile

MOST_DAYS = 14
"""How long a load may be: what is planned further ahead is planned again before it comes."""


@dataclass(frozen=True, slots=True)
class Placing:
    """A plan, what happens without it, and what the difference is worth."""

    horizon: Horizon
    plan: FlexiblePlan
    without: FlexiblePlan
    saved_eur: float | None
    """``bill(without) - bill(with)``, less what batteries lose of their life; None where the tariff cannot price it [EUR]."""


def levels_of(texts: Sequence[str], plant: Plant) -> dict[str, float]:
    """Levels given as ``NAME=VALUE``, by load or vehicle; raises `InputFaults`."""
    stores = {load.id for load in plant.flexible.loads() if store_of(load) is not None}
    names = sorted(stores | {vehicle.id for vehicle in plant.flexible.vehicles})
    found: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if name not in names or not abs(number) < 1e6:
            raise InputFaults([fault("--level", "level", text, f"NAME=NUMBER with one of the names {names}")])
        found[name] = number
    return found


def placed_in(load: Path, plant: Plant, tariff: Tariff, levels: Mapping[str, float]) -> Placing:
    """The flexible loads of `plant` placed beside the load profile in the file `load`, which does not hold them.

    Raises
    ------
    InputFaults
        For a file that is no load profile, has quarter hours without power or price, or is longer than `MOST_DAYS`.
    """
    horizon = _horizon(load, plant, tariff)
    sessions = usual_sessions(plant, horizon.start_utc, horizon.end_utc, levels)
    loads = plant.flexible.loads()
    plan, without = (make(loads, horizon, sessions, levels) for make in (plan_flexible, left_alone))
    saved = saving_of_runs(plant, tariff, {}, _site(horizon, without), _site(horizon, plan))
    return Placing(horizon, plan, without, None if saved is None else saved - plan.cost.life_eur)


def _site(horizon: Horizon, plan: FlexiblePlan) -> dict[Any, float]:
    placed = plan.total_kw(horizon)
    return {horizon.start_utc + slot * QUARTER: horizon.site_kw[slot] + placed[slot] for slot in horizon.slots}


def _horizon(load: Path, plant: Plant, tariff: Tariff) -> Horizon:
    series = read_profile(load)
    if series.end_utc - series.start_utc > timedelta(days=MOST_DAYS):
        raise InputFaults([fault(load, "file", str(series.end_utc - series.start_utc), f"{MOST_DAYS} days of load at most")])
    energies = series.quarters_uwh()
    missing = [index for index, energy in enumerate(energies) if energy is None]
    if missing:
        at = instant_text(series.start_utc + missing[0] * QUARTER)
        raise InputFaults(
            [fault(load, "power_kw", f"nothing at {at}", "a power in each quarter hour: what is missing is not zero")]
        )
    first = slot_of(series.start_utc)
    slots = range(first, first + len(energies))
    prices = energy_price_eur_per_kwh(tariff, None, slots)
    if prices.known is None:
        at = instant_text(series.start_utc + prices.eur_per_kwh.index(None) * QUARTER)
        raise InputFaults([fault(load, "tariff", f"no price of energy at {at}", "a tariff that holds for the whole load")])
    peaks = tuple(
        PeakPrice(
            one.eur_per_kw,
            max(one.floor_kw, known_peak_kw(plant.site, series.start_utc)),
            tuple(slot - first for begin, end in one.windows for slot in range(begin, end)),
        )
        for one in demand_components(tariff, slots)
        if one.quantity == "kW"
    )
    return Horizon(series.start_utc, tuple(4e-9 * energy for energy in energies if energy is not None), prices.known, peaks)


def as_json(placing: Placing) -> dict[str, Any]:
    """What `lastgang flexible plan --json` writes."""
    horizon, plan, without = placing.horizon, placing.plan, placing.without
    return {
        "format": "lastgang.flexible-plan.v1",
        "start_utc": instant_text(horizon.start_utc),
        "minutes": 15,
        "site_kw": _rounded(horizon.site_kw),
        "loads": [{"id": one.name, "power_kw": _rounded(one.kw), "levels": _rounded(one.levels)} for one in plan.placed],
        "unmet": [{"id": one.name, "kwh": round(one.kwh, 3)} for one in plan.unmet],
        "not_planned": list(plan.not_planned),
        "peak_kw": {"with_plan": _peak_kw(horizon, plan), "without": _peak_kw(horizon, without)},
        "life_eur": round(plan.cost.life_eur, 2),
        "saved_eur": None if placing.saved_eur is None else round(placing.saved_eur, 2),
    }


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 3) + 0.0 for value in values]


def _peak_kw(horizon: Horizon, plan: FlexiblePlan) -> float:
    return round(max(site + kw for site, kw in zip(horizon.site_kw, plan.total_kw(horizon), strict=True)), 3)


def as_csv(placing: Placing) -> str:
    """The plan as a table: a row a quarter hour, a column a load [kW]."""
    horizon, plan = placing.horizon, placing.plan
    rows = [",".join(["start_utc", "site_kw", *(f"{one.name}_kw" for one in plan.placed)])]
    for slot in horizon.slots:
        cells = (horizon.site_kw[slot], *(one.kw[slot] for one in plan.placed))
        rows.append(",".join([instant_text(horizon.start_utc + slot * QUARTER), *(f"{kw + 0.0:.3f}" for kw in cells)]))
    return "\n".join(rows) + "\n"
