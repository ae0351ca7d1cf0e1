"""The day-ahead prices that the advice knows: those of its tariff's zones, for the quarter hours that it may still plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from billing.tariff import Tariff
from domain.plant import Plant
from domain.prices import Prices, newest_prices

KEEP_BEHIND = timedelta(days=2)
"""Prices that end before this are in both bills alike."""
REACH = timedelta(days=40)
"""Prices that begin further ahead than this are no day-ahead prices; a wrong date would stay for ever."""

MOST = 100
"""Records that are kept before the time is known: while the topic is read again from its start."""


def with_prices(
    known: Sequence[Prices], prices: Prices, plant: Plant, tariff: Tariff | None, now_utc: datetime | None
) -> list[Prices]:
    """`known` with a further record, as far as it bears on the bills of this plant."""
    if prices.site != plant.site.id or tariff is None or prices.zone not in tariff.zones:
        return list(known)
    return prices_ahead([*known, prices], now_utc)


def prices_ahead(known: Sequence[Prices], now_utc: datetime | None) -> list[Prices]:
    """Of each span the newest revision, without what is over and what is too far ahead; the last ones before the time is known."""
    found = sorted(newest_prices(known), key=lambda one: one.first_start_utc)
    if now_utc is None:
        return found[-MOST:]
    return [one for one in found if one.end_utc > now_utc - KEEP_BEHIND and one.first_start_utc < now_utc + REACH]
