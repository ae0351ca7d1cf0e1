"""The table of jobs: what each reads and writes, by which key, and which room's step decides.

A new job is a step (`domain.steps.Step`) and a row here: `stream_jobs.job` builds it, `deploy` starts it, the README counts it. Nothing of
Flink is imported here, and no room before its step is made, so whoever asks only for names pays nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from domain.clock import process_clock
from domain.plant import Plant, load_plant
from domain.steps import Step
from domain.topics import (
    ANOMALIES,
    AUTOPSIES,
    DECISIONS,
    DEMAND,
    EFFECTS,
    FEEDBACK,
    FINDINGS,
    FORECASTS,
    GOVERNING,
    INTERVALS,
    JOB_POWERS,
    MACHINE_HEALTH,
    METER_FORECASTS,
    ORDERS,
    PLANNING_PROBLEMS,
    PLANS,
    PRICES,
    QUALITY,
    READINGS,
    RECOMMENDATIONS,
    REJECTED,
    SHIFT_CHANGES,
    Topic,
)


class Pace(Enum):
    """How records of a key are grouped before a step takes them, and so how long they wait."""

    ON_ARRIVAL = "on_arrival"
    """What came within a fifth of a second."""
    BY_EVENT_TIME = "by_event_time"
    """A minute of event time; what is late for its minute, by arrival. The step receives event time (`domain.steps.TimedStep`)."""
    AT_ONCE = "at_once"
    """At once; records that come together every 20 ms. Results are out at once, too, and may come again after a failure."""


class ReadingsOf(Enum):
    """Channels of which a step takes readings as records, because the plant file says what they are."""

    CONTROLS = "controls"
    """What machines' controls report of their jobs: changes alone."""
    PIECES = "pieces"
    """What they count of good pieces, scrap and rework: changes alone."""
    LEVELS = "levels"
    """Levels and powers of loads that can wait: one a minute."""
    SET_POINTS = "set_points"
    """What machines are set to: one a minute."""
    HEALTH = "health"
    """What shows the health of machines: as a `domain.minutes.Minute` each."""


def _always(plant: Plant) -> bool:
    return True


def has_billing_meter(plant: Plant) -> bool:
    """Whether there is a meter that is billed."""
    return plant.billing_meter() is not None


def has_virtual_meters(plant: Plant) -> bool:
    """Whether the plant file names meters by formula."""
    return bool(plant.virtual_meters)


def has_waiting_loads(plant: Plant) -> bool:
    """Whether there are loads that can wait, and a meter that is billed."""
    return bool(plant.flexible.loads()) and has_billing_meter(plant)


def has_machines(plant: Plant) -> bool:
    """Whether the plant file names machines."""
    return bool(plant.machines)


def has_watched_health(plant: Plant) -> bool:
    """Whether the plant file names channels that a machine's health is read from, or a count of its parts."""
    counts = (machine.control is not None and machine.control.counts_good is not None for machine in plant.machines)
    return any(counts) or any(machine.health is not None for machine in plant.machines)


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a job."""

    step: str
    """``module:Class`` of its room; the class takes by name what `made_from` lists."""
    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...]
    uid: str
    """By which Flink finds its state again; another name forgets."""
    state: str
    """Name of its state in Flink; another name forgets. The form of the bytes has its version in their header (`domain.stored_state`)."""
    keyed_by: Literal["record", "site"] = "record"
    """Whether each key of the log has a state of its own, or each site."""
    pace: Pace = Pace.ON_ARRIVAL
    made_from: tuple[Literal["plant", "tariff", "clock"], ...] = ("plant", "clock")
    """``tariff`` is None where the plant has none."""
    of_billing_meter: tuple[Topic, ...] = ()
    """Of these topics only the records of the billing meter are taken."""
    to_each_meter: tuple[Topic, ...] = ()
    """Of these topics each meter of the plant file is given every record of its site. What of them cannot be read another job rejects, once."""
    readings_of: ReadingsOf | None = None
    """Of which channels it takes readings; others are neither taken nor rejected. None: of all."""
    answers_pauses: bool = False
    """Whether it is a `domain.steps.PausingStep`."""
    needed: Callable[[Plant], bool] = _always
    """Whether a plant needs it."""
    source: str = "records"
    """Name of its source: uid and consumer group."""
    sink: str = "results"
    """Name of its sink: uid and transactions."""

    @property
    def rejected_elsewhere(self) -> tuple[Topic, ...]:
        """Topics of which another step rejects what cannot be read."""
        return (*self.to_each_meter, READINGS) if self.readings_of is not None else self.to_each_meter

    @property
    def rejects(self) -> bool:
        """Whether it rejects what cannot be read; else another step over the same records does."""
        return REJECTED in self.writes

    def make(self, plant_dir: Path) -> Step:
        """The step for the plant in `plant_dir`."""
        return make_step(self.step, self.made_from, plant_dir)


def make_step(step: str, made_from: Iterable[str], plant_dir: Path) -> Step:
    """The step ``module:Class`` for the plant in `plant_dir`, on the clock of this process."""
    plant = load_plant(plant_dir / "plant.toml")
    given: dict[str, Any] = {"plant": plant}
    if "tariff" in made_from:
        from billing.tariff import load_tariff

        given["tariff"] = None if plant.tariff is None else load_tariff(plant_dir / plant.tariff.file)
    if "clock" in made_from:
        given["clock"] = process_clock()
    module, _, name = step.partition(":")
    made: Step = getattr(importlib.import_module(module), name)(**given)
    return made


@dataclass(frozen=True, slots=True)
class Job:
    """One Flink job: what is started, stopped and restarted together."""

    name: str
    says: str
    """What comes of it, for people."""
    steps: tuple[StepRow, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Flink settings of this job alone."""

    def needed_steps(self, plant: Plant) -> tuple[StepRow, ...]:
        """The steps that a plant needs; none: the job is not started."""
        return tuple(step for step in self.steps if step.needed(plant))


