"""The highest quarter hour of each day and of the billing period, and the odds that it passes the target.

In: past load profiles with their weights, and what `experts` made of their highest values.  Out: `DayPeak`, `PeriodPeak`.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from forecasting.similar_days import LEVELS
from forecasting.slots import SLOTS_PER_WEEK, Floats

KERNEL = np.array([NormalDist().inv_cdf((n + 0.5) / 9) for n in range(9)])
"""Nine equally likely points of a normal distribution, to smooth a few values without dice."""


@dataclass(frozen=True, slots=True)
class Odds:
    """A distribution as weighted values [kW]; weights sum to 1."""

    kw: Floats
    weight: Floats

    def above(self, limit_kw: float) -> float:
        """P(value > limit), 0..1."""
        return float(min(max(self.weight[self.kw > limit_kw].sum(), 0.0), 1.0))

    def quantiles(self) -> Floats:
        """Values at `LEVELS`."""
        order = np.argsort(self.kw)
        share = np.cumsum(self.weight[order])
        ranks = np.searchsorted(share, np.array(LEVELS) * share[-1] * (1 - 1e-9))
        found: Floats = self.kw[order][np.minimum(ranks, len(order) - 1)]
        return found

    def at_least(self, least_kw: float) -> Odds:
        """The distribution of the higher of a value and `least_kw`."""
        return Odds(np.maximum(self.kw, least_kw), self.weight)

    def cdf(self, at_kw: Floats) -> Floats:
        """P(value <= at)."""
        order = np.argsort(self.kw)
        share = np.append(0.0, np.cumsum(self.weight[order]))
        found: Floats = share[np.searchsorted(self.kw[order], at_kw, side="right")]
        return found


def smoothed(values_kw: Floats, weights: Floats) -> Odds:
    """Values with a normal kernel around each (Silverman's width), so that a few of them do not make odds of 0 or 1."""
    weights = weights / weights.sum()
    middle = float((values_kw * weights).sum())
    spread = float(np.sqrt((weights * (values_kw - middle) ** 2).sum()))
    effective = 1.0 / float((weights**2).sum())
    width = max(0.9 * spread * effective**-0.2, 0.002 * abs(middle))
    draws = np.maximum(values_kw[:, None] + width * KERNEL, 0.0)
    return Odds(draws.ravel(), np.repeat(weights / len(KERNEL), len(KERNEL)))


def calibrated(odds: Odds, quantiles_kw: Floats) -> Odds:
    """`odds` stretched piece by piece so that its `LEVELS` fall on `quantiles_kw` [kW], (levels,)."""
    was = odds.quantiles()
    unit = max(float(was[2] - was[0]), 1e-6 * max(abs(float(was[1])), 1.0))
    was = was + np.array([-1e-6, 0.0, 1e-6]) * unit
    below = (quantiles_kw[1] - quantiles_kw[0]) / (was[1] - was[0])
    above = (quantiles_kw[2] - quantiles_kw[1]) / (was[2] - was[1])
    moved = odds.kw - was[1]
    # A degenerate half would be stretched without bound: it is moved only.
    factor = np.where(moved < 0, min(below, 10.0), min(above, 10.0))
    return Odds(np.maximum(quantiles_kw[1] + moved * factor, 0.0), odds.weight)


def likely_place(profiles_kw: Floats, weights: Floats) -> int:
    """Step at which the highest of each profile falls most likely, neighbours counted by half.

    Parameters
    ----------
    profiles_kw
        (profiles, steps); nan where not known.
    weights
        (profiles,).
    """
    known = np.isfinite(profiles_kw)
    usable = known.any(axis=1) & (weights > 0)
    if not usable.any():
        return 0
    where = np.where(known, profiles_kw, -np.inf)[usable].argmax(axis=1)
    votes = np.bincount(where, weights=weights[usable], minlength=profiles_kw.shape[1])
    return int(np.convolve(votes, [0.25, 0.5, 1.0, 0.5, 0.25], mode="same").argmax())


FEWEST_WEEKS = 3
WEEK_FADES = 0.93
"""What a week counts less than the one after it."""


def period_odds(load_kw: Floats, ahead: list[Odds], weeks_left: float, so_far_kw: float) -> Odds:
    """The distribution of a billing period's highest quarter hour.

    What lies beyond the forecast is taken to be as the past weeks were: their highest values, smoothed, raised to the number of weeks
    left. Weeks are taken whole because days within one are alike: as many independent days would raise the odds too far.

    Parameters
    ----------
    load_kw
        The series' past loads, oldest first.
    ahead
        The days' peaks within the forecast; taken to be independent of each other.
    weeks_left
        Weeks of the billing period beyond the forecast; parts of a week count.
    so_far_kw
        Highest quarter hour of the billing period until now; 0 where none is known.
    """
    whole = load_kw[len(load_kw) % SLOTS_PER_WEEK :].reshape(-1, SLOTS_PER_WEEK)
    known = np.isfinite(whole).mean(axis=1) > 0.5
    highest = np.nanmax(np.where(np.isfinite(whole[known]), whole[known], -np.inf), axis=1) if known.any() else np.empty(0)
    parts = list(ahead)
    beyond = None
    if len(highest) >= FEWEST_WEEKS and weeks_left > 0:
        beyond = smoothed(highest, WEEK_FADES ** np.arange(len(highest))[::-1])
        parts.append(beyond)
    if not parts:
        return Odds(np.array([so_far_kw]), np.array([1.0]))
    steps = np.unique(np.concatenate([part.kw for part in parts]))
    steps = steps[np.linspace(0, len(steps) - 1, min(len(steps), 400)).astype(int)]
    chance = np.ones(len(steps))
    for part in ahead:
        chance = chance * part.cdf(steps)
    if beyond is not None:
        chance = chance * beyond.cdf(steps) ** weeks_left
    weight = np.diff(chance, prepend=0.0)
    weight[-1] += 1 - chance[-1]
    return Odds(steps, weight).at_least(so_far_kw)
