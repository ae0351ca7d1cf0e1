"""What runs when nobody works: nights and weekends, by the local clock.

Who works when is not known. A night, or a day of a weekend, of which one quarter hour in ten draws more than `IDLE` of what working hours draw
on average is taken for worked and left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.local_load import Flags, Floats, Ints, LocalLoad

NIGHT = (22 * 4, 6 * 4)
"""The night, by quarter hours of the clock: 22:00 to 06:00."""
GOOD = 0.25
"""The share of nights, or of weekend days, that are as low as the others could be."""
IDLE = 0.5
LEAST_NIGHTS = 8
"""Fewer nights, or days of a weekend, say nothing of how low they could be."""


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """What is drawn at night and at weekends."""

    base_kw: float
    """What is passed in nine of ten quarter hours."""
    night_kw: float | None
    """Mean of the nights before working days; None where there are none."""
    weekend_kw: float | None
    """Mean of Saturdays and Sundays, nights included; None where there are none."""
    workday_kw: float | None
    """Mean of Monday to Friday, 06:00 to 22:00."""
    without_base: LocalLoad
    """The load without the base load at nights and weekends."""
    quiet_nights: LocalLoad | None
    """The load with each night as low as the best quarter of them; None where there are too few."""
    quiet_weekends: LocalLoad | None
    """The same with the days of weekends, Saturdays and Sundays each by themselves."""
    good_night_kw: float | None
    good_weekend_kw: float | None


def base_load(load: LocalLoad) -> BaseLoad:
    """What is drawn when nobody works."""
    night = (load.quarter >= NIGHT[0]) | (load.quarter < NIGHT[1])
    weekend = load.weekday >= 5
    base = float(np.nanquantile(load.kw, 0.1))
    idle = night | weekend
    without = np.where(idle, np.maximum(load.kw - max(base, 0.0), np.minimum(load.kw, 0.0)), load.kw)
    work_night = night & ~weekend
    work_kw = _mean(load.kw[~idle])
    most_kw = np.inf if work_kw is None else IDLE * work_kw
    nights, good_night = _as_the_best(load, work_night, load.day + (load.quarter >= NIGHT[0]), most_kw)
    days_kw, good_days = load.kw, []
    for weekday in (5, 6):
        which = load.weekday == weekday
        changed, good = _as_the_best(load.with_kw(days_kw), which, load.day, most_kw)
        if changed is not None and good is not None:
            days_kw = changed
            good_days.append(good)
    return BaseLoad(
        base, _mean(load.kw[work_night]), _mean(load.kw[weekend]), work_kw, load.with_kw(without),
        None if nights is None else load.with_kw(nights), load.with_kw(days_kw) if good_days else None,
        good_night, sum(good_days) / len(good_days) if good_days else None,
    )  # fmt: skip


def _as_the_best(load: LocalLoad, which: Flags, groups: Ints, most_kw: float) -> tuple[Floats | None, float | None]:
    """The load with each group (a night, a day) of `which` scaled down to the mean that the best quarter of them has, and that mean.

    Groups of which a tenth passes `most_kw` are left alone, and say nothing of the others.
    """
    there = which & ~np.isnan(load.kw)
    counts = np.bincount(groups[there])
    sums = np.bincount(groups[there], load.kw[there])
    whole = np.flatnonzero(counts >= max(1, round(0.9 * float(counts.max(initial=0)))))
    high = np.bincount(groups[there & (load.kw > most_kw)], minlength=len(counts))
    whole = whole[high[whole] <= 0.1 * counts[whole]]
    if len(whole) < LEAST_NIGHTS:
        return None, None
    means = sums[whole] / counts[whole]
    good = float(np.quantile(means, GOOD))
    factors = np.ones(len(counts))
    above = means > max(good, 0.0)
    factors[whole[above]] = max(good, 0.0) / means[above]
    kw = load.kw.copy()
    kw[there] *= factors[groups[there]]
    return kw, good


def _mean(kw: Floats) -> float | None:
    there = kw[~np.isnan(kw)]
    return float(there.mean()) if len(there) else None
