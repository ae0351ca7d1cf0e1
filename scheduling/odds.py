"""How a day's peak may turn out by the forecast's distribution of it.

In: a forecast's day peaks.  Out: days that may come, with peaks as the forecast says; P(peak > target) with and without a change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from statistics import NormalDist

import numpy as np

from domain.forecasts import DayPeak, Forecast
from domain.intervals import QUARTER
from quarters.numbers import slot_start
from scheduling.problem import Load

CASES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Middles of five equally likely fifths of the distribution."""
_NORMAL = NormalDist()
_OUTER = _NORMAL.inv_cdf(0.9)


def peak_case(peak: DayPeak, level: float) -> float:
    """The day's highest quarter hour [kW] at `level` of its distribution: two halves of normal distributions through its quantiles."""
    reach = _NORMAL.inv_cdf(level) / _OUTER
    half = peak.q90_kw - peak.q50_kw if reach > 0 else peak.q50_kw - peak.q10_kw
    return max(peak.q50_kw + reach * half, 0.0)


def lifted(misses_kw: Load, forecast: Forecast, day_of: Callable[[datetime], str]) -> Load:
    """Days that may come, each local day raised or lowered as a whole so that the days' highest quarter hours come as the forecast says.

    Parameters
    ----------
    misses_kw
        What is to be added to the forecast's median, a row a day that may come [kW].

    Returns
    -------
    Load
        The same, where a day's peak is forecast and still to come: the lowest row at the lowest of as many levels of its distribution, and so on.
        Other days are lowered or raised as those are on average.
    """
    median, found = np.array(forecast.q50_kw), misses_kw.copy()
    days = np.array([day_of(forecast.first_start_utc + n * QUARTER) for n in range(len(median))])
    stated = {
        peak.day_local: np.array([peak_case(peak, level) for level in (np.arange(len(found)) + 0.5) / max(len(found), 1)])
        for peak in forecast.peaks
        if peak.start_utc >= forecast.first_start_utc and peak.q90_kw > peak.q10_kw
    }
    raised: list[Load] = []
    for day in sorted(set(days), key=lambda one: (one not in stated, one)):
        of_day = days == day
        highest = (median + found)[:, of_day].max(axis=1)
        order = np.argsort(highest, kind="stable")
        if day in stated:
            by_kw = stated[day] - highest[order]
            raised.append(by_kw)
        elif raised:
            # Nothing is stated of it: as the others, and not below what is expected.
            by_kw = np.maximum(np.mean(raised, axis=0), np.minimum(float(median[of_day].max()) - highest[order], 0.0))
        else:
            break
        found[np.ix_(order, of_day)] += by_kw[:, None]
    return found


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
