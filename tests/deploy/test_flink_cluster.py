"""The session cluster: a Python job survives the TaskManager's death, the JobManager's, and a stop with savepoint."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.flink.cluster import FlinkCluster
from deploy.flink.configuration import FlinkSizes, shipped_java_options
from deploy.flink.failures import ClusterFailed, SubmissionFailed, misfit_in
from deploy.flink.states import checkpoint_number
from deploy.flink.submission import JobRequest
from deploy.ground import JOBMANAGER, TASKMANAGER
from deploy.jars import flink_home
from deploy.kafka_broker import KafkaBroker
from deploy.supervisor import Supervisor

JOB = Path(__file__).parent / "jobs" / "count_job.py"


def wait_until(holds: Callable[[], bool], timeout_s: float = 90.0) -> None:
    """Return when `holds` does; the cluster has no event for it."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def newest_number(flink: FlinkCluster, job_id: str) -> int:
    """Flink's own number of the job's newest checkpoint."""
    found: list[int] = []

    def is_there() -> bool:  # it may be replaced by a newer one while we look
        point = flink.states.latest_checkpoint(job_id)
        found.append(checkpoint_number(point / "_metadata") or 0 if point is not None else 0)
        return found[-1] > 0

    wait_until(is_there)
    return found[-1]


class Numbered:
    """Sends values to the job and reads what comes back."""

    def __init__(self, broker: KafkaBroker, namespace: str) -> None:
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        admin.create_topics([NewTopic(f"{namespace}in", 1, 1), NewTopic(f"{namespace}out", 1, 1)])
        admin.close()
        self.namespace = namespace
        self._producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
        self._consumer = KafkaConsumer(
            f"{namespace}out", bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=90_000
        )

    def answer_to(self, value: str) -> str:
        """What the job makes of `value`; answers that were repeated after a restart are passed over."""
        self._producer.send(f"{self.namespace}in", key=b"meter", value=value.encode()).get(30)
        return next(text for message in self._consumer if (text := message.value.decode()).startswith(f"{value} "))

    def close(self) -> None:
        self._producer.close()
        self._consumer.close()


@pytest.mark.cluster
@pytest.mark.usefixtures("flink_jobs_end")
def test_a_python_job_goes_on_counting_after_every_kind_of_stop(
    flink: FlinkCluster, flink_processes: Supervisor, stack_kafka: KafkaBroker, namespace: str
) -> None:
    topics = Numbered(stack_kafka, namespace)
    arguments = [stack_kafka.bootstrap, namespace]
    name = f"count-{namespace}"

    job_id = flink.submit(JOB, arguments, name)
    assert topics.answer_to("a") == "a is number 1"
    assert topics.answer_to("b") == "b is number 2"

    done = flink.rest.checkpoints_completed(job_id)
    wait_until(lambda: flink.rest.checkpoints_completed(job_id) >= done + 2)
    flink_processes.kill(TASKMANAGER)
    assert topics.answer_to("c") == "c is number 3"

    done = flink.rest.checkpoints_completed(job_id)
    wait_until(lambda: flink.rest.checkpoints_completed(job_id) >= done + 2)
    flink_processes.kill(JOBMANAGER)
    flink_processes.await_ready([JOBMANAGER, TASKMANAGER])
    assert flink.rest.jobs() == [], "a session cluster's JobManager forgets its jobs: whoever supervises submits them again"
    job_id = flink.submit(JOB, arguments, name)
    assert topics.answer_to("d") == "d is number 4"

    before = newest_number(flink, job_id)
    savepoint = flink.stop_with_savepoint(job_id)
    assert flink.states.resume_point(name) == savepoint
    after = checkpoint_number(savepoint / "_metadata")
    assert after is not None
    assert after > before > 0, "Flink numbers both in one row, over all jobs that went on from one another"
    job_id = flink.submit(JOB, arguments, name)
    assert topics.answer_to("e") == "e is number 5"

    fresh = flink.submit(JOB, arguments, f"{name}-fresh")
    assert fresh != job_id
    topics.close()


@pytest.mark.cluster
@pytest.mark.usefixtures("flink_jobs_end")
def test_a_job_that_was_submitted_after_others_goes_on_when_it_is_submitted_alone(
    flink: FlinkCluster, stack_kafka: KafkaBroker, namespace: str
) -> None:
    first, second = Numbered(stack_kafka, f"{namespace}1-"), Numbered(stack_kafka, f"{namespace}2-")
    requests = [JobRequest(topics.namespace, JOB, (stack_kafka.bootstrap, topics.namespace)) for topics in (first, second)]
    ids = flink.submitter.submit(requests)
    for topics in (first, second):
        assert topics.answer_to("a") == "a is number 1"
    for topics in (first, second):
        flink.stop_with_savepoint(ids[topics.namespace])

    flink.submitter.submit([requests[1]])
    assert second.answer_to("b") == "b is number 2"
    flink.submitter.submit([requests[0]])
    assert first.answer_to("b") == "b is number 2"
    for topics in (first, second):
        topics.close()


