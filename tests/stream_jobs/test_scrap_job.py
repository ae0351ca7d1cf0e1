"""Counting and watching scrap in the real Flink job: counters become a record of the quarter hour, what cannot be read is rejected once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from domain.quality import QualityEvent
from domain.readings import Rejection
from domain.topics import INTERVALS, ORDERS, QUALITY, READINGS, REJECTED
from tests.scrap.scrap_site import SITE, at, count, interval, order

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("flink_jobs_end"), pytest.mark.timeout(420)]

PLANT = f"""
[site]
id = "{SITE}"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
billing_meter = "main"

[[meter]]
id = "main"
max_power_kw = 1000

[[meter]]
id = "m1-meter"
parent = "main"
max_power_kw = 100
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 5
resolution = 0.1

[[machine]]
id = "m1"
meter = "m1-meter"
rated_kw = 60
control = {{ good_channel = "good", scrap_channel = "scrap" }}
"""


def test_counters_become_a_record_of_the_quarter_hour(
    stack_kafka: KafkaBroker, flink: FlinkCluster, plant_clock: Any, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    plant_clock(at(2))
    flink.submit(
        JOB_SCRIPT, ["detection", "--plant", str(tmp_path), "--kafka", kafka.bootstrap, "--namespace", namespace], "detection"
    )
    with RecordProducer(kafka) as producer:
        producer.send(ORDERS, order("J1", 0, 32, "housing"))
        for minute, good, scrap in ((0, 100.0, 3.0), (5, 108.0, 3.0), (9, 117.0, 4.0), (12, 125.0, 5.0)):
            for channel, value in (("good", good), ("scrap", scrap), ("nobody-reads-this", 1.0)):
                producer.send(READINGS, count(at(minute / 15), channel, value))
        producer.send_bytes(QUALITY, f"{SITE}/m1".encode(), b'{"site": "works"}')
        producer.flush(60)
    with RecordConsumer(kafka, [QUALITY, REJECTED]) as consumer, RecordProducer(kafka) as producer:
        found: list[QualityEvent] = []
        rejected: list[Rejection] = []
        quarter = 0
        # Topics have no order between them: quarter hours come until the counts have been taken, and are over.
        while not (found and found[-1].good == 25 and rejected):
            plant_clock(at(quarter + 2))
            producer.send(INTERVALS, interval(quarter, 40.0))
            producer.flush(60)
            quarter += 1
            for message in consumer.poll(2.0):
                if message.topic is QUALITY and b"counter" in message.value:
                    found.append(message.record())
                elif message.topic is REJECTED:
                    rejected.append(message.record())
    event = found[-1]
    assert (event.machine, event.start_utc, event.end_utc, event.good, event.scrap, event.rework) == (
        "m1",
        at(0),
        at(1),
        25,
        2,
        None,
    )
    assert (event.product, event.job, event.source) == ("housing", "J1", "counter")
    assert "good" not in rejected[0].original
