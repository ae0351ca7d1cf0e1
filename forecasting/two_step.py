"""Rung 2: a smooth load profile for each kind of day by least squares, then an autoregression of what that leaves.

In: a `Grid`.  Out: the load from each origin on.

First step: Fourier terms of the local clock, for all working days and rest days and as a difference of each weekday and of the unusual
kinds of day, and whether a shift runs; older days count less. Second step: what is left, as an autoregression on the two quarter hours
before and on the same ones a day before. It is worked out once a day of origins by least squares and carried ahead step by step; on a
pure AR(2) that is what `statsmodels` finds as ``SARIMAX(order=(2, 0, 0))`` with ``extend`` and ``forecast``, to the third digit and in a
hundredth of the time, which is why it is written out here: 56 midnight origins over half a year cost 0.3 s, one 15 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from forecasting.grid import AHEAD_DAYS, REACH, Grid
from forecasting.slots import SLOTS_PER_DAY, Floats, Ints

NAME = "two-step"
LAGS = (1, 2, SLOTS_PER_DAY, SLOTS_PER_DAY + 1)
LONGEST = max(LAGS)
HARMONICS = 16
"""Of the load profile of working days and of non-working days: down to an hour and a half."""
HARMONICS_OF_A_WEEKDAY = 6
FADES_A_DAY = 0.975
"""What a day counts less than the one after it: half after four weeks."""
LOOKS_BACK_DAYS = 70
"""Days whose rests the second step is learnt from."""
FEWEST_DAYS = 8
SHRINK = 4.0
"""Ridge, in quarter hours."""


def two_step(grid: Grid, origins: Sequence[int], lags: Sequence[int] = LAGS) -> dict[int, Floats]:
    """The load [kW] of `REACH` quarter hours from each origin on that has eight days behind it; others are absent."""
    known = np.isfinite(grid.load_kw)
    weight = np.where(known, grid.trust, 0.0).reshape(-1, SLOTS_PER_DAY)
    weighed_kw = weight * np.where(known, grid.load_kw, 0.0).reshape(-1, SLOTS_PER_DAY)
    sort_of_day, features = _features(grid)
    plain = np.matmul(features.transpose(0, 2, 1), features)
    by_day: dict[int, list[int]] = {}
    for origin in sorted(origins):
        by_day.setdefault(origin // SLOTS_PER_DAY, []).append(origin)
    # Days of a sort have the same features, so that sums by sort and quarter hour are all there is to the normal equations.
    weights, sums_kw = np.zeros(features.shape[:2]), np.zeros(features.shape[:2])
    found: dict[int, Floats] = {}
    for day in range(max(by_day, default=-1) + 1):
        if day in by_day and weights.sum() >= FEWEST_DAYS * SLOTS_PER_DAY * 0.75:
            moment = np.einsum("sqf,sq->f", features, sums_kw)
            effects = np.linalg.solve(_product(features, plain, weights) + SHRINK * np.eye(len(moment)), moment)
            profile = (features @ effects)[sort_of_day[max(day - LOOKS_BACK_DAYS, 0) : day + AHEAD_DAYS + 1]]
            found.update(_second_step(grid, profile, day, by_day[day], lags))
        weights *= FADES_A_DAY
        sums_kw *= FADES_A_DAY
        weights[sort_of_day[day]] += weight[day]
        sums_kw[sort_of_day[day]] += weighed_kw[day]
    return found


def _product(features: Floats, plain: Floats, weights: Floats) -> Floats:
    """The normal equations' matrix; sorts of which every quarter hour counts alike take the `plain` one times that."""
    even = (weights == weights[:, :1]).all(axis=1)
    product: Floats = np.tensordot(weights[even, 0], plain[even], 1)
    for rows, weight in zip(features[~even], weights[~even], strict=True):
        product += (rows.T * weight) @ rows
    return product


