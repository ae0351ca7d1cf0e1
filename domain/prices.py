"""Prices of energy that differ from hour to hour, as an exchange publishes them for a bidding zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from domain.instants import QuarterStart, UtcInstant
from domain.texts import Key, Name
from domain.units import Int64


@dataclass(frozen=True, slots=True)
class Prices:
    """Day-ahead prices of one zone, usually of one local day; of two records for one span the one with the higher `revision` counts."""

    site: Key
    """For whose energy they count."""
    zone: Key
    """Bidding zone, such as ``DE-LU``."""
    first_start_utc: QuarterStart
    revision: Int64
    minutes: Annotated[int, Field(ge=15, le=60, multiple_of=15)]
    """Length of each price's span: whole quarter hours, up to an hour."""
    eur_per_mwh: Annotated[
        tuple[Annotated[float, Field(ge=-100_000, le=100_000)], ...], Field(min_length=1, max_length=4 * 24 * 31)
    ]
    """One price a span, without gaps; may be negative. Net of VAT, levies and grid charges."""
    at_utc: UtcInstant
    """When it was read."""
    source: Name = ""
    """Where it comes from: a file's name, or the service."""

    @property
    def end_utc(self) -> datetime:
        """First instant after the last price's span."""
        return self.first_start_utc + timedelta(minutes=self.minutes) * len(self.eur_per_mwh)


def newest_prices(records: Iterable[Prices]) -> list[Prices]:
    """Of each span (zone, length, start) of one site the record with the highest revision; of two with the same revision the one read first.

    In the order in which they count: where spans overlap, a later one of the list stands before an earlier one. Shorter prices stand before
    longer ones, as an hour's price is the mean of its quarter hours; of equal length, what was read last.
    """
    found: dict[tuple[str, int, datetime], Prices] = {}
    for record in records:
        span = (record.zone, record.minutes, record.first_start_utc)
        known = found.get(span)
        if known is None or (record.revision, known.at_utc) > (known.revision, record.at_utc):
            found[span] = record
    return sorted(found.values(), key=lambda one: (-one.minutes, one.at_utc, one.revision, one.first_start_utc, one.zone))
