"""Prices as price sheets print them, and rounding that a person with a pencil would do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

PowerMode = Literal["half_up", "up", "down"]

ENERGY_UNITS = {"ct/kWh": Fraction(1, 100), "EUR/kWh": Fraction(1), "EUR/MWh": Fraction(1, 1000)}
"""Units of a price of energy: EUR per kWh in one of each."""

_NUMBER_AND_UNIT = re.compile(r"^\s*([+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?)\s+(\S+)\s*$")


@dataclass(frozen=True, slots=True)
class Price:
    """A price in EUR per unit, and the unit as printed."""

    eur: Fraction
    unit: str

    @property
    def per(self) -> str:
        """What follows the last slash: ``month``, ``year``, ``day``, ``season`` or the energy unit."""
        return self.unit.rsplit("/", 1)[-1]


def number_and_unit(text: object) -> tuple[Fraction, str] | None:
    """``"4.59 ct/kWh"`` in its two parts; None if it is anything else."""
    if not isinstance(text, str) or (match := _NUMBER_AND_UNIT.match(text)) is None:
        return None
    return Fraction(match.group(1)), match.group(2)


def rounded(value: Fraction, decimals: int, mode: PowerMode = "half_up") -> Fraction:
    """`value` with that many decimals; ``half_up`` rounds halves away from zero, ``up`` and ``down`` away from and towards zero."""
    scaled = abs(value) * 10**decimals
    floor = scaled.numerator // scaled.denominator
    remainder = scaled - floor
    if (mode == "half_up" and remainder >= Fraction(1, 2)) or (mode == "up" and remainder > 0):
        floor += 1
    return Fraction(floor if value >= 0 else -floor, 10**decimals)


def fraction(value: Decimal | float | int | str) -> Fraction:
    """The exact number that a person wrote: floats by their shortest text."""
    return Fraction(str(value))
