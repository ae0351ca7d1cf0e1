"""Rung 1: what came after days like this one, weighted by how alike they are.

In: a `Grid` and an origin.  Out: quantiles of every requested quarter hour, and of each local day's highest one.

Every past day at the same time of day is a candidate. How far it is from the running one is counted in standard deviations of the
load: by the past 24 h and the past 4 h, by weekday and kind of the requested day, by age. A candidate then weighs
``exp(-distance / width)``, and a quantile is the weighted one of what came after the candidates (analog ensemble [1]_). No way of counting is best everywhere, so there are several `Likeness`es; `experts` mixes them.

What came after a candidate is one coherent load profile of two days: a day's peak is the peak of a profile, not of slot-wise quantiles.

References
----------
.. [1] Delle Monache, Eckel, Rife, Nagarajan, Searight: Probabilistic weather prediction with an analog ensemble. Monthly Weather Review
   141 (2013) 3498-3516. doi:10.1175/MWR-D-12-00281.1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from forecasting.grid import AHEAD_DAYS, REACH, Grid
from forecasting.slots import SLOTS_PER_DAY, Floats, Ints

LEVELS = (0.1, 0.5, 0.9)
EVENING = 16
"""Quarter hours of the newest past that are looked at by themselves: whether the night shift works is seen only there."""
SPREAD_DAYS = 56
"""Days whose standard deviation is the unit of distance."""
NEWEST = 8
"""Quarter hours before an origin that say whether something is on, or off, that never is."""
SPECIAL = 0.3
"""What it costs if only one of two days is a bridge day, between the years or in a shutdown: such days may be like others, or not."""
CERTAIN = 2.0
"""How much more another kind costs on a day whose shifts were changed: what somebody has entered says more than what the day before was like."""
TOO_FEW = 4
"""Below this many quarter hours a candidate's past is not compared; it is taken to be one standard deviation away."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """One way of counting how alike two days are; distances in standard deviations of the load."""

    name: str
    day: float
    """Weight of the mean absolute difference over the past 24 h."""
    evening: float
    """Weight of that over the past 4 h."""
    weekday: float
    """What another weekday costs."""
    kind: float
    """What another kind of day costs: other shifts, holiday against working day."""
    fades_days: float
    """Days of age that cost one standard deviation."""
    width: float
    plan: float = 0.0
    """Weight of the mean absolute difference of the days' known inputs, in their standard deviations."""


CALENDAR = (
    Likeness("calendar", 0, 0, 0.3, 2, 60, 0.5),
    Likeness("weekday", 0, 0, 3, 3, 40, 0.5),
    Likeness("weekday-new", 0, 0, 3, 3, 15, 0.3),
)
PROFILE = (
    Likeness("profile", 1, 1, 0.3, 2, 100, 0.3),
    Likeness("profile-close", 2, 2, 1, 2, 100, 0.3),
    Likeness("profile-weekday", 0.5, 0.5, 1, 2, 100, 0.3),
    Likeness("profile-new", 1, 1, 0.3, 2, 30, 0.3),
    Likeness("profile-close-new", 2, 2, 0.3, 2, 30, 0.3),
    Likeness("profile-long", 1, 1, 0.3, 2, 200, 0.5),
    Likeness("profile-wide", 2, 2, 0.3, 1, 200, 0.5),
)
LIKENESSES = (*CALENDAR, *PROFILE)
PLANNED = (
    Likeness("plan", 0, 0, 0.3, 1.5, 100, 0.4, plan=10),
    Likeness("plan-profile", 0.5, 0.5, 0.3, 1.5, 100, 0.4, plan=10),
    Likeness("plan-long", 0, 0, 0.3, 1.5, 300, 0.6, plan=10),
)
"""For series of which something is known ahead."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The requested columns of an origin: steps of the grid from it on, then the highest of the running day and of the two after it."""

    offsets: Ints
    day: Ints
    """Local day (0..2) of each offset and each peak."""
    today_left: int
    """Quarter hours left of the running day."""

    @property
    def peaks(self) -> slice:
        """Where the days' peaks stand."""
        return slice(len(self.offsets), len(self.offsets) + AHEAD_DAYS)

    def span(self, day: int) -> slice:
        """Steps after the origin that lie in local day 0, 1 or 2; the last is cut off where the horizon ends."""
        begin = 0 if day == 0 else self.today_left + (day - 1) * SLOTS_PER_DAY
        return slice(begin, min(self.today_left + day * SLOTS_PER_DAY, REACH))


