"""Rung 2: a smooth course for each kind of day by least squares, then an autoregression of what that leaves.

In: a `Grid`.  Out: the load from each origin on.

First step: Fourier terms of the local clock, for all working days and rest days and as a difference of each weekday and of the unusual
kinds of day, and whether a shift runs; older days count less. Second step: what is left, as an autoregression on the two quarter hours
before and on the same ones a day before. It is worked out once a day of origins by least squares and carried ahead step by step; on a
pure AR(2) that is what `statsmodels` finds as ``SARIMAX(order=(2, 0, 0))`` with ``extend`` and ``forecast``, to the third digit and in a
hundredth of the time, which is why it is written out here: 56 midnight origins of half a year cost 60 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecasting.grid import REACH, Grid
from forecasting.slots import SLOTS_PER_DAY, Floats, Ints

NAME = "two-step"
LAGS = (1, 2, SLOTS_PER_DAY, SLOTS_PER_DAY + 1)
LONGEST = max(LAGS)
HARMONICS = 16
"""Of the course of working days and of days of rest: down to an hour and a half."""
HARMONICS_OF_A_WEEKDAY = 6
FADES_A_DAY = 0.975
"""What a day counts less than the one after it: half after four weeks."""
FEWEST_DAYS = 8
SHRINK = 4.0
"""Ridge, in quarter hours."""


def two_step(grid: Grid, origins: Sequence[int], lags: Sequence[int] = LAGS) -> dict[int, Floats]:
    """The load [kW] of `REACH` quarter hours from each origin on that has eight days behind it; others are absent."""
    known = np.isfinite(grid.load_kw)
    if not known.any():
        return {}
    features = _features(grid)
    products, moments, counts = _by_day(features, np.where(known, grid.load_kw, 0.0), np.where(known, grid.trust, 0.0))
    by_day: dict[int, list[int]] = {}
    for origin in sorted(origins):
        by_day.setdefault(origin // SLOTS_PER_DAY, []).append(origin)
    product, moment, count = np.zeros(products.shape[1:]), np.zeros(moments.shape[1]), 0.0
    found: dict[int, Floats] = {}
    for day in range(max(by_day, default=-1) + 1):
        if day in by_day and count >= FEWEST_DAYS * SLOTS_PER_DAY * 0.75:
            course = features @ np.linalg.solve(product + SHRINK * np.eye(len(moment)), moment)
            rest = np.where(known, grid.load_kw - course, np.nan)
            effects = autoregression(rest[: day * SLOTS_PER_DAY], lags)
            for origin in by_day[day]:
                ahead = carried_on(rest[max(origin - LONGEST - SLOTS_PER_DAY, 0) : origin], effects, lags, REACH)
                span = course[origin : origin + REACH]
                found[origin] = np.maximum(span + ahead[: len(span)], 0.0)
        product = FADES_A_DAY * product + products[day]
        moment = FADES_A_DAY * moment + moments[day]
        count = FADES_A_DAY * count + float(counts[day])
    return found


def autoregression(rest: Floats, lags: Sequence[int]) -> Floats:
    """Effects of `rest` at `lags` on the next value, by least squares over rows that are known whole; zeros where these are few."""
    longest = max(lags)
    if len(rest) <= longest:
        return np.zeros(len(lags))
    before = np.stack([rest[longest - lag : len(rest) - lag] for lag in lags], axis=1)
    now = rest[longest:]
    whole = np.isfinite(before).all(axis=1) & np.isfinite(now)
    if int(whole.sum()) < 10 * len(lags):
        return np.zeros(len(lags))
    age = np.arange(len(now))[whole]
    weight = FADES_A_DAY ** ((age[-1] - age) / SLOTS_PER_DAY)
    rows = before[whole]
    product = (rows * weight[:, None]).T @ rows
    unit = max(float(np.trace(product)) / len(lags), 1e-12)
    found: Floats = np.linalg.solve(product + 1e-6 * unit * np.eye(len(lags)), (rows * weight[:, None]).T @ now[whole])
    # Explosive effects, learnt from a step in the load, would run away within 48 h.
    size = float(np.abs(found).sum())
    return found if size < 1 or _settles(found, lags) else found * (0.999 / size)


def _settles(effects: Floats, lags: Sequence[int]) -> bool:
    """Whether an impulse has faded two weeks later."""
    longest = max(lags)
    values = np.zeros(longest + 14 * SLOTS_PER_DAY)
    values[longest - 1] = 1.0
    for step in range(longest, len(values)):
        values[step] = sum(effect * values[step - lag] for effect, lag in zip(effects, lags, strict=True))
    return float(np.abs(values[-SLOTS_PER_DAY:]).max()) < 1.0


def carried_on(rest: Floats, effects: Floats, lags: Sequence[int], steps: int) -> Floats:
    """What is left, `steps` further: each value is worked out of those before; where one is missing it counts as none left."""
    longest = max(lags)
    values = np.concatenate([np.zeros(longest), np.nan_to_num(rest), np.zeros(steps)])
    begin = longest + len(rest)
    for step in range(begin, begin + steps):
        values[step] = sum(effect * values[step - lag] for effect, lag in zip(effects.tolist(), lags, strict=True))
    return values[begin:]


def _features(grid: Grid) -> Floats:
    """One row an index of the grid: (96 days, features)."""
    clock = np.arange(SLOTS_PER_DAY) * 2 * np.pi / SLOTS_PER_DAY
    terms = np.arange(1, HARMONICS + 1)
    waves = np.concatenate([np.ones((SLOTS_PER_DAY, 1)), np.cos(np.outer(clock, terms)), np.sin(np.outer(clock, terms))], axis=1)
    few = np.r_[0 : HARMONICS_OF_A_WEEKDAY + 1, HARMONICS + 1 : HARMONICS + 1 + HARMONICS_OF_A_WEEKDAY]
    by_rest = _by_kind(grid.rests, 2, waves)
    by_weekday = _by_kind(grid.weekday, 7, waves[:, few])
    by_kind = _by_kind(grid.kind, int(grid.kind.max()) + 1, waves[:, :1])
    at_work = grid.at_work.astype(np.float64)[:, None]
    return np.concatenate([by_rest, by_weekday, by_kind, at_work], axis=1)


def _by_kind(kinds: Ints, count: int, waves: Floats) -> Floats:
    """`waves` for each kind of day, zero on days of another: (96 days, count times waves)."""
    found = np.zeros((len(kinds), SLOTS_PER_DAY, count, waves.shape[1]))
    found[np.arange(len(kinds)), :, kinds] = waves
    return found.reshape(len(kinds) * SLOTS_PER_DAY, -1)


def _by_day(features: Floats, load_kw: Floats, trust: Floats) -> tuple[Floats, Floats, Floats]:
    """Each day's part of the normal equations: (days, features, features), (days, features), (days,) trusted quarter hours."""
    days = len(load_kw) // SLOTS_PER_DAY
    rows = features.reshape(days, SLOTS_PER_DAY, -1)
    weighted = (rows * trust.reshape(days, SLOTS_PER_DAY, 1)).transpose(0, 2, 1)
    moments = np.matmul(weighted, load_kw.reshape(days, SLOTS_PER_DAY, 1))[:, :, 0]
    return np.matmul(weighted, rows), moments, trust.reshape(days, SLOTS_PER_DAY).sum(axis=1)
