"""The table of parts: what a plant's stack consists of, in which order it starts, and how one sees that a part is ready."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from deploy import jars, ports
from deploy.settings import StackSettings
from domain.plant import load_plant
from stream_jobs.jobs import jobs_of

JOB_SCRIPT = jars.PROJECT / "stream_jobs" / "job.py"
LEDGER = "ledger.sqlite"
"""File of the historian in the home folder."""


class Stage(IntEnum):
    """Order of starting; stopping goes the other way. Parts of one stage start together."""

    GROUND = 10
    """Broker and Flink."""
    SERVICES = 20
    """What reads the topics: historian, page, planner, sinks."""
    JOBS = 30
    """The Flink jobs; they start while the services do."""
    EDGE = 40
    """What brings readings: when it starts, all others are ready."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process that is kept running."""

    name: str
    command: tuple[str, ...]
    stage: Stage
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    """Whether it serves; None waits for a line with the word ``ready`` in its output."""
    ready_of: Callable[[int], bool] | None = None
    """The same for a part that answers through another, which may still speak of the one that died: called with the pid."""
    ready_timeout_s: float = 90.0
    port: int | None = None
    """Where it listens, for display."""
    stop_timeout_s: float = 20.0
    takes_along: tuple[str, ...] = ()
    """Parts that are started again with this one after it died."""
    is_essential: bool = False
    """Whether nothing of use is left without it: a stack does not start without such a part."""
    input: Path | None = None
    """Folder whose files it reads when it starts; when one has changed, a part that had refused them is tried again."""


@dataclass(frozen=True, slots=True)
class JobPart:
    """One Flink job that is kept running."""

    name: str
    script: Path
    arguments: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Flink settings of this job alone."""


def service(verb: str, stage: Stage, arguments: tuple[str, ...], **others: object) -> Part:
    """A part that is a verb of our own command line, such as ``gateway``."""
    command = (sys.executable, "-m", "lastgang.cli", verb, *arguments)
    return Part(verb, command, stage, **others)  # type: ignore[arg-type]  # passed on as they are


def job_parts(plant_dir: Path, kafka: str, namespace: str) -> list[JobPart]:
    """The jobs of the table that the plant needs."""
    arguments = ("--plant", str(plant_dir), "--kafka", kafka, "--namespace", namespace)
    needed = jobs_of(load_plant(plant_dir / "plant.toml"))
    return [JobPart(job.name, JOB_SCRIPT, (job.name, *arguments), job.settings) for job in needed]


def service_parts(plant_dir: Path, home: Path, kafka: str, settings: StackSettings, console_port: int) -> list[Part]:
    """Historian, page, gateway, planner, and the sink to InfluxDB where that is configured; their files are in `home`."""
    common = ("--plant", str(plant_dir), "--kafka", kafka, "--namespace", settings.namespace)
    ledger = ("--ledger", str(home / LEDGER))
    page = ("--reports", str(settings.reports_of(plant_dir)), "--host", settings.console.host, "--port", str(console_port))
    parts = [
        service("historian", Stage.SERVICES, (*common, *ledger), input=plant_dir),
        service(
            "console",
            Stage.SERVICES,
            (*common, *ledger, *page),
            ready=lambda: ports.answers(console_port),
            port=console_port,
            input=plant_dir,
        ),
        service("gateway", Stage.EDGE, (*common, "--buffer", str(home / "gateway.db")), input=plant_dir),
    ]
    if settings.planner.enabled:
        effort = ("--seconds", f"{settings.planner.seconds:g}", "--workers", str(settings.planner.workers))
        parts.append(service("planner", Stage.SERVICES, (*common, *effort), input=plant_dir))
    if settings.scheduled:
        parts.append(service("reporter", Stage.SERVICES, ("--plant", str(plant_dir)), input=plant_dir))
    if settings.influx is not None:
        influx = settings.influx
        target = ("--url", influx.url, "--org", influx.org, "--bucket", influx.bucket)
        parts.append(service("influx-sink", Stage.SERVICES, (*common, *target), input=plant_dir))
    return parts
