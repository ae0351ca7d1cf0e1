"""How much of the load that was planned for jobs the meter really sees.

In: a `Grid` with jobs.  Out: one factor for all of them.

Powers that somebody typed are off, and learned ones drift with batch and tool. A day with more planned than other days of its kind at the
same time of day should have so much more load: the factor is the slope of the one over the other, least squares with a fixed effect for
each time of day and kind of day, and a ridge that holds it at 1 while little is known.
"""

from __future__ import annotations

import numpy as np

from forecasting.grid import Grid
from forecasting.slots import SLOTS_PER_DAY, Bools, Floats, Ints

FEWEST_DAYS = 3
"""Of a kind: with fewer, there is no other day to compare with."""
RIDGE = 0.02
"""Weight of the factor 1 against the load that was measured, of all squares about their means."""
MOST = 2.0


def measured_share(grid: Grid) -> float:
    """The factor, 0 to `MOST`; 1 where no day tells."""
    days = grid.origin // SLOTS_PER_DAY
    jobs = grid.past_jobs_kw()[: days * SLOTS_PER_DAY].reshape(days, SLOTS_PER_DAY)
    load = grid.load_kw[: days * SLOTS_PER_DAY].reshape(days, SLOTS_PER_DAY)
    known = np.isfinite(load) & (grid.trust[: days * SLOTS_PER_DAY].reshape(days, SLOTS_PER_DAY) > 0)
    together = squares = total = 0.0
    for mine in _kinds(grid.kind[:days]):
        jobs_apart, load_apart = _about_mean(jobs[mine], known[mine]), _about_mean(load[mine], known[mine])
        together += float((jobs_apart * load_apart).sum())
        squares += float((jobs_apart**2).sum())
        total += float((load_apart**2).sum())
    if squares <= 0:
        return 1.0
    ridge = RIDGE * max(total, squares)
    return float(np.clip((together + ridge) / (squares + ridge), 0.0, MOST))


def _kinds(kind: Ints) -> list[Ints]:
    found = [np.flatnonzero(kind == one) for one in np.unique(kind)]
    return [days for days in found if len(days) >= FEWEST_DAYS]


def _about_mean(values: Floats, known: Bools) -> Floats:
    """Differences from the mean of the same time of day; 0 where not known."""
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, values, 0.0)
    found: Floats = np.where(known, filled - filled.sum(axis=0) / count, 0.0)
    return found
