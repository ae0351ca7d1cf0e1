"""What everything else stands on, broker and Flink cluster: the parts that a supervisor keeps running, and the way to run them alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deploy.flink.cluster import FlinkCluster
from deploy.flink.configuration import jobmanager_command, taskmanager_command
from deploy.kafka_broker import KafkaBroker
from deploy.parts import Part, Stage
from deploy.running import Progress
from deploy.settings import StackSettings
from deploy.supervisor import Supervisor

KAFKA, JOBMANAGER, TASKMANAGER = "kafka", "flink-jobmanager", "flink-taskmanager"
"""Names of the parts."""


def ground_of(settings: StackSettings, ports: Mapping[str, int], home: Path) -> tuple[KafkaBroker, FlinkCluster]:
    """Broker and cluster of a stack, their data in its home folder."""
    broker = KafkaBroker(home / "kafka", ports["kafka.port"], ports["kafka.controller_port"], settings.kafka.heap_mb)
    flink = settings.flink.sizes()
    return broker, FlinkCluster(home / "flink", ports["flink.rest_port"], ports["flink.rpc_port"], flink, home / "log")


def broker_parts(broker: KafkaBroker) -> list[Part]:
    """The broker, its configuration written and its storage formatted."""
    broker.prepare()
    return [Part(KAFKA, tuple(broker.command()), Stage.GROUND, ready=broker.is_ready, port=broker.port, is_essential=True)]


def cluster_parts(cluster: FlinkCluster) -> list[Part]:
    """JobManager and TaskManager, their configuration written."""
    cluster.prepare()
    environment = cluster.environment()
    return [
        Part(
            JOBMANAGER, jobmanager_command(), Stage.GROUND, environment, ready=cluster.rest.is_answering, port=cluster.rest.port,
            # It comes back without its jobs; their remains in the TaskManager would hold their slots for a minute.
            takes_along=(TASKMANAGER,),
        ),
        Part(TASKMANAGER, taskmanager_command(), Stage.GROUND, environment, ready_of=cluster.has_slots_of),
    ]  # fmt: skip


@contextlib.contextmanager
def supervised(parts: Sequence[Part], log_folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Supervisor]:
    """Parts that run, ready and watched by a supervisor of their own, without the rest of a stack; within it they come back when they die.

    Raises
    ------
    PartFailed
        If one of them does not start; all have been stopped then.
    """
    supervisor = Supervisor(log_folder, environment)
    try:
        supervisor.launch(parts)
        supervisor.await_ready([part.name for part in parts])
        yield supervisor
    finally:
        supervisor.stop_watching()
        stop_in_turn(supervisor, [part.name for part in parts])


def stop_in_turn(supervisor: Supervisor, names: Sequence[str], progress: Progress = lambda name, state: None) -> None:
    """Stop parts of the ground, the last first: a TaskManager without its JobManager is slow to go."""
    for name in reversed(names):
        supervisor.stop([name], progress)
