"""`lastgang planner` with a real broker, kept running as a stack keeps it: killed while it solves, without its broker, stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.ground import broker_parts, supervised
from deploy.kafka_broker import KafkaBroker
from deploy.parts import Stage, service
from deploy.ports import free_port
from deploy.supervisor import Supervisor
from domain.planning import PlanStatus, ProposedPlan
from domain.topics import PLANNING_PROBLEMS, PLANS
from simulation import demo_plant
from tests.planner_process.planning_records import EXAMPLE, large_body, problem

SECONDS = 3.0
TIMEOUT_S = 180.0


class PlannerUnderTest:
    """A broker of its own and the planner, both started again when they die."""

    def __init__(self, folder: Path, supervisor: Supervisor, broker: KafkaBroker) -> None:
        self.supervisor = supervisor
        self.settings = KafkaSettings(broker.bootstrap)
        demo_plant.write(folder / "plant")
        arguments = ("--plant", str(folder / "plant"), "--kafka", broker.bootstrap, "--seconds", str(SECONDS))
        self._part = service("planner", Stage.SERVICES, arguments)

    def start(self) -> None:
        """Return when it follows the topic."""
        self.supervisor.launch([self._part])
        self.supervisor.await_ready(["planner"])

    def publish(self, name: str, body: str = EXAMPLE.body) -> None:
        """Put a problem onto its topic."""
        with RecordProducer(self.settings) as producer:
            producer.deliver(PLANNING_PROBLEMS, problem(name, body), TIMEOUT_S)

    def plan_of(self, name: str) -> ProposedPlan:
        """The first answer to a problem."""

        def found() -> ProposedPlan | None:
            with RecordConsumer(self.settings, [PLANS]) as consumer:
                plans = [message.record() for message in consumer.read_to_end()]
            return next((plan for plan in plans if plan.problem == name), None)

        return self.wait_for(found)

    def processes(self) -> list[psutil.Process]:
        """The planner and all that it started."""
        identity = self.supervisor.identity("planner")
        assert identity is not None
        leader = psutil.Process(identity.pid)
        return [leader, *leader.children(recursive=True)]

    def await_solving(self) -> None:
        """Return when two processes search: the planner, a server of forks and a tracker are always there."""
        self.wait_for(lambda: len(self.processes()) >= 5)

    def wait_for(self, holds: Callable[[], object]) -> object:
        """What `holds` gives once it is something; processes have no event for it."""
        deadline = time.monotonic() + TIMEOUT_S
        while not (result := holds()):
            self.supervisor.check(["planner"])
            assert time.monotonic() < deadline, (self.supervisor.log_folder / "planner.log").read_text()
            time.sleep(0.1)
        return result


@pytest.fixture
def planner(java_parts: None, tmp_path: Path) -> Iterator[PlannerUnderTest]:
    broker = KafkaBroker(tmp_path / "kafka", free_port(), free_port())
    with supervised(broker_parts(broker), tmp_path / "log") as supervisor:
        under_test = PlannerUnderTest(tmp_path, supervisor, broker)
        ensure_topics(under_test.settings)
        yield under_test
        supervisor.stop(["planner"])


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_every_newest_problem_has_a_plan_whatever_dies_meanwhile(planner: PlannerUnderTest) -> None:
    planner.publish("before it ran")
    planner.start()
    assert planner.plan_of("before it ran").status is PlanStatus.OPTIMAL

    planner.publish("no problem", "[1, 2]")
    assert planner.plan_of("no problem").status is PlanStatus.NO_ANSWER

    planner.publish("killed meanwhile", large_body())
    planner.await_solving()
    searching = planner.processes()
    planner.supervisor.kill("planner")
    planner.supervisor.await_ready(["planner"])
    plan = planner.plan_of("killed meanwhile")
    assert plan.status is PlanStatus.FEASIBLE
    assert plan.took_s >= SECONDS
    assert [process for process in searching if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []

    planner.publish("broker gone meanwhile", large_body())
    planner.await_solving()
    planner.supervisor.kill("kafka")
    planner.supervisor.await_ready(["kafka"])
    assert planner.plan_of("broker gone meanwhile").status is PlanStatus.FEASIBLE
    planner.publish("after all")
    assert planner.plan_of("after all").status is PlanStatus.OPTIMAL

    planner.publish("stopped meanwhile", large_body())
    planner.await_solving()
    searching, before_s = planner.processes(), time.monotonic()
    planner.supervisor.stop(["planner"])
    assert time.monotonic() - before_s < SECONDS, "it waited for the search to end"
    assert [process for process in searching if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    planner.start()
    assert planner.plan_of("stopped meanwhile").status is PlanStatus.FEASIBLE
