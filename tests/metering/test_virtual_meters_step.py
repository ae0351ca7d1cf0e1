"""The job of the virtual meters, without Flink: what it writes comes back to it, and it may be stopped and started again at any time."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.parts import job_parts
from domain.intervals import QUARTER, Interval, IntervalOrigin
from domain.plant import load_plant
from domain.topics import INTERVALS
from metering.table import quarter_hours
from metering.virtual_meters import VirtualMeters
from stream_jobs.jobs import VIRTUAL_METERS
from tests.stream_jobs.hand_clock import HandClock
from tests.stream_jobs.metering_sample import END_UTC, SITE, latest_table, make_sample

VIRTUAL = """
[[virtual_meter]]
id = "rest"
formula = "main - press - pump"

[[virtual_meter]]
id = "pump-and-rest"
formula = "pump + rest"
"""


def stream(folder: Path, rows: list[Interval], seed: int) -> list[Interval]:
    """The rows of every meter in their order, meters mixed at random; what comes out is read back like everything else."""
    chance = random.Random(seed)
    logic = VIRTUAL_METERS.steps[0].make(folder)
    state = logic.initial(SITE)
    logs: dict[str, deque[Interval]] = {}
    for row in rows:
        logs.setdefault(row.meter, deque()).append(row)
    published: list[Interval] = []
    while any(logs.values()):
        log = chance.choice([log for log in logs.values() if log])
        bucket = [log.popleft() for _ in range(min(len(log), chance.randrange(1, 5)))]
        state, outputs = logic.take(SITE, state, [(INTERVALS, row) for row in bucket])
        for topic, row in outputs:
            assert topic is INTERVALS
            published.append(row)
            logs.setdefault(row.meter, deque()).append(row)
        if chance.random() < 0.2:
            state = logic.decode(SITE, logic.encode(state))
    return published


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_stream_publishes_what_the_file_command_writes(tmp_path: Path, seed: int) -> None:
    sample = make_sample(tmp_path)
    with (tmp_path / "plant.toml").open("a") as file:
        file.write(VIRTUAL)
    rows = quarter_hours(load_plant(tmp_path / "plant.toml"), sample.readings()).rows()
    real = [row for row in rows if row.origin is IntervalOrigin.METERING]
    virtual = [row for row in rows if row.origin is IntervalOrigin.CALCULATED]
    assert {row.meter for row in virtual} == {"rest", "pump-and-rest"}
    assert latest_table(stream(tmp_path, real, seed), END_UTC) == latest_table(virtual, END_UTC)


def test_the_job_is_started_only_where_the_plant_has_virtual_meters(tmp_path: Path) -> None:
    make_sample(tmp_path)
    assert "virtual_meters" not in [job.name for job in job_parts(tmp_path, "localhost:9", "")]
    with (tmp_path / "plant.toml").open("a") as file:
        file.write(VIRTUAL)
    started = {job.name: job for job in job_parts(tmp_path, "localhost:9", "")}
    assert started["virtual_meters"].script.is_file()


@pytest.mark.parametrize("year", [1000, 2062, 8999])
@pytest.mark.parametrize("origin", [IntervalOrigin.IMPORT, IntervalOrigin.METERING])
@pytest.mark.parametrize("has_clock", [True, False])
def test_one_parts_row_of_a_wrong_year_changes_no_other_quarter_hour(
    tmp_path: Path, year: int, origin: IntervalOrigin, has_clock: bool
) -> None:
    sample = make_sample(tmp_path)
    with (tmp_path / "plant.toml").open("a") as file:
        file.write(VIRTUAL)
    plant = load_plant(tmp_path / "plant.toml")
    rows = [row for row in quarter_hours(plant, sample.readings()).rows() if row.origin is IntervalOrigin.METERING]
    rows.sort(key=lambda row: (row.start_utc, row.meter, row.revision))
    first = next(row for row in rows if row.meter == "press" and row.energy_uwh is not None)
    wrong = [
        replace(first, start_utc=datetime(year, 3, 1, tzinfo=UTC) + n * QUARTER, origin=origin)
        for n in range(4 if origin is IntervalOrigin.IMPORT else 1)
    ]

    def published(records: list[Interval]) -> list[Interval]:
        logic = VirtualMeters(plant, HandClock(END_UTC) if has_clock else None)
        state, found = logic.initial(SITE), []
        for row in records:
            state, outputs = logic.take(SITE, logic.decode(SITE, logic.encode(state)), [(INTERVALS, row)])
            found += [one for _, one in outputs]
        return found

    half = len(rows) // 2
    assert published([*rows[:half], *wrong, *rows[half:]]) == published(rows)
