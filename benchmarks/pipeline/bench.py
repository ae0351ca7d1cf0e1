"""Runs the measurements one after the other on one broker and one cluster of its own, and says what came of them."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from benchmarks.pipeline import decode_only, stages
from benchmarks.pipeline.load import CHANNELS, SITE, START_MS, write_plant
from connectors.kafka.client import KafkaSettings, RecordConsumer, ensure_topics
from deploy.flink.cluster import FlinkCluster
from deploy.ground import JOBMANAGER, KAFKA, TASKMANAGER, broker_parts, cluster_parts, supervised
from deploy.jars import PROJECT
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JOB_SCRIPT
from deploy.ports import free_port
from domain.clock import epoch_ms
from domain.intervals import QUARTER_MS, Interval, IntervalQuality
from domain.topics import DEMAND, INTERVALS
from domain.units import WATTS_PER_CORE

QUARTER_S = QUARTER_MS // 1000
TAIL_S = 135
"""Readings after a quarter hour's end that make it due: a minute out of order, and the bucket that they lie in."""
CATCH_UP_PACE = 40
"""Times real time at which what is late is sent: a gateway lets the present go first."""
TIMEOUT_S = 900.0

Report = Callable[[str], None]


class Stalled(RuntimeError):
    """What was waited for did not come."""


@dataclass(slots=True)
class Sizes:
    """How much is measured; the defaults take about ten minutes on two cores."""

    meters: int = 500
    many_meters: int = 5000
    quarters: int = 6
    """Measured quarter hours of plant time, after one that warms up."""
    live_meters: int = 1000
    live_s: int = 150
    outage_meters: int = 500


@dataclass(slots=True)
class Figures:
    """What was measured. Ratios are of one run on one machine; absolute figures are this machine's."""

    readings_per_s: float = 0.0
    jvm_readings_per_s: float = 0.0
    share_of_jvm: float = 0.0
    cpu_us_per_reading: float = 0.0
    """TaskManager, all threads."""
    cpu_us_by_stage: dict[str, float] = field(default_factory=dict)
    cpu_us_beside: dict[str, float] = field(default_factory=dict)
    """Broker, generator and JobManager."""
    energy_uj_per_reading: float = 0.0
    """TaskManager, at `WATTS_PER_CORE` a busy core."""
    jvm_cpu_us_per_reading: float = 0.0
    many_meters_cpu_us_per_reading: float = 0.0
    many_meters_ratio: float = 0.0
    state_bytes_per_meter: float = 0.0
    many_meters_state_bytes_per_meter: float = 0.0
    projection_latency_ms: dict[str, float] = field(default_factory=dict)
    live_readings_per_s: float = 0.0
    catch_up: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Fed:
    """One load through one job."""

    readings: int
    wall_s: float
    taskmanager_s: float
    stages_s: dict[str, float]
    beside_s: dict[str, float]
    state_bytes: int


