"""One quarter hour that is nothing like the load moves the forecast by little; two in a row may move it; what is usual is believed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_forecast_plant import BERLIN, PLANT, interval, stream

from domain.forecasts import Forecast
from domain.intervals import QUARTER, Interval, IntervalOrigin
from domain.plant import Plant
from forecasting.conformance import run
from forecasting.ensemble import believed
from forecasting.state import ForecastState
from forecasting.step import ForecastStep

NOON = datetime(2026, 10, 6, 12, 0, tzinfo=BERLIN).astimezone(UTC)  # a Tuesday
NIGHT = NOON + timedelta(hours=14)
DAY = timedelta(days=1)
Load = Callable[[datetime], float]


def site(until_utc: datetime) -> tuple[ForecastStep, ForecastState]:
    """The small plant with five weeks behind it, live in the last four hours."""
    step = ForecastStep(PLANT)
    records = stream(until_utc - timedelta(weeks=5), until_utc, until_utc - DAY / 6, with_orders=False)
    return step, run(step, records)[0]


def meter(load: Load, until_utc: datetime) -> tuple[ForecastStep, ForecastState]:
    """A meter below the grid connection with five weeks of `load` behind it."""
    plant = Plant.model_validate(
        {
            "site": {
                "id": "werk",
                "timezone": "Europe/Berlin",
                "commissioned_utc": "2026-01-01T00:00:00Z",
                "billing_meter": "main",
            },
            "meter": [{"id": "main", "max_power_kw": 900}, {"id": "grid", "parent": "main", "max_power_kw": 90}],
        }
    )
    step = ForecastStep(plant, "grid")
    state = step.initial()
    for number in range(35 * 96, 0, -1):
        start = until_utc - number * QUARTER
        step.take_interval(state, interval(start, load(start), IntervalOrigin.IMPORT if number > 4 else IntervalOrigin.METERING))
    return step, state


def after(step: ForecastStep, state: ForecastState, start_utc: datetime, *powers_kw: float) -> Forecast:
    """The forecast after further live quarter hours, without keeping them."""
    from forecasting.state import decode_state, encode_state

    one = decode_state(encode_state(state))
    rows: list[Interval] = [interval(start_utc + n * QUARTER, kw) for n, kw in enumerate(powers_kw)]
    return run(step, list(rows), one)[1][-1]


@pytest.mark.parametrize("at_utc", [NOON, NIGHT])
@pytest.mark.parametrize("factor", [0, 10, 100])
def test_one_quarter_hour_of_nothing_or_of_ten_times_the_load_moves_the_next_median_by_less_than_a_quarter(
    at_utc: datetime, factor: float
) -> None:
    step, state = site(at_utc)
    usual_kw = state.ring.load_kw[np.isfinite(state.ring.load_kw)][-1].item()
    plain, odd = after(step, state, at_utc, usual_kw), after(step, state, at_utc, usual_kw * factor)
    for lead in (0, 1, 3, 15, 95):
        assert odd.q50_kw[lead] == pytest.approx(plain.q50_kw[lead], rel=0.25), lead
    restored = after(step, state, at_utc, usual_kw * factor, usual_kw)
    assert restored.q50_kw[0] == pytest.approx(plain.q50_kw[1], rel=0.25), "nor does it linger"


@pytest.mark.parametrize("factor", [0.2, 4])
def test_two_in_a_row_are_believed(factor: float) -> None:
    step, state = site(NOON)
    usual_kw = float(state.ring.load_kw[np.isfinite(state.ring.load_kw)][-1])
    plain = after(step, state, NOON, usual_kw, usual_kw)
    twice = after(step, state, NOON, usual_kw * factor, usual_kw * factor)
    moved = (twice.q50_kw[0] - plain.q50_kw[0]) / (usual_kw * factor - usual_kw)
    assert moved > 0.4


def sun(start_utc: datetime) -> float:
    """What panels give: nothing at night, a bell by day, lower on cloudy days."""
    clouds = 0.6 + 0.4 * Random(f"{start_utc.date()}").random()
    hour = start_utc.hour + start_utc.minute / 60
    return 60 * clouds * max(0.0, math.cos((hour - 11) / 10 * math.pi))


@pytest.mark.parametrize(("hour", "expected"), [(0, 0.0), (17, 0.0)])
def test_zero_is_what_panels_give_at_night(hour: int, expected: float) -> None:
    at = NOON.replace(hour=hour)
    step, state = meter(sun, at)
    assert after(step, state, at, sun(at)).q50_kw[0] == pytest.approx(expected, abs=1.0)


def test_one_zero_at_noon_is_no_night() -> None:
    step, state = meter(sun, NOON)
    plain, odd = after(step, state, NOON, sun(NOON)), after(step, state, NOON, 0.0)
    assert odd.q50_kw[0] == pytest.approx(plain.q50_kw[0], rel=0.25)


def test_a_machine_that_is_off_at_any_time_is_believed_at_once() -> None:
    def load(start: datetime) -> float:
        return 60.0 if Random(f"{start:%j %H}").random() < 0.7 else 0.0

    step, state = meter(load, NOON)
    on, off = after(step, state, NOON, 60.0), after(step, state, NOON, 0.0)
    assert off.q10_kw[0] == 0.0
    assert on.q90_kw[0] > 55


def test_one_odd_value_in_the_first_week_does_not_size_the_site() -> None:
    plant = PLANT.model_copy(update={"meters": (PLANT.meters[0].model_copy(update={"max_power_kw": 400.0}),)})
    quarters = [interval(NOON + n * QUARTER, 100.0 + n % 3) for n in range(40)]
    odd = [replace(one, energy_uwh=(one.energy_uwh or 0) * 20) if n == 30 else one for n, one in enumerate(quarters)]
    plain, spoilt = (run(ForecastStep(plant), list(rows))[1][-1] for rows in (quarters, odd))
    assert spoilt.q50_kw[0] == pytest.approx(plain.q50_kw[0], rel=0.25)
    assert spoilt.q90_kw[100] < 3 * plain.q90_kw[100]


numbers = st.floats(0, 1e6)


@given(numbers, st.lists(numbers, min_size=2, max_size=2), st.lists(numbers, min_size=3, max_size=3).map(sorted), numbers)
def test_a_believed_value_is_near_what_was_or_what_is_usual(
    newest: float, before: list[float], usual: list[float], step_kw: float
) -> None:
    found = believed(newest, np.array(before), np.array(usual), step_kw)
    around = [*before, *usual]
    if min(around) - 2 * step_kw <= newest <= max(around) + 2 * step_kw:
        assert found == newest
    else:
        assert abs(found - before[-1]) <= step_kw + 1e-12 * max(*around, step_kw)


@given(numbers, numbers, st.lists(numbers, min_size=3, max_size=3).map(sorted), numbers)
def test_the_second_of_two_that_are_equal_is_always_believed(
    twice: float, before: float, usual: list[float], step_kw: float
) -> None:
    assert believed(twice, np.array([before, twice]), np.array(usual), step_kw) == twice