def columns(origin: int, offsets: Ints) -> Columns:
    """`offsets` from `origin`, and the peaks of the three local days that 48 h touch."""
    day = np.minimum((origin % SLOTS_PER_DAY + offsets) // SLOTS_PER_DAY, AHEAD_DAYS - 1)
    return Columns(offsets, np.append(day, np.arange(AHEAD_DAYS)), SLOTS_PER_DAY - origin % SLOTS_PER_DAY)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Past days seen from an origin, yesterday first."""

    origin: int
    back: Ints
    """How many days back each one is: (candidates,)."""
    after_kw: Floats
    """What came after it, nan where that was not known at the origin: (candidates, REACH)."""
    trust: Floats
    """Of `after_kw`."""
    far_day: Floats
    far_evening: Floats
    """Differences of the pasts, in standard deviations: (candidates,)."""
    before_kw: Floats
    """The candidate's own newest quarter hours: (candidates, NEWEST)."""

    @property
    def newest_kw(self) -> Floats:
        """The candidate's own newest quarter hour: (candidates,)."""
        return self.before_kw[:, -1]


def candidates(grid: Grid, load_kw: Floats, origin: int) -> Candidates | None:
    """All past days as seen from `origin`; None where there is not one whole day to compare.

    Parameters
    ----------
    load_kw
        The grid's loads, or these without the known jobs.
    """
    count = origin // SLOTS_PER_DAY - 1
    if count < 1:
        return None
    back = np.arange(1, count + 1)
    places = origin - SLOTS_PER_DAY * back - SLOTS_PER_DAY
    windows = sliding_window_view(load_kw, SLOTS_PER_DAY + REACH)[places]
    past, after = windows[:, :SLOTS_PER_DAY], windows[:, SLOTS_PER_DAY:]
    for near in range(min(3, count)):
        after[near, SLOTS_PER_DAY * (near + 1) :] = np.nan  # not known yet
    trust = sliding_window_view(grid.trust, REACH)[places + SLOTS_PER_DAY]
    own = load_kw[origin - SLOTS_PER_DAY : origin]
    recent = load_kw[max(0, origin - SPREAD_DAYS * SLOTS_PER_DAY) : origin]
    recent = recent[np.isfinite(recent)]
    unit = max(float(recent.std()) if recent.size else 0.0, 1e-6)
    apart = np.abs(past - own) / unit
    return Candidates(origin, back, after, trust, _mean_known(apart), _mean_known(apart[:, -EVENING:]), past[:, -NEWEST:])


def _mean_known(apart: Floats) -> Floats:
    known = np.isfinite(apart)
    count = known.sum(axis=1)
    mean: Floats = np.where(known, apart, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count >= TOO_FEW, mean, 1.0)


def weigh(grid: Grid, found: Candidates, likenesses: Sequence[Likeness]) -> Floats:
    """How much each candidate counts for each of the three local days ahead: (likenesses, candidates, AHEAD_DAYS); the best has 1."""
    today = found.origin // SLOTS_PER_DAY
    ahead = np.arange(today, today + AHEAD_DAYS)
    then = ahead - found.back[:, None]
    usable = then >= 1
    then = np.maximum(then, 1)
    other_weekday = grid.weekday[ahead] != grid.weekday[then]
    certain = 1 + CERTAIN * np.isin(ahead, grid.changed)
    other_kind = certain * (grid.kind[ahead] != grid.kind[then]) + 0.3 * (grid.kind[ahead - 1] != grid.kind[then - 1])
    other_plan = _plans_apart(grid, ahead, then) if any(one.plan for one in likenesses) else np.zeros(1)
    other_special = (grid.special[ahead] != grid.special[then]) * SPECIAL
    same_for_all = np.stack([found.far_day, found.far_evening, found.back])
    of_the_days = np.stack(np.broadcast_arrays(other_weekday, other_kind, other_special, other_plan))
    far = np.array([(one.day, one.evening, 1 / one.fades_days) for one in likenesses]) @ same_for_all
    costs = np.array([(one.weekday, one.kind, 1.0, one.plan) for one in likenesses])
    apart = far[:, :, None] + np.tensordot(costs, of_the_days, axes=1)
    distance = np.where(usable, apart / np.array([one.width for one in likenesses])[:, None, None], np.inf)
    nearest = distance.min(axis=1, keepdims=True)
    weights: Floats = np.exp(np.where(np.isfinite(nearest), nearest, 0.0) - distance)
    return weights


def _plans_apart(grid: Grid, ahead: Ints, then: Ints) -> Floats:
    """How far the known inputs of the days ahead are from those of past days: (candidates, AHEAD_DAYS)."""
    total = np.zeros(then.shape)
    for values in grid.inputs.values():
        profile = values.reshape(-1, SLOTS_PER_DAY)
        unit = max(float(np.nanstd(profile[: ahead[0] + 1])) if np.isfinite(profile[: ahead[0] + 1]).any() else 0.0, 1e-6)
        difference = np.abs(profile[ahead][None, :, :] - profile[then]) / unit
        known = np.isfinite(difference)
        count = known.sum(axis=2)
        total += np.where(count >= TOO_FEW, np.where(known, difference, 0.0).sum(axis=2) / np.maximum(count, 1), 1.0)
    return total / len(grid.inputs) if grid.inputs else total


@dataclass(frozen=True, slots=True)
class Mixture:
    """Quantiles of `columns` by each likeness: (likenesses, levels, columns); nan where no candidate is known."""

    kw: Floats
    peak_paths: Floats
    """Each candidate's highest of the local days ahead: (candidates, AHEAD_DAYS); nan where its profile is not wholly known."""


def mixture(found: Candidates, weights: Floats, requested: Columns, carried_kw: Floats | None = None) -> Mixture:
    """Weighted quantiles of what came after the candidates.

    Parameters
    ----------
    weights
        From `weigh`.
    carried_kw
        Added to what came after each candidate, such as the newest difference fading out: (candidates, REACH).
    """
    after = found.after_kw if carried_kw is None else found.after_kw + carried_kw
    peaks = np.full((len(after), AHEAD_DAYS), np.nan)
    for day in range(AHEAD_DAYS):
        span = requested.span(day)
        if span.stop > span.start:
            # Some quarter hours of a day may be missing; nearly all must be there for its highest to be its peak.
            profile = after[:, span]
            enough = np.isnan(profile).sum(axis=1, dtype=np.int16) < 0.1 * profile.shape[1]
            peaks[:, day] = np.where(enough, np.fmax.reduce(profile, axis=1), np.nan)
    paths = np.concatenate([after[:, requested.offsets], peaks], axis=1)
    trust = np.concatenate([found.trust[:, requested.offsets], np.ones_like(peaks)], axis=1)
    return Mixture(weighted_quantiles(paths, weights, trust, requested.day), peaks)


def weighted_quantiles(paths: Floats, weights: Floats, trust: Floats, day: Ints) -> Floats:
    """Quantiles at `LEVELS` of each column of `paths` under each set of weights: (sets, levels, columns).

    Parameters
    ----------
    paths, trust
        (candidates, columns); nan paths do not count.
    weights
        (sets, candidates, days); `day` says which one a column takes.
    """
    # One column's candidates lie side by side: sums and searches run along memory. What is not known is sorted to the end.
    by_column = np.ascontiguousarray(paths.T)
    order = np.argsort(by_column, axis=1)
    ordered = np.take_along_axis(by_column, order, axis=1)
    by_day = weights.transpose(0, 2, 1).reshape(len(weights), -1)
    share = by_day.take(order + (day * len(paths))[:, None], axis=1)
    share *= np.where(np.isfinite(ordered), np.take_along_axis(trust.T, order, axis=1), 0.0)
    np.cumsum(share, axis=2, out=share)
    total = share[..., -1]
    found = np.empty((len(weights), len(LEVELS), len(by_column)))
    column = np.arange(len(by_column))
    for number, level in enumerate(LEVELS):
        rank = (share >= (level * (1 - 1e-9) * total)[..., None]).argmax(axis=2)
        found[:, number] = np.where(total > 0, ordered[column, rank], np.nan)
    return found
