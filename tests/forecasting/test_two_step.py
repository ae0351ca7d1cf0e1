"""Load profiles by kind of day and an autoregression of the rest: against statsmodels, against last week, and on broken data."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from small_forecast_plant import BERLIN, PLANT, SmallPlant

from forecasting.days import SiteDays
from forecasting.grid import REACH, Grid, lay_out
from forecasting.jobs import job_loads
from forecasting.slots import SLOTS_PER_DAY, SLOTS_PER_WEEK, Floats
from forecasting.two_step import autoregression, carried_on, two_step
from quarters.numbers import slot_of

START = datetime(2026, 6, 1, tzinfo=BERLIN).astimezone(UTC)
WEEKS = 10
LOADS = np.array(list(SmallPlant(seed=5).loads(START, START + timedelta(weeks=WEEKS)).values()))


def laid(load_kw: Floats) -> Grid:
    first = slot_of(START)
    return lay_out(SiteDays(PLANT), first, load_kw, np.isfinite(load_kw) * 1.0, first + len(load_kw), job_loads([]))


def midnights(grid: Grid, days: int) -> list[int]:
    return [grid.origin - SLOTS_PER_DAY * (n + 2) for n in range(days)]


def errors(grid: Grid, fitted: dict[int, Floats]) -> tuple[float, float]:
    """Mean absolute error over 48 h, and that of last week's load."""
    own = [np.abs(grid.load_kw[at : at + 192] - kw[:192]).mean() for at, kw in fitted.items()]
    naive = [np.abs(grid.load_kw[at : at + 192] - grid.load_kw[at - SLOTS_PER_WEEK :][:192]).mean() for at in fitted]
    return float(np.mean(own)), float(np.mean(naive))


def test_the_autoregression_is_that_of_statsmodels():
    """A drift as the small plant has it: fitted and carried on by ``SARIMAX(2, 0, 0)`` with `extend`, and by ours."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    random = np.random.default_rng(4)
    residual = np.zeros(3000)
    for step in range(2, len(residual)):
        residual[step] = 1.2 * residual[step - 1] - 0.3 * residual[step - 2] + random.normal()
    past, newest = residual[:2900], residual[2900:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = SARIMAX(past, order=(2, 0, 0)).fit(disp=False, maxiter=50)
    ours = autoregression(past, (1, 2))
    assert ours == pytest.approx(fitted.params[:2], abs=0.03)  # ours weighs the newest days more
    theirs_ahead = fitted.extend(newest).forecast(40)
    assert carried_on(residual, fitted.params[:2], (1, 2), 40) == pytest.approx(theirs_ahead, abs=1e-6)


def test_two_steps_beat_last_week_on_a_plant_with_shifts():
    grid = laid(LOADS)
    fitted = two_step(grid, midnights(grid, 14))
    own, naive = errors(grid, fitted)
    assert len(fitted) == 14
    assert own < 0.85 * naive


def test_what_comes_after_an_origin_changes_nothing_at_it():
    grid = laid(LOADS)
    origins = [at + 37 for at in midnights(grid, 5)]
    wild = LOADS.copy()
    wild[-6 * SLOTS_PER_DAY + 37 :] = 900.0
    predicted, other = two_step(grid, origins), two_step(laid(wild), origins)
    assert (predicted[min(origins)] == other[min(origins)]).all()
    assert (predicted[max(origins)] != other[max(origins)]).any()


def test_missing_and_distrusted_quarter_hours_are_not_learnt_from():
    holed = LOADS.copy()
    holed[5::11] = np.nan
    holed[-20 * SLOTS_PER_DAY : -18 * SLOTS_PER_DAY] = np.nan
    grid, whole = laid(holed), laid(LOADS)
    origins = midnights(grid, 10)
    own, _ = errors(whole, two_step(grid, origins))
    with_all, _ = errors(whole, two_step(whole, origins))
    assert own < 1.1 * with_all


def test_too_short_a_past_says_nothing_and_nothing_is_negative():
    few = laid(LOADS[: 5 * SLOTS_PER_DAY])
    assert two_step(few, [few.origin]) == {}
    assert two_step(laid(np.full(3 * SLOTS_PER_DAY, np.nan)), [100]) == {}
    low = laid(np.maximum(LOADS - 210, 0.0))
    fitted = two_step(low, [low.origin])[low.origin]
    assert fitted.shape == (REACH,)
    assert (fitted >= 0).all()


def test_a_load_that_only_grows_does_not_run_away():
    grid = laid(np.linspace(10, 4000, len(LOADS)))
    fitted = two_step(grid, [grid.origin])[grid.origin]
    assert fitted.max() < 5000
