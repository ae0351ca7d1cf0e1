"""The limits of metering, and what the plant file says of one register in the engine's own units."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from domain.clock import epoch_ms
from domain.plant import Meter, Register
from domain.units import KW_PER_UNIT, UWH_PER_UNIT, uwh_from
from metering.packing import Thousandths

GAP_PERIODS = 2.2
"""Counter readings farther apart than this many sampling periods leave a gap: two periods, and a tenth for jitter."""
HOLD_PERIODS = 2
"""A gauge reading stands for the time after it, but for no more than this many sampling periods."""
DENSE_PERIODS = 1.5
"""Between two readings no farther apart than this nothing can be missing."""
LINEAR_MS = 7_200_000
"""Gaps up to here are divided in proportion to time; longer ones take the shape of reference days."""
_BEYOND_UW = 1e30
POWER_MARGIN = 1.2
"""A step is possible up to this multiple of the meter's maximum power."""
CLOCK_AHEAD_MS = 5_000
"""A device clock may lead the gateway's by this much; farther ahead it must not move the watermark, which would make every other meter late."""
AHEAD_OF_PLANT_MS = 300_000
"""What dates a reading may lead the plant's clock by this much; beyond it the reading is of no use, whatever the gateway says."""
OUT_OF_ORDER_MS = 60_000
"""Readings may overtake each other by this much before a quarter hour is first published; later ones take the late path."""
SEAL_AGE_MS = 1_800_000
"""Quarter hours that ended longer ago are sealed as soon as nothing can be missing in them."""
THIN_PERIODS = 120
THIN_AGE_MS = 2 * OUT_OF_ORDER_MS
"""Readings that lie close together are thinned out when they are older than both, or than `SEAL_AGE_MS`."""
HINDSIGHT_MS = 86_400_000
"""A register that went away may come back within this time, and one that stood still may catch up."""
MS_PER_HOUR = 3_600_000
UW_PER_KW = 1_000_000_000
MOST_REFRESH_MS = 60_000
"""What a register shows may be as old as the time between two readings of it, but no older than this unless it is seen to stand still."""
LONGEST_REFRESH_MS = 300_000
"""After a silence what a register shows may be as old as the silence, but no older than this: UMG 96-S2 refreshes every five minutes."""
REFRESH_SHOWN_MS = 900_000
"""A register that stands still for no longer than this and then catches up is refreshed slowly; after a longer time nobody knows when
the energy flowed."""
BEYOND_UWH = 2**80
"""No register shows a million terawatt-hours: such a reading is refused without waiting for the next."""
EXACT = 2**53
"""Whole numbers up to here are exact as floats."""
_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """Both readings of a meter exchange [uWh]; from `at_ms` on readings are the new meter's."""

    at_ms: int
    final_uwh: int
    start_uwh: int


@dataclass(frozen=True, slots=True)
class Multiplier:
    """Factor of the instrument transformers from `from_ms` on."""

    from_ms: int
    factor: Fraction


