"""Day-ahead prices beside a tariff: ``start_utc,price_eur_per_mwh``, 60 or 15 minutes apart, or hours on some days and quarter hours on others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from quarters.profiles.day_prices import read_day_prices


@dataclass(frozen=True, eq=False)
class SpotPrices:
    """Prices by the start of their interval; an interval without one is not known yet.

    Where a file has days of hours and days of quarter hours, an hour's price stands for each of its quarter hours.
    """

    path: Path
    resolution: timedelta
    eur_per_mwh: dict[datetime, Fraction]

    def at(self, instant_utc: datetime) -> Fraction | None:
        """The price [EUR/MWh] that holds at `instant_utc`."""
        minutes = int(self.resolution.total_seconds()) // 60
        start = instant_utc - timedelta(
            minutes=instant_utc.minute % minutes, seconds=instant_utc.second, microseconds=instant_utc.microsecond
        )
        return self.eur_per_mwh.get(start)

    def overruled_by(self, others: SpotPrices) -> SpotPrices:
        """These prices, with those of `others` in their place wherever `others` knows one."""
        if not others.eur_per_mwh:
            return self
        step = min(self.resolution, others.resolution)
        return SpotPrices(self.path, step, {**self._every(step), **others._every(step)})

    def _every(self, step: timedelta) -> dict[datetime, Fraction]:
        """The prices by the start of each `step`, of which each interval has a whole number."""
        parts = self.resolution // step
        return {start + part * step: price for start, price in self.eur_per_mwh.items() for part in range(parts)}


def read_spot(path: Path, zone: ZoneInfo) -> SpotPrices:
    """The prices in `path`.

    Parameters
    ----------
    zone
        Whose midnight the market's days begin at.

    Raises
    ------
    InputFaults
        With every fault of the file, also where nobody could tell whether a day's prices hold for hours or for quarter hours.
    """
    rows = read_day_prices(path, zone)
    finest = timedelta(minutes=min(row.minutes for row in rows))
    prices: dict[datetime, Fraction] = {}
    for row in rows:
        for part in range(timedelta(minutes=row.minutes) // finest if row.eur_per_mwh is not None else 0):
            prices[row.start_utc + part * finest] = Fraction(row.eur_per_mwh or 0)
    return SpotPrices(path, finest, prices)
