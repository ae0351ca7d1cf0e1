"""Rung 1: the mean of the same weekdays, moved by how much more the past day was than such a day usually is.

In: a `Grid` and an origin.  Out: loads of the second day ahead, nan before it.

For tomorrow, what the past 24 h looked like says most. For the day after, its weekday and the level that the plant works at say as much
as the likeness of single days does, and a mean over weeks has less noise than the best few of them.
"""

from __future__ import annotations

import numpy as np

from forecasting.grid import AHEAD_DAYS, REACH, Grid
from forecasting.slots import SLOTS_PER_DAY, Floats, Ints

NAME = "weekday-level"
MOST_WEEKS = 5
WEEK_FADES = 0.7
"""What a week counts less than the one after it."""
LEVEL_STAYS = 0.5
"""What is left on the second day of the past day's difference."""
FURTHEST_DAYS = 50


def weekday_level(grid: Grid, origin: int) -> Floats:
    """Loads [kW] over `REACH` steps from `origin`; nan on the first 24 h, and where no such day is known."""
    today = origin // SLOTS_PER_DAY
    expected = _expected(grid, today - 1, 1 + AHEAD_DAYS, origin)[origin % SLOTS_PER_DAY :]
    past, ahead = expected[:SLOTS_PER_DAY], expected[SLOTS_PER_DAY:][:REACH]
    apart = grid.load_kw[origin - SLOTS_PER_DAY : origin] - past
    level_kw = float(np.nanmean(apart)) if np.isfinite(apart).any() else 0.0
    found = np.full(REACH, np.nan)
    found[SLOTS_PER_DAY : len(ahead)] = ahead[SLOTS_PER_DAY:] + LEVEL_STAYS * level_kw
    return found


def _expected(grid: Grid, first_day: int, count: int, origin: int) -> Floats:
    """Of `count` days the weighted mean of the newest days of the same weekday and kind before each: (96 count,)."""
    profiles_kw = grid.load_kw.reshape(-1, SLOTS_PER_DAY)
    found = []
    for day in range(first_day, first_day + count):
        such = _such_days(grid, day)
        known_kw = profiles_kw[such]
        known_kw[such * SLOTS_PER_DAY + SLOTS_PER_DAY > origin] = np.nan  # today is not over
        found.append(_mean_of(known_kw))
    return np.concatenate(found)


def _such_days(grid: Grid, day: int) -> Ints:
    """The newest usual days like `day` before it, the newest first."""
    begin = max(0, day - FURTHEST_DAYS)
    days = slice(begin, day)
    alike = (grid.weekday[days] == grid.weekday[day]) & (grid.kind[days] == grid.kind[day]) & (grid.special[days] == 0)
    found: Ints = (begin + np.flatnonzero(alike))[::-1][:MOST_WEEKS]
    return found


def _mean_of(profiles_kw: Floats) -> Floats:
    known = np.isfinite(profiles_kw)
    weight = known * (WEEK_FADES ** np.arange(len(profiles_kw)))[:, None]
    total = weight.sum(axis=0)
    found: Floats = np.where(total > 0, (weight * np.where(known, profiles_kw, 0.0)).sum(axis=0) / np.maximum(total, 1e-12), np.nan)
    return found
