"""The production as a real Flink job: it learns what jobs draw and when they ran, and what it writes to the orders it reads itself."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.parts import JOB_SCRIPT
from domain.codec import json_schema
from domain.intervals import QUARTER
from domain.job_power import JobPower
from domain.orders import PROGRESS_SOURCE, Order, OrderStatus
from domain.topics import INTERVALS, JOB_POWERS, ORDERS
from simulation import demo_plant
from tests.production import job_samples as sample

pytestmark = pytest.mark.cluster
SITE, FURNACE = "werk-nord", "furnace-1"


def of_plant(record: Any, **more: Any) -> Any:
    return type(record)(**{name: getattr(record, name) for name in type(record).__dataclass_fields__} | {"site": SITE} | more)


@pytest.mark.timeout(420)
def test_jobs_are_learned_and_dated_and_the_job_does_not_answer_itself(
    stack_kafka, flink, plant_clock, flink_jobs_end, namespace, tmp_path
):
    demo_plant.write(tmp_path / "plant")
    plant_clock(sample.MONDAY + 60 * QUARTER)
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    flink.submit(
        JOB_SCRIPT, ["production", "--plant", str(tmp_path / "plant"), "--kafka", kafka.bootstrap, "--namespace", namespace], "production"
    )  # fmt: skip
    jobs = [of_plant(sample.order(f"J{n}", 8 + 12 * n, machine=FURNACE, status=OrderStatus.PLANNED)) for n in range(3)]
    on = {8 + 12 * n + late: 20.0 + 40.0 + n for n in range(3) for late in (1, 2, 3, 4)}  # all a quarter hour late
    rows = [of_plant(sample.interval(n, on.get(n, 20.0)), meter=FURNACE) for n in range(44)]
    powers: list[JobPower] = []
    orders: list[Order] = []
    with RecordProducer(kafka) as producer, RecordConsumer(kafka, [JOB_POWERS, ORDERS]) as consumer:

        def read() -> None:
            for message in consumer.poll(1.0):
                jsonschema.validate(json.loads(message.value), json_schema(message.topic.record))
                assert message.key == message.topic.key_bytes(message.record())
                (powers if message.topic is JOB_POWERS else orders).append(message.record())

        for job in jobs:
            producer.send(ORDERS, job)
        for row in rows:
            producer.send(INTERVALS, row)
        producer.flush(60)
        while not powers or sum(one.status is OrderStatus.DONE for one in orders) < 3:
            read()
        # What it reads of its own comes before this row, and this row before the fourth job's end.
        fourth = of_plant(sample.order("J3", 44, machine=FURNACE, status=OrderStatus.PLANNED))
        producer.send(ORDERS, fourth)
        for n in range(44, 52):
            producer.send(INTERVALS, of_plant(sample.interval(n, 60.0 if n < 48 else 20.0), meter=FURNACE))
        producer.flush(60)
        while not any(one.job == "J3" and one.status is OrderStatus.DONE for one in orders):
            read()
    found = {one.job: one for one in orders if one.source == PROGRESS_SOURCE and one.status is OrderStatus.DONE}
    assert {job: one.start_utc for job, one in found.items()} == {
        "J0": sample.MONDAY + 9 * QUARTER, "J1": sample.MONDAY + 21 * QUARTER, "J2": sample.MONDAY + 33 * QUARTER,
        "J3": sample.MONDAY + 44 * QUARTER,
    }  # fmt: skip
    for job in found:
        revisions = [one.revision for one in orders if one.job == job]
        assert revisions == list(range(1, 1 + len(revisions))), "each revision once"
        assert len({(one.status, one.start_utc, one.quarters) for one in orders if one.job == job}) == len(revisions), (
            "none repeats"
        )
    power = powers[0]
    assert (power.machine, power.product, power.idle_kw, power.runs) == (FURNACE, "rings", 20.0, 3)
    assert power.q50_kw == (41.0,) * 4
