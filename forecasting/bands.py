"""How far off: quantiles and day peaks from the served model's own past errors."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from forecasting.slots import Bools, Floats, Ints

COVERAGE = 0.8
LEVEL_STEP = 0.05
"""How strongly one past day's miss of the stated coverage moves the level (adaptive conformal inference, Gibbs and Candès 2021)."""
LEVEL_LIMITS = (0.6, 0.98)
REPLAYED = 14
"""Past days over which the level is adapted."""
DAY = 96
STRETCH_LIMIT = 4.0
STRETCH_DAMPED = 0.7
NEIGHBOURS = 2
"""Leads to either side whose errors are counted too."""
FEWEST_PATHS = 5
_NORMAL = np.array([NormalDist().inv_cdf((n + 0.5) / 9) for n in range(9)])


def band(kw: Floats, errors_kw: Floats, alike: Ints) -> tuple[Floats, Floats, float]:
    """Lower and upper bound [kW] of the last row of `kw` so that `COVERAGE` of the quarter hours fall between, and the level used.

    Parameters
    ----------
    kw, errors_kw
        What was said from each origin, oldest first, and actual minus said: (origins, leads).
    alike
        Kind of day of each quarter hour, as an integer: (origins, leads). Errors count for quarter hours of the same kind.
    """
    level, stretch = COVERAGE, 1.0
    first = max(FEWEST_PATHS + 2, len(kw) - 1 - REPLAYED)
    # The past is replayed: what would the band have covered, had it been built from the origins two days and more before?
    for number in range(first, len(kw)):
        usable = slice(0, number if number == len(kw) - 1 else number - 2)
        low, high = _offsets(errors_kw[usable], alike[usable], alike[number], level)
        errors = errors_kw[number]
        known = np.isfinite(errors)
        if number < len(kw) - 1 and known.sum() >= errors.size // 4:
            covered = float(((errors >= low * stretch) & (errors <= high * stretch))[known].mean())
            level = float(np.clip(level + LEVEL_STEP * (COVERAGE - covered), *LEVEL_LIMITS))
            stretch = _stretch(errors[:DAY], low[:DAY], high[:DAY])
    if len(kw) - 1 < first:
        low, high = _offsets(errors_kw[:-1], alike[:-1], alike[-1], level)
    return np.maximum(kw[-1] + low * stretch, 0.0), np.maximum(kw[-1] + high * stretch, 0.0), level


def _stretch(errors: Floats, low: Floats, high: Floats) -> float:
    """How much wider the band is made because of the newest day: what would have held `COVERAGE` of it, damped; never narrower."""
    known = np.isfinite(errors)
    if known.sum() < DAY // 2:
        return 1.0
    reach = np.where(errors > 0, high, -low)
    needed = float(np.quantile((np.abs(errors) / np.maximum(reach, 1e-3))[known], COVERAGE))
    return float(np.clip(needed, 1.0, STRETCH_LIMIT) ** STRETCH_DAMPED)


def _offsets(errors: Floats, alike: Ints, wanted: Ints, level: float) -> tuple[Floats, Floats]:
    """Error quantiles at ``(1 -+ level) / 2`` for each lead, from errors of the same kind of day at this and neighbouring leads."""
    usable = np.where(alike == wanted, errors, np.nan)
    pooled, few = _pool(usable)
    if few.any():
        everything, _ = _pool(errors)
        pooled = np.where(few, everything, pooled)
    ordered = np.sort(pooled, axis=0)  # nan last
    count = np.isfinite(ordered).sum(axis=0)
    ordered = np.where(np.isfinite(ordered), ordered, 0.0)
    low, high = _quantile(ordered, count, (1 - level) / 2), _quantile(ordered, count, (1 + level) / 2)
    return np.minimum(low, 0.0), np.maximum(high, 0.0)


def _pool(errors: Floats) -> tuple[Floats, Bools]:
    padded = np.pad(errors, ((0, 0), (NEIGHBOURS, NEIGHBOURS)), constant_values=np.nan)
    leads = errors.shape[1]
    pooled = np.concatenate([padded[:, shift : shift + leads] for shift in range(2 * NEIGHBOURS + 1)])
    return pooled, np.isfinite(errors).sum(axis=0) < FEWEST_PATHS


def _quantile(ordered: Floats, count: Ints, share: float) -> Floats:
    """Quantile of each column's first `count` values, a little outside the plain one because the sample is finite (n + 1 rule)."""
    position = np.clip(share * (count + 1) - 1, 0, np.maximum(count - 1, 0))
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    columns = np.arange(ordered.shape[1])
    part = position - below
    between: Floats = ordered[below, columns] * (1 - part) + ordered[above, columns] * part
    return between


@dataclass(frozen=True, slots=True)
class PeakOdds:
    """Distribution of the highest value of a span; `place` is the likeliest index of it."""

    q10_kw: float
    q50_kw: float
    q90_kw: float
    place: int
    above_target: float


def peak_odds(kw: Floats, errors_kw: Floats, alike: Bools, low_kw: Floats, high_kw: Floats, target_kw: float | None) -> PeakOdds:
    """Odds of the maximum over a span of leads, from whole past error paths, so that neighbouring errors stay together.

    Each past origin gives one possible course ``kw + its errors``. Their maxima are smoothed with a normal kernel (Silverman's
    width), which needs no dice: the same history gives the same odds. Where too few paths are known, the band itself is used.

    Parameters
    ----------
    kw, low_kw, high_kw
        Median and band [kW] of the span.
    errors_kw, alike
        Past errors of the span's leads, (origins, leads), and whether each was on the same kind of day.
    """
    whole = np.isfinite(errors_kw).mean(axis=1) >= 0.9 if errors_kw.size else np.zeros(0, bool)
    same = whole & (alike.mean(axis=1) >= 0.9) if errors_kw.size else whole
    chosen = same if same.sum() >= FEWEST_PATHS else whole
    if chosen.sum() < FEWEST_PATHS:
        return _from_band(kw, low_kw, high_kw, target_kw)
    paths = np.maximum(kw + np.nan_to_num(errors_kw[chosen]), 0.0)
    maxima = paths.max(axis=1)
    spread = min(float(maxima.std()), float(np.subtract(*np.percentile(maxima, [75, 25]))) / 1.34)
    width = max(0.9 * spread * len(maxima) ** -0.2, 0.002 * float(np.median(maxima)))
    draws = np.maximum(maxima[:, None] + width * _NORMAL, 0.0).ravel()
    q10, q50, q90 = np.quantile(draws, [0.1, 0.5, 0.9])
    places = np.bincount(paths.argmax(axis=1), minlength=kw.size) + 0.5 * kw / max(float(kw.max()), 1e-9)
    above = 0.0 if target_kw is None else float((draws > target_kw).mean())
    return PeakOdds(float(q10), float(q50), float(q90), int(places.argmax()), above)


def _from_band(kw: Floats, low_kw: Floats, high_kw: Floats, target_kw: float | None) -> PeakOdds:
    q10, q50, q90 = float(low_kw.max()), float(kw.max()), float(high_kw.max())
    above = 0.0
    if target_kw is not None:
        shares = np.array([1.0, 0.9, 0.5, 0.1, 0.0])
        steps = np.maximum.accumulate(np.array([q10 - (q50 - q10), q10, q50, q90, q90 + (q90 - q50)]) + 1e-9 * np.arange(5))
        above = float(np.interp(target_kw, steps, shares))
    return PeakOdds(q10, q50, q90, int(kw.argmax()), above)
