"""Builds the Flink pipeline of the job ``meter_forecasts``."""

from __future__ import annotations

from domain.topics import INTERVALS, METER_FORECASTS
from stream_jobs.keyed_steps import KeyedStep, build
from stream_jobs.meter_forecasts.logic import make
from stream_jobs.settings import from_command_line

STEP = KeyedStep(
    reads=[INTERVALS],
    writes=METER_FORECASTS,
    make_logic=make,
    state_name="meter-forecast-state-v1",
    keyed_by="record",
    answers_pauses=True,
)

if __name__ == "__main__":
    build(STEP, from_command_line("meter_forecasts"))
