"""The pipeline that detection, forecast and advice share: topics, grouped by key, one step, topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyflink.common import Types

from domain.topics import REJECTED, Topic
from stream_jobs.functions import OUTPUT_TYPE, StepFunction
from stream_jobs.logic import MakeLogic
from stream_jobs.settings import JobSettings
from stream_jobs.tables import bucketed, environment, insert, log_table, sink_table


@dataclass(frozen=True, slots=True)
class KeyedStep:
    """One job: which topics it reads, by which key, what it decides and where that goes."""

    reads: Sequence[Topic]
    writes: Topic
    make_logic: MakeLogic
    state_name: str
    key_sql: str
    """Key of the state, from `k`, the record's key on the log."""
    where_sql: str = "TRUE"


SITE_OF_KEY = "SPLIT_INDEX(k, '/', 0)"


def build(step: KeyedStep, settings: JobSettings) -> None:
    """Declare source, step and sink, and submit."""
    execution, tables = environment(settings)
    sinks = [step.writes, REJECTED]
    log_table(tables, "records", settings, step.reads)
    sink_table(tables, "results", settings, sinks, exactly_once=True)
    buckets = tables.to_data_stream(tables.sql_query(bucketed(tables, "records", step.key_sql, step.where_sql)))
    results = (
        buckets.key_by(lambda row: row[0], key_type=Types.STRING())
        .process(StepFunction(step.make_logic, settings, step.state_name), output_type=OUTPUT_TYPE)
        .uid(f"{settings.name}-step")
        .name(f"{settings.name} step")
    )
    statements = tables.create_statement_set()
    insert(statements, tables, "results", results, sinks)
    statements.attach_as_datastream()
    execution.execute(settings.name)
