"""The gateway's process: devices on one event loop, the outbox beside it, heartbeats and connections published."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from connectors.channels import MOST_NAMED, Channel, RefusedChannel, refused_text
from connectors.devices import CONNECTED, LOST, LiveValue
from connectors.gaps import GapBook, HistorySink, Note, PastValue
from connectors.gateway.buffer import Buffer, Limits, MeterChannel, Thinned
from connectors.gateway.clocks import DeviceClocks
from connectors.gateway.fleet import Fleet
from connectors.gateway.outbox import Outbox
from connectors.gateway.pace import Pace
from connectors.gateway.sizing import HEARTBEAT_S, STATES_EVERY, disk_bytes, free_bytes
from connectors.kafka.client import KafkaSettings, RecordProducer, ensure_topics
from connectors.pause import Pause
from domain.clock import Clock, epoch_ms, instant
from domain.clock import sleep as plant_sleep
from domain.readings import (
    CLOCK_CHANNEL,
    CONNECTION_CHANNEL,
    GAP_CHANNEL,
    HEARTBEAT_CHANNEL,
    REFUSED_CHANNEL,
    THINNED_CHANNEL,
    Reading,
    ReadingQuality,
)
from domain.texts import LINE_BREAKS, printable
from domain.topics import READINGS

_log = structlog.get_logger("gateway")
FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 60.0
"""Waits before a connection that failed by a fault of ours is begun again: doubled up to the last."""
HELD_UP_SHARE = 0.1
"""Of the buffer's room: with more waiting for the broker, history stays where it is for a while."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Settings of one gateway process."""

    id: str
    buffer: Path
    kafka: KafkaSettings
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=Pace)
    heartbeat_s: float = HEARTBEAT_S
    """Distance of its signs of life in the plant's time."""


class KafkaTransport:
    """A producer of ours as the outbox wants it."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Connect; raises `BrokerUnavailable` or `BrokerRefused` within seconds."""
        ensure_topics(settings)
        self._producer = RecordProducer(settings, linger_ms=5, delivery_timeout_ms=40_000)

    def send_bytes(self, key: bytes, value: bytes) -> Any:
        """Queue bytes for the readings topic."""
        return self._producer.send_bytes(READINGS, key, value)

    def close(self, timeout_s: float) -> None:
        """Let go."""
        self._producer.close(timeout_s)


