"""What a poller passed on, for tests that wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from connectors.channels import Channel, RefusedChannel
from connectors.devices import LiveValue
from connectors.modbus.client import ModbusConnection
from connectors.modbus.poller import PolledDevice, Poller
from domain.clock import ScaledClock
from domain.readings import ReadingQuality

START_UTC = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine; it may take half a minute."""
    asyncio.run(asyncio.wait_for(main(), 30))


class Received:
    """What a poller passed on."""

    def __init__(self) -> None:
        self.readings: list[tuple[Channel, int, int, float | int | None, ReadingQuality, str | None]] = []
        self.states: list[tuple[str, str]] = []
        self.reasons: list[str] = []
        self.refused: list[tuple[str, tuple[RefusedChannel, ...]]] = []
        self.something = asyncio.Event()

    def emit(self, live: LiveValue) -> None:
        self.readings.append((live.channel, live.observed_ms, live.received_ms, live.value, live.quality, live.text))
        self.something.set()

    def report(self, device: str, state: str, why: str) -> None:
        self.states.append((device, state))
        self.reasons.append(why)
        self.something.set()

    def report_refused(self, device: str, refused: Sequence[RefusedChannel]) -> None:
        self.refused.append((device, tuple(refused)))
        self.something.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.something.clear()
            await self.something.wait()

    async def until_more(self, count: int, *channels: str) -> None:
        """Until each of `channels` has come `count` times more."""
        goal = {channel: len(self.values(channel)) + count for channel in channels}
        await self.until(lambda: all(len(self.values(channel)) >= goal[channel] for channel in channels))

    def values(self, channel: str, device: str | None = None) -> list[float | int | None]:
        return [v for c, _, _, v, _, _ in self.readings if c.channel == channel and device in (None, c.device)]


@asynccontextmanager
async def polling(
    port: int, *devices: PolledDevice, timeout_s: float = 1.0, speed: float = 600.0, begin_utc: datetime = START_UTC
) -> AsyncIterator[Received]:
    """A poller on a clock that runs fast, until the block ends."""
    received = Received()
    clock = ScaledClock(datetime.now(UTC), begin_utc, speed)
    connection = ModbusConnection("127.0.0.1", port, timeout_s)
    poller = Poller(connection, devices, clock, received.emit, received.report, None, received.report_refused)
    task = asyncio.create_task(poller.run())
    try:
        yield received
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
