"""The forecast jobs on a real cluster: killed between two quarter hours they leave no gap and make no jump."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.ground import TASKMANAGER
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from deploy.supervisor import Supervisor
from domain.forecasts import Forecast
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import load_plant
from domain.topics import FORECASTS, INTERVALS, METER_FORECASTS
from forecasting.step import ForecastStep

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("flink_jobs_end"), pytest.mark.timeout(420)]

START = datetime(2026, 8, 31, tzinfo=UTC)
HISTORY = 96 * 21
LIVE = 8
PLANT = """
[site]
id = "werk"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
billing_meter = "grid"
target_kw = 250

[[meter]]
id = "grid"
max_power_kw = 900
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 5.0
resolution = 0.001

[[meter]]
id = "oven"
parent = "grid"
max_power_kw = 90
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 5.0
resolution = 0.001
"""


def quarter(number: int, meter: str) -> Interval:
    """Two shifts on working days, with waves that no two days have alike."""
    works = number // 96 % 7 < 5 and 24 <= number % 96 < 88
    kw = (200.0 if works else 40.0) + 15 * math.sin(number / 7) + 10 * math.sin(number / 31)
    kw = kw if meter == "grid" else kw / 4
    origin = IntervalOrigin.IMPORT if number < HISTORY else IntervalOrigin.METERING
    quality, method = IntervalQuality.MEASURED, IntervalMethod.REGISTER
    return Interval(
        "werk",
        meter,
        "energy_import",
        START + number * QUARTER,
        round(kw * 250) * 1_000_000,
        1.0,
        quality,
        method,
        0,
        origin=origin,
    )


class Received:
    """Every forecast there is, by meter and beginning."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._consumer = RecordConsumer(kafka, [FORECASTS, METER_FORECASTS])
        self.forecasts: dict[tuple[str, datetime], list[Forecast]] = {}

    def until(self, meter: str, number: int) -> None:
        """Listen until the forecast after quarter hour `number` is there; the test's own time limit ends the wait."""
        wanted = (meter, START + (number + 1) * QUARTER)
        while wanted not in self.forecasts:
            for message in self._consumer.poll(0.5):
                issued: Forecast = message.record()
                if not issued.replayed:
                    self.forecasts.setdefault((issued.meter, issued.first_start_utc), []).append(replace(issued, cpu_ms=0.0))

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
def received(stack_kafka: KafkaBroker, namespace: str) -> Iterator[tuple[KafkaSettings, Received]]:
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    listener = Received(kafka)
    yield kafka, listener
    listener.close()


def test_a_taskmanager_killed_under_the_forecast_leaves_no_gap_and_makes_no_jump(
    flink: FlinkCluster,
    flink_processes: Supervisor,
    plant_clock: Callable[[datetime], None],
    received: tuple[KafkaSettings, Received],
    tmp_path: Path,
) -> None:
    plant_clock(START + (HISTORY + LIVE + 2) * QUARTER)
    kafka, listener = received
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    arguments = ["--plant", str(tmp_path), "--kafka", kafka.bootstrap, "--namespace", kafka.namespace]
    for job in ("forecast", "meter_forecasts"):
        flink.submit(JOB_SCRIPT, [job, *arguments], f"{job}-{kafka.namespace}", resume=False)
    with RecordProducer(kafka) as producer:
        for number in range(HISTORY + LIVE):
            for meter in ("grid", "oven"):
                producer.send(INTERVALS, quarter(number, meter))
            if number < HISTORY - 1:
                continue
            producer.flush(60)
            if number == HISTORY - 1:
                # Imported history is answered for the present, before anything live has come.
                listener.until("", HISTORY + LIVE + 1)
                listener.until("oven", HISTORY + LIVE + 1)
                continue
            if number == HISTORY + LIVE // 2:
                flink_processes.kill(TASKMANAGER)
                continue  # the next quarter hour comes while the jobs are still coming back
            listener.until("", number)
            listener.until("oven", number)

    for meter, step in (
        ("", ForecastStep(load_plant(tmp_path / "plant.toml"))),
        ("oven", ForecastStep(load_plant(tmp_path / "plant.toml"), "oven")),
    ):
        state = step.initial()
        for number in range(HISTORY + LIVE):
            state, issued = step.take_interval(state, quarter(number, meter or "grid"))
            if number >= HISTORY:
                undisturbed = replace(issued[-1], cpu_ms=0.0)
                found = listener.forecasts.get((meter, undisturbed.first_start_utc), [])
                if meter == "" or found:
                    assert found, f"no forecast from {undisturbed.first_start_utc}: a gap"
                    assert all(one == undisturbed for one in found), "a jump"
        assert (meter, START + (HISTORY + LIVE) * QUARTER) in listener.forecasts
