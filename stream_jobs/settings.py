"""Options of every job on its command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from connectors.kafka.client import KafkaSettings
from stream_jobs.jobs import BY_NAME


@dataclass(frozen=True, slots=True)
class JobSettings:
    """Plant folder and broker of one job."""

    plant_dir: Path
    kafka: KafkaSettings
    name: str


def from_command_line(arguments: list[str] | None = None) -> JobSettings:
    """Settings of the job that is named; argparse ends the process with exit 2 where they are wrong."""
    parser = argparse.ArgumentParser(prog="stream_jobs/job.py", description="Start one Flink job.")
    parser.add_argument("name", choices=sorted(BY_NAME), help="a job of stream_jobs/jobs.py")
    parser.add_argument("--plant", type=Path, required=True, help="folder with plant.toml")
    parser.add_argument("--kafka", default="127.0.0.1:9092", help="broker, HOST:PORT")
    parser.add_argument("--namespace", default="", help="what stands before every topic's name")
    chosen = parser.parse_args(arguments)
    return JobSettings(chosen.plant.resolve(), KafkaSettings(chosen.kafka, chosen.namespace), chosen.name)