class Bench:
    """Broker and cluster of a run.

    Why it is long: each measurement is a few lines over the same broker, cluster, generator and waits, which are no use without them.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self.folder = folder
        self.report = report
        self.broker = KafkaBroker(folder / "kafka", free_port(), free_port())
        self.cluster = FlinkCluster(folder / "flink", free_port(), free_port())
        self._runs = 0
        self._ends = ExitStack()

    def __enter__(self) -> Bench:
        parts = [*broker_parts(self.broker), *cluster_parts(self.cluster)]
        self.supervisor = self._ends.enter_context(supervised(parts, self.folder / "log"))
        return self

    def __exit__(self, *exc: object) -> None:
        self._ends.close()

    # -- runs ----------------------------------------------------------------------------------------------------------

    def throughput(self, meters: int, quarters: int) -> Fed:
        """The metering job, from the first reading sent to the last quarter hour published."""
        kafka, plant = self.fresh(meters)
        with self.metering(plant, kafka) as job_id, RecordConsumer(kafka, [INTERVALS]) as consumer:
            seen: dict[int, set[str]] = {}

            def await_quarter(number: int) -> None:
                start_ms = START_MS + number * QUARTER_MS
                self._await(lambda: len(_collect(consumer, seen).get(start_ms, ())) >= meters, job_id)

            return self._fed(kafka, meters, quarters, job_id, await_quarter)

    def jvm_only(self, meters: int, quarters: int) -> Fed:
        """The job that only decodes and windows, on the same load."""
        kafka, _ = self.fresh(meters)
        windows = f"{kafka.namespace}windows"
        admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
        admin.create_topics([NewTopic(windows, 4, 1)])
        admin.close()
        with self._job(Path(decode_only.__file__), [kafka.bootstrap, kafka.namespace, windows]) as job_id:
            consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap)
            partitions = [TopicPartition(windows, number) for number in range(4)]

            def await_quarter(number: int) -> None:
                minutes = (number + 1) * QUARTER_S // 60
                expected = minutes * meters * len(CHANNELS)
                self._await(lambda: sum(consumer.end_offsets(partitions).values()) >= expected, job_id)

            try:
                return self._fed(kafka, meters, quarters, job_id, await_quarter)
            finally:
                consumer.close()

    def live(self, meters: int, seconds: int) -> list[float]:
        """Latencies [ms] from a reading's instant to its running quarter hour in a reader's hands, while time passes as it does."""
        kafka, plant = self.fresh(meters)
        with self.metering(plant, kafka) as job_id:
            generator = self.generator(kafka, meters, seconds, "--live")
            latencies = self.latencies(kafka, lambda: generator.poll() is not None, job_id)
        # The first seconds pay for what is compiled and loaded only once.
        return latencies[10:]

    def catch_up(self, meters: int) -> tuple[float, list[float]]:
        """An hour that comes late while the present goes on: seconds until its last quarter hour is whole, and latencies [ms]."""
        kafka, plant = self.fresh(meters)
        with self.metering(plant, kafka) as job_id:
            now_ms = int(time.time()) * 1000
            gap_from = now_ms - 4_000_000
            self.generator(kafka, meters, 60, "--from", str(gap_from - 60_000)).wait()
            present = self.generator(kafka, meters, 600, "--live")
            warm: list[float] = self.latencies(kafka, after(20.0), job_id)
            self.report(f"live before the backlog: {len(warm)} projections")
            begin = time.perf_counter()
            late = self.generator(kafka, meters, 3600, "--from", str(gap_from), "--history", "--pace", str(CATCH_UP_PACE))
            whole: set[tuple[str, int]] = set()
            quarters = range(-(-gap_from // QUARTER_MS), (gap_from + 3_600_000) // QUARTER_MS)
            expected = meters * len(quarters)
            with RecordConsumer(kafka, [INTERVALS]) as consumer:

                def is_done() -> bool:
                    for message in consumer.poll(0.05):
                        row: Interval = message.record()
                        number = epoch_ms(row.start_utc) // QUARTER_MS
                        if number in quarters and row.quality is IntervalQuality.MEASURED and row.coverage == 1.0:
                            whole.add((row.meter, number))
                    return len(whole) >= expected

                latencies = self.latencies(kafka, is_done, job_id)
            taken_s = time.perf_counter() - begin
            late.wait()
            present.terminate()
            present.wait()
        return taken_s, latencies

    # -- parts of a run ------------------------------------------------------------------------------------------------

    def fresh(self, meters: int) -> tuple[KafkaSettings, Path]:
        """Topics of their own on the broker, and the folder of a plant of so many meters."""
        self._runs += 1
        kafka = KafkaSettings(self.broker.bootstrap, f"run{self._runs}.")
        ensure_topics(kafka)
        plant = self.folder / f"plant-{meters}"
        write_plant(plant, meters)
        return kafka, plant

    def metering(self, plant: Path, kafka: KafkaSettings) -> AbstractContextManager[str]:
        """The metering job, by its id, as long as the block lasts."""
        arguments = ["metering", "--plant", str(plant), "--kafka", kafka.bootstrap, "--namespace", kafka.namespace]
        return self._job(JOB_SCRIPT, arguments)

    @contextmanager
    def _job(self, script: Path, arguments: list[str]) -> Iterator[str]:
        job_id = self.cluster.submit(script, arguments, f"bench-{self._runs}", resume=False)
        self._await(lambda: (job := self.cluster.rest.job(job_id)) is not None and job.is_running, job_id)
        try:
            yield job_id
        finally:
            self.cluster.rest.cancel(job_id)

    def _fed(self, kafka: KafkaSettings, meters: int, quarters: int, job_id: str, await_quarter: Callable[[int], None]) -> Fed:
        """Send a quarter hour that warms up, then the measured ones; await the last."""
        self.generator(kafka, meters, QUARTER_S + TAIL_S).wait()
        await_quarter(0)
        taskmanager, jobmanager, broker = self._pids()
        threads = stages.thread_cpu_s(taskmanager)
        before = [stages.process_cpu_s(pid) for pid in (taskmanager, jobmanager, broker)]
        begin = time.perf_counter()
        seconds = quarters * QUARTER_S
        generator = self.generator(kafka, meters, seconds, "--from", str(START_MS + 1000 * (QUARTER_S + TAIL_S)))
        generator_s = 0.0
        while generator.poll() is None:
            generator_s = stages.process_cpu_s(generator.pid)
            time.sleep(0.2)
        await_quarter(quarters)
        wall_s = time.perf_counter() - begin
        used = [
            after - first for after, first in zip(map(stages.process_cpu_s, (taskmanager, jobmanager, broker)), before, strict=True)
        ]
        return Fed(
            readings=meters * len(CHANNELS) * seconds,
            wall_s=wall_s,
            taskmanager_s=used[0],
            stages_s=stages.difference(stages.thread_cpu_s(taskmanager), threads),
            beside_s={"broker": used[2], "generator": generator_s, "JobManager": used[1]},
            state_bytes=self._state_bytes(job_id),
        )

    def _state_bytes(self, job_id: str) -> int:
        """Size of the newest whole checkpoint of the quarter hours' step."""
        vertices = {v["id"]: v["name"] for v in self.cluster.rest.describe(f"/jobs/{job_id}")["vertices"]}
        completed = self.cluster.rest.describe(f"/jobs/{job_id}/checkpoints")["latest"]["completed"]
        tasks = self.cluster.rest.describe(f"/jobs/{job_id}/checkpoints/details/{completed['id']}")["tasks"] if completed else {}
        return sum(
            int(task["state_size"]) for vertex, task in tasks.items() if vertices.get(vertex, "").startswith("quarter hours")
        )

    def _pids(self) -> tuple[int, int, int]:
        taskmanager, jobmanager, broker = (self.supervisor.identity(name) for name in (TASKMANAGER, JOBMANAGER, KAFKA))
        assert taskmanager and jobmanager and broker
        return taskmanager.pid, jobmanager.pid, broker.pid

    def generator(self, kafka: KafkaSettings, meters: int, seconds: int, *more: str) -> subprocess.Popen[bytes]:
        """A process that sends the readings of `meters` over `seconds` of plant time (`benchmarks.pipeline.load`)."""
        where = ["--kafka", kafka.bootstrap, "--namespace", kafka.namespace]
        command = [
            sys.executable,
            "-m",
            "benchmarks.pipeline.load",
            *where,
            "--meters",
            str(meters),
            "--seconds",
            str(seconds),
            *more,
        ]
        return subprocess.Popen(command, cwd=PROJECT)

    def latencies(self, kafka: KafkaSettings, is_over: Callable[[], bool], job_id: str) -> list[float]:
        """From the reading's instant to the reader, of every running quarter hour that is published until `is_over`."""
        latencies: list[float] = []
        deadline = time.monotonic() + TIMEOUT_S
        with RecordConsumer(kafka, [DEMAND], start="latest", fetch_max_wait_ms=5_000) as consumer:
            while not is_over():
                for message in consumer.poll(0.2):
                    demand = message.record()
                    latencies.append(time.time() * 1000 - demand.basis_observed_ms)
                self._check(deadline, job_id)
        return latencies

    def _await(self, holds: Callable[[], Any], job_id: str) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not holds():
            self._check(deadline, job_id)
            time.sleep(0.05)

    def _check(self, deadline: float, job_id: str) -> None:
        if time.monotonic() > deadline:
            job = self.cluster.rest.job(job_id)
            msg = f"nothing more came within {TIMEOUT_S:.0f} s; the job is {job.state if job else 'gone'}; logs in {self.folder}"
            raise Stalled(msg)


