"""Errors of a model by hand, against statsmodels, and by laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from baselines.metrics import ashrae_uncertainty, fit_of


def test_errors_worked_by_hand() -> None:
    """Residuals 1, -1, 2, -2: SSE 10 over 4 rows of mean 10; two coefficients leave 2."""
    fit = fit_of(np.array([9.0, 10.0, 10.0, 11.0]), np.array([8.0, 11.0, 8.0, 13.0]), parameters=2)
    assert (fit.n, fit.mean, fit.bias, fit.nmbe) == (4, 10.0, 0.0, 0.0)
    assert fit.rmse == pytest.approx(np.sqrt(2.5))
    assert fit.cvrmse == pytest.approx(np.sqrt(2.5) / 10)
    assert fit.cvrmse_adj == pytest.approx(np.sqrt(5) / 10)
    # successive residuals (1, -1), (-1, 2), (2, -2): their correlation
    correlation = np.corrcoef([-1, 2, -2], [1, -1, 2])[0, 1]
    assert fit.n_prime == pytest.approx(4 * (1 - correlation) / (1 + correlation))
    assert fit.autocorrelation == pytest.approx(correlation)


def test_r_squared_of_a_least_squares_fit_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(60), rng.normal(size=60)])
    y = x @ [5.0, 2.0] + rng.normal(size=60)
    result = OLS(y, x).fit()
    fit = fit_of(y, result.fittedvalues, 2)
    assert fit.r_squared == pytest.approx(result.rsquared, abs=1e-12)
    assert fit.rmse_adj == pytest.approx(np.sqrt(result.mse_resid), abs=1e-12)


def test_a_mean_of_zero_has_no_relative_error() -> None:
    fit = fit_of(np.array([1.0, -1.0, 0.0]), np.array([0.0, 0.0, 0.0]), 1)
    assert np.isnan(fit.cvrmse)
    assert np.isnan(fit.nmbe)


def test_rows_without_either_value_do_not_count_and_too_few_are_refused() -> None:
    nan = float("nan")
    assert fit_of(np.array([1.0, nan, 2.0, 3.0]), np.array([1.0, 1.0, 2.0, 2.0]), 1).n == 3
    with pytest.raises(ValueError, match="2 rows with an observed and a predicted value: expected three"):
        fit_of(np.array([1.0, nan, 2.0]), np.array([1.0, 1.0, 2.0]), 1)


values = st.lists(st.floats(1, 1000), min_size=5, max_size=40)


@given(values, st.floats(0.01, 100))
def test_relative_errors_do_not_depend_on_the_unit(observed: list[float], factor: float) -> None:
    y = np.array(observed)
    predicted = np.full(len(y), y.mean() * 0.9)
    one, other = fit_of(y, predicted, 1), fit_of(y * factor, predicted * factor, 1)
    assert one.cvrmse_adj == pytest.approx(other.cvrmse_adj, rel=1e-9)
    assert one.nmbe == pytest.approx(other.nmbe, rel=1e-9)
    assert one.n_prime == pytest.approx(other.n_prime, rel=1e-6)


def test_errors_that_last_make_a_saving_less_certain() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(size=365)
    lasting = np.convolve(noise, np.ones(7) / np.sqrt(7), mode="same")
    predicted = np.full(365, 100.0)
    plain, kept = (fit_of(100 + one, predicted, 1) for one in (noise, lasting))
    assert kept.n_prime < plain.n_prime / 3
    assert ashrae_uncertainty(kept, 1.28, predicted, 12) > 1.5 * ashrae_uncertainty(plain, 1.28, predicted, 12)
