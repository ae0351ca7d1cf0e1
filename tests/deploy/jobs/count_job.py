"""A Flink job for tests: Kafka to Kafka through keyed Python state; each value comes out with its number in its key."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import StreamTableEnvironment


class Count(KeyedProcessFunction):
    """Numbers the values of a key."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self._count = runtime_context.get_state(ValueStateDescriptor("count-v1", Types.LONG()))

    def process_element(self, value: Any, ctx: Any) -> Iterator[Row]:
        number = (self._count.value() or 0) + 1
        self._count.update(number)
        yield Row(value[0], f"{value[1]} is number {number}")


def main(kafka: str, namespace: str, uid: str = "count") -> None:
    execution = StreamExecutionEnvironment.get_execution_environment()
    tables = StreamTableEnvironment.create(execution)
    tables.get_config().set("table.exec.uid.generation", "ALWAYS")  # as the product's own jobs
    common = (
        f"'connector'='kafka', 'properties.bootstrap.servers'='{kafka}', 'key.format'='raw', 'key.fields'='k',"
        "'value.format'='raw', 'value.fields-include'='EXCEPT_KEY'"
    )
    start = f"'scan.startup.mode'='earliest-offset', 'properties.group.id'='{namespace}count'"
    tables.execute_sql(f"CREATE TABLE incoming (k STRING, v STRING) WITH ({common}, 'topic'='{namespace}in', {start})")
    tables.execute_sql(f"CREATE TABLE outgoing (k STRING, v STRING) WITH ({common}, 'topic'='{namespace}out')")
    rows = tables.to_data_stream(tables.from_path("incoming")).key_by(lambda row: row[0], key_type=Types.STRING())
    output = Types.ROW_NAMED(["k", "v"], [Types.STRING(), Types.STRING()])
    statements = tables.create_statement_set()
    statements.add_insert("outgoing", tables.from_data_stream(rows.process(Count(), output_type=output).uid(uid)))
    statements.attach_as_datastream()
    execution.execute("count")


if __name__ == "__main__":
    main(*sys.argv[1:])
