"""Kafka topics as Flink tables. All of it JVM work: Python never sees a single reading here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import Schema, StreamTableEnvironment
from pyflink.table.expressions import col

from domain.plant import Plant
from domain.topics import INTERVALS, Topic
from stream_jobs.settings import JobSettings

OUT_OF_ORDER_MS = 60_000
"""How far readings of a site may be out of order before they take the second road (law 3 of metering)."""
FUTURE_TOLERANCE_MS = 5_000
"""A device clock further ahead of the gateway's must not move the watermark: it would make every other meter late."""

_ONE_STRING = r"CONCAT_WS(U&'\001F', `topic`, CAST(`partition` AS STRING), CAST(`offset` AS STRING), payload)"


def environment(settings: JobSettings) -> tuple[StreamExecutionEnvironment, StreamTableEnvironment]:
    """Execution and table environment of a job; checkpoints, memory and restarts are the cluster's business."""
    execution = StreamExecutionEnvironment.get_execution_environment()
    tables = StreamTableEnvironment.create(execution)
    config = tables.get_config()
    config.set("pipeline.name", settings.name)
    config.set("table.exec.source.idle-timeout", "5 s")
    config.set("table.exec.uid.generation", "ALWAYS")
    config.set("table.local-time-zone", "UTC")
    return execution, tables


def log_table(
    tables: StreamTableEnvironment, name: str, settings: JobSettings, topics: Sequence[Topic], dated: bool = False
) -> None:
    """Declare `topics` as the table `name`: key, payload and place of every record, nothing parsed.

    With `dated`, records carry the event time `ts` of their ``observed_ms``; one without a usable date gets 1970, so that it
    cannot move the watermark.
    """
    observed = "TRY_CAST(JSON_VALUE(payload, '$.observed_ms') AS BIGINT)"
    received = "TRY_CAST(JSON_VALUE(payload, '$.received_ms') AS BIGINT)"
    event_time = f""",
        ts AS CASE WHEN {observed} > 0 AND {observed} <= {received} + {FUTURE_TOLERANCE_MS}
                   THEN TO_TIMESTAMP_LTZ({observed}, 3) ELSE TO_TIMESTAMP_LTZ(0, 3) END,
        WATERMARK FOR ts AS ts - INTERVAL '{OUT_OF_ORDER_MS // 1000}' SECOND"""
    tables.execute_sql(f"""
        CREATE TEMPORARY TABLE {name} (
            k STRING, payload STRING,
            `topic` STRING NOT NULL METADATA VIRTUAL,
            `partition` INT NOT NULL METADATA VIRTUAL,
            `offset` BIGINT NOT NULL METADATA VIRTUAL,
            pt AS PROCTIME(){event_time if dated else ""}
        ) WITH (
            'connector' = 'kafka',
            'topic' = '{";".join(settings.kafka.full_name(topic) for topic in topics)}',
            'properties.bootstrap.servers' = '{settings.kafka.bootstrap}',
            'properties.group.id' = '{settings.kafka.namespace}lastgang-{settings.name}',
            'properties.isolation.level' = 'read_committed',
            'scan.startup.mode' = 'earliest-offset',
            'key.format' = 'raw', 'key.fields' = 'k',
            'value.format' = 'raw', 'value.fields-include' = 'EXCEPT_KEY'
        )""")


def bucketed(
    tables: StreamTableEnvironment, table: str, key_sql: str, where_sql: str = "TRUE", every: str = "INTERVAL '0.2' SECOND"
) -> str:
    """A query: records of `table` grouped by key and processing time into one string a bucket."""
    tables.execute_sql(f"""
        CREATE TEMPORARY VIEW {table}_items AS
        SELECT COALESCE({key_sql}, '') AS k, {_ONE_STRING} AS item, pt FROM {table} WHERE {where_sql}""")
    return f"""
        SELECT k, LISTAGG(item, U&'\\001E') AS bucket
        FROM TABLE(TUMBLE(TABLE {table}_items, DESCRIPTOR(pt), {every})) GROUP BY k, window_start, window_end"""


