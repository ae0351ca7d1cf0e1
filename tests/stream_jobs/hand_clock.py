"""A plant's clock that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class HandClock:
    """Shows `at_utc` until somebody sets it."""

    at_utc: datetime
    speed: float = 1.0

    def now_utc(self) -> datetime:
        return self.at_utc

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds()
