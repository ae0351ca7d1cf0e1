"""A day that is like one ordinary day while it works and like another while it rests: two forecasts put together by its shifts.

In: the forecast in which such days stand as what they are like at work, and that in which they stand as what they are like at rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from domain.forecasts import DayPeak, Forecast
from forecasting.days import LocalDay
from forecasting.issue import share_above
from forecasting.slots import LEADS, Bools, Floats
from quarters.numbers import slot_of, slot_start


def put_together(at_work: Forecast, at_rest: Forecast, days: Sequence[LocalDay], target_kw: float | None) -> Forecast:
    """`at_work`, on `days` with the hours in which no shift runs as in `at_rest`; a day's peak is moved as its middle is."""
    first = slot_of(at_work.first_start_utc)
    resting = np.zeros(LEADS, dtype=bool)
    for day in days:
        begin, end = max(day.first_slot, first), min(day.first_slot + len(day.clock), first + LEADS)
        resting[begin - first : end - first] = ~day.at_work[begin - day.first_slot : end - day.first_slot]
    low, middle, high = (
        np.where(resting, rest, work)
        for work, rest in (
            (at_work.q10_kw, at_rest.q10_kw), (at_work.q50_kw, at_rest.q50_kw), (at_work.q90_kw, at_rest.q90_kw)
        )
    )  # fmt: skip
    by_date = {day.day.isoformat(): day for day in days}
    peaks = tuple(
        _moved(peak, by_date[peak.day_local], np.array(at_work.q50_kw), middle, first, target_kw)
        if peak.day_local in by_date
        else peak
        for peak in at_work.peaks
    )
    return replace(
        at_work, q10_kw=tuple(low.tolist()), q50_kw=tuple(middle.tolist()), q90_kw=tuple(high.tolist()), peaks=peaks,
    )  # fmt: skip


def _moved(peak: DayPeak, day: LocalDay, whole_kw: Floats, middle_kw: Floats, first: int, target_kw: float | None) -> DayPeak:
    ahead: Bools = np.zeros(LEADS, dtype=bool)
    ahead[max(day.first_slot - first, 0) : max(day.first_slot + len(day.clock) - first, 0)] = True
    if not ahead.any():
        return peak
    change_kw = float(middle_kw[ahead].max() - whole_kw[ahead].max())
    if change_kw == 0:
        return peak
    at = first + int(np.argmax(np.where(ahead, middle_kw, -np.inf)))
    quantiles_kw = np.maximum(np.array([peak.q10_kw, peak.q50_kw, peak.q90_kw]) + change_kw, 0.0)
    q10, q50, q90 = np.round(quantiles_kw, 3).tolist()
    above = 0.0 if target_kw is None else round(share_above(quantiles_kw, target_kw), 4)
    return replace(peak, q10_kw=q10, q50_kw=q50, q90_kw=q90, start_utc=slot_start(at), above_target=above)
