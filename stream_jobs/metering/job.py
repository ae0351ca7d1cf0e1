"""Builds the Flink pipeline of the job ``metering``."""

from __future__ import annotations

from pyflink.common import Types

from domain.plant import load_plant
from domain.topics import DEMAND, INTERVALS, READINGS, REJECTED
from stream_jobs.functions import OUTPUT_TYPE, StepFunction
from stream_jobs.metering.logic import quarter_hours, running_demand
from stream_jobs.settings import JobSettings, from_command_line
from stream_jobs.tables import bucketed, environment, insert, log_table, sink_table, two_roads

BUCKET_S = 30
LIVE_BUCKET = "INTERVAL '0.02' SECOND"
"""How long the running quarter hour's readings are collected before Python sees them."""


def build(settings: JobSettings) -> None:
    """Declare sources, steps and sinks, and submit."""
    plant = load_plant(settings.plant_dir / "plant.toml")
    execution, tables = environment(settings)
    statements = tables.create_statement_set()

    log_table(tables, "readings", settings, [READINGS], dated=True)
    sink_table(tables, "quarter_hours", settings, [INTERVALS, REJECTED], exactly_once=True)
    buckets = tables.to_data_stream(tables.sql_query(two_roads(tables, "readings", BUCKET_S)))
    intervals = (
        buckets.key_by(lambda row: row[0], key_type=Types.STRING())
        .process(StepFunction(quarter_hours, settings, "meter-state-v1", BUCKET_S * 1000), output_type=OUTPUT_TYPE)
        .uid("quarter-hours")
        .name("quarter hours")
    )
    insert(statements, tables, "quarter_hours", intervals, [INTERVALS, REJECTED])

    billing = plant.billing_meter()
    if billing is not None:
        log_table(tables, "billing_meter", settings, [READINGS, INTERVALS])
        sink_table(tables, "running_quarter", settings, [DEMAND], exactly_once=False)
        only = f"k = '{plant.site.id}/{billing.id}'"
        live = tables.to_data_stream(tables.sql_query(bucketed(tables, "billing_meter", f"'{plant.site.id}'", only, LIVE_BUCKET)))
        demand = (
            live.key_by(lambda row: row[0], key_type=Types.STRING())
            .process(StepFunction(running_demand, settings, "running-quarter-v1", tells_unreadable=False), output_type=OUTPUT_TYPE)
            .uid("running-quarter")
            .name("running quarter hour")
        )
        insert(statements, tables, "running_quarter", demand, [DEMAND])

    statements.attach_as_datastream()
    execution.execute(settings.name)


if __name__ == "__main__":
    build(from_command_line("metering"))
