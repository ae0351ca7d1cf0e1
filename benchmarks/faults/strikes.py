"""The faults: each strikes the running stack, repairs what it broke, and says when it counts as recovered and in what recovery shows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from benchmarks.faults.bench import Bench
from benchmarks.faults.broken import poison, wrong_shapes
from benchmarks.faults.gateway import GATEWAY
from benchmarks.faults.network import Wire
from benchmarks.faults.outcome import Fault, Outcome
from benchmarks.faults.recovery import await_refused, has_reading
from benchmarks.faults.topics import let_big_readings_through, put
from domain.clock import epoch_ms
from domain.topics import INTERVALS, READINGS
from quarters.numbers import quarter_start

WORST_MOMENT = timedelta(minutes=14)
"""Of a quarter hour: what dies now is away at the boundary, where the counters' readings decide."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """Where a fault has left the bench: what is read after `since_utc` shows that all is well again."""

    since_utc: datetime
    since_s: float
    """The same on the monotonic clock."""
    shown_in: Literal["ledger", "influx", "topic"] = "ledger"
    """Where a value read after it must be for the recovery to be complete."""


Strike = Callable[[Bench, random.Random, Outcome], Recovered]

KILLED = {
    "kafka": "broker",
    "flink-jobmanager": "JobManager",
    "flink-taskmanager": "TaskManager",
    "gateway": "gateway",
    "historian": "historian",
    "influxd": "influxd",
    "influx-sink": "influx sink",
}
"""Part -> its name for people."""


def kill(part: str) -> tuple[Fault, Strike]:
    """``kill -9`` of one part; the supervisor starts it again."""

    def strike(bench: Bench, chance: random.Random, outcome: Outcome) -> Recovered:
        if chance.random() < 1 / 3:
            bench.waits.until_plant_time(quarter_start(bench.clock.now_utc()) + WORST_MOMENT)
        else:
            bench.waits.pass_time(chance.uniform(0.0, 4.0))
        recovered = Recovered(bench.clock.now_utc(), time.monotonic(), shown_in="influx" if part.startswith("influx") else "ledger")
        bench.kill(part)
        return recovered

    return Fault(f"kill-{part}", f"kill -9 {KILLED[part]}", "the kill"), strike


def cut(wire: Wire) -> tuple[Fault, Strike]:
    """The network between gateway and broker, away for some seconds: minutes of the plant's time."""

    def strike(bench: Bench, chance: random.Random, outcome: Outcome) -> Recovered:
        bench.waits.pass_time(chance.uniform(0.0, 3.0))
        away_s = chance.uniform(6.0, 14.0)
        bench.relay.make(wire)
        bench.waits.pass_time(away_s)
        bench.relay.make(Wire.WHOLE)
        outcome.remark = f"{_WIRES[wire][1]}; the gateway keeps what it reads on disk and sends it late"
        return Recovered(bench.clock.now_utc(), time.monotonic())

    return Fault(f"cut-{wire}", f"network cut, {_WIRES[wire][0]}", "the network's return"), strike


_WIRES = {
    Wire.SILENT: ("silent", "nothing comes through, without an error"),
    Wire.DEAF: ("one way", "the broker hears, its acknowledgements are lost"),
    Wire.REFUSING: ("reset", "connections are reset"),
}


def full_disk(bench: Bench, chance: random.Random, outcome: Outcome, real_s: float) -> Recovered:
    """Not one byte left for the gateway's buffer; it says so, keeps what fits into memory, and goes on by itself."""
    bench.gateway.restart()  # its log of changes, once grown, is room that no other file can take from it
    logged = len(bench.log_of(GATEWAY))
    try:
        bench.disk.fill()
        bench.waits.until(lambda: "buffer_unusable" in bench.log_of(GATEWAY)[logged:], "the gateway's word that its disk is full")
        bench.waits.pass_time(real_s)
    finally:
        bench.disk.free()
    recovered = Recovered(bench.clock.now_utc(), time.monotonic())
    outcome.remark = f"tmpfs filled to the last byte for {real_s:.0f} s; readings wait in memory"
    return recovered


