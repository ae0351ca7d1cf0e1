"""What jobs add to a load that is not theirs alone: of a meter that several machines share, or of the whole site.

In: loads of that meter, and which jobs ran when.  Out: for each product on each machine a mean power, its standard error, its spread.

Model: load = level of the weekday's hour + sum of powers of the jobs that run + remainder, least squares. The levels are taken out of load and
jobs first (Frisch, Waugh and Lovell: the coefficients are those of the full regression). Remainders of successive quarter hours
are alike, so the standard error is that of whole days as clusters (Liang and Zeger 1986, with G / (G - 1)); that of single quarter hours would be
several times too small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.job_power import MachineProduct
from production.profiles import recency_weights, weighted_quantile
from production.runs import Floats

Ints = NDArray[np.int64]

FEWEST_DAYS = 10
"""Days with measured quarter hours; with fewer the levels of the weekdays' hours are not known."""
FEWEST_RUNS = 5
LEAST_OWN_SHARE = 0.05
"""Share of a job's ups and downs that no other job and no hour of the week explains. Below, it cannot be known which of them draws the power."""


@dataclass(frozen=True, slots=True)
class JobSpans:
    """Jobs of one product on one machine, oldest first: places in the loads, ``[begin, end)``."""

    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What jobs of one product on one machine add to the load."""

    mean_kw: float
    error_kw: float
    """Standard error."""
    q10_kw: float
    q90_kw: float
    """Over the runs; the ups and downs of the rest of the load are in them."""
    runs: int


def job_coefficients(
    load_kw: Floats, levels: Ints, days: Ints, jobs: Mapping[MachineProduct, JobSpans]
) -> dict[MachineProduct, Coefficient]:
    """The powers that can be separated; others are left out.

    Parameters
    ----------
    load_kw
        Of successive quarter hours; NaN counts for nothing.
    levels
        Number of each quarter hour's level: its weekday and hour, on the plant's clock.
    days
        Number of each quarter hour's local day.
    jobs
        All that ran, also those whose power is not wanted: their load is in the meter too.
    """
    known = np.isfinite(load_kw)
    names = [name for name, job in jobs.items() if job.spans]
    if len(np.unique(days[known])) < FEWEST_DAYS or not names:
        return {}
    running = np.zeros((len(load_kw), len(names)))
    for column, name in enumerate(names):
        for begin, end in jobs[name].spans:
            running[begin:end, column] += 1.0
    x, y = _less_levels(running[known], levels[known]), _less_levels(load_kw[known][:, None], levels[known])[:, 0]
    apart = _separable(x)
    if not len(apart):
        return {}
    # What cannot be separated from others stays in the regression, so that its load is not taken for theirs.
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    remainder = y - x @ coefficients
    errors = _clustered_errors(x, remainder, days[known])
    spread = np.full(len(load_kw), np.nan)
    spread[known] = remainder
    found = {}
    for column in apart:
        name, mean = names[column], float(coefficients[column])
        means = [m for begin, end in jobs[name].spans if np.isfinite(m := _mean(spread[begin:end]))]
        if len(means) < FEWEST_RUNS:
            continue
        of_runs = np.array(means)[:, None] + mean
        weights = recency_weights(len(means))
        q10, q90 = (float(weighted_quantile(of_runs, weights, share)[0]) for share in (0.1, 0.9))
        found[name] = Coefficient(mean, float(errors[column]), min(q10, mean), max(q90, mean), len(means))
    return found


def _less_levels(values: NDArray[np.float64], levels: Ints) -> NDArray[np.float64]:
    """`values` (rows x columns) about the mean of their level."""
    _, place = np.unique(levels, return_inverse=True)
    count = np.bincount(place)
    means = np.stack([np.bincount(place, values[:, column]) / count for column in range(values.shape[1])], axis=1)
    found: NDArray[np.float64] = values - means[place]
    return found


def _separable(x: NDArray[np.float64]) -> Ints:
    """Columns of which the others explain no more than ``1 - LEAST_OWN_SHARE``: 1 / VIF is their own share."""
    squares = (x**2).sum(axis=0)
    alive = np.flatnonzero(squares > 1e-9)
    if not len(alive):
        return alive
    scaled = x[:, alive] / np.sqrt(squares[alive])
    own = 1.0 / np.clip(np.diag(np.linalg.pinv(scaled.T @ scaled + 1e-9 * np.eye(len(alive)))), 1.0, None)
    return alive[own >= LEAST_OWN_SHARE]


def _clustered_errors(x: NDArray[np.float64], remainder: Floats, days: Ints) -> Floats:
    inner = np.linalg.pinv(x.T @ x)
    _, place = np.unique(days, return_inverse=True)
    scores = np.zeros((place.max() + 1, x.shape[1]))
    np.add.at(scores, place, x * remainder[:, None])
    groups = len(scores)
    covariance = inner @ (scores.T @ scores) @ inner * groups / max(groups - 1, 1)
    found: Floats = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    return found


def _mean(values: Sequence[float] | Floats) -> float:
    """NaN where one is not known."""
    return float(np.mean(values)) if len(values) else float("nan")
