"""The quarter hours of a forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.contracts import EXAMPLES
from domain.forecasts import Forecast, ForecastQuarter
from domain.intervals import QUARTER
from domain.topics import FORECASTS

FORECAST: Forecast = EXAMPLES[FORECASTS.name]


def test_a_forecasts_quarter_hours_follow_each_other_from_its_first_start_to_its_end() -> None:
    forecast = replace(FORECAST, q10_kw=(1.0, 2.0, 3.0), q50_kw=(4.0, 5.0, 6.0), q90_kw=(7.0, 8.0, 9.0))
    first = forecast.first_start_utc
    assert forecast.quarters() == (
        ForecastQuarter(first, 1.0, 4.0, 7.0),
        ForecastQuarter(first + QUARTER, 2.0, 5.0, 8.0),
        ForecastQuarter(first + 2 * QUARTER, 3.0, 6.0, 9.0),
    )
    assert forecast.end_utc == first + timedelta(minutes=45)


def test_a_forecast_of_nothing_ends_where_it_begins() -> None:
    forecast = replace(FORECAST, q10_kw=(), q50_kw=(), q90_kw=())
    assert (forecast.quarters(), forecast.end_utc) == ((), forecast.first_start_utc)
