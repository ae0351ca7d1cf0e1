"""Where "now" comes from. Nothing else in Lastgang may ask the operating system for the time of day of the plant."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The plant's time: what a gateway stamps and a console shows."""

    @property
    def speed(self) -> float:
        """Plant seconds per second of the computer's clock."""

    def now_utc(self) -> datetime:
        """The instant it is at the plant."""

    def real_seconds(self, plant_time: timedelta) -> float:
        """How long a wait of `plant_time` takes on the wall clock [s]."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The computer's own clock."""

    speed: float = 1.0

    def now_utc(self) -> datetime:
        return datetime.now(UTC)

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds()


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that showed `plant_anchor_utc` at `real_anchor_utc` and runs `speed` times as fast as the computer's."""

    real_anchor_utc: datetime
    plant_anchor_utc: datetime
    speed: float

    def now_utc(self) -> datetime:
        return self.plant_anchor_utc + (datetime.now(UTC) - self.real_anchor_utc) * self.speed

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds() / self.speed

    def as_setting(self) -> str:
        """The text that `clock_from_setting` reads."""
        return f"{self.real_anchor_utc.isoformat()},{self.plant_anchor_utc.isoformat()},{self.speed}"


def clock_from_setting(setting: str | None) -> Clock:
    """The clock named by a setting: empty for the computer's own, or ``REAL_ANCHOR,PLANT_ANCHOR,SPEED``.

    Raises
    ------
    ValueError
        If the text has another form.
    """
    if not setting:
        return SystemClock()
    parts = setting.split(",")
    if len(parts) != 3:
        msg = f"clock setting {setting!r}: expected REAL_ANCHOR_UTC,PLANT_ANCHOR_UTC,SPEED or nothing at all"
        raise ValueError(msg)
    real, plant = (datetime.fromisoformat(part) for part in parts[:2])
    return ScaledClock(real, plant, float(parts[2]))


def process_clock() -> Clock:
    """The clock of this process, by the environment variable ``LASTGANG_CLOCK``."""
    return clock_from_setting(os.environ.get("LASTGANG_CLOCK"))


def epoch_ms(instant_utc: datetime) -> int:
    """Milliseconds since 1970 of an aware instant, exact to the millisecond."""
    return (instant_utc - EPOCH) // timedelta(milliseconds=1)


def instant(epoch_milliseconds: int) -> datetime:
    """The aware UTC instant of `epoch_milliseconds`."""
    return EPOCH + timedelta(milliseconds=epoch_milliseconds)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def sleep(clock: Clock, plant_time: timedelta) -> None:
    """Wait for `plant_time` on `clock` without blocking the event loop."""
    await asyncio.sleep(clock.real_seconds(plant_time))


def sleep_blocking(clock: Clock, plant_time: timedelta) -> None:
    """Wait for `plant_time` on `clock`."""
    time.sleep(clock.real_seconds(plant_time))
