"""The desk in the real Flink job: a quarter hour becomes a finding, that an anomaly, and feedback on it closes it and keeps the like silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from domain.anomalies import Anomaly
from domain.feedback import Feedback, FeedbackKind
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.readings import Rejection
from domain.topics import ANOMALIES, FEEDBACK, FINDINGS, INTERVALS, REJECTED

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("flink_jobs_end"), pytest.mark.timeout(420)]

PLANT = """
[site]
id = "werk"
timezone = "UTC"
commissioned_utc = 2026-01-01T00:00:00Z
billing_meter = "grid"

[[meter]]
id = "grid"
max_power_kw = 900

[[meter]]
id = "oven"
parent = "grid"
max_power_kw = 90

[[shift]]
id = "day"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "06:00"
to = "14:00"

[[machine]]
id = "oven"
meter = "oven"
rated_kw = 80
shifts = ["day"]
"""
START, TUESDAY = datetime(2026, 9, 28, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)


def quarter(at_utc: datetime, kw: float) -> Interval:
    origin = IntervalOrigin.METERING if at_utc >= TUESDAY else IntervalOrigin.IMPORT
    return Interval(
        "werk", "oven", "energy_import", at_utc, round(kw * 250_000_000), 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 0, 9, origin
    )  # fmt: skip


def works(at_utc: datetime) -> bool:
    return at_utc.weekday() < 5 and 6 <= at_utc.hour < 14


class Received:
    """What the job has published so far."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._consumer = RecordConsumer(kafka, [FINDINGS, ANOMALIES, REJECTED])
        self.records: list[Any] = []
        self.findings: list[Anomaly] = []

    def until(self, holds: Callable[[Any], bool]) -> Any:
        """The first anomaly or rejection of which `holds` is true; the test's own time limit ends the wait."""
        while True:
            for record in self.records:
                if holds(record):
                    return record
            for message in self._consumer.poll(1.0):
                (self.findings if message.topic is FINDINGS else self.records).append(message.record())


def test_a_finding_becomes_an_anomaly_that_feedback_closes_and_the_like_is_silent(
    stack_kafka: KafkaBroker, flink: FlinkCluster, plant_clock: Any, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    plant_clock(TUESDAY + timedelta(days=4))
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    flink.submit(
        JOB_SCRIPT, ["detection", "--plant", str(tmp_path), "--kafka", kafka.bootstrap, "--namespace", namespace], "detection"
    )
    received = Received(kafka)

    def is_of(day: int) -> Callable[[Any], bool]:
        return lambda one: isinstance(one, Anomaly) and one.since_utc.date() == (TUESDAY + timedelta(days=day)).date()

    def left_on(day: int, hour: int, quarters: int = 4) -> dict[datetime, float]:
        return {TUESDAY + timedelta(days=day, hours=hour) + n * QUARTER: 30.0 for n in range(quarters)}

    on = {**left_on(0, 18), **left_on(1, 18), **left_on(2, 22)}
    with RecordProducer(kafka) as producer:

        def run(begin: datetime, end: datetime) -> None:
            for n in range(int((end - begin) / QUARTER)):
                at_utc = begin + n * QUARTER
                producer.send(INTERVALS, quarter(at_utc, on.get(at_utc, 60.0 if works(at_utc) else 1.0)))
            producer.flush(60)

        run(START, TUESDAY + timedelta(hours=18, minutes=30))
        first = received.until(is_of(0))
        assert (first.meter, first.until_utc, received.findings[0].anomaly) == ("oven", None, first.anomaly)
        producer.send(FEEDBACK, Feedback("werk", "oven", first.anomaly, FeedbackKind.NORMAL, "M. Adler", first.at_utc, "warms up"))
        producer.flush(60)
        closed = received.until(lambda one: isinstance(one, Anomaly) and one.until_utc is not None)
        assert (closed.anomaly, closed.revision, closed.feedback.by) == (first.anomaly, 1, "M. Adler")
        unknown = Feedback("werk", "oven", "oven/left_on/1", FeedbackKind.KNOWN, "M. Adler", first.at_utc)
        producer.send(FEEDBACK, unknown)
        run(TUESDAY + timedelta(hours=18, minutes=30), TUESDAY + timedelta(days=3))
        received.until(is_of(2))
        rejected = received.until(lambda one: isinstance(one, Rejection))
    days = {one.since_utc.day for one in received.findings}
    assert days == {20, 21, 22}, "each evening was found"
    assert {one.since_utc.day for one in received.records if isinstance(one, Anomaly)} == {20, 22}, (
        "the like of the first is silent"
    )
    assert (
        rejected.original
        == '{"site":"werk","meter":"oven","anomaly":"oven/left_on/1","kind":"known","by":"M. Adler","at_utc":"2026-10-20T18:30:00Z","comment":""}'
    )
