"""The one keyed operator that all jobs share: state from bytes, step, state to bytes, outputs to their topics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from domain.codec import encode
from stream_jobs.logic import Logic, MakeLogic, Outputs, run_bucket
from stream_jobs.settings import JobSettings
from stream_jobs.tables import OUT_OF_ORDER_MS

OUTPUT_TYPE = Types.ROW_NAMED(["topic", "k", "payload"], [Types.STRING(), Types.STRING(), Types.STRING()])


class StepFunction(KeyedProcessFunction):
    """Feeds buckets ``(key, bucket)`` to a job's `Logic`.

    Parameters
    ----------
    state_name
        Versioned name of the state, e.g. ``meter-state-v1``; changing it forgets.
    bucket_ms
        Width of event-time buckets, or 0 where the logic has no use for event time. Time is passed on only in whole buckets,
        because what the JVM still collects has not been taken.
    tells_unreadable
        Whether this operator rejects what cannot be read, or another one over the same records does.
    """

    def __init__(
        self, make_logic: MakeLogic, settings: JobSettings, state_name: str, bucket_ms: int = 0, tells_unreadable: bool = True
    ) -> None:
        self._make_logic = make_logic
        self._plant_dir = str(settings.plant_dir)
        self._kafka = settings.kafka
        self._state_name = state_name
        self._bucket_ms = bucket_ms
        self._tells_unreadable = tells_unreadable

    def open(self, runtime_context: RuntimeContext) -> None:
        self._logic: Logic = self._make_logic(self._plant_dir)
        self._stored = runtime_context.get_state(ValueStateDescriptor(self._state_name, Types.PICKLED_BYTE_ARRAY()))
        self._held: dict[str, tuple[bytes, Any]] = {}

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> Iterator[Row]:
        key = value[0]
        state, outputs = run_bucket(self._logic, key, self._load(key), value[1], self._kafka.namespace, self._tells_unreadable)
        if self._bucket_ms:
            state, more = self._advance(key, state, ctx)
            outputs += more
        self._store(key, state)
        yield from self._rows(outputs)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Row]:
        key = ctx.get_current_key()
        state, outputs = self._advance(key, self._load(key), ctx)
        self._store(key, state)
        yield from self._rows(outputs)

    def _advance(self, key: str, state: Any, ctx: Any) -> tuple[Any, Outputs]:
        watermark = ctx.timer_service().current_watermark()
        if watermark <= 0:
            ctx.timer_service().register_event_time_timer(0)
            return state, []
        # A watermark of t means nothing at or before t is to come, so buckets that end at t + 1 are complete.
        complete_ms = (watermark + 1) // self._bucket_ms * self._bucket_ms
        ctx.timer_service().register_event_time_timer(complete_ms + self._bucket_ms - 1)
        return self._logic.advance(key, state, complete_ms + OUT_OF_ORDER_MS)

    def _load(self, key: str) -> Any:
        stored = self._stored.value()
        if stored is None:
            return self._logic.initial(key)
        held = self._held.get(key)
        # What we hold is used only if it is what Flink holds: after a failure Flink's state is the older one.
        if held is not None and held[0] == stored:
            return held[1]
        return self._logic.decode(key, stored)

    def _store(self, key: str, state: Any) -> None:
        encoded = self._logic.encode(state)
        held = self._held.get(key)
        if held is None or held[0] != encoded:
            self._stored.update(encoded)
        self._held[key] = (encoded, state)

    def _rows(self, outputs: Outputs) -> Iterator[Row]:
        for topic, record in outputs:
            yield Row(self._kafka.full_name(topic), topic.key(record), encode(record).decode())
