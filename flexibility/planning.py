"""All loads that can wait, placed together over a horizon: exactly, by linear programs.

First as little as possible is left unmet, then the EUR for energy, peak and battery life are least, then vehicles are charged early.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.flexible_loads import Battery, ChargePoint, FlexibleLoad
from flexibility.charging import Session
from flexibility.fleet import SessionColumns, add_sessions
from flexibility.horizon import QUARTER_H, Cost, Horizon, cost_of
from flexibility.levels import LevelColumns, add_level
from flexibility.physics import store_of
from flexibility.program import Program
from flexibility.store import Store

SMALL_KWH = 1e-3
"""Less than this counts as met: rounding of the solver [kWh]."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What one load does in the horizon."""

    name: str
    """Id of the load; of a charge point all its vehicles together."""
    kw: tuple[float, ...]
    """Mean power of each quarter hour; below zero it gives [kW]."""
    levels: tuple[float, ...] = ()
    """Level after each quarter hour [bar, °C, kWh]; none for a charge point."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """What cannot be had: a vehicle that is not charged in time, a band that is not kept."""

    name: str
    """Vehicle, or load."""
    kwh: float
    """What is missing, as energy from the grid [kWh]."""


@dataclass(frozen=True, slots=True)
class FlexiblePlan:
    """Where the loads are placed."""

    placed: tuple[Placed, ...]
    unmet: tuple[Unmet, ...]
    """Never silent: what is missing although everything was done for it."""
    not_planned: tuple[str, ...]
    """Loads with a band whose level is not known: they are not placed, and have to be in the site's load."""
    cost: Cost

    def total_kw(self, horizon: Horizon) -> tuple[float, ...]:
        """What all loads that were placed draw together [kW]."""
        return tuple(math.fsum(one.kw[slot] for one in self.placed) for slot in horizon.slots)


def plan_flexible(
    loads: Sequence[FlexibleLoad], horizon: Horizon, sessions: Sequence[Session], levels: Mapping[str, float]
) -> FlexiblePlan:
    """Place `loads` in `horizon`.

    Parameters
    ----------
    loads
        Of the plant file.
    horizon
        Without these loads.
    sessions
        Of vehicles at the charge points among `loads` (`flexibility.charging.usual_sessions`); others are left out.
    levels
        Level of each load with a band at the start of the horizon; a battery's is its charge [kWh].

    Raises
    ------
    flexibility.program.NoOptimum
        Where the solver does not end; every input has a plan.
    """
    program = Program()
    fleet, known, unknown = _put(program, horizon, loads, sessions, levels)
    money = _money(program, horizon, fleet, known)
    values = program.solve([goal for goal in (_missing(fleet, known), money, _early(fleet)) if goal])
    placed = (*_charged(loads, horizon, fleet, values), *(_kept(one, horizon, values) for one in known))
    return _plan(horizon, placed, _unmet(fleet, known, values), unknown, _life_eur(known, values))


def left_alone(
    loads: Sequence[FlexibleLoad], horizon: Horizon, sessions: Sequence[Session], levels: Mapping[str, float]
) -> FlexiblePlan:
    """The same loads without a plan: vehicles charge when they come, what has a band keeps its level, batteries stand.

    Vehicles charge what they need, within the limits of their batteries' life, so that the difference to `plan_flexible` is one of time alone.
    """
    program = Program()
    vehicles = [load for load in loads if isinstance(load, ChargePoint)]
    fleet, _, _ = _put(program, horizon, vehicles, sessions, {})
    values = program.solve([goal for goal in (_missing(fleet, []), _early(fleet)) if goal])
    stores = [(load, store) for load in loads if (store := store_of(load)) is not None]
    steady = [(load, store, levels[load.id]) for load, store in stores if load.id in levels]
    placed = (*_charged(vehicles, horizon, fleet, values), *(_steady(*one, horizon) for one in steady))
    unknown = tuple(load.id for load, _ in stores if load.id not in levels)
    return _plan(horizon, placed, _unmet(fleet, [], values), unknown, 0.0)


def _put(
    program: Program, horizon: Horizon, loads: Sequence[FlexibleLoad], sessions: Sequence[Session], levels: Mapping[str, float]
) -> tuple[list[SessionColumns], list[LevelColumns], tuple[str, ...]]:
    """Vehicles and bands in `program`, and the loads whose level is not known."""
    points = {load.id for load in loads if isinstance(load, ChargePoint)}
    fleet = add_sessions(program, horizon, [one for one in sessions if one.charge_point in points])
    stores = [(load, store) for load in loads if (store := store_of(load)) is not None]
    known = [add_level(program, horizon, load, store, levels[load.id]) for load, store in stores if load.id in levels]
    return fleet, known, tuple(load.id for load, _ in stores if load.id not in levels)


