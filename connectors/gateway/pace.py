"""How fast the outbox works, and how much it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Settings of the outbox. Seconds are of the wall clock."""

    gather_s: float = 0.02
    """What comes within this long is committed together."""
    in_flight: int = 3_000
    """Readings sent and not acknowledged; more wait on disk."""
    drain_in_flight: int = 1_000
    """Of these, readings from disk: the rest is room for live ones."""
    first_retry_s: float = 0.25
    last_retry_s: float = 5.0
    most_waiting: int = 100_000
    """Readings in memory while the disk cannot be written; what comes beyond is refused, counted and reported."""
