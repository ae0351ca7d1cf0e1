"""The gateway as a process, killed while it reads history from a server that is not of our library; then the whole ledger."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from recording_opcua import Peer, peer, peer_or_skip

from connectors.kafka.client import KafkaSettings, RecordConsumer, ensure_topics
from deploy.kafka_broker import KafkaBroker
from deploy.ports import free_port
from domain.readings import GAP_CHANNEL, Reading
from domain.topics import READINGS

PLANT = """
[site]
id = "werk"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z

[[meter]]
id = "m"
max_power_kw = 500.0

[[meter.register]]
channel = "power"
kind = "gauge"
unit = "W"
sampling_s = 900
resolution = 0.1

[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 900
resolution = 0.001
"""
DEVICE = """
[device]
id = "press"
meter = "m"
protocol = "opcua"
endpoint = "{endpoint}"
namespace_uri = "urn:example:press"
security = "none"
sampling_ms = 50
max_silence_s = 3600
history = "{order}"
history_chunk = 20
history_pause_s = 0.02

[channels]
power = "s=Press.Power"
energy_import = "s=Press.Energy"
"""
VALUES, STEP_MS = 1_440, 60_000


@pytest.fixture(autouse=True)
def _node_opcua_is_there() -> None:
    peer_or_skip()


class Topic:
    """What has come onto the readings topic so far."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._consumer = RecordConsumer(kafka, [READINGS])
        self.readings: list[Reading] = []

    async def until(self, condition: Callable[[list[Reading]], bool]) -> None:
        while not condition(self.readings):
            self.readings += [message.record() for message in await asyncio.to_thread(self._consumer.poll, 0.2)]

    def close(self) -> None:
        self.readings += [message.record() for message in self._consumer.read_to_end()]
        self._consumer.close()


def past(readings: list[Reading]) -> int:
    return sum(reading.origin == "history" for reading in readings)


def instants(readings: list[Reading], channel: str) -> set[int]:
    return {reading.observed_ms for reading in readings if reading.channel == channel}


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_a_gateway_killed_in_the_middle_of_a_days_history_brings_every_value(
    tmp_path: Path, stack_kafka: KafkaBroker, order: str
) -> None:
    namespace = f"gaps-{order.replace('_', '-')}-"
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    plant = tmp_path / "plant"
    (plant / "devices").mkdir(parents=True)
    (plant / "plant.toml").write_text(PLANT, encoding="utf-8")
    arguments = ["gateway", "--plant", str(plant), "--kafka", stack_kafka.bootstrap, "--namespace", namespace]
    arguments += ["--buffer", str(tmp_path / "gateway.db")]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "gateway.log").open("ab") as log:
            gateway = subprocess.Popen(
                [sys.executable, "-m", "lastgang.cli", *arguments],
                env={name: value for name, value in os.environ.items() if name != "LASTGANG_CLOCK"},
                stderr=log,
                cwd=Path(__file__).parents[2],
            )
        started.append(gateway)
        return gateway

    async def scene(server: Peer, topic: Topic) -> set[int]:
        begin_ms = time.time_ns() // 1_000_000 - (VALUES + 10) * STEP_MS
        for node in ("Energy", "Power"):
            await server.write(node, 0.0, source_ms=begin_ms)
        gateway = start()
        await topic.until(lambda found: all(begin_ms in instants(found, c) for c in ("energy_import", "power")))
        gateway.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(gateway.wait, 30) == 0
        for node in ("Energy", "Power"):  # a day passes, and nobody listens
            await server.write_many(node, 1.0, 1.0, VALUES, begin_ms + STEP_MS, STEP_MS)
        gateway = start()
        await topic.until(lambda found: past(found) > 600)
        gateway.kill()
        gateway.wait()
        assert past(topic.readings) < 2 * VALUES - 500  # in the middle it was
        gateway = start()
        await topic.until(lambda found: past(found) > 1_300)
        await server.write("Energy", 5_000.0, source_ms=begin_ms + (VALUES + 5) * STEP_MS)  # live goes on beside it
        await topic.until(lambda found: any(r.channel == GAP_CHANNEL and r.value for r in found))
        gateway.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(gateway.wait, 30) == 0
        return {begin_ms + STEP_MS * number for number in range(VALUES + 1)}

    async def main() -> set[int]:
        async with peer(free_port(), tmp_path, history_of="Power,Energy") as server:
            text = DEVICE.format(endpoint=server.endpoint, order=order)
            (plant / "devices" / "press.toml").write_text(text, encoding="utf-8")
            return await scene(server, topic)

    topic = Topic(kafka)
    try:
        received_value = asyncio.run(asyncio.wait_for(main(), 240))
    finally:
        for gateway in started:
            if gateway.poll() is None:
                gateway.kill()
            gateway.wait()
        topic.close()
    readings = topic.readings
    live_later = received_value | {max(received_value) + 5 * STEP_MS}
    assert instants(readings, "power") == received_value
    assert instants(readings, "energy_import") == live_later
    sequences = {reading.sequence for reading in readings if reading.sequence is not None}
    assert sequences == set(range(1, max(sequences) + 1))
    late = [reading for reading in readings if reading.origin == "history"]
    by_sequence = {reading.sequence: reading for reading in late}
    reported_twice = len(by_sequence) - len({(reading.channel, reading.observed_ms) for reading in by_sequence.values()})
    assert reported_twice == 0  # what a killed gateway had stored is sent, and not asked for again