METERING = Job(
    "metering",
    "readings to quarter hours, and the running quarter hour",
    (
        StepRow(
            "metering.quarter_hours:QuarterHours",
            reads=(READINGS,), writes=(INTERVALS, REJECTED), pace=Pace.BY_EVENT_TIME,
            uid="quarter-hours", state="meter-state-v1", source="readings", sink="quarter_hours",
        ),
        # A source of its own: when an hour comes late, what the quarter hours have to do does not hold back the live view.
        StepRow(
            "metering.running_demand:RunningDemand",
            reads=(READINGS, INTERVALS), writes=(DEMAND,), pace=Pace.AT_ONCE, of_billing_meter=(READINGS, INTERVALS), needed=has_billing_meter,
            uid="running-quarter", state="running-quarter-v1", source="live", sink="running_quarter",
        ),
    ),
)  # fmt: skip
DETECTION = Job(
    "detection",
    "what is abnormal",
    (
        StepRow(
            "detection.priced:Detection",
            reads=(INTERVALS, SHIFT_CHANGES), writes=(FINDINGS, REJECTED), to_each_meter=(SHIFT_CHANGES,),
            made_from=("plant", "tariff", "clock"),
            uid="detection-step", state="detection-state-v1",
        ),
        # A source of its own: only some channels of readings, by the minute.
        StepRow(
            "detection.health.step:HealthStep",
            reads=(READINGS, INTERVALS), writes=(FINDINGS, MACHINE_HEALTH), readings_of=ReadingsOf.HEALTH, needed=has_watched_health,
            made_from=("plant", "tariff", "clock"),
            uid="machine-health-step", state="machine-health-state-v1", source="gauges", sink="machine_health",
        ),
        StepRow(
            "detection.desk.step:AnomalyDesk",
            reads=(FINDINGS, FEEDBACK), writes=(ANOMALIES, REJECTED), keyed_by="site",
            uid="desk-step", state="desk-state-v1", source="desk", sink="anomalies",
        ),
        # A source of its own: what comes back to it of its own counts holds up no meter.
        StepRow(
            "scrap.step:Scrap",
            reads=(READINGS, INTERVALS, ORDERS, QUALITY), writes=(QUALITY, FINDINGS, REJECTED), keyed_by="site", readings_of=ReadingsOf.PIECES,
            made_from=("plant", "tariff", "clock"), needed=has_machines,
            uid="scrap-step", state="scrap-state-v1", source="scrap", sink="scrap",
        ),
        # A source of its own, as it reads more; what of it cannot be read others reject.
        StepRow(
            "detection.site.step:SiteWatch",
            reads=(INTERVALS, ORDERS, SHIFT_CHANGES, JOB_POWERS, DECISIONS, READINGS), writes=(FINDINGS, RECOMMENDATIONS), keyed_by="site",
            readings_of=ReadingsOf.SET_POINTS, made_from=("plant", "tariff", "clock"), needed=has_machines,
            uid="site-watch", state="site-watch-v1", source="site", sink="site_findings",
        ),
    ),
)  # fmt: skip
FORECAST = Job(
    "forecast",
    "the load of the next 48 h",
    (
        StepRow(
            "forecasting.site_forecast:SiteForecast",
            reads=(INTERVALS, ORDERS, JOB_POWERS, SHIFT_CHANGES), writes=(FORECASTS, REJECTED), keyed_by="site", of_billing_meter=(INTERVALS,),
            answers_pauses=True, made_from=("plant", "clock", "tariff"),
            uid="forecast-step", state="forecast-state-v1",
        ),
    ),
)  # fmt: skip
METER_FORECAST = Job(
    "meter_forecasts",
    "the load of the next 48 h of every meter below the grid connection",
    (
        StepRow(
            "forecasting.meter_forecasts:MeterForecasts",
            reads=(INTERVALS, SHIFT_CHANGES), writes=(METER_FORECASTS, REJECTED), to_each_meter=(SHIFT_CHANGES,), answers_pauses=True,
            uid="meter_forecasts-step", state="meter-forecast-state-v1",
        ),
    ),
)  # fmt: skip
ADVICE = Job(
    "advice",
    "which job to start when, what is to be planned, and what to hold in the running quarter hour",
    (
        StepRow(
            "scheduling.advice:Advice",
            reads=(FORECASTS, ORDERS, DECISIONS, DEMAND, INTERVALS, PRICES, SHIFT_CHANGES, JOB_POWERS, PLANS),
            writes=(RECOMMENDATIONS, ORDERS, SHIFT_CHANGES, PLANNING_PROBLEMS, REJECTED), keyed_by="site",
            of_billing_meter=(INTERVALS,), made_from=("plant", "tariff"),
            uid="advice-step", state="advice-state-v1",
        ),
        # A source of its own: a long plan does not hold back what has to be held within minutes.
        StepRow(
            "governor.live.step:GovernorStep",
            reads=(DEMAND, FORECASTS, DECISIONS, READINGS), writes=(RECOMMENDATIONS, GOVERNING), keyed_by="site", pace=Pace.AT_ONCE,
            readings_of=ReadingsOf.LEVELS, needed=has_waiting_loads,
            uid="governor-step", state="governor-state-v1", source="live", sink="governor",
        ),
    ),
)  # fmt: skip
PRODUCTION = Job(
    "production",
    "what jobs draw, and when they really ran",
    (
        StepRow(
            "production.step:Production",
            reads=(INTERVALS, ORDERS, READINGS), writes=(JOB_POWERS, ORDERS, REJECTED), keyed_by="site", readings_of=ReadingsOf.CONTROLS,
            needed=has_machines,
            uid="production-step", state="production-state-v1",
        ),
    ),
)  # fmt: skip
EFFECT = Job(
    "effects",
    "what advice changed by measurement, and who made a new peak",
    (
        StepRow(
            "effects.step:Effects",
            reads=(INTERVALS, RECOMMENDATIONS, ORDERS, JOB_POWERS), writes=(EFFECTS, AUTOPSIES, REJECTED), keyed_by="site",
            made_from=("plant", "tariff", "clock"), needed=has_billing_meter,
            uid="effects-step", state="effects-state-v1",
        ),
    ),
)  # fmt: skip
VIRTUAL_METERS = Job(
    "virtual_meters",
    "quarter hours of meters by formula",
    (
        StepRow(
            "metering.virtual_meters:VirtualMeters",
            reads=(INTERVALS,), writes=(INTERVALS, REJECTED), keyed_by="site", needed=has_virtual_meters,
            uid="virtual_meters-step", state="virtual-meters-state-v1",
        ),
    ),
)  # fmt: skip

JOBS = (METERING, DETECTION, FORECAST, METER_FORECAST, ADVICE, PRODUCTION, EFFECT, VIRTUAL_METERS)
BY_NAME = {job.name: job for job in JOBS}


def jobs_of(plant: Plant) -> tuple[Job, ...]:
    """The jobs that a plant needs: the seven jobs, and that of the virtual meters where the plant file names some."""
    return tuple(job for job in JOBS if job.needed_steps(plant))
