"""What ours is compared with: a job of Flink's own SQL that does nothing but decode JSON and a window of a minute, all in the JVM."""

from __future__ import annotations

import sys

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from domain.topics import READINGS


def build(bootstrap: str, namespace: str, windows_topic: str) -> None:
    """Readings to count, mean and maximum of each register and minute."""
    execution = StreamExecutionEnvironment.get_execution_environment()
    tables = StreamTableEnvironment.create(execution)
    tables.get_config().set("pipeline.name", "decode-only")
    tables.get_config().set("table.exec.source.idle-timeout", "5 s")
    tables.execute_sql(f"""
        CREATE TEMPORARY TABLE readings (
            site STRING, meter STRING, channel STRING, observed_ms BIGINT, received_ms BIGINT, `value` DOUBLE, quality STRING,
            text STRING, gateway STRING, sequence BIGINT, origin STRING,
            ts AS TO_TIMESTAMP_LTZ(observed_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '60' SECOND
        ) WITH (
            'connector' = 'kafka', 'topic' = '{namespace}{READINGS.name}', 'properties.bootstrap.servers' = '{bootstrap}',
            'properties.group.id' = '{namespace}decode-only', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json'
        )""")
    tables.execute_sql(f"""
        CREATE TEMPORARY TABLE windows (meter STRING, channel STRING, start_utc TIMESTAMP(3), n BIGINT, mean DOUBLE, highest DOUBLE) WITH (
            'connector' = 'kafka', 'topic' = '{windows_topic}', 'properties.bootstrap.servers' = '{bootstrap}',
            'sink.delivery-guarantee' = 'at-least-once', 'format' = 'json'
        )""")
    statements = tables.create_statement_set()
    statements.add_insert_sql("""
        INSERT INTO windows
        SELECT meter, channel, window_start, COUNT(*), AVG(`value`), MAX(`value`)
        FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY meter, channel, window_start, window_end""")
    statements.attach_as_datastream()
    execution.execute("decode-only")


if __name__ == "__main__":
    build(*sys.argv[1:4])
