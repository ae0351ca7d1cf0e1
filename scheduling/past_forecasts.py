"""Forecasts of the last weeks as they were made, so that what they missed is known by whole days and not only by quarter hours.

In: forecasts, and orders as they are revised.  Out: of each forecast how far the measured load strayed from it, quarter hour by quarter hour.

A job that is moved after a forecast was made is moved in it, too: that the load follows the plan is no error. A job that nobody knew of is one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from domain.forecasts import Forecast
from domain.orders import Order, OrderStatus
from quarters.numbers import slot_of
from quarters.series import QuarterSeries
from scheduling.problem import Load, Outlook

HORIZON = 192
"""Quarter hours kept of a forecast."""
EVERY = 36
"""Quarter hours between two that are kept; no divisor of a day, so that several hours of a day come to be the first."""
MOST = 72
"""Kept, the newest: four weeks."""
DAY = 96
NORMAL_10_TO_90 = 2.5631
"""Width of a normal distribution between its 10 % and 90 % quantiles, in standard deviations."""
LEAST_BAND = 0.005
"""A band narrower than this share of its load is taken to be so wide."""
_ROW = np.dtype([("first", "<i8"), ("median", "<f4", (HORIZON,)), ("band", "<f4", (HORIZON,))])
Rows = npt.NDArray[Any]


class PastForecasts:
    """Of one site, oldest first. Changed in place."""

    def __init__(self) -> None:
        self._rows: Rows = np.empty(0, _ROW)
        self._stored: bytes | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def note(self, outlook: Outlook, forecast: Forecast) -> None:
        """Remember what is expected now, unless the last one that is remembered is younger than `EVERY`."""
        rows = self._rows[self._rows["first"] <= outlook.first_slot]
        if len(rows) and outlook.first_slot - int(rows["first"][-1]) < EVERY:
            return
        row = np.zeros(1, _ROW)
        row["first"], row["median"], row["band"] = outlook.first_slot, np.nan, np.nan
        row["median"][0, : len(outlook.median_kw)] = outlook.median_kw[:HORIZON]
        row["band"][0, : len(outlook.median_kw)] = band_kw(forecast)[:HORIZON]
        self._rows, self._stored = np.concatenate([rows, row])[-MOST:], None

    def replan(self, was: Order, order: Order) -> None:
        """Move a job in every forecast that has it; to be called with its power as it is known."""
        for index in range(len(self._rows)):
            row = self._rows[index]
            before, after = (_laid(one, int(row["first"])) for one in (was, order))
            if before.any() or after.any():
                row["median"] += after - before
                self._stored = None

    def misses(self, known: QuarterSeries, now_slot: int, band_now_kw: Load) -> Load:
        """How the load may stray from what is expected from `now_slot` on [kW]: one row for each forecast that has been measured for a day.

        A miss keeps its time of day, and is as large beside today's band as it was beside its own. Quarter hours that are not over yet, or
        that no meter measured, take what the same forecast missed a day earlier or later; a forecast with a gap in both says nothing.

        Parameters
        ----------
        band_now_kw
            Standard deviation of each quarter hour by the present forecast.
        """
        count = min(len(band_now_kw), HORIZON)
        if not len(self._rows) or not count:
            return np.empty((0, len(band_now_kw)))
        begin = int(self._rows["first"][0])
        loads = np.full(max(int(self._rows["first"][-1]) + HORIZON, now_slot) - begin, np.nan)
        loads[: max(now_slot - begin, 0)] = known.loads_kw(begin, now_slot)
        places = self._rows["first"][:, None] - begin + np.arange(HORIZON)
        band = np.where(self._rows["band"] > 0, self._rows["band"], np.nan)
        missed = (loads[places] - self._rows["median"]) / band
        halves = missed.reshape(len(missed), 2, DAY)
        for this, other in ((0, 1), (1, 0)):
            halves[:, this] = np.where(np.isnan(halves[:, this]), halves[:, other], halves[:, this])
        whole = ~np.isnan(missed).any(axis=1)
        later = (now_slot - self._rows["first"][whole]) % DAY
        turned = missed[whole][np.arange(int(whole.sum()))[:, None], (later[:, None] + np.arange(count)) % HORIZON]
        found = np.zeros((len(turned), len(band_now_kw)))
        found[:, :count] = turned * band_now_kw[:count]
        return found

    def forget(self, before_slot: int, after_slot: int) -> None:
        """Drop forecasts that end before `before_slot`, and those that begin after `after_slot`."""
        first = self._rows["first"]
        kept = self._rows[(first + HORIZON > before_slot) & (first <= after_slot)]
        if len(kept) < len(self._rows):
            self._rows, self._stored = kept, None

    def to_bytes(self) -> bytes:
        """All rows as they lie in memory; the same object again while nothing has changed."""
        if self._stored is None:
            self._stored = self._rows.tobytes()
        return self._stored

    @staticmethod
    def from_bytes(stored: bytes) -> PastForecasts:
        """The forecasts that `to_bytes` wrote."""
        past = PastForecasts()
        past._rows = np.frombuffer(stored, _ROW).copy()
        return past


def band_kw(forecast: Forecast) -> Load:
    """Standard deviation of each quarter hour of a forecast [kW]."""
    median = np.array(forecast.q50_kw)
    width = (np.array(forecast.q90_kw) - np.array(forecast.q10_kw)) / NORMAL_10_TO_90
    return np.asarray(np.maximum(width, LEAST_BAND * np.abs(median)))


def _laid(order: Order, first_slot: int) -> Load:
    """What a job draws in the quarter hours of a forecast [kW]."""
    found = np.zeros(HORIZON, np.float64)
    if order.status is not OrderStatus.CANCELLED:
        offset = slot_of(order.start_utc) - first_slot
        first, end = max(offset, 0), min(offset + len(order.profile_kw), HORIZON)
        if first < end:
            found[first:end] = order.profile_kw[first - offset : end - offset]
    return found