class Gateway:
    """Everything that runs while the gateway does."""

    def __init__(self, fleet: Fleet, settings: GatewaySettings, clock: Clock, outbox: Outbox, book: GapBook | None = None) -> None:
        self._site, self._fleet, self._settings, self._clock, self._outbox = fleet.plant.site.id, fleet, settings, clock, outbox
        self._states: dict[str, str] = {}
        self._refused: dict[str, tuple[RefusedChannel, ...]] = {}
        self._clocks = DeviceClocks(self.report_clock)
        self._history = HistorySink(book if book is not None else GapBook(), self.put_past, self._is_held_up, self.report_gap)

    async def run(self, stop: asyncio.Event) -> None:
        """Read the plant until `stop` is set."""
        tasks = [asyncio.create_task(work) for work in self._work()]
        waiter = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, waiter], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {waiter}:
                task.result()  # these never end by themselves: this raises what went wrong
        finally:
            pending = {*tasks, waiter}
            while pending:
                # Cancelled again where it had no effect: before Python 3.12 `wait_for` may swallow a cancellation.
                for task in pending:
                    task.cancel()
                _, pending = await asyncio.wait(pending, timeout=1.0)

    def _work(self) -> Iterable[Coroutine[Any, Any, None]]:
        for connection in self._fleet.connections():
            work = partial(connection.run, self._clock, self.emit, self.report, self._history, self.report_refused)
            yield self._kept_up(connection.ids, work)
        yield self._heartbeats()

    async def _kept_up(self, devices: Sequence[str], work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin `work` again whenever it ends: what fails in it unexpectedly is the trouble of these devices and of no others."""
        pause = Pause(FIRST_PAUSE_S)
        while True:
            began_s = time.monotonic()
            try:
                await work()
                why = "ended"
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
                _log.error("connection_failed", devices=list(devices), why=why, traceback=traceback.format_exc())
            for device in devices:
                self.report(device, LOST, f"a fault of this program: {why}; it tries again, please report the traceback in the log")
            if time.monotonic() - began_s > LAST_PAUSE_S:
                pause.reset()
            await asyncio.sleep(pause.next_s(LAST_PAUSE_S))

    def emit(self, live: LiveValue) -> None:
        """Put one value into the outbox."""
        reading = self._clocks.marked(live).reading(self._site, self._settings.id)
        self._outbox.put(as_record(reading), live.channel.may_be_thinned, live.note)

    def put_past(self, channel: Channel, values: Sequence[PastValue], note: Note) -> None:
        """Put values out of a device's memory into the outbox, with the note on the gap that they fill."""
        now_ms = epoch_ms(self._clock.now_utc())
        readings = [
            as_record(
                Reading(
                    self._site, channel.meter, channel.channel, past.observed_ms, now_ms, past.value, past.quality, past.text,
                    self._settings.id, origin="history",
                )
            )
            for past in values
        ]  # fmt: skip
        self._outbox.put_all(readings, channel.may_be_thinned, note)

    def report_gap(self, device: str, values: int | None, text: str) -> None:
        """Report what was requested from a device after a gap, and what came."""
        self._put_own(device, GAP_CHANNEL, values, text)

    def report_clock(self, device: str, behind_s: float, text: str) -> None:
        """Report on a device's clock."""
        self._put_own(device, CLOCK_CHANNEL, behind_s, text)

    def _is_held_up(self) -> bool:
        return self._outbox.buffered > HELD_UP_SHARE * self._settings.limits.readings

    def report(self, device: str, state: str, why: str) -> None:
        """Report a device's change of connection: into the log, and onto the topic under the device's id."""
        if state == CONNECTED:
            _log.info("device_connected", device=device)
        else:
            _log.warning("device_" + state, device=device, why=why)
        self._states[device] = state
        self._put_own(device, CONNECTION_CHANNEL, None, state)
        if state == CONNECTED and device not in self._refused:
            self.report_refused(device, ())  # a process before this one may have reported otherwise

    def report_refused(self, device: str, refused: Sequence[RefusedChannel]) -> None:
        """Report which channels a device does not give: into the log, and onto the topic under the device's id."""
        if refused or self._refused.get(device):
            _log.warning("registers_refused", device=device, count=len(refused), what=refused_text(refused))
        if refused or self._refused.get(device) != ():
            self._put_own(device, REFUSED_CHANNEL, len(refused), refused_text(refused))
        self._refused[device] = tuple(refused)

    def thinned_reading(self, thinned: Mapping[MeterChannel, Thinned]) -> Reading:
        """The report on what the full buffer dropped."""
        return self._own(self._settings.id, THINNED_CHANNEL, sum(one.readings for one in thinned.values()), thinned_text(thinned))

    def _own(self, about: str, channel: str, value: float | None, text: str | None) -> Reading:
        now_ms = epoch_ms(self._clock.now_utc())
        return as_record(Reading(self._site, about, channel, now_ms, now_ms, value, text=text, gateway=self._settings.id))

    def _put_own(self, about: str, channel: str, value: float | None, text: str | None) -> None:
        self._outbox.put(self._own(about, channel, value, text), channel == HEARTBEAT_CHANNEL)

    def _report_not_kept(self) -> None:
        refused = self._outbox.take_refused()
        if refused is not None:
            text = f"not kept: {refused.count:,} readings from {instant(refused.from_ms):%Y-%m-%dT%H:%M:%SZ} to {instant(refused.to_ms):%Y-%m-%dT%H:%M:%SZ}, the disk was full"
            self._put_own(self._settings.id, GAP_CHANNEL, refused.count, text)

    async def _heartbeats(self) -> None:
        for beat in itertools.count(1):
            self._outbox.check()
            self._report_not_kept()
            self._put_own(self._settings.id, HEARTBEAT_CHANNEL, self._outbox.buffered, None)
            if beat % STATES_EVERY == 0:  # who starts to listen now has not heard of the changes
                for device, state in self._states.items():
                    self._put_own(device, CONNECTION_CHANNEL, None, state)
                for device, refused in self._refused.items():
                    if refused:
                        self._put_own(device, REFUSED_CHANNEL, len(refused), refused_text(refused))
            await plant_sleep(self._clock, timedelta(seconds=self._settings.heartbeat_s))


def as_record(reading: Reading) -> Reading:
    """The reading as the topic's record may be: what a device says goes out in any case, and is not refused by every reader for its form."""
    value = reading.value
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        text = f"{value} is beyond whole numbers of 64 bits"
        return replace(reading, value=None, quality=ReadingQuality.BAD, text=text)
    if reading.text is None:
        return reading
    return replace(reading, text=printable(reading.text, allowed=LINE_BREAKS))


def thinned_text(thinned: Mapping[MeterChannel, Thinned]) -> str:
    """The text for people on dropped samples: how many, of which span, of which channels."""
    most = sorted(thinned.items(), key=lambda item: -item[1].readings)
    named = ", ".join(f"{meter}.{channel} ({one.readings:,})" for (meter, channel), one in most[:MOST_NAMED])
    if len(most) > MOST_NAMED:
        named += f" and {len(most) - MOST_NAMED} more channels"
    first, last = (instant(at_ms) for at_ms in (min(t.from_ms for _, t in most), max(t.to_ms for _, t in most)))
    return (
        f"the buffer was full: samples of gauges from {first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ} were dropped, of {named}; "
        f"counters, states and counts are kept"
    )


def run(fleet: Fleet, settings: GatewaySettings, clock: Clock) -> None:
    """Run the gateway until SIGTERM or SIGINT; what the broker did not take by then stays on disk."""
    _check_disk(settings)
    buffer = Buffer(settings.buffer, settings.limits)
    book = GapBook(buffer.marks(), buffer.gaps())
    outbox = Outbox(buffer, lambda: KafkaTransport(settings.kafka), settings.pace)
    gateway = Gateway(fleet, settings, clock, outbox, book)
    outbox.start(gateway.thinned_reading)
    try:
        asyncio.run(_until_stopped(gateway, fleet, settings, outbox))
    finally:
        outbox.stop()
    _log.info("stopped", gateway=settings.id)


def _check_disk(settings: GatewaySettings) -> None:
    needed, free = disk_bytes(settings.limits), free_bytes(settings.buffer)
    if free < needed:
        why = "an outage of the broker is not kept for seven days; make room, or the oldest samples of gauges are dropped"
        _log.warning("disk_short", buffer=str(settings.buffer), needed_mb=needed // 10**6, free_mb=free // 10**6, why=why)


async def _until_stopped(gateway: Gateway, fleet: Fleet, settings: GatewaySettings, outbox: Outbox) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _log.info(
        "ready",
        gateway=settings.id,
        site=fleet.plant.site.id,
        devices=len(fleet.modbus) + len(fleet.opcua),
        channels=sum(len(unit.channels) for unit in fleet.units()),
        kafka=settings.kafka.bootstrap,
        buffered=outbox.buffered,
    )
    await gateway.run(stop)
