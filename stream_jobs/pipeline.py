"""Builds the Flink pipeline of a job from its row: for each step a source, buckets by key, the step, a sink."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from detection.health.watched_machine import health_channels
from domain.controls import Control
from domain.plant import Plant, load_plant
from domain.readings import CONNECTION_CHANNEL
from domain.topics import READINGS, Topic
from governor.live.instruments import Instruments
from stream_jobs import streams
from stream_jobs.functions import OUTPUT_TYPE, PausingStepFunction, StepFunction, TimedStepFunction
from stream_jobs.jobs import Job, Pace, ReadingsOf, StepRow, make_step
from stream_jobs.settings import JobSettings
from stream_jobs.tables import environment, insert, sink_table

BUCKET_MS = 60_000
"""Of `Pace.BY_EVENT_TIME`: quarter hours end with a minute, so nothing waits for it."""
SOON_MS = 20
"""Of `Pace.AT_ONCE`: readings that come together are collected for this long; a single one goes on at once."""


def build(job: Job, settings: JobSettings) -> None:
    """Declare sources, steps and sinks, and submit."""
    plant = load_plant(settings.plant_dir / "plant.toml")
    execution, tables = environment(settings)
    statements = tables.create_statement_set()
    for row in job.needed_steps(plant):
        _add(row, plant, settings, execution, tables, statements)
    statements.attach_as_datastream()
    execution.execute(settings.name)


def _add(
    row: StepRow,
    plant: Plant,
    settings: JobSettings,
    execution: StreamExecutionEnvironment,
    tables: StreamTableEnvironment,
    statements: Any,
) -> None:
    sink_table(tables, row.sink, settings, row.writes, exactly_once=row.pace is not Pace.AT_ONCE)
    results = (
        streams.keyed(_buckets(row, _records(row, plant, settings, execution)))
        .process(_function(row, settings), output_type=OUTPUT_TYPE)
        .uid(row.uid)
        .name(row.uid.replace("-", " "))
    )
    insert(statements, tables, row.sink, results, row.writes)


def _records(row: StepRow, plant: Plant, settings: JobSettings, execution: StreamExecutionEnvironment) -> streams.Records:
    """What the step reads, under the keys that its state has."""
    wanted = _billing_keys(row, plant)
    if len(wanted) == len(row.reads):  # the others are passed over unread
        return streams.records(execution, row.source, settings, row.reads, only_key=wanted[row.reads[0]])
    if row.readings_of is not None:
        channels = _channels(row, plant)
        reads = row.reads if channels else tuple(topic for topic in row.reads if topic is not READINGS)
        records = streams.records(execution, row.source, settings, reads, only_channels=channels)
        if row.readings_of is ReadingsOf.HEALTH:
            records = streams.minutes(records, settings)
        else:
            repeats = row.readings_of in (ReadingsOf.LEVELS, ReadingsOf.SET_POINTS)
            records = streams.changes(records, settings, _named(row, "changes"), repeats)
    else:
        records = streams.records(execution, row.source, settings, row.reads)
    if wanted:
        records = streams.only(records, settings, wanted)
    if row.to_each_meter:
        meters = [*(meter.id for meter in plant.meters), *(meter.id for meter in plant.virtual_meters)]
        records = streams.to_each(records, settings, row.to_each_meter, [f"{plant.site.id}/{meter}" for meter in meters])
    return streams.by_site(records) if row.keyed_by == "site" else records


def _billing_keys(row: StepRow, plant: Plant) -> dict[Topic, str]:
    """Topic -> the only key of it that is taken."""
    billing = plant.billing_meter()
    return dict.fromkeys(row.of_billing_meter, f"{plant.site.id}/{billing.id if billing else ''}")


def _channels(row: StepRow, plant: Plant) -> Mapping[str, tuple[str, ...]]:
    """Key of readings -> the channels of it that the step takes."""
    match row.readings_of:
        case ReadingsOf.HEALTH:
            return health_channels(plant)
        case ReadingsOf.LEVELS:
            return Instruments(plant).channels()
        case ReadingsOf.SET_POINTS:
            return set_point_channels(plant)
        case ReadingsOf.CONTROLS:
            return control_channels(plant, lambda control: control.of_jobs)
        case _:
            return control_channels(plant, lambda control: control.of_pieces)


def set_point_channels(plant: Plant) -> dict[str, tuple[str, ...]]:
    """Key of readings -> the channels of it that show what machines are set to."""
    found: dict[str, tuple[str, ...]] = {}
    for machine in plant.machines:
        key = f"{plant.site.id}/{machine.meter}"
        channels = (one.channel for one in machine.set_points)
        if fresh := tuple(channel for channel in channels if channel not in found.get(key, ())):
            found[key] = (*found.get(key, ()), *fresh)
    return found


def control_channels(plant: Plant, wanted: Callable[[Control], tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Key of readings -> the channels of it that are `wanted` of what a machine's control reports, and those of its connection."""
    found: dict[str, tuple[str, ...]] = {}
    for machine in plant.machines:
        if machine.control is not None and (channels := wanted(machine.control)):
            own = f"{plant.site.id}/{machine.meter}"
            found[own] = (*found.get(own, ()), *channels)
            if machine.control.device is not None:
                device = f"{plant.site.id}/{machine.control.device}"
                found[device] = (*found.get(device, ()), CONNECTION_CHANNEL)
    return found


def _named(row: StepRow, operator: str) -> str:
    """Name of an operator of a step: unique within its job."""
    return operator if row.source == "records" else f"{row.source}-{operator}"


def _buckets(row: StepRow, records: streams.Records) -> streams.Buckets:
    if row.pace is Pace.BY_EVENT_TIME:
        return streams.two_paths(records, BUCKET_MS)
    if row.pace is Pace.AT_ONCE:
        return streams.soon(records, "soon", SOON_MS)

    return streams.by_arrival(records, _named(row, "buckets"))


def _function(row: StepRow, settings: JobSettings) -> StepFunction:
    make = partial(make_step, row.step, row.made_from, settings.plant_dir)
    if row.pace is Pace.BY_EVENT_TIME:
        return TimedStepFunction(make, settings, row, BUCKET_MS)
    return PausingStepFunction(make, settings, row) if row.answers_pauses else StepFunction(make, settings, row)
