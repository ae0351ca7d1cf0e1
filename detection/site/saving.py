"""How much less energy a machine takes when it is set otherwise: shares from the literature, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the lower and upper end of an 80 % interval."""

    low: float
    middle: float
    high: float

    def times(self, factor: float) -> Interval:
        """Each of them times `factor`."""
        return Interval(self.low * factor, self.middle * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class PerUnit:
    """Share of the energy that one unit of a set point is worth."""

    low: float
    middle: float
    high: float

    def share(self, value: float) -> Interval:
        """Share that a change by `value` [the set point's unit] is worth, never more than `LARGEST_SHARE`."""
        return Interval(*(min(each * value, LARGEST_SHARE) for each in (self.low, self.middle, self.high)))


PRESSURE = PerUnit(0.06, 0.07, 0.08)
"""One bar less at a compressor of about 7 bar: 6 to 8 % [1]_, half a percent per psi [2]_. Less air through leaks comes on top and is not counted.

References
----------
.. [1] Radgen, Blaustein (eds.): Compressed Air Systems in the European Union. LOG_X, Stuttgart 2001: about 7 % per bar.
.. [2] U.S. Department of Energy: Improving Compressed Air System Performance, a Sourcebook for Industry, 3rd ed. 2016: 1 % for 2 psi.
"""
FLOW_TEMPERATURE = PerUnit(0.02, 0.025, 0.03)
"""One kelvin warmer water from a chiller: 2 to 3 % [1]_.

References
----------
.. [1] Carbon Trust: Refrigeration systems, guide CTG046, 2011: 2 to 4 % for each degree by which the evaporating temperature rises.
"""
_HOLDING = (0.7, 1.0, 1.3)
_ROOM_C = 20.0


def holding_share(from_level: float, to_level: float) -> Interval:
    """Share of the holding energy that a furnace saves at `to_level` instead of `from_level` [°C].

    Its losses go with the difference to the room; what heating up again takes was saved while it cooled down. Radiation through openings
    falls faster, control and fans stay: 30 % to either side.
    """
    share = max(from_level - to_level, 0.0) / max(from_level - _ROOM_C, 1.0)
    return Interval(*(min(each * share, LARGEST_SHARE) for each in _HOLDING))
