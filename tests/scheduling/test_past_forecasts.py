"""What forecasts of the last weeks missed: by time of day, beside the band, and not by what the plan changed since."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_works import NOW, forecast, interval, order

from domain.intervals import QUARTER
from domain.orders import OrderStatus
from quarters.numbers import slot_of
from quarters.series import QuarterSeries
from scheduling.past_forecasts import HORIZON, PastForecasts
from scheduling.problem import Outlook

FIRST = slot_of(NOW)


def noted(base: float = 400.0, orders=(), spread: float = 12.8155) -> PastForecasts:
    """One forecast with a standard deviation of 10 kW."""
    past, made = PastForecasts(), forecast(orders, base=base, spread=spread)
    loads = np.array(made.q50_kw)
    past.note(Outlook(FIRST, loads, loads), made)
    return past


def measured(count: int, kw: float = 400.0, at=None, gaps=()) -> QuarterSeries:
    known = QuarterSeries()
    for n in range(count):
        known.put(interval(NOW + n * QUARTER, None if n in gaps else kw + (at or {}).get(n, 0.0)))
    return known


def misses(past: PastForecasts, known: QuarterSeries, later: int, band: float = 10.0):
    return past.misses(known, FIRST + later, np.full(HORIZON, band))


def test_a_miss_keeps_its_time_of_day_and_its_size_beside_the_band():
    known = measured(192, at={40: 30.0, 136: -20.0})
    (row,) = misses(noted(), known, 192, band=5.0)
    assert {n: row[n] for n in np.flatnonzero(np.abs(row) > 1e-4)} == pytest.approx({40: 15.0, 136: -10.0}, abs=1e-4)
    (row,) = misses(noted(), known, 192 + 30)
    assert {n: row[n] for n in np.flatnonzero(np.abs(row) > 1e-4)} == pytest.approx({10: 30.0, 106: -20.0}, abs=1e-4)


def test_what_is_not_over_yet_is_taken_from_the_day_before():
    assert len(misses(noted(), measured(95), 95)) == 0, "less than a day"
    (row,) = misses(noted(), measured(96, at={40: 30.0}), 96)
    assert row[40] == pytest.approx(30.0, abs=1e-3)
    assert row[136] == pytest.approx(30.0, abs=1e-3)


def test_a_gap_takes_the_other_day_and_two_gaps_say_nothing():
    (row,) = misses(noted(), measured(192, kw=405.0, gaps=(40,)), 192)
    assert row == pytest.approx(np.full(192, 5.0), abs=1e-3)
    assert len(misses(noted(), measured(192, gaps=(40, 136)), 192)) == 0


def test_a_job_that_was_moved_is_no_miss_and_one_that_nobody_knew_of_is():
    job = order("A", start=20, profile=(80.0, 80.0))
    past = noted(orders=[job])
    moved = replace(job, start_utc=NOW + 60 * QUARTER, revision=2)
    past.replan(job, moved)
    (row,) = misses(past, measured(192, at={60: 80.0, 61: 80.0}), 192)
    assert np.abs(row).max() < 1e-3
    (row,) = misses(noted(), measured(192, at={60: 80.0}), 192)
    assert row[60] == pytest.approx(80.0, abs=1e-3)
    past.replan(moved, replace(moved, status=OrderStatus.CANCELLED))
    (row,) = misses(past, measured(192), 192)
    assert np.abs(row).max() < 1e-3


def test_bytes_bring_back_what_was_noted():
    past = noted()
    again = PastForecasts.from_bytes(past.to_bytes())
    assert again.to_bytes() == past.to_bytes()
    known = measured(192, at={3: 7.0})
    assert (misses(again, known, 192) == misses(past, known, 192)).all()


def test_a_forecast_of_another_time_is_forgotten():
    past = noted()
    past.forget(FIRST - 10, FIRST - 1)
    assert len(past) == 0
    past = noted()
    past.forget(FIRST + 192, FIRST + 400)
    assert len(past) == 0


def test_a_load_of_nothing_has_no_misses():
    past = noted(base=0.0, spread=0.0)
    assert len(misses(past, measured(192, kw=0.0), 192)) == 0
