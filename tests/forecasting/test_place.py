"""When one more model is worth asking: by what it takes off the error, and by what it costs to run."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.place import Running, earns_its_place, pinball_kw
from forecasting.slots import Floats

ACTUAL = np.full(400, 100.0)
FREE = Running(cpu_s=0.0, eur_per_kwh=0.2)


def quantiles(off_kw: float, half_width_kw: float = 20.0) -> Floats:
    """A band around a middle that is `off_kw` too high."""
    quantiles: Floats = np.array([[off_kw - half_width_kw], [off_kw], [off_kw + half_width_kw]]) + ACTUAL
    return quantiles


def test_the_quantile_loss_is_that_worked_by_hand() -> None:
    """q10 90, q50 110, q90 130 of an actual 100: 0.1 * 10, 0.5 * 10, 0.1 * 30, a third of each."""
    assert pinball_kw(quantiles(10.0), ACTUAL) == pytest.approx((1 + 5 + 3) / 3)


def test_a_tenth_off_the_error_earns_its_place_and_a_hundredth_does_not() -> None:
    tenth, hundredth = (earns_its_place(quantiles(10.0), quantiles(off), ACTUAL, FREE) for off in (9.0, 9.9))
    assert tenth.mae_gain == pytest.approx(0.1)
    assert tenth.earned
    assert hundredth.mae_gain == pytest.approx(0.01)
    assert not hundredth.earned


def test_a_better_middle_with_a_worse_band_does_not_count() -> None:
    found = earns_its_place(quantiles(10.0), quantiles(9.0, half_width_kw=60.0), ACTUAL, FREE)
    assert found.mae_gain > 0.02
    assert found.pinball_gain < 0
    assert not found.earned


def test_what_it_saves_must_be_worth_more_than_the_electricity_it_takes() -> None:
    """400 quarter hours of 1 kW less error are 100 kWh, at 2 ct 2 EUR; 9 million CPU seconds at 4 W are 10 kWh, at 25 ct 2.50 EUR."""
    light, heavy = (
        earns_its_place(quantiles(10.0), quantiles(9.0), ACTUAL, Running(cpu_s, eur_per_kwh=0.25, eur_per_kwh_of_error=0.02))
        for cpu_s in (10.0, 9e6)
    )
    assert (light.worth_eur, heavy.energy_kwh, heavy.cost_eur) == pytest.approx((2.0, 10.0, 2.5))
    assert light.earned
    assert not heavy.earned
    assert str(heavy).startswith("does not earn its place: error -10.0%")


def test_quarter_hours_that_were_not_measured_do_not_count() -> None:
    holed = ACTUAL.copy()
    holed[:300] = np.nan
    wild = quantiles(9.0)
    wild[:, :300] = 9999.0
    assert earns_its_place(quantiles(10.0), wild, holed, FREE).mae_gain == pytest.approx(0.1)
    with pytest.raises(ValueError, match="none of 400 replayed quarter hours"):
        earns_its_place(quantiles(10.0), quantiles(9.0), np.full(400, np.nan), FREE)


def test_forecasts_of_different_quarter_hours_are_not_compared() -> None:
    with pytest.raises(ValueError, match="the same quarter hours for both"):
        earns_its_place(quantiles(10.0)[:, 1:], quantiles(9.0), ACTUAL, FREE)
