"""Known prices as rows of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from domain.instants import instant_text
from domain.prices import Prices, newest_prices

SPAN_COLUMNS = (
    "zone", "start_utc", "end_utc", "minutes", "prices", "lowest_eur_per_mwh", "mean_eur_per_mwh", "highest_eur_per_mwh", "revision",
    "read_utc", "source",
)  # fmt: skip
PRICE_COLUMNS = ("start_utc", "price_eur_per_mwh")


def span_rows(records: Iterable[Prices]) -> Iterator[tuple[str, ...]]:
    """A row for the newest revision of each span, by start."""
    for one in sorted(newest_prices(records), key=lambda one: (one.first_start_utc, one.zone, one.minutes)):
        prices = one.eur_per_mwh
        figures = (min(prices), sum(prices) / len(prices), max(prices))
        yield (
            one.zone, instant_text(one.first_start_utc), instant_text(one.end_utc), str(one.minutes), str(len(prices)),
            *(f"{price:.2f}" for price in figures), str(one.revision), instant_text(one.at_utc), one.source,
        )  # fmt: skip


def price_rows(records: Iterable[Prices]) -> Iterator[tuple[str, str]]:
    """A row for each price that counts, of records of one zone, by start: an hour's price once, where no shorter one stands before it."""
    found: dict[datetime, tuple[datetime, float]] = {}
    quarter = timedelta(minutes=15)
    for record in newest_prices(records):
        for place, price in enumerate(record.eur_per_mwh):
            start = record.first_start_utc + place * timedelta(minutes=record.minutes)
            for part in range(record.minutes // 15):
                found[start + part * quarter] = start, price
    before: tuple[datetime, float] | None = None
    for at, stated in sorted(found.items()):
        if stated != before:
            yield instant_text(at), repr(stated[1])
        before = stated
