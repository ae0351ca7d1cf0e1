"""The historian against a real broker: killed in mid-stream again and again, its ledger says what an undisturbed one says."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.kafka.client import KafkaSettings, Message, RecordProducer, ensure_topics
from deploy.kafka_broker import KafkaBroker
from domain.contracts import EXAMPLES
from domain.intervals import QUARTER, Interval
from domain.topics import ANOMALIES, DECISIONS, DEMAND, FORECASTS, INTERVALS, ORDERS, RECOMMENDATIONS, REJECTED
from reporting.historian import Batch, Rhythm, entry_of, places_beyond
from reporting.ledger import Ledger, OtherSite, Unreadable

PLANT = """
[site]
id = "werk-nord"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
"""


def test_a_batch_is_due_when_it_is_full_or_old() -> None:
    batch = Batch(Rhythm(records=2, after_s=0.3))
    assert not batch.is_due(10.0)
    batch.add([(INTERVALS, 0, 0, None)], 10.0)
    assert not batch.is_due(10.2)
    assert batch.is_due(10.31)
    batch.add([(INTERVALS, 0, 1, None)], 10.1)
    assert batch.is_due(10.1)
    assert len(batch.take()) == 2
    assert not batch.is_due(99.0)


def test_bytes_that_are_no_record_and_records_of_other_sites_keep_their_place_in_the_log() -> None:
    bad = entry_of(Message(INTERVALS, 1, 7, 0, b"k", b"{"), "werk-nord")
    assert bad[:3] == (INTERVALS, 1, 7)
    assert isinstance(bad[3], Unreadable)
    other = entry_of(Message(INTERVALS, 1, 8, 0, b"k", _bytes(replace(EXAMPLES[INTERVALS.name], site="werk-sued"))), "werk-nord")
    assert other[3] == OtherSite("werk-sued")


def test_a_log_that_ends_before_the_ledgers_place_is_another_log() -> None:
    known = {("a", 0): 5, ("a", 1): 3, ("gone", 0): 9}
    assert places_beyond(known, {("a", 0): 5, ("a", 1): 2}) == {("a", 1): 3}


def _bytes(record: object) -> bytes:
    from domain.codec import encode

    return encode(record)


@pytest.fixture
def kafka(stack_kafka: KafkaBroker, namespace: str) -> KafkaSettings:
    settings = KafkaSettings(f"127.0.0.1:{stack_kafka.port}", namespace)
    ensure_topics(settings)
    return settings


@contextmanager
def historian(kafka: KafkaSettings, folder: Path, ledger: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A historian in a process of its own, ready; killed at the end if it still runs."""
    arguments = ["--plant", str(folder), "--kafka", kafka.bootstrap, "--namespace", kafka.namespace, "--ledger", str(ledger), *more]
    process = subprocess.Popen([sys.executable, "-m", "lastgang.cli", "historian", *arguments], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        words = ""
        for line in process.stderr:
            words += line
            if "ready" in line:
                break
        else:
            pytest.fail(f"the historian ended: {words}")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def produce(kafka: KafkaSettings, rounds: int, seed: int) -> int:
    """Send quarter hours with revisions and repeats, and some of everything else; gives how many."""
    chance, count = random.Random(seed), 0
    first: Interval = EXAMPLES[INTERVALS.name]
    with RecordProducer(kafka) as producer:
        for number in range(rounds):
            at = timedelta(seconds=30 * number)
            interval = replace(first, meter=f"meter-{number % 7}", start_utc=first.start_utc + QUARTER * (number // 10))
            records = [(INTERVALS, interval), (INTERVALS, replace(interval, revision=chance.randrange(1, 4)))]
            demand = EXAMPLES[DEMAND.name]
            records.append(
                (DEMAND, replace(demand, at_utc=demand.at_utc + at, start_utc=first.start_utc + QUARTER * (number // 30)))
            )
            if number % 10 == 0:
                records += [(topic, EXAMPLES[topic.name]) for topic in (ANOMALIES, ORDERS, RECOMMENDATIONS, DECISIONS)]
                records.append((REJECTED, replace(EXAMPLES[REJECTED.name], source=f"energy.readings.v1/0/{number}")))
                records.append((FORECASTS, replace(EXAMPLES[FORECASTS.name], issued_utc=first.start_utc + at)))
            for topic, record in records:
                producer.send(topic, record)
            count += len(records)
        producer.flush(30.0)
    return count


def wait_until_read(ledger: Path, expected: int, process: subprocess.Popen[str]) -> None:
    """Return when the ledger's offsets say that `expected` records were taken."""
    with Ledger.open(ledger, readonly=True) as reader:
        while sum(reader.offsets().values()) < expected:
            assert process.poll() is None, "the historian ended by itself"
            os.sched_yield()


@pytest.mark.cluster
def test_killed_in_mid_stream_it_writes_what_an_undisturbed_one_writes(kafka: KafkaSettings, tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(PLANT)
    sent = 0
    for seed in range(4):
        sent += produce(kafka, 1_000, seed)
        with historian(kafka, tmp_path, tmp_path / "killed") as process:
            # Killed with work left: half of what has come since the last kill is in the ledger.
            wait_until_read(tmp_path / "killed", sent // 2, process)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    for name in ("killed", "undisturbed"):
        with historian(kafka, tmp_path, tmp_path / name) as process:
            wait_until_read(tmp_path / name, sent, process)
            process.terminate()
            assert process.wait(20) == 0
    with Ledger.open(tmp_path / "killed", readonly=True) as killed, Ledger.open(tmp_path / "undisturbed", readonly=True) as whole:
        assert sum(killed.offsets().values()) == sent
        assert list(killed.content()) == list(whole.content())
        assert len(killed.series()) == 7


@pytest.mark.cluster
def test_another_log_is_refused_until_the_operator_says_so(kafka: KafkaSettings, tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(PLANT)
    with Ledger.open(tmp_path / "ledger") as ledger:
        ledger.append([(INTERVALS, 0, 10_000, EXAMPLES[INTERVALS.name])])
    command = [sys.executable, "-m", "lastgang.cli", "historian", "--plant", str(tmp_path), "--kafka", kafka.bootstrap]
    command += ["--namespace", kafka.namespace, "--ledger", str(tmp_path / "ledger")]
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode == 1
    assert "another log" in refused.stderr
    assert "--new-log" in refused.stderr
    with RecordProducer(kafka) as producer:
        producer.send(INTERVALS, replace(EXAMPLES[INTERVALS.name], revision=2))
    with historian(kafka, tmp_path, tmp_path / "ledger", "--new-log") as process:
        wait_until_read(tmp_path / "ledger", 1, process)
        process.terminate()
        assert process.wait(20) == 0
    with Ledger.open(tmp_path / "ledger", readonly=True) as ledger:
        assert len(ledger.interval_revisions("main", "energy_import", EXAMPLES[INTERVALS.name].start_utc)) == 2
