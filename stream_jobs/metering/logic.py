"""The metering rooms' steps behind the jobs' interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.clock import Clock, epoch_ms, process_clock
from domain.intervals import Interval
from domain.plant import Plant, load_plant
from domain.readings import CONTROL_CHANNELS, SET_BACK_CHANNEL, Reading, Rejection, RejectionReason
from domain.topics import DEMAND, INTERVALS, READINGS, REJECTED, Topic
from metering import engine, running
from metering.intake import ahead_of_plant, rejection
from metering.rules import AHEAD_OF_PLANT_MS
from metering.runs import ReadingRun
from stream_jobs.logic import Outputs


class QuarterHours:
    """Keyed by site/meter: readings to intervals and rejections.

    Parameters
    ----------
    clock
        The plant's: no reading is dated after it, and no event time is.
    """

    def __init__(self, plant: Plant, clock: Clock) -> None:
        self._clock = clock
        self._steps = {f"{plant.site.id}/{meter.id}": engine.MeterStep(plant, meter.id) for meter in plant.meters}

    def initial(self, key: str) -> Any:
        step = self._steps.get(key)
        return step.initial() if step else None

    def encode(self, state: Any) -> bytes:
        return b"" if state is None else engine.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        return engine.decode_state(stored) if stored else None

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        readings = [record for _, record in records if record.channel not in CONTROL_CHANNELS]
        step = self._steps.get(key)
        if step is None:
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

    def take_run(self, key: str, state: Any, run: ReadingRun) -> tuple[Any, Outputs]:
        if run.channel in CONTROL_CHANNELS:
            return state, []
        step = self._steps.get(key)
        if step is None:
            return state, [(REJECTED, _unknown(reading)) for reading in run.readings()]
        state, outputs = step.take_run(state, run)
        return state, _to_topics(outputs)

    def next_due_ms(self, key: str, state: Any) -> int | None:
        step = self._steps.get(key)
        return None if step is None else step.next_due_ms(state)

    def advance(self, key: str, state: Any, event_time_ms: int) -> tuple[Any, Outputs]:
        step = self._steps.get(key)
        if step is None:
            return state, []
        state, outputs = step.advance(state, min(event_time_ms, epoch_ms(self._clock.now_utc()) + AHEAD_OF_PLANT_MS))
        return state, _to_topics(outputs)


class RunningDemand:
    """Keyed by the billing meter: its readings and intervals to the running quarter hour."""

    def __init__(self, plant: Plant, clock: Clock) -> None:
        self._step, self._clock = running.RunningQuarter(plant), clock

    def initial(self, key: str) -> Any:
        return self._step.initial()

    def encode(self, state: Any) -> bytes:
        return running.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        return running.decode_state(stored)

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        outputs: Outputs = []
        latest_ms = epoch_ms(self._clock.now_utc()) + AHEAD_OF_PLANT_MS
        for topic, record in records:
            if topic is READINGS:
                if record.channel == SET_BACK_CHANNEL:
                    state = self._step.set_back(state)
                elif record.channel not in CONTROL_CHANNELS and record.observed_ms <= latest_ms:
                    state, demands = self._step.take_reading(state, record)
                    outputs += [(DEMAND, demand) for demand in demands]
            elif topic is INTERVALS:
                state, _ = self._step.take_interval(state, record)
        return state, outputs

    def take_run(self, key: str, state: Any, run: ReadingRun) -> tuple[Any, Outputs]:
        return self.take(key, state, [(READINGS, reading) for reading in run.readings()])


def quarter_hours(plant_dir: str) -> QuarterHours:
    """Logic of the quarter hours for the plant in `plant_dir`, on the clock of this process."""
    return QuarterHours(load_plant(Path(plant_dir) / "plant.toml"), process_clock())


def running_demand(plant_dir: str) -> RunningDemand:
    """Logic of the running quarter hour for the plant in `plant_dir`, on the clock of this process."""
    return RunningDemand(load_plant(Path(plant_dir) / "plant.toml"), process_clock())


def _to_topics(outputs: Sequence[Interval | Rejection]) -> Outputs:
    return [(INTERVALS if isinstance(output, Interval) else REJECTED, output) for output in outputs]


def _unknown(reading: Reading) -> Rejection:
    return rejection(reading, RejectionReason.UNKNOWN_REGISTER, f"the plant file has no meter {reading.meter!r}")


def _misplaced(reading: Reading, key: str) -> Rejection:
    detail = f"the record's key is {key!r}, the reading is of {READINGS.key(reading)!r}: it could be booked for the wrong meter"
    return rejection(reading, RejectionReason.UNKNOWN_REGISTER, detail)
