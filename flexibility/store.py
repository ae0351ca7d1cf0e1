"""Whatever a load stores, as one level between two edges: pressure, temperature, charge.

    dx/dt = -leak (x - surroundings) + per_kwh * w - use

`x` is the level, `w` the power that works (above what the load draws idle), `use` what production takes. Cold stores have a negative
`per_kwh` and a negative `use`: power lowers their temperature, goods raise it. Solved in closed form for a power and a use that stay the
same, so that steps of any length give the same level. Hao, Sanandaji, Poolla, Vincent: "Aggregate flexibility of thermostatically
controlled loads", IEEE Trans. Power Systems 30(1), 2015, call this a generalised battery.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TINY = 1e-9
"""Part of the band that counts as nothing: rounding."""


@dataclass(frozen=True, slots=True)
class Store:
    """A level and what moves it, by the hour."""

    lower: float
    """Lower edge of the band [bar, °C, kWh: the level's unit]."""
    upper: float
    """Upper edge [the level's unit]."""
    per_kwh: float
    """What a working kWh changes [the level's unit per kWh]."""
    most_kw: float
    """The highest working power [kW]."""
    leak_per_h: float = 0.0
    """Part of the distance to the surroundings that is lost [1/h]."""
    surroundings: float = 0.0
    """The level at which nothing leaks [the level's unit]."""
    most_use_per_h: float = 0.0
    """What production takes at most [the level's unit per hour]."""
    usual_use_per_h: float = 0.0
    """What it usually takes [the level's unit per hour]."""
    held_use_per_h: float = 0.0
    """What a hold takes besides: of a battery, which gives while others wait [the level's unit per hour]."""
    held_kw: float = 0.0
    """What the load draws while it is held: idle power, or less than nothing where it gives [kW]."""

    @property
    def waiting_edge(self) -> float:
        """The edge that the level moves to while the load is held."""
        return self.lower if self.per_kwh > 0 else self.upper

    @property
    def full_edge(self) -> float:
        """The edge at which the load's own control ends working."""
        return self.upper if self.per_kwh > 0 else self.lower

    def rate_per_h(self, level: float, working_kw: float, use_per_h: float) -> float:
        """How fast the level changes at this instant."""
        return self.leak_per_h * (self.surroundings - level) + self.per_kwh * working_kw - use_per_h

    def after(self, level: float, working_kw: float, use_per_h: float, hours: float) -> float:
        """The level after `hours` of the same power and use, wherever the edges are."""
        rate = self.rate_per_h(level, working_kw, use_per_h)
        if self.leak_per_h == 0:
            return level + rate * hours
        return level - rate * math.expm1(-self.leak_per_h * hours) / self.leak_per_h

    def hours_until(self, level: float, edge: float, working_kw: float, use_per_h: float) -> float:
        """How long the level takes to get out of the band at `edge`; infinite if it does not, 0 where it is there already."""
        rate = self.rate_per_h(level, working_kw, use_per_h)
        way = edge - level
        if self.is_at(level, edge):
            return 0.0
        if rate == 0 or (way > 0) != (rate > 0):
            return math.inf
        if self.leak_per_h == 0:
            return way / rate
        part = self.leak_per_h * way / rate
        return math.inf if part >= 1 else -math.log1p(-part) / self.leak_per_h

    def is_at(self, level: float, edge: float) -> bool:
        """Whether the level is at this edge of the band or beyond it."""
        slack = TINY * (self.upper - self.lower)
        return level >= edge - slack if edge == self.upper else level <= edge + slack

    def hours_held(self, level: float) -> float:
        """How long a hold can last from `level` on, at the most that production takes."""
        return self.hours_until(level, self.waiting_edge, 0.0, self.most_use_per_h + self.held_use_per_h)

    def keeping_kw(self, level: float, use_per_h: float) -> float:
        """The working power at which the level stays where it is, within what the load can do [kW]."""
        return min(max(-self.rate_per_h(level, 0.0, use_per_h) / self.per_kwh, 0.0), self.most_kw)

    def is_inside(self, level: float) -> bool:
        """Whether the level is between the edges."""
        slack = TINY * (self.upper - self.lower)
        return self.lower - slack <= level <= self.upper + slack

    def left_alone(self, level: float, use_per_h: float, hours: float) -> tuple[float, float]:
        """The level after `hours` under the load's own control, and the working energy: full power up to the full edge, then what keeps it.

        Returns
        -------
        tuple
            Level [the level's unit], working energy [kWh].
        """
        filling_h = min(self.hours_until(level, self.full_edge, self.most_kw, use_per_h), hours)
        level = self.after(level, self.most_kw, use_per_h, filling_h)
        rest_h = hours - filling_h
        if rest_h <= 0:
            return level, self.most_kw * filling_h
        keeping_kw = self.keeping_kw(level, use_per_h)
        return self.after(level, keeping_kw, use_per_h, rest_h), self.most_kw * filling_h + keeping_kw * rest_h
