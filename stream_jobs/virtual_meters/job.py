"""Builds the Flink pipeline of the job ``virtual_meters``; started where the plant has virtual meters."""

from __future__ import annotations

from domain.topics import INTERVALS
from stream_jobs.keyed_steps import KeyedStep, build
from stream_jobs.settings import from_command_line
from stream_jobs.virtual_meters.logic import make

STEP = KeyedStep(
    reads=[INTERVALS],
    writes=INTERVALS,
    make_logic=make,
    state_name="virtual-meters-state-v1",
    keyed_by="site",
)

if __name__ == "__main__":
    build(STEP, from_command_line("virtual_meters"))