def two_roads(tables: StreamTableEnvironment, table: str, bucket_s: int) -> str:
    """A query over a dated table: what is on time grouped by event time, everything else by processing time.

    SQL windows drop late rows without a word, so late, future and undated records are split off *before* the window and take
    the second road into the same operator, which restates or rejects with a reason.

    The first road's window is the older ``GROUP BY TUMBLE(...)`` on purpose. The ``TABLE(TUMBLE(...))`` aggregate keeps its watermark
    in its state, while the source begins without one after a failure: late rows that came soon after it would be on time here and
    dropped there. This one begins without a watermark too, so both always judge alike.
    """
    on_time = "ts > TO_TIMESTAMP_LTZ(0, 3) AND (CURRENT_WATERMARK(ts) IS NULL OR ts > CURRENT_WATERMARK(ts))"
    item = f"COALESCE(k, '') AS k, {_ONE_STRING} AS item"
    tables.execute_sql(f"CREATE TEMPORARY VIEW {table}_split AS SELECT {item}, ts, pt, {on_time} AS on_time FROM {table}")
    tables.execute_sql(f"CREATE TEMPORARY VIEW {table}_live AS SELECT k, item, ts FROM {table}_split WHERE on_time")
    tables.execute_sql(f"CREATE TEMPORARY VIEW {table}_late AS SELECT k, item, pt FROM {table}_split WHERE NOT on_time")
    return f"""
        SELECT k, LISTAGG(item, U&'\\001E') AS bucket
        FROM {table}_live GROUP BY k, TUMBLE(ts, INTERVAL '{bucket_s}' SECOND)
        UNION ALL
        SELECT k, LISTAGG(item, U&'\\001E') AS bucket
        FROM TABLE(TUMBLE(TABLE {table}_late, DESCRIPTOR(pt), INTERVAL '1' SECOND)) GROUP BY k, window_start, window_end"""


def sink_table(
    tables: StreamTableEnvironment, name: str, settings: JobSettings, topics: Sequence[Topic], exactly_once: bool
) -> None:
    """Declare `topics` as the sink `name` of rows ``topic, k, payload``.

    `exactly_once` writes in Kafka transactions that end with each checkpoint: readers see no row of an attempt that failed.
    Without it a row is out at once, and may come again after a failure.
    """
    topic_column = "`topic` STRING NOT NULL METADATA, " if len(topics) > 1 else ""
    guarantee = (
        f"""'sink.delivery-guarantee' = 'exactly-once',
            'sink.transactional-id-prefix' = '{settings.kafka.namespace}lastgang-{settings.name}-{name}',
            'properties.transaction.timeout.ms' = '600000',"""
        if exactly_once
        else "'sink.delivery-guarantee' = 'at-least-once', 'properties.linger.ms' = '0',"
    )
    tables.execute_sql(f"""
        CREATE TEMPORARY TABLE {name} ({topic_column}k STRING, payload STRING) WITH (
            'connector' = 'kafka',
            'topic' = '{";".join(settings.kafka.full_name(topic) for topic in topics)}',
            'properties.bootstrap.servers' = '{settings.kafka.bootstrap}',
            {guarantee}
            'key.format' = 'raw', 'key.fields' = 'k',
            'value.format' = 'raw', 'value.fields-include' = 'EXCEPT_KEY'
        )""")


def insert(statements: Any, tables: StreamTableEnvironment, sink: str, stream: Any, topics: Sequence[Topic]) -> None:
    """Add to `statements` that the rows of `stream` go into `sink`, which was declared with the same `topics`."""
    schema = Schema.new_builder().column("topic", "STRING NOT NULL").column("k", "STRING").column("payload", "STRING").build()
    rows = tables.from_data_stream(stream, schema)
    # Kafka's sink chooses the topic by row only where it has several to choose from.
    statements.add_insert(sink, rows if len(topics) > 1 else rows.select(col("k"), col("payload")))


def billing_meter_only(plant: Plant, settings: JobSettings) -> str:
    """SQL condition: of the intervals only those of the billing meter, of other topics all."""
    billing = plant.billing_meter()
    meter = billing.id if billing else ""
    return f"`topic` <> '{settings.kafka.full_name(INTERVALS)}' OR k = '{plant.site.id}/{meter}'"
