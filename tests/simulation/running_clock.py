"""A plant's clock that is set by hand, and says how long plant time would take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class HandClock:
    """A clock that a test sets."""

    now: datetime
    speed: float = 60.0

    def now_utc(self) -> datetime:
        return self.now

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds() / self.speed
