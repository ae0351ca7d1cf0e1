"""The limits of metering, and what the plant file says of one register in the engine's own units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from domain.clock import epoch_ms
from domain.plant import Meter, Register
from domain.units import KW_PER_UNIT, UWH_PER_UNIT, uwh_from

GAP_PERIODS = 2.2
"""Counter readings farther apart than this many sampling periods leave a gap: two periods, and a tenth for jitter."""
HOLD_PERIODS = 2
"""A gauge reading stands for the time after it, but for no more than this many sampling periods."""
DENSE_PERIODS = 1.5
"""Between two readings no farther apart than this nothing can be missing."""
LINEAR_MS = 7_200_000
"""Gaps up to here are divided in proportion to time; longer ones take the shape of like days."""
POWER_MARGIN = 1.2
"""A step is possible up to this multiple of the meter's maximum power."""
CLOCK_AHEAD_MS = 5_000
"""A device clock may lead the gateway's by this much."""
OUT_OF_ORDER_MS = 60_000
"""Readings may overtake each other by this much before a quarter hour is first published."""
HINDSIGHT_MS = 86_400_000
"""A register that went away may come back within this time."""
MS_PER_HOUR = 3_600_000
UW_PER_KW = 1_000_000_000

_EXACT = 2.0**52


@dataclass(frozen=True, slots=True)
class ExchangeProtocol:
    """Both readings of a meter exchange [uWh]; from `at_ms` on readings are the new meter's."""

    at_ms: int
    final_uwh: int
    start_uwh: int


@dataclass(frozen=True, slots=True)
class CounterRules:
    """A counter register: what may lie between two of its readings."""

    channel: str
    sampling_ms: int
    gap_ms: float
    dense_ms: float
    uwh_per_unit: int
    most_uwh_per_ms: float
    """Highest possible advance, margin included."""
    resolution_uwh: int
    modulus_uwh: int | None
    is_float32: bool
    exchanges: tuple[ExchangeProtocol, ...]

    def amount(self, value: float) -> int:
        """The reading in whole micro-watt-hours; exact for whole numbers, else to the value's own precision."""
        whole = int(value)
        if whole == value:
            return whole * self.uwh_per_unit
        if abs(value) * self.uwh_per_unit >= _EXACT:
            return _scaled(value, self.uwh_per_unit)
        return whole * self.uwh_per_unit + round((value - whole) * self.uwh_per_unit)

    def step_uwh(self, amount: int) -> int:
        """The smallest step the register can show at `amount`."""
        if not self.is_float32 or amount == 0:
            return self.resolution_uwh
        _, exponent = math.frexp(amount / self.uwh_per_unit)
        return max(self.resolution_uwh, math.ceil(math.ldexp(1.0, exponent - 24) * self.uwh_per_unit))

    def is_possible(self, advance_uwh: int, elapsed_ms: int, at_uwh: int) -> bool:
        """Whether the register can have advanced so far in that time."""
        if advance_uwh < 0:
            return False
        most = self.most_uwh_per_ms * elapsed_ms
        return advance_uwh <= most or advance_uwh <= most + self.step_uwh(at_uwh)


@dataclass(frozen=True, slots=True)
class GaugeRules:
    """A gauge register: how long a reading holds, and which power no cable carries."""

    channel: str
    sampling_ms: int
    hold_ms: int
    dense_ms: float
    uw_per_unit: float
    most_uw: float

    def amount(self, value: float) -> int:
        """The reading in whole microwatts."""
        return round(value * self.uw_per_unit)


def counter_rules(meter: Meter, register: Register) -> CounterRules:
    """Rules of one counter of `meter`."""
    per_unit = UWH_PER_UNIT[register.unit]
    sampling_ms = round(register.sampling_s * 1000)
    exchanges = sorted(
        (_ms(e.at_utc), uwh_from(e.final_reading, register.unit), uwh_from(e.start_reading, register.unit))
        for e in meter.exchanges
        if e.channel == register.channel
    )
    return CounterRules(
        channel=register.channel,
        sampling_ms=sampling_ms,
        gap_ms=GAP_PERIODS * sampling_ms,
        dense_ms=DENSE_PERIODS * sampling_ms,
        uwh_per_unit=per_unit,
        most_uwh_per_ms=POWER_MARGIN * meter.max_power_kw * UW_PER_KW / MS_PER_HOUR,
        resolution_uwh=uwh_from(register.resolution, register.unit),
        modulus_uwh=None if register.modulus is None else uwh_from(register.modulus, register.unit),
        is_float32=register.encoding == "float32",
        exchanges=tuple(ExchangeProtocol(*exchange) for exchange in exchanges),
    )


def gauge_rules(meter: Meter, register: Register) -> GaugeRules:
    """Rules of one gauge of `meter`."""
    sampling_ms = round(register.sampling_s * 1000)
    return GaugeRules(
        channel=register.channel,
        sampling_ms=sampling_ms,
        hold_ms=HOLD_PERIODS * sampling_ms,
        dense_ms=DENSE_PERIODS * sampling_ms,
        uw_per_unit=KW_PER_UNIT[register.unit] * UW_PER_KW,
        most_uw=POWER_MARGIN * meter.max_power_kw * UW_PER_KW,
    )


def _scaled(value: float, per_unit: int) -> int:
    """`value` times `per_unit`, exact: a float is a fraction."""
    numerator, denominator = value.as_integer_ratio()
    return (
        round(numerator * per_unit / denominator)
        if numerator < 0
        else (2 * numerator * per_unit + denominator) // (2 * denominator)
    )


def _ms(instant: datetime) -> int:
    return epoch_ms(instant)
