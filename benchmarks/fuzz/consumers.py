"""Well-formed records at the ends of what they may hold, through everything that reads topics: each job's step, ledger, sink, live page.

A record that is as it should be may still be what nobody expects: a quarter hour of the year 2062, an integer of 63 bits, a name of 200
signs. None may raise, and whatever is published of it must be readable by those who read it next.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.fuzz.extremes import spoiled
from benchmarks.fuzz.target import READ, REFUSED, Target, must
from connectors.influx.points import SOURCES, PointMaker
from connectors.influx.sink import as_client_point
from connectors.kafka.client import Message
from console.live_state import LiveState
from domain.codec import decode, encode
from domain.contracts import EXAMPLES
from domain.intervals import QUARTER
from domain.plant import Plant, load_plant
from domain.steps import Step
from domain.topics import BY_NAME, INTERVALS, READINGS, TOPICS, Topic
from reporting.historian import TOPICS_KEPT, entry_of
from reporting.ledger import Ledger, Unreadable
from simulation import demo_plant
from stream_jobs.jobs import JOBS, StepRow

_BILLING = "main"
_MACHINE = "furnace-1"
_HISTORY_QUARTERS = 9 * 96


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record that came on a topic."""

    topic: str
    raw: bytes


@dataclass(frozen=True)
class Job:
    """A job's step with the state that its key has after some days, and the topics that it reads."""

    name: str
    step: Step
    key: str
    reads: frozenset[Topic]
    stored: bytes


@dataclass(frozen=True)
class Consumers:
    """Everything that reads topics, on the demo's plant."""

    plant: Plant
    jobs: Sequence[Job]
    points: PointMaker
    ledger: Ledger


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Gone with the process."""
    return tempfile.TemporaryDirectory(prefix="lastgang-fuzz-")


@cache
def consumers() -> Consumers:
    """Made once a process; states are loaded again for each record."""
    folder = Path(_folder().name)
    demo_plant.write(folder)
    plant = load_plant(folder / "plant.toml")
    site = plant.site.id
    jobs = [_job(row, folder, site) for job in JOBS for row in job.steps]
    return Consumers(plant, jobs, PointMaker(plant), Ledger.open(folder / "ledger.sqlite"))


def _job(row: StepRow, folder: Path, site: str) -> Job:
    """A row's step for the whole site, for the billing meter, or for a machine's meter."""
    step = row.make(folder)
    meter = _BILLING if READINGS in row.reads else _MACHINE
    key = site if row.keyed_by == "site" else f"{site}/{meter}"
    state = step.initial(key)
    if INTERVALS in row.reads:
        state, _ = step.take(key, state, [(INTERVALS, interval) for interval in _history(key.partition("/")[2] or _BILLING)])
    return Job(row.uid, step, key, frozenset(row.reads), step.encode(state))


def _history(meter: str) -> list[Any]:
    newest = replace(EXAMPLES[INTERVALS.name], meter=meter)
    return [
        replace(newest, start_utc=newest.start_utc - n * QUARTER, energy_uwh=10**9 * (80 + n % 60))
        for n in range(_HISTORY_QUARTERS, 0, -1)
    ]


def make(rng: Random) -> Arrival:
    """A record of any topic with one to three fields at their ends; mostly of the demo's own meters."""
    topic = rng.choice(TOPICS)
    base = EXAMPLES[topic.name]
    if topic in (INTERVALS, READINGS):
        base = replace(base, meter=rng.choice((_BILLING, _MACHINE)))
    return Arrival(topic.name, encode(spoiled(base, rng)))


def answer(arrival: Arrival) -> str:
    """Give it to all that read its topic; what they say of it must be readable."""
    everybody, topic = consumers(), BY_NAME[arrival.topic]
    record = decode(topic.record, arrival.raw)
    out = [published for job in everybody.jobs if topic in job.reads for published in _step(job, topic, record)]
    for to, published in out:
        must(decode(to.record, encode(published)) == published, f"what was published of it cannot be read: {published}"[:300])
    if topic in SOURCES:
        for point in everybody.points.points(topic, record):
            must(bool(as_client_point(point).to_line_protocol()), f"no line: {point}"[:300])
    if topic in TOPICS_KEPT:
        _keep(everybody, topic, arrival.raw)
    live = LiveState(everybody.plant.site.id)
    live.take(record, 1.0)
    must(live.picture(2.0).taken_s == 2.0, "the page has no picture")
    return READ if out else REFUSED


def _step(job: Job, topic: Topic, record: Any) -> list[tuple[Topic, Any]]:
    state = job.step.decode(job.key, job.stored)
    state, out = job.step.take(job.key, state, [(topic, record)])
    job.step.decode(job.key, job.step.encode(state))
    return out


def _keep(everybody: Consumers, topic: Topic, raw: bytes) -> None:
    offset = everybody.ledger.offsets().get((topic.name, 0), 0)
    entry = entry_of(Message(topic, 0, offset, 0, b"", raw), everybody.plant.site.id)
    must(not isinstance(entry[3], Unreadable), f"the historian cannot read it: {entry[3]}"[:300])
    aside = len(everybody.ledger.unreadable())
    everybody.ledger.append([entry])
    must(len(everybody.ledger.unreadable()) == aside, "the ledger cannot hold it")


TARGET = Target(
    "consumers",
    0.02,
    make,
    answer,
    "well-formed records at the ends of what they may hold, through every step, ledger, sink and page",
)
