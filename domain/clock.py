"""Where "now" comes from. Nothing else in Lastgang may read the operating system's time of day for the plant."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from domain.files import write_whole


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

    def at_utc(self, real_utc: datetime) -> datetime:
        """The plant's time when the computer's was `real_utc`."""
        return real_utc

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds()


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that showed `plant_anchor_utc` at `real_anchor_utc` and runs `speed` times as fast as the computer's."""

    real_anchor_utc: datetime
    plant_anchor_utc: datetime
    speed: float

    def now_utc(self) -> datetime:
        return self.at_utc(datetime.now(UTC))

    def at_utc(self, real_utc: datetime) -> datetime:
        """The plant's time when the computer's was `real_utc`."""
        return self.plant_anchor_utc + (real_utc - self.real_anchor_utc) * self.speed

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds() / self.speed

    def as_setting(self) -> str:
        """The text that `clock_from_setting` reads."""
        return f"{self.real_anchor_utc.isoformat()},{self.plant_anchor_utc.isoformat()},{self.speed}"


class StartableClock:
    """A clock in a file, shared by processes that start before the plant's time does.

    While the file holds ``PLANT_ANCHOR,SPEED`` the clock stands at the anchor; once it holds what `ScaledClock.as_setting` writes
    it runs, for all who share the file. A file that changes again is a clock that was set while it ran.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._running: ScaledClock | None = None
        anchor, speed = self._read()
        self._anchor_utc, self._speed = datetime.fromisoformat(anchor), float(speed)

    @property
    def speed(self) -> float:
        return self._speed

    def now_utc(self) -> datetime:
        return self.at_utc(datetime.now(UTC))

    def at_utc(self, real_utc: datetime) -> datetime:
        """The plant's time when the computer's was `real_utc`, by the clock as it is set now."""
        self._follow()
        return self._anchor_utc if self._running is None else self._running.at_utc(real_utc)

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds() / self._speed

    def _follow(self) -> None:
        try:
            status = os.stat(self._path)  # noqa: PTH116  # half the time of Path.stat, and every reading asks
        except FileNotFoundError:
            return  # whoever made it has cleared up; what it showed goes on
        if (status.st_ino, status.st_mtime_ns) != self._seen:
            self._seen = status.st_ino, status.st_mtime_ns
            self._read()

    def _read(self) -> tuple[str, str]:
        parts = self._path.read_text(encoding="ascii").strip().split(",")
        if len(parts) == 3:
            self._running = ScaledClock(datetime.fromisoformat(parts[0]), datetime.fromisoformat(parts[1]), float(parts[2]))
        return parts[-2], parts[-1]

    @staticmethod
    def hold(path: Path, plant_anchor_utc: datetime, speed: float) -> None:
        """Make the clock in `path` stand at `plant_anchor_utc`."""
        write_whole(path, f"{plant_anchor_utc.isoformat()},{speed}")

    @staticmethod
    def start(path: Path) -> ScaledClock:
        """Let the clock in `path` run from now on; what it shows from here."""
        anchor, speed = path.read_text(encoding="ascii").strip().split(",")[-2:]
        running = ScaledClock(datetime.now(UTC), datetime.fromisoformat(anchor), float(speed))
        write_whole(path, running.as_setting())
        return running

    @staticmethod
    def step(path: Path, by: timedelta) -> ScaledClock:
        """Set the running clock in `path` forward, or back where `by` is negative; what it shows from here."""
        real, plant, speed = path.read_text(encoding="ascii").strip().split(",")
        stepped = ScaledClock(datetime.fromisoformat(real), datetime.fromisoformat(plant) + by, float(speed))
        write_whole(path, stepped.as_setting())
        return stepped


def clock_from_setting(setting: str | None) -> Clock:
    """The clock named by a setting: empty for the computer's own, ``REAL_ANCHOR,PLANT_ANCHOR,SPEED``, or ``@FILE``.

    Raises
    ------
    ValueError
        If the text has another form.
    """
    if not setting:
        return SystemClock()
    if setting.startswith("@"):
        return StartableClock(Path(setting[1:]))
    parts = setting.split(",")
    if len(parts) != 3:
        msg = f"clock setting {setting!r}: expected REAL_ANCHOR_UTC,PLANT_ANCHOR_UTC,SPEED, @FILE or nothing at all"
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
