"""The second day's expert by hand: weeks whose Tuesdays grow, after a Sunday that was 8 kW more than any before."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from forecasting.days import SiteDays
from forecasting.grid import Grid, lay_out
from forecasting.jobs import job_loads
from forecasting.slots import SLOTS_PER_DAY, Floats
from forecasting.table import bare_plant
from forecasting.weekday_level import weekday_level
from quarters.numbers import slot_of

MONDAY = slot_of(datetime(2026, 3, 2, tzinfo=UTC))
WEEKS = 5


def laid_out(daily_kw: Floats) -> Grid:
    """A load that is the same all day, from a Monday on."""
    load_kw = np.repeat(daily_kw, SLOTS_PER_DAY)
    next_slot = MONDAY + len(load_kw)
    return lay_out(SiteDays(bare_plant("UTC", None)), MONDAY, load_kw, np.ones(len(load_kw)), next_slot, job_loads([]))


def weeks() -> Floats:
    daily_kw = np.zeros((WEEKS, 7))
    daily_kw[:, 1] = [10, 20, 30, 40, 50]
    daily_kw[-1, 6] = 8.0
    return daily_kw.ravel()


def test_the_second_day_is_the_mean_of_its_weekdays_and_half_of_the_past_days_difference() -> None:
    """(50 + 0.7 · 40 + 0.49 · 30 + 0.343 · 20 + 0.2401 · 10) / 2.7731 = 36.768 kW, and 0.5 · 8 kW."""
    grid = laid_out(weeks())
    found = weekday_level(grid, grid.origin)
    assert np.isnan(found[:SLOTS_PER_DAY]).all()
    assert found[SLOTS_PER_DAY : 2 * SLOTS_PER_DAY] == pytest.approx(36.768 + 4.0, abs=1e-3)


def test_what_came_after_an_origin_is_not_known_at_it() -> None:
    """The same origin in a grid that goes on for a week."""
    short, long = laid_out(weeks()), laid_out(np.append(weeks(), np.full(7, 700.0)))
    assert np.array_equal(weekday_level(short, short.origin), weekday_level(long, short.origin), equal_nan=True)
    noon = short.origin + 48
    other = laid_out(np.append(weeks(), np.full(7, 900.0)))
    other.load_kw[short.origin : noon] = long.load_kw[short.origin : noon]
    assert np.array_equal(weekday_level(long, noon), weekday_level(other, noon), equal_nan=True)


def test_without_a_day_like_it_nothing_is_forecast() -> None:
    grid = laid_out(np.array([10.0, 20.0, 30.0]))
    assert np.isnan(weekday_level(grid, grid.origin)).all()
