"""The metering job on a real cluster: what it writes is what the engine makes of the same readings, also if it is killed midway."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest
from metering_sample import (
    BACKFILLED_UTC,
    END_UTC,
    FIRST_QUARTER_UTC,
    UNPARSABLE,
    Arrival,
    Sample,
    Undisturbed,
    difference,
    latest_table,
    make_sample,
    quarter_of,
    undisturbed,
)

from connectors.kafka.client import KafkaSettings, Message, RecordConsumer, RecordProducer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.flink.failures import ClusterFailed
from deploy.ground import TASKMANAGER
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from deploy.supervisor import Supervisor
from domain.codec import decode, json_schema
from domain.demand import Demand
from domain.intervals import Interval
from domain.readings import Reading, Rejection, RejectionReason
from domain.topics import DEMAND, INTERVALS, READINGS, REJECTED

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("flink_jobs_end"), pytest.mark.timeout(600)]

TIMEOUT_S = 180.0


class Outputs:
    """Everything the job has written so far, as readers of committed records see it."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.messages: list[Message] = []
        self._consumer = RecordConsumer(kafka, [INTERVALS, REJECTED, DEMAND])

    def read_until(self, holds: Callable[[Outputs], bool]) -> bool:
        """Take what comes until `holds` does; whether it did in time."""
        deadline = time.monotonic() + TIMEOUT_S
        while not holds(self):
            if time.monotonic() > deadline:
                return False
            self.messages += self._consumer.poll(0.5)
        return True

    def read_to_end(self) -> None:
        """Take what there is."""
        self.messages += self._consumer.read_to_end()

    def intervals(self) -> list[Interval]:
        return [message.record() for message in self.messages if message.topic is INTERVALS]

    def rejections(self) -> list[Rejection]:
        return [message.record() for message in self.messages if message.topic is REJECTED]

    def demands(self) -> list[Demand]:
        return [message.record() for message in self.messages if message.topic is DEMAND]

    def rejected(self) -> Counter[tuple[str, str, str]]:
        return Counter((r.meter, str(r.reason), r.original) for r in self.rejections())

    def has_all_of(self, expected: Undisturbed) -> bool:
        """Whether the tables agree and as much was rejected."""
        return self.rejected().total() >= expected.rejections.total() and latest_table(self.intervals(), END_UTC) == expected.table

    def close(self) -> None:
        self._consumer.close()


@contextmanager
def outputs_of(kafka: KafkaSettings) -> Iterator[Outputs]:
    outputs = Outputs(kafka)
    try:
        yield outputs
    finally:
        outputs.close()


def send(kafka: KafkaSettings, arrivals: Sequence[Arrival]) -> None:
    with RecordProducer(kafka) as producer:
        for arrival in arrivals:
            producer.send_bytes(READINGS, arrival.key, arrival.value)
        producer.flush(60.0)


def submit(flink: FlinkCluster, kafka: KafkaSettings, folder: Path, parallelism: int = 1) -> str:
    arguments = ["metering", "--plant", str(folder), "--kafka", kafka.bootstrap, "--namespace", kafka.namespace]
    settings = {"parallelism.default": str(parallelism)}
    return flink.submit(JOB_SCRIPT, arguments, f"metering-{kafka.namespace}", resume=False, settings=settings)


def wait_until(holds: Callable[[], bool]) -> None:
    """Return when `holds` does; the cluster has no event for it."""
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def await_checkpoints(flink: FlinkCluster, job_id: str, count: int) -> None:
    done = flink.rest.checkpoints_completed(job_id)
    wait_until(lambda: flink.rest.checkpoints_completed(job_id) >= done + count)


def is_running(flink: FlinkCluster, job_id: str) -> bool:
    try:
        job = flink.rest.job(job_id)
    except ClusterFailed:
        return False
    return job is not None and job.is_running


def has_published_what_the_backfill_changes(outputs: Outputs) -> bool:
    """Whether the quarter hours are out in which the press was silent for a while."""
    return any(i.meter == "press" and i.start_utc >= BACKFILLED_UTC for i in outputs.intervals())


@pytest.fixture
def kafka(stack_kafka: KafkaBroker, namespace: str) -> KafkaSettings:
    settings = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(settings)
    return settings


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return make_sample(tmp_path / "plant")


@pytest.mark.parametrize("parallelism", [1, 4])
def test_the_job_writes_what_the_engine_makes_of_the_same_readings(
    flink: FlinkCluster, kafka: KafkaSettings, sample: Sample, tmp_path: Path, parallelism: int
) -> None:
    expected = undisturbed(sample)
    first = sample.before_backfill()
    send(kafka, sample.arrivals[:first])
    job_id = submit(flink, kafka, tmp_path / "plant", parallelism)
    with outputs_of(kafka) as outputs:
        assert outputs.read_until(has_published_what_the_backfill_changes), "no quarter hour of the press came"
        send(kafka, sample.arrivals[first:])
        outputs.read_until(lambda out: out.has_all_of(expected))
        flink.stop_with_savepoint(job_id)
        outputs.read_to_end()
        assert_outputs(outputs, expected, sample)


