"""Gauges by the minute: what the JVM makes of the readings of one channel, so that Python never sees a single one of them."""

from __future__ import annotations

from dataclasses import dataclass

from domain.instants import EpochMs
from domain.texts import Key, Text
from domain.units import Count, Share

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Minute:
    """Readings of one channel of one meter that are dated within one minute; values are in the channel's own unit.

    Numbers are of good readings alone: None where there is none, or none with a number.
    """

    site: Key
    meter: Key
    channel: Key
    start_ms: EpochMs
    """Start of the minute [ms since 1970]; dates are the devices'."""
    count: Count
    """Readings, doubled ones once."""
    good: Share
    """Share of them that were good."""
    mean: float | None
    minimum: float | None
    maximum: float | None
    spread: float | None
    """Standard deviation of the good readings; 0 for a single one."""
    last: float | None
    """The newest good one."""
    text: Text | None = None
    """Text of the newest good reading that had one: a state by name."""
    changes: Count = 0
    """How often number or text changed from one good reading of the minute to the next."""
