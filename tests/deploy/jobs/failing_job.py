"""A Flink job for tests that is accepted and fails at its first record, every time it is restarted."""

from __future__ import annotations

from pyflink.common import Types
from pyflink.datastream import StreamExecutionEnvironment


def fail(number: int) -> int:
    """What a step with a mistake does."""
    msg = f"tariff of the year {number} has no price"
    raise ValueError(msg)


if __name__ == "__main__":
    execution = StreamExecutionEnvironment.get_execution_environment()
    execution.from_collection([2026], type_info=Types.LONG()).map(fail, output_type=Types.LONG()).print()
    execution.execute("failing")
