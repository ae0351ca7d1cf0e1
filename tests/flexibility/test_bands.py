"""No band is ever left: whatever production takes up to its most, whenever holds begin and end, as long as `can_hold` allows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.flexible_loads import FlexibleLoad
from flexibility.holding import LoadState, after_step, can_hold
from flexibility.physics import store_of
from tests.flexibility.examples_of_loads import BATTERY, CHARGE_POINT, COLD_STORE, COMPRESSOR, FURNACE, NOW, SESSION

MINUTE = timedelta(minutes=1)
BANDS = [COMPRESSOR, COLD_STORE, FURNACE, BATTERY]

Wish = tuple[bool, float, int, float]
"""Whether somebody wants to hold it, minutes from decision to decision, for how many decisions, and what part of the most is used meanwhile."""
wishes = st.lists(
    st.tuples(st.booleans(), st.floats(0.05, 15.0), st.integers(1, 60), st.one_of(st.just(1.0), st.floats(0.0, 1.0))), max_size=6
)


@pytest.mark.parametrize("load", BANDS, ids=lambda load: load.id)
@given(part=st.floats(0.0, 1.0), steps=wishes, limits=st.tuples(st.floats(0, 20), st.floats(0, 20), st.floats(0, 5)))
@settings(max_examples=150, deadline=None)
def test_no_sequence_of_allowed_holds_leaves_the_band(
    load: FlexibleLoad, part: float, steps: list[Wish], limits: tuple[float, float, float]
) -> None:
    load = load.model_copy(update={"min_on_min": limits[0], "min_off_min": limits[1], "start_min": limits[2]})
    store = store_of(load)
    assert store is not None
    state = LoadState(NOW, store.lower + part * (store.upper - store.lower), 0.0, job_inside=False)
    for wanted, minutes, used in ((wanted, minutes, used) for wanted, minutes, times, used in steps for _ in range(times)):
        use = used * store.most_use_per_h
        for held in _commands(load, state, wanted, minutes * MINUTE):
            state = after_step(load, state, held[0], state.at_utc + held[1], use)
            assert store.is_inside(state.level), f"{load.id} at {state.level} outside {store.lower} to {store.upper}"


def _commands(load: FlexibleLoad, state: LoadState, wanted: bool, step: timedelta) -> list[tuple[bool, timedelta]]:
    """What is commanded for a step: the wish, as far as it is allowed; after a release the load starts, and is at rest until then."""
    if can_hold(load, state, state.at_utc, step) and (wanted or _must_stay_held(load, state)):
        return [(True, step)]
    if state.held_since_utc is not None:
        return [(True, load.start_min * MINUTE), (False, step)]
    return [(False, step)]


def _must_stay_held(load: FlexibleLoad, state: LoadState) -> bool:
    return state.held_since_utc is not None and state.at_utc - state.held_since_utc < load.min_off_min * MINUTE


@given(part=st.floats(0.0, 1.0), use=st.floats(0.0, 1.0), minutes=st.floats(0.1, 600.0))
def test_left_alone_every_load_stays_in_its_band(part: float, use: float, minutes: float) -> None:
    for load in BANDS:
        store = store_of(load)
        assert store is not None
        level, kwh = store.left_alone(store.lower + part * (store.upper - store.lower), use * store.most_use_per_h, minutes / 60)
        assert store.is_inside(level)
        assert -1e-9 <= kwh <= store.most_kw * minutes / 60 + 1e-9


@given(minutes=st.floats(0.05, 60.0), holds=st.lists(st.booleans(), min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_vehicle_is_ready_in_time_whatever_holds_were_allowed(minutes: float, holds: list[bool]) -> None:
    point = CHARGE_POINT.model_copy(update={"start_min": 1.0})
    state = LoadState(NOW, SESSION.level_kwh, 0.0, session=SESSION)
    for wanted in holds:
        step = min(minutes * MINUTE, SESSION.ready_utc - state.at_utc)
        for held in _commands(point, state, wanted, step):
            state = after_step(point, state, held[0], min(state.at_utc + held[1], SESSION.ready_utc))
    state = after_step(point, state, False, SESSION.ready_utc)
    assert state.level >= SESSION.needed_kwh - 1e-6


@given(split=st.floats(0.0, 1.0), part=st.floats(0.0, 1.0), power=st.floats(0.0, 1.0), use=st.floats(0.0, 1.0))
def test_two_steps_give_the_level_of_one(split: float, part: float, power: float, use: float) -> None:
    for load in BANDS:
        store = store_of(load)
        assert store is not None
        level, kw, taken = store.lower + part * (store.upper - store.lower), power * store.most_kw, use * store.most_use_per_h
        between = store.after(level, kw, taken, 0.5 * split)
        twice = store.after(between, kw, taken, 0.5 * (1 - split))
        assert twice == pytest.approx(store.after(level, kw, taken, 0.5), rel=1e-9, abs=1e-9)


def test_min_on_and_max_off_bound_holds_that_the_band_would_allow() -> None:
    state = LoadState(NOW, -24.0, 30.0, released_utc=NOW - 9 * MINUTE)
    assert not can_hold(COLD_STORE, state, NOW, MINUTE)
    assert can_hold(COLD_STORE, replace(state, released_utc=NOW - 10 * MINUTE), NOW, MINUTE)
    held = replace(state, held_since_utc=NOW - 89 * MINUTE, released_utc=None)
    assert can_hold(COLD_STORE, held, NOW, MINUTE)
    assert not can_hold(COLD_STORE, held, NOW, 2 * MINUTE)
