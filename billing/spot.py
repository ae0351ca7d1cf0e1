"""Day-ahead prices beside a tariff: ``start_utc,price_eur_per_mwh``, 60 or 15 minutes apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

from billing.rows import read_rows


@dataclass(frozen=True, eq=False)
class SpotPrices:
    """Prices by the start of their interval; an interval without one is not known yet."""

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


def read_spot(path: Path) -> SpotPrices:
    """The prices in `path`.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    table = read_rows(path, [("start_utc", "price_eur_per_mwh")], resolutions_min=(15, 60))
    prices = {
        start: value for start, value in zip(table.starts, table.columns["price_eur_per_mwh"], strict=True) if value is not None
    }
    return SpotPrices(path, timedelta(minutes=table.resolution_min), {start: Fraction(text) for start, text in prices.items()})
