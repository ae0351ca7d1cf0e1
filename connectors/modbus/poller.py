"""Asks the meters behind one connection, each on its grid of the plant's clock."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from connectors.devices import CONNECTED, LOST, REFUSED, Channel, Emit, Report, converted
from connectors.gaps import HistoryOrder, HistorySink, Note, PastValue, asked_text, told
from connectors.modbus.client import DeviceBusy, DeviceRefuses, ModbusConnection, ModbusError
from connectors.modbus.decode import Value, decode_block, value_of
from connectors.modbus.memory import MemoryUnusable, NotYetWritten, records_back_to, values_in
from connectors.modbus.plan import Block, plan
from connectors.modbus.profile import Profile
from domain.clock import Clock, epoch_ms, instant
from domain.readings import ReadingQuality

_log = structlog.get_logger("modbus")

AGAIN = timedelta(seconds=30)
"""After this much plant time a memory that could not be read is asked again."""
FIRST_RETRY_S, LAST_RETRY_S = 0.25, 15.0
"""Waits on the wall clock before a silent device is asked again: doubled up to the last."""


@dataclass(slots=True)
class PolledDevice:
    """One meter: what is asked, when, and how it answered last."""

    id: str
    unit_id: int
    profile: Profile
    channels: Sequence[Channel]
    state: str = ""
    history: HistoryOrder = "off"
    history_days: float = 7.0
    history_pause_s: float = 0.2
    retry_s: float = FIRST_RETRY_S
    not_before_s: float = 0.0
    _plans: dict[tuple[str, ...], tuple[Block, ...]] = field(default_factory=dict)

    def due(self, asked_last_ms: int, now_ms: int) -> list[Channel]:
        """The channels whose grid has a tick after `asked_last_ms` and up to `now_ms`: once each."""
        return [c for c in self.channels if now_ms // _grid_ms(c) > asked_last_ms // _grid_ms(c)]

    def remembers(self, channel: Channel) -> bool:
        """Whether the meter's own memory holds this channel, and is to be asked."""
        memory = self.profile.load_profile
        return self.history != "off" and memory is not None and any(value.point == channel.source for value in memory.values)

    def next_tick_ms(self, after_ms: int) -> int:
        """The first tick of any of its channels later than `after_ms`."""
        return min((after_ms // grid + 1) * grid for grid in {_grid_ms(channel) for channel in self.channels})

    def blocks(self, channels: Sequence[Channel]) -> tuple[Block, ...]:
        """The reads that fetch `channels`."""
        names = tuple(channel.source for channel in channels)
        if names not in self._plans:
            self._plans[names] = plan(self.profile, names)
        return self._plans[names]


def _grid_ms(channel: Channel) -> int:
    return max(1, math.floor(channel.every_s * 1000))


class Poller:
    """Polls the devices of one connection one after the other; a silent one holds up the others no longer than its time-out."""

    def __init__(
        self,
        connection: ModbusConnection,
        devices: Sequence[PolledDevice],
        clock: Clock,
        emit: Emit,
        report: Report,
        history: HistorySink | None = None,
    ) -> None:
        self._connection, self._devices, self._clock, self._emit, self._report = connection, devices, clock, emit, report
        self._history = history
        self._gaps = asyncio.Event()

    async def run(self) -> None:
        """Poll until cancelled."""
        filling = None
        if self._history is not None and any(device.remembers(c) for device in self._devices for c in device.channels):
            filling = asyncio.create_task(self._fill_forever(self._history))
            self._gaps.set()
        try:
            now_ms = epoch_ms(self._clock.now_utc())
            asked_last_ms = {device.id: now_ms for device in self._devices}
            while True:
                now_ms = epoch_ms(self._clock.now_utc())
                # A clock that was set back would have us wait until it is again as late as it was.
                asked_last_ms = {device: min(at_ms, now_ms) for device, at_ms in asked_last_ms.items()}
                await self._wait_until(min(device.next_tick_ms(asked_last_ms[device.id]) for device in self._devices))
                for device in self._devices:
                    now_ms = epoch_ms(self._clock.now_utc())
                    if device.next_tick_ms(asked_last_ms[device.id]) <= now_ms:
                        channels = device.due(asked_last_ms[device.id], now_ms)
                        asked_last_ms[device.id] = now_ms
                        await self.poll(device, channels)
        finally:
            if filling is not None:
                filling.cancel()
                await asyncio.wait([filling], timeout=2.0)
            self._connection.close()

    async def _wait_until(self, tick_ms: int) -> None:
        wait_s = self._clock.real_seconds(instant(tick_ms) - self._clock.now_utc())
        # Rounded up to the clock's step: waking a moment early would only mean to sleep again.
        await asyncio.sleep(max(0.0, wait_s) + 0.0005)

    async def poll(self, device: PolledDevice, channels: Sequence[Channel]) -> None:
        """Ask one device for `channels` now, unless it was silent a moment ago."""
        if time.monotonic() < device.not_before_s:
            return
        values: dict[str, tuple[Value, int, int]] = {}
        try:
            for block in device.blocks(channels):
                asked_ms = epoch_ms(self._clock.now_utc())
                raw = await self._connection.read(device.unit_id, block)
                came_ms = epoch_ms(self._clock.now_utc())
                # The meter has no clock of its own to ask; its value is of some instant between question and answer.
                seen_ms = (asked_ms + came_ms) // 2
                for name, value in decode_block(device.profile, block.points, block.address, raw).items():
                    values[name] = (value, seen_ms, came_ms)
        except DeviceBusy:
            return
        except ModbusError as error:
            self._failed(device, REFUSED if isinstance(error, DeviceRefuses) else LOST, str(error))
            return
        self._answered(device)
        for channel in channels:
            self._tell(device, channel, values)

    def _tell(self, device: PolledDevice, channel: Channel, values: dict[str, tuple[Value, int, int]]) -> None:
        parts = [part.name for part in device.profile.parts(channel.source)]
        value = value_of(device.profile, channel.source, {name: values[name][0] for name in parts})
        _, seen_ms, came_ms = values[parts[-1]]
        if value.number is None:
            if self._history is not None:
                self._history.book.bad((device.id, channel.channel))
            self._emit(channel, seen_ms, came_ms, None, ReadingQuality.BAD, value.why_none)
        else:
            self._emit(
                channel, seen_ms, came_ms, converted(value.number, channel.by), note=self._note(device, channel, seen_ms, came_ms)
            )

    # What was missed

    def _note(self, device: PolledDevice, channel: Channel, seen_ms: int, came_ms: int) -> Note | None:
        if self._history is None or not device.remembers(channel):
            return None
        note = self._history.book.came(
            (device.id, channel.channel), seen_ms, came_ms, least_ms=1500 * channel.every_s, back_days=device.history_days
        )
        if note is not None and note.gaps:
            self._gaps.set()
        return note

    async def _fill_forever(self, sink: HistorySink) -> None:
        while True:
            await self._gaps.wait()
            self._gaps.clear()
            await asyncio.sleep(min(device.history_pause_s for device in self._devices))
            for device in self._devices:
                try:
                    await self._fill(device, sink)
                except MemoryUnusable as error:
                    self._give_up(device, sink, str(error))
                except (ModbusError, NotYetWritten) as error:
                    _log.info("history_waits", device=device.id, why=str(error))
                    self._again_later()

    def _again_later(self) -> None:
        asyncio.get_running_loop().call_later(self._clock.real_seconds(AGAIN), self._gaps.set)

    async def _fill(self, device: PolledDevice, sink: HistorySink) -> None:
        channels = {channel.channel: channel for channel in device.channels if device.remembers(channel)}
        gaps = [gap for gap in sink.book.open([device.id]) if gap.channel in channels]
        if not gaps:
            return
        if sink.held_up():
            self._again_later()
            return
        sink.tell(device.id, None, asked_text(gaps))
        newest_first = device.history == "newest_first"
        found: dict[int, list[PastValue]] = {gap.number: [] for gap in gaps}
        records = records_back_to(
            self._connection, device.unit_id, device.profile, min(gap.from_ms for gap in gaps),
            epoch_ms(self._clock.now_utc()), device.history_pause_s,
        )  # fmt: skip
        async for piece in records:
            for place, gap in enumerate(gaps):
                values = values_in(gap, piece, channels[gap.channel])
                if newest_first and values:
                    note = sink.book.filled(gap, values, to_the_end=False, newest_first=True)
                    sink.put(channels[gap.channel], values[::-1], note)
                    (gaps[place],) = note.gaps
                else:
                    found[gap.number] += values
        done = []
        for gap in gaps:
            values = found[gap.number][::-1]
            sink.put(channels[gap.channel], values, sink.book.filled(gap, values, to_the_end=True, newest_first=newest_first))
            done.append(replace(gap, values=gap.values + len(values)))
        count, text = told(done)
        _log.info("history_came", device=device.id, values=count)
        sink.tell(device.id, count, text)

    def _give_up(self, device: PolledDevice, sink: HistorySink, why: str) -> None:
        _log.warning("no_history", device=device.id, why=why)
        for channel in device.channels:
            if device.remembers(channel):
                sink.put(channel, (), sink.book.without_history([(device.id, channel.channel)]))
        sink.tell(device.id, 0, f"no history: {why}")

    def _answered(self, device: PolledDevice) -> None:
        device.retry_s, device.not_before_s = FIRST_RETRY_S, 0.0
        if device.state != CONNECTED:
            device.state = CONNECTED
            self._report(device.id, CONNECTED, "")

    def _failed(self, device: PolledDevice, state: str, why: str) -> None:
        if self._history is not None:
            self._history.book.interrupt(device.id)
        device.not_before_s = time.monotonic() + device.retry_s
        device.retry_s = min(2 * device.retry_s, LAST_RETRY_S)
        if device.state != state:
            device.state = state
            self._report(device.id, state, why)