def _plan(
    horizon: Horizon, placed: tuple[Placed, ...], unmet: tuple[Unmet, ...], unknown: tuple[str, ...], life_eur: float
) -> FlexiblePlan:
    total = tuple(math.fsum(one.kw[slot] for one in placed) for slot in horizon.slots)
    return FlexiblePlan(placed, unmet, unknown, cost_of(horizon, total, life_eur))


def _missing(fleet: list[SessionColumns], known: list[LevelColumns]) -> dict[int, float]:
    """The goal that goes before all others."""
    return {one.unmet: 1.0 for one in fleet} | {column: 1.0 for one in known for column in one.outside}


def _early(fleet: list[SessionColumns]) -> dict[int, float]:
    """The goal that comes last: charge early, so that whoever leaves early has more."""
    return {column: slot + 1.0 for one in fleet for slot, column in one.power.items()}


def _unmet(fleet: list[SessionColumns], known: list[LevelColumns], values: list[float]) -> tuple[Unmet, ...]:
    found = [Unmet(one.session.vehicle, values[one.unmet]) for one in fleet]
    found += [Unmet(one.load.id, math.fsum(values[column] for column in one.outside)) for one in known]
    return tuple(one for one in found if one.kwh > SMALL_KWH)


def _steady(load: FlexibleLoad, store: Store, level: float, horizon: Horizon) -> Placed:
    kw = 0.0 if isinstance(load, Battery) else max(store.held_kw, 0.0) + store.keeping_kw(level, store.usual_use_per_h)
    return Placed(load.id, (kw,) * len(horizon.slots), (level,) * len(horizon.slots))


def _money(program: Program, horizon: Horizon, fleet: list[SessionColumns], known: list[LevelColumns]) -> dict[int, float]:
    """The goal of the EUR, with the columns and rows that it needs."""
    goal: dict[int, float] = {}
    drawn = {slot: _drawn(slot, fleet, known) for slot in horizon.slots}
    fixed = [site + math.fsum(one.idle_kw for one in known) for site in horizon.site_kw]
    for slot, price in enumerate(horizon.energy_eur_per_kwh):
        fed_in = program.column(0.0, max(-fixed[slot], 0.0) + _given_kw(known))
        bought = program.column()
        program.row({bought: 1.0, fed_in: -1.0} | {column: -sign for column, sign in drawn[slot].items()}, fixed[slot], fixed[slot])
        goal[bought] = price * QUARTER_H
        goal[fed_in] = -min(price, 0.0) * QUARTER_H
    for peak in horizon.peaks:
        above = program.column()
        for slot in horizon.slots if peak.slots is None else peak.slots:
            program.row({above: -1.0} | drawn[slot], high=peak.billed_kw - fixed[slot])
        goal[above] = peak.eur_per_kw
    for one in known:
        if isinstance(one.load, Battery):
            goal |= dict.fromkeys(one.given.values(), one.load.cycle_cost_eur_per_kwh * QUARTER_H)
    return goal


def _drawn(slot: int, fleet: list[SessionColumns], known: list[LevelColumns]) -> dict[int, float]:
    found = {one.power[slot]: 1.0 for one in fleet if slot in one.power}
    found |= {one.power[slot]: 1.0 for one in known}
    return found | {one.given[slot]: -1.0 for one in known if slot in one.given}


def _given_kw(known: list[LevelColumns]) -> float:
    return math.fsum(one.load.max_discharge_kw for one in known if isinstance(one.load, Battery))


def _life_eur(known: list[LevelColumns], values: list[float]) -> float:
    return math.fsum(
        one.load.cycle_cost_eur_per_kwh * QUARTER_H * values[column]
        for one in known
        if isinstance(one.load, Battery)
        for column in one.given.values()
    )


def _charged(loads: Sequence[FlexibleLoad], horizon: Horizon, fleet: list[SessionColumns], values: list[float]) -> Iterable[Placed]:
    for load in loads:
        if isinstance(load, ChargePoint):
            mine = [one.power for one in fleet if one.session.charge_point == load.id]
            yield Placed(load.id, tuple(math.fsum(values[one[slot]] for one in mine if slot in one) for slot in horizon.slots))


def _kept(one: LevelColumns, horizon: Horizon, values: list[float]) -> Placed:
    given = [values[one.given[slot]] if slot in one.given else 0.0 for slot in horizon.slots]
    kw = (one.idle_kw + values[one.power[slot]] - given[slot] for slot in horizon.slots)
    return Placed(one.load.id, tuple(kw), tuple(values[column] for column in one.levels))
