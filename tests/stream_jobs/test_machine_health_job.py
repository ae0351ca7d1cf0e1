"""The health of machines in the real Flink job: readings become minutes in the JVM, minutes a record of each quarter hour, and later ones change nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from domain.clock import epoch_ms
from domain.machine_health import HealthStatus, MachineHealth
from domain.readings import Reading
from domain.topics import MACHINE_HEALTH, READINGS
from tests.detection.health_sample import MACHINE, SITE, at

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("flink_jobs_end"), pytest.mark.timeout(420)]

PLANT = f"""
[site]
id = "{SITE}"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z

[[meter]]
id = "{MACHINE}"
max_power_kw = 95
[[meter.register]]
channel = "power"
kind = "gauge"
unit = "kW"
sampling_s = 30
resolution = 0.01

[[machine]]
id = "{MACHINE}"
meter = "{MACHINE}"
rated_kw = 75
health = {{ channels = ["vibration", "power"], limits = {{ vibration = 7.1 }}, state_channel = "state" }}
"""
QUARTERS = 6


def readings() -> list[Reading]:
    """A press at work for an hour and a half, every twenty seconds, as its control shows it."""
    random, found = Random(1), []
    for step in range(QUARTERS * 15 * 3 + 12):
        at_ms = epoch_ms(at(step / 3))
        shown: dict[str, Any] = {"vibration": 1.7 + random.gauss(0, 0.05), "power": 30 + random.gauss(0, 0.5), "pressure": 1.0}
        found += [Reading(SITE, MACHINE, channel, at_ms, at_ms, value) for channel, value in shown.items()]
        found += [Reading(SITE, MACHINE, "state", at_ms, at_ms, None, text="Execute")]
    return found


def test_readings_become_minutes_in_the_job_and_minutes_the_health_of_each_quarter_hour(
    stack_kafka: KafkaBroker, flink: FlinkCluster, plant_clock: Any, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    plant_clock(at(QUARTERS * 15 + 10))
    kafka, shown = KafkaSettings(stack_kafka.bootstrap, namespace), readings()
    ensure_topics(kafka)
    flink.submit(
        JOB_SCRIPT, ["detection", "--plant", str(tmp_path), "--kafka", kafka.bootstrap, "--namespace", namespace], "detection"
    )
    found: list[MachineHealth] = []
    with RecordProducer(kafka) as producer, RecordConsumer(kafka, [MACHINE_HEALTH]) as consumer:
        for number, one in enumerate(shown):
            producer.send(READINGS, one)
            if number % 50 == 49:  # out of order by more than a minute has: it is late for its minute
                producer.send(READINGS, Reading(SITE, MACHINE, "vibration", one.observed_ms - 240_000, one.observed_ms, 99.0))
        producer.flush(60)
        while len(found) < QUARTERS:
            found += [message.record() for message in consumer.poll(1.0)]
    assert [one.at_utc for one in found] == [at(15 * number) for number in range(QUARTERS)]
    assert [one.status for one in found] == [HealthStatus.LEARNING] * 4 + [HealthStatus.USUAL] * 2
    vibration = [one.value or 0.0 for one in shown if one.channel == "vibration"]
    by_minute = [fmean(vibration[3 * number : 3 * number + 3]) for number in range(15 * QUARTERS)]
    for number, one in enumerate(found):
        assert (one.state, one.minutes, one.channels[0].limit) == ("Execute", 15 if number else 14, 7.1)
        first = 15 * number + (number == 0)  # the state of the minute before the first is not known
        assert one.channels[0].mean == pytest.approx(fmean(by_minute[first : 15 * number + 15]), abs=1e-4)
