"""The stack of a plant as one thing: started, crashed in its middle, stopped, started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

sys.path.insert(0, str(Path(__file__).parent))
from parts_for_tests import STEADY, part, wait_until

from deploy import local_run, processes
from deploy.home import AlreadyRunning, sweep
from deploy.parts import JobPart, Stage
from deploy.processes import ProcessId
from deploy.settings import ConsoleSection, FlinkSection, KafkaSection, StackSettings
from deploy.stack import Stack
from deploy.state_file import PartState, ProcessState, StackState, read_state, write_state
from simulation import demo_plant

JOB = Path(__file__).parent / "jobs" / "count_job.py"
FREE_PORTS = StackSettings(
    kafka=KafkaSection(port=0, controller_port=0),
    flink=FlinkSection(rest_port=0, rpc_port=0, checkpoint_interval_s=1.0),
    console=ConsoleSection(port=0),
)


@pytest.fixture
def plant_dir(tmp_path: Path) -> Path:
    demo_plant.write(tmp_path / "plant")
    return tmp_path / "plant"


def make_topics(stack: Stack) -> None:
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap)
    existing = admin.list_topics()
    if "in" not in existing:
        admin.create_topics([NewTopic("in", 1, 1), NewTopic("out", 1, 1)])
    admin.close()


def counting_stack(plant_dir: Path) -> Stack:
    stack = Stack(plant_dir, FREE_PORTS, jobs=[], services=[part("historian", STEADY)], before={Stage.SERVICES: make_topics})
    stack.add_parts([part("gateway", STEADY, Stage.EDGE)])
    stack.jobs.add([JobPart("count", JOB, (stack.kafka.bootstrap, ""))])
    return stack


def answer_to(stack: Stack, value: str) -> str:
    """What the job makes of `value`."""
    producer = KafkaProducer(bootstrap_servers=stack.kafka.bootstrap)
    producer.send("in", key=b"meter", value=value.encode()).get(30)
    producer.close()
    consumer = KafkaConsumer(
        "out", bootstrap_servers=stack.kafka.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=90_000
    )
    try:
        return next(text for message in consumer if (text := message.value.decode()).startswith(f"{value} "))
    finally:
        consumer.close()


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_a_stack_outlives_the_death_of_flink_and_goes_on_after_a_stop(java_parts: None, plant_dir: Path) -> None:
    settings: list[tuple[str, str]] = []
    with counting_stack(plant_dir) as stack:
        stack.start(lambda name, state: settings.append((name, state)))
        assert settings.index(("kafka", "ready")) < settings.index(("job count", "ready")) < settings.index(("gateway", "ready"))
        assert local_run.show(plant_dir, as_json=True)
        with pytest.raises(AlreadyRunning, match="runs already"):
            Stack(plant_dir, FREE_PORTS)
        assert answer_to(stack, "a") == "a is number 1"

        job_id = stack.cluster.states.newest_job_id("count")
        assert job_id is not None
        done = stack.cluster.rest.checkpoints_completed(job_id)
        wait_until(lambda: stack.cluster.rest.checkpoints_completed(job_id) >= done + 2)
        jobmanager = stack.supervisor.identity("flink-jobmanager")
        assert jobmanager is not None
        os.kill(jobmanager.pid, signal.SIGKILL)
        assert answer_to(stack, "b") == "b is number 2"

        used = {use.name: use for use in stack.processes()}
        assert used["kafka"].memory_mb > 50
        assert used["flink-taskmanager"].cpu_s > 1
        everyone = [state.process.identity() for state in stack.states() if state.process]
        assert len(everyone) == 5
    assert not any(identity.is_alive() for identity in everyone)

    with counting_stack(plant_dir) as stack:
        stack.start()
        assert answer_to(stack, "c") == "c is number 3"


def test_what_a_crashed_supervisor_left_running_is_found_and_ended(tmp_path: Path) -> None:
    left = processes.launch([sys.executable, "-c", STEADY], {}, tmp_path / "log" / "gateway.log", tmp_path)
    identity = ProcessId.of(left.pid)
    assert identity is not None
    myself = ProcessId.of(os.getpid())
    assert myself is not None
    gone = ProcessState(pid=myself.pid, birth="another boot/1")
    gateway = PartState(name="gateway", state="running", process=ProcessState.of(identity), family=(ProcessState.of(identity),))
    write_state(tmp_path, StackState(phase="ready", supervisor=gone, plant="x", parts=(gateway,)))
    assert sweep(tmp_path) == ["gateway"]
    assert not identity.is_alive()


def lastgang(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lastgang.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})})


def test_up_reports_a_taken_port_and_starts_nothing(plant_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = lastgang("up", "--plant", str(plant_dir), environment={"LASTGANG_KAFKA_PORT": str(port)})
    assert result.returncode == 2
    assert f"kafka.port: found port {port} taken by process {os.getpid()}" in result.stderr
    assert read_state(plant_dir / ".lastgang") is None


def test_up_reports_the_faults_of_the_plant_file_first(plant_dir: Path) -> None:
    (plant_dir / "plant.toml").write_text("[sites]\n")
    result = lastgang("up", "--plant", str(plant_dir))
    assert result.returncode == 2
    assert "plant.toml:1: sites: found" in result.stderr


def test_status_and_down_of_a_plant_that_has_never_run(plant_dir: Path) -> None:
    status = lastgang("status", "--plant", str(plant_dir))
    assert (status.returncode, status.stdout) == (1, "no stack of this plant has been started\n")
    assert json.loads(lastgang("status", "--plant", str(plant_dir), "--json").stdout) is None
    down = lastgang("down", "--plant", str(plant_dir))
    assert (down.returncode, down.stderr) == (0, "nothing runs\n")