def measure(sizes: Sizes, report: Report, keep: Path | None = None) -> Figures:
    """All measurements of one run.

    Parameters
    ----------
    keep
        Folder for broker, cluster and logs, kept afterwards; default: a temporary one.
    """
    folder = keep or Path(tempfile.mkdtemp(prefix="lastgang-bench-"))
    figures = Figures(sizes={name: getattr(sizes, name) for name in Sizes.__dataclass_fields__})
    try:
        with Bench(folder, report) as bench:
            _throughput(bench, sizes, figures, report)
            _latency(bench, sizes, figures, report)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return figures


def _throughput(bench: Bench, sizes: Sizes, figures: Figures, report: Report) -> None:
    report(f"decoding only, in the JVM: {sizes.meters} meters")
    jvm = bench.jvm_only(sizes.meters, sizes.quarters)
    figures.jvm_readings_per_s = jvm.readings / jvm.wall_s
    figures.jvm_cpu_us_per_reading = 1e6 * jvm.taskmanager_s / jvm.readings
    report(f"  {figures.jvm_readings_per_s:,.0f} readings/s; the metering job: {sizes.meters} meters")
    ours = bench.throughput(sizes.meters, sizes.quarters)
    figures.readings_per_s = ours.readings / ours.wall_s
    figures.share_of_jvm = figures.readings_per_s / figures.jvm_readings_per_s
    figures.cpu_us_per_reading = 1e6 * ours.taskmanager_s / ours.readings
    figures.cpu_us_by_stage = {stage: 1e6 * used / ours.readings for stage, used in sorted(ours.stages_s.items())}
    figures.cpu_us_beside = {who: 1e6 * used / ours.readings for who, used in ours.beside_s.items()}
    figures.energy_uj_per_reading = WATTS_PER_CORE * figures.cpu_us_per_reading
    figures.state_bytes_per_meter = ours.state_bytes / sizes.meters
    report(f"  {figures.readings_per_s:,.0f} readings/s; the metering job: {sizes.many_meters} meters")
    many = bench.throughput(sizes.many_meters, max(1, sizes.quarters * sizes.meters // sizes.many_meters))
    figures.many_meters_cpu_us_per_reading = 1e6 * many.taskmanager_s / many.readings
    figures.many_meters_ratio = figures.many_meters_cpu_us_per_reading / figures.cpu_us_per_reading
    figures.many_meters_state_bytes_per_meter = many.state_bytes / sizes.many_meters


def _latency(bench: Bench, sizes: Sizes, figures: Figures, report: Report) -> None:
    figures.live_readings_per_s = float(sizes.live_meters * len(CHANNELS))
    report(f"latency at {figures.live_readings_per_s:,.0f} readings/s for {sizes.live_s} s")
    figures.projection_latency_ms = quantiles(bench.live(sizes.live_meters, sizes.live_s))
    report(f"an hour late: {sizes.outage_meters} meters")
    taken_s, latencies = bench.catch_up(sizes.outage_meters)
    figures.catch_up = {
        "readings_per_s": sizes.outage_meters * len(CHANNELS) * 3600 / taken_s,
        "times_real_time": 3600 / taken_s,
        **{f"projection_latency_{name}_ms": value for name, value in quantiles(latencies).items()},
    }


def quantiles(latencies: list[float]) -> dict[str, float]:
    """Median, 90 % and 99 % quantile, worst and number of latencies [ms]."""
    if len(latencies) < 2:
        msg = "no running quarter hour was published"
        raise Stalled(msg)
    cuts = statistics.quantiles(latencies, n=100, method="inclusive")
    return {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98], "worst": max(latencies), "n": float(len(latencies))}


def after(seconds: float) -> Callable[[], bool]:
    """Whether `seconds` have passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _collect(consumer: RecordConsumer, seen: dict[int, set[str]]) -> dict[int, set[str]]:
    """Of which meters which quarter hours are published (by their start [ms]) so far."""
    for message in consumer.poll(0.05):
        row: Interval = message.record()
        assert row.site == SITE
        seen.setdefault(epoch_ms(row.start_utc), set()).add(row.meter)
    return seen
