"""The governor in the real Flink job: levels and powers pass one a minute, also those that stay as they are; a hold leaves at once and is accepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from domain.clock import epoch_ms
from domain.forecasts import Forecast
from domain.governing import Governing
from domain.readings import Reading
from domain.recommendations import Action, Decision, DecisionKind, RecommendationStatus
from domain.topics import DECISIONS, DEMAND, FORECASTS, GOVERNING, READINGS, RECOMMENDATIONS, REJECTED
from tests.governor.live_site import COLD_STORE, MINUTE, QUARTER, SITE, START, demand_at

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
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 5
resolution = 0.1

[[meter]]
id = "cold-1"
parent = "main"
max_power_kw = 60
[[meter.register]]
channel = "power"
kind = "gauge"
unit = "W"
sampling_s = 5
resolution = 1

[[machine]]
id = "cold-1"
meter = "cold-1"
rated_kw = 40

[[flexible.cold_store]]
id = "cold-1"
machine = "cold-1"
level_channel = "temperature"
{COLD_STORE}"""


class Received:
    """What the job has published so far."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._consumer = RecordConsumer(kafka, [RECOMMENDATIONS, GOVERNING, REJECTED])
        self.records: list[Any] = []

    def poll(self) -> None:
        self.records += [message.record() for message in self._consumer.poll(1.0)]

    def until(self, holds: Callable[[Any], bool]) -> Any:
        """The first record of which `holds` is true; the test's own time limit ends the wait."""
        while True:
            for record in self.records:
                if holds(record):
                    return record
            self.poll()


def test_a_hold_leaves_the_job_and_a_persons_word_comes_back(
    stack_kafka: KafkaBroker, flink: FlinkCluster, plant_clock: Any, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    flink.submit(JOB_SCRIPT, ["advice", "--plant", str(tmp_path), "--kafka", kafka.bootstrap, "--namespace", namespace], "advice")
    received, values = Received(kafka), (450.0,) * 192
    with RecordProducer(kafka) as producer:

        def show(at: datetime) -> None:
            for channel, value in (("temperature", -22.0), ("power", 40_000.0), ("nobody-reads-this", 1.0)):
                producer.send(READINGS, Reading(SITE, "cold-1", channel, epoch_ms(at), epoch_ms(at), value))
            producer.flush(60)

        def look(at: datetime, kw: float) -> None:
            producer.send(DEMAND, demand_at(at, kw))
            producer.flush(60)
            received.poll()

        producer.send(FORECASTS, Forecast(SITE, START, START, values, values, values, (), "like-days", START, 100, None))
        # Topics have no order between them: it looks again, a quarter hour later each, until forecast and instruments have come.
        begin = START - QUARTER
        while not any(isinstance(one, Governing) and one.can_wait for one in received.records):
            begin += QUARTER
            plant_clock(begin + 4 * MINUTE)
            show(begin)
            look(begin + 2 * MINUTE, 450.0)
        # The same level again: were it kept back as nothing new, it would be seven minutes old at the next look, and nothing would be held.
        show(begin + 6.5 * MINUTE)
        received.poll()
        for minute in (7, 8):
            look(begin + minute * MINUTE, 530.0)
        hold = received.until(lambda one: getattr(one, "action", None) is Action.HOLD)
        assert [(place.load, place.kw) for place in hold.loads] == [("cold-1", 40.0)]
        producer.send(DECISIONS, Decision(SITE, hold.recommendation, DecisionKind.ACCEPTED, "M. Adler", hold.issued_utc))
        producer.flush(60)
        accepted = received.until(lambda one: getattr(one, "status", None) is RecommendationStatus.ACCEPTED)
    assert (accepted.recommendation, accepted.revision, accepted.decided_by) == (hold.recommendation, 2, "M. Adler")
    assert [one for one in received.records if not hasattr(one, "action") and not isinstance(one, Governing)] == []
