"""Seven days without a broker, on a clock that runs fast: every reading of the demo's plant is kept on disk and arrives afterwards.

A whole week of it is 3,628,800 readings and takes more than a minute, so one reading in `LASTGANG_WEEK_SHARE` (4) is made, over the whole
span. The nightly run makes them all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gateway_helpers import Future, TestBroker, write_plant

from connectors.channels import Channel
from connectors.devices import LiveValue
from connectors.gateway.buffer import Buffer, Limits
from connectors.gateway.fleet import Fleet, load_fleet
from connectors.gateway.outbox import Outbox
from connectors.gateway.pace import Pace
from connectors.gateway.process import Gateway, GatewaySettings
from connectors.gateway.sizing import LEAST, Stream, disk_bytes, free_bytes, stream_of
from connectors.kafka.client import KafkaSettings
from domain.clock import SystemClock, epoch_ms, instant
from domain.codec import decode
from domain.readings import THINNED_CHANNEL, Reading
from simulation import demo_plant

SHARE = int(os.environ.get("LASTGANG_WEEK_SHARE", "4"))
START_MS = epoch_ms(datetime(2026, 10, 23, tzinfo=UTC))
WEEK_MS = 7 * 86_400_000
TICK_MS = 5_000
WHOLE_WEEK = 3_628_800


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return load_fleet(demo_plant.write(tmp_path_factory.mktemp("demo")).parent)


class CountingBroker(TestBroker):
    """Keeps of each reading its number only: a week of them would not fit into memory."""

    def __init__(self) -> None:
        super().__init__()
        self.came = bytearray(WHOLE_WEEK + 100_000)
        self.there = False

    def send_bytes(self, key: bytes, value: bytes) -> Future:
        start = value.rindex(b'"sequence":') + 11
        self.came[int(value[start : value.index(b",", start)])] += 1
        future = Future()
        future.resolve(True)
        return future


@dataclass
class Run:
    """One life of the gateway's process, on the same file."""

    gateway: Gateway
    outbox: Outbox
    buffer: Buffer

    @classmethod
    def begin(cls, fleet: Fleet, file: Path, broker: TestBroker, limits: Limits, reports: bool = True) -> Run:
        buffer = Buffer(file, limits)
        outbox = Outbox(buffer, broker.connect, Pace(last_retry_s=0.05))
        gateway = Gateway(fleet, GatewaySettings("gateway-1", file, KafkaSettings(), limits), SystemClock(), outbox)
        outbox.start(gateway.thinned_reading if reports else None)
        return cls(gateway, outbox, buffer)

    def read(self, channels: list[Channel], from_ms: int, to_ms: int) -> int:
        """Every reading of these days, as the devices give them; how many."""
        count = 0
        for at_ms in range(from_ms, to_ms, TICK_MS * SHARE):
            for channel in channels:
                every_ms = round(1000 * channel.every_s) * SHARE
                if (at_ms - START_MS) % every_ms == 0:
                    self.gateway.emit(LiveValue(channel, at_ms, at_ms + 40, 1_000_000.0 + at_ms % WEEK_MS / 1000))
                    count += 1
            while self.outbox.uncommitted > 20_000:
                self.outbox.flush_now()
        return count


