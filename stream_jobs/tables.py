"""What a job writes: topics as Flink's sink tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import Schema, StreamTableEnvironment
from pyflink.table.expressions import col

from connectors.kafka.client import TRANSACTION_TIMEOUT_MS
from domain.topics import Topic
from stream_jobs.settings import JobSettings


def environment(settings: JobSettings) -> tuple[StreamExecutionEnvironment, StreamTableEnvironment]:
    """Execution and table environment of a job; checkpoints, memory and restarts are the cluster's business."""
    execution = StreamExecutionEnvironment.get_execution_environment()
    tables = StreamTableEnvironment.create(execution)
    config = tables.get_config()
    config.set("pipeline.name", settings.name)
    config.set("table.exec.uid.generation", "ALWAYS")
    config.set("table.local-time-zone", "UTC")
    return execution, tables


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
            'properties.transaction.timeout.ms' = '{TRANSACTION_TIMEOUT_MS}',"""
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
