"""Readings as columns mean the same as readings one by one."""

from __future__ import annotations

from small_plant import Run, minutes, plant, rising

from metering.engine import encode_state
from metering.runs import ReadingRun, runs_of


def test_a_run_gives_back_the_readings_it_was_made_of() -> None:
    readings = minutes(rising(5)) + minutes([1.0, 2.0], channel="power")
    runs = list(runs_of(readings))
    assert [run.channel for run in runs if isinstance(run, ReadingRun)] == ["energy_import", "power"]
    assert [reading for run in runs if isinstance(run, ReadingRun) for reading in run.readings()] == readings


def test_a_run_is_taken_like_its_readings() -> None:
    by_reading, by_run = Run(plant()), Run(plant())
    readings = minutes([*rising(20), 0.0, *rising(20, 1021.0)])
    by_reading.take(readings, advance=False)
    for run in runs_of(readings):
        assert isinstance(run, ReadingRun)
        by_run.state, outputs = by_run.step.take_run(by_run.state, run)
        by_run._keep(outputs)
    assert encode_state(by_run.state) == encode_state(by_reading.state)
    assert by_run.rejected == by_reading.rejected
