"""The quarter hour: the unit in which a factory is billed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.instants import QuarterStart
from domain.texts import Key
from domain.units import UWH_PER_KWH, Count, Int64, Share

QUARTER = timedelta(minutes=15)
QUARTER_MS = 900_000
QUARTERS_PER_HOUR = 4


class IntervalQuality(StrEnum):
    """How an interval's energy is known; the words of the tables and of the reports."""

    MEASURED = "measured"
    CORRECTED = "corrected"
    SUBSTITUTED = "substituted"
    ESTIMATED = "estimated"
    FAULTY = "faulty"
    MISSING = "missing"
    CALCULATED = "calculated"
    """Worked out from other meters' measured quarter hours. New words come last: their places are stored."""


QUALITIES_BEST_FIRST = (
    IntervalQuality.MEASURED,
    IntervalQuality.CALCULATED,
    IntervalQuality.CORRECTED,
    IntervalQuality.SUBSTITUTED,
    IntervalQuality.ESTIMATED,
    IntervalQuality.FAULTY,
    IntervalQuality.MISSING,
)
"""In the order in which reports list them."""


def worst_quality(qualities: Iterable[IntervalQuality]) -> IntervalQuality:
    """The quality that a sum has: that of its worst part."""
    return max(qualities, key=QUALITIES_BEST_FIRST.index)


class IntervalMethod(StrEnum):
    """By which rule an interval's energy came about."""

    REGISTER = "register"
    INTEGRAL = "integral"
    ROLLOVER = "rollover"
    RESET = "reset"
    EXCHANGE = "exchange"
    STEP_REMOVED = "step_removed"
    INTERPOLATED = "interpolated"
    LIKE_DAY_SCALED = "like_day_scaled"
    COVERED_MEAN = "covered_mean"
    STUCK = "stuck"
    NONE = "none"
    FORMULA = "formula"
    """Sums and differences of other meters; where a part is a substitute, so is the result."""
    MULTIPLIER = "multiplier"
    """The transformers' factor changed: each side of the instant was multiplied by its own."""


class IntervalOrigin(StrEnum):
    """Which path an interval came by."""

    METERING = "metering"
    IMPORT = "import"
    CALCULATED = "calculated"
    """Of a virtual meter: its parts came by other paths."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Energy of one register in one quarter hour ``[start_utc, start_utc + 15 min)``.

    The record with the highest `revision` counts; older ones stay. `energy_uwh` is None exactly where `quality` is missing.
    For reactive channels the unit reads micro-var-hour.
    """

    site: Key
    meter: Key
    channel: Key
    start_utc: QuarterStart
    energy_uwh: Int64 | None
    coverage: Share
    """Share of the 900 s that was seen, 0..1."""
    quality: IntervalQuality
    method: IntervalMethod
    revision: Int64
    readings: Count = 0
    """How many readings of the meter, over all its channels, fell into the quarter hour and were used."""
    origin: IntervalOrigin = IntervalOrigin.METERING

    def __post_init__(self) -> None:
        if (self.energy_uwh is None) != (self.quality is IntervalQuality.MISSING):
            msg = f"energy_uwh exactly where quality is not missing; quality is {self.quality}, energy_uwh {self.energy_uwh}"
            raise ValueError(msg)

    @property
    def energy_kwh(self) -> float | None:
        """Energy [kWh], for display and models."""
        return None if self.energy_uwh is None else self.energy_uwh / UWH_PER_KWH

    @property
    def power_kw(self) -> float | None:
        """Mean power [kW] of the quarter hour."""
        return None if self.energy_uwh is None else self.energy_uwh * QUARTERS_PER_HOUR / UWH_PER_KWH

    @property
    def end_utc(self) -> datetime:
        """First instant after the quarter hour."""
        return self.start_utc + QUARTER
