"""What a machine draws while it is off, learnt from its past off-shift quarter hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, quantiles

from detection.staffing import Phase

KEPT = 240
"""Values a phase. Between shifts one an hour is kept: four weekends of 60 h."""
ENOUGH = 12
"""Fewer values than this teach nothing; the plant file's standby power is used."""
SETTLED = 48
"""Values of a phase after which an accepted level is known from them."""
MARGIN_OF_RATED = 0.1
MARGIN_ONCE_LEARNT = 0.05
"""Share of the rated power above the off level that is still off: less once the machine's own off level is known."""
MARGIN_OF_LEVEL = 0.25
MARGIN_KW = 1.0
SPREADS = 4.0
"""How many times the upper quartile's distance from the median: of a normal distribution one quarter hour in 2,700 is above it."""
HOURLY = (Phase.BETWEEN, Phase.AT_REST)
ALIKE = {
    Phase.BETWEEN: Phase.AT_REST,
    Phase.AT_REST: Phase.BETWEEN,
    Phase.AFTER_SHIFT: Phase.AFTER_LAST_SHIFT,
    Phase.AFTER_LAST_SHIFT: Phase.AFTER_SHIFT,
}
"""Whose values are taken where a phase has too few of its own."""


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
    accepted_kw: float | None = None
    """Power that was found so often that it is taken for the off level; what was learnt before is forgotten then."""

    def learn(self, phase: Phase, slot: int, power_kw: float) -> None:
        """Note one quarter hour in which the machine was off by plan and not found to be on."""
        if phase in HOURLY and slot % 4:
            return
        values = self.by_phase.setdefault(phase, {})
        values[slot] = round(power_kw, 3)
        if len(values) > KEPT:
            del values[min(values)]

    def forget(self, phase: Phase, slot: int) -> None:
        """Drop a quarter hour that turned out not to be known."""
        self.by_phase.get(phase, {}).pop(slot, None)

    def accept(self, power_kw: float) -> None:
        """From now on the machine is expected to draw `power_kw` while it is off, whatever it drew before."""
        self.by_phase.clear()
        self.accepted_kw = round(power_kw, 3)

    def level(self, phase: Phase, standby_kw: float, rated_kw: float) -> OffLevel | None:
        """The off level in `phase`; None before a shift as long as warming up has not been seen: it cannot be distinguished from waste.

        Expected is the median. The limit stands on the upper quartile, so that a machine that cycles or is normally on while off by
        plan does not alarm, and one bad weekend in the history does not hide the next.
        """
        values = list(self.by_phase.get(phase, {}).values())
        accepted_kw = self.accepted_kw if len(values) < SETTLED else None
        if len(values) < ENOUGH and phase in ALIKE:
            values = list(self.by_phase.get(ALIKE[phase], {}).values())
        if len(values) < ENOUGH:
            if phase in (Phase.BEFORE_SHIFT, Phase.BEFORE_FIRST_SHIFT):
                return None
            if accepted_kw is None:
                limit_kw = standby_kw + _margin(standby_kw, rated_kw, MARGIN_OF_RATED)
                return OffLevel(standby_kw, limit_kw, "standby_power")
            high_kw = max(accepted_kw, standby_kw)
            limit_kw = high_kw + _margin(high_kw, rated_kw, MARGIN_ONCE_LEARNT)
            return OffLevel(accepted_kw, limit_kw, "accepted_level")
        middle, upper = median(values), quantiles(values, n=4)[2]
        high_kw = max(upper, standby_kw, accepted_kw or 0.0)
        # What strays by itself must stray further; but no further than what is allowed where nothing is known.
        strays_kw = min(SPREADS * (upper - middle), MARGIN_OF_RATED * rated_kw)
        limit_kw = high_kw + max(_margin(high_kw, rated_kw, MARGIN_ONCE_LEARNT), strays_kw)
        return OffLevel(middle, limit_kw, f"median_of_{len(values)}_quarter_hours")


def is_alike(power_kw: float, other_kw: float, rated_kw: float) -> bool:
    """Whether two powers of a machine of `rated_kw` are one level, as far as levels can be distinguished at all."""
    return abs(power_kw - other_kw) <= _margin(other_kw, rated_kw, MARGIN_ONCE_LEARNT)


def above(power_kw: float, rated_kw: float, basis: str) -> OffLevel:
    """`power_kw` as an off level."""
    return OffLevel(power_kw, power_kw + _margin(power_kw, rated_kw, MARGIN_ONCE_LEARNT), basis)


def _margin(level_kw: float, rated_kw: float, share: float) -> float:
    return max(MARGIN_KW, share * rated_kw, MARGIN_OF_LEVEL * level_kw)
