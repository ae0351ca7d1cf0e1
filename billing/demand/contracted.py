"""`contracted`: a capacity that is paid used or not, and a price of what lies above it.

Great Britain bills an agreed capacity in kVA and, since April 2018 (DCP161), what exceeds it at a rate of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from billing.demand.units import Quantity
from billing.money import Price
from billing.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracted:
    """A contracted capacity [kW or kVA]; None as `excess_price`: what lies above it costs nothing more."""

    capacity: Fraction
    excess_price: Price | None = None


def read_contracted(table: Table, quantity: Quantity, units: Mapping[str, Fraction], plain: bool) -> Contracted | None:
    """The keys `contracted` and `excess_price`.

    Parameters
    ----------
    units
        Units of the charge's price, and of its excess price.
    plain
        Whether the charge has one price and no instalments: nothing else has a meaning with a contracted capacity.
    """
    capacity = table.quantity("contracted", quantity)
    excess_price = table.price("excess_price", units)
    if excess_price is not None and capacity is None:
        table.wrong("excess_price", "no contracted", "contracted with excess_price")
    if capacity is None:
        return None
    if not plain:
        table.wrong("contracted", "usage_hours or instalments", "contracted with a plain price")
    return Contracted(capacity=capacity, excess_price=excess_price)
