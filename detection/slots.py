"""Quarter hours as integers: compact in state, and easy to count."""

from __future__ import annotations

from datetime import datetime

from domain.clock import epoch_ms, instant
from domain.intervals import QUARTER_MS


def slot_of(instant_utc: datetime) -> int:
    """Number of the quarter hour that `instant_utc` lies in, counted from 1970."""
    return epoch_ms(instant_utc) // QUARTER_MS


def slot_start(slot: int) -> datetime:
    """UTC start of quarter hour number `slot`."""
    return instant(slot * QUARTER_MS)
