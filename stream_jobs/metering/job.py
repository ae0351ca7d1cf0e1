"""Builds the Flink pipeline of the job ``metering``."""

from __future__ import annotations

from domain.plant import load_plant
from domain.topics import DEMAND, INTERVALS, READINGS, REJECTED
from stream_jobs import streams
from stream_jobs.functions import OUTPUT_TYPE, StepFunction, TimedStepFunction
from stream_jobs.metering.logic import quarter_hours, running_demand
from stream_jobs.settings import JobSettings, from_command_line
from stream_jobs.tables import environment, insert, sink_table

BUCKET_MS = 60_000
"""Readings of a minute come to Python together: quarter hours end with a minute, so nothing waits for it."""
PAUSE_MS = 20
"""A crowd of the billing meter's readings is collected for so long; a single one goes on at once."""


def build(settings: JobSettings) -> None:
    """Declare sources, steps and sinks, and submit."""
    plant = load_plant(settings.plant_dir / "plant.toml")
    execution, tables = environment(settings)
    statements = tables.create_statement_set()

    readings = streams.records(execution, "readings", settings, [READINGS])
    sink_table(tables, "quarter_hours", settings, [INTERVALS, REJECTED], exactly_once=True)
    intervals = (
        streams.keyed(streams.two_roads(readings, BUCKET_MS))
        .process(TimedStepFunction(quarter_hours, settings, "meter-state-v1", BUCKET_MS), output_type=OUTPUT_TYPE)
        .uid("quarter-hours")
        .name("quarter hours")
    )
    insert(statements, tables, "quarter_hours", intervals, [INTERVALS, REJECTED])

    billing = plant.billing_meter()
    if billing is not None:
        # A source of its own: when an hour comes late, what the quarter hours have to do does not hold back the live view.
        only = f"{plant.site.id}/{billing.id}"
        live = streams.records(execution, "live", settings, [READINGS, INTERVALS], only)
        sink_table(tables, "running_quarter", settings, [DEMAND], exactly_once=False)
        demand = (
            streams.keyed(streams.soon(live, "soon", PAUSE_MS))
            .process(StepFunction(running_demand, settings, "running-quarter-v1", tells_unreadable=False), output_type=OUTPUT_TYPE)
            .uid("running-quarter")
            .name("running quarter hour")
        )
        insert(statements, tables, "running_quarter", demand, [DEMAND])

    statements.attach_as_datastream()
    execution.execute(settings.name)


if __name__ == "__main__":
    build(from_command_line("metering"))
