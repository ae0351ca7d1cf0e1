"""A load on a frame, and the sums that bills are made of; all exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from billing.frame import DemandGrid, Frame
from billing.load import Flags, LoadProfile, Numbers, Series, exact_sum
from billing.money import square_root
from billing.tariff import Component, Demand


@dataclass(frozen=True, slots=True)
class Demands:
    """Means over demand intervals: `order` ranks them, `exact` gives the value of some of them."""

    grid: DemandGrid
    order: Numbers
    whole: Flags
    """Whether every part is there, and none is of a kind that makes no maximum."""
    active: Numbers
    reactive: Numbers | None
    scale: int
    """Sums of parts / scale = mean [kW]."""

    def mean(self, places: list[int]) -> Fraction:
        """Mean of the demands at `places` [kW or kVA]."""
        total = sum((self._value(place) for place in places), Fraction(0))
        return total / len(places)

    def _value(self, place: int) -> Fraction:
        active = Fraction(int(self.active[place]), self.scale)
        if self.reactive is None:
            return active
        reactive = Fraction(int(self.reactive[place]), self.scale)
        return square_root(active**2 + reactive**2)


class Measured:
    """One load in one frame."""

    def __init__(self, frame: Frame, load: LoadProfile) -> None:
        self.frame = frame
        power = frame.cut(load.power, load)
        self.there = power.there
        self.imported: Numbers = np.maximum(power.values, 0)
        """Feed-in counts as no import, interval by interval, and is no credit."""
        reactive = None if load.reactive is None else frame.cut(load.reactive, load)
        self.reactive = None if reactive is None else reactive.values
        self.reactive_there = None if reactive is None else reactive.there
        doubted = load.no_maximum
        self.may_be_maximum = self.there if doubted is None else self.there & ~frame.cut(Series(doubted, doubted), load).there
        self.unit = 10**load.decimals
        self.parts_per_hour = 60 // frame.resolution_min

    def span(self, month: int) -> slice:
        """Intervals of a month."""
        return slice(int(self.frame.bounds[month]), int(self.frame.bounds[month + 1]))

    def kwh(self, month: int, mask: Flags | None = None) -> Fraction:
        """Energy [kWh] of a month, inside `mask`."""
        span = self.span(month)
        values = self.imported[span] if mask is None else self.imported[span][mask[span]]
        return Fraction(exact_sum(values), self.unit * self.parts_per_hour)

    def covered_hours(self, month: int) -> Fraction:
        """Hours of a month with a value."""
        return Fraction(int(self.there[self.span(month)].sum()), self.parts_per_hour)

    def demands(self, demand: Demand) -> Demands:
        """All demand intervals of a charge."""
        grid = self.frame.demand_grid(demand)
        active = _sums(self.imported, grid)
        whole = _all(self.may_be_maximum, grid)
        scale = self.unit * grid.parts
        if demand.quantity == "kW" or self.reactive is None or self.reactive_there is None:
            return Demands(grid, active, whole, active, None, scale)
        reactive = _sums(self.reactive, grid)
        apparent = np.hypot(active.astype(np.float64), reactive.astype(np.float64)) / scale
        # Equal demands must compare as equal, so that the earliest is named.
        return Demands(grid, np.round(apparent, 9), whole & _all(self.reactive_there, grid), active, reactive, scale)

    def reactive_excess(self, month: int, component: Component, inductive: bool, free: Fraction, by_interval: bool) -> Fraction:
        """Reactive energy [kvarh] above the free share, of a month's sums or summed interval by interval."""
        assert self.reactive is not None
        assert self.reactive_there is not None
        span, mask = self.span(month), self.frame.mask(component)
        signed = self.reactive[span] if inductive else -self.reactive[span]
        reactive, active = np.maximum(signed, 0), self.imported[span]
        chosen = np.ones(len(active), dtype=np.bool_) if mask is None else mask[span]
        if by_interval:
            both = self.there[span] & self.reactive_there[span]
            # Where the two are equal to a float's precision the excess is nothing that could be billed.
            chosen = chosen & both & (reactive.astype(np.float64) > float(free) * active.astype(np.float64))
        total: Fraction = exact_sum(reactive[chosen]) - free * exact_sum(active[chosen])
        excess: Fraction = total / (self.unit * self.parts_per_hour)
        return max(Fraction(0), excess)


def _sums(values: Numbers, grid: DemandGrid) -> Numbers:
    total: Numbers = values[grid.first].copy()
    for part in range(1, grid.parts):
        total += values[grid.first + part]
    return total


def _all(there: Flags, grid: DemandGrid) -> Flags:
    whole: Flags = there[grid.first].copy()
    for part in range(1, grid.parts):
        whole &= there[grid.first + part]
    return whole
