"""What a plan is worth: the small plant with its batches written down as planned load, and the steel plant with its load type."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from small_forecast_plant import BERLIN, PLANT, SmallPlant, interval

from domain.intervals import QUARTER, IntervalOrigin
from forecasting.backtest import backtest, loads_by_slot, score
from forecasting.conformance import timeless
from forecasting.days import SiteDays
from forecasting.grid import Grid, lay_out
from forecasting.inputs import Inputs
from forecasting.job_share import measured_share
from forecasting.jobs import job_loads
from forecasting.regression import NAME, known_inputs
from forecasting.slots import SLOTS_PER_DAY, Floats
from forecasting.table import bare_plant
from forecasting.two_step import two_step
from quarters.numbers import slot_of

START = datetime(2026, 6, 1, tzinfo=BERLIN).astimezone(UTC)
WEEKS = 16


@pytest.fixture(scope="module")
def plant_with_plan() -> tuple[list, Inputs]:
    """Quarter hours, and the load of the planned batches as an input."""
    factory = SmallPlant(seed=3)
    end = START + timedelta(weeks=WEEKS)
    loads = factory.loads(START, end + timedelta(days=3))
    planned = np.zeros(len(loads))
    for order in factory.orders(START.astimezone(BERLIN).date(), end.date() + timedelta(days=3)):
        at = slot_of(order.start_utc) - slot_of(START)
        for number, kw in enumerate(order.profile_kw):
            if 0 <= at + number < len(planned):
                planned[at + number] += kw
    history = [interval(at, kw, IntervalOrigin.IMPORT) for at, kw in loads.items() if at < end]
    return history, Inputs(slot_of(START), {"planned_kw": planned})


def origins(days: int) -> list[datetime]:
    return origins_before(START + timedelta(weeks=WEEKS), days)


def test_a_plan_takes_more_than_a_tenth_off_the_error(plant_with_plan: tuple[list, Inputs]) -> None:
    history, inputs = plant_with_plan
    loads = loads_by_slot(history)
    without = score(backtest(PLANT, history, [], origins(21)), loads)
    knowing = score(backtest(PLANT, history, [], origins(21), inputs=inputs), loads)
    assert knowing.mae_kw < 0.9 * without.mae_kw
    assert 0.7 < knowing.coverage < 0.9


def test_a_plan_with_holes_is_used_where_it_is_known(plant_with_plan: tuple[list, Inputs]) -> None:
    history, inputs = plant_with_plan
    values = inputs.by_name["planned_kw"].copy()
    values[::7] = np.nan
    values[-96 * 10 :] = np.nan  # nothing is planned yet for the newest days
    found = backtest(PLANT, history, [], origins(3), inputs=Inputs(inputs.first_slot, {"planned_kw": values}))
    assert all(np.isfinite(forecast.q50_kw).all() for forecast in found)


def test_a_plan_known_from_the_future_only_changes_nothing_before_it(plant_with_plan: tuple[list, Inputs]) -> None:
    """Inputs may look ahead, loads may not: another future of the load leaves the forecast as it is."""
    history, inputs = plant_with_plan
    origin = origins(1)
    wild = [one if one.end_utc <= origin[0] else interval(one.start_utc, 900.0, IntervalOrigin.IMPORT) for one in history]
    one, two = (backtest(PLANT, records, [], origin, inputs=inputs)[0] for records in (history, wild))
    assert one.q50_kw == two.q50_kw
    assert one.first_start_utc == origin[0]
    assert QUARTER * 192 + one.first_start_utc > START


def day_ahead_error(grid: Grid, notes: dict[int, Floats]) -> float:
    return float(np.mean([np.abs(grid.load_kw[at:][:SLOTS_PER_DAY] - kw[:SLOTS_PER_DAY]).mean() for at, kw in notes.items()]))


def test_levels_of_a_plan_are_worth_a_tenth_to_a_regression() -> None:
    """Day-ahead, against load profiles by kind of day: every four hours of work one of three levels, as no calendar knows them."""
    random = np.random.default_rng(11)
    count = 60 * SLOTS_PER_DAY
    level = np.repeat(random.integers(0, 3, count // 16), 16).astype(float)
    hour = np.arange(count) % SLOTS_PER_DAY / 4
    load_kw = 40 + 20 * ((hour >= 6) & (hour < 22)) + 15 * level + random.normal(0, 2, count)
    known = count - 2 * SLOTS_PER_DAY
    first = slot_of(datetime(2026, 1, 12, tzinfo=UTC))
    grid = lay_out(
        SiteDays(bare_plant("UTC", None)), first, load_kw[:known], np.ones(known), first + known, job_loads([]), {"planned_level": level}
    )  # fmt: skip
    origins = [grid.origin - SLOTS_PER_DAY * n for n in range(1, 15)]
    knowing = {at: found[NAME][1] for at, found in known_inputs(grid, origins).items()}
    without = two_step(grid, origins)
    assert len(knowing) == len(without) == 14
    assert day_ahead_error(grid, knowing) < 0.5 * day_ahead_error(grid, without)


@pytest.mark.parametrize("drawn", [1.0, 0.7])
def test_orders_and_a_plan_of_the_same_load_give_the_same_forecast(drawn: float) -> None:
    """Quantile by quantile, also where the powers in the plan are not what is drawn."""
    factory = SmallPlant(seed=5)
    end = START + timedelta(weeks=8)
    orders = factory.orders(START.astimezone(BERLIN).date(), end.date() + timedelta(days=3))
    orders = [
        replace(one, at_utc=START - timedelta(days=1), profile_kw=tuple(kw / drawn for kw in one.profile_kw)) for one in orders
    ]
    planned = np.zeros(96 * 7 * 9)
    for order in orders:
        at = slot_of(order.start_utc) - slot_of(START)
        planned[at : at + len(order.profile_kw)] += order.profile_kw
    history = [interval(at, kw, IntervalOrigin.IMPORT) for at, kw in factory.loads(START, end).items()]
    by_orders = backtest(PLANT, history, orders, origins_before(end, 5))
    by_plan = backtest(PLANT, history, [], origins_before(end, 5), inputs=Inputs(slot_of(START), {"planned_kw": planned}))
    assert [timeless(one) for one in by_orders] == [timeless(one) for one in by_plan]


def origins_before(end: datetime, days: int) -> list[datetime]:
    return [end - timedelta(days=2 + n) for n in range(days)]


def days_with_jobs(drawn: float, noise_kw: float = 0.0) -> Grid:
    """20 days at 100 kW with a job of 80 kW for two hours, each day at another hour, of which the meter sees a part."""
    random = np.random.default_rng(3)
    first = slot_of(datetime(2026, 3, 2, tzinfo=UTC))
    jobs = np.zeros(20 * SLOTS_PER_DAY)
    for day in range(20):
        jobs[day * 96 + day * 4 : day * 96 + day * 4 + 8] = 80.0
    load_kw = 100 + drawn * jobs + random.normal(0, noise_kw, len(jobs))
    plan = job_loads([]).with_plan(first, np.append(jobs, np.zeros(192)))
    return lay_out(SiteDays(bare_plant("UTC", None)), first, load_kw, np.ones(len(jobs)), first + len(jobs), plan)


def test_the_share_that_is_drawn_of_planned_loads_is_measured() -> None:
    """Squares about the means are 0.7² of the plan's in the load, 0.7 together; with a ridge of 0.02: (0.7 + 0.02) / 1.02."""
    assert measured_share(days_with_jobs(0.7)) == pytest.approx(0.72 / 1.02)
    assert measured_share(days_with_jobs(1.0)) == pytest.approx(1.0)


def test_a_plan_that_the_load_does_not_follow_counts_for_nothing() -> None:
    assert measured_share(days_with_jobs(0.0)) == pytest.approx(0.02 / 1.02)


def test_under_much_noise_a_plan_is_believed_until_the_load_says_otherwise() -> None:
    assert measured_share(days_with_jobs(1.0, noise_kw=60)) == pytest.approx(1.0, abs=0.25)
    assert measured_share(days_with_jobs(0.7, noise_kw=400)) > 0.7
