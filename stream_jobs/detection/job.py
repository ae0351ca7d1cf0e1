"""Builds the Flink pipeline of the job ``detection``."""

from __future__ import annotations

from domain.topics import ANOMALIES, INTERVALS
from stream_jobs.detection.logic import make
from stream_jobs.keyed_steps import KeyedStep, build
from stream_jobs.settings import from_command_line

STEP = KeyedStep(
    reads=[INTERVALS],
    writes=ANOMALIES,
    make_logic=make,
    state_name="detection-state-v1",
    keyed_by="record",
)

if __name__ == "__main__":
    build(STEP, from_command_line("detection"))
