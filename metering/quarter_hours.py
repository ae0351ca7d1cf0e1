"""The step of the quarter hours, keyed by site/meter: readings to intervals and rejections."""

from __future__ import annotations

from collections.abc import Sequence

from domain.clock import Clock, epoch_ms
from domain.intervals import Interval
from domain.plant import Plant
from domain.readings import CONTROL_CHANNELS, SET_BACK_CHANNEL, Reading, Rejection, RejectionReason
from domain.steps import Outputs, Records
from domain.topics import INTERVALS, READINGS, REJECTED
from metering.engine import MeterStep, decode_state, encode_state
from metering.intake import ahead_of_plant, rejection
from metering.rules import AHEAD_OF_PLANT_MS
from metering.runs import ReadingRun
from metering.state import MeterState


class QuarterHours:
    """One `MeterStep` a meter of the plant file; readings of meters that it does not have are rejected and nothing is remembered of them.

    Parameters
    ----------
    clock
        The plant's: no reading is dated after it, and no event time is.
    """

    def __init__(self, plant: Plant, clock: Clock) -> None:
        self._clock = clock
        self._steps = {f"{plant.site.id}/{meter.id}": MeterStep(plant, meter.id) for meter in plant.meters}

    def initial(self, key: str) -> MeterState | None:
        """Nothing heard yet; None for a meter that the plant file does not have."""
        step = self._steps.get(key)
        return None if step is None else step.initial()

    def encode(self, state: MeterState | None) -> bytes:
        """The state as bytes; empty where there is none."""
        return b"" if state is None else encode_state(state)

    def decode(self, key: str, stored: bytes) -> MeterState | None:
        """The state that `encode` made. The plant file may have a meter more than when it was written."""
        return decode_state(stored) if stored else self.initial(key)

    def take(self, key: str, state: MeterState | None, records: Records) -> tuple[MeterState | None, Outputs]:
        """Readings of one meter in any order; an operator's set-back among them counts after them."""
        readings = [record for _, record in records if record.channel not in CONTROL_CHANNELS]
        step = self._steps.get(key)
        if step is None or state is None:
            return state, [(REJECTED, _unknown(reading)) for reading in readings]
        refused, ours, now_ms = list[Rejection](), list[Reading](), epoch_ms(self._clock.now_utc())
        for reading in readings:
            found = _misplaced(reading, key) if READINGS.key(reading) != key else ahead_of_plant(reading, now_ms)
            refused += [] if found is None else [found]
            ours += [reading] if found is None else []
        state, outputs = step.take(state, ours)
        for _, record in records:
            if record.channel == SET_BACK_CHANNEL and READINGS.key(record) == key:
                state, more = step.set_back(state, record.observed_ms)
                outputs = outputs + more
        return state, _to_topics([*refused, *outputs])

    def take_run(self, key: str, state: MeterState | None, run: ReadingRun) -> tuple[MeterState | None, Outputs]:
        """The same as `take` of the run's readings; the JVM has compared their dates and keys."""
        if run.channel in CONTROL_CHANNELS:
            return state, []
        step = self._steps.get(key)
        if step is None or state is None:
            return state, [(REJECTED, _unknown(reading)) for reading in run.readings()]
        state, outputs = step.take_run(state, run)
        return state, _to_topics(outputs)

    def next_due_ms(self, key: str, state: MeterState | None) -> int | None:
        """When a quarter hour is next due, by event time."""
        step = self._steps.get(key)
        return None if step is None or state is None else step.next_due_ms(state)

    def advance(self, key: str, state: MeterState | None, event_time_ms: int) -> tuple[MeterState | None, Outputs]:
        """Tell what is due by event time, which the plant's clock bounds."""
        step = self._steps.get(key)
        if step is None or state is None:
            return state, []
        state, outputs = step.advance(state, min(event_time_ms, epoch_ms(self._clock.now_utc()) + AHEAD_OF_PLANT_MS))
        return state, _to_topics(outputs)


def _to_topics(outputs: Sequence[Interval | Rejection]) -> Outputs:
    return [(INTERVALS if isinstance(output, Interval) else REJECTED, output) for output in outputs]


def _unknown(reading: Reading) -> Rejection:
    return rejection(reading, RejectionReason.UNKNOWN_REGISTER, f"the plant file has no meter {reading.meter!r}")


def _misplaced(reading: Reading, key: str) -> Rejection:
    detail = f"the record's key is {key!r}, the reading is of {READINGS.key(reading)!r}: it could be booked for the wrong meter"
    return rejection(reading, RejectionReason.UNKNOWN_REGISTER, detail)
