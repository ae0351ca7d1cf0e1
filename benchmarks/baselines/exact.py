"""The metrics once more, in exact fractions from their definitions: what the floating-point ones are compared with where OpenDSM is not there."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

_SCALE = 10**40


def metrics(observed: Sequence[float], predicted: Sequence[float], parameters: int) -> dict[str, float]:
    """By the names of `baselines.metrics.Fit`; both series are taken as the binary fractions that they are."""
    y, p = [Fraction(value) for value in observed], [Fraction(value) for value in predicted]
    n = len(y)
    residuals = [a - b for a, b in zip(y, p, strict=True)]
    mean, sse = sum(y, Fraction(0)) / n, sum((e * e for e in residuals), Fraction(0))
    r = _correlation(residuals[1:], residuals[:-1])
    n_prime = max(n * (1 - r) / (1 + r), Fraction(1))
    r_squared = _correlation(p, y) ** 2
    rmse, adjusted = _root(sse / n), _root(sse / max(n - parameters, 1))
    lasting = _root(sse / max(n_prime - parameters, Fraction(1)))
    found = {
        "n": Fraction(n), "n_prime": n_prime, "rmse": rmse, "rmse_adj": adjusted, "rmse_autocorr_adj": lasting, "cvrmse": rmse / mean,
        "cvrmse_adj": adjusted / mean, "cvrmse_autocorr_adj": lasting / mean, "nmbe": sum(residuals, Fraction(0)) / n / mean,
        "r_squared": r_squared, "r_squared_adj": 1 - (1 - r_squared) * (n - 1) / (n - parameters - 1),
    }  # fmt: skip
    return {name: float(value) for name, value in found.items()}


def _correlation(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    a, b = sum(one, Fraction(0)) / len(one), sum(other, Fraction(0)) / len(other)
    both = sum(((x - a) * (y - b) for x, y in zip(one, other, strict=True)), Fraction(0))
    sizes = sum(((x - a) ** 2 for x in one), Fraction(0)) * sum(((y - b) ** 2 for y in other), Fraction(0))
    return both / _root(sizes)


def _root(value: Fraction) -> Fraction:
    """The square root to forty decimals of its own size."""
    scale = _SCALE**2
    return Fraction(isqrt(value.numerator * value.denominator * scale), value.denominator * _SCALE)
