"""The forecast's benchmark on a small made-up plant: figures that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.forecast import boosting, page, rivals
from benchmarks.forecast.profiles import Profile
from benchmarks.forecast.rolling import SERVED, roll


def made_up(days: int) -> Profile:
    """Ten hours of work on every day, the same each week but for a little noise."""
    random = np.random.default_rng(5)
    clock = np.arange(96 * days) % 96
    weekday = np.arange(96 * days) // 96 % 7
    kw = 20 + np.where((clock >= 28) & (clock < 68) & (weekday < 5), 80.0, 0.0) + random.normal(0, 1, 96 * days)
    return Profile("made up", "", pd.Timestamp("2026-01-05T00:00Z"), kw, "UTC", None, is_plant=True)


@pytest.fixture(scope="module")
def rolled() -> object:
    return roll(made_up(42), 7, target_kw=101.0)


def test_every_rung_is_scored_and_the_served_one_beats_last_week_by_averaging_its_noise(rolled: object) -> None:
    # Last week errs by the noise of two days, a perfect mean by that of one: 1 / sqrt(2) = 0.71 of it.
    assert rolled.mae_to_last_week("last-week") == pytest.approx(1.0)  # type: ignore[attr-defined]
    assert 0.68 < rolled.mae_to_last_week(SERVED) < 0.9  # type: ignore[attr-defined]
    assert np.isfinite(rolled.mae_to_last_week("two-step"))  # type: ignore[attr-defined]


def test_the_highest_of_the_medians_is_too_low_and_the_forecast_peak_is_not(rolled: object) -> None:
    found = page.peak_figures(rolled.peaks())  # type: ignore[attr-defined]
    assert found["bias_of_the_median_path"] < -0.01 < found["bias"]


def test_a_profile_with_a_hole_is_forecast_too() -> None:
    profile = made_up(20)
    profile.power_kw[96 * 12 : 96 * 13 + 7] = np.nan
    assert len(roll(profile, 4).days) == 4


def test_a_crps_is_twice_the_mean_quantile_loss() -> None:
    """10 kW came where 4, 8 and 9 were forecast: losses 0.1 · 6, 0.5 · 2 and 0.9 · 1, together 2.5; twice their mean is 5/3."""
    assert rivals.crps(np.array([[4.0], [8.0], [9.0]]), np.array([10.0])) == pytest.approx(5 / 3)


def midnight(came: float, low: float, middle: float, high: float) -> rivals.TwoDays:
    """All of 48 h alike, beside a week that had 20 kW; peaks begin at 9 kW, and the highest twentieth at 9.5 kW."""
    predicted = np.repeat([[low], [middle], [high]], 192, axis=1)
    return rivals.TwoDays(np.full(192, came), np.full(192, 20.0), 9.0, 9.5, {"model": predicted})


def test_what_lies_below_a_peak_counts_nothing_in_the_peak_weighted_crps() -> None:
    """Of 10 kW after 4, 8 and 9 kW: from 9 kW on all three are 1 kW short, so (0.1 + 0.5 + 0.9) · 2/3 = 1, a tenth of the load."""
    found = rivals.measures([midnight(10, 4, 8, 9)], "model", "second day")
    assert found is not None
    assert found.peak_rcrps == pytest.approx(0.1)
    assert found.mae_to_last_week == pytest.approx(2 / 10)
    assert (found.within, found.high_within, found.width) == (0.0, 0.0, 0.5)
    low = rivals.measures([midnight(5, 4, 8, 9)], "model", "first day")
    assert low is not None
    assert (low.peak_rcrps, low.within) == (0.0, 1.0)


def test_a_model_that_answered_nothing_has_no_measures() -> None:
    assert rivals.measures([midnight(5, 4, 8, 9)], "other", "first day") is None


@pytest.mark.parametrize("name", ["LightGBM", "XGBoost"])
def test_gradient_boosting_knows_only_what_was_before_its_midnight(name: str) -> None:
    """What comes after the last midnight is changed: its forecast is not."""
    if name not in boosting.installed():
        pytest.skip(f"{name} is not installed: make setup-dev")
    one = made_up(30)
    power_kw = one.power_kw.copy()
    power_kw[96 * 28 :] = 900.0
    first, second = (
        roll(profile, 2, with_two_step=False, rivals=[name]).midnights[0] for profile in (one, replace(one, power_kw=power_kw))
    )
    assert first.predicted_kw[name].shape == (3, 192)
    assert np.array_equal(first.predicted_kw[name], second.predicted_kw[name])
    assert np.abs(first.predicted_kw[name][1] - first.came_kw).mean() < 10
