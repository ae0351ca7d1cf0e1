"""What can be set about running a plant's stack: ``stack.toml`` beside ``plant.toml``, and the environment over it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from connectors.mail.settings import MailSection
from deploy.flink.configuration import FlinkSizes, StateBackend
from domain.errors import Fault, InputFaults
from domain.scheduled_reports import ScheduledReport
from domain.toml_files import Settings, load_toml

FILE_NAME = "stack.toml"
_PREFIX = "LASTGANG_"
_NO_SETTINGS = frozenset({"LASTGANG_CONSOLE_TOKEN", "LASTGANG_MAIL_PASSWORD"})
"""Begin like a setting, but are secrets and read where they are needed."""


class KafkaSection(Settings):
    """The broker."""

    port: int = Field(default=9092, ge=0, le=65535)
    """For clients, on loopback; 0 picks a free one at every start."""
    controller_port: int = Field(default=9093, ge=0, le=65535)
    """For the broker's own controller."""
    heap_mb: int = Field(default=320, ge=128)
    """Java heap [MiB]; the process takes up to 150 MiB more."""


class FlinkSection(Settings):
    """The session cluster."""

    rest_port: int = Field(default=8081, ge=0, le=65535)
    """Its REST interface and web page, on loopback."""
    rpc_port: int = Field(default=6123, ge=0, le=65535)
    """For the cluster's own processes, on loopback."""
    jobmanager_mb: int = Field(default=832, ge=640)
    """Process size of the JobManager [MiB]; it uses less."""
    taskmanager_mb: int = Field(default=1408, ge=1024)
    """Process size of the TaskManager [MiB]; Python code inside comes on top."""
    slots: int = Field(default=8, ge=4)
    """Parallel pipelines; each job takes one."""
    checkpoint_interval_s: float = Field(default=2.0, ge=0.5, le=600.0)
    """Interval of checkpoints: how much is repeated after a crash, and how late the results of exactly-once jobs are."""
    state_backend: StateBackend = "hashmap"
    """Where jobs keep state: ``hashmap`` in memory, ``rocksdb`` on disk for plants of thousands of meters."""

    savepoints_kept: int = Field(default=3, ge=1)
    """How many savepoints of each job are kept; each stop makes one."""

    def sizes(self) -> FlinkSizes:
        """As the cluster takes it."""
        return FlinkSizes(
            self.jobmanager_mb,
            self.taskmanager_mb,
            self.slots,
            self.checkpoint_interval_s,
            self.state_backend,
            self.savepoints_kept,
        )


class ConsoleSection(Settings):
    """The web page."""

    host: str = "127.0.0.1"
    """Address it listens on; ``0.0.0.0`` shows it to the whole network."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Of page and API; 0 picks a free one at every start."""

    def url(self, port: int) -> str:
        """Where a browser on this machine finds it, if it listens on `port`."""
        return f"http://{'localhost' if self.host in {'127.0.0.1', '0.0.0.0', '::', '::1'} else self.host}:{port}/"


class PlannerSection(Settings):
    """The planner, which turns planning problems into plans of jobs, shifts and crews."""

    enabled: bool = True
    """Whether it runs; without it advice moves single jobs only."""
    seconds: float = Field(default=10.0, ge=0.0, le=3600.0)
    """How long it searches for one plan, by the wall clock [s]; there is one each plant hour, and one when something has changed."""
    workers: int = Field(default=2, ge=1, le=16)
    """Processes that search side by side. They stand back behind all others on the machine."""


