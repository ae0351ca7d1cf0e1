"""Whether a whole run of readings follows on what is known in ordinary steps, so that no single one must be judged. Pure.

Most runs do; they are checked as columns.  A run that does not is taken reading by reading: the result is the same, only slower.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from metering.counted import Counted
from metering.packing import least, most
from metering.rules import EXACT, REFRESH_SHOWN_MS, CounterRules
from metering.runs import ListedRun, RunShape
from metering.stillness import still_from_ms


def plain_amounts(counted: Counted, least_return_uwh: float, run: ListedRun) -> list[int] | None:
    """Amounts [uWh] of a run that follows in ordinary steps on what is known; None if it does not, or if that must be looked at.

    Parameters
    ----------
    least_return_uwh
        A rise as large as this may show that the register was away by a glitch.
    run
        Its times rise, the first of them after all that is known.
    """
    points, breaks, rules = counted
    if points.times[-1] in breaks or rules.changes_within(points.times[-1], run.times[-1]):
        return None
    if run.shape is None or rules.is_balance:
        return _one_by_one(counted, least_return_uwh, run.times, run.values)
    amounts = rules.amounts(run.run.values, run.shape.thousandths, run.times[0])
    if amounts is None:
        return None
    found: list[int] = amounts.tolist()
    advances, first = amounts[1:] - amounts[:-1], found[0] - points.amounts[-1]
    largest = int(most(advances))
    if least(advances) < 0 or first < 0 or largest >= EXACT or max(first, largest) >= least_return_uwh:
        return None
    if rules.is_possible(first, run.times[0] - points.times[-1], found[0]) and _are_possible(rules, advances, largest, run.shape):
        return found
    return found if _catch_up(counted, run.times, np.concatenate(([first], advances))) else None


def _are_possible(rules: CounterRules, advances: NDArray[np.int64], largest: int, shape: RunShape) -> bool:
    if largest <= rules.most_uwh_per_ms * shape.shortest_ms + rules.resolution_uwh:
        return True
    return bool((advances <= rules.most_uwh_per_ms * shape.elapsed + rules.resolution_uwh).all())


def _catch_up(counted: Counted, times: list[int], advances: NDArray[np.int64]) -> bool:
    """Whether all steps of a run are possible since the register last changed, and it stood still for a short time only."""
    points, _, rules = counted
    at = np.array([points.times[-1], *times], np.int64)
    first = still_from_ms(counted, len(points) - 1)
    changed = np.concatenate(([first], np.where(advances > 0, at[1:], first)))
    since = np.maximum.accumulate(changed)[:-1]
    late = advances > rules.most_uwh_per_ms * (at[1:] - at[:-1]) + rules.resolution_uwh
    still_ms = (at[1:] - since)[late]
    possible = advances[late] <= rules.most_uwh_per_ms * (still_ms + rules.refresh_ms) + rules.resolution_uwh
    return bool(possible.all() and still_ms.max() <= REFRESH_SHOWN_MS)


def _one_by_one(counted: Counted, least_return_uwh: float, times: list[int], values: list[float]) -> list[int] | None:
    points, _, rules = counted
    t0, e0 = points.times[-1], points.amounts[-1]
    amounts: list[int] = []
    for time_ms, value in zip(times, values, strict=True):
        if time_ms <= t0 or not isfinite(value):
            return None
        amount = rules.amount(value, time_ms)
        if amount - e0 >= least_return_uwh or not rules.is_possible(amount - e0, time_ms - t0, amount):
            return None
        amounts.append(amount)
        t0, e0 = time_ms, amount
    return amounts
