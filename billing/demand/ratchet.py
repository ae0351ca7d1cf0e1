"""`ratchet`: a share of the highest maximum of the months before is billed at least.

Usual in North America: 80 % over 11 months. 1,000 kW once are 800 kW for the next eleven months (PNNL, "What is a demand ratchet").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from billing.peaks import Peak
from billing.periods import MONTHS, Reset, months_before
from billing.reading import Table
from billing.sheet import Sheet

MOST_MONTHS = 24
"""How far back the load of a ratchet is followed: load profiles are kept no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """At least `percent` of the highest measured maximum of the `months` months before.

    Attributes
    ----------
    season
        The months of the year (1 to 12) whose maxima count.
    """

    percent: Fraction
    months: int
    season: tuple[int, ...] = MONTHS

    def floor(self, month: date, maximum: Callable[[date], Peak | None]) -> Peak | None:
        """What is billed at least in the month that begins on `month`; None where nothing is known of the months before.

        Parameters
        ----------
        maximum
            The measured maximum of the month that begins on a day; None where it is not known.
        """
        best: Peak | None = None
        since_year_1 = 12 * (month.year - 1)
        for back in range(min(self.months, since_year_1), 0, -1):
            earlier = months_before(month, back)
            peak = maximum(earlier) if earlier.month in self.season else None
            if peak is not None and (best is None or peak.value > best.value):
                best = peak
        return None if best is None else Peak(best.value * self.percent / 100, best.cause)

    def looks_back_to(self, day: date) -> date:
        """First day whose load bears on what `day` is billed."""
        return months_before(day, min(self.months, MOST_MONTHS))


def read_ratchet(table: Table, sheet: Sheet, reset: Reset) -> Ratchet | None:
    """The table `ratchet`, ``{ percent, months, season }``."""
    inner = table.table("ratchet")
    if inner is None:
        return None
    percent = inner.number("percent", required=True, low=0)
    months = inner.whole("months", required=True, default=1, low=1)
    season = sheet.season(inner)
    inner.finish()
    if percent is None:
        return None
    if reset != "month":
        table.wrong("ratchet", f"reset {reset}", 'reset = "month" with ratchet')
    return Ratchet(percent=percent, months=months, season=MONTHS if season is None else season.months)
