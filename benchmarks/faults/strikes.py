"""The faults: each strikes the running stack, mends what it broke, and says when it counts as mended and in what recovery shows."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.faults.bench import Bench
from benchmarks.faults.network import Wire
from benchmarks.faults.outcome import Fault, Outcome
from domain.intervals import quarter_start

WORST_MOMENT = timedelta(minutes=14)
"""Of a quarter hour: what dies now is away at the boundary, where the counters' readings decide."""


@dataclass(frozen=True, slots=True)
class Mended:
    """Where a fault has left the bench: what is read after `since_utc` shows that all is well again."""

    since_utc: datetime
    since_s: float
    """The same on the monotonic clock."""
    in_influx: bool = False


Strike = Callable[[Bench, random.Random, Outcome], Mended]

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

    def strike(bench: Bench, chance: random.Random, outcome: Outcome) -> Mended:
        if chance.random() < 1 / 3:
            bench.await_plant_time(quarter_start(bench.now_utc()) + WORST_MOMENT)
        else:
            bench.pass_time(chance.uniform(0.0, 4.0))
        mended = Mended(bench.now_utc(), bench.monotonic(), in_influx=part.startswith("influx"))
        bench.kill(part)
        return mended

    return Fault(f"kill-{part}", f"kill -9 {KILLED[part]}", "the kill"), strike


def cut(wire: Wire) -> tuple[Fault, Strike]:
    """The network between gateway and broker, away for some seconds: minutes of the plant's time."""

    def strike(bench: Bench, chance: random.Random, outcome: Outcome) -> Mended:
        bench.pass_time(chance.uniform(0.0, 3.0))
        away_s = chance.uniform(6.0, 14.0)
        bench.relay.make(wire)
        bench.pass_time(away_s)
        bench.relay.make(Wire.WHOLE)
        outcome.remark = f"{_WIRES[wire][1]}; the gateway keeps what it reads on disk and sends it late"
        return Mended(bench.now_utc(), bench.monotonic())

    return Fault(f"cut-{wire}", f"network cut, {_WIRES[wire][0]}", "the network's return"), strike


_WIRES = {
    Wire.SILENT: ("silent", "nothing comes through, nobody is told"),
    Wire.DEAF: ("one way", "the broker hears, its acknowledgements are lost"),
    Wire.REFUSING: ("reset", "connections are reset"),
}