def _second_step(
    grid: Grid, profile: Floats, day: int, origins: Sequence[int], lags: Sequence[int]
) -> Iterator[tuple[int, Floats]]:
    """For each of a day's `origins` the profiles ahead and what is left carried on; `profile` begins `LOOKS_BACK_DAYS` before."""
    begin = max(day - LOOKS_BACK_DAYS, 0) * SLOTS_PER_DAY
    midnight = day * SLOTS_PER_DAY - begin
    loads = grid.load_kw[begin : begin + profile.size].reshape(-1, SLOTS_PER_DAY)
    rests = grid.rests[begin // SLOTS_PER_DAY :][: len(profile)]
    profile = (profile + _middle((loads - profile)[: midnight // SLOTS_PER_DAY], rests)).ravel()
    # No row after an origin is looked at: the grid holds what came after old origins, too.
    left = loads.ravel() - profile
    effects = autoregression(left[:midnight], lags)
    for origin in origins:
        at = origin - begin
        ahead = carried_on(left[max(at - LONGEST - SLOTS_PER_DAY, 0) : at], effects, lags, REACH)
        span = profile[at : at + REACH]
        yield origin, np.maximum(span + ahead[: len(span)], 0.0)


def _middle(left: Floats, rests: Ints) -> Floats:
    """What takes each hour's mean to its median, of working days and of days of rest: a furnace on three days in ten is off."""
    shift = np.zeros((2, SLOTS_PER_DAY))
    for kind in range(2):
        hours = left[rests[: len(left)] == kind].reshape(-1, 24, 4).transpose(1, 0, 2).reshape(24, -1)
        hours = hours[:, np.isfinite(hours).all(axis=0)]
        if hours.shape[1] >= FEWEST_DAYS:
            shift[kind] = np.repeat(np.median(hours, axis=1), 4)
    found: Floats = shift[rests]
    return found


def autoregression(residual: Floats, lags: Sequence[int]) -> Floats:
    """Effects of `residual` at `lags` on the next value, by least squares over rows that are known whole; zeros where these are few."""
    longest = max(lags)
    if len(residual) <= longest:
        return np.zeros(len(lags))
    before = np.stack([residual[longest - lag : len(residual) - lag] for lag in lags], axis=1)
    now = residual[longest:]
    whole = np.isfinite(before).all(axis=1) & np.isfinite(now)
    if int(whole.sum()) < 10 * len(lags):
        return np.zeros(len(lags))
    age = np.arange(len(now))[whole]
    weight: Floats = np.power(FADES_A_DAY, (age[-1] - age) / SLOTS_PER_DAY)
    rows = before[whole]
    product = (rows * weight[:, None]).T @ rows
    unit = max(float(np.trace(product)) / len(lags), 1e-12)
    found: Floats = np.linalg.solve(product + 1e-6 * unit * np.eye(len(lags)), (rows * weight[:, None]).T @ now[whole])
    # Explosive effects, learnt from a step in the load, would run away within 48 h.
    size = float(np.abs(found).sum())
    if size >= 1 and not _settles(found, lags):
        found = found * (0.999 / size)
    return found


def _settles(effects: Floats, lags: Sequence[int]) -> bool:
    """Whether an impulse has faded two weeks later."""
    longest = max(lags)
    values = np.zeros(longest + 14 * SLOTS_PER_DAY)
    values[longest - 1] = 1.0
    for step in range(longest, len(values)):
        values[step] = sum(effect * values[step - lag] for effect, lag in zip(effects, lags, strict=True))
    return float(np.abs(values[-SLOTS_PER_DAY:]).max()) < 1.0


def carried_on(residual: Floats, effects: Floats, lags: Sequence[int], steps: int) -> Floats:
    """What is left, `steps` further: each value is worked out of those before; where one is missing it counts as none left."""
    longest = max(lags)
    values = np.concatenate([np.zeros(longest), np.nan_to_num(residual), np.zeros(steps)])
    begin = longest + len(residual)
    for step in range(begin, begin + steps):
        values[step] = sum(effect * values[step - lag] for effect, lag in zip(effects.tolist(), lags, strict=True))
    ahead: Floats = values[begin:]
    return ahead


def _features(grid: Grid) -> tuple[Ints, Floats]:
    """Of which sort each day is, and the features of each sort of day: (days,), (sorts, 96, features)."""
    clock = np.arange(SLOTS_PER_DAY) * 2 * np.pi / SLOTS_PER_DAY
    angles = np.outer(clock, np.arange(1, HARMONICS + 1))
    waves = np.concatenate([np.ones((SLOTS_PER_DAY, 1)), np.cos(angles), np.sin(angles)], axis=1)
    few = np.r_[0 : HARMONICS_OF_A_WEEKDAY + 1, HARMONICS + 1 : HARMONICS + 1 + HARMONICS_OF_A_WEEKDAY]
    days = np.column_stack([grid.rests, grid.weekday, grid.kind, grid.at_work.reshape(-1, SLOTS_PER_DAY)])
    sorts, sort_of_day = np.unique(days, axis=0, return_inverse=True)
    parts = (
        _by_kind(sorts[:, 0], 2, waves),
        _by_kind(sorts[:, 1], 7, waves[:, few]),
        _by_kind(sorts[:, 2], int(grid.kind.max()) + 1, waves[:, :1]),
        sorts[:, 3:, None].astype(np.float64),
    )
    return sort_of_day.reshape(-1), np.concatenate(parts, axis=2)


def _by_kind(kinds: Ints, count: int, waves: Floats) -> Floats:
    """`waves` for each kind of day, zero on days of another: (days, 96, count times waves)."""
    found = np.zeros((len(kinds), SLOTS_PER_DAY, count, waves.shape[1]))
    found[np.arange(len(kinds)), :, kinds] = waves
    return found.reshape(len(kinds), SLOTS_PER_DAY, -1)
