"""How well a model fits: CVRMSE, NMBE, R², and the effective number of rows, as ASHRAE Guideline 14-2014 and OpenDSM define them.

In: observed and predicted energies of the same rows.  Out: a `Fit`. Residuals are observed minus predicted, as OpenDSM has them: an NMBE
above zero is a model that predicts too little. Checked against OpenDSM 1.2.7 (`opendsm.common.metrics`) to 1e-9 by ``lastgang bench baselines``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_SMALLEST = 1e-3
"""OpenDSM divides by nothing smaller; a ratio over such a mean is not a number here."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Errors of a model on the rows that it was fitted to, or on rows held out.

    Attributes
    ----------
    n
        Rows with both values.
    n_prime
        Effective number of independent rows: ``n (1 - r) / (1 + r)`` of the residuals' correlation `r` with the row before; at least 1.
    parameters
        Coefficients of the model.
    mean
        Of what was observed, in its unit.
    bias
        Mean residual, in the same unit.
    rmse
        ``sqrt(SSE / n)``.
    rmse_adj
        ``sqrt(SSE / (n - parameters))``: ASHRAE's.
    """

    n: int
    n_prime: float
    parameters: int
    mean: float
    bias: float
    rmse: float
    rmse_adj: float
    rmse_autocorr_adj: float
    r_squared: float
    r_squared_adj: float

    @property
    def cvrmse(self) -> float:
        """`rmse` over the mean, as a share; NaN of no energy."""
        return _over(self.rmse, self.mean)

    @property
    def cvrmse_adj(self) -> float:
        """`rmse_adj` over the mean, as a share: what Guideline 14 calls CV(RMSE)."""
        return _over(self.rmse_adj, self.mean)

    @property
    def cvrmse_autocorr_adj(self) -> float:
        """The same with `n_prime` rows."""
        return _over(self.rmse_autocorr_adj, self.mean)

    @property
    def nmbe(self) -> float:
        """Mean residual over the mean, as a share."""
        return _over(self.bias, self.mean)

    @property
    def autocorrelation(self) -> float:
        """Of the residuals, with the row before: -1..1, as far as `n_prime` says it."""
        return (self.n - self.n_prime) / (self.n + self.n_prime)


def fit_of(observed: Floats, predicted: Floats, parameters: int) -> Fit:
    """Errors of `predicted` against `observed`, shape ``(n,)`` each, in one unit; rows without either are left out.

    Raises
    ------
    ValueError
        If fewer than three rows have both.
    """
    there = np.isfinite(observed) & np.isfinite(predicted)
    observed, predicted = observed[there], predicted[there]
    n = len(observed)
    if n < 3:
        msg = f"{n} rows with an observed and a predicted value: expected three at least"
        raise ValueError(msg)
    residuals = observed - predicted
    sse, freedom = float(residuals @ residuals), max(n - parameters, 1)
    n_prime = _effective(n, _correlation(residuals[1:], residuals[:-1]))
    r_squared = _correlation(predicted, observed) ** 2
    return Fit(
        n=n, n_prime=n_prime, parameters=parameters, mean=float(observed.mean()), bias=float(residuals.mean()), rmse=sqrt(sse / n),
        rmse_adj=sqrt(sse / freedom), rmse_autocorr_adj=sqrt(sse / max(n_prime - parameters, 1.0)), r_squared=r_squared,
        r_squared_adj=1 - (1 - r_squared) * (n - 1) / (freedom - 1) if freedom > 1 else float("nan"),
    )  # fmt: skip


def _correlation(one: Floats, other: Floats) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / size if size > 0 else float("nan")


def _effective(n: int, correlation: float) -> float:
    found = n * (1 - correlation) / max(1 + correlation, _SMALLEST)
    return found if np.isfinite(found) and found >= 1 else 1.0


def _over(value: float, mean: float) -> float:
    return value / mean if abs(mean) >= _SMALLEST else float("nan")


def ashrae_uncertainty(fit: Fit, t: float, reported: Floats, months: int) -> float:
    """Half width of a saving by ASHRAE Guideline 14-2014 annex B, with the polynomial of Sun and Baltazar (2013) for daily rows, as OpenDSM has it.

    Parameters
    ----------
    t
        Quantile of Student's distribution that belongs to the interval.
    reported
        What the baseline predicts for each day of the reporting period, shape ``(m,)``.
    months
        Calendar months that the reporting period touches.

    Returns
    -------
    float
        In the unit of `reported`. OpenDSM's `total_savings_uncertainty`.
    """
    m = len(reported)
    factor = sqrt(fit.n / fit.n_prime * (1 + 2 / fit.n_prime) * m)
    correction = float(np.polyval([-0.00024, 0.03535, 1.00286], months))
    return abs(float(reported.sum()) / m * fit.cvrmse_adj) * t * factor * correction
