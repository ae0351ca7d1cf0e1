"""`kill -9` of the gateway and of the broker, with real ones: what was received is on the topic in the end."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gateway_helpers import write_plant

from connectors.kafka.client import KafkaSettings, RecordConsumer, ensure_topics
from deploy.ground import KAFKA, broker_parts, supervised
from deploy.kafka_broker import KafkaBroker
from deploy.ports import free_port
from deploy.supervisor import Supervisor
from domain.clock import ScaledClock
from domain.readings import CONTROL_CHANNELS, Reading
from domain.topics import READINGS

START_UTC = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)


class CountingMeter:
    """A Modbus meter on a thread of its own whose counter goes up by one with every read, so that each answer is known."""

    def __init__(self) -> None:
        self.served = 0
        self._more = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(10)

    def _run(self) -> None:
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                function, address, count = struct.unpack(">BHH", await reader.readexactly(length - 1))
                words = bytearray(2 * count)
                if address <= 19_068 < address + count:
                    with self._more:
                        self.served += 1
                        self._more.notify_all()
                    start = 2 * (19_068 - address)
                    words[start : start + 4] = struct.pack(">f", float(self.served))
                writer.write(struct.pack(">HHHBBB", transaction, 0, 3 + len(words), unit, function, len(words)) + words)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def wait_for_more(self, count: int) -> None:
        """Until it was read `count` times more."""
        with self._more:
            goal = self.served + count
            assert self._more.wait_for(lambda: self.served >= goal, timeout=60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture
def meter() -> Iterator[CountingMeter]:
    made = CountingMeter()
    yield made
    made.close()


class BrokerThatCrashes:
    """A broker whose supervisor lets it lie until it is to come back."""

    supervisor: Supervisor

    def __init__(self, folder: Path) -> None:
        broker = KafkaBroker(folder / "kafka", free_port(), free_port())
        self.bootstrap = broker.bootstrap
        self.parts = broker_parts(broker)

    def crash(self) -> None:
        self.supervisor.kill(KAFKA)
        self.supervisor.stop([KAFKA])  # it would come back by itself

    def come_back(self) -> None:
        self.supervisor.launch(self.parts)
        self.supervisor.await_ready([KAFKA])


@pytest.fixture
def broker(java_parts: None, tmp_path: Path) -> Iterator[BrokerThatCrashes]:
    made = BrokerThatCrashes(tmp_path)
    with supervised(made.parts, tmp_path / "log") as made.supervisor:
        ensure_topics(KafkaSettings(made.bootstrap))
        yield made


@pytest.fixture
def start_gateway(
    tmp_path: Path, meter: CountingMeter, broker: BrokerThatCrashes
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the gateway, always on the same plant and buffer; the meter is read about 40 times a second."""
    plant = write_plant(tmp_path / "plant", meter.port)
    clock = ScaledClock(datetime.now(UTC), START_UTC, 200.0).as_setting()
    arguments = ["gateway", "--plant", str(plant), "--kafka", broker.bootstrap, "--buffer", str(tmp_path / "gateway.db")]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "gateway.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lastgang.cli", *arguments],
                env={**os.environ, "LASTGANG_CLOCK": clock},
                stderr=log,
                cwd=Path(__file__).parents[2],
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def on_topic(broker: BrokerThatCrashes) -> list[Reading]:
    with RecordConsumer(KafkaSettings(broker.bootstrap), [READINGS]) as consumer:
        return [message.record() for message in consumer.read_to_end()]


def end(gateway: subprocess.Popen[bytes]) -> None:
    gateway.send_signal(signal.SIGTERM)
    assert gateway.wait(30) == 0


def holes(readings: list[Reading]) -> set[int]:
    sequences = {reading.sequence for reading in readings if reading.sequence is not None}
    return set(range(1, max(sequences) + 1)) - sequences


def counts(readings: list[Reading]) -> set[int]:
    return {int(r.value) for r in readings if r.channel == "energy_import" and r.value is not None}


def test_the_gateways_death_loses_no_reading_that_it_had_taken(
    meter: CountingMeter, broker: BrokerThatCrashes, start_gateway: Callable[[], subprocess.Popen[bytes]]
) -> None:
    killed_at = []
    for _ in range(3):
        gateway = start_gateway()
        meter.wait_for_more(60)
        gateway.kill()
        gateway.wait()
        killed_at.append(meter.served)
    gateway = start_gateway()
    meter.wait_for_more(60)
    end(gateway)
    readings = on_topic(broker)
    assert holes(readings) == set()
    by_sequence: dict[int | None, set[Reading]] = {}
    for reading in readings:
        by_sequence.setdefault(reading.sequence, set()).add(reading)
    assert all(len(same) == 1 for same in by_sequence.values())  # a resend has the same content
    # Between the socket and the disk lie some milliseconds: what was read in them is as if it had not been asked for.
    missing = set(range(1, meter.served + 1)) - counts(readings)
    assert all(any(0 <= kill - number < 10 for kill in [*killed_at, meter.served]) for number in missing)


def test_the_brokers_death_loses_nothing(
    meter: CountingMeter, broker: BrokerThatCrashes, start_gateway: Callable[[], subprocess.Popen[bytes]]
) -> None:
    gateway = start_gateway()
    meter.wait_for_more(60)
    broker.crash()
    meter.wait_for_more(100)
    broker.come_back()
    meter.wait_for_more(60)
    end(gateway)
    readings = on_topic(broker)
    if set(range(1, meter.served)) - counts(readings):  # what the broker did not take in time is sent after the next start
        end_soon = start_gateway()
        meter.wait_for_more(20)
        end(end_soon)
        readings = on_topic(broker)
    assert holes(readings) == set()
    served_before_the_end = set(range(1, meter.served - 2))
    assert served_before_the_end <= counts(readings)


def test_both_may_die(
    meter: CountingMeter, broker: BrokerThatCrashes, start_gateway: Callable[[], subprocess.Popen[bytes]]
) -> None:
    gateway = start_gateway()
    meter.wait_for_more(40)
    broker.crash()
    meter.wait_for_more(60)
    gateway.kill()
    gateway.wait()
    gateway = start_gateway()  # no broker yet: it reads all the same
    meter.wait_for_more(60)
    broker.come_back()
    meter.wait_for_more(60)
    end(gateway)
    gateway = start_gateway()
    meter.wait_for_more(40)
    end(gateway)
    readings = on_topic(broker)
    assert holes(readings) == set()
    sent = [r for r in readings if r.channel not in CONTROL_CHANNELS]
    assert len(counts(sent)) > 200
    assert all(a.received_ms <= b.received_ms for a, b in itertools.pairwise(sorted(sent, key=lambda r: r.sequence or 0)))
