"""Detection, forecast and advice as real Flink jobs on the demo plant's rush Friday: what they say, and that it keeps the contracts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.parts import JOB_SCRIPT
from domain.anomalies import AnomalyKind
from domain.codec import json_schema
from domain.demand import Demand
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.recommendations import Decision, DecisionKind, RecommendationStatus
from domain.topics import ANOMALIES, DECISIONS, DEMAND, FORECASTS, INTERVALS, ORDERS, RECOMMENDATIONS, Topic
from quarters.numbers import quarter_start
from simulation import demo_plant
from simulation.history import history
from simulation.planner import past_orders
from simulation.span import HISTORY, load_span

pytestmark = pytest.mark.cluster
SITE = "werk-nord"


class Received:
    """Everything that the jobs have published, checked against the contract as it comes."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._consumer = RecordConsumer(kafka, [FORECASTS, ANOMALIES, RECOMMENDATIONS])
        self.records: dict[Topic, list[Any]] = {FORECASTS: [], ANOMALIES: [], RECOMMENDATIONS: []}

    def until(self, topic: Topic, what: Any) -> Any:
        """The first record of `topic` for which `what` holds; the test's own time limit ends the wait."""
        while True:
            for record in self.records[topic]:
                if what(record):
                    return record
            for message in self._consumer.poll(1.0):
                jsonschema.validate(json.loads(message.value), json_schema(message.topic.record))
                assert message.key == message.topic.key_bytes(message.record())
                self.records[message.topic].append(message.record())

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
def plant_dir(tmp_path):
    demo_plant.write(tmp_path / "plant")
    return tmp_path / "plant"


def intervals_of(quarters, origin, revision):
    for quarter in quarters:
        for (meter, channel), energy in quarter.energy_uwh.items():
            if meter in ("main", "furnace-1") and channel == "energy_import":
                start = demo_plant.DEMO_START_UTC + timedelta(seconds=quarter.start_s - demo_plant.DEMO_START_UTC.timestamp())
                yield Interval(
                    SITE,
                    meter,
                    channel,
                    start,
                    energy,
                    1.0,
                    IntervalQuality.MEASURED,
                    IntervalMethod.REGISTER,
                    revision,
                    origin=origin,
                )


def demand_at(instant):
    start = quarter_start(instant)
    return Demand(SITE, "main", instant, start, 60.0, 840.0, 8.0, 480.0, 480.0, 480.0, 470.0, 490.0, 640.0, 660.0, 160.0, 637.0)


@pytest.mark.timeout(420)
def test_the_rush_is_foreseen_a_move_is_advised_and_the_furnace_left_on_is_found(
    stack_kafka, flink, plant_clock, flink_jobs_end, namespace, plant_dir
):
    plant_clock(demo_plant.DEMO_START_UTC)
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    for job in ("detection", "forecast", "advice"):
        arguments = [job, "--plant", str(plant_dir), "--kafka", kafka.bootstrap, "--namespace", namespace]
        flink.submit(JOB_SCRIPT, arguments, job)
    span = load_span(plant_dir)
    start = span.start_utc
    received = Received(kafka)
    with RecordProducer(kafka) as producer:
        for order in past_orders(span, start - HISTORY):
            producer.send(ORDERS, order)
        for order in span.orders_between(span.first_day, span.first_day + timedelta(days=2)):
            producer.send(ORDERS, order)
        past = list(intervals_of(history(span), IntervalOrigin.IMPORT, 0))
        for interval in past:
            producer.send(INTERVALS, interval)
        producer.flush(60)
        live = [replace(i, start_utc=i.start_utc + timedelta(days=7), revision=1, origin=IntervalOrigin.METERING) for i in past]
        morning = [i for i in live if start <= i.start_utc < start + 5 * QUARTER]
        for interval in sorted(morning, key=lambda i: i.start_utc):
            producer.send(INTERVALS, interval)
            producer.send(DEMAND, demand_at(interval.end_utc))
        producer.flush(60)

        forecast = received.until(FORECASTS, lambda f: f.issued_utc >= start + 5 * QUARTER)
        assert len(forecast.q10_kw) == len(forecast.q50_kw) == len(forecast.q90_kw) == 192
        assert all(
            low <= middle <= high for low, middle, high in zip(forecast.q10_kw, forecast.q50_kw, forecast.q90_kw, strict=True)
        )
        assert forecast.peaks[0].above_target > 0.5
        assert forecast.score < 1.0

        advice = received.until(RECOMMENDATIONS, lambda r: r.status is RecommendationStatus.OPEN)
        assert advice.peak_after_kw < advice.peak_before_kw
        assert advice.bill_before_eur - advice.bill_after_eur == pytest.approx(advice.saving_eur, abs=0.02)
        producer.send(
            DECISIONS,
            Decision(SITE, advice.recommendation, DecisionKind.ACCEPTED, "M. Adler", advice.at_utc + timedelta(minutes=1)),
        )
        producer.flush(60)
        accepted = received.until(
            RECOMMENDATIONS, lambda r: r.recommendation == advice.recommendation and r.status is RecommendationStatus.ACCEPTED
        )
        assert accepted.decided_by == "M. Adler"
        # The advice is published again with every forecast until the decision arrives; no revision is left out or published twice.
        revisions = [r.revision for r in received.records[RECOMMENDATIONS] if r.recommendation == advice.recommendation]
        assert revisions == list(range(1, len(revisions) + 1))
        assert accepted.revision > advice.revision

        evening = start + timedelta(hours=9)  # 15:00 on Friday, an hour after the last shift
        plant_clock(evening + 4 * QUARTER)
        left_on = [
            Interval(
                SITE, "furnace-1", "energy_import", evening + QUARTER * n, 15_000_000_000, 1.0, IntervalQuality.MEASURED,
                IntervalMethod.REGISTER, 1,
            )
            for n in range(4)
        ]  # fmt: skip
        for interval in left_on:
            producer.send(INTERVALS, interval)
        producer.flush(60)
        anomaly = received.until(ANOMALIES, lambda a: a.kind is AnomalyKind.ON_WHILE_OFF)
        assert (anomaly.meter, anomaly.since_utc) == ("furnace-1", evening)
        assert anomaly.actual_kw == pytest.approx(60.0)
        assert anomaly.eur_per_day > 0
    received.close()
