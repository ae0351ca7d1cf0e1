"""Machine states through the real Flink job: of all readings only what controls report reaches the step, and of that only changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.parts import JOB_SCRIPT
from domain.clock import epoch_ms
from domain.intervals import QUARTER
from domain.orders import PROGRESS_SOURCE, Order, OrderStatus
from domain.readings import Reading
from domain.topics import INTERVALS, ORDERS, READINGS, REJECTED
from simulation import demo_plant
from tests.production import job_samples as sample

pytestmark = pytest.mark.cluster
SITE, FURNACE = "werk-nord", "furnace-1"
SECOND = timedelta(seconds=1)


def reading(second: float, channel: str, value: float | None = None, text: str | None = None, meter: str = FURNACE) -> Reading:
    at_ms = epoch_ms(sample.MONDAY + second * SECOND)
    return Reading(SITE, meter, channel, at_ms, at_ms + 40, value, text=text, gateway="gateway-1")


def readings() -> list[Reading]:
    """A flickering begin, a counter that is read every ten seconds, two jobs without a pause between them, and much that is nobody's state."""
    found = [reading(0, "state", text="Idle"), reading(0, "parts", 700.0)]
    found += [
        reading(7300 + n, "state", text="Execute" if n % 2 else "Idle") for n in range(2, 12)
    ]  # 02:01:42 to 02:01:51, ends with Execute
    found += [reading(7320 + 10 * n, "parts", 700.0 + n // 6) for n in range(1, 700)]
    found += [reading(14_000, "state", text="Idle")]
    found += [reading(60 * n, "power", 1.0 + n, meter="press-1") for n in range(300)]
    found += [
        reading(30 * n, "state", text="Execute", meter="washer") for n in range(100)
    ]  # a machine without a control in the plant file
    return sorted(found, key=lambda one: one.observed_ms)


@pytest.mark.timeout(420)
def test_jobs_are_dated_to_the_minute_by_state_and_counter(stack_kafka, flink, plant_clock, flink_jobs_end, namespace, tmp_path):
    demo_plant.write(tmp_path / "plant")
    plant = tmp_path / "plant" / "plant.toml"
    text = plant.read_text(encoding="utf-8")
    plant.write_text(
        text.replace('control = { state_channel = "state", ', 'control = { state_channel = "state", parts_channel = "parts", '),
        encoding="utf-8",
    )
    plant_clock(sample.MONDAY + 60 * QUARTER, speed=20.0)  # the last state waits for a minute of the plant's time
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    flink.submit(
        JOB_SCRIPT, ["production", "--plant", str(tmp_path / "plant"), "--kafka", kafka.bootstrap, "--namespace", namespace], "production"
    )  # fmt: skip
    jobs = [
        replace(sample.order(name, quarter, machine=FURNACE, status=OrderStatus.PLANNED), site=SITE, quantity=pieces)
        for name, quarter, pieces in (("A", 8, 60.0), ("B", 12, None))
    ]
    done: dict[str, Order] = {}
    with RecordProducer(kafka) as producer, RecordConsumer(kafka, [ORDERS, REJECTED]) as consumer:
        for topic, records in ((ORDERS, jobs), (READINGS, readings())):
            for record in records:
                producer.send(topic, record)
        producer.flush(60)
        quarter = 0
        while len(done) < 2:
            messages = consumer.poll(1.0)
            # Topics have no order between them: quarter hours follow their states one by one, as they do in a plant.
            if not messages and quarter < 20:
                producer.send(INTERVALS, replace(sample.interval(quarter, 20.0), site=SITE, meter=FURNACE))
                producer.flush(60)
                quarter += 1
            for message in messages:
                assert message.topic is ORDERS, message.value
                order = message.record()
                if order.source == PROGRESS_SOURCE and order.status is OrderStatus.DONE:
                    done[order.job] = order
    first, second = done["A"], done["B"]
    assert first.began_utc is not None and abs(first.began_utc - (sample.MONDAY + 7302 * SECOND)) <= 60 * SECOND
    assert first.ended_utc is not None and abs(first.ended_utc - (sample.MONDAY + (7320 + 3600) * SECOND)) <= 60 * SECOND
    assert second.ended_utc == sample.MONDAY + 14_000 * SECOND
    assert (first.start_utc, first.duration_quarters) == (sample.MONDAY + 8 * QUARTER, 4)
    assert (second.start_utc, second.end_utc) == (sample.MONDAY + 12 * QUARTER, sample.MONDAY + 16 * QUARTER)
