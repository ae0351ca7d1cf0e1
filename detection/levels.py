"""What a machine draws while it is off, learnt from its past off-shift quarter hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, quantiles

from detection.staffing import Phase

KEPT = 240
"""Values a phase. Between shifts one an hour is kept: four weekends of 60 h."""
ENOUGH = 12
"""Fewer values than this teach nothing; the plant file's standby power is used."""
MARGIN_OF_RATED = 0.1
MARGIN_ONCE_LEARNT = 0.05
"""Share of the rated power above the off level that is still off: less once the machine's own off level is known."""
MARGIN_OF_LEVEL = 0.25
MARGIN_KW = 1.0


@dataclass(frozen=True, slots=True)
class OffLevel:
    """What is expected of a machine that is off [kW], above which power it is clearly not off, and how that is known."""

    expected_kw: float
    limit_kw: float
    basis: str


@dataclass(slots=True)
class OffHistory:
    """Mean power [kW] of past off-shift quarter hours by phase and slot; a repeated slot replaces its value."""

    by_phase: dict[Phase, dict[int, float]] = field(default_factory=dict)

    def learn(self, phase: Phase, slot: int, power_kw: float) -> None:
        """Note one quarter hour in which the machine was off by plan and not found to be on."""
        if phase is Phase.BETWEEN and slot % 4:
            return
        values = self.by_phase.setdefault(phase, {})
        values[slot] = round(power_kw, 3)
        if len(values) > KEPT:
            del values[min(values)]

    def level(self, phase: Phase, standby_kw: float, rated_kw: float) -> OffLevel | None:
        """The off level in `phase`; None before a shift as long as warming up has not been seen: nobody can tell it from waste.

        Expected is the median. The limit stands on the upper quartile, so that a machine that cycles or is normally on while off by
        plan does not alarm, and one bad weekend in the history does not hide the next.
        """
        values = list(self.by_phase.get(phase, {}).values())
        if len(values) < ENOUGH:
            if phase is Phase.BEFORE_SHIFT:
                return None
            return OffLevel(
                standby_kw, standby_kw + _margin(standby_kw, rated_kw, MARGIN_OF_RATED), "standby power of the plant file"
            )
        middle, upper = median(values), quantiles(values, n=4)[2]
        high = max(upper, standby_kw)
        return OffLevel(
            middle, high + _margin(high, rated_kw, MARGIN_ONCE_LEARNT), f"median of {len(values)} off-shift quarter hours"
        )


def _margin(level_kw: float, rated_kw: float, share: float) -> float:
    return max(MARGIN_KW, share * rated_kw, MARGIN_OF_LEVEL * level_kw)