class InfluxSection(Settings):
    """The InfluxDB 2 that the topics are copied to; its token comes from the environment (``INFLUX_TOKEN``)."""

    url: str
    """Address of the server."""
    org: str
    """Its organisation."""
    bucket: str
    """The bucket that is written to."""

    @field_validator("url")
    @classmethod
    def _has_scheme(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            msg = "a URL that begins with http:// or https://"
            raise ValueError(msg)
        return url


class StackSettings(Settings):
    """All of it; every key has a default, so no file is needed."""

    home: Path | None = None
    """Where broker, jobs and ledger store data and logs; default ``.lastgang`` in the plant folder."""
    reports: Path | None = None
    """Where the page stores its reports; default ``reports`` in `home`."""
    namespace: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$")
    """Prefix of every topic's name."""
    kafka: KafkaSection = KafkaSection()
    flink: FlinkSection = FlinkSection()
    console: ConsoleSection = ConsoleSection()
    planner: PlannerSection = PlannerSection()
    influx: InfluxSection | None = None
    mail: MailSection | None = None
    scheduled: tuple[ScheduledReport, ...] = Field(default=(), alias="report")

    @model_validator(mode="after")
    def _reports_can_be_sent(self) -> StackSettings:
        names = [report.name for report in self.scheduled]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            msg = f"each [[report]] with a name of its own; {', '.join(twice)} is there twice"
            raise ValueError(msg)
        if self.mail is None and any(report.recipients for report in self.scheduled):
            msg = "a [mail] with server and sender: a [[report]] has recipients"
            raise ValueError(msg)
        return self

    def home_of(self, plant_dir: Path) -> Path:
        """The folder for this plant's data; a relative setting counts from the plant folder."""
        return (plant_dir / (self.home or ".lastgang")).resolve()

    def reports_of(self, plant_dir: Path) -> Path:
        """The folder for this plant's reports; a relative setting counts from the plant folder."""
        return (plant_dir / self.reports).resolve() if self.reports is not None else self.home_of(plant_dir) / "reports"

    def ports(self) -> dict[str, int]:
        """Every port of the stack, by the name of its setting."""
        return {
            "kafka.port": self.kafka.port,
            "kafka.controller_port": self.kafka.controller_port,
            "flink.rest_port": self.flink.rest_port,
            "flink.rpc_port": self.flink.rpc_port,
            "console.port": self.console.port,
        }


def load_settings(plant_dir: Path, environment: Mapping[str, str] | None = None) -> StackSettings:
    """Settings of the plant in `plant_dir`.

    ``LASTGANG_KAFKA_PORT=0`` in the environment stands over ``port`` in ``[kafka]``, ``LASTGANG_HOME`` over ``home``, and so on.

    Raises
    ------
    InputFaults
        Naming every fault of the file, or of the environment.
    """
    file = plant_dir / FILE_NAME
    settings = load_toml(file, StackSettings) if file.exists() else StackSettings()
    settings = _overridden(settings, _overrides(os.environ if environment is None else environment))
    _check_spaces(settings.home_of(plant_dir))
    return settings


def _overridden(settings: StackSettings, overrides: Mapping[tuple[str, str], str]) -> StackSettings:
    document = settings.model_dump(exclude_none=True, by_alias=True)
    for (section, key), value in overrides.items():
        (document.setdefault(section, {}) if section else document)[key] = value
    try:
        return StackSettings.model_validate(document)
    except ValidationError as error:
        raise InputFaults([_environment_fault(detail) for detail in error.errors()]) from error


def _overrides(environment: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """(section, key) -> text, of the variables that name a setting; a section that we have with a key that it lacks is kept too."""
    sections = {name.upper(): name for name in ("kafka", "flink", "console", "planner", "influx", "mail")}
    found = {}
    for variable, value in environment.items():
        if not variable.startswith(_PREFIX) or variable in _NO_SETTINGS:
            continue
        first, _, rest = variable.removeprefix(_PREFIX).partition("_")
        if first in sections and rest:
            found[(sections[first], rest.lower())] = value
        elif variable.removeprefix(_PREFIX) in {"HOME", "NAMESPACE", "REPORTS"}:
            found[("", variable.removeprefix(_PREFIX).lower())] = value
    return found


def _environment_fault(detail: Any) -> Fault:
    variable = _PREFIX + "_".join(str(part) for part in detail["loc"]).upper()
    expected = "no such setting (check the spelling)" if detail["type"] == "extra_forbidden" else str(detail["msg"])
    found = "nothing" if detail["type"] == "missing" else repr(detail["input"])[:80]
    return Fault("environment", None, variable, found, expected.removeprefix("Value error, "))


def _check_spaces(home: Path) -> None:
    if any(character.isspace() for character in str(home)):
        fault = Fault(FILE_NAME, None, "home", repr(str(home)), "a path without spaces (Flink's start scripts cannot bear them)")
        raise InputFaults([fault])
