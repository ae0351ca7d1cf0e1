"""Quarter hours by number and by start: the grid that every series lies on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.clock import EPOCH
from domain.intervals import QUARTER


def slot_of(instant_utc: datetime) -> int:
    """Number, since 1970, of the quarter hour that `instant_utc` lies in."""
    return (instant_utc - EPOCH) // QUARTER


def slot_start(slot: int) -> datetime:
    """Start of the quarter hour with that number."""
    return EPOCH + slot * QUARTER


def quarter_start(instant_utc: datetime) -> datetime:
    """Start of the quarter hour that `instant_utc` lies in."""
    return instant_utc - timedelta(
        minutes=instant_utc.minute % 15, seconds=instant_utc.second, microseconds=instant_utc.microsecond
    )


def quarter_from(instant_utc: datetime) -> datetime:
    """Start of the first quarter hour that begins at `instant_utc` or later."""
    begin = quarter_start(instant_utc)
    return begin if begin == instant_utc else begin + QUARTER


def quarter_starts(from_utc: datetime, to_utc: datetime) -> Iterator[datetime]:
    """Starts of all quarter hours in ``[from_utc, to_utc)``; `from_utc` lies on the grid."""
    start = from_utc
    while start < to_utc:
        yield start
        start += QUARTER
