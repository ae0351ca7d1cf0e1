"""Loads with a band in the linear program: levels from quarter hour to quarter hour, with the losses of the closed form in `flexibility.store`.

Within a quarter hour of even power and use a level moves one way only, so a band that holds at its ends holds in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from domain.flexible_loads import Battery, FlexibleLoad
from flexibility.horizon import QUARTER_H, Horizon
from flexibility.program import Program
from flexibility.store import Store


@dataclass(frozen=True, slots=True)
class LevelColumns:
    """Where a load with a band stands in the program."""

    load: FlexibleLoad
    store: Store
    power: dict[int, int]
    """Quarter hour -> column of the working power [kW]."""
    given: dict[int, int]
    """Quarter hour -> column of the power that it gives; empty but for a battery [kW]."""
    levels: list[int]
    """Columns of the level after each quarter hour [the level's unit]."""
    outside: list[int]
    """Columns of what the band is missed by, as working energy [kWh]."""

    @property
    def idle_kw(self) -> float:
        """What it draws besides the working power [kW]."""
        return max(self.store.held_kw, 0.0)


def add_level(program: Program, horizon: Horizon, load: FlexibleLoad, store: Store, level: float) -> LevelColumns:
    """Put a load that has `level` now into `program`: it keeps its band, and ends with no less than it has now.

    Where production takes more than the load can do, or the level is outside its band now, the band is missed by as little as can be.
    """
    kept = math.exp(-store.leak_per_h * QUARTER_H)
    span_h = QUARTER_H if store.leak_per_h == 0 else (1.0 - kept) / store.leak_per_h
    drift = (store.leak_per_h * store.surroundings - store.usual_use_per_h) * span_h
    columns = LevelColumns(load, store, {}, {}, [], [])
    before: int | None = None
    for slot in horizon.slots:
        power, after = program.column(0.0, store.most_kw), program.column(-math.inf)
        terms = {after: 1.0, power: -store.per_kwh * span_h}
        if isinstance(load, Battery):
            given = program.column(0.0, load.max_discharge_kw)
            terms[given] = span_h / load.discharge_efficiency
            # Both in one quarter hour only one after the other.
            program.row({power: 1.0 / store.most_kw, given: 1.0 / load.max_discharge_kw}, high=1.0)
            columns.given[slot] = given
        if before is not None:
            terms[before] = -kept
        start = drift + (kept * level if before is None else 0.0)
        program.row(terms, start, start)
        _keep_band(program, columns, after)
        columns.power[slot] = power
        columns.levels.append(after)
        before = after
    if before is not None:
        _end_as_now(program, columns, before, level)
    return columns


def _keep_band(program: Program, columns: LevelColumns, after: int) -> None:
    store, below, above = columns.store, program.column(), program.column()
    per_kwh = abs(store.per_kwh)
    program.row({after: 1.0, below: per_kwh}, low=store.lower)
    program.row({after: 1.0, above: -per_kwh}, high=store.upper)
    columns.outside.extend((below, above))


def _end_as_now(program: Program, columns: LevelColumns, last: int, level: float) -> None:
    """What is stored now is not sold: it is worth something after the horizon, too."""
    store, missing = columns.store, program.column()
    now = min(max(level, store.lower), store.upper)
    sign = math.copysign(1.0, store.per_kwh)
    program.row({last: sign, missing: abs(store.per_kwh)}, low=sign * now)
    columns.outside.append(missing)
