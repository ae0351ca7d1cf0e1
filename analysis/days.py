"""Days unlike their kind: Mondays to Fridays, Saturdays and Sundays against the median day of each.

How far a day is from its kind is the mean distance of its quarter hours from the median profile, in units of the kind's own usual distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.local_load import Floats, LocalLoad

KINDS = ((0, 1, 2, 3, 4), (5,), (6,))
FEWEST = 5
"""Days of a kind."""
STRANGE = 3.0
"""Times the usual distance from which a day is unlike its kind."""
WHOLE = 0.9
"""Share of its quarter hours that a day must have."""


@dataclass(frozen=True, slots=True)
class StrangeDay:
    """A day unlike its kind."""

    day: date
    weekday: int
    times: float
    """How many times the usual distance it is away."""
    more_kwh: float
    """Energy above that of the median day of its kind; below zero: less."""
    kw: Floats
    """Its quarter hours by the local clock, shape ``(96,)``."""
    usual_kw: Floats
    """The median day of its kind, shape ``(96,)``."""


def strange_days(load: LocalLoad, most: int) -> list[StrangeDay]:
    """The days farthest from their kind, the farthest first."""
    days = load.days_kw
    weekdays = np.array([load.day_of(n).weekday() for n in range(len(days))])
    whole = np.isfinite(days).mean(axis=1) >= WHOLE
    found = []
    for kind in KINDS:
        mine = np.flatnonzero(np.isin(weekdays, kind) & whole)
        if len(mine) < FEWEST:
            continue
        usual = np.nanmedian(days[mine], axis=0)
        distances = np.nanmean(np.abs(days[mine] - usual), axis=1)
        spread = float(np.median(distances))
        floor = 0.01 * float(np.nanmean(np.abs(usual)))
        for place, distance in zip(mine, distances, strict=True):
            times = float(distance) / max(spread, floor, 1e-9)
            if times >= STRANGE:
                more = float(np.nanmean(days[place] - usual)) * 24
                found.append(StrangeDay(load.day_of(int(place)), int(weekdays[place]), times, more, days[place], usual))
    return sorted(found, key=lambda one: (-one.times, one.day))[:most]
