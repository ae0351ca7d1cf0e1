"""Loads that can wait, as they really go: vehicles come late and use less or more, production takes what it takes, holds are followed.

In: a plant file with `[[flexible.*]]`, a seed, and from step to step which loads are held.  Out: what each draws, the states that its
instruments show, and what went wrong: a vehicle that left without its charge, a band that was left.

Every draw has a name and depends on the seed and that name alone: two runs that differ in their holds meet the same day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from domain.flexible_loads import Battery, ChargePoint, FlexibleLoad
from domain.plant import Plant
from flexibility.charging import Session, one_at_a_time, usual_sessions
from flexibility.holding import LoadState, after_step
from flexibility.physics import store_of
from simulation.noise import dice

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a day differs from the usual one."""

    late_min: float = 45.0
    """Vehicles come back up to so much later, evenly [minutes]."""
    used_least: float = 0.7
    """Part of `needs_kwh` that a trip uses at least; at most all of it."""
    use_least: float = 0.2
    """Part of its usual use that production takes at least; at most what the plant file names as the most."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A vehicle that left without the charge it needed."""

    vehicle: str
    ready_utc: datetime
    kwh: float
    """What was missing in its battery [kWh]."""


@lru_cache(maxsize=4096)
def _drawn(seed: int, load: str, quarter: int) -> float:
    return dice(seed, "use", load, quarter).random()


class WaitingLoads:
    """The loads of one plant, from `start_utc` on.

    Parameters
    ----------
    plant
        With its usual trips and its calendar.
    seed
        Of all draws.
    start_utc, end_utc
        The time that will be run through.
    spread
        How far days differ.
    """

    def __init__(self, plant: Plant, seed: int, start_utc: datetime, end_utc: datetime, spread: Spread = Spread()) -> None:
        self.now_utc = start_utc
        self.missed: list[Missed] = []
        self._loads = plant.flexible.loads()
        self._seed, self._spread = seed, spread
        sessions = (self._as_it_comes(one, plant) for one in usual_sessions(plant, start_utc, end_utc))
        self._sessions = sorted(one_at_a_time(list(sessions)), key=lambda one: one.from_utc)
        self._states = {load.id: self._at_first(load, start_utc) for load in self._loads}
        self._starting: dict[str, datetime] = {}

    @property
    def states(self) -> Mapping[str, LoadState]:
        """What the instruments of each load show now."""
        return self._states

    @property
    def outside(self) -> list[str]:
        """The loads that are outside their band now."""
        stores = [(load.id, store_of(load)) for load in self._loads]
        return [name for name, store in stores if store is not None and not store.is_inside(self._states[name].level)]

    def step(self, held: Iterable[str], span: timedelta = MINUTE) -> Mapping[str, float]:
        """Go on by `span` with these loads held; what each draws in it [kW].

        A load that is released works again only after its `start_min`.
        """
        wanted, end_utc = frozenset(held), self.now_utc + span
        for load in self._loads:
            self._plug(load)
            self._states[load.id] = self._run(load, load.id in wanted, end_utc)
        self.now_utc = end_utc
        return {load.id: self._states[load.id].power_kw for load in self._loads}

    def _run(self, load: FlexibleLoad, is_wanted: bool, end_utc: datetime) -> LoadState:
        """The state after a step: held, or starting after a hold, or working."""
        state = self._states[load.id]
        if is_wanted:
            self._starting.pop(load.id, None)
            return self._after(load, state, True, end_utc)
        if state.held_since_utc is None:
            return self._after(load, state, False, end_utc)
        works_utc = self._starting.setdefault(load.id, self.now_utc + load.start_min * MINUTE)
        if works_utc >= end_utc:
            return self._after(load, state, True, end_utc)
        del self._starting[load.id]
        begin_utc = max(works_utc, self.now_utc)
        idle = self._after(load, state, True, begin_utc)
        works = self._after(load, idle, False, end_utc)
        part = (begin_utc - self.now_utc) / (end_utc - self.now_utc)
        return replace(works, power_kw=part * idle.power_kw + (1 - part) * works.power_kw)

    def _after(self, load: FlexibleLoad, state: LoadState, is_held: bool, end_utc: datetime) -> LoadState:
        if isinstance(load, Battery) and not is_held:  # it is charged by a plan only
            store = store_of(load)
            assert store is not None
            still = store.after(state.level, store.keeping_kw(state.level, 0.0), 0.0, (end_utc - state.at_utc) / timedelta(hours=1))
            return LoadState(end_utc, still, 0.0, None, state.at_utc if state.held_since_utc else state.released_utc)
        return after_step(load, state, is_held, end_utc, self._use_per_h(load))

    def _use_per_h(self, load: FlexibleLoad) -> float | None:
        """What production takes in this quarter hour: at the usual or more in half of them."""
        store = store_of(load)
        if store is None:
            return None
        draw = _drawn(self._seed, load.id, int(self.now_utc.timestamp() // 900))
        least = self._spread.use_least * store.usual_use_per_h
        if draw < 0.5:
            return least + 2 * draw * (store.usual_use_per_h - least)
        return store.usual_use_per_h + (2 * draw - 1) * (store.most_use_per_h - store.usual_use_per_h)

    def _at_first(self, load: FlexibleLoad, at_utc: datetime) -> LoadState:
        store = store_of(load)
        level = 0.0 if store is None else (store.lower + store.upper) / 2 if isinstance(load, Battery) else store.full_edge
        return LoadState(at_utc, level, 0.0, job_inside=False)

    def _as_it_comes(self, session: Session, plant: Plant) -> Session:
        vehicle = next(one for one in plant.flexible.vehicles if one.id == session.vehicle)
        draws = dice(self._seed, "trip", session.vehicle, session.ready_utc)
        late = timedelta(minutes=self._spread.late_min * draws.random())
        used = self._spread.used_least + (1 - self._spread.used_least) * draws.random()
        full_kwh = max(vehicle.most_charge * vehicle.capacity_kwh, session.level_kwh)
        level_kwh = full_kwh - used * (full_kwh - session.level_kwh)
        return replace(session, from_utc=min(session.from_utc + late, session.ready_utc), level_kwh=level_kwh)

    def _plug(self, load: FlexibleLoad) -> None:
        """Let a vehicle leave whose time has come, and the next one in."""
        if not isinstance(load, ChargePoint):
            return
        state = self._states[load.id]
        if state.session is not None and state.session.ready_utc <= self.now_utc:
            missing = state.session.needed_kwh - state.level
            if missing > 1e-6:
                self.missed.append(Missed(state.session.vehicle, state.session.ready_utc, missing))
            state = LoadState(self.now_utc, 0.0, 0.0, state.held_since_utc, state.released_utc)
        here = (one for one in self._sessions if one.charge_point == load.id and one.from_utc <= self.now_utc < one.ready_utc)
        if state.session is None and (session := next(here, None)) is not None:
            state = replace(state, session=session, level=session.level_kwh)
        self._states[load.id] = state