@pytest.mark.cluster
@pytest.mark.usefixtures("flink_jobs_end")
def test_state_that_does_not_fit_a_jobs_operators_is_distinguished_from_other_failures(
    flink: FlinkCluster, stack_kafka: KafkaBroker, namespace: str
) -> None:
    topics = Numbered(stack_kafka, namespace)
    name = f"misfit-{namespace}"
    earlier = flink.submit(JOB, [stack_kafka.bootstrap, namespace], name)
    assert topics.answer_to("a") == "a is number 1"
    topics.close()
    assert flink.state_misfit(earlier) is None
    flink.stop_with_savepoint(earlier)

    with pytest.raises(SubmissionFailed) as refused:
        flink.submit(JOB, [stack_kafka.bootstrap, namespace, "count-otherwise"], name)
    assert "Cannot map checkpoint/savepoint state" in str(refused.value)
    assert f"rename {flink.states.jobs_file} and start again" in str(refused.value)


def test_of_a_java_stack_trace_only_the_misfit_is_reported() -> None:
    trace = (
        "org.apache.flink.runtime.client.JobInitializationException: Could not start the JobMaster.\n"
        "\tat java.base/java.lang.Thread.run\n"
        "Caused by: java.lang.IllegalStateException: Failed to rollback to checkpoint/savepoint file:/x. "
        "Cannot map checkpoint/savepoint state for operator 7d to the new program, because it is not available.\n"
    )
    output = misfit_in(trace)
    assert output is not None
    assert output.startswith("Caused by: java.lang.IllegalStateException")
    assert misfit_in("java.lang.RuntimeException: no broker\n") is None


@pytest.mark.cluster
def test_a_job_with_a_mistake_is_refused_with_the_error_of_python(flink: FlinkCluster, tmp_path: Path) -> None:
    script = tmp_path / "broken_job.py"
    script.write_text("import nothing_of_that_name\n")
    with pytest.raises(SubmissionFailed, match="No module named 'nothing_of_that_name'"):
        flink.submit(script, [], "broken")


def test_a_cluster_that_does_not_run_says_where_it_was_looked_for(tmp_path: Path) -> None:
    cluster = FlinkCluster(tmp_path, rest_port=9, rpc_port=10)
    assert not cluster.rest.is_answering()
    with pytest.raises(ClusterFailed, match=r"no JobManager answers at 127\.0\.0\.1:9"):
        cluster.rest.jobs()


def write_point(folder: Path, number: int, written_at_s: int) -> None:
    """A checkpoint or savepoint as far as its metadata's head."""
    folder.mkdir(parents=True)
    (folder / "_metadata").write_bytes(struct.pack(">iiq", 0x4960672D, 6, number) + b"operators")
    os.utime(folder / "_metadata", (written_at_s, written_at_s))


def test_the_newest_of_checkpoints_and_savepoints_is_where_a_job_goes_on(tmp_path: Path) -> None:
    cluster = FlinkCluster(tmp_path, 0, 0)
    (tmp_path / "jobs.json").write_text('{"metering": ["old", "new", "never ran"], "advice": []}')
    write_point(tmp_path / "checkpoints/old/chk-7", 7, 0)
    write_point(tmp_path / "checkpoints/new/chk-8", 8, 1)
    write_point(tmp_path / "savepoints/new/savepoint-x", 9, 2)
    (tmp_path / "checkpoints/new/chk-10").mkdir()  # begun, never completed
    (tmp_path / "checkpoints/new/chk-11").mkdir()
    (tmp_path / "checkpoints/new/chk-11/_metadata").touch()  # the disk was full
    assert cluster.states.resume_point("metering") == tmp_path / "savepoints/new/savepoint-x"
    assert cluster.states.latest_checkpoint("old") == tmp_path / "checkpoints/old/chk-7"
    assert cluster.states.resume_point("advice") is None


def test_a_clock_that_was_set_back_between_two_checkpoints_does_not_make_a_job_go_on_from_the_older_one(tmp_path: Path) -> None:
    cluster = FlinkCluster(tmp_path, 0, 0, FlinkSizes(savepoints_kept=1))
    (tmp_path / "jobs.json").write_text('{"metering": ["old", "new"]}')
    write_point(tmp_path / "savepoints/old/savepoint-1", 41, 9_000)
    write_point(tmp_path / "checkpoints/new/chk-99", 99, 8_000)
    write_point(tmp_path / "checkpoints/new/chk-100", 100, 5_000)
    assert cluster.states.resume_point("metering") == tmp_path / "checkpoints/new/chk-100"
    write_point(tmp_path / "savepoints/new/savepoint-2", 101, 4_000)
    cluster.states.forget_old_savepoints("new")
    assert cluster.states.resume_point("metering") == tmp_path / "savepoints/new/savepoint-2"
    assert not (tmp_path / "savepoints/old").exists()


def test_of_old_savepoints_the_newest_few_of_each_job_are_kept(tmp_path: Path) -> None:
    cluster = FlinkCluster(tmp_path, 0, 0, FlinkSizes(savepoints_kept=2))
    (tmp_path / "jobs.json").write_text('{"metering": ["a", "b"], "advice": ["c"]}')
    for number, place in enumerate(("c/savepoint-1", "a/savepoint-2", "a/savepoint-3", "b/savepoint-4")):
        write_point(tmp_path / "savepoints" / place, number, number)
    cluster.states.forget_old_savepoints("b")
    left = sorted(str(place.relative_to(tmp_path / "savepoints")) for place in tmp_path.glob("savepoints/*/*"))
    assert left == ["a/savepoint-3", "b/savepoint-4", "c/savepoint-1"]
    assert cluster.states.resume_point("metering") == tmp_path / "savepoints/b/savepoint-4"


def test_flink_ships_the_java_options_that_we_keep() -> None:
    options = shipped_java_options((flink_home() / "conf" / "config.yaml").read_text())
    assert "--add-opens=java.base/java.util=ALL-UNNAMED" in options
