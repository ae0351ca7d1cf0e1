"""What a plan is worth: the small plant with its batches written down as planned load, and the steel plant with its load type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from small_forecast_plant import BERLIN, PLANT, SmallPlant, interval

from domain.intervals import QUARTER, IntervalOrigin
from forecasting.backtest import backtest, loads_by_slot, score
from forecasting.days import SiteDays
from forecasting.grid import Grid, lay_out
from forecasting.inputs import Inputs
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
    last = START + timedelta(weeks=WEEKS)
    return [last - timedelta(days=2 + n) for n in range(days)]


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
