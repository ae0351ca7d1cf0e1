"""What can be held now, worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from flexibility.holding import Holdable, LoadState, after_step, can_hold, holdable_now
from flexibility.physics import ATMOSPHERE_BAR, store_of
from tests.flexibility.examples_of_loads import BATTERY, CHARGE_POINT, COLD_STORE, COMPRESSOR, FURNACE, NOW, SESSION

MINUTE = timedelta(minutes=1)


def only(load: object, state: LoadState) -> Holdable:
    found = holdable_now([load], {load.id: state}, NOW, timedelta(seconds=10))  # type: ignore[attr-defined, list-item]
    assert len(found) == 1
    return found[0]


def test_a_receiver_lasts_as_the_textbook_formula_has_it() -> None:
    # t = V (p1 - p2) / (q p0) = 10 m³ * 0.8 bar / (8 m³/min * 1.01325 bar), less 6 s until it delivers again.
    found = only(COMPRESSOR, LoadState(NOW, 7.3, 75.0))
    assert (found.until_utc - NOW) / MINUTE == pytest.approx(10 * 0.8 / (8 * ATMOSPHERE_BAR) - 0.1)
    assert found.kw_now == 60.0
    # Usually 5 m³/min are taken: 5 * t m³ of air, at 60 kW working power for 12 m³/min, 1/12 kWh a cubic metre.
    held_min = (found.until_utc - NOW) / MINUTE
    assert found.must_return_kwh == pytest.approx(5 * held_min * 60 / 12 / 60)


def test_a_cold_store_warms_up_along_its_exponential() -> None:
    # Towards 30 + 20 / 0.5 = 70 °C with 50 / 0.5 = 100 h: from -22 to -20 °C in 100 h * ln(92 / 90).
    found = only(COLD_STORE, LoadState(NOW, -22.0, 30.0))
    assert (found.until_utc - NOW) / MINUTE == pytest.approx(min(100 * 60 * math.log(92 / 90) - 2, 90))
    nearer = only(COLD_STORE, LoadState(NOW, -21.0, 30.0))
    assert (nearer.until_utc - NOW) / MINUTE == pytest.approx(100 * 60 * math.log(91 / 90) - 2)
    assert nearer.minimum_off_min == 10.0


def test_a_cold_store_without_time_for_its_shortest_hold_is_not_held() -> None:
    # From -20.15 °C the edge is 100 h * ln(90.15 / 90) = 10.0 minutes away: too near for ten minutes and two to start.
    assert not can_hold(COLD_STORE, LoadState(NOW, -20.15, 30.0), NOW, timedelta(seconds=10))
    assert can_hold(COLD_STORE, LoadState(NOW, -20.19, 30.0), NOW, timedelta(seconds=10))


def test_a_furnace_is_held_only_while_it_is_known_that_no_job_is_inside() -> None:
    state = LoadState(NOW, 850.0, 120.0)
    for job_inside in (None, True):
        assert holdable_now([FURNACE], {"furnace": replace(state, job_inside=job_inside)}, NOW, MINUTE) == ()
    assert only(FURNACE, replace(state, job_inside=False)).kw_now == 120.0
    patient = FURNACE.model_copy(update={"may_wait_during_jobs": True})
    assert only(patient, state).kw_now == 120.0


def test_a_battery_frees_what_it_draws_and_what_it_can_give() -> None:
    # 100 of 200 kWh, 20 are kept: 80 kWh * 0.95 = 76 kWh given at 100 kW.
    still = BATTERY.model_copy(update={"loss_percent_per_day": 0.0})
    found = only(still, LoadState(NOW, 100.0, 40.0))
    assert found.kw_now == 140.0
    assert (found.until_utc - NOW) / MINUTE == pytest.approx(76 / 100 * 60)
    assert found.must_return_kwh == pytest.approx(80 / 0.95)


def test_a_vehicle_waits_until_full_power_just_gets_it_ready() -> None:
    found = only(CHARGE_POINT, LoadState(NOW, 20.0, 22.0, session=SESSION))
    assert (found.until_utc - NOW) / MINUTE == pytest.approx(240 - 36 / 0.9 / 22 * 60)
    late = replace(SESSION, ready_utc=NOW + timedelta(hours=1))
    assert holdable_now([CHARGE_POINT], {"point-1": LoadState(NOW, 20.0, 22.0, session=late)}, NOW, MINUTE) == ()


@pytest.mark.parametrize(
    "state",
    [
        LoadState(NOW - 6 * MINUTE, 7.3, 75.0),
        LoadState(NOW + MINUTE, 7.3, 75.0),
        LoadState(NOW, math.nan, 75.0),
        LoadState(NOW, 6.5, 75.0),
        LoadState(NOW, 6.2, 75.0),
    ],
    ids=["old", "of the future", "no number", "at its edge", "below its edge"],
)
def test_what_is_not_known_or_is_at_its_edge_is_not_held(state: LoadState) -> None:
    assert holdable_now([COMPRESSOR], {"compressor": state}, NOW, MINUTE) == ()
    assert holdable_now([COMPRESSOR], {}, NOW, MINUTE) == ()


def test_who_waits_first_stands_first() -> None:
    states = {
        "compressor": LoadState(NOW, 7.4, 75.0),
        "cold-store": LoadState(NOW, -23.0, 40.0),
        "point-1": LoadState(NOW, 20.0, 11.0, session=SESSION),
    }
    found = holdable_now([COLD_STORE, COMPRESSOR, CHARGE_POINT], states, NOW, timedelta(seconds=10))
    assert [one.name for one in found] == ["point-1", "compressor", "cold-store"]


def test_an_age_of_the_state_shortens_the_hold() -> None:
    store = store_of(COMPRESSOR)
    assert store is not None
    old = only(COMPRESSOR, LoadState(NOW - timedelta(seconds=30), 7.3, 75.0))
    new = only(COMPRESSOR, LoadState(NOW, 7.3, 75.0))
    assert new.until_utc - old.until_utc == timedelta(seconds=30)


def test_a_load_that_is_held_still_counts_with_what_it_drew_before() -> None:
    state = LoadState(NOW - timedelta(seconds=10), 7.4, 75.0)
    held = after_step(COMPRESSOR, state, True, NOW)
    assert held.power_kw == 15.0
    assert only(COMPRESSOR, held).kw_now == 60.0
