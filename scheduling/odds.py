"""How a day's peak may turn out: the forecast's distribution as a few loads that are equally likely.

In: a forecast's day peaks and the load that is expected.  Out: what to add to that load in each case [kW].

Money is taken as the mean over these cases, each by two whole bills: a peak that is passed only now and then is worth its share, and
one that lies below what is billed already is worth nothing in that case.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from statistics import NormalDist

import numpy as np

from domain.forecasts import DayPeak, Forecast
from quarters.numbers import slot_of, slot_start
from scheduling.problem import Load, Outlook

CASES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Middles of five equally likely fifths of the distribution."""
_NORMAL = NormalDist()
_OUTER = _NORMAL.inv_cdf(0.9)


def peak_case(peak: DayPeak, level: float) -> float:
    """The day's highest quarter hour [kW] at `level` of its distribution: two halves of normal distributions through its quantiles."""
    reach = _NORMAL.inv_cdf(level) / _OUTER
    half = peak.q90_kw - peak.q50_kw if reach > 0 else peak.q50_kw - peak.q10_kw
    return max(peak.q50_kw + reach * half, 0.0)


def cases(forecast: Forecast, outlook: Outlook, at_slot: int, day_of: Callable[[datetime], str]) -> list[Load]:
    """What to add to `outlook` so that the peak of the day of `at_slot` comes as in each case; one case where its peak is over or not known."""
    day = day_of(slot_start(at_slot))
    peak = next((one for one in forecast.peaks if one.day_local == day), None)
    nothing = np.zeros(len(outlook.median_kw))
    if peak is None or slot_of(peak.start_utc) < outlook.first_slot or peak.q90_kw <= peak.q10_kw:
        return [nothing]
    of_day = np.array([day_of(slot_start(outlook.first_slot + n)) == day for n in range(len(nothing))])
    expected = float(outlook.median_kw[of_day].max())
    return [np.where(of_day, peak_case(peak, level) - expected, 0.0) for level in CASES]


def above(forecast: Forecast, at_slot: int, day_of: Callable[[datetime], str]) -> float | None:
    """P(peak of the day of `at_slot` > target) as forecast; None where it is not."""
    day = day_of(slot_start(at_slot))
    return next((peak.above_target for peak in forecast.peaks if peak.day_local == day), None)


def above_after(
    forecast: Forecast, at_slot: int, reduction_kw: float, target_kw: float, day_of: Callable[[datetime], str]
) -> float | None:
    """The same once the peak is lower by `reduction_kw`, by the two halves of normal distributions."""
    day = day_of(slot_start(at_slot))
    peak = next((one for one in forecast.peaks if one.day_local == day), None)
    if peak is None:
        return None
    missing = target_kw + reduction_kw - peak.q50_kw
    half = peak.q90_kw - peak.q50_kw if missing > 0 else peak.q50_kw - peak.q10_kw
    chance = 1 - _NORMAL.cdf(missing / half * _OUTER) if half > 0 else float(missing < 0)
    return min(chance, peak.above_target)
