"""Prices of energy that differ from hour to hour, as an exchange publishes them for a bidding zone."""

from __future__ import annotations

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
