"""Day-ahead prices as they were published for a bidding zone.

In: records of `domain.topics.PRICES`. Out: a price for each quarter hour that has one. A quarter hour without one has none: it is never 0,
and never that of the hour before. `billing.tariff.Tariff.with_published` bills by them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from types import MappingProxyType

from billing.money import fraction
from domain.intervals import QUARTER
from domain.prices import Prices, newest_prices

HOUR = timedelta(hours=1)
_NONE: Mapping[datetime, Fraction] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class PublishedPrices:
    """Prices [EUR/MWh] by zone and start of the quarter hour."""

    quarters: Mapping[str, Mapping[datetime, Fraction]] = field(default_factory=dict)

    def of_quarters(self, zone: str) -> Mapping[datetime, Fraction]:
        """The price of each quarter hour; that of an hour stands for its four."""
        return self.quarters.get(zone, _NONE)

    def of_hours(self, zone: str) -> dict[datetime, Fraction]:
        """The price of each hour: the mean of its quarter hours, where all four have one.

        The market makes prices of quarter hours since delivery on 1 October 2025; its hourly index is their mean.
        """
        quarters = self.of_quarters(zone)
        found: dict[datetime, Fraction] = {}
        for start in quarters:
            if start.minute == 0:
                parts = [quarters.get(start + n * QUARTER) for n in range(4)]
                known = [part for part in parts if part is not None]
                if len(known) == len(parts):
                    found[start] = sum(known, Fraction(0)) / 4
        return found


def published(records: Iterable[Prices]) -> PublishedPrices:
    """What records of one site, in any order, state together: see `domain.prices.newest_prices`."""
    quarters: dict[str, dict[datetime, Fraction]] = defaultdict(dict)
    for record in newest_prices(records):
        parts = record.minutes * timedelta(minutes=1) // QUARTER
        of_zone = quarters[record.zone]
        for number, price in enumerate(record.eur_per_mwh):
            exact = fraction(price)
            for part in range(parts):
                of_zone[record.first_start_utc + (number * parts + part) * QUARTER] = exact
    return PublishedPrices(dict(quarters))
