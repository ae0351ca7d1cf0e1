"""Units of the prices of power."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from billing.periods import Reset

Quantity = Literal["kW", "kVA"]
"""What power is billed: active, or apparent, sqrt(P**2 + Q**2)."""
_SPANS: dict[Reset, tuple[str, ...]] = {"month": ("month", "year", "day"), "year": ("year",), "season": ("season",)}


def demand_units(quantity: Quantity, reset: Reset) -> dict[str, Fraction]:
    """Units that a price of power may have where its highest load is that of a `reset`: EUR per kW (or kVA) and span in one of each."""
    return {f"EUR/{quantity}/{span}": Fraction(1) for span in _SPANS[reset]}
