"""After a gap: asks the meters behind one connection for what their own memories hold of it, beside the live reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from connectors.channels import Channel
from connectors.gaps import HistoryOrder, HistorySink, PastValue, filled_text, request_text
from connectors.modbus.client import DeviceRefuses, ModbusConnection, ModbusError
from connectors.modbus.memory import MemoryUnusable, NotYetWritten, records_back_to
from connectors.modbus.memory import values_in as values_of_gap
from connectors.modbus.profile import Profile
from domain.clock import Clock, epoch_ms

_log = structlog.get_logger("modbus")

FIRST_AGAIN, LAST_AGAIN = timedelta(seconds=30), timedelta(minutes=15)
"""Waits in the plant's time before a memory that could not be read is read again: doubled up to the last."""
REPORTED_AFTER = 3
"""Failures in a row until it is reported that a gap waits."""


@dataclass(slots=True)
class Remembering:
    """A meter whose memory is read."""

    id: str
    unit_id: int
    profile: Profile
    channels: Sequence[Channel]
    """Those that its memory holds."""
    history: HistoryOrder
    pause_s: float
    failures: int = 0
    """In a row."""


class MemoryFiller:
    """Fills the gaps of some meters until cancelled."""

    def __init__(self, connection: ModbusConnection, devices: Sequence[Remembering], clock: Clock, sink: HistorySink) -> None:
        self._connection, self._devices, self._clock, self._sink = connection, devices, clock, sink
        self._gaps = asyncio.Event()
        self._gaps.set()

    def wake(self) -> None:
        """There is a gap."""
        self._gaps.set()

    async def run(self) -> None:
        """Fill until cancelled; a meter that cannot be read now is read later, and the others meanwhile."""
        while True:
            await self._gaps.wait()
            self._gaps.clear()
            await asyncio.sleep(min(device.pause_s for device in self._devices))
            for device in self._devices:
                try:
                    await self._fill(device)
                    device.failures = 0
                except MemoryUnusable as error:
                    self._give_up(device, str(error))
                except DeviceRefuses as error:
                    self._give_up(device, f"the meter refuses to give its memory ({error})")
                except (ModbusError, NotYetWritten) as error:
                    self._postpone(device, str(error))

    def _postpone(self, device: Remembering, why: str) -> None:
        device.failures += 1
        _log.info("history_waits", device=device.id, why=why)
        if device.failures == REPORTED_AFTER:
            self._sink.report(device.id, None, f"history waits: {why}")
        self._again_in(min(FIRST_AGAIN * 2 ** min(device.failures - 1, 10), LAST_AGAIN))

    def _again_in(self, wait: timedelta) -> None:
        asyncio.get_running_loop().call_later(self._clock.real_seconds(wait), self._gaps.set)

    async def _fill(self, device: Remembering) -> None:
        channels = {channel.channel: channel for channel in device.channels}
        gaps = [gap for gap in self._sink.book.open([device.id]) if gap.channel in channels]
        if not gaps:
            return
        if self._sink.held_up():
            self._again_in(FIRST_AGAIN)
            return
        if not device.failures:
            self._sink.report(device.id, None, request_text(gaps))
        newest_first = device.history == "newest_first"
        found: dict[int, list[PastValue]] = {gap.number: [] for gap in gaps}
        records = records_back_to(
            self._connection, device.unit_id, device.profile, min(gap.from_ms for gap in gaps),
            epoch_ms(self._clock.now_utc()), device.pause_s,
        )  # fmt: skip
        async for piece in records:
            for place, gap in enumerate(gaps):
                values = values_of_gap(gap, piece, channels[gap.channel])
                if newest_first and values:
                    note = self._sink.book.filled(gap, values, to_the_end=False, newest_first=True)
                    self._sink.put(channels[gap.channel], values[::-1], note)
                    (gaps[place],) = note.gaps
                else:
                    found[gap.number] += values
        done = []
        for gap in gaps:
            values = found[gap.number][::-1]
            note = self._sink.book.filled(gap, values, to_the_end=True, newest_first=newest_first)
            self._sink.put(channels[gap.channel], values, note)
            done.append(replace(gap, values=gap.values + len(values)))
        count, text = filled_text(done)
        _log.info("history_came", device=device.id, values=count)
        self._sink.report(device.id, count, text)

    def _give_up(self, device: Remembering, why: str) -> None:
        _log.warning("no_history", device=device.id, why=why)
        for channel in device.channels:
            self._sink.put(channel, (), self._sink.book.without_history([(device.id, channel.channel)]))
        self._sink.report(device.id, 0, f"no history: {why}")
