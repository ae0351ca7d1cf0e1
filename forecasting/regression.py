"""Rung 3: what the load has to do with what is known ahead: a production plan, shifts, temperature.

In: a `Grid` with inputs.  Out: quantiles of the load from each origin on.

Ridge regression of each quarter hour's load on the hour of work or rest, on every known input (by levels where it has few, by straight
pieces and the time of day where it has many; heating and cooling degrees for a temperature), on the planned jobs, and on the loads and
inputs of two days and a week before. All of these are known for every quarter hour of the next 48 h, so one regression serves all leads,
and its normal equations are sums over days: a replay of many origins costs little more than one. Older days count less. What the newest
quarter hours were off is carried on and fades. Middle and spread are those of the regression's own errors at such hours: least squares
find a mean, and a furnace that runs three days in ten is off in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from forecasting.grid import REACH, Grid
from forecasting.slots import SLOTS_PER_DAY, Bools, Floats, Ints

NAME = "known-inputs"
LAGS = (2 * SLOTS_PER_DAY, 7 * SLOTS_PER_DAY)
FADES_A_DAY = 0.98
"""What a day counts less than the one after it: half after five weeks."""
FEWEST_DAYS = 10
MOST_LEVELS = 8
"""An input with at most this many different values is taken by levels."""
HEATS_BELOW_C, COOLS_ABOVE_C = 15.0, 18.0
SHRINK = 2.0
"""Ridge, in quarter hours: how many with an effect of nothing each feature begins with."""
ERROR_DAYS = 70
ALIKE_HOURS = 96
"""Hours of the clock, at work or not, on days with much planned or with little."""
CARRIED_STEPS = 12.0
NEWEST = 4
LEVELS = (0.1, 0.5, 0.9)


def known_inputs(grid: Grid, origins: list[int]) -> dict[int, dict[str, Floats]]:
    """Quantiles by the regression for each origin that has ten days behind it: name -> (levels, REACH) kW."""
    if not grid.inputs:
        return {}
    scale = max(float(np.nanstd(grid.load_kw)) if np.isfinite(grid.load_kw).any() else 0.0, 1e-6)
    middle = float(np.nanmean(grid.load_kw)) if np.isfinite(grid.load_kw).any() else 0.0
    target = (grid.load_kw - middle) / scale
    features, usable = _features(grid, target)
    usable = usable & np.isfinite(target)
    products, moments, counts = _by_day(features, np.where(usable, target, 0.0), np.where(usable, grid.trust, 0.0))
    hours = _alike(grid)
    found = {}
    for day, (product, moment, count) in _growing(products, moments, counts, {origin // SLOTS_PER_DAY for origin in origins}):
        if count < FEWEST_DAYS * SLOTS_PER_DAY / 2:
            continue
        effects = np.linalg.solve(product + SHRINK * np.eye(len(moment)), moment)
        fitted = features @ effects
        for origin in origins:
            if origin // SLOTS_PER_DAY == day:
                quantiles = _from_origin(fitted, target, usable, hours, origin)
                found[origin] = {NAME: np.maximum(quantiles * scale + middle, 0.0)}
    return found


def _from_origin(fitted: Floats, target: Floats, usable: Bools, hours: Ints, origin: int) -> Floats:
    begin = max(0, origin - ERROR_DAYS * SLOTS_PER_DAY)
    errors = np.where(usable[begin:origin], target[begin:origin] - fitted[begin:origin], np.nan)
    newest = errors[-NEWEST:]
    # The median: one quarter hour that is nothing like the load is carried nowhere.
    carried = float(np.nanmedian(newest)) if np.isfinite(newest).any() else 0.0
    ahead = fitted[origin : origin + REACH] + carried * np.exp(-(np.arange(REACH) + 1) / CARRIED_STEPS)
    known = np.isfinite(errors)
    past, values = hours[begin:origin][known], errors[known]
    everywhere = np.quantile(values, LEVELS)
    spread = np.tile(everywhere, (ALIKE_HOURS, 1))
    for hour in np.unique(past):
        mine = values[past == hour]
        if len(mine) >= 20:
            spread[hour] = np.quantile(mine, LEVELS)
    quantiles: Floats = ahead + spread[hours[origin : origin + REACH]].T
    return quantiles


def _alike(grid: Grid) -> Ints:
    """Of each index a number below `ALIKE_HOURS`: hours with the same one have errors alike."""
    hours = np.arange(len(grid.load_kw)) % SLOTS_PER_DAY // 4 + 24 * grid.at_work
    first = next(iter(grid.inputs.values()))
    of_day = np.nan_to_num(first).reshape(-1, SLOTS_PER_DAY).mean(axis=1)
    seen = of_day[: max(grid.origin // SLOTS_PER_DAY, 1)]
    # Days with nothing planned, where there are such, are parted from all others; else the middle day parts them.
    nothing_planned = float((seen <= seen.min()).mean()) > 0.05
    much = of_day > (seen.min() if nothing_planned else np.median(seen))
    found: Ints = hours + 48 * np.repeat(much, SLOTS_PER_DAY)
    return found


def _features(grid: Grid, target: Floats) -> tuple[Floats, Bools]:
    """One row an index of the grid, and which rows may be learnt from: (indexes, features)."""
    count = len(target)
    clock = np.arange(count) % SLOTS_PER_DAY
    columns = [_one_of(clock // 4 + 24 * grid.at_work, 48)]
    usable = np.ones(count, bool)
    for values, part in _inputs(grid, clock):
        columns.append(part)
        usable &= np.isfinite(values)
    if grid.jobs.kw.size:
        jobs = grid.past_jobs_kw()
        columns.append((jobs / max(float(np.abs(jobs).max()), 1e-9))[:, None])
    for lag in LAGS:
        before = np.concatenate([np.full(lag, np.nan), target[: count - lag]])
        columns.append(np.nan_to_num(before)[:, None] * _one_of(grid.at_work.astype(np.int64), 2))
    return np.concatenate(columns, axis=1), usable


def _inputs(grid: Grid, clock: Ints) -> Iterator[tuple[Floats, Floats]]:
    """For every input its values, and its features: as they are, by time of day, and as they were two days and a week before."""
    three_hours = clock // 12
    for name, values in grid.inputs.items():
        known = np.isfinite(values)
        seen = values[: grid.origin][known[: grid.origin]]
        if not seen.size:
            continue
        levels = np.unique(seen)
        if "temperature" in name:
            part = np.stack([np.maximum(HEATS_BELOW_C - values, 0) / 10, np.maximum(values - COOLS_ABOVE_C, 0) / 10], axis=1)
        elif len(levels) <= MOST_LEVELS:
            part = (values[:, None] == levels[None, :]).astype(np.float64)
        else:
            unit = (values - seen.mean()) / max(float(seen.std()), 1e-9)
            part = np.stack([unit, np.maximum(unit, 0.0), np.maximum(unit - 1.0, 0.0)], axis=1)
        part = np.where(known[:, None], part, 0.0)
        by_time = (part[:, :, None] * _one_of(three_hours, 8)[:, None, :]).reshape(len(values), -1)
        at_work = part * grid.at_work[:, None]
        # What is planned for a day says what its nights will be, too.
        of_day = np.repeat(part.reshape(-1, SLOTS_PER_DAY, part.shape[1]).mean(axis=1), SLOTS_PER_DAY, axis=0)
        by_day = (of_day[:, :, None] * _one_of(three_hours, 8)[:, None, :]).reshape(len(values), -1)
        lagged = [np.concatenate([np.zeros((lag, part.shape[1])), part[: len(part) - lag]]) for lag in LAGS]
        yield values, np.concatenate([part, by_time, by_day, at_work, *lagged], axis=1)


def _one_of(numbers: Ints, count: int) -> Floats:
    found = np.zeros((len(numbers), count))
    found[np.arange(len(numbers)), numbers] = 1.0
    return found


def _by_day(features: Floats, target: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Each day's part of the normal equations: (days, features, features), (days, features), (days,) quarter hours."""
    days = len(target) // SLOTS_PER_DAY
    rows = features.reshape(days, SLOTS_PER_DAY, -1)
    weighted = rows * weight.reshape(days, SLOTS_PER_DAY, 1)
    products = np.matmul(weighted.transpose(0, 2, 1), rows)
    moments = np.matmul(weighted.transpose(0, 2, 1), target.reshape(days, SLOTS_PER_DAY, 1))[:, :, 0]
    return products, moments, weight.reshape(days, SLOTS_PER_DAY).sum(axis=1)


def _growing(
    products: Floats, moments: Floats, counts: Floats, wanted: set[int]
) -> Iterator[tuple[int, tuple[Floats, Floats, float]]]:
    """The normal equations from all days before each of `wanted`, older ones counted less."""
    product, moment, count = np.zeros(products.shape[1:]), np.zeros(moments.shape[1]), 0.0
    for day in range(len(products)):
        if day in wanted:
            yield day, (product, moment, count)
        product = FADES_A_DAY * product + products[day]
        moment = FADES_A_DAY * moment + moments[day]
        count = FADES_A_DAY * count + float(counts[day])