def factor_at(multipliers: tuple[Multiplier, ...], at_ms: int) -> Fraction:
    """The factor that holds at `at_ms`; 1 before the first."""
    at = bisect_right(multipliers, at_ms, key=lambda multiplier: multiplier.from_ms)
    return multipliers[at - 1].factor if at else _ONE


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
    refresh_ms: int
    """How old a value can be when it is read, of a register that is not seen to stand still."""
    thin_age_ms: int
    chunk_ms: int
    resolution_uwh: int
    modulus_uwh: int | None
    is_float32: bool
    exchanges: tuple[ExchangeRecord, ...]
    multipliers: tuple[Multiplier, ...] = ()
    is_balance: bool = False
    """Whether it counts down as well as up."""
    most_exact: float = 0.0
    """Values below this [unit] stay exact in 64 bits."""
    most_thousandths: float = 0.0
    """Thousandths below this number give the same amount as the value itself."""

    def amount(self, value: float, at_ms: int) -> int:
        """The reading `value` [unit of the register] in whole micro-watt-hours; exact for whole numbers, else to its own precision."""
        whole = int(value)
        raw = whole * self.uwh_per_unit
        if whole != value:
            raw += round((value - whole) * self.uwh_per_unit)
        if not self.multipliers:
            return raw
        return _times(raw, factor_at(self.multipliers, at_ms))

    def amounts(self, values: NDArray[np.float64], thousandths: Thousandths | None, at_ms: int) -> NDArray[np.int64] | None:
        """`amount` of many readings that one factor holds for; None where 64 bits are too few."""
        if thousandths is not None and thousandths.low >= 0 and thousandths.first >= 0 and thousandths.last < self.most_thousandths:
            # So far below the limit a float is so close to its thousandth that rounding finds it.
            raw = thousandths.numbers.astype(np.int64) * (self.uwh_per_unit // 1000)
        elif -self.most_exact < values.min() and values.max() < self.most_exact:
            whole = np.trunc(values)
            raw = whole.astype(np.int64) * self.uwh_per_unit + np.rint((values - whole) * self.uwh_per_unit).astype(np.int64)
        else:
            return None
        if not self.multipliers:
            return raw
        factor = factor_at(self.multipliers, at_ms)
        return raw * factor.numerator // factor.denominator

    def changes_within(self, t0: int, t1: int) -> bool:
        """Whether meter or transformer changed after `t0` and up to `t1` [ms]."""
        if not self.exchanges and not self.multipliers:
            return False
        return any(t0 < record.at_ms <= t1 for record in self.exchanges) or self.multiplier_changes(t0, t1)

    def multiplier_changes(self, t0: int, t1: int) -> bool:
        """Whether the transformers' factor changed after `t0` and up to `t1` [ms]."""
        return any(t0 < multiplier.from_ms <= t1 for multiplier in self.multipliers)

    def step_uwh(self, amount: int) -> int:
        """The smallest step the register can show at `amount`."""
        if not self.is_float32 or amount == 0:
            return self.resolution_uwh
        _, exponent = math.frexp(amount / self.uwh_per_unit)
        # Of a multiplied value the step is that of the value, multiplied: at most twice that of the product.
        bits = 23 if self.multipliers else 24
        return max(self.resolution_uwh, math.ceil(math.ldexp(1.0, exponent - bits) * self.uwh_per_unit))

    def factor(self, at_ms: int) -> Fraction:
        """What values are multiplied by at that time."""
        return factor_at(self.multipliers, at_ms) if self.multipliers else _ONE

    def modulus_at(self, at_ms: int) -> int | None:
        """The amount at which the register begins again at zero."""
        return None if self.modulus_uwh is None else _times(self.modulus_uwh, self.factor(at_ms))

    def most_detail(self) -> str:
        """What no register shows, for people."""
        return "a million terawatt-hours or more; check data type and word order"

    def is_possible(self, advance_uwh: int, elapsed_ms: int, at_uwh: int) -> bool:
        """Whether the register can have advanced so far in that time; a balance can have gone back as far."""
        if advance_uwh < 0:
            if not self.is_balance:
                return False
            advance_uwh = -advance_uwh
        most = self.most_uwh_per_ms * elapsed_ms
        return advance_uwh <= most or advance_uwh <= most + self.step_uwh(at_uwh)


@dataclass(frozen=True, slots=True)
class GaugeRules:
    """A gauge register: how long a reading holds, and which power no cable carries."""

    channel: str
    sampling_ms: int
    hold_ms: int
    dense_ms: float
    thin_age_ms: int
    chunk_ms: int
    uw_per_unit: float
    most_uw: float
    multipliers: tuple[Multiplier, ...] = ()

    def amount(self, value: float, at_ms: int) -> int:
        """The reading `value` [unit of the register] in whole microwatts."""
        # Beyond any cable is beyond: the product of a huge value would leave the numbers.
        amount = round(max(-_BEYOND_UW, min(_BEYOND_UW, value * self.uw_per_unit)))
        if not self.multipliers:
            return amount
        return _times(amount, factor_at(self.multipliers, at_ms))

    def most_detail(self) -> str:
        """What no cable carries, for people."""
        most_kw = self.most_uw / UW_PER_KW
        return f"beyond {most_kw:g} kW, which is max_power_kw with its margin; check unit, factor, word order and max_power_kw"


def counter_rules(meter: Meter, register: Register) -> CounterRules:
    """Rules of one counter of `meter`."""
    per_unit = UWH_PER_UNIT[register.unit]
    sampling_ms = round(register.sampling_s * 1000)
    multipliers = _multipliers(meter, register)
    exchanges = sorted(
        (
            epoch_ms(e.at_utc),
            _times(uwh_from(e.final_reading, register.unit), factor_at(multipliers, epoch_ms(e.at_utc) - 1)),
            _times(uwh_from(e.start_reading, register.unit), factor_at(multipliers, epoch_ms(e.at_utc))),
        )
        for e in meter.exchanges
        if e.channel == register.channel
    )
    largest = max([_ONE, *(m.factor for m in multipliers)])
    widest = max([1, *(m.factor.numerator for m in multipliers)])
    return CounterRules(
        channel=register.channel,
        sampling_ms=sampling_ms,
        gap_ms=GAP_PERIODS * sampling_ms,
        dense_ms=DENSE_PERIODS * sampling_ms,
        refresh_ms=min(sampling_ms, MOST_REFRESH_MS),
        thin_age_ms=min(SEAL_AGE_MS, max(THIN_AGE_MS, THIN_PERIODS * sampling_ms)),
        chunk_ms=_chunk_ms(sampling_ms),
        uwh_per_unit=per_unit,
        most_uwh_per_ms=POWER_MARGIN * meter.max_power_kw * UW_PER_KW / MS_PER_HOUR,
        resolution_uwh=math.ceil(uwh_from(register.resolution, register.unit) * largest),
        modulus_uwh=None if register.modulus is None else uwh_from(register.modulus, register.unit),
        is_float32=register.encoding == "float32",
        exchanges=tuple(ExchangeRecord(*exchange) for exchange in exchanges),
        multipliers=multipliers,
        is_balance=register.balance,
        most_exact=2.0**62 / per_unit / widest,
        most_thousandths=1000 * 2.0**51 / per_unit if widest < 1024 else 0.0,
    )


def gauge_rules(meter: Meter, register: Register) -> GaugeRules:
    """Rules of one gauge of `meter`."""
    sampling_ms = round(register.sampling_s * 1000)
    return GaugeRules(
        channel=register.channel,
        sampling_ms=sampling_ms,
        hold_ms=HOLD_PERIODS * sampling_ms,
        dense_ms=DENSE_PERIODS * sampling_ms,
        thin_age_ms=min(SEAL_AGE_MS, max(THIN_AGE_MS, THIN_PERIODS * sampling_ms)),
        chunk_ms=_chunk_ms(sampling_ms),
        uw_per_unit=KW_PER_UNIT[register.unit] * UW_PER_KW,
        most_uw=POWER_MARGIN * meter.max_power_kw * UW_PER_KW,
        multipliers=_multipliers(meter, register),
    )


def _times(amount: int, factor: Fraction) -> int:
    return amount * factor.numerator // factor.denominator


def _multipliers(meter: Meter, register: Register) -> tuple[Multiplier, ...]:
    return tuple(
        sorted(
            (
                Multiplier(epoch_ms(m.from_utc), Fraction(repr(m.factor)))
                for m in meter.multipliers
                if m.channel == register.channel
            ),
            key=lambda multiplier: multiplier.from_ms,
        )
    )


def _chunk_ms(sampling_ms: int) -> int:
    """Some sixty readings, and whole minutes."""
    return max(1, sampling_ms // 1000) * MS_PER_HOUR // 60
