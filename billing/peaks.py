"""The highest means of a load: over blocks or sliding windows, one or several, of all intervals or of some. Pure; knows nothing of tariffs.

A maximum is taken of means, never of samples: the meter keeps the energy of an interval, times 60 / interval [min] is its mean power
(Sec. 17(2) StromNEV bills the highest of the year). An interval that lacks a part, or has a part that is doubted, makes no maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import numpy as np

from billing.sums import Flags, Ints, Numbers, square_root, window_sums, windows_whole

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Peak:
    """A power [kW or kVA], and the starts of the intervals that made it: none where it comes from no interval."""

    value: Fraction
    cause: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Averaging intervals of one method, over a frame of measured intervals.

    Attributes
    ----------
    first
        The first measured interval of each, shape ``(n,)``, rising.
    parts
        How many measured intervals each is made of.
    month, day
        The frame's number of the month, and the local day since 1970, that each begins in; shape ``(n,)``.
    """

    first: Ints
    parts: int
    month: Ints
    day: Ints


def grid_of(minute: Ints, day: Ints, month: Ints, resolution_min: int, interval_min: int, step_min: int | None) -> Grid:
    """The averaging intervals that lie wholly within a frame of `m` measured ones.

    Parameters
    ----------
    minute, day, month
        Local clock [min since midnight], day and month of each measured interval, shape ``(m,)``.
    resolution_min
        Length of a measured interval [min].
    interval_min
        Length of an averaging interval [min], a multiple of it.
    step_min
        How far apart averaging intervals begin on the local clock [min]; None: blocks, one after the other.
    """
    parts = interval_min // resolution_min
    first = np.flatnonzero(minute % (step_min or interval_min) == 0)
    first = first[first + parts <= len(minute)]
    if step_min is None and parts > 1:
        # Where the clock's offset is not a whole multiple of the interval a change cuts a block short.
        nexts = np.append(first[1:], len(minute))
        first = first[nexts - first >= parts]
    return Grid(first, parts, month[first], day[first])


@dataclass(frozen=True, slots=True)
class Means:
    """Means of a load over the `n` intervals of a grid.

    Attributes
    ----------
    order
        Ranks them, shape ``(n,)``: equal where the means are equal.
    whole
        Which of them may be a maximum, shape ``(n,)``.
    active, reactive
        Sums of their parts, shape ``(n,)``; `reactive` is None for active power.
    scale
        Sum / `scale` = mean [kW, kvar].
    """

    grid: Grid
    order: Numbers
    whole: Flags
    active: Numbers
    reactive: Numbers | None
    scale: int

    def mean(self, places: Sequence[int]) -> Fraction:
        """Mean of the means at `places` [kW or kVA]."""
        return sum((self._value(place) for place in places), ZERO) / len(places)

    def _value(self, place: int) -> Fraction:
        active = Fraction(int(self.active[place]), self.scale)
        if self.reactive is None:
            return active
        reactive = Fraction(int(self.reactive[place]), self.scale)
        return square_root(active**2 + reactive**2)

    def months(self, months: Sequence[int]) -> slice:
        """Places from the first to the last of some months of the frame."""
        first, end = np.searchsorted(self.grid.month, (months[0], months[-1] + 1))
        return slice(int(first), int(end))


def active_means(power: Numbers, there: Flags, per_kw: int, grid: Grid) -> Means:
    """Means of a power [kW].

    Parameters
    ----------
    power
        Of each measured interval, whole numbers of 1 / `per_kw` kW, shape ``(m,)``.
    there
        Which of them may be part of a maximum, shape ``(m,)``.
    """
    active = window_sums(power, grid.first, grid.parts)
    return Means(grid, active, windows_whole(there, grid.first, grid.parts), active, None, per_kw * grid.parts)


def apparent_means(active: Means, reactive_power: Numbers, there: Flags) -> Means:
    """Apparent power [kVA], sqrt(P**2 + Q**2) of the means P and Q of each interval; `reactive_power` and `there` as in `active_means`."""
    grid = active.grid
    reactive = window_sums(reactive_power, grid.first, grid.parts)
    apparent = np.hypot(active.active.astype(np.float64), reactive.astype(np.float64)) / active.scale
    whole = active.whole & windows_whole(there, grid.first, grid.parts)
    # Equal means must compare as equal, so that the earliest is named.
    return Means(grid, np.round(apparent, 9), whole, active.active, reactive, active.scale)


def highest(means: Means, months: Sequence[int], within: Flags | None = None, count: int = 1, per_day: bool = False) -> list[int]:
    """Places of the highest means.

    Parameters
    ----------
    months
        Numbers of months of the frame, rising.
    within
        Which intervals count, shape ``(n,)``; None: all.
    count
        How many; fewer where there are fewer. The earliest of equal ones.
    per_day
        Of each local day only the highest.

    Returns
    -------
    list of int
        Empty where there is no whole interval.
    """
    span = means.months(months)
    chosen = means.whole[span] if within is None else means.whole[span] & within[span]
    if months[-1] - months[0] + 1 != len(months):
        chosen = chosen & np.isin(means.grid.month[span], months)
    places = np.flatnonzero(chosen) + span.start
    if not len(places):
        return []
    order = means.order[places]
    if count == 1:
        return [int(places[int(np.argmax(order))])]
    if per_day:
        best = _first_highest_of_each_day(order, means.grid.day[places])
        places, order = places[best], order[best]
    return [int(place) for place in places[np.argsort(-order, kind="stable")[:count]]]


def _first_highest_of_each_day(order: Numbers, day: Ints) -> Ints:
    starts = np.flatnonzero(np.append(True, day[1:] != day[:-1]))
    ends = np.append(starts[1:], len(day))
    return np.array([start + int(np.argmax(order[start:end])) for start, end in zip(starts, ends, strict=True)])
