"""Latency of the running quarter hour while the planner searches and while it waits, turn by turn in one run on one machine."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.pipeline.bench import Bench, Report, after, quantiles
from benchmarks.pipeline.load import SITE
from benchmarks.planning.plants import PLANTS, problem_of
from connectors.kafka.client import RecordConsumer, RecordProducer
from deploy.parts import Stage, service
from domain.clock import instant
from domain.planning import PlanningCause, PlanningProblem, PlanStatus, ProposedPlan
from domain.recommendations import Versions
from domain.topics import PLANNING_PROBLEMS, PLANS
from quarters.numbers import quarter_start

WARM_UP_S = 20.0


@dataclass(frozen=True, slots=True)
class Turns:
    """How often and how long each is measured [s]; what is loaded [readings a second from `meters`]."""

    meters: int = 1000
    turns: int = 4
    turn_s: float = 20.0


@dataclass(slots=True)
class Beside:
    """Latencies from a reading's instant to its running quarter hour in a reader's hands [ms]."""

    waiting_ms: dict[str, float] = field(default_factory=dict)
    searching_ms: dict[str, float] = field(default_factory=dict)
    p99_ratio: float = 0.0
    planner_memory_mb: float = 0.0
    """Of all processes of the planner together, while it searches; pages that they share count in each."""
    plans: int = 0
    turns: Turns = field(default_factory=Turns)

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)


def beside_planner(bench: Bench, turns: Turns, report: Report) -> Beside:
    """Measure turn by turn: the planner waits, the planner searches with its two workers."""
    kafka, plant = bench.fresh(turns.meters)
    found = Beside(turns=turns)
    latencies: dict[str, list[float]] = {"waiting": [], "searching": []}
    arguments = (
        "--plant",
        str(plant),
        "--kafka",
        kafka.bootstrap,
        "--namespace",
        kafka.namespace,
        "--seconds",
        f"{turns.turn_s:g}",
    )
    supervisor = bench.supervisor
    supervisor.launch([service("planner", Stage.SERVICES, arguments)])
    supervisor.await_ready(["planner"])
    with bench.metering(plant, kafka) as job_id:
        whole_s = int(WARM_UP_S + 2 * turns.turns * (turns.turn_s + 15))
        generator = bench.generator(kafka, turns.meters, whole_s, "--live")
        bench.latencies(kafka, after(WARM_UP_S), job_id)
        with RecordProducer(kafka) as producer, RecordConsumer(kafka, [PLANS]) as consumer:
            for number in range(turns.turns):
                latencies["waiting"] += bench.latencies(kafka, after(turns.turn_s), job_id)
                producer.deliver(PLANNING_PROBLEMS, _problem(number), 30.0)
                latencies["searching"] += bench.latencies(kafka, lambda: _is_answered(consumer, found), job_id)
                report(f"turn {number + 1} of {turns.turns}: {found.plans} plans")
        generator.terminate()
        generator.wait()
    found.planner_memory_mb = next(use.memory_mb for use in supervisor.uses() if use.name == "planner")
    supervisor.stop(["planner"])
    found.waiting_ms, found.searching_ms = quantiles(latencies["waiting"]), quantiles(latencies["searching"])
    found.p99_ratio = found.searching_ms["p99"] / found.waiting_ms["p99"]
    return found


def _is_answered(consumer: RecordConsumer, found: Beside) -> bool:
    plans: list[ProposedPlan] = [message.record() for message in consumer.poll(0.01)]
    found.plans += sum(plan.status is PlanStatus.FEASIBLE for plan in plans)
    return bool(plans)


def _problem(number: int) -> PlanningProblem:
    """Sixty jobs over two days: more than can be searched in a turn."""
    now = instant(int(time.time() * 1000))
    body = problem_of(PLANTS[-1]).model_dump_json(by_alias=True)
    versions = Versions(now, "none", 0, "none", "")
    return PlanningProblem(SITE, f"turn-{number}", now, quarter_start(now), PlanningCause.HOUR, body, versions)


def measure_beside_planner(turns: Turns, report: Report, keep: Path | None = None) -> Beside:
    """The whole measurement on a broker and a cluster of its own; `keep` as of `benchmarks.pipeline.bench.measure`."""
    folder = keep or Path(tempfile.mkdtemp(prefix="lastgang-bench-"))
    try:
        with Bench(folder, report) as bench:
            return beside_planner(bench, turns, report)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
