"""The forecast's benchmark on a small made-up plant: figures that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.forecast import page
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
