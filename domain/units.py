"""Energy in whole micro-watt-hours, and the way there and back.

A micro-watt-hour is far below any register's step, and 2**63 of them are 9.2 TWh: sums of integers neither drift nor overflow.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from pydantic import Field

MOST_INT64 = 2**63 - 1
"""The highest revision that a record can hold: none follows it."""
Int64 = Annotated[int, Field(ge=-(2**63), le=MOST_INT64)]
"""A whole number as tables, brokers and databases can hold it."""

Count = Annotated[int, Field(ge=0, lt=2**31)]
"""How many there are of something."""

Power = Annotated[float, Field(ge=-1e11, le=1e11)]
"""Kilowatts as read from a topic: beyond what the longest counter can make of a quarter hour, and what is worked out of it fits `Amount`."""

Amount = Annotated[float, Field(ge=-1e15, le=1e15)]
"""Kilowatt-hours, euros, milliseconds: far beyond any plant, and sums and squares of it are still numbers."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A share or a probability, 0..1."""

UWH_PER_WH = 1_000_000
UWH_PER_KWH = 1_000_000_000

UWH_PER_UNIT = {
    "Wh": UWH_PER_WH, "kWh": UWH_PER_KWH, "MWh": 1000 * UWH_PER_KWH,
    "l": UWH_PER_WH, "m3": UWH_PER_KWH, "Nm3": UWH_PER_KWH,
    "varh": UWH_PER_WH, "kvarh": UWH_PER_KWH, "Mvarh": 1000 * UWH_PER_KWH,
}  # fmt: skip
"""Micro-watt-hours (micro-var-hours, microlitres) in one unit of a counter."""

WATTS_PER_CORE = 4.0
"""What a busy core of a small industrial computer draws more than an idle one: a model, not a measurement."""

KW_PER_UNIT = {"W": 1e-3, "kW": 1.0, "MW": 1e3, "var": 1e-3, "kvar": 1.0}
"""Kilowatts (kilovars) in one unit of a gauge."""


def uwh_from(value: float | int, unit: str) -> int:
    """Whole micro-watt-hours in `value` of `unit`, rounded half to even on the value's shortest decimal text."""
    return int((Decimal(repr(value)) * UWH_PER_UNIT[unit]).quantize(Decimal(1), ROUND_HALF_EVEN))


def kwh(energy_uwh: int) -> float:
    """Energy [kWh] for display and models; never for sums that must be exact."""
    return energy_uwh / UWH_PER_KWH


def kwh_text(energy_uwh: int) -> str:
    """Energy [kWh] as an exact decimal text with nine places."""
    return str(Decimal(energy_uwh).scaleb(-9).quantize(Decimal("1e-9")))
