"""A load profile with its spread, from the runs of one product on one machine.

Machines drift: tools wear, batches differ. The n-th run before the newest counts ``0.5 ** (n / HALF_AFTER)`` of it. Counted in runs and not in days,
so a product that is made twice a year has a profile too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.job_power import stretched
from domain.orders import LoadCurve
from production.runs import Floats, Run

HALF_AFTER = 8
"""Runs after which one counts half."""
MOST_RUNS = 40
"""Runs that are remembered: one more would count 3 % of the newest."""
FEWEST_RUNS = 3
"""With fewer a spread is no spread."""
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Profile:
    """What one product adds to a machine's idle power."""

    q10_kw: LoadCurve
    q50_kw: LoadCurve
    q90_kw: LoadCurve
    runs: int
    error_kw: float
    """Standard error of the mean power."""


def profile_of(runs: Sequence[Run]) -> Profile | None:
    """The profile of `runs`, oldest first; None where they are fewer than `FEWEST_RUNS`.

    Each run is stretched to the length that is usual, the weighted median. A quantile is the smallest power that at least its share of the runs,
    by their weights, does not exceed: always a power that was measured, never one between two ways of running.
    """
    if len(runs) < FEWEST_RUNS:
        return None
    weights = recency_weights(len(runs))
    length = int(weighted_quantile(np.array([[len(run.above_idle_kw)] for run in runs], np.float64), weights, 0.5)[0])
    curves = np.array([stretched(run.above_idle_kw, length) for run in runs])
    q10, q50, q90 = (tuple(weighted_quantile(curves, weights, share).tolist()) for share in QUANTILES)
    return Profile(q10, q50, q90, len(runs), standard_error([run.mean_kw for run in runs], weights))


def recency_weights(count: int) -> Floats:
    """Weights of `count` runs, oldest first; the newest has 1."""
    found: Floats = 0.5 ** (np.arange(count - 1, -1, -1) / HALF_AFTER)
    return found


def weighted_quantile(values: NDArray[np.float64], weights: Floats, share: float) -> Floats:
    """Of each column the smallest value up to which at least `share` of the weight lies.

    Parameters
    ----------
    values
        Runs x columns.
    weights
        Of the runs.
    """
    order = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0)
    # Sums of floats: what is reached but for rounding is reached.
    place = np.argmax(reached >= share * weights.sum() * (1 - 1e-12), axis=0)
    found: Floats = np.take_along_axis(values, np.take_along_axis(order, place[None, :], axis=0), axis=0)[0]
    return found


def standard_error(values: Sequence[float], weights: Floats) -> float:
    """Standard error of the weighted mean of `values`, with the effective number of values (Kish): ``sum(w)**2 / sum(w**2)``."""
    found, total = np.array(values), weights.sum()
    effective = total**2 / (weights**2).sum()
    if effective <= 1:
        return 0.0
    variance = float((weights * (found - (weights * found).sum() / total) ** 2).sum() / total) * effective / (effective - 1)
    return float(np.sqrt(variance / effective))
