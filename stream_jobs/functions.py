"""The keyed operators that all jobs share: state from bytes, step, state to bytes, outputs to their topics."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, cast

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from domain.codec import encode
from domain.steps import Outputs, PausingStep, Step, TimedStep
from domain.topics import REJECTED
from metering.rules import OUT_OF_ORDER_MS
from stream_jobs.jobs import StepRow
from stream_jobs.run_bucket import bounded, run_bucket
from stream_jobs.settings import JobSettings

_SWITCH_S = 0.001
"""Jobs share one interpreter: how long a busy step may keep the running quarter hour waiting (Python's default is five times that)."""
PAUSE_MS = 2_000
"""Buckets of a running import come every fifth of a second."""
OUTPUT_TYPE = Types.ROW_NAMED(["topic", "k", "payload"], [Types.STRING(), Types.STRING(), Types.STRING()])


class StepFunction(KeyedProcessFunction):
    """Feeds buckets ``(key, bucket)`` to a step.

    Parameters
    ----------
    make
        Makes the step where the operator runs.
    """

    def __init__(self, make: Callable[[], Step], settings: JobSettings, row: StepRow) -> None:
        self._make = make
        self._kafka = settings.kafka
        self._state_name = row.state
        self._rejects_unreadable = row.rejects
        self._rejected_elsewhere = tuple(topic.name for topic in row.rejected_elsewhere)

    def open(self, runtime_context: RuntimeContext) -> None:
        sys.setswitchinterval(_SWITCH_S)
        self._step = self._make()
        self._stored = runtime_context.get_state(ValueStateDescriptor(self._state_name, Types.PICKLED_BYTE_ARRAY()))
        # What this attempt has read or written is what Flink holds; another attempt is another object and begins empty.
        self._held: dict[str, tuple[bytes | None, Any]] = {}

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> Iterator[Row]:
        key = value[0]
        state, outputs = self._take(key, value[1])
        self._store(key, state)
        yield from self._rows(outputs)

    def _take(self, key: str, bucket: bytes) -> tuple[Any, Outputs]:
        state = self._load(key)
        return run_bucket(
            self._step, key, state, bucket, self._kafka.namespace, self._rejects_unreadable,
            unchanged=lambda: self._restored(key, self._held[key][0]), rejected_elsewhere=self._rejected_elsewhere,
        )  # fmt: skip

    def _restored(self, key: str, stored: bytes | None) -> Any:
        return self._step.initial(key) if stored is None else self._step.decode(key, stored)

    def _load(self, key: str) -> Any:
        held = self._held.get(key)
        if held is not None:
            return held[1]
        stored = self._stored.value()
        state = self._restored(key, stored)
        self._held[key] = (stored, state)
        return state

    def _store(self, key: str, state: Any) -> None:
        encoded = self._step.encode(state)
        if self._held[key][0] != encoded:
            self._stored.update(encoded)
        self._held[key] = (encoded, state)

    def _rows(self, outputs: Outputs) -> Iterator[Row]:
        for topic, output in outputs:
            record = bounded(output) if topic is REJECTED else output
            yield Row(self._kafka.full_name(topic), topic.key(record), encode(record).decode())


class PausingStepFunction(StepFunction):
    """The same for a `PausingStep`: it is woken when no records that it waits behind have come for `PAUSE_MS`."""

    def open(self, runtime_context: RuntimeContext) -> None:
        super().open(runtime_context)
        self._wakes: dict[str, int] = {}
        """The newest processing-time timer of each key that this attempt has set."""

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> Iterator[Row]:
        key = value[0]
        state, outputs = self._take(key, value[1])
        self._store(key, state)
        if cast(PausingStep, self._step).awaits_pause(key, state):
            timers = ctx.timer_service()
            self._wakes[key] = timers.current_processing_time() + PAUSE_MS
            timers.register_processing_time_timer(self._wakes[key])
        yield from self._rows(outputs)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Row]:
        key = _key_of(ctx)
        if timestamp >= self._wakes.get(key, timestamp):
            state, outputs = cast(PausingStep, self._step).paused(key, self._load(key))
            self._store(key, state)
            yield from self._rows(outputs)


class TimedStepFunction(StepFunction):
    """The same for a `TimedStep`: it receives event time when something is due, and only then.

    Parameters
    ----------
    bucket_ms
        Width of event-time buckets. Time is passed on only in whole buckets, because what the JVM still collects has not been taken.
    """

    def __init__(self, make: Callable[[], Step], settings: JobSettings, row: StepRow, bucket_ms: int) -> None:
        super().__init__(make, settings, row)
        self._bucket_ms = bucket_ms

    def open(self, runtime_context: RuntimeContext) -> None:
        super().open(runtime_context)
        self._timers: dict[str, int] = {}
        """The event-time timer of each key that this attempt has set."""

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> Iterator[Row]:
        key = value[0]
        state, outputs = self._take(key, value[1])
        state, more = self._pass_time(key, state, ctx.timer_service())
        self._store(key, state)
        yield from self._rows(outputs + more)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Row]:
        key = _key_of(ctx)
        state, outputs = self._pass_time(key, self._load(key), ctx.timer_service())
        self._store(key, state)
        yield from self._rows(outputs)

    def _pass_time(self, key: str, state: Any, timers: Any) -> tuple[Any, Outputs]:
        """Tell the step of the time if something is due, and ask to be woken when something will be."""
        step = cast(TimedStep, self._step)
        outputs: Outputs = []
        watermark = timers.current_watermark()
        # A watermark of t means nothing at or before t is to come, so buckets that end at t + 1 are complete.
        complete_ms = (watermark + 1) // self._bucket_ms * self._bucket_ms
        site_ms = complete_ms + OUT_OF_ORDER_MS
        due_ms = step.next_due_ms(key, state)
        if watermark > 0 and due_ms is not None and due_ms <= site_ms:
            state, outputs = step.advance(key, state, site_ms)
            due_ms = step.next_due_ms(key, state)
        if due_ms is not None:
            self._wake(key, max(due_ms - OUT_OF_ORDER_MS, complete_ms + 1, 1), timers)
        return state, outputs

    def _wake(self, key: str, at_ms: int, timers: Any) -> None:
        """Set a timer for the first whole bucket that ends at `at_ms` or later."""
        timer_ms = -(-at_ms // self._bucket_ms) * self._bucket_ms - 1
        if self._timers.get(key) != timer_ms:
            self._timers[key] = timer_ms
            timers.register_event_time_timer(timer_ms)


def _key_of(ctx: KeyedProcessFunction.OnTimerContext) -> Any:
    key = ctx.get_current_key()
    return key[0] if isinstance(key, Row) else key
