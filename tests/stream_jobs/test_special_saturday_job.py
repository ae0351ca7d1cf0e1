"""Detection and the meters' forecasts on a real cluster: a shift change, keyed by shift and day, reaches every meter of its site."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from domain.anomalies import AnomalyKind
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.shift_changes import ShiftChange
from domain.topics import ANOMALIES, INTERVALS, METER_FORECASTS, REJECTED, SHIFT_CHANGES, Topic

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("flink_jobs_end"), pytest.mark.timeout(420)]

METERS = ("oven", "press")
METER = """
[[meter]]
id = "{0}"
parent = "grid"
max_power_kw = 90
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 5.0
resolution = 0.001

[[machine]]
id = "{0}"
meter = "{0}"
rated_kw = 80
shifts = ["day"]
"""
PLANT = (
    """
[site]
id = "werk"
timezone = "UTC"
commissioned_utc = 2026-01-01T00:00:00Z
billing_meter = "grid"

[[meter]]
id = "grid"
max_power_kw = 900

[[shift]]
id = "day"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "06:00"
to = "14:00"
"""
    + "".join(METER.format(meter) for meter in METERS)
)  # fmt: skip
SATURDAY, SUNDAY = date(2026, 10, 17), date(2026, 10, 18)
START = datetime(2026, 9, 28, tzinfo=UTC)
MIDNIGHT = datetime(2026, 10, 17, tzinfo=UTC)


def quarter(meter: str, start_utc: datetime, works: bool) -> Interval:
    origin = IntervalOrigin.METERING if start_utc >= MIDNIGHT else IntervalOrigin.IMPORT
    return Interval(
        "werk", meter, "energy_import", start_utc, (15 if works else 1) * 10**9, 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER,
        0, 9, origin,
    )  # fmt: skip


def by_pattern(at_utc: datetime) -> bool:
    return at_utc.weekday() < 5 and 6 <= at_utc.hour < 14


class Received:
    """What the jobs have published so far."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._consumer = RecordConsumer(kafka, [ANOMALIES, METER_FORECASTS, REJECTED])
        self.records: list[tuple[Topic, Any]] = []

    def until(self, holds: Any) -> None:
        """Wait until `holds` of the records; the test's own time limit ends it."""
        while not holds(self.records):
            self.records += [(message.topic, message.record()) for message in self._consumer.poll(1.0)]

    def of(self, topic: Topic) -> list[Any]:
        return [record for found, record in self.records if found is topic]


def test_machines_that_run_on_a_special_saturday_are_at_work_and_on_the_sunday_after_it_they_are_not(
    stack_kafka: KafkaBroker, flink: FlinkCluster, plant_clock: Any, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    plant_clock(MIDNIGHT)
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    for job in ("detection", "meter_forecasts"):
        flink.submit(JOB_SCRIPT, [job, "--plant", str(tmp_path), "--kafka", kafka.bootstrap, "--namespace", namespace], job)
    received = Received(kafka)
    with RecordProducer(kafka) as producer:
        past = [START + n * QUARTER for n in range(int((MIDNIGHT - START) / QUARTER) + 1)]
        for meter in METERS:
            for at_utc in past:
                producer.send(INTERVALS, quarter(meter, at_utc, by_pattern(at_utc)))
        producer.flush(60)
        received.until(lambda found: {r.meter for topic, r in found if topic is METER_FORECASTS} == set(METERS))
        # The quarter hour after midnight has been answered: what follows is known before the shift begins.
        producer.send(SHIFT_CHANGES, ShiftChange("werk", "day", SATURDAY.isoformat(), 1, True, MIDNIGHT, by="M. Adler"))
        producer.send_bytes(SHIFT_CHANGES, b"werk/day/2026-10-24", b'{"site": "werk"}')
        producer.flush(60)
        before = len(received.of(METER_FORECASTS))
        received.until(
            lambda found: {r.meter for topic, r in found if topic is METER_FORECASTS and r.q50_kw[40] > 40} == set(METERS)
        )
        assert len(received.of(METER_FORECASTS)) >= before + len(METERS), "each meter is answered at once"
        days = [MIDNIGHT + n * QUARTER for n in range(1, 96 + 4 * 11)]
        plant_clock(days[-1] + 2 * QUARTER)
        for meter in METERS:
            for at_utc in days:
                producer.send(INTERVALS, quarter(meter, at_utc, 6 <= at_utc.hour < 14))
        producer.flush(60)
        received.until(
            lambda found: (
                {r.meter for topic, r in found if topic is ANOMALIES and r.kind is AnomalyKind.ON_WHILE_OFF} == set(METERS)
            )
        )
    since = {one.since_utc for one in received.of(ANOMALIES) if one.kind is AnomalyKind.ON_WHILE_OFF}
    assert since == {MIDNIGHT + timedelta(days=1, hours=6)}, "the Sunday, and nothing on the special Saturday"
    assert received.of(REJECTED) == [], (
        "a change that cannot be read is rejected by the site's forecast, once, and not by each meter"
    )


def test_a_meter_that_the_plant_file_gains_knows_the_special_saturday_that_was_entered_before(
    stack_kafka: KafkaBroker, flink: FlinkCluster, plant_clock: Any, namespace: str, tmp_path: Path
) -> None:
    plant_clock(MIDNIGHT)
    kafka, name = KafkaSettings(stack_kafka.bootstrap, namespace), f"meter-forecasts-{namespace}"
    ensure_topics(kafka)
    arguments = ["meter_forecasts", "--plant", str(tmp_path), "--kafka", kafka.bootstrap, "--namespace", namespace]
    received = Received(kafka)
    past = [START + n * QUARTER for n in range(int((MIDNIGHT - START) / QUARTER) + 1)]
    plants = {"oven": PLANT.replace(METER.format("press"), ""), "press": PLANT}
    with RecordProducer(kafka) as producer:
        producer.send(SHIFT_CHANGES, ShiftChange("werk", "day", SATURDAY.isoformat(), 1, True, MIDNIGHT, by="M. Adler"))
        for meter, plant in plants.items():
            (tmp_path / "plant.toml").write_text(plant, encoding="utf-8")
            job_id = flink.submit(JOB_SCRIPT, arguments, name)
            for at_utc in past:
                producer.send(INTERVALS, quarter(meter, at_utc, by_pattern(at_utc)))
            producer.flush(60)

            def is_known(found: Any, meter: str = meter) -> bool:
                return any(topic is METER_FORECASTS and r.meter == meter and r.q50_kw[40] > 40 for topic, r in found)

            received.until(is_known)
            flink.stop_with_savepoint(job_id, 90.0)
    assert received.of(REJECTED) == []