@pytest.mark.slow
def test_a_week_without_a_broker_is_kept_over_a_restart_of_the_gateway_and_arrives_whole(fleet: Fleet, tmp_path: Path) -> None:
    limits = stream_of(fleet).limits()
    channels = [channel for unit in fleet.units() for channel in unit.channels]
    broker, file = CountingBroker(), tmp_path / "gateway.db"
    first = Run.begin(fleet, file, broker, limits)
    count = first.read(channels, START_MS, START_MS + WEEK_MS // 2)
    first.outbox.stop(0.0)
    second = Run.begin(fleet, file, broker, limits)
    assert second.outbox.buffered == count
    count += second.read(channels, START_MS + WEEK_MS // 2, START_MS + WEEK_MS)
    assert count == WHOLE_WEEK // SHARE
    second.outbox.flush_now()
    assert second.buffer.thinned == {}
    taken_bytes = sum(part.stat().st_size for part in tmp_path.glob("gateway.db*"))
    assert taken_bytes * SHARE < disk_bytes(limits)
    assert free_bytes(file) >= taken_bytes
    broker.there = True
    assert second.outbox.wait_until_empty(280)
    second.outbox.stop(0.0)
    assert broker.came[0] == 0
    assert set(broker.came[1 : count + 1]) == {1}, "each arrives once"
    assert not any(broker.came[count + 1 :])


def test_the_bound_holds_a_week_of_the_demo_and_follows_from_the_plant(fleet: Fleet, tmp_path: Path) -> None:
    stream = stream_of(fleet)
    assert stream.limits().readings > WHOLE_WEEK
    one = load_fleet(write_plant(tmp_path))
    # A counter and a gauge each five seconds, a heartbeat each ten, a connection published once a minute.
    assert stream_of(one).readings_per_s == pytest.approx(0.4 + 0.1 + 1 / 60)
    assert Stream(100.0, 24_000.0).limits().readings == 100 * 7 * 86_400 * 5 // 4
    assert Stream(0.001, 0.2).limits() == LEAST
    assert Stream(100.0, 24_000.0).days_in(disk_bytes(Stream(100.0, 24_000.0).limits())) == pytest.approx(7.0)


def of_main_meter(fleet: Fleet, name: str) -> Channel:
    return next(c for unit in fleet.units() for c in unit.channels if c.device == "main-meter" and c.channel == name)


def fill(run: Run, fleet: Fleet, from_ms: int = START_MS, count: int = 2_000) -> None:
    """As many samples of a gauge, and readings of a counter, one each five seconds."""
    for number in range(count):
        for name in ("power", "energy_import"):
            at_ms = from_ms + number * TICK_MS
            run.gateway.emit(LiveValue(of_main_meter(fleet, name), at_ms, at_ms + 40, float(number)))
        if number % 10 == 0:
            run.outbox.flush_now()
    run.outbox.flush_now()


def test_what_a_full_buffer_drops_is_reported_on_the_topic_with_span_and_channels(fleet: Fleet, tmp_path: Path) -> None:
    broker, file = TestBroker(), tmp_path / "gateway.db"
    broker.there = False
    before = Run.begin(fleet, file, broker, Limits())
    fill(before, fleet)
    before.outbox.stop(0.0)
    run = Run.begin(fleet, file, broker, Limits(readings=3_000))
    fill(run, fleet, START_MS + WEEK_MS, 1)
    while run.buffer.is_thinning or run.buffer.thinned:
        fill(run, fleet, START_MS + WEEK_MS, 1)
    broker.there = True
    assert run.outbox.wait_until_empty(60)
    run.outbox.stop(0.0)
    readings = [decode(Reading, value) for value in broker.topic]
    reports = [reading for reading in readings if reading.channel == THINNED_CHANNEL]
    power = [reading.observed_ms for reading in readings if reading.channel == "power"]
    counted = [reading.observed_ms for reading in readings if reading.channel == "energy_import"]
    assert len(counted) >= 2_000, "a counter is never dropped"
    assert sum(int(report.value or 0) for report in reports) == len(counted) - len(power) > 1_000
    assert {report.meter for report in reports} == {"gateway-1"}
    dropped = int(reports[0].value or 0)
    last = instant(START_MS + (dropped - 1) * TICK_MS)
    assert reports[0].text == (
        f"the buffer was full: samples of gauges from 2026-10-23T00:00:00Z to {last:%Y-%m-%dT%H:%M:%SZ} were dropped, "
        f"of main.power ({dropped:,}); counters, states and counts are kept"
    )
    assert min(power) == START_MS + sum(int(report.value or 0) for report in reports) * TICK_MS, "the oldest are dropped"


def test_a_report_on_dropped_samples_is_not_lost_with_the_process(fleet: Fleet, tmp_path: Path) -> None:
    broker, file = TestBroker(), tmp_path / "gateway.db"
    broker.there = False
    before = Run.begin(fleet, file, broker, Limits())
    fill(before, fleet)
    before.outbox.stop(0.0)
    run = Run.begin(fleet, file, broker, Limits(readings=3_000), reports=False)  # killed before it comes to it
    fill(run, fleet, START_MS + WEEK_MS, 1)
    assert run.buffer.thinned
    run.outbox.stop(0.0)
    broker.there = True
    again = Run.begin(fleet, file, broker, Limits(readings=1_000_000))
    fill(again, fleet, START_MS + WEEK_MS, 1)
    assert again.outbox.wait_until_empty(60)
    again.outbox.stop(0.0)
    assert [decode(Reading, value).channel for value in broker.topic].count(THINNED_CHANNEL) == 1
