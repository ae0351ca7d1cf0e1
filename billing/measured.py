"""A load in a billed period, and the energies that bills are made of; all exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from billing.frame import Frame
from billing.load import LoadProfile, Series
from billing.sums import Flags, Numbers, exact_sum


class Measured:
    """One load in one frame of `n` intervals.

    Attributes
    ----------
    imported
        Mean power drawn [10**-decimals kW], shape ``(n,)``. Feed-in counts as no import, interval by interval, and is no credit.
    there
        Where there is a power, shape ``(n,)``.
    may_be_maximum
        `there` without what makes no maximum: a faulty register's energy counts, its power does not.
    reactive, reactive_there
        Mean reactive power [10**-decimals kvar], inductive positive, and where there is one; None where the load has no such column.
    """

    def __init__(self, frame: Frame, load: LoadProfile) -> None:
        self.frame = frame
        power = frame.cut(load.power, load)
        self.there: Flags = power.there
        self.imported: Numbers = np.maximum(power.values, 0)
        reactive = None if load.reactive is None else frame.cut(load.reactive, load)
        self.reactive: Numbers | None = None if reactive is None else reactive.values
        self.reactive_there: Flags | None = None if reactive is None else reactive.there
        doubted = load.no_maximum
        self.may_be_maximum = self.there if doubted is None else self.there & ~frame.cut(Series(doubted, doubted), load).there
        self.unit = 10**load.decimals
        """Stored numbers in a kilowatt."""
        self.per_kwh = self.unit * (60 // frame.resolution_min)
        """Sums of stored numbers / `per_kwh` = energy [kWh or kvarh]."""

    def kwh(self, month: int, mask: Flags | None = None) -> Fraction:
        """Energy [kWh] of a month, inside `mask` (shape ``(n,)``); of what is there."""
        span = self.frame.span(month)
        values = self.imported[span] if mask is None else self.imported[span][mask[span]]
        return Fraction(exact_sum(values), self.per_kwh)

    def covered_hours(self, month: int) -> Fraction:
        """Hours of a month with a value."""
        return Fraction(int(self.there[self.frame.span(month)].sum()), 60 // self.frame.resolution_min)
