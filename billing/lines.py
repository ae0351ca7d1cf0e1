"""A line of a bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from domain.instants import instant_text


@dataclass(frozen=True, slots=True)
class BillLine:
    """``quantity`` x ``price_eur`` = amount, rounded once; known by ``(id, kind, period)``.

    Attributes
    ----------
    kind
        What is paid for: ``energy``, ``demand``, ``excess``, ``reactive``, ``fixed``, ``levy``, ``vat``, or a correction ``..._rebilled``.
    quantity, unit, price_eur
        None where no single price makes the amount: spot prices, tiers, corrections.
    amount_eur
        Rounded [EUR].
    period
        ``2026-03``, ``2026`` or ``2025-winter``; ``bill`` for what is charged on the whole bill.
    cause
        Starts of the intervals that made the quantity; none for sums and for what was agreed.
    for_power
        Whether it is paid for power, not for energy or at a flat rate.
    """

    id: str
    kind: str
    quantity: Fraction | None
    unit: str | None
    price_eur: Fraction | None
    amount_eur: Fraction
    period: str
    cause: tuple[datetime, ...] = ()
    for_power: bool = False

    def as_json(self) -> dict[str, Any]:
        """The line as `lastgang bill` writes it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "quantity": None if self.quantity is None else _number(self.quantity),
            "unit": self.unit,
            "price": None if self.price_eur is None else _number(self.price_eur),
            "amount_eur": float(self.amount_eur),
            "period": self.period,
            "cause": [instant_text(instant) for instant in self.cause],
        }


def _number(value: Fraction) -> float | int:
    return value.numerator if value.denominator == 1 else round(float(value), 9)