def clock_step(bench: Bench, chance: random.Random, outcome: Outcome, forward: bool) -> Recovered:
    """The gateway's clock jumps by minutes, and some seconds later back to where it should be."""
    by = timedelta(minutes=chance.randint(4, 12)) * (1 if forward else -1)
    bench.gateway.set_clock(by)
    bench.waits.pass_time(chance.uniform(5.0, 8.0))
    recent_s = time.monotonic() - 3.0
    if not has_reading(bench, lambda answer: answer.real_s >= recent_s):
        outcome.trouble.append(f"the gateway fell silent when its clock was set by {by}")
    bench.gateway.set_clock(-by)
    outcome.remark = f"by {abs(by).seconds // 60} min and back after seconds; readings of that time carry wrong dates, in the engine and in the job alike"
    return Recovered(bench.clock.now_utc(), time.monotonic(), shown_in="topic")


def broken_messages(bench: Bench, chance: random.Random, outcome: Outcome) -> Recovered:
    """Wrong shapes and versions, on the readings and on the intervals topic."""
    records = wrong_shapes(epoch_ms(bench.clock.now_utc()))
    places = put(bench.stack.kafka, READINGS, records) | put(bench.stack.kafka, INTERVALS, records)
    recovered = Recovered(bench.clock.now_utc(), time.monotonic())
    _await_refusals(bench, places, outcome)
    return recovered


def poison_records(bench: Bench, chance: random.Random, outcome: Outcome) -> Recovered:
    """Bytes that no decoder takes."""
    let_big_readings_through(bench.stack.kafka)
    places = put(bench.stack.kafka, READINGS, poison(epoch_ms(bench.clock.now_utc())))
    recovered = Recovered(bench.clock.now_utc(), time.monotonic())
    _await_refusals(bench, places, outcome)
    return recovered


def _await_refusals(bench: Bench, places: dict[str, str], outcome: Outcome) -> None:
    """Every one of them is set aside with a reason; none is lost without a word."""
    missing = await_refused(bench, places)
    outcome.trouble += [f"no refusal was published for: {about}" for about in missing.values()]
    outcome.remark = f"{len(places) - len(missing)} of {len(places)} records were set aside, each with place and reason"


def rescale(parallelism: int) -> tuple[Fault, Strike]:
    """The metering job stopped with a savepoint, and going on from it with another parallelism."""

    def strike(bench: Bench, chance: random.Random, outcome: Outcome) -> Recovered:
        begun_s = time.monotonic()
        bench.waits.meanwhile(lambda: bench.rescale_metering(parallelism), "the metering job's rescaling")
        outcome.remark = "stop with savepoint, go on from it"
        return Recovered(bench.clock.now_utc(), begun_s)

    return Fault(f"rescale-{parallelism}", f"rescaled to parallelism {parallelism}", "the order to stop"), strike


def simple(kind: str, name: str, counted_from: str, strike: Strike) -> tuple[Fault, Strike]:
    """A fault without choices."""
    return Fault(kind, name, counted_from), strike


def others() -> list[tuple[Fault, Strike]]:
    """All but the kills; those of one kind that build on each other in their order."""
    return [
        *(cut(wire) for wire in (Wire.SILENT, Wire.DEAF, Wire.REFUSING)),
        simple("disk", "disk of the gateway full", "the space's return", partial(full_disk, real_s=6.0)),
        simple("clock-forward", "gateway's clock set forward", "the clock's return", partial(clock_step, forward=True)),
        simple("clock-back", "gateway's clock set back", "the clock's return", partial(clock_step, forward=False)),
        simple("broken", "broken messages", "the messages", broken_messages),
        simple("poison", "poison records", "the records", poison_records),
        *(rescale(parallelism) for parallelism in (2, 4, 1)),
    ]
