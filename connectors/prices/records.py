"""What is sent of the prices that somebody read: only what differs from what is known, as revisions.

A file that lacks an hour does not take back its price: what it does not state stays as it was. A record is one local day, or the part of it
between two gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from connectors.prices.series import ZonePrices
from domain.prices import Prices, newest_prices
from domain.texts import printable

MOST_SOURCE = 200
"""Characters of a source's name that are kept."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose prices were read, when, and from where."""

    site: str
    zone: ZoneInfo
    """Whose midnight the market's days begin at."""
    at_utc: datetime
    source: str


def revisions(read: ZonePrices, known: Iterable[Prices], reading: Reading) -> list[Prices]:
    """The records to send, by start.

    Parameters
    ----------
    known
        All records of the topic; those of other sites, zones and lengths change nothing.
    """
    newest = [one for one in newest_prices(one for one in known if one.site == reading.site) if one.zone == read.zone]
    found: list[Prices] = []
    for minutes in sorted({price.minutes for price in read.prices}, reverse=True):
        of_length = [one for one in newest if one.minutes == minutes]
        stated = {price.start_utc: float(price.eur_per_mwh or 0) for price in read.prices if price.minutes == minutes}
        before = _by_start(of_length)
        days = {start.astimezone(reading.zone).date() for start, price in stated.items() if before.get(start) != price}
        after = {start: price for start, price in {**before, **stated}.items() if start.astimezone(reading.zone).date() in days}
        known_spans = {one.first_start_utc: one for one in of_length}
        for starts in _stretches(sorted(after), minutes, reading.zone):
            record = _record(read.zone, minutes, starts[0], tuple(after[start] for start in starts), reading)
            same = known_spans.get(record.first_start_utc)
            if same is None:
                found.append(record)
            elif same.eur_per_mwh != record.eur_per_mwh:
                found.append(replace(record, revision=same.revision + 1))
    return sorted(found, key=lambda one: (one.first_start_utc, -one.minutes))


def _by_start(records: Sequence[Prices]) -> dict[datetime, float]:
    """What records of one zone and length state together, in the order in which they count."""
    step = {record.minutes: timedelta(minutes=record.minutes) for record in records}
    return {
        record.first_start_utc + place * step[record.minutes]: price
        for record in records
        for place, price in enumerate(record.eur_per_mwh)
    }


def _stretches(starts: Sequence[datetime], minutes: int, zone: ZoneInfo) -> Iterable[list[datetime]]:
    """Rising starts cut at gaps and at local midnight."""
    step = timedelta(minutes=minutes)
    numbered = enumerate(starts)
    for _, group in groupby(numbered, key=lambda one: (one[1].astimezone(zone).date(), one[1] - one[0] * step)):
        yield [start for _, start in group]


def _record(zone: str, minutes: int, first: datetime, prices: tuple[float, ...], reading: Reading) -> Prices:
    return Prices(reading.site, zone, first, 1, minutes, prices, reading.at_utc, printable(reading.source, MOST_SOURCE))
