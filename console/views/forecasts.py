"""What was forecast, beside what came.

In: forecasts and quarter hours of the history.  Out: `DayAhead`: one local day as forecast when it began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.views.scene import Scene
from domain.forecasts import DayPeak, Forecast
from quarters.net import NetQuarter

ISSUED_BY = timedelta(hours=1)
"""Until when after its midnight a forecast still counts as the day's."""
TOO_OLD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class DayAhead:
    """One local day: the forecast when it began, and what was measured of it so far."""

    day_local: str
    issued_utc: datetime
    replayed: bool
    """Made afterwards, of what was known then."""
    q10_kw: Mapping[datetime, float]
    q50_kw: Mapping[datetime, float]
    q90_kw: Mapping[datetime, float]
    quarters: int
    """How many quarter hours of it are known by now."""
    mean_error_kw: float | None
    """Mean absolute difference of what came from the median; None before there is any."""
    within: float | None
    """Share of the known quarter hours that fell within the band; 0.8 is meant."""
    peak: DayPeak | None
    highest_kw: float | None
    highest_utc: datetime | None


def days_ahead(scene: Scene, actual: Mapping[datetime, NetQuarter]) -> tuple[DayAhead, ...]:
    """Yesterday and today, each by the last forecast from before it, or from its first hour."""
    found = []
    for offset in (-1, 0):
        day = scene.day(offset)
        start, end = scene.day_span(day)
        forecast = scene.ledger.forecast_before(start + ISSUED_BY)
        if forecast is not None and forecast.issued_utc > start - TOO_OLD:
            found.append(_day_ahead(f"{day}", forecast, start, end, actual))
    return tuple(found)


def _day_ahead(day: str, forecast: Forecast, start: datetime, end: datetime, actual: Mapping[datetime, NetQuarter]) -> DayAhead:
    of_day = [quarter for quarter in forecast.quarters() if start <= quarter.start_utc < end]
    low = {quarter.start_utc: quarter.q10_kw for quarter in of_day}
    middle = {quarter.start_utc: quarter.q50_kw for quarter in of_day}
    high = {quarter.start_utc: quarter.q90_kw for quarter in of_day}
    came = {at: kw for at in middle if at in actual and (kw := actual[at].power_kw) is not None}
    errors = [abs(kw - middle[at]) for at, kw in came.items()]
    highest = max(came.items(), key=lambda item: item[1], default=(None, None))
    return DayAhead(
        day,
        forecast.issued_utc,
        forecast.replayed,
        low,
        middle,
        high,
        len(came),
        sum(errors) / len(errors) if errors else None,
        sum(low[at] <= kw <= high[at] for at, kw in came.items()) / len(came) if came else None,
        next((peak for peak in forecast.peaks if peak.day_local == day), None),
        highest[1],
        highest[0],
    )
