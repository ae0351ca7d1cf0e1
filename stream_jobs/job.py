"""Starts one job: ``stream_jobs/job.py NAME --plant DIR``, run by Flink's client (`deploy.flink.submit_jobs`)."""

from __future__ import annotations

from stream_jobs.jobs import BY_NAME
from stream_jobs.pipeline import build
from stream_jobs.settings import from_command_line

if __name__ == "__main__":
    chosen = from_command_line()
    build(BY_NAME[chosen.name], chosen)
