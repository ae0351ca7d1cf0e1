"""The pipeline that detection, forecast and advice share: topics, grouped by key, one step, topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from domain.plant import Plant
from domain.topics import INTERVALS, REJECTED, Topic
from stream_jobs import streams
from stream_jobs.functions import OUTPUT_TYPE, PausingStepFunction, StepFunction
from stream_jobs.logic import MakeLogic
from stream_jobs.settings import JobSettings
from stream_jobs.tables import environment, insert, sink_table


@dataclass(frozen=True, slots=True)
class KeyedStep:
    """One job: which topics it reads, by which key, what it decides and where that goes."""

    reads: Sequence[Topic]
    writes: Topic
    make_logic: MakeLogic
    state_name: str
    keyed_by: Literal["record", "site"]
    """Whether each key of the log has a state of its own, or each site."""
    only: Mapping[Topic, str] = field(default_factory=dict)
    """Of these topics only the records of one key."""
    answers_pauses: bool = False
    """Whether its logic is a `PausingLogic`."""


def billing_meter_only(plant: Plant) -> dict[Topic, str]:
    """Of the intervals only those of the billing meter."""
    billing = plant.billing_meter()
    return {INTERVALS: f"{plant.site.id}/{billing.id if billing else ''}"}


def build(step: KeyedStep, settings: JobSettings) -> None:
    """Declare source, step and sink, and submit."""
    execution, tables = environment(settings)
    sinks = [step.writes, REJECTED]
    sink_table(tables, "results", settings, sinks, exactly_once=True)
    records = streams.only(streams.records(execution, "records", settings, step.reads), settings, step.only)
    if step.keyed_by == "site":
        records = streams.by_site(records)
    function = PausingStepFunction if step.answers_pauses else StepFunction
    results = (
        streams.keyed(streams.by_arrival(records, "buckets"))
        .process(function(step.make_logic, settings, step.state_name), output_type=OUTPUT_TYPE)
        .uid(f"{settings.name}-step")
        .name(f"{settings.name} step")
    )
    statements = tables.create_statement_set()
    insert(statements, tables, "results", results, sinks)
    statements.attach_as_datastream()
    execution.execute(settings.name)
