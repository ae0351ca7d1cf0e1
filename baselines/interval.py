"""How far a saving may be off: what held-out blocks say, what lasts from day to day, and what may drift from year to year.

In: a trained baseline and the days of a reporting period.  Out: a `Spread`, three standard deviations of the difference between what the
baseline predicts for the period and what the meter would have drawn.

- **Coefficients**: the prediction for the whole period by fits without each block of four weeks (delete-a-group jackknife), so errors that
  last within a month are in it.
- **Noise** of the days themselves: the long-run variance, from sums of held-out errors over whole blocks. Where the errors of one block go on in the
  next, as with a driver that nobody knows, the sums over many blocks spread wider than blocks on their own do.
- **Drift**: the level of a plant walks. How far, a single year says only weakly: a random walk beside the noise, its size averaged over what
  the fortnights' mean errors allow, with `DRIFT_A_YEAR` as what is expected before they are seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt
from statistics import NormalDist

import numpy as np

from baselines.model import BLOCK_DAYS, Design, Model, Trained
from baselines.rows import Floats, Rows
from domain.effects import INTERVAL_SHARE

DRIFT_A_YEAR = 0.01
"""Mean of the exponential prior of the standard deviation between the means of two successive years, as a share. Chosen on meters of our own."""
MOST_LASTING = 0.8
"""Correlation of a block's error with that of the block before, at most: a year has thirteen, and estimates of them scatter."""
_DRIFTS = np.array([0.0, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08])
_FORTNIGHT, _FEWEST_DAYS, _FEWEST_FORTNIGHTS = 14, 5, 5
_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations of a prediction for a whole period [kWh]."""

    coefficients_kwh: float
    noise_kwh: float
    drift_kwh: float

    @property
    def deviation_kwh(self) -> float:
        """Of all together [kWh]."""
        return hypot(self.coefficients_kwh, self.noise_kwh, self.drift_kwh)

    def half_width_kwh(self, share: float = INTERVAL_SHARE) -> float:
        """Half of the interval that holds the true value in `share` of cases [kWh]."""
        return NormalDist().inv_cdf((1 + share) / 2) * self.deviation_kwh


def spread_of(trained: Trained, model: Model, fits: list[Model], reported: Rows, design: Design) -> Spread:
    """The spread of what `model` predicts for all days of `reported`.

    Parameters
    ----------
    fits
        The same form without each block: `Trained.fits_without`.
    reported
        Days of which everything but the energy matters.
    design
        Their columns, scaled as those of `trained`.
    """
    sums = np.array([float(one.predicted_kw(design) @ reported.hours) for one in fits])
    blocks = len(sums)
    coefficients = sqrt((blocks - 1) / blocks * float(((sums - sums.mean()) ** 2).sum()))
    held_out = trained.rows.kw - trained.held_out_kw(model.form, fits)
    in_blocks = np.bincount(trained.blocks, held_out)
    hours = float(reported.hours.sum())
    counts = np.bincount(trained.blocks)
    there = counts > 0  # a month that was left out has no rows
    lasting = lasting_beyond_a_block(in_blocks[there] / counts[there], len(reported) / BLOCK_DAYS)
    noise = sqrt(lasting * float(in_blocks @ in_blocks) / len(held_out) * len(reported)) * hours / len(reported)
    residuals = trained.rows.kw - model.predicted_kw(trained.design)
    mean = abs(float(trained.rows.kw.mean()))
    days = (trained.rows.days[-1] - trained.rows.days[0]).days + 1
    drift = drift_a_year(residuals / mean, _numbers(trained.rows)) if mean > 0 else 0.0
    return Spread(coefficients, noise, drift * mean * hours * sqrt((days + len(reported)) / (2 * _YEAR)))


def lasting_beyond_a_block(means: Floats, blocks: float) -> float:
    """By how much the variance of a sum over `blocks` blocks is greater than that of as many independent ones; 1 where nothing lasts.

    Errors of blocks are taken to be correlated from one to the next (first order), and never against each other: what comes back does not help.

    Parameters
    ----------
    means
        Mean held-out error of each block, in their order, shape ``(n,)``.
    blocks
        How many are summed; need not be whole.
    """
    centred = means - means.mean()
    size = float(centred @ centred)
    if len(means) < 3 or size <= 0 or blocks <= 1:
        return 1.0
    rho = min(max(float(centred[1:] @ centred[:-1]) / size, 0.0), MOST_LASTING)
    lags = np.arange(1, int(np.ceil(blocks)))
    return 1.0 + 2.0 * float(((1 - lags / blocks) * rho**lags).sum())


def _numbers(rows: Rows) -> Floats:
    return np.array([(day - rows.days[0]).days for day in rows.days], dtype=np.float64)


def drift_a_year(residuals: Floats, day: Floats) -> float:
    """Standard deviation between the means of two successive years of a level that walks, as `residuals` of one year let it be expected.

    Parameters
    ----------
    residuals
        Of each day, as a share of the mean, shape ``(n,)``.
    day
        Number of each day, rising, shape ``(n,)``.
    """
    fortnight = (day // _FORTNIGHT).astype(np.int64)
    counts = np.bincount(fortnight)
    known = np.flatnonzero(counts >= _FEWEST_DAYS)
    prior = np.exp(-_DRIFTS / DRIFT_A_YEAR)
    if len(known) < _FEWEST_FORTNIGHTS:
        return float(sqrt(prior @ _DRIFTS**2 / prior.sum()))
    means = np.bincount(fortnight, residuals)[known] / counts[known]
    # Contrasts that know nothing of the level itself (restricted likelihood).
    n = len(known)
    contrasts = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, : n - 1]]))[0][:, 1:].T
    walk = contrasts @ np.minimum.outer(known + 0.5, known + 0.5) @ contrasts.T
    sizes, directions = np.linalg.eigh(walk)
    squares = (directions.T @ contrasts @ means) ** 2
    scale = max(float(means.var()), 1e-12)
    noises = np.geomspace(0.05 * scale, 2 * scale, 15)
    # The means of two successive years of a walk of variance q a day differ by a variance of q times two thirds of a year.
    steps = _DRIFTS**2 / (2 / 3 * _YEAR) * _FORTNIGHT
    variances = np.maximum(steps[:, None, None] * sizes, 0.0) + noises[None, :, None]
    likelihood = -0.5 * (np.log(variances) + squares / variances).sum(axis=2)
    weights = np.exp(likelihood - likelihood.max()).sum(axis=1) * prior
    return float(sqrt(weights @ _DRIFTS**2 / weights.sum()))
