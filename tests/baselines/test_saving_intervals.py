"""The stated intervals hold what they say, and changes of level are found where they are."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from baselines.answer import Wishes, answer
from baselines.breaks import breaks_in, long_run_variance
from baselines.interval import Spread, drift_a_year, lasting_beyond_a_block
from benchmarks.baselines.meters import meter
from domain.measures import Measure

UTC = ZoneInfo("UTC")
DAYS = tuple(date(2023, 1, 2) + timedelta(days=place) for place in range(365))


@pytest.mark.parametrize("kind", ["heated hall", "production"])
def test_intervals_hold_the_true_saving_about_as_often_as_they_say(kind: str) -> None:
    """Of 24 meters 80 % are 19; fewer than 14 or all with a mean half width above 5 % would be wrong with a probability below 1 %."""
    right, errors = 0, []
    for seed in range(2000, 2024):
        known = meter(kind, seed, 0.1)
        one = answer(known.rows, Wishes((Measure(id="m", begins=known.measure),)), UTC).measures[0].saving
        assert one is not None
        after = known.rows.between(known.measure, None)
        true = float((known.without_kw * 24)[after].sum() - known.rows.energy_kwh[after].sum())
        right += one.saved_kwh.low <= true <= one.saved_kwh.high
        errors.append((one.saved_kwh.value - true) / one.expected_kwh)
    assert right >= 14
    assert float(np.abs(errors).mean()) < 0.023


def test_half_widths_are_quantiles_of_the_normal_distribution_and_parts_add_as_squares() -> None:
    spread = Spread(3.0, 4.0, 12.0)
    assert spread.deviation_kwh == 13.0
    assert spread.half_width_kwh(0.8) == pytest.approx(1.2815515655 * 13)
    assert spread.half_width_kwh(0.9) > spread.half_width_kwh(0.8)


def test_a_level_that_walks_is_expected_to_walk_on() -> None:
    rng = np.random.default_rng(5)
    number = np.arange(365.0)
    still = rng.normal(0, 0.03, 365)
    walking = still + np.cumsum(rng.normal(0, 0.004, 365))
    assert drift_a_year(still, number) < 0.01 < drift_a_year(walking, number)


def test_days_that_say_little_leave_what_was_expected() -> None:
    assert drift_a_year(np.zeros(20), np.arange(20.0)) == pytest.approx(drift_a_year(np.ones(30), np.arange(30.0)))


@pytest.mark.parametrize("day", [80, 180, 290])
def test_a_change_of_level_is_found_where_it_is(day: int) -> None:
    rng = np.random.default_rng(day)
    residuals = rng.normal(0, 5, 365) + np.where(np.arange(365) >= day, 10.0, 0.0)
    (found,) = breaks_in(DAYS, residuals, 100.0)
    assert abs((found.day - DAYS[day]).days) <= 4
    assert found.share == pytest.approx(0.1, abs=0.02)


def test_noise_that_lasts_is_no_change_of_level() -> None:
    """At 1 % by the limit; with a correlation of 0.6 the long-run variance is four times that of a day."""
    found = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        values = np.zeros(365)
        for place in range(1, 365):
            values[place] = 0.6 * values[place - 1] + rng.normal(0, 5)
        found += bool(breaks_in(DAYS, values - values.mean(), 100.0))
    assert found <= 6


def test_the_long_run_variance_of_independent_days_is_their_variance() -> None:
    values = np.random.default_rng(1).normal(0, 2, 20_000)
    assert long_run_variance(values) == pytest.approx(4, rel=0.1)


def test_errors_that_go_on_in_the_next_block_widen_the_sum_of_many() -> None:
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.normal(size=13))
    assert lasting_beyond_a_block(walk, 13.0) > 2.0
    assert lasting_beyond_a_block(walk, 1.0) == 1.0
    assert lasting_beyond_a_block(np.tile([1.0, -1.0], 6), 13.0) == 1.0
    assert lasting_beyond_a_block(np.zeros(13), 13.0) == 1.0
    # Thirteen blocks that were all off alike: no more than their sum taken as one error.
    assert lasting_beyond_a_block(walk, 13.0) <= 13.0
