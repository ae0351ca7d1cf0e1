"""What a register can have done between two readings, in whole micro-watt-hours and milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.clock import epoch_ms
from domain.plant import Meter, Register, RegisterKind
from domain.units import KW_PER_UNIT, UWH_PER_UNIT, uwh_from

POWER_MARGIN = 1.2
"""A step is possible up to this multiple of the meter's greatest power."""
GAP_PERIODS = 2.2
"""Readings are a gap apart if by more than two sampling periods and a tenth for jitter."""
HOLD_PERIODS = 2
"""How many sampling periods a gauge's reading holds."""
UW_PER_KW = 1_000_000_000
_UWH_PER_KW_MS = 1_000_000_000 / 3_600_000


class Case(StrEnum):
    """What happened between two readings of a counter."""

    REGISTER = "register"
    ROLLOVER = "rollover"
    RESET = "reset"
    EXCHANGE = "exchange"
    STEP_REMOVED = "step_removed"


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """The fitter's protocol in micro-watt-hours."""

    at_ms: int
    final_uwh: int
    start_uwh: int


@dataclass(frozen=True, slots=True)
class RegisterRules:
    """One register of one meter, as the engine needs it."""

    channel: str
    kind: RegisterKind
    unit: str
    sampling_ms: int
    resolution_uwh: int
    max_power_kw: float
    modulus_uwh: int | None
    is_float32: bool
    exchanges: tuple[ExchangeRule, ...]

    @property
    def gap_ms(self) -> float:
        """Readings further apart than this are a gap apart."""
        return GAP_PERIODS * self.sampling_ms

    @property
    def hold_ms(self) -> int:
        """How long a gauge's reading holds at most."""
        return HOLD_PERIODS * self.sampling_ms

    def stored(self, value: float | int) -> int:
        """A reading's value as the engine keeps it: µWh of a counter, µW of a gauge."""
        if self.kind is RegisterKind.COUNTER:
            return int(value) * UWH_PER_UNIT[self.unit] if value == int(value) else uwh_from(value, self.unit)
        return round(value * KW_PER_UNIT[self.unit] * UW_PER_KW)

    def raw(self, stored: int) -> float:
        """The value in the register's own unit again."""
        scale = UWH_PER_UNIT[self.unit] if self.kind is RegisterKind.COUNTER else KW_PER_UNIT[self.unit] * UW_PER_KW
        return stored / scale

    def register_step_uwh(self, value_uwh: int) -> int:
        """One step of the register at a value: its resolution, or the spacing of float32 there."""
        if not self.is_float32:
            return self.resolution_uwh
        spacing = float(np.spacing(np.float32(value_uwh / UWH_PER_UNIT[self.unit])))
        return max(self.resolution_uwh, round(spacing * UWH_PER_UNIT[self.unit]))

    def greatest_uwh(self, elapsed_ms: int) -> int:
        """The most that can have flowed in `elapsed_ms`."""
        return int(POWER_MARGIN * self.max_power_kw * elapsed_ms * _UWH_PER_KW_MS)

    def is_possible(self, advance_uwh: int, elapsed_ms: int, value_uwh: int) -> bool:
        """Whether an advance can have been energy."""
        return 0 <= advance_uwh <= self.greatest_uwh(elapsed_ms) + self.register_step_uwh(value_uwh)

    def exchange_between(self, before_ms: int, after_ms: int) -> ExchangeRule | None:
        """The exchange of which `before_ms` saw the old and `after_ms` the new meter."""
        return next((e for e in self.exchanges if before_ms < e.at_ms <= after_ms), None)

    def possible_step(self, t0: int, v0: int, t1: int, v1: int) -> tuple[int, Case] | None:
        """Advance and case between two readings where it can have been energy, else None."""
        exchange = self.exchange_between(t0, t1)
        if exchange is not None:
            advance = (exchange.final_uwh - v0) + (v1 - exchange.start_uwh)
            return (advance, Case.EXCHANGE) if self.is_possible(advance, t1 - t0, v1) else None
        advance = v1 - v0
        if self.is_possible(advance, t1 - t0, max(v0, v1)):
            return advance, Case.REGISTER
        if advance < 0 and self.modulus_uwh is not None:
            advance += self.modulus_uwh
            if self.is_possible(advance, t1 - t0, max(v0, v1)):
                return advance, Case.ROLLOVER
        return None


def rules_of(meter: Meter) -> dict[str, RegisterRules]:
    """Rules of every register of a meter, by channel."""
    return {register.channel: _rules(meter, register) for register in meter.registers}


def _rules(meter: Meter, register: Register) -> RegisterRules:
    is_counter = register.kind is RegisterKind.COUNTER
    exchanges = tuple(
        ExchangeRule(epoch_ms(e.at_utc), uwh_from(e.final_reading, register.unit), uwh_from(e.start_reading, register.unit))
        for e in sorted(meter.exchanges, key=lambda exchange: exchange.at_utc)
        if e.channel == register.channel
    )
    return RegisterRules(
        channel=register.channel,
        kind=register.kind,
        unit=register.unit,
        sampling_ms=round(register.sampling_s * 1000),
        resolution_uwh=uwh_from(register.resolution, register.unit) if is_counter else 0,
        max_power_kw=meter.max_power_kw,
        modulus_uwh=uwh_from(register.modulus, register.unit) if is_counter and register.modulus else None,
        is_float32=register.encoding == "float32",
        exchanges=exchanges,
    )