@pytest.mark.parametrize("parallelism", [1, 4])
def test_a_taskmanager_killed_midway_changes_nothing_in_the_result(
    flink: FlinkCluster, flink_processes: Supervisor, kafka: KafkaSettings, sample: Sample, tmp_path: Path, parallelism: int
) -> None:
    expected = undisturbed(sample)
    first = sample.before_backfill()
    send(kafka, sample.arrivals[:first])
    job_id = submit(flink, kafka, tmp_path / "plant", parallelism)
    with outputs_of(kafka) as outputs:
        assert outputs.read_until(has_published_what_the_backfill_changes), "no quarter hour of the press came"
        await_checkpoints(flink, job_id, 1)
        send(kafka, sample.arrivals[first : first + 500])  # some of it is taken, and not yet in a checkpoint
        flink_processes.kill(TASKMANAGER)
        send(kafka, sample.arrivals[first + 500 :])
        outputs.read_until(lambda out: out.has_all_of(expected))
        wait_until(lambda: is_running(flink, job_id))
        flink.stop_with_savepoint(job_id)
        outputs.read_to_end()
        assert_outputs(outputs, expected, sample)


@pytest.mark.parametrize("parallelism", [1, 4])
def test_any_order_of_arrival_gives_the_same_table(
    flink: FlinkCluster, kafka: KafkaSettings, sample: Sample, tmp_path: Path, parallelism: int
) -> None:
    """Shuffled over hours: nearly everything is late, and takes the late path."""
    expected = undisturbed(sample)
    shuffled = list(sample.arrivals)
    random.Random(3).shuffle(shuffled)
    send(kafka, shuffled)
    job_id = submit(flink, kafka, tmp_path / "plant", parallelism)
    with outputs_of(kafka) as outputs:
        outputs.read_until(lambda out: out.has_all_of(expected))
        flink.stop_with_savepoint(job_id)
        outputs.read_to_end()
        table = latest_table(outputs.intervals(), END_UTC)
        assert table == expected.table, difference(table, expected.table)
        assert Counter(meter for meter, _, _ in outputs.rejected().elements()) == Counter(
            meter for meter, _, _ in expected.rejections.elements()
        )
        assert_every_reading_is_used_or_rejected(outputs, sample.readings())
        assert_written_once(outputs)


def assert_outputs(outputs: Outputs, expected: Undisturbed, sample: Sample) -> None:
    table = latest_table(outputs.intervals(), END_UTC)
    assert table == expected.table, difference(table, expected.table)
    assert_each_case_is_there(outputs)
    assert outputs.rejected() == expected.rejections
    [unparsable] = [r for r in outputs.rejections() if r.reason is RejectionReason.UNPARSABLE]
    assert unparsable.original == UNPARSABLE.decode()
    assert unparsable.source.startswith(f"{READINGS.name}/")
    assert_every_reading_is_used_or_rejected(outputs, sample.readings())
    assert_written_once(outputs)
    assert_demand(outputs.demands())
    assert_schemas(outputs.messages)


def assert_each_case_is_there(outputs: Outputs) -> None:
    """The sample would prove little if its troubles had not arisen."""
    methods = {str(interval.method) for interval in outputs.intervals()}
    assert {"register", "integral", "reset", "interpolated", "none"} <= methods
    restated = {interval.meter for interval in outputs.intervals() if interval.revision > 1}
    assert "press" in restated, "the readings that came an hour late restated nothing"
    reasons = {str(rejection.reason) for rejection in outputs.rejections()}
    assert {
        "unparsable", "duplicate", "clock_in_future", "clock_before_range", "unknown_register", "bad_quality", "impossible_power",
    } <= reasons  # fmt: skip


def assert_every_reading_is_used_or_rejected(outputs: Outputs, readings: Sequence[Reading]) -> None:
    span = [r for r in readings if FIRST_QUARTER_UTC <= quarter_of(r) < END_UTC]
    newest: dict[tuple[str, object], Interval] = {}
    for interval in sorted(outputs.intervals(), key=lambda i: i.revision):
        if interval.end_utc <= END_UTC:
            newest[interval.meter, interval.start_utc] = interval
    used = sum(interval.readings for interval in newest.values())
    originals = Counter(r.original for r in outputs.rejections() if r.reason is not RejectionReason.UNPARSABLE)
    in_span = sum(
        count
        for original, count in originals.items()
        if FIRST_QUARTER_UTC <= quarter_of(decode(Reading, original)) < END_UTC
    )  # fmt: skip
    assert used + in_span == len(span)


def assert_written_once(outputs: Outputs) -> None:
    """No revision is published twice: transactions hide what a failed attempt had written."""
    published = Counter((i.meter, i.channel, i.start_utc, i.revision) for i in outputs.intervals())
    assert [identity for identity, count in published.items() if count > 1] == []


def assert_demand(demands: Sequence[Demand]) -> None:
    assert {demand.meter for demand in demands} == {"main"}
    assert len({demand.start_utc for demand in demands}) >= 10
    for demand in demands:
        assert demand.target_kw == 400.0
        assert 0.0 <= demand.elapsed_s <= 900.0
        assert demand.headroom_kw == pytest.approx(demand.target_kw - demand.projected_kw)


def assert_schemas(messages: Sequence[Message]) -> None:
    """Every record is what the contract of its topic says."""
    for topic in (INTERVALS, REJECTED, DEMAND):
        validator = jsonschema.Draft202012Validator(json_schema(topic.record))
        of_topic = [message for message in messages if message.topic is topic]
        assert of_topic
        for message in of_topic:
            validator.validate(json.loads(message.value))
            assert message.key == topic.key_bytes(message.record())
