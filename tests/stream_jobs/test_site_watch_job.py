"""The watches over a site in the real Flink job: values of set points pass, findings and advice leave, a person's word comes back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from domain.intervals import IntervalOrigin
from domain.recommendations import Decision, DecisionKind, RecommendationStatus
from domain.topics import DECISIONS, FINDINGS, RECOMMENDATIONS, REJECTED, Topic
from quarters.numbers import slot_of
from tests.detection import site_plant as sample

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("flink_jobs_end"), pytest.mark.timeout(420)]

PLANT = f"""
[site]
id = "{sample.SITE}"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
billing_meter = "main"

[[meter]]
id = "main"
max_power_kw = 1000
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 60
resolution = 0.1

[[meter]]
id = "compressor"
parent = "main"
max_power_kw = 100
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 60
resolution = 0.1

[[machine]]
id = "compressor"
kind = "compressor"
meter = "compressor"
rated_kw = 60
[[machine.set_point]]
channel = "pressure"
kind = "pressure"
unit = "bar"
least = 6.0
most = 7.5
"""


def test_pressure_that_is_read_is_found_and_advised_and_a_persons_word_comes_back(
    stack_kafka: KafkaBroker, flink: FlinkCluster, plant_clock: Any, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    plant_clock(sample.MONDAY + timedelta(days=40))
    flink.submit(
        JOB_SCRIPT, ["detection", "--plant", str(tmp_path), "--kafka", kafka.bootstrap, "--namespace", namespace], "detection"
    )
    consumer, received = RecordConsumer(kafka, [FINDINGS, RECOMMENDATIONS, REJECTED]), []

    def first(topic: Topic, status: RecommendationStatus | None = None) -> Any:
        found = (record for of, record in received if of is topic and (status is None or record.status is status))
        return next(found, None)

    def poll() -> None:
        received.extend((message.topic, message.record()) for message in consumer.poll(0.5))

    with RecordProducer(kafka) as producer:

        def send(records: sample.Records) -> None:
            for topic, record in records:
                if record.meter in ("main", "compressor"):
                    producer.send(topic, record)
            producer.flush(60)

        live = slot_of(sample.MONDAY)
        send([one for slot in range(live - 15 * 96, live) for one in sample.quarters(slot, sample.usual, IntervalOrigin.IMPORT)])
        # Topics have no order between them: quarter hours go on until what set points show has come with them.
        while first(FINDINGS) is None or first(RECOMMENDATIONS) is None:
            for slot in range(live, live + 2):
                send(sample.values(slot, {("compressor", "pressure"): 8.0, ("compressor", "noise"): 1.0}))
                send(sample.quarters(slot, sample.usual))
            live += 2
            poll()
        found, advised = first(FINDINGS), first(RECOMMENDATIONS)
        assert (found.kind, found.meter, found.evidence["limit_bar"]) == ("pressure_high", "compressor", "7.50")
        assert [(one.machine, one.channel, round(one.value, 1)) for one in advised.set_points] == [("compressor", "pressure", 7.0)]
        producer.send(
            DECISIONS, Decision(sample.SITE, advised.recommendation, DecisionKind.ACCEPTED, "M. Adler", advised.issued_utc)
        )
        producer.flush(60)
        while (accepted := first(RECOMMENDATIONS, RecommendationStatus.ACCEPTED)) is None:
            poll()
    assert (accepted.recommendation, accepted.decided_by) == (advised.recommendation, "M. Adler")
    assert [record for of, record in received if of is REJECTED] == []
