"""The whole process: resumes after a kill where it was, and carries out decisions that come through a real broker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.kafka_broker import KafkaBroker
from domain.clock import ScaledClock
from domain.orders import Order, OrderStatus
from domain.recommendations import Decision
from domain.topics import DECISIONS, ORDERS, RECOMMENDATIONS
from simulation import demo_plant
from simulation.counterfactual import without_moves
from simulation.live import served_devices
from simulation.run import OtherPlant, RunSettings, SimulatedPlant
from simulation.span import Span, load_span
from simulation.truth import read_truth
from tests.advised import advice_for
from tests.simulation.running_clock import HandClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sockets = [socket.socket() for _ in range(3)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    demo_plant.write(tmp_path, *ports)
    return tmp_path


def opened(folder: Path, clock: HandClock, span: Span | None = None) -> SimulatedPlant:
    settings = RunSettings(folder, span or load_span(folder), clock, folder / "truth.sqlite")
    return SimulatedPlant(settings, *served_devices(folder))


def test_registers_and_truth_go_on_after_a_kill_as_if_nothing_had_happened(folder: Path) -> None:
    span = load_span(folder)
    clock = HandClock(span.start_utc)
    plant = opened(folder, clock)
    start_kwh = plant.live.measured("main").import_uwh
    clock.now += timedelta(minutes=100)
    plant.work()
    clock.now += timedelta(minutes=7, seconds=13)
    shown = plant.live.measured("main")
    plant.truth.close()  # killed: nothing is stored after the last quarter hour

    again = opened(folder, clock)
    assert again.resumed
    assert again.live.measured("main") == shown
    assert shown.import_uwh > start_kwh
    clock.now += timedelta(minutes=30)
    again.work()
    again.close()
    truth = read_truth(folder / "truth.sqlite")["main", "energy_import"]
    expected = without_moves(span, span.start_utc + timedelta(minutes=135))
    assert truth == {datetime.fromtimestamp(q.start_s, UTC): q.energy_uwh["main", "energy_import"] for q in expected}
    assert len(truth) == 9


def test_a_clock_before_the_stored_state_does_not_turn_counters_back(folder: Path) -> None:
    clock = HandClock(load_span(folder).start_utc + timedelta(hours=1))
    plant = opened(folder, clock)
    plant.work()
    shown = plant.live.measured("main").import_uwh
    plant.close()
    clock.now -= timedelta(minutes=30)
    again = opened(folder, clock)
    assert abs(again.live.measured("main").import_uwh - shown) < 1_000_000_000  # within one tick
    again.close()


def test_a_truth_file_of_another_run_is_refused(folder: Path) -> None:
    span = load_span(folder)
    opened(folder, HandClock(span.start_utc)).close()
    with pytest.raises(OtherPlant, match="name another file with --truth"):
        opened(folder, HandClock(span.start_utc), replace(span, seed=99))


@contextmanager
def simulating(folder: Path, clock: ScaledClock, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "lastgang.cli", "simulate", "--plant", str(folder), *options]
    environment = os.environ | {"LASTGANG_CLOCK": clock.as_setting()}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            line = ""
            while "simulation_ready" not in line:
                line = process.stderr.readline()
                assert line, "the simulation ended before it was ready"
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def test_it_stops_cleanly_when_requested(folder: Path) -> None:
    clock = ScaledClock(datetime.now(UTC), load_span(folder).start_utc, 60.0)
    with simulating(folder, clock) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_plant_folder_without_the_simulation_s_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    demo_plant.write(tmp_path)
    (tmp_path / "simulation.toml").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "lastgang.cli", "simulate", "--plant", str(tmp_path)], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 2
    assert "simulation.toml" in done.stderr


@pytest.mark.cluster
def test_an_accepted_recommendation_travels_through_the_broker_and_the_order_is_moved(
    folder: Path, stack_kafka: KafkaBroker, namespace: str
) -> None:
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    span = load_span(folder)
    clock = ScaledClock(datetime.now(UTC), span.start_utc, 120.0)
    with (
        simulating(folder, clock, "--kafka", kafka.bootstrap, "--namespace", namespace),
        RecordConsumer(kafka, [ORDERS, DECISIONS]) as consumer,
        RecordProducer(kafka) as producer,
    ):
        records: list[Order | Decision] = []

        def wait_for(what: str) -> Order | Decision:
            for _ in range(600):
                records.extend(message.record() for message in consumer.poll(0.1))
                for record in records:
                    if isinstance(record, Decision) if what == "decision" else _is(record, what):
                        return record
            raise AssertionError(f"no {what} came")

        batch = wait_for("rush")
        assert isinstance(batch, Order)
        producer.send(RECOMMENDATIONS, advice_for(batch, batch.start_utc - timedelta(minutes=45)))
        producer.flush()
        decision = wait_for("decision")
        assert isinstance(decision, Decision)
        assert (decision.kind, decision.recommendation) == ("accepted", "r-1")
        moved = wait_for("moved")
        assert isinstance(moved, Order)
        assert (moved.start_utc, moved.revision, moved.status) == (
            batch.start_utc - timedelta(minutes=45),
            2,
            OrderStatus.PLANNED,
        )
        assert sum(1 for r in records if isinstance(r, Order) and r.status is OrderStatus.DONE) > 500


def _is(record: Order | Decision, what: str) -> bool:
    if not isinstance(record, Order):
        return False
    if what == "moved":
        return record.reason == "r-1"
    return record.job.endswith("261023-furnace-2-1")
