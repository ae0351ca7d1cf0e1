"""What a battery could do against the peak: the bound with perfect foresight, and a rule that knows the past only.

*Bound*: the lowest level that a battery, full at the beginning, can hold. For a level it is right to charge whenever the load is below it and to
discharge just what is above it, so whether a level can be held is found in one pass, and the lowest one by bisection. No plan can do better.

*Rule*: each local day is expected to be as the highest of the last like days, quarter hour by quarter hour. The rule holds the level that would
do for it, or the peak that has been reached already in the period, whichever is higher. What it did not see coming passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.days import KINDS
from analysis.local_load import Floats, Ints, LocalLoad

HALVINGS = 40
LIKE_DAYS = 4
"""Days of the same kind that a day is expected from."""
MARGIN = 1.03
"""By how much the rule holds a higher level than the expected day needs."""


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery behind the meter.

    Attributes
    ----------
    capacity_kwh
        What can be taken out of it when it is full.
    power_kw
        The most that it charges or discharges with, at the meter.
    efficiency
        Energy out over energy in, 0..1.
    """

    capacity_kwh: float
    power_kw: float
    efficiency: float = 0.9


@dataclass(frozen=True, slots=True)
class Shaved:
    """The load behind a battery."""

    after: LocalLoad
    discharged_kwh: float


def bound(load: LocalLoad, battery: Battery, periods: Ints) -> Shaved:
    """The lowest peak of each period that the battery can reach, with perfect foresight; it begins each period full.

    Parameters
    ----------
    periods
        Number of the period of each quarter hour, shape ``(n,)``, ascending.
    """
    after, discharged = load.kw.copy(), 0.0
    numbers = periods
    for number in np.unique(numbers):
        first, end = np.searchsorted(numbers, [number, number + 1])
        part = np.nan_to_num(load.kw[first:end])
        level = lowest_level(part, battery)
        ran, _, _ = dispatch(part, level, battery, battery.capacity_kwh)
        after[first:end] = np.where(np.isnan(load.kw[first:end]), np.nan, ran)
        discharged += float(np.maximum(part - ran, 0.0).sum()) / 4
    return Shaved(load.with_kw(after), discharged)


def lowest_level(kw: Floats, battery: Battery) -> float:
    """The lowest level [kW] that no quarter hour of `kw` has to pass, with a battery that is full at the beginning."""
    high = float(kw.max(initial=0.0))
    low = max(high - battery.power_kw, 0.0)
    if high <= low or can_hold(kw, low, battery):
        return min(low, high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if can_hold(kw, middle, battery):
            high = middle
        else:
            low = middle
        if high - low < 1e-3:
            break
    return high


def can_hold(kw: Floats, level_kw: float, battery: Battery) -> bool:
    """Whether no quarter hour has to pass `level_kw`."""
    over = kw - level_kw
    if float(over.max(initial=0.0)) > battery.power_kw + 1e-9:
        return False
    stored = battery.capacity_kwh
    gain = battery.efficiency / 4
    # Where the load stays below the level for long the battery is full again: only what lies between peaks must be followed.
    above = np.flatnonzero(over > 0)
    last = -1
    for place in above.tolist():
        if place > last + 1 and stored < battery.capacity_kwh:
            room = np.minimum(-over[last + 1 : place], battery.power_kw)
            stored = min(battery.capacity_kwh, stored + gain * float(room.sum()))
        stored -= over[place] / 4
        if stored < -1e-9:
            return False
        last = place
    return True


def dispatch(kw: Floats, level_kw: float, battery: Battery, stored_kwh: float) -> tuple[Floats, float, float]:
    """The load behind a battery that holds a level as far as it can; what is left in it, and the highest quarter hour."""
    after = kw.copy()
    gain = battery.efficiency / 4
    for place, load in enumerate(kw.tolist()):
        over = load - level_kw
        if over > 0:
            out = min(over, battery.power_kw, 4 * stored_kwh)
            stored_kwh -= out / 4
            after[place] = load - out
        elif stored_kwh < battery.capacity_kwh:
            taken = min(-over, battery.power_kw, (battery.capacity_kwh - stored_kwh) / gain)
            stored_kwh += gain * taken
            after[place] = load + taken
    return after, stored_kwh, float(after.max(initial=0.0))


def by_rule(load: LocalLoad, battery: Battery, periods: Ints) -> Shaved:
    """The load behind a battery that follows the rule; the first days, of which no like day is known, pass as they are."""
    after = load.kw.copy()
    kind_of = {weekday: n for n, kind in enumerate(KINDS) for weekday in kind}
    seen: dict[int, list[Floats]] = {n: [] for n in range(len(KINDS))}
    stored, reached, period, discharged = battery.capacity_kwh, 0.0, int(periods[0]), 0.0
    edges = np.searchsorted(load.day, np.arange(int(load.day[-1]) + 2))
    for first, end in pairwise(edges.tolist()):
        if first == end:
            continue
        if int(periods[first]) != period:
            period, reached = int(periods[first]), 0.0
        kind = kind_of[int(load.weekday[first])]
        day = np.nan_to_num(load.kw[first:end])
        like = seen[kind][-LIKE_DAYS:]
        if like:
            expected = np.maximum.reduce(like)
            level = max(lowest_level(expected, battery) * MARGIN, reached)
            ran, stored, highest = dispatch(day, level, battery, stored)
        else:
            ran, highest = day, float(day.max(initial=0.0))
        reached = max(reached, highest)
        after[first:end] = np.where(np.isnan(load.kw[first:end]), np.nan, ran)
        discharged += float(np.maximum(day - ran, 0.0).sum()) / 4
        seen[kind].append(load.days_kw[int(load.day[first])] if end - first != 96 else day)
        seen[kind] = [np.nan_to_num(one) for one in seen[kind][-LIKE_DAYS:]]
    return Shaved(load.with_kw(after), discharged)
