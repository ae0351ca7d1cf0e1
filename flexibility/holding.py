"""What can be held back now, for how long, and what comes back: for whoever acts inside the quarter hour.

Nothing here guesses. A load whose level is not known, or is older than `fresh`, cannot be held: missing is never zero. The most that
production takes is counted, so that no use that stays within it leaves the band.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.flexible_loads import FlexibleLoad, HeldFurnace
from flexibility.charging import Session
from flexibility.physics import store_of
from flexibility.store import Store

HOUR = timedelta(hours=1)
FRESH = timedelta(minutes=5)
"""How old a level may be, so that a hold may begin or go on."""
LONGEST = timedelta(days=7)
"""What "as long as you like" is written as."""


@dataclass(frozen=True, slots=True)
class LoadState:
    """What is known of a load at an instant."""

    at_utc: datetime
    level: float
    """Pressure [bar], temperature [°C], or charge of battery or vehicle [kWh]."""
    power_kw: float
    """What it draws, as the mean of the last minutes [kW]."""
    held_since_utc: datetime | None = None
    """Since when it is held; None: it is not."""
    released_utc: datetime | None = None
    """When the last hold ended; None: there was none."""
    job_inside: bool | None = None
    """Of a furnace: whether a job is in it; None: not known, which counts as yes."""
    session: Session | None = None
    """Of a charge point: the vehicle that stands there; None: none does."""
    before_kw: float = 0.0
    """What it drew before the hold that runs, and would draw without it [kW]."""


@dataclass(frozen=True, slots=True)
class Holdable:
    """A load that can be held from now on."""

    name: str
    """Id of the load."""
    kw_now: float
    """By how much the site draws less while it is held, against what the load draws now or drew before the hold that runs [kW]."""
    until_utc: datetime
    """When it must be released at the latest, to work fully again before the edge of its band."""
    must_return_kwh: float
    """What it draws more afterwards if it is held until then [kWh]."""
    minimum_off_min: float
    """How long the hold must last at least [minutes]."""
    priority: int
    """Who waits first: 1 before 100."""


def holdable_now(
    loads: Iterable[FlexibleLoad], states: Mapping[str, LoadState], now_utc: datetime, step: timedelta, fresh: timedelta = FRESH
) -> tuple[Holdable, ...]:
    """The loads that can be held, or stay held, from now until the next decision, who waits first at the front.

    Parameters
    ----------
    loads
        Of the plant file.
    states
        By id of the load; one that is missing or old cannot be held.
    now_utc
        The instant of the decision.
    step
        How long it is until the next one.
    fresh
        How old a state may be.
    """
    found = []
    for load in loads:
        state = states.get(load.id)
        if state is not None and can_hold(load, state, now_utc, step, fresh):
            one = _holdable(load, state, now_utc)
            if one.kw_now > 0 or state.held_since_utc is not None:
                found.append(one)
    return tuple(sorted(found, key=lambda one: (one.priority, -one.kw_now, one.name)))


def can_hold(load: FlexibleLoad, state: LoadState, now_utc: datetime, step: timedelta, fresh: timedelta = FRESH) -> bool:
    """Whether `load` may be held, or stay held, from `now_utc` for a `step`: the band is kept whatever production takes until it works again.

    A hold that begins is one of `min_off_min` at least, and is refused where the band does not allow that.
    """
    age = now_utc - state.at_utc
    if not timedelta(0) <= age <= fresh or _is_bound(load, state) or not math.isfinite(state.level):
        return False
    if state.held_since_utc is None and _is_still_on(load, state, now_utc):
        return False
    return now_utc + max(step, still_off(load, state, now_utc)) <= latest_release_utc(load, state, now_utc)


def still_off(load: FlexibleLoad, state: LoadState, now_utc: datetime) -> timedelta:
    """How long a hold must go on: what is left of `min_off_min`, or all of it where no hold runs."""
    held = timedelta(0) if state.held_since_utc is None else now_utc - state.held_since_utc
    return max(timedelta(minutes=load.min_off_min) - held, timedelta(0))


def latest_release_utc(load: FlexibleLoad, state: LoadState, now_utc: datetime) -> datetime:
    """When `load` must be released at the latest if it is held from now on: by its band or its time, and by `max_off_min`.

    Counted from the instant of the state, with the most that production takes, and with the time that the load needs to work again.
    """
    store = store_of(load)
    if store is not None:
        hours = store.hours_held(state.level)
        edge = state.at_utc + (LONGEST if hours > LONGEST / HOUR else timedelta(hours=hours))
    elif state.session is not None:
        edge = state.session.with_level(state.level, state.at_utc).latest_start_utc(state.at_utc)
    else:
        edge = state.at_utc + LONGEST
    edge -= timedelta(minutes=load.start_min)
    if load.max_off_min is not None:
        begun = now_utc if state.held_since_utc is None else state.held_since_utc
        edge = min(edge, begun + timedelta(minutes=load.max_off_min))
    return edge


def _is_still_on(load: FlexibleLoad, state: LoadState, now_utc: datetime) -> bool:
    """Whether `min_on_min` since the last hold is not over."""
    return state.released_utc is not None and now_utc - state.released_utc < timedelta(minutes=load.min_on_min)


def _is_bound(load: FlexibleLoad, state: LoadState) -> bool:
    """Whether production forbids a hold: a batch in the furnace, or a job of which nobody knows whether it is in."""
    return isinstance(load, HeldFurnace) and not load.may_wait_during_jobs and state.job_inside is not False


def _holdable(load: FlexibleLoad, state: LoadState, now_utc: datetime) -> Holdable:
    until = latest_release_utc(load, state, now_utc)
    store = store_of(load)
    held_kw = 0.0 if store is None else store.held_kw
    draws_kw = state.power_kw if state.held_since_utc is None else state.before_kw
    less_kw = max(draws_kw - held_kw, 0.0)
    hours = max((until - now_utc) / HOUR, 0.0)
    back_kwh = less_kw * hours if store is None else _back_kwh(store, state.level, hours)
    if state.session is not None:
        back_kwh = min(back_kwh, max(state.session.top_kwh - state.level, 0.0) / state.session.efficiency)
    return Holdable(load.id, less_kw, until, back_kwh, still_off(load, state, now_utc) / timedelta(minutes=1), load.priority)


def _back_kwh(store: Store, level: float, hours: float) -> float:
    """What brings the level back to where it is now, after a hold with what production usually takes."""
    after = store.after(level, 0.0, store.usual_use_per_h + store.held_use_per_h, hours)
    return max((level - after) / store.per_kwh, 0.0)


def after_step(
    load: FlexibleLoad, state: LoadState, is_held: bool, until_utc: datetime, use_per_h: float | None = None
) -> LoadState:
    """The state of a load after a time in which it was held or left alone.

    Parameters
    ----------
    load, state
        What it is, and where it begins.
    is_held
        Whether it is held; else its own control fills it up, and a vehicle is charged with full power.
    until_utc
        The end of the step.
    use_per_h
        What production takes, in the level's unit per hour; None: the usual.
    """
    hours = (until_utc - state.at_utc) / HOUR
    store, session = store_of(load), state.session
    held_since = (state.held_since_utc or state.at_utc) if is_held else None
    released = state.at_utc if state.held_since_utc is not None and not is_held else state.released_utc
    level, power_kw = state.level, 0.0
    if store is not None:
        use = store.usual_use_per_h if use_per_h is None else use_per_h
        if is_held:
            level, power_kw = store.after(level, 0.0, use + store.held_use_per_h, hours), store.held_kw
        else:
            level, kwh = store.left_alone(level, use, hours)
            power_kw = max(store.held_kw, 0.0) + (kwh / hours if hours > 0 else 0.0)
    elif session is not None and not is_held:
        drawn_kwh = min(session.max_kw * hours, max(session.top_kwh - level, 0.0) / session.efficiency)
        level, power_kw = level + session.efficiency * drawn_kwh, drawn_kwh / hours if hours > 0 else 0.0
    before_kw = state.power_kw if state.held_since_utc is None else state.before_kw
    return LoadState(until_utc, level, power_kw, held_since, released, state.job_inside, session, before_kw if is_held else 0.0)
