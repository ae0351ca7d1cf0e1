"""`history`: monthly maxima that were billed before the billed period begins, since the load does not contain them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from billing.demand.units import Quantity
from billing.frame import Frame
from billing.peaks import ZERO, Peak
from billing.reading import Table

_MONTH = re.compile(r"[1-8][0-9]{3}-(0[1-9]|1[0-2])")
"""Of a year that days can be counted in without leaving the calendar."""


@dataclass(frozen=True, slots=True)
class History:
    """Maxima [kW or kVA] by the first day of their month."""

    maxima: Mapping[date, Fraction] = field(default_factory=dict)

    def before(self, frame: Frame, month: date) -> Fraction | None:
        """The maximum of the month that begins on `month`; None where there is none, or the frame's load contains it.

        Of the month in which a billed period begins after the 1st the load has only a part: its maximum counts too.
        """
        first = frame.from_day.replace(day=1)
        known_by_load = month > first or (month == first and frame.from_day.day == 1)
        return None if known_by_load else self.maxima.get(month)

    def of_year(self, frame: Frame, year: int) -> Fraction:
        """The highest of a calendar year, as far as it lies before the load; 0 where there is none."""
        known = (self.before(frame, date(year, month, 1)) for month in range(1, 13))
        return max((value for value in known if value is not None), default=ZERO)

    def raised(self, peak: Peak, frame: Frame, year: int) -> Peak:
        """The maximum of a year with what is known from before the load."""
        known = self.of_year(frame, year)
        return Peak(known) if known > peak.value else peak


def read_history(table: Table, quantity: Quantity) -> History:
    """The table `history`, ``{ "2026-03" = "812 kW" }``; `quantity` is the unit, ``kW`` or ``kVA``."""
    inner = table.table("history")
    if inner is None:
        return History()
    maxima = {}
    for month in list(inner.data):
        is_month = _MONTH.fullmatch(month) is not None
        if not is_month:
            inner.wrong(month, month, "a month such as 2026-03")
        value = inner.quantity(month, quantity)
        if value is not None and is_month:
            maxima[date.fromisoformat(f"{month}-01")] = value
    inner.finish()
    return History(maxima)
