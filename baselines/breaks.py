"""Where a level changed within a period: a baseline over such a change compares with a plant that is no more.

In: daily residuals of a baseline.  Out: the days from which on the level is another one. Of all ways to part the days in two, the one whose
means differ most, against the long-run variance of either part; the limit is that of Andrews (1993, corrected 2003) for one coefficient and 15 %
of the days kept at either end, at 1 %. A change that is found parts the days, and each part is searched again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from baselines.rows import Floats

LIMIT = 12.16
_EDGE = 0.15
LEAST_SHIFT = 0.05
"""Of the mean: what is smaller is drift, which the interval of a saving holds."""
_LAGS = 14
_FEWEST_DAYS = 56


@dataclass(frozen=True, slots=True)
class Break:
    """From `day` on the mean power is another."""

    day: date
    shift_kw: float
    """Mean after it less mean before it [kW]."""
    share: float
    """The same over the mean power."""


def breaks_in(days: tuple[date, ...], residuals_kw: Floats, mean_kw: float) -> list[Break]:
    """The changes of level in residuals, by day.

    Parameters
    ----------
    residuals_kw
        Of each of `days`, shape ``(n,)``.
    mean_kw
        Mean power, that a shift is compared with [kW].
    """
    n = len(days)
    if n < _FEWEST_DAYS or mean_kw == 0:
        return []
    edge = max(int(_EDGE * n), 7)
    places = np.arange(edge, n - edge)
    sums = np.concatenate([[0.0], np.cumsum(residuals_kw)])
    before, after = sums[places] / places, (sums[n] - sums[places]) / (n - places)
    shifts = after - before
    worth = shifts**2 * places * (n - places) / n
    best = int(np.argmax(worth))
    place, shift = int(places[best]), float(shifts[best])
    # Of each part its own: the days of a summer may scatter more than those of a winter.
    variance = sum(long_run_variance(part) / len(part) for part in (residuals_kw[:place], residuals_kw[place:]))
    if shift**2 <= LIMIT * variance or abs(shift) < LEAST_SHIFT * abs(mean_kw):
        return []
    found = Break(days[place], shift, shift / mean_kw)
    return [
        *breaks_in(days[:place], residuals_kw[:place], mean_kw),
        found,
        *breaks_in(days[place:], residuals_kw[place:], mean_kw),
    ]


def long_run_variance(values: Floats, lags: int = _LAGS) -> float:
    """Variance of a day for sums of many days, with Bartlett's weights (Newey and West 1987)."""
    values = values - values.mean()
    n = len(values)
    found = float(values @ values)
    for lag in range(1, min(lags, n - 1) + 1):
        found += 2 * (1 - lag / (lags + 1)) * float(values[lag:] @ values[:-lag])
    return max(found / n, 0.0)
