"""Asks the meters behind one connection, each on its grid of the plant's clock."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.channels import Channel
from connectors.devices import CONNECTED, LOST, REFUSED, STALLED, STALLED_AFTER_S, Emit, LiveValue, Report, ReportRefused
from connectors.gaps import HistoryOrder, HistorySink, Note
from connectors.modbus.client import ModbusConnection, Unreachable
from connectors.modbus.filling import MemoryFiller, Remembering
from connectors.modbus.learned import Learned
from connectors.modbus.profile import Profile
from connectors.modbus.reading import ChannelValue, Reader, Round, channel_value
from connectors.pause import Pause
from domain.clock import Clock, epoch_ms, instant
from domain.readings import ReadingQuality

FIRST_RETRY_S, LAST_RETRY_S = 0.25, 15.0
"""Waits on the wall clock before what did not come is read again: doubled up to the last."""


@dataclass(slots=True)
class PolledDevice:
    """One meter: what is read, when, and how it answered last."""

    id: str
    unit_id: int
    profile: Profile
    channels: Sequence[Channel]
    state: str = ""
    history: HistoryOrder = "off"
    history_days: float = 7.0
    history_pause_s: float = 0.2
    stalled_after_s: float = STALLED_AFTER_S
    """How long no reading may come while the connection stands until that is reported [plant s]."""
    read_last_ms: int = 0
    """Ticks of its grid up to here were read [plant's clock]."""
    owed: list[Channel] = field(default_factory=list)
    """Channels that were requested and did not come: they are read again before their next tick."""
    retry: Pause = field(default_factory=lambda: Pause(FIRST_RETRY_S))
    again_at_s: float = 0.0
    """When what is owed is read, on the steady clock."""
    nothing_since_s: float | None = None
    """Since when it has given nothing at all, on the steady clock; None while it gives."""

    def due(self, read_last_ms: int, now_ms: int) -> list[Channel]:
        """The channels whose grid has a tick after `read_last_ms` and up to `now_ms`: once each."""
        return [c for c in self.channels if now_ms // _grid_ms(c) > read_last_ms // _grid_ms(c)]

    def remembers(self, channel: Channel) -> bool:
        """Whether the meter's own memory holds this channel, and is to be read."""
        memory = self.profile.load_profile
        return self.history != "off" and memory is not None and any(value.point == channel.source for value in memory.values)

    def next_tick_ms(self, after_ms: int) -> int:
        """The first tick of any of its channels later than `after_ms`."""
        return min((after_ms // grid + 1) * grid for grid in {_grid_ms(channel) for channel in self.channels})


def _grid_ms(channel: Channel) -> int:
    return max(1, math.floor(channel.every_s * 1000))


class _Polling:
    """A device with what is learned of it."""

    def __init__(self, device: PolledDevice, connection: ModbusConnection, clock: Clock) -> None:
        self.device = device
        self.stalled_after_real_s = clock.real_seconds(timedelta(seconds=device.stalled_after_s))
        self.learned = Learned(device.profile, self.stalled_after_real_s)
        self.reader = Reader(connection, device.unit_id, device.profile, self.learned, clock)
        self.refused: frozenset[str] = frozenset()
        """Channels that were reported as refused last."""


class Poller:
    """Polls the devices of one connection one after the other.

    A device that has gone silent holds up the others for two time-outs once, and then for one at each retry.
    """

    def __init__(
        self,
        connection: ModbusConnection,
        devices: Sequence[PolledDevice],
        clock: Clock,
        emit: Emit,
        report: Report,
        history: HistorySink | None = None,
        report_refused: ReportRefused | None = None,
    ) -> None:
        self._connection, self._devices, self._clock, self._emit, self._report = connection, devices, clock, emit, report
        self._history, self._report_refused = history, report_refused
        self._polling = {device.id: _Polling(device, connection, clock) for device in devices}
        remembering = [_remembering(device) for device in devices if any(device.remembers(c) for c in device.channels)]
        self._filler = MemoryFiller(connection, remembering, clock, history) if history is not None and remembering else None

    async def run(self) -> None:
        """Poll until cancelled."""
        filling = asyncio.create_task(self._filler.run()) if self._filler is not None else None
        try:
            now_ms = epoch_ms(self._clock.now_utc())
            for device in self._devices:
                device.read_last_ms = now_ms
            while True:
                await asyncio.sleep(self._pause_s())
                for device in self._devices:
                    now_ms = epoch_ms(self._clock.now_utc())
                    due = device.due(device.read_last_ms, now_ms)
                    if due:
                        device.read_last_ms = now_ms
                    await self.poll(device, due)
        finally:
            if filling is not None:
                filling.cancel()
                await asyncio.wait([filling], timeout=2.0)
            self._connection.close()

    def _pause_s(self) -> float:
        """How long no device is due [s of the wall clock]."""
        now_ms = epoch_ms(self._clock.now_utc())
        pauses_s = []
        for device in self._devices:
            # A clock that was set back would have us wait until it is again as late as it was.
            device.read_last_ms = min(device.read_last_ms, now_ms)
            tick_utc = instant(device.next_tick_ms(device.read_last_ms))
            pauses_s.append(self._clock.real_seconds(tick_utc - self._clock.now_utc()))
            if device.owed:
                pauses_s.append(device.again_at_s - time.monotonic())
        # Rounded up to the clock's step: waking a moment early would only mean to sleep again.
        return max(0.0, min(pauses_s)) + 0.0005

    async def poll(self, device: PolledDevice, due: Sequence[Channel]) -> None:
        """Read from one device the channels that are due and for what it owes, unless it was silent a moment ago."""
        wanted = [*due, *(channel for channel in device.owed if channel not in due)]
        must_wait = time.monotonic() < device.again_at_s
        if must_wait and (not due or device.nothing_since_s is not None):
            device.owed = wanted
            return
        if not wanted:
            return
        polling = self._polling[device.id]
        found = await polling.reader.round([channel.source for channel in wanted])
        values = [(channel, channel_value(device.profile, channel, found)) for channel in wanted]
        device.owed = [channel for channel, value in values if value is None]
        self._judge(polling, found, has_given=len(device.owed) < len(wanted))
        for channel, value in values:
            self._pass_on(device, channel, value)
        self._pass_on_refused(polling)

    def _pass_on(self, device: PolledDevice, channel: Channel, value: ChannelValue | None) -> None:
        """Pass on the channel's value or the reason why it has none; nothing where its registers did not come."""
        if self._history is not None and (value is None or value.number is None):
            self._history.book.bad((device.id, channel.channel))
        if value is None:
            return
        if value.number is None:
            self._emit(LiveValue(channel, value.seen_ms, value.came_ms, None, ReadingQuality.BAD, value.why_none))
        else:
            note = self._note(device, channel, value)
            self._emit(LiveValue(channel, value.seen_ms, value.came_ms, value.number, note=note))

    def _note(self, device: PolledDevice, channel: Channel, value: ChannelValue) -> Note | None:
        """What a live value says about gaps."""
        if self._history is None or not device.remembers(channel):
            return None
        note = self._history.book.came(
            (device.id, channel.channel),
            value.seen_ms,
            value.came_ms,
            least_ms=1500 * channel.every_s,
            back_days=device.history_days,
        )
        if note is not None and note.gaps and self._filler is not None:
            self._filler.wake()
        return note

    # How the device stands

    def _judge(self, polling: _Polling, found: Round, *, has_given: bool) -> None:
        """The device's state after a round, and when it is read again."""
        device, now_s = polling.device, time.monotonic()
        if has_given:
            device.nothing_since_s = None
            self._to(device, CONNECTED, "")
        elif found.trouble is not None:
            self._gave_nothing(polling, found.trouble, now_s)
        elif found.has_refused and len(polling.learned.refused_channels(device.channels)) == len(device.channels):
            self._to(device, REFUSED, f"none of its {len(device.channels)} channels is given")
        device.again_at_s = self._again_at_s(polling, now_s)

    def _again_at_s(self, polling: _Polling, now_s: float) -> float:
        """When what is owed is read again: refused registers as was learned, the others soon and then ever later."""
        device, learned = polling.device, polling.learned
        refused = {one.channel for one in learned.refused_channels(device.owed)}
        refused_again_s = learned.retry_s(channel.source for channel in device.owed)
        if len(refused) == len(device.owed):
            device.retry.reset()
            return refused_again_s or now_s
        again_at_s = now_s + device.retry.next_s(LAST_RETRY_S)
        if device.nothing_since_s is not None and device.state not in (LOST, STALLED):
            again_at_s = min(again_at_s, max(now_s, device.nothing_since_s + polling.stalled_after_real_s))  # to know it in time
        return again_at_s if refused_again_s is None else min(again_at_s, max(now_s, refused_again_s))

    def _gave_nothing(self, polling: _Polling, trouble: Exception, now_s: float) -> None:
        device = polling.device
        if self._history is not None:
            self._history.book.interrupt(device.id)
        if device.nothing_since_s is None:
            device.nothing_since_s = now_s
        if isinstance(trouble, Unreachable):
            self._to(device, LOST, str(trouble))
        elif now_s - device.nothing_since_s >= polling.stalled_after_real_s:
            self._to(device, STALLED, f"no reading for {device.stalled_after_s:g} s: {trouble}")

    def _to(self, device: PolledDevice, state: str, why: str) -> None:
        if device.state != state:
            device.state = state
            self._report(device.id, state, why)

    def _pass_on_refused(self, polling: _Polling) -> None:
        refused = polling.learned.refused_channels(polling.device.channels)
        names = frozenset(one.channel for one in refused)
        if names != polling.refused:
            polling.refused = names
            if self._report_refused is not None:
                self._report_refused(polling.device.id, refused)


def _remembering(device: PolledDevice) -> Remembering:
    channels = [channel for channel in device.channels if device.remembers(channel)]
    return Remembering(device.id, device.unit_id, device.profile, channels, device.history, device.history_pause_s)
